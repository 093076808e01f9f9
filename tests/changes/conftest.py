"""Projects with a git history for the tests of changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import GIT_SETTINGS, Change, GitopsGen, git


@pytest.fixture
def change(gitops_gen: GitopsGen) -> Change:
    """A command that must succeed and leave nothing stale; gives both of its streams."""

    def run(folder: Path, *arguments: str) -> str:
        result = gitops_gen(folder, *arguments)
        assert result.code == 0, result.err
        assert gitops_gen(folder, "generate", "--check").code == 0
        return result.out + result.err

    return run


@pytest.fixture(autouse=True)
def own_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the machine's configuration of git nor another test's cache has a say."""
    for name, value in {**GIT_SETTINGS, "XDG_CACHE_HOME": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def origin(good: Path, tmp_path: Path) -> Path:
    """A bare repository that the good project was pushed to, with its upstream set."""
    bare = tmp_path / "origin.git"
    git(tmp_path, "init", "--quiet", "--bare", "--template=", str(bare))
    git(good, "remote", "add", "origin", str(bare))
    git(good, "push", "--quiet", "--set-upstream", "origin", "main")
    return bare


@contextmanager
def as_author(name: str) -> Iterator[None]:
    """Commits are somebody's inside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_AUTHOR_NAME", name)
        yield


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD").strip()


def message(folder: Path) -> str:
    return git(folder, "log", "-1", "--format=%B")


def committed(folder: Path) -> list[str]:
    """The paths of the last commit but Argo CD's manifests, which follow the values."""
    return [path for path in git(folder, "show", "--name-only", "--format=").split() if not path.startswith("argocd/")]


def changed(folder: Path) -> list[str]:
    """The paths that differ from HEAD, Argo CD's manifests left out."""
    return [path for path in git(folder, "diff", "--name-only").split() if not path.startswith("argocd/")]


def is_clean(folder: Path) -> bool:
    return not git(folder, "status", "--porcelain")
