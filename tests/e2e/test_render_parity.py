"""What `gitops-gen render` prints is what Argo CD's own repo-server renders, object for object."""

from collections.abc import Callable

import pytest

from gitops_gen.helm.embedded import EmbeddedEngine
from gitops_gen.yaml.reader import load_all
from gitops_gen.yaml.writer import dump
from tests.shapes.shape import NAMES, Shape
from tests.shapes.shape import shape as named

from .api import Object
from .argocd import ArgoCD
from .git_repository import GitRepository
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


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """A repository with the chart of every shape in its own folder."""
    repository = GitRepository(tmp_path_factory.mktemp("shapes") / "repository")
    for name in NAMES:
        named(name).write_chart(repository.path / name)
    repository.commit("Start")
    return repository


@pytest.mark.scenario("10 render equals Argo CD's, shapes of public charts")
@pytest.mark.parametrize("name", NAMES)
def test_every_shape_renders_as_argocd_renders_it(name: str, shapes: GitRepository, argocd: ArgoCD) -> None:
    shape = named(name)
    chart = EmbeddedEngine().load(shapes.path / name)
    for values in (shape.values, shape.changed_values):
        theirs = argocd.render(of_shape(shape, shapes.url, values), shape_versions(shape))
        ours = [one for one in load_all(chart.render(shape.release(values)), name) if one]
        assert theirs or not ours
        plain = "".join(f"---\n{dump(without_tracking(one))}" for one in theirs)
        flat = "".join(f"---\n{dump(one)}" for item in ours for one in listed(item))
        assert shape.objects(flat) == shape.objects(plain)


def of_shape(shape: Shape, url: str, values: Object) -> Object:
    """An Application of a shape's chart."""
    helm = {"releaseName": "shop", "values": dump(values)}
    return {
        "metadata": {"name": "shop"},
        "spec": {
            "project": "default",
            "destination": {"namespace": "shop-dev"},
            "source": {"repoURL": url, "targetRevision": "main", "path": shape.name, "helm": helm},
        },
    }


def shape_versions(shape: Shape) -> tuple[str, list[str]]:
    """The versions of Kubernetes and of its APIs that a shape is rendered for: those that Helm knows, and its own."""
    return f"{shape.kubernetes}.0", list(shape.facts.get("apiVersions", ()))


def listed(manifest: Object) -> list[Object]:
    """The items of a list, which Argo CD takes as separate objects; any other object as it is."""
    return manifest["items"] if manifest["kind"].endswith("List") and "items" in manifest else [manifest]


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
    """The object without the annotation that Argo CD adds to all but definitions of custom resources."""
    if manifest["kind"] == "CustomResourceDefinition":
        return manifest
    annotations = manifest["metadata"]["annotations"]
    assert annotations.pop(TRACKING)
    if not annotations:
        del manifest["metadata"]["annotations"]
    return manifest
