"""What happened to files, from commits: this tool's or anybody's. A merge counts as one change of the branch it went
into.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.git.command import ask

_FIELDS = ("%H", "%P", "%an", "%aI", "%s")
_TRAILERS = ("Change", "Environment", "Source-Commit")
_FORMAT = f"%x1e{'%x1f'.join(_FIELDS)}%x1f" + "".join(
    f"%(trailers:key={name},valueonly,separator=%x2C)%x1f" for name in _TRAILERS
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One commit that touched what was asked for: `paths` are those files; `change` and the like are its trailers."""

    id: str
    parent: str
    author: str
    date: str
    subject: str
    change: str
    environments: tuple[str, ...]
    source: str
    paths: tuple[str, ...]


def commits(
    project: Path, paths: Sequence[str], *, limit: int = 0, since: str = "", until: str = "HEAD"
) -> Iterator[Commit]:
    """The commits that changed any of `paths` (files or folders of the project), the newest first."""
    span = f"{since}..{until}" if since else until
    counted = [f"--max-count={limit}"] if limit else []
    arguments = (
        "log",
        "-z",
        "--first-parent",
        "--diff-merges=first-parent",
        "--name-only",
        "--relative",
        "--no-renames",
    )
    answer = ask(project, *arguments, *counted, f"--format={_FORMAT}", "--no-show-signature", span, "--", *paths)
    for record in answer.text.split("\x1e")[1:]:
        yield _commit(record)


def _commit(record: str) -> Commit:
    oid, parents, author, date, subject, change, environments, source, paths = record.split("\x1f", 8)
    return Commit(
        id=oid,
        parent=parents.split(" ")[0],
        author=author,
        date=date,
        subject=subject,
        change=change.strip(),
        environments=tuple(name.strip() for name in environments.split(",") if name.strip()),
        source=source.strip(),
        paths=tuple(path.strip("\n") for path in paths.split("\0") if path.strip("\n")),
    )
