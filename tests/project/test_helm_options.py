"""What is merged over `spec.source.helm` reaches Helm as Argo CD passes it, in every command that renders."""

import json
from pathlib import Path

import pytest

from tests import helm_binary
from tests.conftest import GitopsGen

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "values.yaml": "replicas: 1\nhosts: []\nname: a\nsecrets: {}\nglobal: {}\n",
    "templates/map.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
data:
  replicas: {{ .Values.replicas | toJson | quote }}
  hosts: {{ .Values.hosts | toJson | quote }}
  name: {{ .Values.name | toJson | quote }}
  kubernetes: {{ .Capabilities.KubeVersion.Version }}
  monitored: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor" | quote }}
""",
    "templates/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n",
    "crds/crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
    "metadata: {name: x.example.com}\n",
}
ENVIRONMENT = """\
apiVersion: gitops-gen/v1
kind: Environment
stage: dev
values: {replicas: 2, hosts: [dev.example.com]}
argocd:
  application:
    spec:
      source:
        helm: %s
"""


@pytest.fixture
def shop(good: Path) -> Path:
    for name, text in CHART.items():
        (good / "chart" / name).parent.mkdir(exist_ok=True)
        (good / "chart" / name).write_text(text)
    for extra in (good / "chart/templates").iterdir():
        if extra.name not in ("map.yaml", "test.yaml"):
            extra.unlink()
    (good / "chart/values.schema.json").unlink(missing_ok=True)
    for name in ("dev", "production"):
        (good / f"environments/{name}/release.yaml").unlink()
        (good / f"environments/{name}/environment.yaml").write_text(
            f"apiVersion: gitops-gen/v1\nkind: Environment\nstage: {name}\n"
        )
    return good


@pytest.fixture(params=["embedded", "helm", "helm3"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "embedded":
        return "embedded"
    monkeypatch.setenv("GITOPS_GEN_HELM", helm_binary.require(request.param))
    return "binary"


@pytest.mark.parametrize(
    ("helm", "lines"),
    [
        ({"releaseName": "other"}, ["metadata: {name: other, namespace: shop-dev}"]),
        ({"releaseName": None}, ["metadata: {name: shop-dev, namespace: shop-dev}"]),
        ({"namespace": "elsewhere"}, ["metadata: {name: shop, namespace: elsewhere}"]),
        ({"kubeVersion": "v1.31.4"}, ["kubernetes: v1.31.4"]),
        ({"apiVersions": ["monitoring.coreos.com/v1/ServiceMonitor"]}, ['monitored: "true"']),
        ({"valuesObject": {"replicas": 3}}, ['replicas: "3"', 'hosts: "[\\"dev.example.com\\"]"']),
        ({"values": "replicas: 4\nname: b"}, ['replicas: "4"', 'name: "\\"b\\""']),
        ({"valuesObject": {"replicas": None, "name": "b"}}, ['replicas: "2"', 'name: "\\"b\\""']),
        (
            {"valuesObject": {"replicas": 3}, "parameters": [{"name": "replicas", "value": "5"}]},
            ['replicas: "5"'],
        ),
        ({"parameters": [{"name": "name", "value": "5", "forceString": True}]}, ['name: "\\"5\\""']),
        ({"parameters": [{"name": "hosts[1]", "value": "a,b"}]}, ['hosts: "[\\"dev.example.com\\",\\"a,b\\"]"']),
    ],
)
def test_an_option_reaches_helm(
    helm: dict[str, object], lines: list[str], engine: str, shop: Path, gitops_gen: GitopsGen
) -> None:
    (shop / "environments/dev/environment.yaml").write_text(ENVIRONMENT % json.dumps(helm))
    result = gitops_gen(shop, "--engine", engine, "render", "dev")
    assert result.code == 0, result.err
    assert [line for line in lines if line not in result.out] == []


@pytest.mark.parametrize(("option", "kind"), [("skipTests", "Pod"), ("skipCrds", "CustomResourceDefinition")])
def test_tests_and_crds_are_left_out(option: str, kind: str, engine: str, shop: Path, gitops_gen: GitopsGen) -> None:
    before = gitops_gen(shop, "--engine", engine, "render", "dev")
    (shop / "environments/dev/environment.yaml").write_text(ENVIRONMENT % json.dumps({option: True}))
    after = gitops_gen(shop, "--engine", engine, "render", "dev")
    assert f"kind: {kind}" in before.out
    assert f"kind: {kind}" not in after.out


def test_the_clusters_api_versions_count_unless_the_application_names_others(shop: Path, gitops_gen: GitopsGen) -> None:
    project = shop / "gitops.yaml"
    entry = "server: https://kubernetes.default.svc\n"
    versions = "    apiVersions: [monitoring.coreos.com/v1/ServiceMonitor]\n"
    project.write_text(project.read_text().replace(entry, entry + versions))
    assert 'monitored: "true"' in gitops_gen(shop, "render", "dev").out
    (shop / "environments/dev/environment.yaml").write_text(ENVIRONMENT % '{"apiVersions": ["example.com/v1"]}')
    assert 'monitored: "false"' in gitops_gen(shop, "render", "dev").out


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("policy/v1/PodDisruptionBudget", "true"),
        ("networking.k8s.io/v1/Ingress", "true"),
        ("policy/v1beta1/PodDisruptionBudget", "false"),
        ("monitoring.coreos.com/v1/ServiceMonitor", "false"),
    ],
)
def test_helm_gets_the_kinds_of_kubernetes(
    asked: str, answer: str, engine: str, shop: Path, gitops_gen: GitopsGen
) -> None:
    for template in (shop / "chart/templates").rglob("*.yaml"):
        template.write_text(template.read_text().replace("monitoring.coreos.com/v1/ServiceMonitor", asked))
    result = gitops_gen(shop, "--engine", engine, "render", "dev")
    assert f'monitored: "{answer}"' in result.out, result.err


def test_explain_names_the_parameter(shop: Path, gitops_gen: GitopsGen) -> None:
    helm = {"valuesObject": {"replicas": 3}, "parameters": [{"name": "replicas", "value": "5"}]}
    (shop / "environments/dev/environment.yaml").write_text(ENVIRONMENT % json.dumps(helm))
    said = gitops_gen(shop, "explain", "dev", "replicas").out
    assert said.splitlines()[0] == "replicas: 5"
    assert "* Application's parameters  environments/dev/environment.yaml:9  5" in said
