"""A week of two people with one bare remote, pull requests and the merge button: after every step main is, in a fresh
clone, as `generate` makes it, and it runs what somebody chose.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_gen.yaml.reader import load
from tests.changes.conftest import as_author, head, is_clean
from tests.conftest import GitopsGen, Result, git

pytestmark = pytest.mark.slow


class Team:
    """The remote and its clones: Anna's, Boris', and the one in which the merge button is pressed."""

    def __init__(self, origin: Path, scratch: Path, gitops_gen: GitopsGen) -> None:
        self.origin, self.scratch, self.gitops_gen = origin, scratch, gitops_gen
        for name in ("anna", "boris", "button"):
            git(scratch, "clone", "-q", str(origin), name)

    def folder(self, who: str) -> Path:
        return self.scratch / who

    def does(self, who: str, *words: str, code: int = 0) -> Result:
        """A command of one of them; then main must be whole."""
        with as_author(who.capitalize()):
            result = self.gitops_gen(self.folder(who), *words)
        assert result.code == code, (words, result.err)
        self.main_is_whole(" ".join(words))
        return result

    def pulls(self, who: str) -> None:
        git(self.folder(who), "pull", "-q", "--rebase", "origin", "main")

    def merges(self, branch: str) -> None:
        """The merge button: a merge commit on main, without anybody's checkout."""
        button = self.folder("button")
        git(button, "fetch", "-q", "origin")
        git(button, "reset", "-q", "--hard", "origin/main")
        git(button, "merge", "-q", "--no-ff", "-m", f"Merge {branch}", f"origin/{branch}")
        git(button, "push", "-q", "origin", "HEAD:main")
        self.main_is_whole(f"merge of {branch}")

    def main_is_whole(self, after: str) -> None:
        clone = self.scratch / "fresh"
        git(self.scratch, "clone", "-q", "--branch", "main", str(self.origin), str(clone))
        result = self.gitops_gen(clone, "generate", "--check")
        shutil.rmtree(clone)
        assert result.code == 0, (after, result.out, result.err)

    def main(self) -> str:
        return git(self.origin, "rev-parse", "main").strip()

    def runs(self, environment: str, key: str = "image.tag", ref: str = "main") -> object:
        """The value that Argo CD hands to the chart."""
        value = load(git(self.origin, "show", f"{ref}:environments/{environment}/values.yaml"), "values.yaml")
        for step in key.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value


@pytest.fixture
def team(origin: Path, tmp_path: Path, gitops_gen: GitopsGen) -> Iterator[Team]:
    scratch = tmp_path / "week"
    scratch.mkdir()
    team = Team(origin, scratch, gitops_gen)
    yield team
    for who in ("anna", "boris"):
        assert git(team.folder(who), "worktree", "list").count("\n") == 1
        assert not (team.folder(who) / ".git/gitops-gen/temporary-checkout").exists()


def edit(folder: Path, path: str, old: str, new: str) -> None:
    file = folder / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_monday_a_third_environment_and_a_default(team: Team) -> None:
    """Both work on main; Boris never pulls."""
    team.does("anna", "env", "clone", "production", "staging", "--stage", "dev", "--shared", "--push")
    team.does("boris", "set", "dev", "image.tag=1.5.0", "--push")
    team.does("boris", "set", "staging", "image.tag=1.5.0", "--push")
    team.does("anna", "set", "--stage", "production", "settings.mode=calm", "--environment", "--push")
    team.does("boris", "set", "dev", "settings.mode=wild", "--environment", "--push")
    assert [team.runs(name) for name in ("dev", "staging", "production")] == ["1.5.0", "1.5.0", "1.4.2"]
    assert (team.runs("production", "settings.mode"), team.runs("dev", "settings.mode")) == ("calm", "wild")
    assert is_clean(team.folder("boris"))
    assert head(team.folder("boris")) == team.main()


