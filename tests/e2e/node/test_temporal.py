"""Temporal's own server on the node: its schemas, its namespace, an end in order, and the next minor version."""

import functools

import pytest

from tests.e2e.api import Object
from tests.e2e.argocd import ArgoCD
from tests.e2e.project import Project

from .client import Client
from .conftest import images_of
from .pods import LONGEST, Pods
from .stand_ins import NEXT_TEMPORAL
from .test_workflow import eventually

SCHEMAS = {"temporal": "1.19", "temporal_visibility": "1.14"}


@pytest.mark.scenario("temporal: the schema Job brought both databases to the versions that the server needs")
def test_the_schema_job_set_both_databases_up(dev: Pods) -> None:
    assert {name: dev.sql("SELECT curr_version FROM schema_version", name) for name in SCHEMAS} == SCHEMAS
    assert dev.wait_job("temporal-schema-setup", "Complete")


@pytest.mark.scenario("temporal: the namespace is there, as the Job says and the worker's gate saw")
def test_the_namespace_is_there(dev: Pods) -> None:
    said = dev.log("temporal-namespace-init", "namespace-init")
    assert said.endswith("namespace default keeps closed workflows for 7d\n")
    assert dev.log("worker", "wait-for-temporal").endswith("namespace default at temporal:7233 is ready\n")


@pytest.mark.scenario("temporal: SIGTERM reaches the server, and the next one takes over")
def test_the_server_ends_in_order(dev: Pods) -> None:
    old = dev.get("temporal")
    ended = dev.delete("temporal")
    assert ended.seconds < old["spec"]["terminationGracePeriodSeconds"]
    assert ended.code == 0
    dev.wait_ready("temporal", other_than=old["metadata"]["uid"])


#: what the guide to upgrades has one change together; this version needs the schemas of the one before
NEXT: Object = {"image": {"tag": NEXT_TEMPORAL}, "adminTools": {"image": {"tag": NEXT_TEMPORAL}}}


@pytest.mark.scenario("temporal: to the next minor version and back by commits, with a workflow under way")
def test_temporal_goes_to_the_next_version_and_back(argocd: ArgoCD, project: Project, dev: Pods) -> None:
    application = project.application("dev")
    dev.wait_ready("app")
    app = Client.of(dev.node, dev.namespace, "app")
    assert app.ask("POST", "/orders/upgraded?0") == (202, {"started": "upgraded"})
    eventually(lambda: app.ask("GET", "/orders/upgraded"), 200, {"state": "waiting"})

    project.set_values("dev", {"temporal": NEXT})
    dev.node.load_images(images_of(project.render("dev")))
    upgrade = project.commit("Upgrade Temporal")
    argocd.wait_settled(application, upgrade, 480)
    assert dev.get("temporal")["spec"]["containers"][0]["image"].endswith(f":{NEXT_TEMPORAL}")
    eventually(lambda: app.ask("GET", "/orders/upgraded"), 200, {"state": "waiting"})
    assert app.ask("POST", "/orders/started-by-the-next?0") == (202, {"started": "started-by-the-next"})

    argocd.wait_settled(application, project.revert(upgrade), 480)
    assert not dev.get("temporal")["spec"]["containers"][0]["image"].endswith(f":{NEXT_TEMPORAL}")
    for order in ("upgraded", "started-by-the-next"):
        eventually(functools.partial(app.ask, "GET", f"/orders/{order}"), 200, {"state": "waiting"})
        assert app.ask("POST", f"/orders/{order}/approval") == (202, {"approved": order})
        assert app.ask("GET", f"/orders/{order}/result", LONGEST) == (200, {"result": 2})
