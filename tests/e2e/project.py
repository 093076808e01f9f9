"""The reference repository under test: its files copied to a separate git repository, generated and deployed.

Only what a simulated cluster needs is different: where the repository is, deadlines of seconds, and its own secret
store. Everything after that is done as a person does it: edit, `gitops-gen generate`, commit.
"""

import contextlib
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from gitops_gen.project.opening import open_project
from gitops_gen.project.rendering import render

from .api import Object, RefusedError
from .argocd import notify, state
from .cluster import Cluster
from .git_repository import GitRepository
from .secret_store import NOTHING, FakeStore
from .sequence import Step

REFERENCE = pathlib.Path(__file__).resolve().parents[2]
CI_VALUES = sorted((REFERENCE / "helm/api-forge/ci").glob("*-values.yaml"))
#: seconds that a healthy rollout or Job never needs here, however busy the machine is
DEADLINE = 60
#: of PostgreSQL and Redis, whose rollouts have the time of a shutdown and a start at least
_START: Object = {"terminationGracePeriodSeconds": 20, "startupProbe": {"periodSeconds": 1, "failureThreshold": 40}}
DEADLINES: Object = {
    "postgresql": {
        **_START,
        "progressDeadlineSeconds": DEADLINE,
        "verifier": {"activeDeadlineSeconds": DEADLINE, "backoffLimit": 0},
    },
    "redis": {**_START, "progressDeadlineSeconds": DEADLINE},
    "temporal": {
        "progressDeadlineSeconds": DEADLINE,
        "schemaSetup": {"activeDeadlineSeconds": DEADLINE, "backoffLimit": 0},
        "namespaceInit": {"activeDeadlineSeconds": DEADLINE, "backoffLimit": 0},
        "web": {"progressDeadlineSeconds": DEADLINE},
    },
    "app": {"progressDeadlineSeconds": DEADLINE},
    "worker": {"progressDeadlineSeconds": DEADLINE},
    "smokeTest": {"activeDeadlineSeconds": DEADLINE, "backoffLimit": 0},
}

