"""A real API server with its controllers and scheduler, whose nodes and pods KWOK simulates.

Deployments roll, Jobs complete, volumes bind, quotas and Pod Security are enforced as in any cluster; but no container
runs: a pod is Ready half a second after it was scheduled, and a Job's pod has then succeeded. An image with the tag
`e2e-fail` makes a Job's pod fail. External Secrets is the real operator, reading stores of its provider `fake`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.built import CACHE
from tests.services.api_server import ApiServer, absent, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "kwok", "external-secrets")
STAGES = Path(__file__).parents[1] / "e2e" / "manifests" / "stages.yaml"
#: what is absent on a simulated node, and would find it wanting
WITHOUT = "*,-node-ipam-controller,-node-lifecycle-controller"


def incomplete(*programs: str) -> str:
    """What is missing for a control plane, with the command that brings it."""
    if reason := absent(*CONTROLLERS, *programs):
        return reason
    return "" if _definitions() else "External Secrets' definitions are missing: `make e2e` brings them"


class ControlPlane(ApiServer):
    """Everything but kubelets. Its one node has room for every scenario, and its storage classes for every claim."""

    def __init__(self, folder: Path) -> None:
        # Taints of a new node are removed by its kubelet and the node controller, and neither runs.
        super().__init__(folder, disabled_admission="TaintNodesByCondition")
        self.apply(*_nodes_and_volumes())
        self._start_controllers()
        self._start_external_secrets()

    def _start_controllers(self) -> None:
        client = (f"--kubeconfig={self.kubeconfig}", "--kube-api-qps=200", "--kube-api-burst=400")
        serve = ("--leader-elect=false", "--bind-address=127.0.0.1")
        self.start("kube-controller-manager", *client, *serve, f"--secure-port={free_port()}",
                   f"--cert-dir={self.folder}", f"--service-account-private-key-file={self.folder}/sa.key",
                   f"--root-ca-file={self.folder}/apiserver.crt", f"--controllers={WITHOUT}")  # fmt: skip
        self.start("kube-scheduler", *client, *serve, f"--secure-port={free_port()}", f"--cert-dir={self.folder}")
        self.start("kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes", f"--config={STAGES}",
                   "--node-name=kwok", f"--server-address=127.0.0.1:{free_port()}")  # fmt: skip

    def _start_external_secrets(self) -> None:
        self._succeed("apply", "--server-side", "-f", str(_definitions()[-1]))
        self._succeed("wait", "--for=condition=Established", "--all", "crd", "--timeout=60s")
        self.start("external-secrets", f"--metrics-addr=127.0.0.1:{free_port()}", "--enable-leader-election=false",
                   KUBECONFIG=str(self.kubeconfig))  # fmt: skip

    def _succeed(self, *arguments: str) -> None:
        done = self.kubectl(*arguments)
        assert done.returncode == 0, done.stderr


def _definitions() -> list[Path]:
    return sorted(CACHE.glob("share/external-secrets-*/crds/bundle.yaml"))


def _nodes_and_volumes() -> Iterator[dict[str, Any]]:
    size = {"cpu": "256", "memory": "1024Gi", "ephemeral-storage": "10Ti", "pods": "2000"}
    labels = {"kubernetes.io/hostname": "kwok", "kubernetes.io/os": "linux", "disk": "ssd"}
    metadata = {"name": "kwok", "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}}
    yield {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"allocatable": size, "capacity": size}}
    yield {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000}
    for storage_class, volumes in {"standard": 60, "fast": 4, "slow": 4}.items():
        yield _storage_class(storage_class)
        yield from (_volume(f"{storage_class}-{number}", storage_class) for number in range(volumes))


def _storage_class(name: str) -> dict[str, Any]:
    annotations = {"storageclass.kubernetes.io/is-default-class": str(name == "standard").lower()}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",  # as in a cloud
        "allowVolumeExpansion": True,
    }


def _volume(name: str, storage_class: str) -> dict[str, Any]:
    spec = {
        "capacity": {"storage": "100Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": f"/nowhere/{name}"},  # no pod is real, so nobody looks
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
