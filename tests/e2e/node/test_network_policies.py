"""NetworkPolicies, enforced: from each pod to each port of each other one, and from a pod of another namespace."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.api import Object

from .pods import Pods, status
from .real_node import RealNode

PORTS = {
    "postgres": (5432,),
    "redis": (6379,),
    "temporal": (7233, 6933),
    "temporal-web": (8080,),
    "app": (8000,),
}
EVERYTHING = {(name, port) for name, ports in PORTS.items() for port in ports}
CLIENT = {("postgres", 5432), ("redis", 6379), ("temporal", 7233)}
#: what each pod may reach of the others
ALLOWED = {
    "postgres": set(),
    "redis": set(),
    "temporal": {("postgres", 5432)},
    "temporal-web": {("temporal", 7233)},
    "app": CLIENT,
    "worker": CLIENT,
    "stranger": {("app", 8000)},
}
STRANGER: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "stranger", "namespace": "default", "labels": {"app.kubernetes.io/name": "stranger"}},
    "spec": {"containers": [{"name": "stranger", "image": "pause:1", "imagePullPolicy": "Never"}]},
}
#: connects to each `[address, port]` that it is given, all at once, and prints which of them it reached
KNOCK = """
import json, socket, sys, threading
wanted, reached = json.loads(sys.argv[1]), []
def knock(address, port):
    try:
        socket.create_connection((address, port), 3).close()
        reached.append([address, port])
    except OSError:
        pass
threads = [threading.Thread(target=knock, args=pair) for pair in wanted]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(reached))
"""


@pytest.fixture(scope="module")
def stranger(cluster: RealNode) -> Iterator[Pods]:
    cluster.kubectl.apply(STRANGER)
    pods = Pods(node=cluster, namespace="default")
    pods.wait_ready("stranger")
    yield pods
    cluster.kubectl("delete", "pod", "-n", "default", "stranger", "--grace-period=0", "--force")


def reached(dev: Pods, enter: tuple[str, ...]) -> set[tuple[str, int]]:
    """The ports that can be connected to from where a command brings a program."""
    addresses = {dev.get(name)["status"]["podIP"]: name for name in PORTS}
    wanted = [[address, port] for address, name in addresses.items() for port in PORTS[name]]
    command = [*enter, sys.executable, "-c", KNOCK, json.dumps(wanted)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {(addresses[address], port) for address, port in json.loads(said)}


@pytest.mark.scenario("network policies: every port is open to the node, whose probes ask")
def test_the_node_reaches_every_port(dev: Pods) -> None:
    assert reached(dev, ()) == EVERYTHING


@pytest.mark.scenario("network policies: a pod reaches what it uses, and nothing else")
@pytest.mark.parametrize("component", ALLOWED)
def test_a_pod_reaches_what_it_uses(dev: Pods, stranger: Pods, component: str) -> None:
    pods = stranger if component == "stranger" else dev
    container = status(pods.get(component), component)["containerID"]
    process = dev.node.processes_of(container)[0]
    found = reached(dev, ("nsenter", f"--target={process}", "--net"))
    own = {(component, port) for port in PORTS.get(component, ())}
    assert found - own == ALLOWED[component]
