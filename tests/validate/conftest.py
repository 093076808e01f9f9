"""The good tree."""

import shutil
from pathlib import Path

import pytest

from gitops_gen.commands.generate import generate
from gitops_gen.project.opening import open_project
from tests.conftest import commit_all
from tests.validate.mutation import TREE


@pytest.fixture(scope="session")
def tree_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good tree, generated and committed; to be copied, not changed."""
    folder = shutil.copytree(TREE, tmp_path_factory.mktemp("validate") / "project")
    generate(open_project(folder))
    commit_all(folder, "v1.0.0")
    return folder


@pytest.fixture
def tree(tree_template: Path, tmp_path: Path) -> Path:
    """A copy of the good tree."""
    return shutil.copytree(tree_template, tmp_path / "project", symlinks=True)
