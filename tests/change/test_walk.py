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
from gitops_gen.git.command import ask
from tests.conftest import commit_all, git, tree

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


@pytest.mark.usefixtures("own_identity")
def test_a_random_walk_stays_consistent(good_template: Path) -> None:
    walk = type("GoodWalk", (Walk,), {"template": good_template})
    run_state_machine_as_test(
        walk,
        settings=settings(
            max_examples=3,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
