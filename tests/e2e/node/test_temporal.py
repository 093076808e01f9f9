"""Temporal's own server on the node: its schemas, its namespace, and an end in order."""

import pytest

from .pods import Pods

SCHEMAS = {"temporal": "1.19", "temporal_visibility": "1.14"}


@pytest.mark.scenario("temporal: the schema Job brought both databases to the versions that the server needs")
def test_the_schema_job_set_both_databases_up(dev: Pods) -> None:
    assert {name: dev.sql("SELECT curr_version FROM schema_version", name) for name in SCHEMAS} == SCHEMAS
    assert dev.log("temporal-schema-setup", "schema-setup").endswith("both schemas are up to date\n")


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
