"""What git would not commit: asked of git itself, with every .gitignore of the repository and of the user."""

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.git.command import GitError, ask, run
from gitops_gen.git.repository import git_root

_ANSWERS = (0, 1)
"""Some are ignored, none is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """A file that git ignores: its path in the folder that was asked about, and the pattern with its place."""

    path: str
    pattern: str


def ignored(folder: Path, paths: Collection[str]) -> tuple[Ignored, ...]:
    """Those of `paths`, relative to `folder`, that `git add` would leave out (https://git-scm.com/docs/git-check-ignore).

    A folder outside of any repository is taken for the top of a new one. Raises `GitError`.
    """
    if git_root(folder.resolve()):
        return tuple(_asked(folder, paths))
    with tempfile.TemporaryDirectory() as scratch:
        run(folder, "init", "--quiet", "--bare", "--template=", scratch)
        return tuple(_asked(folder, paths, f"--git-dir={scratch}", f"--work-tree={folder.resolve()}"))


def _asked(folder: Path, paths: Collection[str], *where: str) -> Iterator[Ignored]:
    stdin = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
    answer = ask(folder, "--no-literal-pathspecs", *where, "check-ignore", "--verbose", "-z", "--stdin", stdin=stdin)
    if answer.code not in _ANSWERS:
        raise GitError(("check-ignore",), answer)
    fields = answer.text.split("\0")
    for source, line, pattern, path in zip(*(fields[start::4] for start in range(4)), strict=False):
        if not pattern.startswith("!"):
            yield Ignored(path=path, pattern=f"`{pattern}` in {source}:{line}")
