"""Running git: one command, its code and both of its streams. Nothing that a user typed may reach it as an option, so
callers put `--` before paths and pass names through `state.revision` first.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_gen.errors import GitopsError

# Set by git for its hooks and `rebase --exec`; a command that was given a folder means the repository in that folder.
_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")

# A clean-up that git starts in the background would outlive the command and hold its lock.
_SETTINGS = (
    "--no-optional-locks",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "core.safecrlf=false",
    "-c",
    "core.quotePath=false",
)

inherited_files: set[int] = set()
"""Open files that every git process gets as well: while one of them lives, so does the lock on the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The result of a git command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.out.decode(errors="surrogateescape")


class GitError(GitopsError):
    """A git command failed: the command and git's message."""

    def __init__(self, arguments: tuple[str, ...], answer: Answer) -> None:
        said = answer.err.strip() or answer.text.strip() or f"exit code {answer.code}"
        super().__init__(f"git {arguments[0]}: {said.removeprefix('fatal: ')}")
        self.answer = answer


def forget_hook() -> None:
    """Remove git's environment variables that a hook inherits: the folder selects the repository."""
    for name in _INHERITED:
        os.environ.pop(name, None)


def ask(folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Answer:
    """Run `git` in `folder`, without checking its exit code."""
    import git

    forget_hook()
    extra: dict[str, Any] = {} if os.name == "nt" else {"pass_fds": tuple(inherited_files)}
    with tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        code, out, err = git.Git(folder).execute(
            ["git", *_SETTINGS, "--literal-pathspecs", *arguments],
            istream=source,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            env=env,
            **extra,
        )
    return Answer(code=int(code or 0), out=_bytes(out), err=_bytes(err).decode(errors="replace"))


def _bytes(stream: Any) -> bytes:
    return stream if isinstance(stream, bytes) else str(stream or "").encode()


def run(folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
    """Run `git` in `folder` and return what it printed. Raises `GitError` when it exits with anything but 0."""
    answer = ask(folder, *arguments, stdin=stdin, env=env)
    if answer.code:
        raise GitError(arguments, answer)
    return answer.text


def blobs(folder: Path, names: list[str]) -> list[bytes | None]:
    """The contents of objects such as `HEAD:./gitops.yaml`, None for one that does not exist; one process for all."""
    out = ask(folder, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode()).out
    contents: list[bytes | None] = []
    for _ in names:
        header, _, out = out.partition(b"\n")
        size = header.rsplit(b" ", 1)[-1]
        if header.endswith(b" missing") or not size.isdigit():
            contents.append(None)
            continue
        contents.append(out[: int(size)])
        out = out[int(size) + 1 :]
    return contents
