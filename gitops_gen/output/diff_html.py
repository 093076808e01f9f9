"""A rendered difference as one HTML page: no script, nothing loaded from elsewhere, every text escaped."""

from collections.abc import Iterator

from gitops_gen.compare.lines import (
    GRAVE,
    SIGNS,
    TITLES,
    Line,
    Sign,
    by_effect,
    consequence_text,
    is_listing,
    lines,
    names_text,
)
from gitops_gen.compare.model import Difference, ObjectChange, SharedChanges
from gitops_gen.output.diff_text import folded_text, headline
from gitops_gen.output.markup import html

_CLASSES = {Sign.OLD: "old", Sign.NEW: "new", Sign.SAME: "same", Sign.PLACE: "place"}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; }
table { border-collapse: collapse; } td { padding: .2rem .8rem .2rem 0; vertical-align: top; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid light-dark(#ccc, #444); border-radius: 4px; }
.old { color: light-dark(#b31d28, #ff8f8f); } .new { color: light-dark(#176f2c, #7ee08f); }
.place { color: light-dark(#005cc5, #79b8ff); } .same, .faint { color: light-dark(#666, #999); }
.grave { color: light-dark(#b31d28, #ff8f8f); font-weight: 600; }
"""


def page(difference: Difference) -> str:
    """The whole page."""
    title = html(headline(difference))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    body = "\n".join([f"<h1>{title}</h1>", *_body(difference)])
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n'
    )


def _body(difference: Difference) -> Iterator[str]:
    if difference.consequences:
        yield f"<h2>What happens</h2>\n<table>{''.join(_rows(difference))}</table>"
    for group in difference.groups:
        yield _group(group, difference.compared)
    if difference.folded:
        yield f'<p class="faint">{html(folded_text(difference.folded))}</p>'


def _rows(difference: Difference) -> Iterator[str]:
    for effect, items in by_effect(difference.consequences).items():
        kind = ' class="grave"' if effect in GRAVE else ""
        for index, item in enumerate(items):
            title = TITLES[effect] if not index else ""
            where = html(names_text(item.environments, difference.compared))
            hover = html(", ".join(item.environments))
            what = html(consequence_text(item))
            yield f'<tr><td{kind}>{title}</td><td>{what}</td><td class="faint" title="{hover}">{where}</td></tr>\n'


def _group(group: SharedChanges, compared: int) -> str:
    title = html(names_text(group.environments, compared))
    hover = html(", ".join(group.environments))
    if is_listing(group):
        rows = "".join(
            f"<li>{SIGNS[change.action]} <code>{html(change.object)}</code></li>" for change in group.objects
        )
        body = f"<ul>{rows}</ul>"
    else:
        body = "\n".join(_object(change) for change in group.objects)
    return f'<h2 title="{hover}">{title}</h2>\n{body}'


def _object(change: ObjectChange) -> str:
    text = "\n".join(_line(line) for line in lines(change))
    summary = f"{SIGNS[change.action]} <code>{html(change.object)}</code>"
    return f"<details open><summary>{summary}</summary>\n<pre>{text}</pre></details>"


def _line(line: Line) -> str:
    sign = "" if line.sign is Sign.PLACE else f"{line.sign} "
    return f'<span class="{_CLASSES[line.sign]}">{html(sign + line.text)}</span>'
