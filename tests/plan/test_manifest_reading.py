"""Rendered streams: documents, templates, identity, host names; and objects of any shape, which must never be a bug."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_gen.errors import ProblemsError
from gitops_gen.manifests.hosts import host_names
from gitops_gen.manifests.objects import parse
from gitops_gen.manifests.pods import Pod, pod_of, references
from gitops_gen.manifests.secrets import made_secrets, perhaps_made_secrets, provided_keys, secret_uses
from gitops_gen.output.json.plan import plan_entry
from gitops_gen.output.plan_mermaid import mermaid_lines
from gitops_gen.output.plan_text import plan_lines
from gitops_gen.rules.sync import judge
from tests.plan.manifest_kit import API, objects, planned, thing

STREAM = """\
---
# Source: demo/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: demo}
data:
  text: |
    ---- not a separator
--- # a comment
# Source: demo/charts/sub/templates/b.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: b}
---
# Source: demo/templates/empty.yaml
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: c, namespace: other}}
"""


def test_each_object_knows_its_name_its_template_and_its_line() -> None:
    found = parse(STREAM, "out.yaml", namespace="demo")
    assert [(str(item.id), item.source) for item in found] == [
        ("ConfigMap/a", "demo/templates/a.yaml"),
        ("Deployment/b", "demo/charts/sub/templates/b.yaml"),
        ("other:Secret/c", "demo/templates/empty.yaml"),
    ]
    assert [item.line for item in found] == [1, 9, 16]


def test_the_charts_folder_stands_for_its_name() -> None:
    found = parse(STREAM, "out.yaml", namespace="demo", chart="helm/demo")
    assert found[1].source == "helm/demo/charts/sub/templates/b.yaml"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\n---\n- 1\n", 2, "is not a Kubernetes object"),
        ("---\nkind: Job\nmetadata: {name: a}\n", 1, "has no apiVersion"),
        ("---\napiVersion: v1\nkind: Secret\n", 1, "has no metadata.name"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: 12}\n", 1, "has no metadata.name that is a string: 12 needs"),
        ("---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\na: b: c\n", 6, "is not YAML"),
    ],
)
def test_what_is_no_object_is_named_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        parse(text, "out.yaml")
    assert any(item.line == line and message in item.message for item in caught.value.problems)


HOSTS = host_names([("redis", frozenset({6379})), ("postgres", frozenset({5432})), ("app", frozenset({8000}))])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("redis://redis:6379/0", ["redis"]),
        ("redis://:secret@redis/0", ["redis"]),
        ("postgresql://app:pw@postgres/app", ["postgres"]),
        ("postgres://app@db.example:5432/app", []),
        ("until nc -z redis 6379; do sleep 1; done", ["redis"]),
        ("pg_isready -h postgres", ["postgres"]),
        ("psql --host=postgres --dbname app", ["postgres"]),
        ("http://app.demo.svc.cluster.local/health", ["app"]),
        ("app.demo.svc", ["app"]),
        ("app.example.com:8000", []),
        ("myapp:8000 app-web:8000", []),
        ("redis:7-alpine", []),
        ("run app with redis", []),
        ("echo app 8000", ["app"]),
        ("gen --cert-dns=app.demo.svc --alt-names app.demo.svc", []),
    ],
)
def test_host_names_in_text(text: str, found: list[str]) -> None:
    assert list(dict.fromkeys(HOSTS.in_text(text))) == found


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("REDIS_HOST", "redis", ["redis"]),
        ("PGHOST", "postgres", ["postgres"]),
        ("POSTGRES_SEEDS", "postgres,other", ["postgres"]),
        ("APP_NAME", "app", []),
        ("DATABASE", "postgres", []),
        ("CERT_SANS", "app,app.demo.svc", []),
        ("TLS_DNS_NAMES", "app.demo.svc", []),
        ("PUBLIC_URL", "http://app.demo.svc", []),
    ],
)
def test_host_names_in_variables(name: str, value: str, found: list[str]) -> None:
    assert list(dict.fromkeys(HOSTS.in_variable(name, value))) == found


def test_secrets_are_named_with_their_keys_and_readers() -> None:
    container = {
        "name": "main",
        "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
        "envFrom": [{"secretRef": {"name": "all", "optional": True}}],
    }
    volumes = [{"name": "tls", "secret": {"secretName": "tls", "items": [{"key": "tls.crt", "path": "a"}]}}]
    pod = {"containers": [container], "volumes": volumes}
    uses = secret_uses(objects(thing("Deployment", "d", spec={"template": {"spec": pod}})))
    assert [(use.secret, use.key, use.optional) for use in uses] == [
        ("tls", "tls.crt", False),
        ("all", "", True),
        ("db", "password", False),
    ]


@pytest.mark.parametrize(
    ("kind", "api"), [("CloneSet", "apps.kruise.io/v1alpha1"), ("Service", "serving.knative.dev/v1")]
)
def test_pods_of_a_custom_resource_are_read_like_those_of_a_deployment(kind: str, api: str) -> None:
    pod = {"serviceAccountName": "web", "containers": [{"name": "main"}]}
    (found,) = objects({**thing(kind, "a", spec={"template": {"spec": pod}}), "apiVersion": api})
    assert [(item.kind, item.name) for item in references(pod_of(found) or Pod(labels={}, spec={}))] == [
        ("ServiceAccount", "web")
    ]


@pytest.mark.parametrize(
    "container",
    [
        {"args": ["create", "--secret-name", "tls"]},
        {"args": ["gen", "--tls-secret=tls"]},
        {"command": ["sh", "-c", "kubectl create secret generic --from-literal=a=b tls"]},
        {"command": ["sh", "-c", "kubectl apply -f - <<END\nkind: Secret\nmetadata:\n  name: tls\nEND"]},
        {"env": [{"name": "SECRET_NAME", "value": "tls"}]},
    ],
)
def test_a_job_that_names_a_secret_perhaps_makes_it(container: dict[str, object]) -> None:
    (job,) = objects(thing("Job", "a", spec={"template": {"spec": {"containers": [container]}}}))
    assert perhaps_made_secrets(job) == ("tls",)


def test_an_external_secret_makes_its_target() -> None:
    named, bare = objects(thing("ExternalSecret", "a", spec={"target": {"name": "b"}}), thing("ExternalSecret", "c"))
    assert (made_secrets(named), made_secrets(bare)) == (("b",), ("c",))


DATA = [{"secretKey": "user", "remoteRef": {"key": "app/db"}}]


@pytest.mark.parametrize(
    ("kind", "spec", "keys"),
    [
        ("ExternalSecret", {"data": DATA}, {"user"}),
        ("ExternalSecret", {"data": DATA, "target": {"template": {"data": {"url": "x"}}}}, {"url"}),
        (
            "ExternalSecret",
            {
                "dataFrom": [{}],
                "target": {"template": {"data": {"url": "x"}, "templateFrom": [{"target": "Annotations"}]}},
            },
            {"url"},
        ),
        ("ExternalSecret", {"data": DATA, "target": {"template": {"templateFrom": [{"configMap": {}}]}}}, None),
        ("ExternalSecret", {"dataFrom": [{}]}, None),
        ("ClusterExternalSecret", {"externalSecretSpec": {"data": DATA}}, {"user"}),
        ("SealedSecret", {"encryptedData": {"a": "x"}, "template": {"data": {"b": "{{ .a }}"}}}, {"a", "b"}),
    ],
)
def test_the_keys_of_a_secret_that_is_made(kind: str, spec: dict[str, object], keys: set[str] | None) -> None:
    (maker,) = objects(thing(kind, "a", spec=spec))
    assert provided_keys(maker) == keys


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5)
WORDS = """
template spec metadata containers initContainers volumes env envFrom name valueFrom secretKeyRef configMap
secret command args selector ports labels replicas strategy target data scaleTargetRef rules http paths
backend tls secretStoreRef jobTemplate persistentVolumeClaim claimName projected sources items subjects
roleRef value
"""
keys = st.sampled_from(WORDS.split())
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(sorted(API)), trees, trees), min_size=1, max_size=4))
def test_objects_of_any_shape_are_planned(things: list[tuple[str, object, object]]) -> None:
    everything = []
    for index, (kind, spec, extra) in enumerate(things):
        item = thing(kind, f"x{index}", index % 2)
        everything.append({**item, "spec": spec, "data": extra, "subjects": extra})
    judged = judge(planned(*everything))
    assert plan_entry(judged)["name"] == "test"
    assert list(plan_lines(judged))
    assert list(mermaid_lines(judged))
