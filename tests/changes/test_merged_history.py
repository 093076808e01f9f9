"""`history` and `rollback` where lines met: an environment's history is what the followed branch had, and a rollback
goes to what ran.
"""

import json
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.changes.conftest import head, message
from tests.conftest import GitopsGen, git, in_words

pytestmark = pytest.mark.slow

RELEASE = "environments/{}/release.yaml"
Change = Callable[..., str]


@pytest.fixture
def colleague(origin: Path) -> Path:
    """A second clone of the remote."""
    return clone_of(origin, "colleague")


def clone_of(origin: Path, name: str) -> Path:
    git(origin.parent, "clone", "--quiet", str(origin), name)
    return origin.parent / name


class Team:
    """What people do in their clones."""

    def __init__(self, gitops_gen: GitopsGen) -> None:
        self.gitops_gen = gitops_gen

    def do(self, folder: Path, *words: str) -> str:
        """A command that must succeed, with both of its streams."""
        result = self.gitops_gen(folder, *words)
        assert result.code == 0, result.err
        return result.out + result.err

    def listed(self, folder: Path, environment: str) -> list[tuple[str, list[str]]]:
        """What `history ENV` says: each subject with the release's steps, the newest first."""
        result = self.gitops_gen(folder, "history", environment, "-o", "json")
        assert result.code == 0, result.err
        return [(event["subject"], list(map(in_words, event["release"]))) for event in json.loads(result.out)["events"]]

    def released(self, folder: Path, environment: str) -> list[list[str]]:
        """The same without the subjects."""
        return [release for _, release in self.listed(folder, environment)]

    def bump(self, folder: Path, environment: str, *tags: str) -> str:
        """Commit other tags; gives the last commit's id."""
        for tag in tags:
            self.do(folder, "set", environment, f"image.tag={tag}", "--commit")
        return head(folder)


@pytest.fixture
def team(gitops_gen: GitopsGen) -> Team:
    return Team(gitops_gen)


def tag(folder: Path, environment: str) -> str:
    text = (folder / RELEASE.format(environment)).read_text()
    return text.split("tag: ")[1].split()[0].strip('"')


def push(folder: Path) -> None:
    git(folder, "push", "--quiet", "origin", "HEAD:main")


def steps(*tags: str) -> list[list[str]]:
    return [[f"image.tag {old} → {new}"] for old, new in pairwise(tags)][::-1]


PULLS = {
    "pull": [["pull", "--quiet", "--no-rebase", "--no-edit"]],
    "remote-tracking": [["fetch", "--quiet"], ["merge", "--quiet", "--no-edit", "origin/main"]],
}


@pytest.mark.parametrize("how", PULLS)
def test_a_pull_on_a_clone_that_was_behind_hides_nothing(
    good: Path, team: Team, colleague: Path, change: Change, how: str
) -> None:
    tags = ("1.5.0", "1.6.0", "1.7.0", "1.8.0")
    last = team.bump(good, "production", *tags)
    push(good)
    before = team.listed(good, "production")
    team.bump(colleague, "dev", "3.0.0")
    for command in PULLS[how]:
        git(colleague, *command)
    assert git(colleague, "log", "-1", "--format=%P").split()[1] == last, "the branch is the second parent"
    push(colleague)
    for clone in (colleague, clone_of(good.parent / "origin.git", "fresh")):
        assert team.listed(clone, "production") == before
        assert [release for _, release in before][:4] == steps("1.4.2", *tags)
        said = change(clone, "rollback", "production")
        assert tag(clone, "production") == "1.7.0"
        assert "Undo " + last[:12] in said
        assert message(clone).startswith('Revert "Set image.tag to 1.8.0 in production" in production\n')


def test_a_pull_that_brings_ones_own_change_is_undone_to_what_the_remote_had(
    good: Path, team: Team, colleague: Path, change: Change
) -> None:
    team.bump(good, "production", "1.5.0", "1.6.0")
    push(good)
    team.do(colleague, "set", "production", "replicas=7", "--commit")
    git(colleague, "pull", "--quiet", "--no-rebase", "--no-edit", "-X", "theirs")
    change(colleague, "generate")
    git(colleague, "commit", "--quiet", "--all", "--amend", "--no-edit")
    change(colleague, "rollback", "production")
    assert tag(colleague, "production") == "1.6.0", "1.4.2 with 7 replicas never ran"
    assert "replicas: 7" not in (colleague / "environments/production/environment.yaml").read_text()
    assert message(colleague).startswith('Revert "Set replicas to 7 in production" in production\n')


