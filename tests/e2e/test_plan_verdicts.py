"""What `plan` says of the corpus in tests/plan is what happens: what it refuses hangs or fails, what it accepts ends.

Each case whose `case.yaml` has a `cluster` part is a separate Application, synced from plain manifests. What is
said to hang must be under way, in its first attempt, when all others have long ended.
"""

import json
import pathlib
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gitops_gen.yaml.reader import load, load_all
from gitops_gen.yaml.writer import dump

from .api import Object
from .argocd import ArgoCD
from .cluster import Cluster
from .git_repository import GitRepository

CORPUS = pathlib.Path(__file__).parents[1] / "plan"
CASES = {
    path.parent.name: facts["cluster"]
    for path in sorted(CORPUS.glob("*/*/case.yaml"))
    if "cluster" in (facts := load(path.read_text(), path.name))
}
FINALIZER = "resources-finalizer.argocd.argoproj.io"
LONG_ENOUGH = 60
"""Seconds after the last of the other cases; each of those takes about ten."""

POLICY = {
    "automated": {"prune": True, "selfHeal": True},
    "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "2s", "factor": 2, "maxDuration": "10s"}},
    "syncOptions": ["CreateNamespace=true", "PruneLast=true"],
}


def name_of(case: str) -> str:
    """The case as the name of an Application and its namespace."""
    return f"corpus-{case[:50]}".replace("_", "-").rstrip("-")


def manifests(case: str) -> str:
    """The manifests of a case; the pods of the object that it wants to hang never start."""
    (path,) = CORPUS.glob(f"*/{case}/manifests.yaml")
    found = load_all(path.read_text(), path.name)
    for item in found:
        if f"{item['kind']}/{item['metadata'].get('name')}" == CASES[case].get("hang"):
            for container in item["spec"]["template"]["spec"]["containers"]:
                container["image"] = "registry.example/app:e2e-hang"
    return "---\n".join(dump(item) for item in found)


def application(case: str, url: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name_of(case), "namespace": "argocd", "finalizers": [FINALIZER]},
        "spec": {
            "project": "corpus",
            "source": {"repoURL": url, "targetRevision": "main", "path": case},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name_of(case)},
            "syncPolicy": POLICY,
        },
    }


#: the second while another object of the wave was still starting
REFUSED = "failed to apply|completed unsuccessfully, reason: "
PROJECT: Object = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "corpus", "namespace": "argocd"},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}


@pytest.fixture(scope="module")
def corpus(cluster: Cluster, argocd: ArgoCD, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgoCD]:
    """Every case as an Application, all at once."""
    folder = tmp_path_factory.mktemp("corpus")
    repository = GitRepository(folder / "repository")
    for case in CASES:
        repository.write(f"{case}/manifests.yaml", manifests(case))
    repository.commit("Start")
    everything = [PROJECT, *(application(case, repository.url) for case in CASES)]
    (folder / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": everything}))
    cluster.kubectl("apply", "-f", str(folder / "all.json"))
    yield argocd
    argocd.remove(*(name_of(case) for case in CASES))


def of(outcome: str) -> list[str]:
    return [case for case, facts in CASES.items() if facts["outcome"] == outcome]


def reached(corpus: ArgoCD, cluster: Cluster, case: str, phase: str, words: str = "") -> None:
    """Wait until the case's operation is in a phase, or has a message in which the pattern is found."""
    name = name_of(case)

    def there() -> bool | None:
        now = corpus.state(name)
        found = re.search(words, now.message)
        return True if found and (words or now.phase == phase) else None

    cluster.observer.wait(f"{name} {phase} {words}", there, 180)


@pytest.mark.scenario("plan: what it accepts ends")
@pytest.mark.parametrize("case", of("finishes"))
def test_accepted_ends(corpus: ArgoCD, cluster: Cluster, case: str) -> None:
    reached(corpus, cluster, case, "Succeeded")
    assert corpus.state(name_of(case)).retries == 0


@pytest.mark.scenario("plan: what it says fails does")
@pytest.mark.parametrize("case", of("fails"))
def test_refused_fails(corpus: ArgoCD, cluster: Cluster, case: str) -> None:
    reached(corpus, cluster, case, "Failed", REFUSED)


@pytest.mark.scenario("plan: what it says is never there is not")
@pytest.mark.parametrize("case", of("missing"))
def test_refused_is_missing(corpus: ArgoCD, cluster: Cluster, case: str) -> None:
    reached(corpus, cluster, case, "Succeeded")
    kind, _, name = CASES[case]["missing"].partition("/")
    assert cluster.kubectl("get", kind, name, "-n", name_of(case), "--ignore-not-found") == ""


@pytest.fixture(scope="module")
def waited(corpus: ArgoCD, cluster: Cluster) -> ArgoCD:
    """Long after what ends has ended."""
    for case in of("finishes"):
        reached(corpus, cluster, case, "Succeeded")
    time.sleep(LONG_ENOUGH)
    return corpus


@pytest.mark.scenario("plan: what it says hangs does")
@pytest.mark.parametrize("case", of("hangs"))
def test_refused_hangs(waited: ArgoCD, case: str) -> None:
    now = waited.state(name_of(case))
    assert (now.phase, now.retries) == ("Running", 0)
    assert now.message.startswith("waiting for")
