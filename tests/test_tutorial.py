"""The tutorial, followed literally: each command of git and gitops-gen is run in order, and prints what the page shows.

`…` in the page stands for any lines; dates and commits are masked. What needs a cluster is in separate blocks.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import GIT_SETTINGS, REPOSITORY, git

pytestmark = pytest.mark.slow

PAGE = REPOSITORY / "docs/tutorial/first-sync.md"
URL = "https://github.com/ada/shop.git"
CLUSTER = ("kind ", "kubectl ")
MASKS = {r"\b[0-9a-f]{12}\b": "<commit>", r"\d{4}-\d\d-\d\d( \d\d:\d\d)?": "<date>"}


def blocks(language: str) -> str:
    """The text of the page's blocks in a language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return "".join(found)


def typed() -> Iterator[tuple[str, str]]:
    """Each command with the output that the page shows."""
    for part in re.split(r"^\$ ", blocks("console"), flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def masked(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    for pattern, mask in MASKS.items():
        lines = re.sub(pattern, mask, lines)
    return lines


def shows(expected: str, printed: str) -> bool:
    """Whether a page's output is what was printed."""
    pattern = re.escape(masked(expected)).replace("…", ".*?")
    return re.fullmatch(pattern, masked(printed), re.DOTALL) is not None


def environment(folder: Path) -> dict[str, str]:
    """A shell with an identity, where the tutorial's repository is a local one."""
    identity = {"NAME": "Ada", "EMAIL": "ada@example.com"}
    return {
        **os.environ,
        **GIT_SETTINGS,
        **{f"GIT_{role}_{part}": word for role in ("AUTHOR", "COMMITTER") for part, word in identity.items()},
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{folder}/origin.git.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
        "GIT_CONFIG_KEY_1": "init.defaultBranch",
        "GIT_CONFIG_VALUE_1": "main",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def run_in(folder: Path, command: str, shell: dict[str, str]) -> str:
    """What a command prints, on both streams as a terminal shows them."""
    argv = ["sh", "-c", f"{command} 2>&1"]
    done = subprocess.run(argv, cwd=folder, env=shell, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


def test_the_tutorial_ends_where_it_says(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    shell, folder = environment(tmp_path), tmp_path
    for command, expected in typed():
        if command.startswith("cd "):
            folder /= command.removeprefix("cd ")
            continue
        printed = run_in(folder, command, shell)
        assert shows(expected, printed), f"$ {command}\n{printed}"
    production = "main:services/api/environments/production/values.yaml"
    assert "1.30.0" in git(tmp_path / "origin.git", "show", production)


def test_the_other_commands_need_a_cluster() -> None:
    commands = blocks("sh").splitlines()
    assert commands
    assert [command for command in commands if not command.startswith(CLUSTER)] == []


def test_another_output_is_noticed() -> None:
    assert shows("…\nb\n…", "a\nb\nc")
    assert shows("pushed 0123456789ab", "pushed ba9876543210")
    assert not shows("…\nb\n…", "a\nc")
    assert not shows("", "error")
