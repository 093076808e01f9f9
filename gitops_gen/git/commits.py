"""Commits of this tool: the files of one change and nothing else, with a message that the history can be read from."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import GitopsError
from gitops_gen.git.command import Answer, ask, run

SUBJECT_LENGTH = 100
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What a commit says: a subject, lines of detail, and trailers that name the environments, the kind of change
    and, where there is one, the commit that it comes from.
    """

    subject: str
    details: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    change: str = ""
    source: str = ""

    @property
    def text(self) -> str:
        """The whole message."""
        trailers = [f"Environment: {name}" for name in self.environments]
        trailers += [f"Change: {self.change}"] if self.change else []
        trailers += [f"Source-Commit: {self.source}"] if self.source else []
        parts = [shortened(self.subject), "\n".join(map(shortened, self.details)), "\n".join(trailers)]
        return "\n\n".join(part for part in parts if part) + "\n"


def shortened(text: str) -> str:
    """`text` on one line of bearable length."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1] + "…"


def commit(folder: Path, paths: list[str], message: str) -> str:
    """Commit these paths (below `folder`), whatever else is staged; gives the commit. Hooks run, signing is as
    configured.

    Raises `GitopsError` with what a hook or git said; what was staged for it is left to the caller to undo.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write("\0".join(paths).encode(errors="surrogateescape"))
        file.flush()
        chosen = (f"--pathspec-from-file={file.name}", "--pathspec-file-nul")
        run(folder, "add", "--all", *chosen)
        answer = ask(folder, *_COMMIT, "--only", *chosen, stdin=message.encode())
    if answer.code:
        raise GitopsError(f"git made no commit:\n{_said(answer)}", "nothing was changed")
    return run(folder, "rev-parse", "HEAD").strip()


_COMMIT = ("commit", "--quiet", "--cleanup=whitespace", "--file=-")


def _said(answer: Answer) -> str:
    return "\n".join(part for part in (answer.text.strip(), answer.err.strip()) if part)