@pytest.mark.parametrize(
    "subject", ["", "Merge pull request #7 from shop/feature", "Merged in feature (pull request #7)", "Ship it"]
)
def test_the_merge_button_is_one_change(
    good: Path, team: Team, change: Change, gitops_gen: GitopsGen, subject: str
) -> None:
    git(good, "switch", "--quiet", "--create", "feature")
    team.bump(good, "dev", "1.5.0", "1.6.0")
    git(good, "switch", "--quiet", "main")
    team.bump(good, "production", "1.4.3")
    git(good, "merge", "--quiet", "--no-ff", *(["-m", subject] if subject else ["--no-edit"]), "feature")
    assert team.released(good, "dev")[0] == ["image.tag 1.4.2 → 1.6.0"]
    assert team.released(good, "production")[:1] == steps("1.4.2", "1.4.3")
    text = gitops_gen(good, "history", "dev").out
    assert text.count("    merged   ") == 2
    said = change(good, "rollback", "dev")
    assert tag(good, "dev") == "1.4.2", "1.5.0 never ran"
    assert "`--undo COMMIT`" in said


def test_one_commit_of_a_merged_branch_can_be_undone(good: Path, team: Team, change: Change) -> None:
    git(good, "switch", "--quiet", "--create", "feature")
    last = team.bump(good, "dev", "1.5.0", "1.6.0")
    git(good, "switch", "--quiet", "main")
    git(good, "merge", "--quiet", "--no-ff", "--no-edit", "feature")
    change(good, "rollback", "dev", "--undo", last)
    assert tag(good, "dev") == "1.5.0"


def test_a_merge_that_does_not_say_which_line_ran_is_asked_about(
    good: Path, team: Team, gitops_gen: GitopsGen, change: Change
) -> None:
    git(good, "switch", "--quiet", "--create", "side")
    theirs = team.bump(good, "production", "1.5.0", "1.6.0")
    git(good, "switch", "--quiet", "main")
    team.do(good, "set", "production", "replicas=7", "--commit")
    ours = head(good)
    git(good, "merge", "--quiet", "--no-ff", "-X", "theirs", "-m", "Sync", "side")
    change(good, "generate")
    git(good, "commit", "--quiet", "--all", "--amend", "--no-edit")
    at = head(good)
    result = gitops_gen(good, "rollback", "production")
    assert result.code == 1
    assert head(good) == at
    for line in (ours, theirs):
        assert f"gitops-gen rollback production --to {line[:12]}" in result.err
    change(good, "rollback", "production", "--to", theirs)
    assert tag(good, "production") == "1.6.0"


def test_squash_and_rebase_are_what_they_look_like(good: Path, team: Team, change: Change) -> None:
    git(good, "switch", "--quiet", "--create", "squashed")
    team.bump(good, "dev", "1.5.0", "1.6.0")
    git(good, "switch", "--quiet", "--create", "rebased", "main")
    team.bump(good, "production", "2.0.0", "2.1.0")
    git(good, "switch", "--quiet", "main")
    git(good, "merge", "--quiet", "--squash", "squashed")
    git(good, "commit", "--quiet", "--message", "Two at once")
    git(good, "rebase", "--quiet", "main", "rebased")
    git(good, "switch", "--quiet", "main")
    git(good, "merge", "--quiet", "--ff-only", "rebased")
    assert team.listed(good, "dev")[0] == ("Two at once", ["image.tag 1.4.2 → 1.6.0"])
    assert team.released(good, "production")[:2] == steps("1.4.2", "2.0.0", "2.1.0")
    change(good, "rollback", "production")
    assert tag(good, "production") == "2.0.0"


def test_an_octopus_brings_each_environment_its_own(
    good: Path, team: Team, change: Change, gitops_gen: GitopsGen
) -> None:
    for name, environment in (("one", "dev"), ("two", "production")):
        git(good, "switch", "--quiet", "--create", name, "main")
        team.bump(good, environment, "1.5.0")
    git(good, "switch", "--quiet", "main")
    (good / "README").write_text("read me\n")
    git(good, "add", "README")
    git(good, "commit", "--quiet", "--message", "Write a readme")
    git(good, "merge", "--quiet", "--no-ff", "--no-edit", "one", "two")
    assert len(git(good, "log", "-1", "--format=%P").split()) == 3
    for environment in ("dev", "production"):
        assert team.listed(good, environment)[0] == ("Merge branches 'one' and 'two'", ["image.tag 1.4.2 → 1.5.0"])
        assert gitops_gen(good, "history", environment).out.count("    merged   ") == 1
    change(good, "rollback", "dev")
    assert (tag(good, "dev"), tag(good, "production")) == ("1.4.2", "1.5.0")


