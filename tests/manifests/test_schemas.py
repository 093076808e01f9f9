"""The schemas of a cluster's version, of its CRDs and of operators."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_gen.manifests import schemas
from gitops_gen.manifests.formats import FORMATS
from gitops_gen.manifests.objects import Manifest, parse
from gitops_gen.manifests.schemas import Schemas, minor, newest
from gitops_gen.rules.kubernetes.versions import RULES
from gitops_gen.rules.rule import Finding
from gitops_gen.sync.cluster import ClusterFacts
from tests.kubernetes_schemas import LIMITS, OPERATORS, VERSIONS
from tests.rules.examples import example_plan

NODE_POLICY = "apiVersion: storage.k8s.io/v1\nkind: VolumeAttributesClass\nmetadata: {name: fast}\ndriverName: a\n"
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.demo.example}
spec:
  group: demo.example
  names: {kind: Widget}
  versions:
    - name: v1
      served: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size, mode]
              properties:
                size: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
                mode: {type: string, default: fast}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                template: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}
                ports:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [port]
                  items: {type: object, properties: {port: {type: integer}}}
"""
WIDGET = "apiVersion: demo.example/v1\nkind: Widget\nmetadata: {name: one}\nspec: {%s}\n"


def one(text: str) -> Manifest:
    (manifest,) = parse(text, "test.yaml", namespace="demo")
    return manifest


def messages(text: str, version: str = "1.36", *definitions: Manifest) -> list[str]:
    return [found.message for found in Schemas(version, definitions).violations(one(text))]


def judged(text: str, version: str) -> list[Finding]:
    plan = replace(example_plan(text), cluster=ClusterFacts(kubernetes=version))
    return [finding for rule in RULES for finding in rule.findings(plan)]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_has_its_own_kinds(version: str) -> None:
    assert Schemas(version).version == version
    assert "Deployment" in Schemas(version).kinds()
    # It became stable in 1.34: https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/
    assert Schemas(version).is_known(one(NODE_POLICY)) is (minor(version) >= (1, 34))


@pytest.mark.parametrize(
    ("asked", "used"),
    [("", "1.37"), ("1.30", "1.31"), ("1.40", "1.37"), ("v1.33.4", "1.33"), ("1.9", "1.31"), ("odd", "1.37")],
)
def test_the_nearest_version_stands_for_an_unknown_one(asked: str, used: str) -> None:
    assert Schemas(asked).version == used
    assert newest() == "1.37"


def test_a_crd_is_closed_against_unknown_fields() -> None:
    definition = one(CRD)
    good = "size: 50%, free: {a: 1}, template: {apiVersion: v1, kind: Pod, metadata: {}, spec: {}}"
    assert messages(WIDGET % good, "1.36", definition) == []
    assert messages(WIDGET % "size: 1, sise: 2", "1.36", definition) == ["spec.sise is not a field"]
    assert messages(WIDGET % "ports: [{port: 1}, {port: 1}]", "1.36", definition) == [
        "spec.size is missing",
        "spec.ports has two entries with port 1",
    ]
    assert messages(WIDGET % "size: []", "1.36", definition) == ["spec.size, and an integer or a string is needed"]


def test_a_crd_that_is_no_schema_takes_everything() -> None:
    broken = one(CRD.replace("{type: string, default: fast}", "{type: [true], pattern: '('}"))
    assert messages(WIDGET % "sise: 2", "1.36", broken) == []


def test_a_kind_without_a_schema_is_unknown() -> None:
    assert not Schemas().is_known(one(WIDGET % "size: 1"))
    assert Schemas().served(one(WIDGET % "size: 1")) == []


def test_a_secret_is_not_shown() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {token: hunter2!}\n"
    assert messages(text) == ["data.token; it must be base64"]


def test_removed_and_deprecated_versions_are_reported_with_what_replaces_them() -> None:
    budget = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: app}\n"
    (finding,) = judged(budget, "1.33")
    assert finding.message == "policy/v1beta1 PodDisruptionBudget is removed since Kubernetes 1.25"
    assert finding.remedy == "use policy/v1 PodDisruptionBudget"


