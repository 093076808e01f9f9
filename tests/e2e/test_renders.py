"""How much is rendered again after a commit: one Application for its own change, all for an edit of the chart."""

import collections
import json
import pathlib
from collections.abc import Callable, Iterator

import pytest

from .argocd import ArgoCD
from .cluster import Cluster
from .project import Project

COUNT = 20
NAMES = [f"env{number:02}" for number in range(1, COUNT + 1)]


class Renders:
    """Counts what Argo CD's repo-server gives to Helm."""

    def __init__(self, project: Project, cluster: Cluster, argocd: ArgoCD) -> None:
        self._project = project
        self._log = cluster.log / "repo-server"
        self._argocd = argocd

    def after(self, subject: str) -> collections.Counter[str]:
        """Commit, wait until every Application has taken it in, and count renders by environment."""
        seen = self._log.stat().st_size
        commit = self._project.commit(subject)
        names = [self._project.application(name) for name in NAMES]
        self._argocd.compare_again(self._project.repository.url, *names)
        for name in names:
            self._argocd.wait_settled(name, commit)
        found = rendered_namespaces(self._log, seen)
        return collections.Counter(name.removeprefix(f"{self._project.name}-") for name in found)


def rendered_namespaces(file: pathlib.Path, seen: int) -> Iterator[str]:
    """The namespace of each `helm template` in the repo-server's log, after as many bytes as were `seen`."""
    with file.open("rb") as log:
        log.seek(seen)
        for line in log:
            words = _message(line).split()
            if words[:2] == ["helm", "template"]:
                yield words[words.index("--namespace") + 1]


def _message(line: bytes) -> str:
    try:
        return str(json.loads(line).get("msg", ""))
    except ValueError:
        return ""


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project], argocd: ArgoCD) -> Project:
    project = new_project("many")
    project.shrink()
    with project.edit("gitops.yaml") as content:
        content["defaults"]["values"]["app"] = {"replicas": 1}
    for name in NAMES:
        project.add(name)
    project.only(*NAMES)
    commit = project.commit("Start")
    project.deploy()
    for name in NAMES:
        argocd.wait_settled(project.application(name), commit, 300)
    return project


@pytest.fixture(scope="module")
def renders(project: Project, cluster: Cluster, argocd: ArgoCD) -> Renders:
    return Renders(project, cluster, argocd)


@pytest.mark.scenario(f"9 one of {COUNT} environments' change")
def test_one_environments_change_renders_it_alone(project: Project, renders: Renders) -> None:
    project.set_values("env07", {"app": {"env": {"CHANGED": "yes"}}})
    counted = renders.after("Change one environment")
    assert set(counted) == {"env07"}


@pytest.mark.scenario(f"9 an edit of the chart with {COUNT} environments")
def test_an_edit_of_the_chart_renders_all(project: Project, renders: Renders) -> None:
    chart = project.repository.path / "helm/api-forge/templates/release/configmap.yaml"
    chart.write_text(chart.read_text() + "\n")
    counted = renders.after("Edit the chart")
    assert set(counted) == set(NAMES)


@pytest.mark.scenario("9 a commit that no Application reads")
def test_a_commit_that_nobody_reads_renders_nothing(project: Project, renders: Renders) -> None:
    project.repository.write("README.md", "Nothing that Argo CD reads.\n")
    assert not renders.after("Write about it")
