"""Commits of this tool: the files of one change and nothing else, with a message from which the history is read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.repository import prefix
from gitops_gen.git.runner import Answer, ask, run
from gitops_gen.runtime.scratch import scratch

SUBJECT_LENGTH = 100
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """The message of a commit: a subject, lines of detail, and trailers that name the environments, the kind of change
    and, where there is one, the commit that it comes from. The user's own words go first: a subject, and paragraphs.
    """

    subject: str
    details: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    change: str = ""
    source: str = ""
    own: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole message."""
        trailers = [f"Environment: {name}" for name in self.environments]
        trailers += [f"Change: {self.change}"] if self.change else []
        trailers += [f"Source-Commit: {self.source}"] if self.source else []
        details = "\n".join(map(shortened, self.details))
        parts = [*(text.strip() for text in self.own), shortened(self.subject), details, "\n".join(trailers)]
        return "\n\n".join(part for part in parts if part) + "\n"


def shortened(text: str) -> str:
    """`text` shortened to one line."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…"


def commit(folder: Path, paths: list[str], message: str, options: Sequence[str] = ()) -> str:
    """Commit these paths (below `folder`), whatever else is staged; gives the commit, or nothing when they are as they
    were. Hooks run, signing is as configured; `options` go before git's verb.

    Raises `GitopsError` with what a hook or git said; what was staged for it is left to the caller to undo.
    """
    with scratch() as place:
        file = place / "paths"
        file.write_bytes("\0".join(paths).encode(errors="surrogateescape"))
        chosen = (f"--pathspec-from-file={file}", "--pathspec-file-nul")
        run(folder, "add", "--all", *chosen, own=True)
        if not differing(folder, paths, "--cached"):
            return ""
        answer = ask(folder, *options, *_COMMIT, "--only", *chosen, stdin=message.encode(), own=True)
    if answer.code:
        raise GitopsError(f"git commit failed:\n{_said(answer)}", "nothing was changed")
    return run(folder, "rev-parse", "HEAD").strip()


def differing(folder: Path, paths: Sequence[str], *options: str) -> list[str]:
    """Which of the paths (below `folder`) differ from HEAD."""
    found = run(folder, "diff", "--name-only", "--relative", "--no-renames", "-z", *options, "HEAD", "--").split("\0")
    return sorted(set(found) & set(paths))


def deviations(folder: Path, before: str, files: Mapping[str, bytes | None]) -> list[str]:
    """What hooks made of a commit of these files (path below `folder` → bytes, None: gone) on top of `before`: the
    paths that are not in it as they were meant, and others that are (these from the git root, behind a `/`).
    """
    inside = prefix(folder)
    listed = run(folder, "diff", "--name-only", "--no-renames", "-z", before, "HEAD", "--").split("\0")[:-1]
    names = [path.removeprefix(inside) if path.startswith(inside) else f"/{path}" for path in listed]
    changed = [path for path, content in files.items() if _content(folder / path) != content]
    parent = run(folder, "rev-list", "--max-count=1", "--first-parent", "--skip=1", "HEAD").strip()
    moved = [] if parent == before else ["HEAD"]
    return sorted({*moved, *changed, *differing(folder, list(files)), *(set(names) - set(files))})


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


_COMMIT = ("commit", "--quiet", "--cleanup=whitespace", "--file=-")


def _said(answer: Answer) -> str:
    return "\n".join(part for part in (answer.text.strip(), answer.err.strip()) if part)