def test_lines_that_cross_twice_lose_no_change(good: Path, team: Team, colleague: Path, change: Change) -> None:
    """Both pull from each other, again and again: each state of the remote is listed once."""
    expected = ["1.4.2"]
    for number in range(3):
        team.bump(colleague, "dev", f"9.{number}.0")
        team.bump(good, "production", f"2.{number}.0")
        expected.append(f"2.{number}.0")
        push(good)
        git(colleague, "pull", "--quiet", "--no-rebase", "--no-edit")
        push(colleague)
        git(good, "pull", "--quiet", "--no-rebase", "--no-edit")
    for clone in (good, colleague):
        assert team.released(clone, "production")[:3] == steps(*expected)
        assert team.released(clone, "dev")[:3] == steps("1.4.2", "9.0.0", "9.1.0", "9.2.0")
    change(good, "rollback", "production")
    assert tag(good, "production") == "2.1.0"


def test_the_revert_of_a_merge_is_undone_by_name(good: Path, team: Team, change: Change) -> None:
    git(good, "switch", "--quiet", "--create", "feature")
    team.bump(good, "dev", "1.5.0", "1.6.0")
    git(good, "switch", "--quiet", "main")
    team.bump(good, "production", "1.4.3")
    git(good, "merge", "--quiet", "--no-ff", "--no-edit", "feature")
    git(good, "revert", "--mainline", "1", "--no-edit", "HEAD")
    assert team.released(good, "dev")[:2] == steps("1.4.2", "1.6.0", "1.4.2")
    said = change(good, "rollback", "dev")
    assert tag(good, "dev") == "1.6.0"
    assert "That was a rollback: the changes that it undid are restored" in said
    assert message(good).startswith("Reapply \"Merge branch 'feature'\" in dev\n")


def test_a_merge_with_its_own_change_is_a_change(good: Path, team: Team, change: Change) -> None:
    git(good, "switch", "--quiet", "--create", "feature")
    team.bump(good, "production", "1.4.3")
    git(good, "switch", "--quiet", "main")
    git(good, "merge", "--quiet", "--no-ff", "--no-commit", "feature")
    release = good / RELEASE.format("dev")
    release.write_text(release.read_text().replace("1.4.2", "6.6.6"))
    change(good, "generate")
    git(good, "commit", "--quiet", "--all", "--no-edit")
    assert team.listed(good, "dev")[0] == ("Merge branch 'feature'", ["image.tag 1.4.2 → 6.6.6"])
    change(good, "rollback", "dev")
    assert (tag(good, "dev"), tag(good, "production")) == ("1.4.2", "1.4.3")


def test_the_project_says_which_branch_is_followed(good: Path, team: Team) -> None:
    settings = good / "gitops.yaml"
    settings.write_text(settings.read_text().replace("chart:\n", "revision: live\nchart:\n", 1))
    git(good, "commit", "--quiet", "--all", "--message", "Follow live")
    git(good, "switch", "--quiet", "--create", "live")
    team.bump(good, "production", "1.5.0", "1.6.0")
    git(good, "switch", "--quiet", "--create", "work", "main")
    team.bump(good, "dev", "1.5.0")
    git(good, "merge", "--quiet", "--no-ff", "--no-edit", "live")
    assert team.released(good, "production")[:2] == steps("1.4.2", "1.5.0", "1.6.0")


