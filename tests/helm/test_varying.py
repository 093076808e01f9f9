"""Charts that render something else each time, and what of them `plan` and `diff` say."""

from pathlib import Path

import pytest

from gitops_gen.compare.steady import VARYING, steadied
from gitops_gen.helm.varying import varies
from tests.conftest import GitopsGen, commit_all

SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: made}
data:
  password: %s
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  progressDeadlineSeconds: 300
  selector: {matchLabels: {app: d}}
  template:
    metadata:
      labels: {app: d}
      annotations:
        checksum/secret: {{ include (print $.Template.BasePath "/secret.yaml") . | sha256sum }}
    spec:
      containers: [{name: d, image: nginx}]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {{ randAlphaNum 5 }}", True),
        ('a: {{- genCA "ca" 365 | toJson -}}', True),
        ("a: {{ .Values.x | default\n  (uuidv4) }}", True),
        ('a: {{ now | date "2006" }}', True),
        ('{{ $ca := genSelfSignedCertWithKey "a" nil nil 1 .k }}', True),
        ("a: {{ .Values.now }} {{ $uuidv4 }} {{ .randInt }}", False),
        ('a: now {{ fail "set it now" }} {{/* randAlpha */}}', False),
        ('a: {{ include "shuffle-now" . }} {{ nowhere }}', False),
    ],
)
def test_a_function_is_found_where_it_is_called(text: str, expected: bool, tmp_path: Path) -> None:  # noqa: FBT001
    (tmp_path / "charts/sub/templates").mkdir(parents=True)
    (tmp_path / "charts/sub/templates/_a").write_text(text)
    (tmp_path / "README.md").write_text("{{ randAlphaNum 5 }}")
    assert varies(tmp_path) is expected


@pytest.mark.parametrize(
    ("text", "again", "steady"),
    [
        ("a: abc", "a: abd", f"a: {VARYING}"),
        ('a: "YWJj+/=="\nb: 1', 'a: "YWJk+/=="\nb: 1', f'a: "{VARYING}"\nb: 1'),
        ("name: job-x1y2\n", "name: job-z3\n", f"name: {VARYING}\n"),
        ("a: 1\nb: x1\nc: 2\nd: 3", "a: 1\nb: y2\nc: 2", f"a: 1\nb: {VARYING}\nc: 2\nd: 3"),
        ("a: {b: one, c: two}", "a: {b: six, c: two}", f"a: {{b: {VARYING}, c: two}}"),
        ("a: 1", "a: 1", "a: 1"),
    ],
)
def test_a_word_that_differs_is_replaced_as_a_whole(text: str, again: str, steady: str) -> None:
    assert steadied(text, again) == (steady, steady.count(VARYING))


def write(project: Path, password: str) -> None:
    templates = project / "chart/templates"
    (templates / "secret.yaml").write_text(SECRET % password)
    (templates / "deployment.yaml").write_text(DEPLOYMENT)


@pytest.fixture
def shop(good: Path) -> Path:
    write(good, "{{ randAlphaNum 20 | b64enc }}")
    commit_all(good)
    return good


def test_plan_names_the_fields(shop: Path, gitops_gen: GitopsGen) -> None:
    said = gitops_gen(shop, "plan", "dev")
    assert said.code == 1
    assert "render-differs: Secret/made (chart/templates/secret.yaml" in said.out
    assert "differs in each render: data.password; self-heal syncs it again and again" in said.out
    assert "spec.template.metadata.annotations.checksum/secret; self-heal" in said.out


def test_ignored_differences_are_no_finding(shop: Path, gitops_gen: GitopsGen) -> None:
    ignored = [
        "{kind: Secret, name: made, jsonPointers: [/data]}",
        "{group: apps, kind: Deployment, jqPathExpressions: [.spec.template.metadata.annotations]}",
    ]
    file = shop / "environments/dev/environment.yaml"
    over = f"argocd: {{application: {{spec: {{ignoreDifferences: [{', '.join(ignored)}]}}}}}}\n"
    file.write_text(file.read_text() + over)
    assert "render-differs" not in gitops_gen(shop, "plan", "dev").out


def test_the_time_differs_at_another_time(good: Path, gitops_gen: GitopsGen) -> None:
    write(good, '{{ now | date "2006-01-02" | quote }}')
    assert "differs in each render: data.password" in gitops_gen(good, "plan", "dev").out


def test_a_value_that_is_set_is_no_finding(good: Path, gitops_gen: GitopsGen) -> None:
    write(good, '{{ "eA==" | default (randAlphaNum 20) }}')
    assert "render-differs" not in gitops_gen(good, "plan", "dev").out


def test_diff_leaves_out_what_differs_in_each_render(shop: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(shop, "diff").code == 0
    secret = shop / "chart/templates/secret.yaml"
    secret.write_text(secret.read_text().replace("{name: made}", "{name: made, labels: {a: b}}"))
    said = gitops_gen(shop, "diff").out
    assert "metadata.labels" in said
    assert "restarts" not in said
    assert "data.password" not in said
    assert "values that differ in each render" in said
