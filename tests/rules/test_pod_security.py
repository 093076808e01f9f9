"""The profiles of Pod Security refuse what the API server refuses, in the workloads that make the pods."""

import pytest
import yaml

from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.manifests.pods import pod_of
from gitops_gen.rules.podsecurity import violations
from tests.rules.pod_corpus import PATCHES, VERDICTS, Object, pod_named

REFUSED: dict[str, list[str]] = yaml.safe_load(VERDICTS.read_text())


def found_in(data: Object, profile: str) -> list[str]:
    (manifest,) = parse(yaml.safe_dump(data), "pods.yaml")
    return [message for _, message in placed(manifest, profile)]


def placed(manifest: Manifest, profile: str) -> list[tuple[tuple[str | int, ...], str]]:
    pod = pod_of(manifest)
    assert pod
    return list(violations(manifest, pod, profile))


@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("profile", ["baseline", "restricted"])
def test_a_profile_refuses_what_the_api_server_refuses(name: str, profile: str) -> None:
    assert bool(found_in(pod_named(name), profile)) == (name in REFUSED[profile])


def test_privileged_refuses_nothing() -> None:
    assert [name for name in PATCHES if found_in(pod_named(name), "privileged")] == []


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job"])
def test_the_pods_of_a_workload_are_judged(kind: str) -> None:
    spec = pod_named("host_network")["spec"]
    data = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "app"}, "spec": {"template": {"spec": spec}}}
    (manifest,) = parse(yaml.safe_dump(data), "pods.yaml")
    assert placed(manifest, "baseline") == [(("spec", "template", "spec", "hostNetwork"), "the pod uses hostNetwork")]


def test_a_place_leads_into_a_cron_job_and_its_init_container() -> None:
    spec = pod_named("init_container_with_capability")["spec"]
    job = {"spec": {"template": {"spec": spec}}}
    data = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "app"}, "spec": {"jobTemplate": job}}
    (manifest,) = parse(yaml.safe_dump(data), "pods.yaml")
    ((path, message),) = placed(manifest, "baseline")
    inner = ("spec", "jobTemplate", "spec", "template", "spec")
    assert path == (*inner, "initContainers", 0, "securityContext", "capabilities", "add")
    assert message == "container init adds capability SYS_ADMIN"
