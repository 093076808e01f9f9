"""Results for people: tables, problems and changes as lines of text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff

from gitops_gen.changes.lifecycle import KEEP
from gitops_gen.errors import Problem
from gitops_gen.generate.files import Change, State, edited_hint
from gitops_gen.models.layout import application_path, environment_folder, environment_of, project_folder

_DONE = {
    State.MISSING: "created",
    State.STALE: "updated",
    State.EDITED: "overwritten",
    State.CONFLICT: "resolved",
    State.ORPHANED: "removed",
    State.FOREIGN: "left alone",
    State.ABSENT: "not checked out",
}

LISTED = 100
"""Up to this many files are listed one by one."""
_NAMED = 5
"""Up to this many Applications are named."""
_PROTECTED = "sync-options: Prune=false"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need to be, two blanks apart."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def problem_lines(problem: Problem) -> Iterator[str]:
    """`file:line: key: message` and, indented below it, the hint."""
    yield ": ".join(part for part in (problem.place, problem.key, problem.message) if part)
    if problem.hint:
        yield f"    {problem.hint}"


def change_lines(changes: Iterable[Change], *, done: bool) -> Iterator[str]:
    """A line a file: what was done with it, or what is wrong with it. Of many files, a line for those of one kind in
    all environments.
    """
    words = [((_DONE[change.state] if done else change.state.value), change.path) for change in changes]
    width = max((len(word) for word, _ in words), default=0)
    for word, path in words if len(words) <= LISTED else _grouped(words):
        yield f"{word.ljust(width)}  {path}"


def _grouped(words: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for word, path in words:
        found.setdefault((word, _kind(path)), []).append(path)
    for (word, kind), paths in found.items():
        of = f" of {len(paths)} environments, such as {environment_of(paths[0])}" if paths[1:] else ""
        yield word, (kind if of else paths[0]) + of


def _kind(path: str) -> str:
    """A path without the name of its environment."""
    name = environment_of(path)
    if not name:
        return path
    placeholder = "<project>/<environment>" if project_folder(name) else "<environment>"
    if path.startswith(f"{environment_folder(name)}/"):
        return path.replace(environment_folder(name), environment_folder(placeholder))
    return path.replace(name, placeholder)


def check_hints(changes: Iterable[Change]) -> Iterator[str]:
    """What to do about files that are not as they should be."""
    changes = list(changes)
    if any(change.state is not State.EDITED for change in changes):
        yield "run `gitops-gen generate` and commit the result"
    edited = [change for change in changes if change.state is State.EDITED]
    if len(edited) == 1:
        yield f"{edited[0].path}: {edited_hint(edited[0])}"
    elif edited:
        yield "`gitops-gen adopt ENV` moves an edit into the inputs, `gitops-gen generate --overwrite` discards all"


def removal_notes(changes: Sequence[Change]) -> Iterator[str]:
    """What Argo CD does about the Applications whose files were removed; those that `protect: true` keeps are left
    out, and those that another file has now.
    """
    kept = {_application(change.new) for change in changes if change.new is not None}
    texts = [change.old or "" for change in changes if change.state is State.ORPHANED and _is_application(change.path)]
    gone = [name for text in texts if _PROTECTED not in text and (name := _application(text)) not in kept]
    if gone:
        more = f" and {len(gone) - _NAMED} more" if gone[_NAMED:] else ""
        names = f"Application{'s' * bool(gone[1:])} {', '.join(gone[:_NAMED])}{more}"
        yield f"note: once this is pushed, Argo CD deletes the {names}, with all resources"
        yield f"note: to keep what runs: restore the inputs, {KEEP}"


def _is_application(path: str) -> bool:
    return path == application_path(environment_of(path))


def _application(text: str) -> str:
    """The name in a generated Application."""
    found = re.search(r"^kind: Application\nmetadata:\n  name: (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def diff_lines(changes: Iterable[Change]) -> Iterator[str]:
    """A unified diff from what is on disk to what should be."""
    for change in changes:
        old, new = (change.old or "").splitlines(keepends=True), (change.new or "").splitlines(keepends=True)
        before = "/dev/null" if change.old is None else f"a/{change.path}"
        after = "/dev/null" if change.new is None else f"b/{change.path}"
        for line in unified_diff(old, new, before, after):
            yield line.rstrip("\n")
