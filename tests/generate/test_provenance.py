"""A hand edit is distinguished from a file that is only behind its inputs: never a wrong claim in what people do every
day, and no edit that is in no commit is ever overwritten.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.changes.conftest import own_identity
from tests.conftest import GitopsGen, commit_all, git

pytestmark = pytest.mark.slow

VALUES = "environments/dev/values.yaml"
APPLICATION = "argocd/applications/dev.yaml"
HOST = "dev.example.com=testing.example.com"

__all__ = ["own_identity"]


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """From here on as on a machine where the tool has never run."""

    def remove_cache() -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
        shutil.rmtree(tmp_path / "nothing", ignore_errors=True)

    return remove_cache


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def add(folder: Path, path: str, line: str) -> None:
    file = folder / path
    file.write_text(f"{file.read_text()}{line}\n")


def states(gitops_gen: GitopsGen, folder: Path) -> set[str]:
    """What `--check` calls the files that differ."""
    return {line.rsplit("  ", 1)[0].strip() for line in gitops_gen(folder, "generate", "--check").out.splitlines()}


def by_another_version(folder: Path) -> None:
    """Have the generated files look as another version of the tool would write them."""
    for file in [*folder.glob("environments/*/values.yaml"), *folder.glob("argocd/**/*.yaml")]:
        file.write_text(file.read_text() + "# written in another way\n")


def test_inputs_that_are_not_committed(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]) -> None:
    add(good, "environments/dev/environment.yaml", "namespaceLabels: {a: b}")
    forget()
    assert states(gitops_gen, good) == {"stale"}
    assert gitops_gen(good, "generate").code == 0


def test_inputs_that_are_committed_without_their_files(
    good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]
) -> None:
    add(good, "environments/dev/environment.yaml", "namespaceLabels: {a: b}")
    commit_all(good)
    add(good, "environments/dev/environment.yaml", "namespaceAnnotations: {a: b}")
    forget()
    assert states(gitops_gen, good) == {"stale"}


def test_an_edit_next_to_changed_inputs_is_one(good: Path, gitops_gen: GitopsGen) -> None:
    replaced(good / APPLICATION, "selfHeal: true", "selfHeal: false")
    add(good, "environments/dev/environment.yaml", "namespaceLabels: {a: b}")
    assert states(gitops_gen, good) == {"edited by hand"}
    assert gitops_gen(good, "generate").code == 1
    assert "selfHeal: false" in (good / APPLICATION).read_text()


@pytest.mark.parametrize("words", [("generate",), ("set", "dev", "image.tag=9.9.9")])
def test_inputs_that_were_taken_back(good: Path, gitops_gen: GitopsGen, words: tuple[str, ...]) -> None:
    add(good, "environments/dev/environment.yaml", "namespaceLabels: {a: b}")
    assert gitops_gen(good, *words).code == 0
    git(good, "checkout", "-q", "--", "environments/dev/environment.yaml", "environments/dev/release.yaml")
    assert states(gitops_gen, good) == {"stale"}
    assert gitops_gen(good, "generate").code == 0
    assert git(good, "status", "--porcelain") == ""


def test_an_upgrade_of_the_tool(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]) -> None:
    by_another_version(good)
    git(good, "add", "--all")
    git(good, "commit", "-q", "--amend", "-m", "Start")
    add(good, "environments/dev/environment.yaml", "namespaceLabels: {a: b}")
    commit_all(good)
    forget()
    assert states(gitops_gen, good) == {"stale"}
    assert gitops_gen(good, "generate").code == 0
    assert states(gitops_gen, good) == set()


def test_files_that_one_upgrade_made_before_another(
    good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]
) -> None:
    for _ in range(2):
        by_another_version(good)
        commit_all(good)
    forget()
    assert states(gitops_gen, good) == {"stale"}


def test_files_of_a_colleague_who_has_another_version(
    good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]
) -> None:
    by_another_version(good)
    commit_all(good)
    forget()
    assert states(gitops_gen, good) == {"stale"}


@pytest.mark.parametrize("later", ["", "# a remark"])
def test_an_edit_that_was_committed(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None], later: str) -> None:
    replaced(good / VALUES, "environment: dev", "environment: mine")
    commit_all(good)
    if later:
        add(good, "gitops.yaml", later)
        commit_all(good)
    forget()
    assert states(gitops_gen, good) == {"edited by hand"}
    assert gitops_gen(good, "generate").code == 1


def test_an_edit_back_to_what_was_generated_before(good: Path, gitops_gen: GitopsGen) -> None:
    """Such as a bot's that goes back to an older tag, on a machine that made the older file."""
    assert gitops_gen(good, "generate").code == 0
    replaced(good / "environments/dev/release.yaml", "1.4.2", "1.5.0")
    assert gitops_gen(good, "generate").code == 0
    commit_all(good)
    replaced(good / "environments/dev/release.yaml", "1.5.0", "1.6.0")
    assert gitops_gen(good, "generate").code == 0
    commit_all(good)
    replaced(good / VALUES, "1.6.0", "1.5.0")
    commit_all(good)

    assert states(gitops_gen, good) == {"edited by hand"}
    assert gitops_gen(good, "adopt", "dev").code == 0
    assert "1.5.0" in (good / "environments/dev/release.yaml").read_text()


