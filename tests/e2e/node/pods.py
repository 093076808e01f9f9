"""The pods and Jobs of one namespace: what they are, say and do when they are asked to end."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.built import BIN
from tests.e2e.api import Object
from tests.e2e.observer import Event, of_kind

from .real_node import RealNode

COMPONENT = "app.kubernetes.io/name"
LONGEST = 180


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a pod went that was deleted."""

    seconds: float
    #: what its container said to the end
    log: str
    #: its exit code, or None when nobody saw it
    code: int | None


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Those of one release, by component (`postgres`, `app` …), whose container has the same name."""

    node: RealNode
    namespace: str

    def all(self, component: str) -> list[Object]:
        """Every pod of a component, also those that ended or are about to."""
        return [pod for pod in self._objects("Pod") if _component(pod) == component]

    def get(self, component: str) -> Object:
        """The one pod that is to stay."""
        (pod,) = [pod for pod in self.all(component) if "deletionTimestamp" not in pod["metadata"]]
        return pod

    def wait_ready(self, component: str, *, other_than: str = "", restarts: int = 0) -> Object:
        """The one pod of a component, once it is ready; of another uid, or restarted as often, if that is asked for."""

        def ready() -> Object | None:
            pods = [pod for pod in self.all(component) if pod["metadata"]["uid"] != other_than]
            fit = [pod for pod in pods if is_ready(pod) and status(pod, component)["restartCount"] >= restarts]
            return fit[0] if len(fit) == len(pods) == 1 else None

        return self.node.observer.wait(f"pod of {component} ready in {self.namespace}", ready, LONGEST)

    def execute(self, component: str, *command: str) -> str:
        """What a command prints in the component's container. Raises RefusedError with what it complains about."""
        pod = self.get(component)["metadata"]["name"]
        return self.node.kubectl("exec", "-n", self.namespace, pod, "-c", component, "--", *command)

    def sql(self, statement: str, database: str = "appdb") -> str:
        """What the superuser gets over the socket."""
        arguments = ("--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set", "ON_ERROR_STOP=1")
        connection = ("-U", "postgres", "-d", database)
        return self.execute("postgres", "psql", *connection, *arguments, "-c", statement).strip()

    def log(self, component: str, container: str = "", *options: str) -> str:
        """What a container of the component's newest pod has said."""
        pod = max(self.all(component), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))["metadata"]["name"]
        return self.node.kubectl("logs", "-n", self.namespace, pod, "-c", container or component, *options)

    def delete(self, component: str) -> Ended:
        """Delete the pod of a component and wait until it is gone."""
        pod, begin, mark = self.get(component), time.monotonic(), self.node.observer.mark()
        name = pod["metadata"]["name"]
        with self._follow(name, component) as follower:
            assert follower.stdout is not None
            first = follower.stdout.readline()  # it is connected now
            self.node.kubectl("delete", "pod", "-n", self.namespace, name)  # waits
            log = first + follower.stdout.read()
        events = of_kind(self.node.observer.since(mark), "Pod", self.namespace)
        codes = [_exit_code(event, component) for event in events if event.key.name == name]
        return Ended(
            seconds=time.monotonic() - begin, log=log, code=next((code for code in codes if code is not None), None)
        )

    def kill(self, component: str) -> None:
        """SIGKILL to the container of a component, from outside."""
        self.node.kill(status(self.get(component), component)["containerID"])

    def job(self, component: str) -> Object:
        """The one Job of a component, whatever its hash."""
        (job,) = [job for job in self._objects("Job") if _component(job) == component]
        return job

    def wait_job(self, component: str, condition: str, *, other_than: str = "") -> Object:
        """The one Job of a component, once it is Complete or Failed."""

        def ended() -> Object | None:
            jobs = [job for job in self._objects("Job") if _component(job) == component]
            fit = [job for job in jobs if _has(job, condition) and job["metadata"]["uid"] != other_than]
            return fit[0] if fit else None

        return self.node.observer.wait(f"Job {component} {condition} in {self.namespace}", ended, LONGEST)

    def wait(self, what: str, holds: Callable[[Object], bool], component: str) -> Object:
        """The pod of a component, once something holds of it."""

        def found() -> Object | None:
            return next((pod for pod in self.all(component) if holds(pod)), None)

        return self.node.observer.wait(f"{component}: {what}", found, LONGEST)

    def _follow(self, pod: str, container: str) -> subprocess.Popen[str]:
        command = [str(BIN / "kubectl"), f"--kubeconfig={self.node.kubeconfig}", "logs", "--follow", "--tail=50"]
        options = ["-n", self.namespace, pod, "-c", container]
        return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)

    def _objects(self, kind: str) -> list[Object]:
        return self.node.observer.objects(kind, self.namespace)


def is_ready(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and _has(pod, "Ready")


def status(pod: Object, container: str) -> Object:
    """What the kubelet says about a container, also one that ran first."""
    said = pod.get("status", {})
    found = [*said.get("containerStatuses", []), *said.get("initContainerStatuses", [])]
    return next((item for item in found if item["name"] == container), {"restartCount": 0})


def _component(item: Object) -> str:
    return str(item["metadata"].get("labels", {}).get(COMPONENT, ""))


def _has(item: Object, condition: str) -> bool:
    conditions = item.get("status", {}).get("conditions", [])
    return any(found["type"] == condition and found["status"] == "True" for found in conditions)


def _exit_code(event: Event, container: str) -> int | None:
    code = status(event.object, container).get("state", {}).get("terminated", {}).get("exitCode")
    return None if code is None else int(code)
