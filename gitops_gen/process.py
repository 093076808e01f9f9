"""The one door to other programs."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from gitops_gen.errors import GitopsError


class ProcessError(GitopsError):
    """A program failed: which one, with what code, and what it said."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"`{' '.join(argv)}` exited with {code}: {stderr.strip()}")
        self.code, self.stderr = code, stderr


def run(
    argv: Sequence[str], *, cwd: Path | None = None, stdin: str | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end and return its standard output.

    Raises `ProcessError` when it exits with anything but 0 or cannot be started.
    """
    try:
        done = subprocess.run(argv, cwd=cwd, input=stdin, env=env, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ProcessError(argv, 127, str(error)) from error
    if done.returncode:
        raise ProcessError(argv, done.returncode, done.stderr)
    return done.stdout
