"""What Argo CD says about its Applications, and what it renders."""

import contextlib
import datetime as dt
import functools
import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tests.built import BIN

from .api import Object, RefusedError
from .cluster import Cluster
from .observer import Event, of_kind
from .programs import shared

T = TypeVar("T")
NAMESPACE = "argocd"


@dataclass(frozen=True, kw_only=True)
class State:
    """An Application's status at one moment."""

    sync: str
    health: str
    #: the newest commit that it was compared with
    revision: str
    #: whether it was compared as it is, and not as it was before its last change
    compared: bool
    #: of the last or running operation: Running, Succeeded, Failed, Error
    phase: str
    #: the commit that the last or running operation applies
    applies: str
    retries: int
    message: str

    @property
    def settled(self) -> bool:
        """Synced and Healthy, and no operation under way."""
        return self.compared and (self.sync, self.health) == ("Synced", "Healthy") and self.phase != "Running"


def state(application: Object) -> State:
    """The state that an Application object carries."""
    status = application.get("status", {})
    operation = status.get("operationState", {})
    sync = status.get("sync", {})
    return State(
        sync=sync.get("status", ""),
        health=status.get("health", {}).get("status", ""),
        revision=_revision(sync),
        compared=_is_compared(application.get("spec", {}), sync.get("comparedTo", {})),
        phase=operation.get("phase", ""),
        applies=_revision(operation.get("syncResult") or operation.get("operation", {}).get("sync", {})),
        retries=operation.get("retryCount", 0),
        message=operation.get("message", ""),
    )


def _is_compared(spec: Object, compared_to: Object) -> bool:
    # Next to several sources, Argo CD writes an empty source.
    several = spec.get("sources")
    return bool(compared_to.get("sources") == several if several else compared_to.get("source") == spec.get("source"))


def _revision(status: Object) -> str:
    # Several sources: the one with the values is the repository under test, and comes last.
    revisions = status.get("revisions") or [status.get("revision", "")]
    return str(revisions[-1])


def history(events: list[Event], application: str) -> list[State]:
    """The states that an Application went through, without repetitions."""
    states: list[State] = []
    for event in of_kind(events, "Application", NAMESPACE):
        now = state(event.object)
        if event.key.name == application and (not states or states[-1] != now):
            states.append(now)
    return states


def notify(cluster: Cluster, url: str) -> None:
    """What a git host's webhook does: whatever reads the repository is compared with it now."""
    for application in cluster.observer.objects("Application", NAMESPACE):
        spec = application["spec"]
        if url in [source["repoURL"] for source in spec.get("sources", [spec.get("source")])]:
            _refresh(cluster, application["metadata"]["name"])


def _refresh(cluster: Cluster, name: str) -> None:
    change = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
    with contextlib.suppress(RefusedError):  # it may be on its way out
        cluster.api.patch(f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}/applications/{name}", change)


def _if_settled(now: State) -> State | None:
    return now if now.settled else None


