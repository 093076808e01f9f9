"""What an AppProject forbids fails the sync before anything is applied."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from .argocd import ArgoCD
from .cluster import Cluster
from .project import Project
from .sequence import lives

NAME = "limits-dev"
#: a template of the chart, as somebody smuggles it in
TEMPLATE = "helm/api-forge/templates/aaa-smuggled.yaml"


@dataclass(frozen=True, kw_only=True)
class Smuggled:
    """A manifest that the AppProject forbids, and what Argo CD says to it."""

    manifest: str
    kind: str
    namespace: str
    refusal: str


SMUGGLED = {
    "a Secret": Smuggled(
        manifest="apiVersion: v1\nkind: Secret\nmetadata: {name: smuggled}\nstringData: {password: x}\n",
        kind="Secret",
        namespace=NAME,
        refusal="resource :Secret is not permitted in project limits-dev",
    ),
    "another namespace": Smuggled(
        manifest="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: smuggled, namespace: default}\n",
        kind="ConfigMap",
        namespace="default",
        refusal="namespace default is not permitted in project 'limits-dev'",
    ),
    "a cluster-wide object": Smuggled(
        manifest="apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: smuggled}\nrules: []\n",
        kind="ClusterRole",
        namespace="",
        refusal="resource rbac.authorization.k8s.io:ClusterRole is not permitted in project limits-dev",
    ),
}


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project], argocd: ArgoCD) -> Project:
    project = new_project("limits")
    project.shrink()
    project.only("dev")
    commit = project.commit("Start")
    project.deploy()
    argocd.wait_settled(NAME, commit)
    return project


@pytest.mark.parametrize("what", [pytest.param(what, marks=pytest.mark.scenario(f"7 {what}")) for what in SMUGGLED])
def test_what_is_forbidden_stops_everything(what: str, project: Project, cluster: Cluster, argocd: ArgoCD) -> None:
    smuggled = SMUGGLED[what]
    mark = cluster.observer.mark()
    project.repository.write(TEMPLATE, smuggled.manifest)
    project.set_values("dev", {"app": {"env": {"FOLDER": what}}})
    commit = project.commit(f"Smuggle {what}")
    argocd.wait_phase(NAME, "Failed", commit)
    assert smuggled.refusal in "\n".join(refusals(argocd))
    assert not lives(cluster.observer.since(mark), NAME), "something was applied"
    assert not cluster.observer.get(smuggled.kind, smuggled.namespace, "smuggled")
    argocd.wait_settled(NAME, project.revert(commit))


def refusals(argocd: ArgoCD) -> Iterator[str]:
    """What the operation says of each object that it did not apply."""
    operation = (argocd.application(NAME) or {})["status"]["operationState"]
    for resource in operation.get("syncResult", {}).get("resources", []):
        if resource["status"] == "SyncFailed":
            yield resource["message"]
