"""The place of a finding in a template, and the values that are used there."""

import pytest

from gitops_gen.rules.places import template_place
from gitops_gen.yaml.key_paths import KeyPath

TEMPLATE = """\
{{- $app := .Values.app }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: {{ $app.replicas }}
  template:
    spec:
      containers:
        - name: first
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          env:
            {{- with .Values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
        - name: second
          image: second:1
          resources:
            {{- toYaml $app.resources | nindent 12 }}
---
kind: Service
metadata:
  name: web
spec:
  ports:
  - name: http
    port: {{ .Values.port }}
  - name: metrics
    port: 9090
"""
POD: KeyPath = ("spec", "template", "spec", "containers")
CASES: list[tuple[str, KeyPath, str, tuple[KeyPath, ...]]] = [
    ("Deployment/web", ("spec", "replicas"), "  replicas: {{ $app.replicas }}", (("app", "replicas"),)),
    (
        "Deployment/web",
        (*POD, 0, "image"),
        '          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"',
        (("image", "repository"), ("image", "tag")),
    ),
    ("Deployment/web", (*POD, 1, "image"), "          image: second:1", ()),
    ("Deployment/web", (*POD, 0, "env", 3, "value"), "          env:", (("extraEnv", 3, "value"),)),
    (
        "Deployment/web",
        (*POD, 1, "resources", "limits", "cpu"),
        "          resources:",
        (("app", "resources", "limits", "cpu"),),
    ),
    ("Service/web", ("spec", "ports", 1, "port"), "    port: 9090", ()),
    ("Service/web", ("spec", "ports", 0, "port"), "    port: {{ .Values.port }}", (("port",),)),
    ("Service/web", ("spec", "selector"), "spec:", ()),
    ("Service/web", (), "kind: Service", ()),
]


@pytest.mark.parametrize(("item", "path", "line", "values"), CASES)
def test_the_line_of_a_path(item: str, path: KeyPath, line: str, values: tuple[KeyPath, ...]) -> None:
    place = template_place(TEMPLATE, item, path)
    assert place
    assert (TEMPLATE.splitlines()[place.line - 1], set(values) - set(place.values)) == (line, set())


def test_a_kind_that_the_template_does_not_have() -> None:
    assert template_place(TEMPLATE, "Job/web", ("spec",)) is None


REFERENCES = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: shop-web
spec:
  scaleTargetRef:
    kind: Deployment
    name: shop-web
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-worker
spec:
  replicas: 1
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  replicas: 2
---
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop-one
    spec:
      replicas: 3
  - kind: Deployment
    apiVersion: apps/v2
    metadata:
      name: shop-two
    spec:
      replicas: 4
"""


@pytest.mark.parametrize(
    ("name", "path", "line"),
    [
        ("shop-web", ("spec", "replicas"), "  replicas: 2"),
        ("shop-worker", ("spec", "replicas"), "  replicas: 1"),
        ("shop-one", ("spec", "replicas"), "      replicas: 3"),
        ("shop-two", ("spec", "replicas"), "      replicas: 4"),
        ("shop-two", ("apiVersion",), "    apiVersion: apps/v2"),
    ],
)
def test_the_object_is_found_among_references_and_others(name: str, path: KeyPath, line: str) -> None:
    place = template_place(REFERENCES, f"Deployment/{name}", path)
    assert place
    assert REFERENCES.splitlines()[place.line - 1] == line
