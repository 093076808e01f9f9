"""The tutorial, typed as the page shows it. What needs a cluster is run by tests/e2e/test_tutorial.py."""

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, git
from tests.tutorial import PAGE, URL, Typed, follow, typed


@pytest.mark.slow
def test_the_tutorial_ends_where_it_says(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "shop.git")
    remote = (tmp_path / "shop.git").as_uri()
    clone = follow(tmp_path, {URL: remote}, on_cluster=False, environment={})
    release = git(clone, "show", "origin/main:services/web/environments/staging/release.yaml")
    assert "tag: 1.29.1\n" in release


def test_what_differs_from_the_page_is_found() -> None:
    (step,) = typed("```console\n$ gitops-gen set\ncommitted 811264e9e8b4\n…\nend\n```\n")
    assert step == Typed(command="gitops-gen set", shown="committed 811264e9e8b4\n…\nend\n")
    assert step.shows("committed 000000000000\nany\nlines\nend\n")
    assert not step.shows("committed 00000\nend\n")
    assert not step.shows("committed 000000000000\nend\nmore\n")


def test_the_tutorial_has_the_tested_argocd() -> None:
    version = (REPOSITORY / "tests/e2e/pins/argocd/go.mod").read_text().partition("argo-cd/v3 v")[2].split()[0]
    assert f"/argo-cd/v{version}/manifests/install.yaml" in PAGE.read_text()