@pytest.mark.parametrize(
    "letters", [b"\x1e", b"\x1f\x1e\x1f", b"\xe9\xff", b"\x1b[31m", b"%x00 \\0", b"\xf0\x9f\x92\xa5"]
)
def test_no_subject_keeps_a_rollback_from_being_made(
    good: Path, team: Team, gitops_gen: GitopsGen, letters: bytes
) -> None:
    team.bump(good, "dev", "1.5.0")
    release = good / RELEASE.format("dev")
    release.write_text(release.read_text().replace("1.5.0", "1.6.0"))
    assert gitops_gen(good, "generate").code == 0
    subprocess.run(
        ["git", "-c", "user.name=" + "Eve", "-c", "user.email=e@example.com", "commit", "-qa", "-F", "-"],
        cwd=good,
        check=True,
        input=b"Bump " + letters + b" by hand\n\nChange: set" + letters + b"\n",
    )
    events = json.loads(gitops_gen(good, "history", "dev", "-o", "json").out)["events"]
    assert [list(map(in_words, event["release"])) for event in events][:2] == steps("1.4.2", "1.5.0", "1.6.0")
    text = gitops_gen(good, "history", "dev").out
    assert "Bump " in text
    assert not {"\x1b", "\x1e", "\x1f"} & set(text)
    result = gitops_gen(good, "rollback", "dev")
    assert result.code == 0, result.err
    assert tag(good, "dev") == "1.5.0"
    assert message(good).splitlines()[0].isprintable()


@pytest.mark.parametrize(
    "words", [("history", "dev"), ("history",), ("rollback", "dev"), ("rollback", "dev", "--to", "v1.0.0")]
)
def test_a_history_that_git_cannot_read_is_no_empty_one(
    good: Path, team: Team, gitops_gen: GitopsGen, words: tuple[str, ...]
) -> None:
    git(good, "tag", "--force", "v1.0.0")
    oldest = team.bump(good, "dev", "1.5.0")
    team.bump(good, "dev", "1.6.0", "1.7.0")
    (good / ".git/objects" / oldest[:2] / oldest[2:]).unlink()
    at, before = head(good), tag(good, "dev")
    result = gitops_gen(good, *words)
    assert result.code == 1
    assert "git log" in result.err
    assert (head(good), tag(good, "dev")) == (at, before)


def test_what_cannot_be_read_is_not_taken_for_removed(good: Path, team: Team, gitops_gen: GitopsGen) -> None:
    team.bump(good, "dev", "1.5.0")
    blob = git(good, "rev-parse", "HEAD:environments/dev/release.yaml").strip()
    team.bump(good, "dev", "1.6.0")
    (good / ".git/objects" / blob[:2] / blob[2:]).unlink()
    result = gitops_gen(good, "rollback", "dev")
    assert result.code == 1
    assert tag(good, "dev") == "1.6.0"


def test_a_commit_of_another_branch_is_not_undone(good: Path, team: Team, gitops_gen: GitopsGen) -> None:
    git(good, "switch", "--quiet", "--create", "other")
    there = team.bump(good, "dev", "1.5.0")
    git(good, "switch", "--quiet", "main")
    result = gitops_gen(good, "rollback", "dev", "--undo", there)
    assert result.code == 1
    assert "is not on this branch" in result.err


@pytest.mark.parametrize("name", ["dev/../production", ".", "../project/environments/dev", "Dev"])
def test_a_path_is_not_an_environment(good: Path, team: Team, gitops_gen: GitopsGen, name: str) -> None:
    team.bump(good, "production", "1.5.0")
    for verb, code in (("history", 1), ("rollback", 2)):
        result = gitops_gen(good, verb, name)
        assert result.code == code
        assert f"`{name}`" in result.err


def test_a_branch_that_ends_like_the_followed_one_is_another(good: Path, team: Team, change: Change) -> None:
    git(good, "switch", "--quiet", "--create", "fix/main")
    team.bump(good, "dev", "1.5.0", "1.6.0")
    git(good, "switch", "--quiet", "main")
    team.bump(good, "production", "1.4.3")
    git(good, "merge", "--quiet", "--no-ff", "--no-edit", "fix/main")
    assert team.released(good, "dev")[0] == ["image.tag 1.4.2 → 1.6.0"]
    change(good, "rollback", "dev")
    assert tag(good, "dev") == "1.4.2"


def test_a_merge_of_many_commits_is_printed_in_few_lines(good: Path, gitops_gen: GitopsGen) -> None:
    git(good, "switch", "--quiet", "--create", "long")
    release = good / RELEASE.format("dev")
    for number in range(14):
        release.write_text(release.read_text().split("values:")[0] + f"values: {{image: {{tag: 2.{number}.0}}}}\n")
        git(good, "commit", "--quiet", "--all", "--message", f"Bump {number}")
    git(good, "switch", "--quiet", "main")
    git(good, "merge", "--quiet", "--no-ff", "--no-edit", "long")
    text = gitops_gen(good, "history", "dev").out
    assert text.count("    merged   ") == 11
    assert "    merged   4 more commits" in text
