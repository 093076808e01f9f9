"""Releases without Redis, without Temporal, and with a PostgreSQL, Redis and Temporal that are outside: `dev`'s."""

from collections.abc import Iterator

import pytest

from tests.e2e.api import Object
from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project

from .client import Client
from .pods import LONGEST, Pods
from .test_workflow import eventually

OFF: Object = {"enabled": False}


def external(namespace: str) -> Object:
    """Values of a release that uses the services of a namespace."""
    return {
        name: {"enabled": False, "external": {"host": f"{service}.{namespace}.svc.cluster.local"}}
        for name, service in {"postgresql": "postgres", "redis": "redis", "temporal": "temporal"}.items()
    }


def opened(namespace: str) -> Object:
    """Values with which a release lets the pods of another namespace in."""
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    return {
        name: {"networkPolicy": {"extraIngress": [{"from": [peer]}]}} for name in ("postgresql", "redis", "temporal")
    }


@pytest.fixture(scope="module")
def parts(argocd: ArgoCD, project: Project, dev: Pods, known: dict[str, str]) -> Iterator[dict[str, Pods]]:
    """The pods of the two releases, healthy, by their environment."""
    own = {"alone": {"redis": OFF, "temporal": OFF}, "outside": external(dev.namespace)}
    # The certificate names `postgres` alone.
    own["outside"]["postgresql"]["external"]["sslMode"] = "verify-ca"
    own["outside"]["app"] = {"config": {"config": {"temporal": {"task_queue": "outside"}}}}
    for name, values in own.items():
        project.add(name, values=values)
    project.set_values("dev", opened(project.application("outside")))
    commit = project.commit("Add releases that have a part of the services")
    project.provide_secrets(*own, known=known)
    for name in ("dev", *own):
        argocd.wait_settled(project.application(name), commit, 480)
    yield {name: Pods(node=dev.node, namespace=project.application(name)) for name in own}
    project.revert(commit)


@pytest.mark.scenario("parts: without Redis and Temporal the application runs on PostgreSQL alone")
def test_the_application_runs_on_postgresql_alone(parts: dict[str, Pods]) -> None:
    alone = parts["alone"]
    alone.wait_ready("app")
    assert running(alone) == {"app", "postgres"}
    app = Client.of(alone.node, alone.namespace, "app")
    assert app.ask("GET", "/health/ready") == (200, {"postgres": "appuser TLSv1.3"})


@pytest.mark.scenario("parts: with PostgreSQL, Redis and Temporal outside, a workflow of app and worker finishes")
def test_a_workflow_finishes_on_services_outside(parts: dict[str, Pods], dev: Pods) -> None:
    outside = parts["outside"]
    outside.wait_ready("app")
    outside.wait_ready("worker")
    assert running(outside) == {"app", "worker"}
    app = Client.of(outside.node, outside.namespace, "app")
    connected = {"postgres": "appuser TLSv1.3", "redis": "True", "temporal": "True"}
    assert app.ask("GET", "/health/ready") == (200, connected)
    assert app.ask("POST", "/orders/outside?0") == (202, {"started": "outside"})
    eventually(lambda: app.ask("GET", "/orders/outside"), 200, {"state": "waiting"})
    assert app.ask("POST", "/orders/outside/approval") == (202, {"approved": "outside"})
    assert app.ask("GET", "/orders/outside/result", LONGEST) == (200, {"result": 2})
    assert dev.sql("SELECT count(*) FROM app.orders WHERE name = 'outside'") == "2"


def running(pods: Pods) -> set[str]:
    """The components that have a Deployment."""
    return {found["metadata"]["name"] for found in pods.node.observer.objects("Deployment", pods.namespace)}
