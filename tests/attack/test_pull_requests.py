"""Hostile pull requests under every command that CI or a reviewer runs: nothing is read, run or forged.

`make attack` runs every command on every pull request; without `--attack` each pull request meets a few of them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_gen.cli import printing, run
from tests.attack.pull_requests import PULL_REQUESTS, Place, proposed
from tests.conftest import REPOSITORY, GitopsGen, git, tree
from tests.output.test_markup import Tags, structure
from tests.output.test_terminal import OWN_COLOURS, assert_quiet

pytestmark = pytest.mark.slow

FILE, VARIABLE = "canary-of-the-file-5b1c", "canary-of-the-variable-77e0"
DIFF = ("diff", "--merge-base", "base", "HEAD", "--output")
COMMANDS = [
    ("generate", "--check", "--diff"),
    ("render", "dev"),
    ("plan",),
    ("plan", "--output", "mermaid"),
    (*DIFF, "text"),
    (*DIFF, "markdown"),
    (*DIFF, "html"),
    (*DIFF, "json"),
    ("diff", "base"),
    ("status",),
    ("history",),
    ("explain", "dev"),
    ("secrets",),
    ("env", "list"),
    ("rollback", "dev", "--dry-run"),
    ("promote", "dev", "production", "--dry-run"),
]
#: of the commands above, those that each run of the tests tries
FEW = {"generate", "diff", "history"}
TAGS = {"details", "summary", "b", "sub", "code"}
PARTS = {"code_inline", "softbreak", "strong_open", "strong_close"}


@pytest.fixture
def place(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A clone of the good project, on a separate branch, and the canaries."""
    monkeypatch.setenv("GH_TOKEN", VARIABLE)
    git(good, "branch", "base")
    git(good, "switch", "--quiet", "--create", "pull")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {FILE}}}\ndata: {{a: {FILE}}}\n"
    )
    return Place(repository=good, outside=outside, ran=tmp_path / "ran")


def variables() -> list[str]:
    """The variables that this process was started with: what /proc/self/environ says."""
    return [entry for entry in Path("/proc/self/environ").read_text(errors="replace").split("\0") if len(entry) > 12]


def attack(name: str, place: Place) -> None:
    """Write the pull request with the files that its author would generate, and commit it."""
    PULL_REQUESTS[name](place)
    run(["-C", str(place.repository), "--quiet", "generate"])
    for path, target in dict(place.links).items():
        place.link(path, target)
    proposed(place)


def commands(request: pytest.FixtureRequest) -> list[tuple[str, ...]]:
    every = request.config.getoption("--attack")
    return [command for command in COMMANDS if every or command[0] in FEW]


@pytest.mark.parametrize("name", PULL_REQUESTS)
def test_nothing_is_read_run_or_forged(
    name: str, place: Place, gitops_gen: GitopsGen, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(name, place)
    place.ran.unlink(missing_ok=True)
    before = tree(place.repository)
    monkeypatch.chdir(place.repository)
    for command in commands(request):
        result = gitops_gen(place.repository, *command)
        said = result.out + result.err
        assert result.code in (0, 1, 2), f"{command}\n{result.err}"
        assert FILE not in said, command
        assert VARIABLE not in said, command
        assert [entry for entry in variables() if entry in said] == [], command
        assert not place.ran.exists(), command
        assert tree(place.repository) == before, command
        assert_quiet(result.err.splitlines())
        assert_not_forged(command, result.out)


def assert_not_forged(command: tuple[str, ...], out: str) -> None:
    """The output has the structure that its form has, and nothing in it acts."""
    if command[0] == "render":
        return  # the manifests as Argo CD gets them: data for a program
    assert_quiet(out.splitlines())
    form = command[-1] if "--output" in command else "text"
    if form == "json":
        assert not out or json.loads(out)
    elif form == "markdown":
        found = structure(out)
        assert {part.strip("</> ") for part in found if part.startswith("<")} <= TAGS
        assert {part for part in found if " " not in part} <= PARTS | {f"</{tag}>" for tag in TAGS}
    elif form == "html" and out:
        assert not {tag.split(" ")[0] for tag in Tags(out).found} & {"<img", "<a", "<script", "comment"}


@pytest.mark.parametrize("name", ["name_with_escape_sequences", "subject_with_everything"])
def test_nothing_is_forged_in_colour(
    name: str, place: Place, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(name, place)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(printing, "is_terminal", lambda: True)
    for command in [*COMMANDS, ("render", "dev"), ("explain", "dev", "--output", "yaml")]:
        result = gitops_gen(place.repository, *command)
        assert_quiet(OWN_COLOURS.sub("", result.out + result.err).splitlines())


def test_what_helm_prints_itself_is_not_forged(place: Place) -> None:
    attack("keys_that_helm_warns_of", place)
    words = [sys.executable, "-m", "gitops_gen", "-C", str(place.repository)]
    for command in ("generate", "render dev", "plan", "diff base", "-v plan"):
        done = subprocess.run([*words, *command.split()], cwd=REPOSITORY, capture_output=True, check=False)
        said = done.stderr.decode()
        assert_quiet(said.splitlines())
        assert ("cannot overwrite table" in said) == command.startswith("-v"), command


def test_a_template_asks_no_network(place: Place, gitops_gen: GitopsGen) -> None:
    place.template('getHostByName "localhost" | cat "address:"')
    assert 'shown: "address: "' in gitops_gen(place.repository, "render", "dev").out


def test_the_pull_requests_attack(place: Place) -> None:
    """Without our care the canaries do show: what the tests above look for can be found."""
    assert len(PULL_REQUESTS) >= 40
    assert FILE in (place.outside / "secret.yaml").read_text()
    assert os.environ["GH_TOKEN"] == VARIABLE
    assert variables()
    assert shutil.which("sh")
    os.system(place.command)
    assert place.ran.exists()
