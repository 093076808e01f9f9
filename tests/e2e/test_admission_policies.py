"""The verdicts about ValidatingAdmissionPolicies are the API server's own, policy by policy and object by object."""

import json
import re
import time
from collections.abc import Iterator

import pytest
import yaml

from gitops_gen.rules.admission.matching import plural_of
from tests.rules.admission.policy_corpus import ENTRIES, LABELS, OBJECTS, VERDICTS, Object, namespace_of, policy_objects

from .api import RefusedError
from .cluster import Cluster

_DENIED = re.compile(r'(\S+) "([^"]+)" is (?:forbidden|invalid):.*ValidatingAdmissionPolicy')
#: seconds in which the API server compiles what it has just been given
SETTLING = 5


@pytest.fixture(scope="module")
def policies(cluster: Cluster) -> Iterator[None]:
    """All policies, each for its own namespace."""
    metadata = [{"name": namespace_of(name), "labels": LABELS} for name in ENTRIES]
    cluster.kubectl.apply(*({"apiVersion": "v1", "kind": "Namespace", "metadata": item} for item in metadata))
    given = [item for name in ENTRIES for item in policy_objects(name)]
    cluster.kubectl.apply(*given)
    time.sleep(SETTLING)
    yield
    cluster.kubectl("delete", "--wait=false", "-f", "-", stdin=_listed(given))
    cluster.kubectl("delete", "--wait=false", "namespace", *(namespace_of(name) for name in ENTRIES))


@pytest.mark.scenario("admission policies")
@pytest.mark.usefixtures("policies")
def test_the_api_server_gives_the_recorded_verdicts(cluster: Cluster, request: pytest.FixtureRequest) -> None:
    found = {name: _denied(cluster, name) for name in ENTRIES}
    if request.config.getoption("--update-goldens"):
        VERDICTS.write_text("# What the API server denies of objects.yaml.\n" + yaml.safe_dump(found))
    assert found == yaml.safe_load(VERDICTS.read_text())


def _denied(cluster: Cluster, name: str) -> list[str]:
    create = ("create", "--dry-run=server", "-n", namespace_of(name), "-f", "-")
    said = _said(cluster, create)
    lines = [line for line in said.splitlines() if re.search('" is (forbidden|invalid)', line)]
    matches = [match for line in lines if (match := _DENIED.search(line))]
    assert len(matches) == len(lines), said
    return sorted(_object_of(match[1], match[2]) for match in matches)


def _said(cluster: Cluster, create: tuple[str, ...]) -> str:
    try:
        return cluster.kubectl(*create, stdin=_listed(OBJECTS))
    except RefusedError as error:
        return str(error)


def _object_of(resource: str, name: str) -> str:
    kinds = (str(item["kind"]) for item in OBJECTS if item["metadata"]["name"] == name)
    short = resource.partition(".")[0].lower()
    return next(f"{kind}/{name}" for kind in kinds if short in {kind.lower(), plural_of(kind, "")})


def _listed(objects: list[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
