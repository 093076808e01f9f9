"""The verdicts about Pod Security are the API server's own."""

import json

import pytest
import yaml

from tests.rules.pod_corpus import PATCHES, VERDICTS, pod_named

from .api import RefusedError
from .cluster import Cluster


@pytest.mark.scenario("pod security")
def test_the_api_server_gives_the_recorded_verdicts(cluster: Cluster, request: pytest.FixtureRequest) -> None:
    found = {profile: _refused(cluster, profile) for profile in ("baseline", "restricted")}
    if request.config.getoption("--update-goldens"):
        VERDICTS.write_text("# Which pods of pods.yaml the API server refuses.\n" + yaml.safe_dump(found))
    assert found == yaml.safe_load(VERDICTS.read_text())


def _refused(cluster: Cluster, profile: str) -> list[str]:
    metadata = {"name": f"pods-{profile}", "labels": {"pod-security.kubernetes.io/enforce": profile}}
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": metadata["name"]},
    }
    cluster.kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, account)
    listed = {"apiVersion": "v1", "kind": "List", "items": [pod_named(name) for name in PATCHES]}
    with pytest.raises(RefusedError) as refused:
        cluster.kubectl("create", "--dry-run=server", "-n", f"pods-{profile}", "-f", "-", stdin=json.dumps(listed))
    lines = [line for line in str(refused.value).splitlines() if "Error from server" in line]
    assert [line for line in lines if "violates PodSecurity" not in line] == []
    return sorted(name for name in PATCHES if any(f'pods "{name.replace("_", "-")}" is' in line for line in lines))
