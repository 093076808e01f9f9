"""What git would not commit, asked of git itself, with every .gitignore of the repository and of the user; and how to
let it in.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gitops_gen.git.paths import Root
from gitops_gen.git.runner import NO_PROGRAM, GitError, ask, run
from gitops_gen.runtime.scratch import scratch

IGNORE_FILE = ".gitignore"
_COMMENT = "# Argo CD reads from git: what it needs is committed."
_WHOLE = ("charts",)
"""Folders whose files change their names: dependencies of a chart carry their version."""
_ANSWERS = (0, 1)
"""Some are ignored, none is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """A file that git ignores: its path in the folder that was asked about, and the pattern with its place."""

    path: str
    pattern: str


def ignored(folder: Path, paths: Collection[str]) -> tuple[Ignored, ...]:
    """Those of `paths`, relative to `folder`, that `git add` would leave out (https://git-scm.com/docs/git-check-ignore).

    A folder outside of any repository is taken for the top of a new one. Where git is not installed nothing is known
    to be ignored. Raises `GitError`.
    """
    code = ask(folder, "rev-parse", "--git-dir").code
    if code == 0:
        return tuple(_asked(folder, paths))
    if code == NO_PROGRAM:
        return ()
    with scratch() as repository:
        run(folder, "init", "--quiet", "--bare", "--template=", str(repository))
        return tuple(_asked(folder, paths, f"--git-dir={repository}", f"--work-tree={folder.resolve()}"))


def _asked(folder: Path, paths: Collection[str], *where: str) -> Iterator[Ignored]:
    stdin = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
    answer = ask(folder, "--no-literal-pathspecs", *where, "check-ignore", "--verbose", "-z", "--stdin", stdin=stdin)
    if answer.code not in _ANSWERS:
        raise GitError(("check-ignore",), answer)
    fields = answer.text.split("\0")
    for source, line, pattern, path in zip(*(fields[start::4] for start in range(4)), strict=False):
        if not pattern.startswith("!"):
            yield Ignored(path=path, pattern=f"`{pattern}` in {source}:{line}")


def let_in(top: Path, folder: Path, paths: Collection[str]) -> bool:
    """Have git commit those of `paths`, relative to `folder`, that it ignores in the repository at `top`: by exceptions
    in the folder's own .gitignore, which has the last word there (https://git-scm.com/docs/gitignore). Whether any was
    needed.

    A folder that is ignored itself is left alone: git does not look into it.
    """
    if str(folder) != str(top) and ignored(top, [_within(top, folder)]):
        return False
    before: list[str] = []
    hidden = _topmost(top, folder, paths)
    needed = bool(hidden)
    while hidden != before:
        _append(folder / IGNORE_FILE, [line for path in hidden for line in _exceptions(folder, path)])
        before, hidden = hidden, _topmost(top, folder, paths)
    return needed


def _topmost(top: Path, folder: Path, paths: Collection[str]) -> list[str]:
    """The ignored ones, or the folder on the way to them that is ignored."""
    parents = {str(parent) for path in paths for parent in PurePosixPath(path).parents if str(parent) != "."}
    asked = sorted({*paths, *parents})
    start = _within(top, folder)
    full = [f"{start}/{path}" if start else path for path in asked]
    hidden = {found.path.removeprefix(f"{start}/") for found in ignored(top, full)}
    return [path for path in asked if path in hidden and not hidden & {str(up) for up in PurePosixPath(path).parents}]


def _within(top: Path, path: Path) -> str:
    inside = path.relative_to(top).as_posix()
    return "" if inside == "." else inside


def _exceptions(folder: Path, path: str) -> Iterator[str]:
    first = path.partition("/")[0]
    if first in _WHOLE:
        yield from (f"!/{first}/", f"!/{first}/**")
    else:
        yield f"!/{path}/" if (folder / path).is_dir() else f"!/{path}"


def _append(file: Path, lines: list[str]) -> None:
    if not lines:
        return
    Root(file.parent).target(file.name)
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    gap = "\n" if before and not before.endswith("\n") else ""
    head = "" if _COMMENT in before else f"{_COMMENT}\n"
    text = "".join(f"{line}\n" for line in dict.fromkeys(lines))
    file.write_text(f"{before}{gap}{head}{text}", newline="\n", encoding="utf-8")


def ignored_notes(found: Collection[Ignored]) -> Iterator[str]:
    """One note a pattern: which files it hides, and what to type."""
    patterns: dict[str, list[str]] = defaultdict(list)
    for item in found:
        patterns[item.pattern].append(item.path)
    for pattern, paths in patterns.items():
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield f"git ignores {paths[0]}{others} by {pattern}: remove the pattern, or commit with `git add --force`"