class ArgoCD:
    """The Applications of a cluster, as observed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._observer = cluster.observer

    def names(self) -> list[str]:
        """The Applications that exist."""
        return [found["metadata"]["name"] for found in self._observer.objects("Application", NAMESPACE)]

    def application(self, name: str) -> Object | None:
        """An Application as last seen."""
        return self._observer.get("Application", NAMESPACE, name)

    def state(self, name: str) -> State:
        """An Application's state; of one that does not exist, all fields are empty."""
        return state(self.application(name) or {})

    def wait_settled(self, name: str, commit: str, seconds: float = 240) -> State:
        """Wait until an Application is Synced and Healthy at a commit, with nothing under way."""

        def settled() -> State | None:
            now = self.state(name)
            return now if now.settled and now.revision == commit else None

        return self._wait(f"{name} Synced and Healthy at {commit[:7]}", name, settled, seconds)

    def wait_synced(self, name: str, seconds: float = 240) -> State:
        """Wait until an Application is Synced and Healthy at whatever commit, with nothing under way."""
        return self._wait(f"{name} Synced and Healthy", name, lambda: _if_settled(self.state(name)), seconds)

    def wait_applied(self, name: str, commit: str, seconds: float = 240) -> State:
        """Wait until an operation that applies a commit has ended Succeeded, whatever becomes healthy later."""

        def applied() -> State | None:
            now = self.state(name)
            return now if (now.phase, now.applies) == ("Succeeded", commit) else None

        return self._wait(f"{name} applied at {commit[:7]}", name, applied, seconds)

    def wait_out_of_sync(self, name: str, commit: str, seconds: float = 120) -> State:
        """Wait until an Application is known to differ from a commit."""

        def differs() -> State | None:
            now = self.state(name)
            return now if (now.sync, now.revision) == ("OutOfSync", commit) else None

        return self._wait(f"{name} OutOfSync at {commit[:7]}", name, differs, seconds)

    def wait_compared(self, name: str, commit: str, seconds: float = 120) -> State:
        """Wait until an Application has been compared with a commit, whatever is under way."""

        def compared() -> State | None:
            now = self.state(name)
            return now if now.revision == commit else None

        return self._wait(f"{name} compared with {commit[:7]}", name, compared, seconds)

    def wait_phase(self, name: str, phase: str, commit: str, seconds: float = 240) -> State:
        """Wait until the operation on a commit is in a phase, or was retried out of it."""

        def reached() -> State | None:
            now = self.state(name)
            tried = now.retries > 0 and phase == "Failed"
            return now if now.applies == commit and (now.phase == phase or tried) else None

        return self._wait(f"{name} {phase} at {commit[:7]}", name, reached, seconds)

    def wait_retry(self, name: str, seconds: float = 120) -> None:
        """Wait until an Application's operation has failed once and is tried again."""
        self._wait(f"{name} retried", name, lambda: self.state(name).retries > 0, seconds)

    def compare_again(self, url: str, *names: str) -> None:
        """Have Argo CD compare Applications with their repository once more, and wait until it has."""
        time.sleep(1)  # it notes the time in whole seconds
        since = dt.datetime.now(dt.UTC).replace(microsecond=0)
        notify(self._cluster, url)
        for name in names:
            self._wait(f"{name} compared since {since}", name, functools.partial(self._compared, name, since), 120)

    def _compared(self, name: str, since: dt.datetime) -> bool:
        at = (self.application(name) or {}).get("status", {}).get("reconciledAt", "")
        return bool(at) and dt.datetime.fromisoformat(at) >= since

    def wait_gone(self, name: str, seconds: float = 120) -> None:
        """Wait until an Application does not exist."""
        self._wait(f"{name} gone", name, lambda: self.application(name) is None, seconds)

    def _wait(self, what: str, name: str, probe: Callable[[], T | None], seconds: float) -> T:
        try:
            return self._observer.wait(what, probe, seconds)
        except AssertionError as error:
            error.add_note(f"{name} is now {self.state(name)}")
            error.add_note(_unhealthy(self.application(name) or {}))
            raise

    def command(self, *args: str, answer: str = "") -> str:
        """Run the `argocd` command and return what it prints; `answer` is typed when it asks.

        Raises RefusedError with what it complains about.
        """
        server = ("--server", f"127.0.0.1:{self._cluster.port['argocd-server']}", "--plaintext")
        environment = {**os.environ, "ARGOCD_BINARY_NAME": "argocd", "HOME": str(self._cluster.state / "tmp")}
        run = subprocess.run(
            [BIN / "argocd", *args, *server],
            input=answer,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        if run.returncode:
            raise RefusedError(f"argocd {' '.join(args)}: {run.stderr.strip()}")
        return run.stdout

    def remove(self, *names: str) -> None:
        """Delete Applications and all they applied, without waiting."""
        self._cluster.kubectl("delete", "application", "--ignore-not-found", "--wait=false", *names)

    def render(self, application: Object, versions: tuple[str, list[str]] | None = None) -> list[Object]:
        """What Argo CD's own repo-server renders for an Application, which need not be in the cluster: for this
        cluster, or for one with these versions of Kubernetes and of its APIs.
        """
        answer = self._call("GenerateManifest", manifest_request(application, *(versions or self._versions())))
        return [json.loads(manifest) for manifest in answer.get("manifests", [])]

    def _versions(self) -> tuple[str, list[str]]:
        """The server's version and every API that it serves, as Argo CD tells them to Helm."""
        version = self._cluster.api.get("/version")["gitVersion"]
        groups = [group["versions"] for group in self._cluster.api.get("/apis")["groups"]]
        served = ["v1", *(found["groupVersion"] for versions in groups for found in versions)]
        return version, served

    def _call(self, method: str, request: Object) -> Object:
        protos = shared("argocd") / "protos"
        definition = "github.com/argoproj/argo-cd/v3/reposerver/repository/repository.proto"
        source = ("-import-path", protos, "-proto", definition, "-plaintext", "-max-msg-sz", "67108864", "-d", "@")
        server = f"127.0.0.1:{self._cluster.port['repo-server']}"
        run = subprocess.run(
            [BIN / "grpcurl", *source, server, f"repository.RepoServerService/{method}"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise RefusedError(f"{method}: {run.stderr.strip()}")
        answer: Object = json.loads(run.stdout)
        return answer


def manifest_request(application: Object, kubernetes: str, apis: list[str]) -> Object:
    """A repository.ManifestRequest for an Application with one source.

    https://github.com/argoproj/argo-cd/blob/master/reposerver/repository/repository.proto
    """
    spec = application["spec"]
    source = spec["source"]
    return {
        "repo": {"repo": source["repoURL"]},
        "revision": source["targetRevision"],
        "appName": application["metadata"]["name"],
        "namespace": spec["destination"]["namespace"],
        "applicationSource": source,
        "kubeVersion": kubernetes.removeprefix("v"),
        "apiVersions": apis,
        "projectName": spec["project"],
        "projectSourceRepos": ["*"],
        "trackingMethod": "annotation",
        "appLabelKey": "app.kubernetes.io/instance",
        "noCache": True,
    }


def _unhealthy(application: Object) -> str:
    status = application.get("status", {})
    resources = [
        f"{found['kind']}/{found['name']}: {found.get('status')} {found.get('health')}"
        for found in status.get("resources", [])
        if found.get("status") != "Synced" or found.get("health", {}).get("status", "Healthy") != "Healthy"
    ]
    conditions = [f"{found['type']}: {found['message']}" for found in status.get("conditions", [])]
    return "\n".join([*resources, *conditions])
