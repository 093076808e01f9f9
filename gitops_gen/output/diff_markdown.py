"""A rendered difference as a comment under a pull request: it fits the host's limit, the biggest changes come first,
and what had to be cut is said.
"""

import re
from collections.abc import Iterator, Sequence

from gitops_gen.diff.lines import (
    GRAVE,
    SIGNS,
    TITLES,
    Line,
    Sign,
    by_effect,
    is_listing,
    lines,
    names_text,
)
from gitops_gen.diff.model import Difference, ObjectChange, SharedChanges, SharedConsequence
from gitops_gen.output.diff_text import folded_text, headline

GITHUB_LIMIT = 65536
"""Characters in a comment on GitHub; GitLab takes 1,000,000 (docs.gitlab.com/administration/instance_limits)."""

_SPECIAL = re.compile(r"([\\`*_<>\[\]|#~])")
_LONGEST_LIST = 15
"""Consequences of one kind that are listed; the rest is counted."""


def markdown(difference: Difference, max_size: int = GITHUB_LIMIT) -> str:
    """The comment, of no more than `max_size` bytes of UTF-8 (so of no more characters either)."""
    head = [f"### {_escaped(headline(difference))}\n", *_happening(difference)]
    if difference.folded:
        head.append(f"\n<sub>{_escaped(folded_text(difference.folded))}</sub>\n")
    blocks = [(group, _block(group, difference.compared)) for group in difference.groups]
    return _fitted("".join(head), blocks, max_size)


def _fitted(head: str, blocks: Sequence[tuple[SharedChanges, str]], max_size: int) -> str:
    """Whole blocks as long as they fit; a block that does not, makes room for a smaller one."""
    room = max_size - _size(_cut_text(len(blocks), 10**6, 10**6))
    text = _shortened(head, room)
    left_out: list[SharedChanges] = []
    for group, block in blocks:
        if _size(text) + _size(block) <= room:
            text += block
        else:
            left_out.append(group)
    if not left_out and text.startswith(head):
        return text
    objects = sum(len(group.objects) for group in left_out)
    return text + _cut_text(len(left_out), objects, sum(group.size for group in left_out))


def _cut_text(groups: int, objects: int, size: int) -> str:
    return (
        f"\n> **Cut to fit:** {groups} more group{'s' * (groups != 1)} with {objects} changed objects (about {size} lines)"
        " are not shown. All of it: `gitops-gen diff`.\n"
    )


def _shortened(head: str, room: int) -> str:
    if _size(head) <= room:
        return head
    kept = head.encode()[: max(room, 0)].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1]


def _happening(difference: Difference) -> Iterator[str]:
    for effect, items in by_effect(difference.consequences).items():
        mark = ":warning: " if effect in GRAVE else ""
        yield f"\n{mark}**{TITLES[effect].capitalize()}**\n\n"
        yield from (_item(item, difference.compared) for item in items[:_LONGEST_LIST])
        if len(items) > _LONGEST_LIST:
            yield f"- and {len(items) - _LONGEST_LIST} more\n"


def _item(item: SharedConsequence, compared: int) -> str:
    where = names_text(item.environments, compared)
    parts = [_code(item.object) if item.object else "", _escaped(item.detail)]
    return f"- {': '.join(part for part in parts if part)} ({_escaped(where)})\n"


def _block(group: SharedChanges, compared: int) -> str:
    count = len(group.objects)
    title = f"<b>{_html(names_text(group.environments, compared))}</b>: {count} object{'s' * (count != 1)}"
    body = _listing(group) if is_listing(group) else "".join(_object(change) for change in group.objects)
    return f"\n<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def _listing(group: SharedChanges) -> str:
    return "".join(f"- {SIGNS[change.action]} {_code(change.object)}\n" for change in group.objects)


def _object(change: ObjectChange) -> str:
    text = "\n".join(_line(line) for line in lines(change))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{_code(change.object)} {change.action.value}\n\n{fence}diff\n{text}\n{fence}\n\n"


def _line(line: Line) -> str:
    return f"@@ {line.text} @@" if line.sign is Sign.PLACE else f"{line.sign} {line.text}".rstrip()


def _code(text: str) -> str:
    """As code, whatever it contains."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _size(text: str) -> int:
    return len(text.encode())
