"""What `plan` says of the shapes of public charts is what happens: each is an Application of that chart, and the
sync of those that `plan` finds nothing in ends at the first attempt.

What a shape's cluster must have and this one lacks (`crd-not-rendered`) fails, as the note says.
"""

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest

from gitops_gen.yaml.writer import dump
from tests.shapes.shape import NAMES, PLATFORM, Shape
from tests.shapes.shape import shape as named

from .api import Object
from .argocd import ArgoCD
from .cluster import Cluster
from .git_repository import GitRepository
from .observer import TooLateError

FINALIZER = "resources-finalizer.argocd.argoproj.io"
PENDING = "external_secrets"
"""Its ExternalSecret waits for a store that this cluster does not have."""
SYNCED = "successfully synced"
SYNCS_ALL_THE_SAME = {"render-differs"}
"""Findings that say what happens after the sync."""
SHAPES = [shape for shape in map(named, NAMES) if set(shape.facts.get("findings", ())) <= SYNCS_ALL_THE_SAME]
NAMESPACES = ("a", "b", "team-a", "team-b")
"""What `namespace-not-rendered` says that the cluster must have."""


def is_complete(shape: Shape) -> bool:
    """Whether the shape brings the definition of each of its kinds; those of External Secrets are in the cluster."""
    return "crd-not-rendered" not in shape.facts.get("notes", ()) or shape.name == "external_secrets"


def name_of(shape: Shape) -> str:
    """The shape as the name of an Application and its namespace."""
    return f"shape-{shape.name}".replace("_", "-")


def application(shape: Shape, url: str) -> Object:
    """The Application that syncs a shape's chart with its values."""
    helm = {"releaseName": "shop", "values": dump(shape.values)}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name_of(shape), "namespace": "argocd", "finalizers": [FINALIZER]},
        "spec": {
            "project": "platform",
            "source": {"repoURL": url, "targetRevision": "main", "path": shape.name, "helm": helm},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name_of(shape)},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "2s", "maxDuration": "10s"}},
                "syncOptions": ["CreateNamespace=true", "PruneLast=true"],
            },
        },
    }


@pytest.fixture(scope="module")
def shapes(cluster: Cluster, argocd: ArgoCD, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgoCD]:
    """Every shape as an Application, all at once."""
    folder = tmp_path_factory.mktemp("shapes")
    repository = GitRepository(folder / "repository")
    for shape in SHAPES:
        shape.write_chart(repository.path / shape.name)
    repository.commit("Start")
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES]
    everything = [PLATFORM, *spaces, *(application(shape, repository.url) for shape in SHAPES)]
    (folder / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": everything}))
    cluster.kubectl("apply", "-f", str(folder / "all.json"))
    yield argocd
    argocd.remove(*map(name_of, SHAPES))
    cluster.kubectl("delete", "namespace", *NAMESPACES)


@pytest.mark.scenario("plan: shapes of public charts sync as it says")
@pytest.mark.parametrize("name", [shape.name for shape in SHAPES if is_complete(shape) and shape.name != PENDING])
def test_a_shape_without_a_finding_syncs(name: str, shapes: ArgoCD, cluster: Cluster) -> None:
    application = name_of(named(name))

    def ended() -> bool | None:
        return True if shapes.state(application).phase == "Succeeded" else None

    with suppress(TooLateError):
        cluster.observer.wait(f"{application} Succeeded", ended, 240)
    now = shapes.state(application)
    assert (now.phase, now.message[: len(SYNCED)]) == ("Succeeded", SYNCED)
    assert now.retries == 0


@pytest.mark.scenario("plan: shapes of public charts fail without their CRDs, as it says")
@pytest.mark.parametrize("name", [shape.name for shape in SHAPES if not is_complete(shape)])
def test_a_shape_without_its_definitions_fails(name: str, shapes: ArgoCD, cluster: Cluster) -> None:
    application = name_of(named(name))

    def failed() -> str | None:
        now = shapes.state(application)
        return now.message if "could not find" in now.message or "sync tasks are not valid" in now.message else None

    assert cluster.observer.wait(f"{application} fails", failed, 240)
