"""A release that the real Helm installed: the commands of the guide, and what is in the namespace after them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.built import BIN
from tests.services.machine import eventually
from tests.services.release import CHART

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.api_server import ApiServer

WAIT = ("--wait", "--wait-for-jobs", "--timeout", "3m")
Objects = dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The release `api-forge` in its own namespace. `program` is the Helm that is used: helm or helm3."""

    api: ApiServer
    namespace: str
    program: str = "helm"

    def create_secrets(self) -> None:
        script = CHART / "scripts" / "create-secrets.sh"
        self._good([script, "--namespace", self.namespace, "--from", self.api.folder / "no-files"])

    def install(self, *arguments: str) -> str:
        return self.helm("install", "api-forge", str(CHART), *WAIT, *arguments)

    def upgrade(self, *arguments: str) -> str:
        return self.helm("upgrade", "api-forge", str(CHART), *WAIT, *arguments)

    def rollback(self, revision: int) -> str:
        return self.helm("rollback", "api-forge", str(revision), *WAIT)

    def helm(self, *arguments: str) -> str:
        return self._good([BIN / self.program, "--namespace", self.namespace, *arguments])

    def run(self, argv: list[Any]) -> subprocess.CompletedProcess[str]:
        home = {f"HELM_{kind}_HOME": str(self.api.folder / "helm") for kind in ("CACHE", "CONFIG", "DATA")}
        path = {"KUBECONFIG": str(self.api.kubeconfig), "PATH": f"{BIN}:{os.environ['PATH']}"}
        return subprocess.run(argv, env=os.environ | home | path, capture_output=True, text=True, check=False)

    def _good(self, argv: list[Any]) -> str:
        done = self.run(argv)
        assert done.returncode == 0, f"{done.stderr}\n{self.api.kubectl('get', 'all', '-n', self.namespace).stdout}"
        return done.stdout

    def objects(self, *kinds: str) -> list[dict[str, Any]]:
        done = self.api.kubectl("get", ",".join(kinds), "--namespace", self.namespace, "--output", "json")
        assert done.returncode == 0, done.stderr
        items: list[dict[str, Any]] = json.loads(done.stdout)["items"]
        return items

    def named(self, kind: str) -> Objects:
        return {item["metadata"]["name"]: item for item in self.objects(kind)}

    def secrets(self) -> dict[str, dict[str, str]]:
        """All but those in which Helm keeps its own state."""
        return {
            name: {key: base64.b64decode(value).decode() for key, value in item.get("data", {}).items()}
            for name, item in self.named("secrets").items()
            if item["type"] != "helm.sh/release.v1"
        }

    def settled(self) -> Objects:
        """The pods of the Deployments, once those that were replaced are gone."""
        eventually(lambda: not self._leaving(), lambda: f"still there: {self._leaving()}", seconds=60)
        return {name: pod for name, pod in self.named("pods").items() if _owner(pod) == "ReplicaSet"}

    def _leaving(self) -> list[str]:
        """Pods that are deleted, or belong to a ReplicaSet that was scaled down."""
        wanted = {item["metadata"]["name"] for item in self.objects("replicasets") if item["spec"]["replicas"]}
        return [
            name
            for name, pod in self.named("pods").items()
            if "deletionTimestamp" in pod["metadata"]
            or (_owner(pod) == "ReplicaSet" and pod["metadata"]["ownerReferences"][0]["name"] not in wanted)
        ]

    def by_component(self) -> dict[str, set[str]]:
        """The uids of the pods of each Deployment."""
        found: dict[str, set[str]] = {}
        for pod in self.settled().values():
            metadata = pod["metadata"]
            found.setdefault(metadata["labels"]["app.kubernetes.io/name"], set()).add(metadata["uid"])
        return found

    def unmountable(self) -> list[str]:
        """What a kubelet would not find: a ConfigMap, Secret, key or claim that a pod names and the namespace lacks."""
        held = {("configMap", name): set(item.get("data", {})) for name, item in self.named("configmaps").items()}
        held |= {("secret", name): set(data) for name, data in self.secrets().items()}
        held |= {("claim", name): set() for name in self.named("persistentvolumeclaims")}
        return sorted(
            f"{pod['metadata']['name']}: {kind} {name} {sorted(keys - held.get((kind, name), set()))}"
            for pod in self.objects("pods")
            for kind, name, keys in _reads(pod["spec"])
            if (kind, name) not in held or not keys <= held[kind, name]
        )


def _owner(pod: dict[str, Any]) -> str:
    kind: str = pod["metadata"]["ownerReferences"][0]["kind"]
    return kind


def _reads(spec: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Kind, name and keys of everything that the pod's containers are made with."""
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    mounts = [mount for container in containers for mount in container.get("volumeMounts", [])]
    for volume in spec["volumes"]:
        if "persistentVolumeClaim" in volume:
            yield "claim", volume["persistentVolumeClaim"]["claimName"], set()
        if "configMap" in volume:
            parts = {mount.get("subPath") for mount in mounts if mount["name"] == volume["name"]} - {None}
            yield "configMap", volume["configMap"]["name"], _keys(volume["configMap"]) or parts
        for source in volume.get("projected", {}).get("sources", []):
            for kind in source.keys() & {"configMap", "secret"}:
                yield kind, source[kind]["name"], _keys(source[kind])
    for container in containers:
        for source in container.get("envFrom", []):
            yield "configMap", source["configMapRef"]["name"], set()


def _keys(source: dict[str, Any]) -> set[str]:
    return {item["key"] for item in source.get("items", [])}