#: the application alone: what scenarios about Argo CD, not about the chart, deploy in a few seconds
SMALL: Object = {
    "postgresql": {"enabled": False, "external": {"host": "db.example.com"}},
    "redis": {"enabled": False},
    "temporal": {"enabled": False},
    "smokeTest": {"enabled": False},
    "networkPolicy": {"enabled": False},
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the scenarios hold against the real sync."""

    steps: list[Step]
    #: the waves that every sync waits for
    gated: list[int]
    #: the longest wait of a revert in seconds, behind a first sync and behind a later one
    first_revert: float
    later_revert: float


class Project:
    """A copy of the reference repository, renamed so that several fit into one cluster.

    Args:
        cluster: where it is deployed.
        path: the folder for its git repository; must not exist.
        name: the project's name; Applications and namespaces begin with it.
        values: values of every environment in addition to its own.
    """

    def __init__(self, cluster: Cluster, path: pathlib.Path, name: str, values: Object = DEADLINES) -> None:
        self.name = name
        self.repository = GitRepository(path)
        self._cluster = cluster
        self._store = FakeStore(cluster.kubectl, name)
        for part in ("environments", "helm"):
            shutil.copytree(REFERENCE / part, path / part)
        shutil.copy(REFERENCE / "gitops.yaml", path)
        self._adapt(values)

    def _adapt(self, values: Object) -> None:
        with self.edit("gitops.yaml") as project:
            project["name"] = self.name
            project["repository"] = self.repository.url
            project["secretStores"] = {"vault": {"kind": "ClusterSecretStore", "name": self.name}}
            project["argocd"]["syncTimeout"] = f"{self._cluster.sync_timeout}s"
            backoff = {"duration": "2s", "maxDuration": "10s"}
            project["argocd"]["application"] = {"spec": {"syncPolicy": {"retry": {"backoff": backoff}}}}
            project["defaults"]["values"] = merged(project["defaults"].get("values", {}), values)

    @property
    def environments(self) -> list[str]:
        """The names of the environments in the working tree."""
        return sorted(path.parent.name for path in self.repository.path.glob("environments/*/environment.yaml"))

    def application(self, environment: str) -> str:
        """The name of an environment's Application, which its namespace has too."""
        return f"{self.name}-{environment}"

    @contextlib.contextmanager
    def edit(self, path: str) -> Iterator[Any]:
        """The content of a YAML file, written back with the changes made to it."""
        content = yaml.safe_load((self.repository.path / path).read_text())
        yield content
        self.repository.write(path, yaml.safe_dump(content, sort_keys=False))

    def set_values(self, environment: str, values: Object) -> None:
        """Merge values into an environment's own: the release's keys where they are released ones."""
        with self.edit(f"environments/{environment}/release.yaml") as release:
            released = release.get("values", {})
            release["values"] = merged(released, _within(values, released))
        with self.edit(f"environments/{environment}/environment.yaml") as own:
            own["values"] = merged(own.get("values") or {}, _without(values, released))

    def shrink(self) -> None:
        """Have every environment run the application alone."""
        with self.edit("gitops.yaml") as project:
            project["defaults"]["values"] = merged(project["defaults"]["values"], SMALL)

    def only(self, *environments: str) -> None:
        """Take every other environment out, before the first commit."""
        for name in set(self.environments) - set(environments):
            self.remove(name)

    def add(self, environment: str, *, like: str = "dev", values: Object | None = None) -> None:
        """Add an environment with the files of another."""
        folder = self.repository.path / "environments"
        shutil.copytree(folder / like, folder / environment)
        (folder / environment / "values.yaml").unlink(missing_ok=True)
        self.set_values(environment, values or {})

    def take_ci_values(self) -> None:
        """Have one environment for each values file that the chart is tested with, and no others."""
        with self.edit("gitops.yaml") as project:
            project["inject"] = {}  # a ci file says itself what it is about
            project["defaults"]["values"] = {}
        for path in CI_VALUES:
            self.add(path.stem, values=yaml.safe_load(path.read_text()) or {})
        self.only(*(path.stem for path in CI_VALUES))

    def remove(self, environment: str) -> None:
        """Take an environment's input files away."""
        shutil.rmtree(self.repository.path / "environments" / environment)

    def generate(self) -> None:
        """Run `gitops-gen generate`. A copy without history has nothing that tells an edited file from one that is
        behind its inputs, so the files may be overwritten.
        """
        self.run("generate", "--overwrite")

    def commit(self, subject: str) -> str:
        """Generate, commit and push; returns the commit."""
        self.generate()
        self.repository.commit(subject)
        return self._push()

    def revert(self, *commits: str) -> str:
        """`git revert` of commits, newest first, and push; returns the last commit."""
        self.repository.git("revert", "--no-edit", *commits)
        return self._push()

    def _push(self) -> str:
        """Tell Argo CD of the newest commit, and wait until the Applications are as it has them."""
        commit = self.repository.head
        notify(self._cluster, self.repository.url)
        self._cluster.observer.wait(f"{self.name} applied at {commit[:7]}", lambda: self._has_applied(commit), 120)
        return commit

    def _has_applied(self, commit: str) -> bool:
        root = self._cluster.observer.get("Application", "argocd", self.name)
        if root is None:  # not deployed yet
            return True
        now = state(root)
        return now.phase != "Running" and now.revision == commit and (now.sync == "Synced" or now.applies == commit)

    def deploy(self, known: Mapping[str, str] = NOTHING) -> None:
        """What the documentation tells a new user to do: fill the store and apply the root manifest once."""
        self.provide_secrets(*self.environments, known=known)
        self._cluster.kubectl("apply", "-f", str(self.repository.path / "argocd/root.yaml"))

    def provide_secrets(self, *environments: str, known: Mapping[str, str] = NOTHING) -> None:
        """Put a value for every secret that these environments read into the store; see `FakeStore.provide`."""
        workspace = open_project(self.repository.path)
        rendered = (render(workspace, environment) for environment in environments)
        self._store.provide((found for stream in rendered for found in yaml.safe_load_all(stream) if found), known)

    def withdraw(self) -> None:
        """Take the project out of the cluster without Argo CD."""
        withdraw(self._cluster, self.name, *(self.application(name) for name in self._deployed()))

    def _deployed(self) -> list[str]:
        names = [found["metadata"]["name"] for found in self._cluster.observer.objects("Namespace")]
        return [name.removeprefix(f"{self.name}-") for name in names if name.startswith(f"{self.name}-")]

    def render(self, environment: str) -> list[Object]:
        """What `gitops-gen render` prints."""
        return [found for found in yaml.safe_load_all(self.run("render", environment)) if found]

    def plan(self, environment: str) -> Plan:
        """What `gitops-gen plan` says about the sync of an environment."""
        return self.plans(environment)[environment]

    def plans(self, *environments: str) -> dict[str, Plan]:
        """What `gitops-gen plan` says about the syncs of environments."""
        planned = json.loads(self.run("plan", *environments, "--output", "json"))
        return {one["name"]: _plan(one) for one in planned["plans"]}

    def manifest(self, path: str) -> Object:
        """A generated manifest, as it is in the working tree."""
        content: Object = yaml.safe_load((self.repository.path / path).read_text())
        return content

    def run(self, *args: str) -> str:
        """Run gitops-gen on the working tree; see `output_of`."""
        return self.output_of(*args)[0]

    def output_of(self, *args: str) -> tuple[str, str]:
        """Run gitops-gen on the working tree and return its output and what it says besides.

        Raises RuntimeError when it exits above 0.
        """
        command = [sys.executable, "-m", "gitops_gen", "-C", str(self.repository.path), *args]
        run = subprocess.run(command, cwd=REFERENCE, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"gitops-gen {' '.join(args)}: exit {run.returncode}\n{run.stdout}{run.stderr}")
        return run.stdout, run.stderr


def withdraw(cluster: Cluster, root: str, *names: str) -> None:
    """Take Applications and the namespaces of their names out of the cluster without Argo CD; root first, which would
    restore the rest.
    """
    for name in (root, *names):
        for kind in ("application", "appproject"):
            _drop(cluster, kind, name)
    if names:
        cluster.kubectl("delete", "namespace", *names, "--ignore-not-found", "--wait=false")


def _drop(cluster: Cluster, kind: str, name: str) -> None:
    with contextlib.suppress(RefusedError):  # it is gone already
        nothing = json.dumps({"metadata": {"finalizers": None}})
        cluster.kubectl("patch", kind, name, "--type=merge", "-p", nothing)
        cluster.kubectl("delete", kind, name, "--ignore-not-found", "--wait=false")


def _plan(planned: Object) -> Plan:
    objects = [(wave["wave"], *found["id"].split("/")) for wave in planned["waves"] for found in wave["objects"]]
    grouped = itertools.groupby(objects, key=lambda found: found[:2])
    return Plan(
        steps=[
            Step(wave=wave, kind=kind, names=frozenset(name for _, _, name in group)) for (wave, kind), group in grouped
        ],
        gated=[wave["wave"] for wave in planned["waves"] if wave["waits"] == "always"],
        first_revert=planned["revert"]["firstSync"]["seconds"],
        later_revert=planned["revert"]["laterSync"]["seconds"],
    )


def merged(under: Object, over: Object) -> Object:
    """Two trees of values, merged as Helm merges files: maps merge, everything else is replaced."""
    result = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def _within(values: Object, mask: Object) -> Object:
    """The part of values whose keys a mask has too."""
    part: Object = {}
    for key, value in values.items():
        if key in mask and isinstance(value, dict) and isinstance(mask[key], dict):
            part[key] = _within(value, mask[key])
        elif key in mask:
            part[key] = value
    return part


def _without(values: Object, mask: Object) -> Object:
    """The part of values whose keys a mask does not have."""
    part: Object = {}
    for key, value in values.items():
        if key not in mask:
            part[key] = value
        elif isinstance(value, dict) and isinstance(mask[key], dict) and (rest := _without(value, mask[key])):
            part[key] = rest
    return part
