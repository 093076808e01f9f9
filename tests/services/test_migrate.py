"""The migration from the Kustomize deployment to Helm on a real API server: the printed script is run as it is.

The objects are the original's. Deployments, volumes, Pod Security and External Secrets are real; pods are simulated.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.built import BIN
from tests.conftest import commit_all, copy_reference
from tests.migration.original import NAMESPACE, OBJECTS
from tests.migration.terminal import Terminal
from tests.services.installation import Installation
from tests.services.machine import eventually
from tests.services.test_guides import commands
from tests.services.test_helm_install import (
    EVERY_DEPLOYMENT,
    POSTGRES_CLAIMS,
    REDIS_CLAIMS,
    Expected,
    check,
    fake,
    volumes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.services.control_plane import ControlPlane

ORIGINAL_POLICIES = {"postgres-ingress", "redis-ingress", "temporal-ingress", "app-ingress"}
RUN = "sh migrate-helm.sh"
CLAIMS = POSTGRES_CLAIMS | REDIS_CLAIMS | {"app-logs", "redis-backups"}
"""The chart has no volume `redis-backups`: that of the original is kept."""
INSTALLED = Expected(
    deployments=EVERY_DEPLOYMENT,
    jobs={"postgres-verifier", "temporal-schema-setup", "temporal-namespace-init", "smoke-test"},
    claims=CLAIMS,
    notes="",
)


@pytest.fixture
def original(control_plane: ControlPlane) -> Iterator[Installation]:
    """The original as it was applied, with its Secrets, running; and what belongs to others next to it."""
    control_plane.namespace(NAMESPACE)
    release = Installation(api=control_plane, namespace=NAMESPACE)
    release.create_secrets()
    done = control_plane.kubectl("apply", "-n", NAMESPACE, "-f", str(OBJECTS))
    assert done.returncode == 0, done.stderr
    control_plane.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "of-others", "namespace": NAMESPACE}}
    )
    wait_until_original_runs(release)
    yield release
    control_plane.kubectl("delete", "namespace", NAMESPACE, "as-made-again", "--ignore-not-found", "--timeout=90s")


def wait_until_original_runs(release: Installation) -> None:
    eventually(
        lambda: all(item["status"].get("readyReplicas") == 1 for item in release.objects("deployments")),
        lambda: release.api.kubectl("get", "pods", "-n", NAMESPACE).stdout,
    )
    assert images(release)["postgres"] == "app_data_postgres_image:latest"


def images(release: Installation) -> dict[str, str]:
    deployments = release.named("deployments").items()
    return {name: item["spec"]["template"]["spec"]["containers"][0]["image"] for name, item in deployments}


def uids(release: Installation, kind: str) -> dict[str, str]:
    return {name: item["metadata"]["uid"] for name, item in release.named(kind).items()}


@pytest.fixture
def terminal(control_plane: ControlPlane, tmp_path: Path) -> Terminal:
    project = tmp_path / "project"
    copy_reference(project)
    commit_all(project)
    (tmp_path / "stand-ins").mkdir()
    return Terminal(
        project=project,
        scratch=tmp_path / "stand-ins",
        kubeconfig=control_plane.kubeconfig,
        programs=BIN,
    )


@pytest.fixture
def store(control_plane: ControlPlane, original: Installation) -> Callable[[], None]:
    """Fills the store `vault` with the values of the Secrets, as the script asks a person to."""

    def fill() -> None:
        held = {f"api-forge/production/{name}": nested(values) for name, values in original.secrets().items()}
        metadata = {"name": "vault"}
        spec = {"provider": fake(held)}
        kind = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore"}
        control_plane.apply({**kind, "metadata": metadata, "spec": spec})

    return fill


def nested(values: dict[str, str]) -> dict[str, Any]:
    """A dot in a property is a step down: https://external-secrets.io/latest/provider/fake/"""
    found: dict[str, Any] = {}
    for key, value in values.items():
        *steps, last = key.split(".")
        place = found
        for step in steps:
            place = place.setdefault(step, {})
        place[last] = value
    return found


def prepare(terminal: Terminal) -> None:
    """What the guide says up to the script."""
    terminal.follow(commands("migrate", "Plan"))
    terminal.follow(commands("migrate", "By Helm"))


def test_everything_is_adopted_and_there_is_a_way_back(
    original: Installation, terminal: Terminal, store: Callable[[], None]
) -> None:
    store()
    prepare(terminal)
    claims, services, secrets = volumes(original), uids(original, "services"), original.secrets()
    deployments = uids(original, "deployments")

    declined = terminal.run("sh", "migrate-helm.sh", answers="n\n")
    assert declined.returncode == 1
    assert ": copy the values of these Secrets to the secret store" in declined.stderr
    (terminal.scratch / "no-dump").touch()
    stopped = terminal.script(RUN)
    assert stopped.returncode == 1
    assert stopped.stderr.endswith(": dump every database and role\n")
    assert "a folder that only you can read" not in stopped.stdout, "what was done is not done again"
    assert images(original)["postgres"] == "app_data_postgres_image:latest", "nothing is replaced without a dump"
    (terminal.scratch / "no-dump").unlink()

    early = terminal.script("sh migrate-helm.sh back")
    assert early.returncode == 0, early.stdout + early.stderr
    wait_until_original_runs(original)
    assert uids(original, "deployments") == deployments
    done = terminal.script(RUN)
    assert done.returncode == 0, done.stdout + done.stderr

    check(original, INSTALLED)
    assert volumes(original) == claims
    assert uids(original, "services") == services
    adopted = {name: uid for name, uid in uids(original, "deployments").items() if name != "app"}
    assert adopted == {name: uid for name, uid in deployments.items() if name != "app"}, "app has an autoscaler"
    assert original.secrets() == secrets
    assert not ORIGINAL_POLICIES & set(original.named("networkpolicies"))
    assert "of-others" in original.named("configmaps")
    assert left_over(original, terminal) == {}
    assert "deployed" in original.helm("list")

    enforce_restricted(original)
    back = terminal.script(f"{RUN} back")
    assert back.returncode == 0, back.stdout + back.stderr
    wait_until_original_runs(original)
    assert volumes(original) == claims
    assert original.secrets() == secrets
    assert set(original.named("networkpolicies")) == ORIGINAL_POLICIES
    assert "api-forge" not in original.helm("list")
    assert "of-others" in original.named("configmaps")

    again = terminal.script(RUN)
    assert again.returncode == 0, again.stdout + again.stderr
    check(original, INSTALLED)
    assert volumes(original) == claims


