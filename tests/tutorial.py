"""The commands of the tutorial, and what the page says that they print."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs/tutorial/first-sync.md"
URL = "https://git.example.com/you/shop.git"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARYING = {
    r"\b[0-9a-f]{12}\b": "[0-9a-f]{12}",
    r"\d{4}-\d\d-\d\d": r"\\d{4}-\\d\\d-\\d\\d",
    r"\d\d:\d\d": r"\\d\\d:\\d\\d",
}
#: a clone's owner, and none of the settings of the machine
_SETTINGS = {
    "GIT_AUTHOR_NAME": "You",
    "GIT_AUTHOR_EMAIL": "you@example.com",
    "GIT_COMMITTER_NAME": "You",
    "GIT_COMMITTER_EMAIL": "you@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "PYTHONUNBUFFERED": "1",  # as in a terminal: what is printed and what is said besides come in order
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command of the page, and the lines below it."""

    command: str
    shown: str

    @property
    def on_cluster(self) -> bool:
        """Whether it needs a cluster."""
        return self.command.startswith("kubectl ")

    def shows(self, printed: str) -> bool:
        """Whether the page shows what was printed: commits and dates differ, `…` stands for any lines."""
        return re.fullmatch("".join(map(_pattern, self.shown.splitlines())), printed) is not None


def _pattern(line: str) -> str:
    if line == "…":
        return r"(?:.*\n)*"
    pattern = re.escape(line).replace(r"\-", "-")
    for varying, by in _VARYING.items():
        pattern = re.sub(varying, by, pattern)
    return rf"{pattern}\n"


def typed(page: str) -> Iterator[Typed]:
    """What the page shows in its blocks `console`, in order."""
    for block in _BLOCK.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield Typed(command=command, shown=shown)


def follow(folder: Path, words: Mapping[str, str], *, on_cluster: bool, environment: Mapping[str, str]) -> Path:
    """Type the page's commands in `folder`, as its reader does; those for a cluster only with `on_cluster`.

    Args:
        folder: where the clone is made.
        words: what is typed instead of words of the page.
        on_cluster: whether there is a cluster, which kubectl reaches in this `environment`.
        environment: variables in addition.

    Returns:
        The clone. Raises AssertionError at the first command that prints something else than the page shows.
    """
    text = PAGE.read_text(encoding="utf-8")
    for word, instead in words.items():
        assert word in text
        text = text.replace(word, instead)
    variables = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    path = os.pathsep.join((environment.get("PATH", variables["PATH"]), str(Path(sys.executable).parent)))
    variables |= {**_SETTINGS, **environment, "PATH": path}
    for step in typed(text):
        if step.command.startswith("cd "):
            folder /= step.command.removeprefix("cd ")
        elif on_cluster or not step.on_cluster:
            _type(step, folder, variables)
    return folder


def _type(step: Typed, folder: Path, variables: Mapping[str, str]) -> None:
    argv = ["bash", "-c", step.command]
    done = subprocess.run(
        argv, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    printed = done.stdout.decode()
    assert done.returncode == 0, f"{step.command}\n{printed}"
    assert step.shows(printed), f"{step.command}\n{printed}\nthe page shows\n{step.shown}"
