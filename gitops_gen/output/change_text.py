"""What a change came to, for people."""

from collections.abc import Iterator, Sequence

from gitops_gen.changes.change import Outcome
from gitops_gen.compare.model import Difference
from gitops_gen.generate.files import Change
from gitops_gen.models.layout import ARGOCD_FOLDER, environment_of, is_generated_path
from gitops_gen.output.diff_text import difference_lines
from gitops_gen.output.text import diff_lines
from gitops_gen.project.equal_lines import equal_lines, listing


def outcome_notes(outcome: Outcome) -> Iterator[str]:
    """What happened, in words."""
    yield from equal_lines(outcome.summary)
    yield from (f"warning: {text}" for text in equal_lines(outcome.warnings))
    yield from (f"note: {text}" for text in equal_lines(outcome.notes))
    if not outcome.changes:
        yield "nothing changes"
    elif outcome.dry_run:
        yield "nothing was written (dry run)"
    if outcome.commit:
        where = f" on the new branch {outcome.branch}" if outcome.branch else ""
        yield f"committed {outcome.commit[:12]}{where}"
    if pushed := outcome.pushed:
        again = f" at attempt {pushed.attempts}: others pushed first" if pushed.attempts > 1 else ""
        yield f"pushed {pushed.commit[:12]} to {pushed.remote}/{pushed.branch}{again}"
        yield from (f"{pushed.remote} says: {line}" for line in pushed.said)
        if not pushed.followed:
            yield "your checkout is not updated: it has uncommitted changes; run `git pull --rebase --autostash`"


def outcome_lines(outcome: Outcome, *, colour: bool = False) -> Iterator[str]:
    """The inputs' difference, then what it has Argo CD apply; the generated files' where that is not known."""
    rendered = outcome.rendered
    known = rendered is None or isinstance(rendered, Difference)
    yield from _file_lines([item for item in outcome.changes if not known or not is_generated_path(item.path)])
    if isinstance(rendered, str):
        yield f"no rendered difference: {rendered}"
    elif rendered is not None:
        yield ""
        yield from difference_lines(rendered, colour=colour)


def _file_lines(changes: Sequence[Change]) -> Iterator[str]:
    """The files' differences; what several environments' files have in common is printed once, in the first of them."""
    shared: dict[tuple[str, ...], list[tuple[Change, list[str]]]] = {}
    for item in changes:
        lines = list(diff_lines([item]))
        shared.setdefault((_environment_file(item.path), *lines[2:]), []).append((item, lines))
    for (file, *_), found in shared.items():
        yield from found[0][1]
        if rest := [environment_of(item.path) for item, _ in found[1:]]:
            yield f"the same in {file} of {listing(rest)}"


def _environment_file(path: str) -> str:
    """The file's name when it is an environment's, else the whole path."""
    return path.rpartition("/")[2] if environment_of(path) and not path.startswith(ARGOCD_FOLDER) else path
