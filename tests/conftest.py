"""What the tests share: projects in temporary git repositories, the command line run in this process, golden files."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from gitops_gen.cli import run
from tests import helm_binary
from tests.helm_repository import helm_repository
from tests.starter_charts import chart

# The same examples in every run; `pytest --hypothesis-profile random` looks for others. No deadline: an example takes
# longer on a busy machine, which is no failure.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile("repeatable")

REPOSITORY = Path(__file__).parents[1]
INPUTS = REPOSITORY / "tests" / "inputs"
SNAPSHOTS = REPOSITORY / "tests" / "snapshots"
REFERENCE = ("gitops.yaml", "environments", "argocd", "helm", ".gitattributes")
"""What makes this repository the reference repository of api-forge."""

GIT_SETTINGS = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
}
"""Commits are made as nobody in particular, whatever the machine's configuration says."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run of the command line left: exit code and both streams."""

    code: int
    out: str
    err: str


def in_words(change: dict[str, Any]) -> str:
    """A changed key of a JSON document as text: `image.tag 1.4.2 → 1.5.0`."""
    return f"{change['key']} {change.get('old', 'not set')} → {change.get('new', 'not set')}"


GitopsGen = Callable[..., Result]
Change = Callable[..., str]
Golden = Callable[[Path, str], None]
GoldenFolder = Callable[[Path, Mapping[str, str]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="Write golden files instead of comparing with them.")
    parser.addoption("--attack", action="store_true", help="Run every command in tests/attack, not only some of them.")


@pytest.fixture(scope="session", autouse=True)
def no_outside_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Results must not depend on who runs the tests, and nothing of theirs may stay in anybody's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        for variable in ("GITOPS_GEN_ENGINE", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            patch.delenv(variable, raising=False)
        yield


@pytest.fixture
def gitops_gen(capsys: pytest.CaptureFixture[str]) -> GitopsGen:
    """The command line, run in this process: `gitops_gen(folder, "generate", "--check")`."""

    def call(folder: Path, *arguments: str) -> Result:
        capsys.readouterr()
        code = run(["-C", str(folder), *arguments])
        out, err = capsys.readouterr()
        return Result(code=code, out=out, err=err)

    return call


def git(folder: Path, *arguments: str) -> str:
    """A git command in `folder`, without anybody's own configuration; its output."""
    argv = ["git", "-c", "init.defaultBranch=main", *arguments]
    return subprocess.run(
        argv, cwd=folder, env=os.environ | GIT_SETTINGS, check=True, capture_output=True, text=True
    ).stdout


def commit_all(folder: Path, tag: str = "") -> None:
    """Make `folder` a git repository (unless it is one) with everything in it committed."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--template=")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "All")
    if tag:
        git(folder, "tag", tag)


@pytest.fixture(scope="session")
def good_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small good project, generated and committed with the tag v1.0.0; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("good") / "project"
    shutil.copytree(INPUTS / "good", folder)
    assert run(["-C", str(folder), "--quiet", "generate"]) == 0
    commit_all(folder, "v1.0.0")
    return folder


@pytest.fixture
def good(good_template: Path, tmp_path: Path) -> Path:
    """A copy of the small good project."""
    return shutil.copytree(good_template, tmp_path / "project", symlinks=True)


@pytest.fixture(scope="session")
def workspace_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small workspace, generated and committed; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("workspace") / "project"
    shutil.copytree(INPUTS / "workspace", folder)
    assert run(["-C", str(folder), "--quiet", "generate"]) == 0
    commit_all(folder)
    return folder


@pytest.fixture
def workspace(workspace_template: Path, tmp_path: Path) -> Path:
    """A copy of the small workspace: two services with one chart, in three environments."""
    return shutil.copytree(workspace_template, tmp_path / "workspace", symlinks=True)


@pytest.fixture(scope="session")
def reference_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's own project as a separate git repository; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("reference") / "project"
    copy_reference(folder)
    commit_all(folder)
    return folder


@pytest.fixture
def reference(reference_template: Path, tmp_path: Path) -> Path:
    """A copy of the reference repository, committed."""
    return shutil.copytree(reference_template, tmp_path / "reference", symlinks=True)


def copy_reference(target: Path) -> None:
    """The files of the reference repository, without the tool."""
    target.mkdir(parents=True)
    for name in REFERENCE:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, target / name)


@pytest.fixture(scope="session")
def helm() -> str:
    """A real `helm`."""
    return helm_binary.require("helm")


@pytest.fixture
def own_helm(helm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A real `helm` that the command line uses, with nobody's repositories."""
    monkeypatch.setenv("GITOPS_GEN_HELM", helm)
    for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return helm


@pytest.fixture
def charts(own_helm: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a Helm repository that has web 1.0.0 and 2.0.0; below `oci://` the registry that has them too."""
    web = chart(tmp_path / "web", "image: {repository: web, tag: '1.0'}\n")
    with helm_repository(own_helm, tmp_path / "repository", [(web, "1.0.0"), (web, "2.0.0")]) as url:
        yield url


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` but git's own: path → bytes (of a symlink: where it leads)."""
    return dict(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] == ".git":
            continue
        if path.is_symlink():
            yield name.as_posix(), str(path.readlink()).encode()
        elif path.is_file():
            yield name.as_posix(), path.read_bytes()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with a file; `pytest --update-goldens` writes the file instead."""
    updating = request.config.getoption("--update-goldens")

    def check(file: Path, text: str) -> None:
        if updating:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        expected = file.read_text() if file.exists() else ""
        assert text == expected, f"{file} differs: run `pytest --update-goldens` and read the difference"

    return check


@pytest.fixture
def golden_folder(request: pytest.FixtureRequest, golden: Golden) -> GoldenFolder:
    """Compares texts with a whole folder: a file too many is a difference as well."""

    def check(folder: Path, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            golden(folder / name, text)
        superfluous = tree(folder).keys() - texts.keys()
        if request.config.getoption("--update-goldens"):
            for name in superfluous:
                (folder / name).unlink()
        else:
            assert not superfluous, f"{folder} holds files that are not made any more"

    return check
