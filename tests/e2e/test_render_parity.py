"""What `gitops-gen render` prints is what Argo CD's own repo-server renders, object for object."""

from collections.abc import Callable

import pytest

from .api import Object
from .argocd import ArgoCD
from .project import Project

TRACKING = "argocd.argoproj.io/tracking-id"


@pytest.mark.scenario("10 render equals Argo CD's, environments")
def test_every_environment_renders_as_argocd_renders_it(new_project: Callable[[str], Project], argocd: ArgoCD) -> None:
    project = new_project("parity")
    project.commit("Start")
    for environment in project.environments:
        assert_same(project, argocd, environment)


@pytest.mark.scenario("10 render equals Argo CD's, ci values")
def test_every_ci_values_file_renders_as_argocd_renders_it(
    new_project: Callable[[str], Project], argocd: ArgoCD
) -> None:
    project = new_project("topologies")
    project.take_ci_values()
    project.commit("Start")
    assert len(project.environments) >= 8
    for environment in project.environments:
        assert_same(project, argocd, environment)


def assert_same(project: Project, argocd: ArgoCD, environment: str) -> None:
    application = project.manifest(f"argocd/applications/{environment}.yaml")
    theirs = by_identity(argocd.render(application))
    ours = by_identity(project.render(environment))
    assert theirs
    assert ours.keys() == theirs.keys(), environment
    for identity, manifest in ours.items():
        assert manifest == without_tracking(theirs[identity]), f"{environment}: {identity}"


def by_identity(manifests: list[Object]) -> dict[tuple[str, str, str], Object]:
    found = {(one["apiVersion"], one["kind"], one["metadata"]["name"]): one for one in manifests}
    assert len(found) == len(manifests)
    return found


def without_tracking(manifest: Object) -> Object:
    annotations = manifest["metadata"]["annotations"]
    assert annotations.pop(TRACKING)
    if not annotations:
        del manifest["metadata"]["annotations"]
    return manifest