def test_files_of_the_first_version(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]) -> None:
    for path, name in ((VALUES, "dev"), (APPLICATION, "dev"), ("argocd/root.yaml", "")):
        body = (good / path).read_text().split("\n", 1)[1] + "# as it was\n"
        digest = hashlib.sha256(body.encode()).hexdigest()[:16]
        first = "# Generated by gitops-gen from gitops.yaml.\n"
        second = f"# Do not edit: change those, then run `gitops-gen generate {name}`. sha256:{digest}\n"
        (good / path).write_text(first + second + body)
    forget()
    assert states(gitops_gen, good) == {"stale"}
    replaced(good / VALUES, "# as it was", "# as it is")
    assert states(gitops_gen, good) == {"stale", "edited by hand"}
    git(good, "checkout", "-q", "--", VALUES)
    assert gitops_gen(good, "generate").code == 0
    assert git(good, "status", "--porcelain") == ""


def diverged(folder: Path, gitops_gen: GitopsGen) -> None:
    """A branch with a new environment, and one (checked out) with a new default, which that environment lacks."""
    git(folder, "switch", "-q", "-c", "environment")
    assert gitops_gen(folder, "env", "clone", "dev", "testing", "--host", HOST, "--commit").code == 0
    git(folder, "switch", "-q", "main")
    replaced(folder / "gitops.yaml", "  cluster: eu\n", "  cluster: eu\n  namespaceLabels: {team: forge}\n")
    assert gitops_gen(folder, "generate").code == 0
    commit_all(folder)


@pytest.mark.parametrize(
    "way",
    [
        ("merge", "--no-edit", "environment"),
        ("merge", "--no-commit", "environment"),
        ("merge", "--squash", "environment"),
        ("cherry-pick", "environment"),
        ("cherry-pick", "--no-commit", "environment"),
        ("rebase", "main", "environment"),
    ],
)
def test_branches_that_came_together(
    good: Path, gitops_gen: GitopsGen, forget: Callable[[], None], way: tuple[str, ...]
) -> None:
    diverged(good, gitops_gen)
    git(good, *way)
    forget()
    assert states(gitops_gen, good) == {"stale"}
    assert gitops_gen(good, "generate").code == 0
    assert "team: forge" in (good / "argocd/applications/testing.yaml").read_text()


def test_an_edit_during_a_merge_is_one(good: Path, gitops_gen: GitopsGen) -> None:
    diverged(good, gitops_gen)
    git(good, "merge", "--no-commit", "environment")
    replaced(good / "argocd/applications/testing.yaml", "selfHeal: true", "selfHeal: false")
    git(good, "add", "--all")
    assert states(gitops_gen, good) == {"edited by hand"}


def test_files_from_another_branch(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]) -> None:
    git(good, "switch", "-q", "-c", "other")
    assert gitops_gen(good, "set", "dev", "image.tag=9.9.9", "--commit").code == 0
    git(good, "switch", "-q", "main")
    git(good, "checkout", "-q", "other", "--", VALUES)
    forget()
    assert states(gitops_gen, good) == {"stale"}


def test_commits_that_were_thrown_away(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]) -> None:
    assert gitops_gen(good, "set", "dev", "image.tag=9.9.9", "--commit").code == 0
    git(good, "reset", "-q", "--mixed", "HEAD~1")
    git(good, "checkout", "-q", "--", "environments/dev/release.yaml")
    forget()
    assert states(gitops_gen, good) == {"stale"}


def test_outside_of_git(good: Path, gitops_gen: GitopsGen) -> None:
    shutil.rmtree(good / ".git")
    add(good, "environments/dev/environment.yaml", "namespaceLabels: {a: b}")
    # Nothing says where the files come from: they could be anybody's.
    assert states(gitops_gen, good) == {"edited by hand"}
    assert gitops_gen(good, "generate", "--overwrite").code == 0
    add(good, "environments/dev/environment.yaml", "namespaceAnnotations: {a: b}")
    assert states(gitops_gen, good) == {"stale"}
    replaced(good / APPLICATION, "selfHeal: true", "selfHeal: false")
    assert states(gitops_gen, good) == {"edited by hand"}


def test_before_the_first_commit(gitops_gen: GitopsGen, tmp_path: Path) -> None:
    assert gitops_gen(tmp_path, "init", "new").code == 0
    new = (tmp_path / "new").rename(tmp_path / "moved")
    git(new, "init", "-q", "--template=")
    replaced(new / "gitops.yaml", "revision: main", "revision: trunk")
    assert states(gitops_gen, new) == {"stale"}
    assert gitops_gen(new, "generate").code == 0


def test_a_checkout_with_crlf(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None], tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(good), "windows")
    windows = tmp_path / "windows"
    assert b"\r\n" in (windows / VALUES).read_bytes()
    forget()
    (windows / "environments/dev/release.yaml").write_bytes(
        (windows / "environments/dev/release.yaml").read_bytes().replace(b"tag: ", b"tag: 9.")
    )
    assert states(gitops_gen, windows) == {"stale"}
    replaced(windows / VALUES, "environment: dev", "environment: mine")
    assert states(gitops_gen, windows) == {"edited by hand"}


def test_a_shallow_clone(good: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    by_another_version(good)
    commit_all(good)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{good}", "shallow")
    assert states(gitops_gen, tmp_path / "shallow") == {"stale"}


def test_a_source_named_after_its_content(good: Path, gitops_gen: GitopsGen, forget: Callable[[], None]) -> None:
    add(good, "environments/dev/environment.yaml", "sync: {contentName: true}")
    assert gitops_gen(good, "generate").code == 0
    assert "name: content-" in (good / APPLICATION).read_text()
    commit_all(good)
    (good / "chart/templates/more.yaml").write_text("")
    forget()
    assert gitops_gen(good, "generate", "--check").out == f"stale  {APPLICATION}\n"
