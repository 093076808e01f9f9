"""Branches and tags that somebody else has named, under every command that takes or shows one: nothing runs, no option
is set, nothing is forged. `make attack` tries every name with every command; without `--attack` each name meets a few.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.attack.test_pull_requests import assert_not_forged
from tests.conftest import GIT_SETTINGS, GitopsGen, git, tree
from tests.output.test_terminal import assert_quiet

pytestmark = pytest.mark.slow

NAMES = (
    "$(touch${IFS}ran)",
    "`touch${IFS}ran`",
    "a;touch${IFS}ran",
    "a|touch${IFS}ran",
    "a&touch${IFS}ran",
    "'\"$IFS",
    "--output=ran",
    "--upload-pack=touch${IFS}ran",
    "-c",
    "a/--force",
    "(detached)",
    "HEAD",
    "MERGE_HEAD",
    "refs/heads/main",
    "v1.0.0",
    "0123456789012345678901234567890123456789",
    "%(refname)%n%s",
    "{{.Values}}{project}",
    "!important",
    "<!--",
    "<img/src=x/onerror=x>",
    "</details></code>",
    "`</code>`",
    "](a)",
    "@team/#1",
    "##vso",
    "a\u202eb\u2066c\u200b",
    "a\u009b31m\u0085b",
    "dev",
)
"""Names that git takes for a branch and a tag; of those that begin with `-`, by `git update-ref` only."""
NO_NAMES = (
    "",
    "-",
    "--",
    "a\nb",
    "a\n::error::b",
    "##[error]a",
    "\x1b[2J",
    "a b",
    "..",
    "a..b",
    "@{-1}",
    ":/a",
    "^",
    "~",
)
"""What git takes for no name; some of it stands for a commit."""
SHOWN = (
    ("status",),
    ("history",),
    ("diff",),
    ("generate", "--check"),
    ("rollback", "dev", "--dry-run"),
    ("set", "dev", "image.tag=2", "--commit"),
    ("set", "dev", "image.tag=3", "--push"),
    ("promote", "dev", "production", "--push"),
)
"""Commands on a branch of that name, which its remote has too."""
TAKEN = (
    ("diff", "{}", "--output", "markdown"),
    ("set", "dev", "image.tag=2", "--branch", "{}"),
    ("validate", "--changed", "{}"),
    ("diff", "{}"),
    ("diff", "{}", "HEAD", "--output", "html"),
    ("diff", "HEAD", "{}", "--output", "json"),
    ("diff", "--merge-base", "{}", "HEAD", "--output", "markdown"),
    ("chart", "pull", "{}"),
    ("promote", "dev", "production", "--branch", "{}", "--push"),
    ("rollback", "dev", "--branch", "{}", "--push"),
    ("env", "clone", "dev", "copy", "--branch", "{}"),
)
"""Commands with that name as an argument."""
FEW = 2


@pytest.fixture
def clone(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the good project with a remote and two releases, as the current folder of whoever works in it."""
    for name, value in GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)
    release = good / "environments/dev/release.yaml"
    release.write_text(release.read_text().replace("1.4.2", "1.4.1"))
    git(good, "commit", "--quiet", "--all", "--message=Release")
    git(tmp_path, "init", "--quiet", "--bare", "--template=", "origin.git")
    git(good, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(good, "push", "--quiet", "--set-upstream", "origin", "HEAD")
    monkeypatch.chdir(good)
    return good


def chosen(commands: tuple[tuple[str, ...], ...], request: pytest.FixtureRequest) -> tuple[tuple[str, ...], ...]:
    return commands if request.config.getoption("--attack") else commands[:FEW]


def attacked(clone: Path, command: tuple[str, ...], gitops_gen: GitopsGen) -> int:
    """The exit code of a command that neither acts on the machine nor on who reads its output."""
    result = gitops_gen(clone, *command)
    assert result.code in (0, 1, 2), f"{command}\n{result.err}"
    assert_quiet(result.err.splitlines())
    assert_not_forged(command, result.out)
    assert not [path for path in (*tree(clone), *map(str, (clone / ".git").iterdir())) if path.endswith("ran")]
    return result.code


@pytest.mark.parametrize("name", NAMES)
def test_a_name_does_not_act(name: str, clone: Path, gitops_gen: GitopsGen, request: pytest.FixtureRequest) -> None:
    for kind in ("heads", "tags"):
        git(clone, "update-ref", f"refs/{kind}/{name}", "HEAD~1")
    before = git(clone, "for-each-ref")
    for command in chosen(TAKEN, request):
        attacked(clone, tuple(word.format(name) for word in command), gitops_gen)
    assert before.splitlines() == [line for line in git(clone, "for-each-ref").splitlines() if line in before]


@pytest.mark.parametrize("name", NAMES)
def test_the_branch_that_is_checked_out_does_not_act(
    name: str, clone: Path, gitops_gen: GitopsGen, request: pytest.FixtureRequest
) -> None:
    git(clone, "update-ref", f"refs/heads/{name}", "HEAD")
    git(clone, "push", "--quiet", "origin", f"refs/heads/{name}:refs/heads/{name}")
    git(clone, "symbolic-ref", "HEAD", f"refs/heads/{name}")
    git(clone, "config", f"branch.{name}.remote", "origin")
    git(clone, "config", f"branch.{name}.merge", f"refs/heads/{name}")
    for command in chosen(SHOWN, request):
        attacked(clone, command, gitops_gen)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_makes_no_branch(
    name: str, clone: Path, gitops_gen: GitopsGen, request: pytest.FixtureRequest
) -> None:
    before = git(clone, "for-each-ref")
    for command in chosen(TAKEN, request):
        attacked(clone, tuple(word.format(name) for word in command), gitops_gen)
    assert git(clone, "for-each-ref") == before


def test_the_names_attack(clone: Path) -> None:
    """A shell would run what some of them say, and git would take others for options."""
    assert shutil.which("sh")
    os.system(f"echo {NAMES[0]} > /dev/null")
    assert (clone / "ran").exists()
    (clone / "ran").unlink()
    git(clone, "log", "--format=%s", next(name for name in NAMES if name.startswith("--output")))
    assert (clone / "ran").exists()