def test_the_next_version_is_checked() -> None:
    policy = "apiVersion: storage.k8s.io/v1alpha1\nkind: VolumeAttributesClass\nmetadata: {name: fast}\ndriverName: a\n"
    assert [finding.rule for finding in judged(policy, "1.33")] == ["api-deprecated"]
    assert [finding.rule for finding in judged(policy, "1.34")] == ["api-removed-next", "api-deprecated"]
    assert [finding.rule for finding in judged(policy, "1.35")] == ["api-not-served"]


def test_a_misspelled_kind_is_reported_with_the_nearest() -> None:
    (finding,) = judged("apiVersion: apps/v1\nkind: Deploymentt\nmetadata: {name: app}\n", "1.36")
    assert finding.remedy == "did you mean `Deployment`?"


def test_every_operator_has_its_files() -> None:
    assert len(OPERATORS) == 10
    groups = {path.name for path in Path(schemas.__file__).with_name("published").iterdir()}
    assert {"argoproj.io.json.xz", "external-secrets.io.json.xz", "kubernetes.json.xz"} <= groups


def test_each_form_that_the_limits_name_exists() -> None:
    named = set(re.findall(r"'format': '([\w-]+)'", repr(LIMITS)))
    assert named
    assert named <= FORMATS.keys()


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("cron", ["0 3 * * *", "*/5 0-6 1,15 JAN-mar sun", "@hourly", "@every 1h30m"], ["* * * *", "60 * * * *"]),
        ("cron", ["? * * * *", "0 0 * * 1-5/2"], ["*/0 * * * *", "5-1 * * * *", "a * * * *", "@never"]),
        ("quantity", ["1", "0.5", "100m", "1Gi", "1e3", "12E"], ["1GB", "one", "-1", "1 Gi"]),
        ("label-key", ["app", "example.com/app"], ["a/b/c", "Example.com/app", "-app"]),
        ("env-name", ["PATH", "my.name", "1st"], ["a=b", "tab\t"]),
        ("port-name", ["http", "a-1"], ["8080", "Http", "a--b", "longer-than-fifteen"]),
        ("cidr", ["10.0.0.0/8", "::/0"], ["10.0.0.0", "10.0.0.0/33"]),
        ("host", ["a.example.com", "*.example.com"], ["10.0.0.1", "A.example.com", "*"]),
        ("field-path", ["metadata.name", "metadata.labels['a']"], ["metadata.Name", "spec", "metadata.labels"]),
        ("finalizer", ["example.com/a", "orphan"], ["a", "a/b/c"]),
        (
            "image",
            ["a", "a/b:1", "reg:5000/a_b/c-d:v1.2", "[::1]:5000/a", f"a@sha256:{'0' * 64}"],
            ["A", "a:", "https://a/b"],
        ),
        ("medium", ["Memory", "HugePages", "HugePages-2Mi"], ["memory", "Disk"]),
        ("metadata-path", ["metadata.labels", "metadata.annotations['a']"], ["spec.nodeName"]),
        ("resource-name", ["cpu", "hugepages-2Mi", "example.com/gpu"], ["gpu", "memmory"]),
        ("share", ["0%", "99%", "100%"], ["101%", "25"]),
        ("sysctl", ["net.core.somaxconn", "net/ipv4/ip_forward"], ["a b", "Net.core"]),
        ("relative-path", ["a/b"], ["/a", "a/../b"]),
        ("percentage", ["25%"], ["25", "%"]),
    ],
)
def test_forms(form: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in ["", *good] if not FORMATS[form](text)] == []
    assert [text for text in bad if FORMATS[form](text)] == []


def test_a_version_loads_quickly() -> None:
    """In less than 30 ms on a machine with nothing else to do; here ten times that, the best of three."""
    code = "import time; from gitops_gen.manifests import schemas; t = time.perf_counter(); schemas._kubernetes(); "
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", code + "print(time.perf_counter() - t)"],
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        )
        for _ in range(3)
    ]
    assert min(times) < 0.3


def test_no_other_command_loads_them() -> None:
    code = "import sys, gitops_gen.cli.app; print([name for name in sys.modules if 'manifests.schemas' in name])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout == "[]\n"