def enforce_restricted(release: Installation) -> None:
    """What the chart's pods allow, and the original's do not."""
    label = "pod-security.kubernetes.io/enforce=restricted"
    assert release.api.kubectl("label", "namespace", release.namespace, label).returncode == 0


def left_over(release: Installation, terminal: Terminal) -> dict[str, Any]:
    """What differs between the adopted objects and the same ones made again, per object: nothing of the original's."""
    release.api.namespace("as-made-again")
    rendered = terminal.good("helm", "template", "api-forge", "helm/api-forge", "--namespace", "as-made-again",
                             "--values", "environments/production/values.yaml", "--set", "argocd.enabled=false",
                             "--show-only", "templates/postgres/deployment.yaml",
                             "--show-only", "templates/temporal/deployment.yaml",
                             "--show-only", "templates/worker/deployment.yaml",
                             "--show-only", "templates/temporal/service.yaml",
                             "--show-only", "templates/temporal/serviceaccount.yaml",
                             "--show-only", "templates/temporal/networkpolicy.yaml",
                             "--show-only", "templates/app/configmap.yaml")  # fmt: skip
    dry = ("create", "--dry-run=server", "--namespace", "as-made-again", "-o", "yaml", "-f", "-")
    done = release.api.kubectl(*dry, stdin=rendered)
    assert done.returncode == 0, done.stderr
    live = {
        (item["kind"], item["metadata"]["name"]): item
        for item in release.objects("deployments", "services", "configmaps", "networkpolicies", "serviceaccounts")
    }
    found = {}
    for item in yaml.safe_load_all(done.stdout):
        old = live[item["kind"], item["metadata"]["name"]]
        if content(old) != content(item):
            found[item["metadata"]["name"]] = (content(old), content(item))
    return found


def content(item: dict[str, Any]) -> dict[str, Any]:
    addresses = ("clusterIP", "clusterIPs")
    spec = {key: value for key, value in item.get("spec", {}).items() if key not in addresses}
    return {"spec": spec, "data": item.get("data"), "labels": item["metadata"].get("labels")}


def test_a_claim_that_has_grown_and_another_selector(
    original: Installation, terminal: Terminal, store: Callable[[], None]
) -> None:
    """A class that grows volumes, another class, and a Deployment whose selector nobody can change."""
    store()
    replace_redis(original)
    terminal.follow(commands("migrate", "Plan")[:1])
    plan = terminal.run("gitops-gen", "migrate", "production", "--live", "live.yaml", "--helm").stdout
    assert "redis.persistence.data.size: 7Gi" in plan
    assert "redis.persistence.data.storageClass: fast" in plan
    assert re.search(r"^recreated +Deployment/redis ", plan, re.MULTILINE)
    assert "spec.selector is immutable (app=redis → app.kubernetes.io/name=redis)" in plan

    prepare(terminal)
    claims = volumes(original)
    done = terminal.script(RUN)
    assert done.returncode == 0, done.stdout + done.stderr
    check(original, INSTALLED)
    assert volumes(original) == claims
    assert original.named("persistentvolumeclaims")["redis-data"]["spec"]["storageClassName"] == "fast"


def replace_redis(release: Installation) -> None:
    """Redis as somebody changed it: another selector, a larger volume of another class."""
    deployment, claim = (release.named(kind)[name] for kind, name in (
        ("deployments", "redis"), ("persistentvolumeclaims", "redis-data")
    ))  # fmt: skip
    last = "kubectl.kubernetes.io/last-applied-configuration"
    deployment, claim = (json.loads(item["metadata"]["annotations"][last]) for item in (deployment, claim))
    deployment["spec"]["selector"] = {"matchLabels": {"app": "redis"}}
    deployment["spec"]["template"]["metadata"]["labels"]["app"] = "redis"
    claim["spec"] |= {"storageClassName": "fast", "resources": {"requests": {"storage": "7Gi"}}}
    namespace = ("--namespace", release.namespace)
    release.api.kubectl("delete", "deployment", "redis", *namespace, "--cascade=foreground", "--timeout=60s")
    release.api.kubectl("delete", "persistentvolumeclaim", "redis-data", *namespace, "--timeout=60s")
    items = {"apiVersion": "v1", "kind": "List", "items": [claim, deployment]}
    done = release.api.kubectl("apply", *namespace, "-f", "-", stdin=json.dumps(items))
    assert done.returncode == 0, done.stderr
    wait_until_original_runs(release)


def test_the_stand_ins_replace_only_a_kubelet(terminal: Terminal) -> None:
    """A check of the check: everything but `exec` and `git push` reaches the real programs."""
    assert terminal.good("kubectl", "get", "namespace", "default", "-o", "name") == "namespace/default\n"
    assert terminal.run("kubectl", "exec", "x", "--", "rm").returncode == 1
    assert shutil.which("helm", path=f"{terminal.scratch}:{terminal.programs}") == str(BIN / "helm")
