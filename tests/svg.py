"""Small pictures as SVG: text of a terminal, and boxes, bars and lines in the colours of the reader's theme."""

import re
from collections.abc import Iterable, Iterator
from html import escape

_SGR = re.compile(r"\x1b\[([\d;]*)m")
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.code, .code text { font: 12px ui-monospace, monospace; white-space: pre }
.paper { fill: #fff } .box { fill: #eef4fb; stroke: #3b6ea5 } .bar { fill: #3b6ea5 }
.line { stroke: #656d76; fill: none }
.limit { stroke: #b35900; stroke-dasharray: 5 4 } .strong { font-weight: 600 } .faint { fill: #59636e }
.s1 { font-weight: 600 } .s2 { fill: #59636e } .s31 { fill: #b3261e } .s32 { fill: #1a6e2f } .s33 { fill: #8a5300 }
.s35 { fill: #7a2e8e } .s36 { fill: #0b6478 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .paper { fill: #161b22 } .box { fill: #1b2a3d; stroke: #6ea8e0 } .bar { fill: #6ea8e0 }
.line { stroke: #9aa4af } .limit { stroke: #f0a35e } .faint, .s2 { fill: #9aa4af } .s31 { fill: #ff8a80 }
.s32 { fill: #7ee093 } .s33 { fill: #f0c36d } .s35 { fill: #d9a3ea } .s36 { fill: #7cd3e8 }
}"""
_CHARACTER, _LINE = 7.25, 17


def picture(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """A whole picture; `title` is what it shows, for who cannot see it."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:g} {height:g}" width="{width:g}">',
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>",
            f'<rect class="paper" width="{width:g}" height="{height:g}" rx="6"/>',
            *parts,
            "</svg>\n",
        )
    )


def text(x: float, y: float, content: str, kind: str = "") -> str:
    """One line of text that begins at x."""
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{named}>{escape(content)}</text>'


def box(x: float, y: float, width: float, lines: Iterable[str]) -> str:
    """A box with a title and lines below it."""
    title, *rest = lines
    body = "".join(text(x + 10, y + 42 + 18 * index, line, "faint") for index, line in enumerate(rest))
    height = 34 + 18 * len(rest)
    frame = f'<rect class="box" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"/>'
    return frame + text(x + 10, y + 22, title, "strong") + body


def bar(x: float, y: float, width: float) -> str:
    """A bar on a time axis."""
    return f'<rect class="bar" x="{x:.1f}" y="{y:g}" width="{max(width, 1):.1f}" height="12" rx="2"/>'


def line(points: str, kind: str = "line") -> str:
    """A line through points: `0,0 10,10`."""
    return f'<polyline class="{kind}" points="{points}"/>'


def arrow(x: float, y: float, dx: float = 0, dy: float = 0) -> str:
    """An arrow from a point, to the right or left (dx) or up or down (dy)."""
    end_x, end_y, tip = x + dx, y + dy, 5
    back_x, back_y = (end_x - tip * (dx > 0) + tip * (dx < 0), end_y - tip * (dy > 0) + tip * (dy < 0))
    one, other = (
        ((back_x, back_y - tip), (back_x, back_y + tip)) if dx else ((back_x - tip, back_y), (back_x + tip, back_y))
    )
    points = " ".join(f"{a:g},{b:g}" for a, b in (one, (end_x, end_y), other))
    return line(f"{x:g},{y:g} {end_x:g},{end_y:g}") + line(points)


def terminal(title: str, lines: list[str]) -> str:
    """Lines of a terminal, with their colours."""
    width = max(len(_SGR.sub("", item)) for item in lines) * _CHARACTER + 32
    shown = (
        f'<text x="16" y="{28 + _LINE * index}">{"".join(_spans(item))}</text>' for index, item in enumerate(lines)
    )
    return picture(round(width), 24 + _LINE * len(lines), title, ['<g class="code">', *shown, "</g>"])


def _spans(item: str) -> Iterator[str]:
    pieces = _SGR.split(item)
    for codes, content in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        kinds = " ".join(f"s{code}" for code in codes.split(";") if code not in {"", "0"})
        if content:
            yield f'<tspan class="{kinds}">{escape(content)}</tspan>' if kinds else escape(content)
