"""A rendered difference as a comment under a pull request: it fits the host's limit, the gravest changes come first
(data and deletions, then restarts, then the rest), and cuts are reported.
"""

from collections.abc import Iterator

from gitops_gen.compare.lines import (
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
from gitops_gen.compare.model import Difference, ObjectChange, SharedChanges, SharedConsequence
from gitops_gen.output.diff_text import folded_text, headline
from gitops_gen.output.markup import block, code, html_words, words

GITHUB_LIMIT = 65536
"""Characters in a comment on GitHub; GitLab takes 1,000,000 (docs.gitlab.com/administration/instance_limits)."""

_LONGEST_LIST = 15
"""Consequences of one kind that are listed; the rest is counted."""


def markdown(difference: Difference, max_size: int = GITHUB_LIMIT) -> str:
    """The comment, of at most `max_size` bytes of UTF-8 (so of at most as many characters)."""
    head = [f"### {headline(difference, words)}\n", *_happening(difference)]
    if difference.folded:
        head.append(f"\n<sub>{words(folded_text(difference.folded))}</sub>\n")
    return _fitted("".join(head), difference, max_size)


def _fitted(head: str, difference: Difference, max_size: int) -> str:
    """As many whole objects as fit, the gravest first; one that does not fit makes room for smaller ones."""
    available = max_size - _size(_cut_text(10**6, 10**6, 10**6))
    text = _shortened(head, available)
    left_out: list[ObjectChange] = []
    for group in difference.groups:
        block, rest = _block(group, difference.compared, available - _size(text))
        text += block
        left_out += rest
    cut_lines = head.count("\n") - text[: len(head)].count("\n")
    if not left_out and not cut_lines:
        return text
    return text + _cut_text(len(left_out), sum(change.size for change in left_out), cut_lines)


def _cut_text(objects: int, size: int, summary: int) -> str:
    changes = f"{objects} more changed objects (about {size} lines)" if objects else ""
    lines_cut = f"{summary} lines of the summary" if summary else ""
    what = " and ".join(part for part in (changes, lines_cut) if part)
    return f"\n> **Cut to fit:** {what} are not shown. All of it: `gitops-gen diff`.\n"


def _shortened(head: str, available: int) -> str:
    if _size(head) <= available:
        return head
    kept = head.encode()[: max(available, 0)].decode(errors="ignore")
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
    parts = [code(item.object) if item.object else "", words(item.detail) if item.detail else ""]
    return f"- {': '.join(part for part in parts if part)} ({words(where)})\n"


def _block(group: SharedChanges, compared: int, space: int) -> tuple[str, list[ObjectChange]]:
    """The group folded together, and what of it does not fit into `space` bytes."""
    names, count = html_words(names_text(group.environments, compared)), len(group.objects)
    head = f"\n<details><summary><b>{names}</b>: {count} object{'s' * (count != 1)}</summary>\n\n"
    foot = "\n</details>\n"
    draw = _listed if is_listing(group) else _object
    space -= _size(head) + _size(foot)
    body, rest = "", []
    for change in group.objects:
        text = draw(change)
        if _size(text) <= space:
            body, space = body + text, space - _size(text)
        else:
            rest.append(change)
    return (head + body + foot if body else ""), rest


def _listed(change: ObjectChange) -> str:
    return f"- {SIGNS[change.action]} {code(change.object)}\n"


def _object(change: ObjectChange) -> str:
    return f"{code(change.object)} {change.action.value}\n\n{block(map(_line, lines(change)), 'diff')}\n"


def _line(line: Line) -> str:
    return f"@@ {line.text} @@" if line.sign is Sign.PLACE else f"{line.sign} {line.text}".rstrip()


def _size(text: str) -> int:
    return len(text.encode())
