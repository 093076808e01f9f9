"""The two ways to the Kubernetes API: HTTP for what is read and watched, kubectl for what a person would type."""

import json
import pathlib
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tests.built import BIN

Object = dict[str, Any]

# Kinds that change all the time and that no Application holds.
NOISE = frozenset({"Event", "Lease", "Endpoints", "EndpointSlice", "ControllerRevision", "ComponentStatus"})
GROUPS = (
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "argoproj.io",
    "external-secrets.io",
)


class RefusedError(RuntimeError):
    """The API, or kubectl, said no."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One watchable kind of the API."""

    kind: str
    path: str


class Api:
    """JSON over HTTPS to one kube-apiserver."""

    def __init__(self, url: str, token: str, authority: pathlib.Path) -> None:
        self._url = url
        self._token = token
        self._authority = authority
        self._tls: ssl.SSLContext | None = None

    def get(self, path: str) -> Object:
        """The answer to GET. Raises RefusedError (also for 404) or OSError."""
        answer: Object = json.loads(self._send("GET", path).read())
        return answer

    def patch(self, path: str, change: Object) -> Object:
        """The object after an RFC 7386 merge patch."""
        answer: Object = json.loads(self._send("PATCH", path, change).read())
        return answer

    def ready(self) -> None:
        """Raise OSError or RefusedError until the API serves."""
        self._send("GET", "/readyz").read()

    def resources(self) -> list[Resource]:
        """Every kind that can be watched, at its preferred version, without the noise."""
        served = self.get("/apis")["groups"]
        preferred = {group["name"]: group["preferredVersion"]["groupVersion"] for group in served}
        roots = ["/api/v1", *(f"/apis/{preferred[name]}" for name in GROUPS if name in preferred)]
        return [resource for root in roots for resource in self._watchable(root)]

    def watch(self, path: str, revision: str) -> Iterator[Object]:
        """The watch events of a collection after a revision, until the API closes the stream."""
        for line in self._send("GET", f"{path}?watch=true&resourceVersion={revision}", seconds=None):
            change: Object = json.loads(line)
            if change["type"] == "ERROR":
                raise RefusedError(f"watch of {path}: {change['object']}")
            yield change

    def _watchable(self, root: str) -> Iterator[Resource]:
        for found in self.get(root)["resources"]:
            if "watch" in found["verbs"] and "/" not in found["name"] and found["kind"] not in NOISE:
                yield Resource(kind=found["kind"], path=f"{root}/{found['name']}")

    def _send(self, method: str, path: str, body: Object | None = None, *, seconds: float | None = 30) -> Any:
        request = urllib.request.Request(self._url + path, method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.add_header("Content-Type", "application/merge-patch+json")
            request.data = json.dumps(body).encode()
        try:
            return urllib.request.urlopen(request, timeout=seconds, context=self._context())
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.TOO_MANY_REQUESTS:  # a CRD that is new: its storage is being set up
                time.sleep(float(error.headers.get("Retry-After", "1")))
                return self._send(method, path, body, seconds=seconds)
            raise RefusedError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error

    def _context(self) -> ssl.SSLContext:
        # kube-apiserver writes its certificate when it starts: it does not exist yet when this object is made.
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=str(self._authority))
        return self._tls


@dataclass(frozen=True, kw_only=True)
class Kubectl:
    """kubectl with the cluster's own kubeconfig."""

    kubeconfig: pathlib.Path

    def __call__(self, *args: str, stdin: str | None = None) -> str:
        """Run kubectl and return what it prints. Raises RefusedError with what it complains about."""
        run = subprocess.run(
            [BIN / "kubectl", "--kubeconfig", self.kubeconfig, *args],
            capture_output=True,
            text=True,
            input=stdin,
            check=False,
        )
        if run.returncode:
            raise RefusedError(f"kubectl {' '.join(args)}: {run.stderr.strip()}")
        return run.stdout

    def apply(self, *objects: Object) -> None:
        """Create or change objects, server-side: no size limit, as CRDs need."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(items))