def test_tuesday_there_is_uncommitted_work(team: Team) -> None:
    anna = team.folder("anna")
    edit(anna, "gitops.yaml", "      replicas: 2", "      replicas: 9")
    edit(anna, "environments/dev/release.yaml", "1.4.2", "1.9.9")
    team.does("anna", "promote", "dev", "production", "--push", code=1)
    team.does("anna", "set", "production", "image.tag=1.5.0", "--push", code=1)
    team.does("anna", "set", "dev", "replicas=4", "--push", code=1)
    git(anna, "checkout", "-q", "environments/dev/release.yaml")
    team.does("anna", "set", "dev", "replicas=4", "--push")
    assert team.runs("dev", "replicas") == 4
    assert team.runs("production", "replicas") == 2
    assert git(anna, "status", "--porcelain") == " M gitops.yaml\n"
    team.does("anna", "generate")
    git(anna, "commit", "-qam", "More replicas by default")
    team.does("boris", "set", "dev", "image.tag=1.5.0", "--push")
    team.does("anna", "set", "dev", "settings.mode=x", "--push")
    assert (team.runs("production", "replicas"), team.runs("dev")) == (9, "1.5.0")


def test_wednesday_a_bad_release_is_rolled_back_while_the_other_has_not_pulled(team: Team) -> None:
    team.does("anna", "set", "dev", "image.tag=1.6.0", "--push")
    team.pulls("boris")
    team.does("anna", "rollback", "dev", "--push")
    team.does("boris", "promote", "dev", "production", "--push")
    assert team.runs("production") == "1.4.2"
    said = team.does("boris", "rollback", "dev", "--push").err
    assert team.runs("dev") == "1.6.0", said  # Boris has seen Anna's rollback by now, and undoes it
    said = team.does("anna", "rollback", "dev", "--push").err
    assert "origin/main already has this change" in said  # to go back from where Anna was is to go where Boris went
    team.does("anna", "rollback", "dev", "--push")
    assert team.runs("dev") == "1.4.2"


def test_thursday_pull_requests(team: Team) -> None:
    team.does("anna", "set", "dev", "image.tag=1.6.0", "--push")
    team.does("anna", "promote", "dev", "production", "--branch", "promote-1.6", "--push", "-m", "OPS-1: ship 1.6")
    team.does("boris", "set", "dev", "settings.mode=x", "--environment", "--branch", "mode", "--push")
    assert head(team.folder("anna")) == team.main()
    team.merges("promote-1.6")
    assert team.runs("production") == "1.6.0"
    team.merges("mode")
    assert team.runs("dev", "settings.mode") == "x"
    team.does("boris", "rollback", "production", "--push")
    assert team.runs("production") == "1.4.2"
    assert team.runs("dev") == "1.6.0"
    team.does("anna", "promote", "dev", "production", "--push")
    assert team.runs("production") == "1.6.0"


def test_friday_hand_edits_and_conflicts(team: Team) -> None:
    anna, boris = team.folder("anna"), team.folder("boris")
    edit(anna, "environments/dev/values.yaml", "tag: 1.4.2", "tag: 1.7.0")
    team.does("boris", "set", "production", "image.tag=1.5.0", "--push")
    team.does("anna", "adopt", "dev", "--push")
    assert (team.runs("dev"), team.runs("production")) == ("1.7.0", "1.5.0")
    said = team.does("boris", "set", "dev", "image.tag=1.8.0", "--push", code=1).err
    assert "1.8.0 by Boris (this command), 1.7.0 by Anna" in said
    team.pulls("boris")
    team.does("boris", "set", "dev", "image.tag=1.8.0", "--push")
    said = team.does("anna", "set", "dev", "image.tag=1.8.0", "--push").err
    assert "nothing changes" in said
    assert team.runs("dev") == "1.8.0"
    assert head(anna) == head(boris) == team.main()


def test_a_merge_that_was_pulled_hides_no_release(team: Team) -> None:
    """Boris commits, pulls with a merge and pushes; then somebody rolls back."""
    boris = team.folder("boris")
    team.does("anna", "set", "production", "image.tag=1.5.0", "--push")
    team.does("boris", "set", "dev", "image.tag=1.6.0", "--commit")
    git(boris, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    team.does("boris", "set", "dev", "replicas=3", "--push")
    team.does("anna", "set", "production", "image.tag=1.6.0", "--push")
    team.does("boris", "rollback", "production", "--push")
    assert team.runs("production") == "1.5.0"
    assert (team.runs("dev"), team.runs("dev", "replicas")) == ("1.6.0", 3)
