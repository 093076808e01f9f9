"""A random walk of commands, hand edits and reverts over a real repository: after each step nothing is stale, nothing
is lost.
"""

import contextlib
import io
import shutil
import tempfile
from pathlib import Path

import pytest
from conftest import commit_all, git, tree
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gitops_gen.cli import run
from gitops_gen.git.command import ask

TAGS = st.sampled_from(["1.0.0", "1e3", "0400", "v2", "2.0.0-rc.1"])
NAMES = st.sampled_from(["dev", "production", "blue", "green"])


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

    def do(self, *words: str) -> int:
        """A command: it succeeds, or it refuses and changes nothing; it never fails in another way."""
        before = (tree(self.folder), git(self.folder, "rev-parse", "HEAD"))
        code = gitops_gen(self.folder, *words)
        assert code in (0, 1, 2), words
        if code:
            assert (tree(self.folder), git(self.folder, "rev-parse", "HEAD")) == before, words
        return code

    @rule(name=NAMES, tag=TAGS)
    def bump(self, name: str, tag: str) -> None:
        self.do("set", name, f"image.tag={tag}", "--commit")

    @rule(name=NAMES, number=st.integers(0, 9))
    def scale(self, name: str, number: int) -> None:
        self.do("set", name, f"replicas={number}", "--commit")

    @rule(number=st.integers(0, 9))
    def scale_stage(self, number: int) -> None:
        self.do("set", "--stage", "production", f"replicas={number}", "--commit")

    @rule(name=NAMES)
    def unset(self, name: str) -> None:
        self.do("set", name, "--unset", "replicas", "--commit")

    @rule(source=NAMES, to=NAMES)
    def promote(self, source: str, to: str) -> None:
        self.do("promote", source, to, "--force", "--commit")

    @rule(source=NAMES, name=NAMES)
    def clone(self, source: str, name: str) -> None:
        self.do("env", "clone", source, name, "--shared", "--commit")

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        self.do("env", "rename", old, new, "--delete-running", "--commit")

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        self.do("env", "remove", name, "--delete-running", "--commit")

    @rule(name=NAMES)
    def rollback(self, name: str) -> None:
        self.do("rollback", name)

    @rule(name=NAMES)
    def rollback_twice(self, name: str) -> None:
        """The rollback of a rollback is the identity."""
        before = tree(self.folder)
        if self.do("rollback", name) == 0 and (self.folder / "environments" / name).exists():
            restored = tree(self.folder)
            if self.do("rollback", name) == 0:
                assert tree(self.folder) == before
            else:
                assert tree(self.folder) == restored

    @rule()
    def revert(self) -> None:
        """A plain `git revert` of the last change gives the tree before it."""
        if not ask(self.folder, "rev-parse", "--verify", "--quiet", "HEAD~1").code:
            before = git(self.folder, "rev-parse", "HEAD~1^{tree}")
            git(self.folder, "revert", "--no-edit", "HEAD")
            assert git(self.folder, "rev-parse", "HEAD^{tree}") == before

    @rule(name=NAMES, tag=TAGS)
    def edit_by_hand(self, name: str, tag: str) -> None:
        file = self.folder / "environments" / name / "release.yaml"
        if file.exists():
            file.write_text(f"# by hand\n{file.read_text()}# {tag}\n")
            assert gitops_gen(self.folder, "generate") == 0
            commit_all(self.folder)

    @rule(name=NAMES, number=st.integers(10, 19))
    def adopt(self, name: str, number: int) -> None:
        file = self.folder / "environments" / name / "values.yaml"
        if file.exists() and "replicas" in file.read_text():
            lines = [f"replicas: {number}" if "replicas:" in line else line for line in file.read_text().splitlines()]
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
            max_examples=4,
            stateful_step_count=10,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
