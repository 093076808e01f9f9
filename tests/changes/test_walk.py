"""A random walk of commands, hand edits and reverts over a real repository: after each step nothing is stale, nothing
is lost.
"""

import contextlib
import io
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gitops_gen.cli import run
from gitops_gen.git.runner import ask
from gitops_gen.yaml.editing.document import set_value
from tests.conftest import commit_all, git, tree

pytestmark = pytest.mark.slow

TAGS = st.sampled_from(["1.0.0", "1e3", "0400", "v2", "2.0.0-rc.1"])
NUMBERS = st.integers(0, 11)
NEW = st.sampled_from(["blue", "green", "red"])


def gitops_gen(folder: Path, *words: str) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return run(["-C", str(folder), "--quiet", *words])


class Walk(RuleBasedStateMachine):
    """The state is the repository itself; `template` is set by the test."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.scratch = Path(tempfile.mkdtemp(prefix="gitops-gen-walk-"))
        self.folder = shutil.copytree(self.template, self.scratch / "project", symlinks=True)

    def teardown(self) -> None:
        shutil.rmtree(self.scratch)

    def existing(self, number: int) -> str:
        """One of the environments that are there: a walk of refusals would prove little."""
        names = sorted(path.parent.name for path in self.folder.glob("environments/*/environment.yaml"))
        return names[number % len(names)]

    def count(self) -> int:
        return len(list(self.folder.glob("environments/*/environment.yaml")))

    def do(self, *words: str) -> int:
        """A command: it succeeds, or it refuses and changes nothing; it never fails in another way."""
        before = (tree(self.folder), git(self.folder, "rev-parse", "HEAD"))
        code = gitops_gen(self.folder, *words)
        assert code in (0, 1, 2), words
        if code:
            assert (tree(self.folder), git(self.folder, "rev-parse", "HEAD")) == before, words
        return code

    @rule(number=NUMBERS, tag=TAGS)
    def bump(self, number: int, tag: str) -> None:
        self.do("set", self.existing(number), f"image.tag={tag}", "--commit")

    @rule(number=NUMBERS, replicas=NUMBERS)
    def scale(self, number: int, replicas: int) -> None:
        self.do("set", self.existing(number), f"replicas={replicas}", "--commit")

    @rule(replicas=NUMBERS)
    def scale_stage(self, replicas: int) -> None:
        self.do("set", "--stage", "production", f"replicas={replicas}", "--commit")

    @rule(number=NUMBERS)
    def unset(self, number: int) -> None:
        self.do("set", self.existing(number), "--unset", "replicas", "--commit")

    @rule(source=NUMBERS, to=NUMBERS)
    def promote(self, source: int, to: int) -> None:
        self.do("promote", self.existing(source), self.existing(to), "--env", "--from-env", "--force", "--commit")

    @rule(source=NUMBERS, name=NEW)
    def clone(self, source: int, name: str) -> None:
        self.do("env", "clone", self.existing(source), name, "--shared", "--commit")

    @rule(old=NUMBERS, new=NEW)
    def rename(self, old: int, new: str) -> None:
        self.do("env", "rename", self.existing(old), new, "--delete-running", "--commit")

    @precondition(lambda self: self.count() > 2)
    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        self.do("env", "remove", self.existing(number), "--delete-running", "--commit")

    @rule(name=st.sampled_from(["dev", "production", "blue", "green", "red"]))
    def rollback(self, name: str) -> None:
        self.do("rollback", name)

    @rule(number=NUMBERS)
    def rollback_twice(self, number: int) -> None:
        """The rollback of a rollback is the identity."""
        before, name = tree(self.folder), self.existing(number)
        if self.do("rollback", name) == 0 and (self.folder / "environments" / name).exists():
            assert self.do("rollback", name) == 0
            assert tree(self.folder) == before

    @rule()
    def revert(self) -> None:
        """A plain `git revert` of the last change gives the tree before it."""
        if not ask(self.folder, "rev-parse", "--verify", "--quiet", "HEAD~1").code:
            before = git(self.folder, "rev-parse", "HEAD~1^{tree}")
            git(self.folder, "revert", "--no-edit", "HEAD")
            assert git(self.folder, "rev-parse", "HEAD^{tree}") == before

    @rule(number=NUMBERS, tag=TAGS)
    def edit_by_hand(self, number: int, tag: str) -> None:
        file = self.folder / "environments" / self.existing(number) / "release.yaml"
        if file.exists():
            file.write_text(f"# by hand\n{file.read_text()}# {tag}\n")
            assert gitops_gen(self.folder, "generate") == 0
            commit_all(self.folder)

    @rule(number=NUMBERS, replicas=st.integers(20, 29))
    def adopt(self, number: int, replicas: int) -> None:
        name = self.existing(number)
        file = self.folder / "environments" / name / "values.yaml"
        if file.exists() and "replicas" in file.read_text():
            lines = [f"replicas: {replicas}" if "replicas:" in line else line for line in file.read_text().splitlines()]
            file.write_text("\n".join(lines) + "\n")
            assert gitops_gen(self.folder, "adopt", name, "--commit") == 0

    @invariant()
    def nothing_is_stale(self) -> None:
        assert gitops_gen(self.folder, "generate", "--check") == 0

    @invariant()
    def nothing_is_left_lying_about(self) -> None:
        assert git(self.folder, "status", "--porcelain") == ""


UNCOMMITTED = 77
"""A value that is only ever in the working tree."""

WHO = st.sampled_from(["anna", "boris"])
HOW = st.sampled_from([("--push",), ("--push",), ("--commit",), ("--branch", "up", "--push")])


class TeamWalk(RuleBasedStateMachine):
    """Two clones of a bare remote, with things uncommitted and unpushed in them; `template` is set by the test."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.scratch = Path(tempfile.mkdtemp(prefix="gitops-gen-walk-"))
        self.origin = self.scratch / "origin.git"
        git(self.scratch, "clone", "-q", "--bare", str(self.template), str(self.origin))
        for name in ("anna", "boris", "button"):
            git(self.scratch, "clone", "-q", str(self.origin), name)
        self.lying: dict[str, tuple[str, str]] = {}
        self.whole: set[str] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.scratch)

    def existing(self, who: str, number: int) -> str:
        names = sorted(path.parent.name for path in (self.scratch / who).glob("environments/*/environment.yaml"))
        return names[number % len(names)]

    def do(self, who: str, *words: str) -> None:
        """It succeeds, or it refuses without a traceback; uncommitted changes stay as they are."""
        folder = self.scratch / who
        code = gitops_gen(folder, *words)
        assert code in (0, 1, 2), words
        if "up" in words:
            self.press_the_button()
        if who in self.lying:
            path, text = self.lying[who]
            assert (folder / path).read_text() == text, words

    def press_the_button(self) -> None:
        """Merge the branch as a pull request whose checks passed, and forget it."""
        button = self.scratch / "button"
        git(button, "fetch", "-q", "--prune", "origin")
        git(button, "reset", "-q", "--hard", "origin/main")
        if not ask(button, "rev-parse", "--verify", "--quiet", "origin/up").code:
            self.assert_whole(button, "origin/up")
            merge = ask(button, "merge", "--quiet", "--no-ff", "-m", "Merge up", "origin/up")
            if not merge.code and gitops_gen(button, "generate", "--check") == 0:
                git(button, "push", "-q", "origin", "HEAD:main")
            ask(button, "merge", "--abort")
            git(button, "push", "-q", "origin", "--delete", "up")
        for name in ("anna", "boris"):
            ask(self.scratch / name, "branch", "-D", "up")

    @rule(who=WHO, number=NUMBERS, tag=TAGS, how=HOW)
    def bump(self, who: str, number: int, tag: str, how: tuple[str, ...]) -> None:
        self.do(who, "set", self.existing(who, number), f"image.tag={tag}", *how)

    @rule(who=WHO, replicas=NUMBERS, how=HOW)
    def scale_stage(self, who: str, replicas: int, how: tuple[str, ...]) -> None:
        self.do(who, "set", "--stage", "production", f"replicas={replicas}", "--environment", *how)

    @rule(who=WHO, source=NUMBERS, to=NUMBERS, how=HOW)
    def promote(self, who: str, source: int, to: int, how: tuple[str, ...]) -> None:
        self.do(who, "promote", self.existing(who, source), self.existing(who, to), "--force", *how)

    @rule(who=WHO, number=NUMBERS, how=HOW)
    def rollback(self, who: str, number: int, how: tuple[str, ...]) -> None:
        self.do(who, "rollback", self.existing(who, number), *how)

    @rule(who=WHO, number=NUMBERS, name=NEW, how=HOW)
    def clone(self, who: str, number: int, name: str, how: tuple[str, ...]) -> None:
        self.do(who, "env", "clone", self.existing(who, number), name, "--shared", *how)

    @rule(who=WHO, number=NUMBERS, name=NEW, how=HOW)
    def rename(self, who: str, number: int, name: str, how: tuple[str, ...]) -> None:
        self.do(who, "env", "rename", self.existing(who, number), name, "--delete-running", *how)

    @rule(who=WHO, number=NUMBERS)
    def leave_something_lying_about(self, who: str, number: int) -> None:
        folder, everywhere = self.scratch / who, number % 3 == 0
        path = "gitops.yaml" if everywhere else f"environments/{self.existing(who, number)}/environment.yaml"
        keys = ("defaults", "values", "replicas") if everywhere else ("values", "replicas")
        if who not in self.lying:
            text = set_value((folder / path).read_text(), keys, UNCOMMITTED, path)
            (folder / path).write_text(text)
            self.lying[who] = path, text

    @rule(who=WHO)
    def tidy_up(self, who: str) -> None:
        if who in self.lying:
            git(self.scratch / who, "checkout", "-q", "--", self.lying.pop(who)[0])

    @rule(who=WHO)
    def pull(self, who: str) -> None:
        """As many do it: with a merge, in which generated files are generated again; given up where inputs meet."""
        folder = self.scratch / who
        if who in self.lying:
            return
        ask(folder, "pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main")
        if gitops_gen(folder, "generate") or git(folder, "diff", "--name-only", "--diff-filter=U"):
            ask(folder, "merge", "--abort")
        elif git(folder, "status", "--porcelain") or (folder / ".git/MERGE_HEAD").exists():
            git(folder, "add", "--all")
            git(folder, "commit", "-q", "--no-edit", "-m", "Merge")

    def assert_whole(self, folder: Path, ref: str) -> None:
        commit = git(folder, "rev-parse", ref).strip()
        if commit in self.whole:
            return
        fresh = self.scratch / "fresh"
        git(self.scratch, "clone", "-q", "--no-checkout", "--shared", str(folder), str(fresh))
        git(fresh, "checkout", "-q", "--detach", commit)
        assert gitops_gen(fresh, "generate", "--check") == 0, git(folder, "log", "-3", "--stat", commit)
        assert ask(fresh, "grep", "--quiet", f"replicas: {UNCOMMITTED}", commit).code == 1
        shutil.rmtree(fresh)
        self.whole.add(commit)

    @invariant()
    def every_branch_is_whole_in_a_fresh_clone(self) -> None:
        self.assert_whole(self.origin, "main")
        for who in ("anna", "boris"):
            self.assert_whole(self.scratch / who, "HEAD")

    @invariant()
    def only_what_was_left_is_uncommitted(self) -> None:
        for who in ("anna", "boris"):
            left = [f" M {self.lying[who][0]}"] if who in self.lying else []
            assert git(self.scratch / who, "status", "--porcelain").splitlines() == left
            assert not (self.scratch / who / ".git/gitops-gen/temporary-checkout").exists()


@pytest.mark.usefixtures("own_identity")
def test_a_random_walk_stays_consistent(good_template: Path) -> None:
    walk = type("GoodWalk", (Walk,), {"template": good_template})
    run_state_machine_as_test(walk, settings=_settings(max_examples=3, stateful_step_count=12))


@pytest.mark.usefixtures("own_identity")
def test_a_random_walk_of_two_people_stays_consistent(good_template: Path) -> None:
    walk = type("GoodTeamWalk", (TeamWalk,), {"template": good_template})
    run_state_machine_as_test(walk, settings=_settings(max_examples=4, stateful_step_count=14))


def _settings(*, max_examples: int, stateful_step_count: int) -> settings:
    return settings(
        max_examples=max_examples,
        stateful_step_count=stateful_step_count,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
