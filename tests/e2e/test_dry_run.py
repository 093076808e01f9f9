"""Kubernetes accepts every object that is rendered, to the last field, where Pod Security is `restricted`."""

import json
from collections.abc import Callable

import pytest

from .api import Object, RefusedError
from .cluster import Cluster
from .project import Project

NAMESPACE = "dry-run"
ELSEWHERE = ("cert-manager.io/", "gateway.networking.k8s.io/", "monitoring.coreos.com/")
"""Operators that this cluster does not have: tests/services/test_api_server.py asks one that knows their kinds."""
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
BROKEN_PODS: dict[str, tuple[Object, str]] = {
    "an unknown field": ({"restartsPolicy": "Always"}, 'unknown field "restartsPolicy"'),
    "the node's network": ({"hostNetwork": True}, "violate PodSecurity"),
}


@pytest.fixture(scope="module")
def project(new_project: Callable[[str], Project]) -> Project:
    project = new_project("dry")
    project.generate()
    return project


@pytest.fixture(scope="module")
def dry_run(cluster: Cluster) -> Callable[[list[Object]], str]:
    """Has the API server validate, admit and forget objects; whatever it warns of is an error."""
    metadata = {"name": NAMESPACE, "labels": RESTRICTED}
    cluster.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def apply(objects: list[Object]) -> str:
        strict = ("--dry-run=server", "--validate=strict", "--warnings-as-errors", "-n", NAMESPACE)
        listed = {"apiVersion": "v1", "kind": "List", "items": objects}
        return cluster.kubectl("apply", *strict, "-f", "-", stdin=json.dumps(listed))

    return apply


@pytest.mark.scenario("dry run: environments")
def test_every_environment_is_accepted(project: Project, dry_run: Callable[[list[Object]], str]) -> None:
    for environment in project.environments:
        assert_accepted(project.render(environment), dry_run)


@pytest.mark.scenario("dry run: ci values")
def test_every_ci_values_file_is_accepted(
    new_project: Callable[[str], Project], dry_run: Callable[[list[Object]], str]
) -> None:
    project = new_project("dry-ci")
    project.take_ci_values()
    project.generate()
    for environment in project.environments:
        known = [item for item in project.render(environment) if not item["apiVersion"].startswith(ELSEWHERE)]
        assert_accepted(known, dry_run)


def assert_accepted(objects: list[Object], dry_run: Callable[[list[Object]], str]) -> None:
    assert dry_run(objects).count("(server dry run)") == len(objects) > 0


@pytest.mark.scenario("dry run: what it refuses")
@pytest.mark.parametrize("fault", BROKEN_PODS)
def test_a_broken_pod_is_refused(fault: str, project: Project, dry_run: Callable[[list[Object]], str]) -> None:
    change, complaint = BROKEN_PODS[fault]
    app = next(found for found in project.render("dev") if found["kind"] == "Deployment")
    app["spec"]["template"]["spec"].update(change)
    with pytest.raises(RefusedError, match=complaint):
        dry_run([app])
