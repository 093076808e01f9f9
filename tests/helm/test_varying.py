"""Charts that render something else each time, and what of them `plan` and `diff` say."""

from pathlib import Path

import pytest

from gitops_gen.compare.steady import VARYING, steadied
from gitops_gen.helm.archive import packed
from gitops_gen.helm.varying import varying_functions
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
        ("a: {{ randAlphaNum 5 }}", {"randAlphaNum"}),
        ('a: {{- genCA "ca" 365 | toJson -}}', {"genCA"}),
        ("a: {{ .Values.x | default\n  (uuidv4) }}", {"uuidv4"}),
        ('a: {{ now | date "2006" }} {{ .Values.since | toDate "2006" | ago }}', {"now", "ago", "date"}),
        ('{{ $ca := genSelfSignedCertWithKey "a" nil nil 1 .k }}', {"genSelfSignedCertWithKey"}),
        ('{{ keys .Values.hosts | join "," }} {{ keys .Values | sortAlpha | first }}', {"keys"}),
        ('{{ "{{ now }}" }} {{`{{ uuidv4 }}`}} {{/* `" */}}{{ ago .x }}', {"ago"}),
        ("a: {{ .Values.now }} {{ $uuidv4 }} {{ .randInt }} {{ $keys }}", set()),
        ('a: now {{ fail "set it now" }} {{/* randAlpha */}}', set()),
        ('a: {{ include "shuffle-now" . }} {{ nowhere }} {{ sortAlpha (keys .Values) }}', set()),
    ],
)
@pytest.mark.parametrize("file", ["templates/_a", "values.yaml", "files/app.conf", "charts/sub/templates/a.yaml"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_function_is_found_where_it_is_called(
    text: str,
    expected: set[str],
    file: str,
    is_packed: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    target = tmp_path / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    (tmp_path / "README.md").write_text("{{ randAlphaNum 5 }}")
    if is_packed:
        (tmp_path / "charts").mkdir(exist_ok=True)
        (tmp_path / "charts/packed-1.0.0.tgz").write_bytes(packed({f"packed/{file}": text.encode()}))
        target.unlink()
    assert varying_functions(tmp_path) == expected


@pytest.mark.parametrize(
    ("text", "again", "steady"),
    [
        ("a: abc", "a: abd", f"a: {VARYING}"),
        ('a: "YWJj+/=="\nb: 1', 'a: "YWJk+/=="\nb: 1', f'a: "{VARYING}"\nb: 1'),
        ("name: job-x1y2\n", "name: job-z3\n", f"name: {VARYING}\n"),
        ("a: 1\nb: x1\nc: 2\nd: 3", "a: 1\nb: y2\nc: 2", f"a: 1\nb: {VARYING}\nc: 2\nd: 3"),
        ("a: {b: one, c: two}", "a: {b: six, c: two}", f"a: {{b: {VARYING}, c: two}}"),
        ('a: "ca\\nMIx1\\n"', 'a: "ca\\nMIy1\\n"', f'a: "{VARYING}"'),
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


@pytest.mark.parametrize(
    ("text", "varies"),
    [
        ('{{ date "2006-01-02" "" }}', True),
        ("{{ .Values.missing | htmlDate | quote }}", True),
        ('{{ "2024-01-01" | date "2006" | quote }}', True),
        ('{{- $year := dateInZone "2006" "" "UTC" -}}{{ $year | quote }}', True),
        ('{{ tpl "{{ date_in_zone `2006` `` `UTC` }}" . | quote }}', False),
        ('{{ date "2006-01-02 15:04" (toDate "2006" "2024") }}', False),
        ('{{ toDate "2006" "2024" | htmlDate | quote }}', False),
        ('{{ htmlDateInZone 86399 "Asia/Tokyo" }}{{ dateInZone "15:04" 60 "Asia/Tokyo" | quote }}', False),
        ('{{ "{{ now | date `2006` }}" | quote }}', False),
        ('{{ .Files.Get "files/alert.tmpl" | toJson }}', False),
    ],
)
def test_a_date_of_no_time_is_that_of_the_render(good: Path, gitops_gen: GitopsGen, text: str, varies: bool) -> None:  # noqa: FBT001
    (good / "chart/files").mkdir()
    (good / "chart/files/alert.tmpl").write_text('{{ .StartsAt | date "15:04" }} {{ now }}')
    write(good, text)
    said = gitops_gen(good, "plan", "dev")
    assert "Secret/made" in said.out, said.err
    assert ("differs in each render" in said.out) is varies


SUBCHART = {
    "sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
    "sub/values.yaml": 'text: "{{ .Release.Name }}"\n',
    "sub/files/made.txt": "plain",
    "sub/templates/made.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: made}
data:
  file: {{ tpl (.Files.Get "files/made.txt") . | quote }}
  text: {{ tpl .Values.text . | quote }}
""",
}


@pytest.mark.parametrize(
    ("file", "text", "key"),
    [
        ("sub/files/made.txt", "{{ now | unixEpoch }}", "data.file"),
        ("sub/files/made.txt", '{{ (toDate "2006-01-02" "2020-01-01") | ago }}', "data.file"),
        ("sub/files/made.txt", '{{- keys (dict "a" 1 "b" 2) | join "," }}', "data.file"),
        ("sub/files/made.txt", '{{- first (keys (dict "a" 1 "b" 2 "c" 3)) -}}', "data.file"),
        ("sub/values.yaml", "text: '{{ now | date \"2006\" }}'", "data.text"),
        ("sub/values.yaml", "text: '{{ uuidv4 }}'", "data.text"),
        ("sub/values.yaml", "text: '{{ (genCA \"ca\" 1).Cert }}'", "data.text"),
        ("values", "{text: '{{ now | date \"2006\" }}'}", "data.text"),
        ("values", "{text: '{{ randAlphaNum 9 }}'}", "data.text"),
    ],
)
def test_what_varies_in_a_packed_subchart_is_found(
    good: Path, gitops_gen: GitopsGen, file: str, text: str, key: str
) -> None:
    files = {**SUBCHART, file: text} if file in SUBCHART else SUBCHART
    (good / "chart/charts").mkdir()
    (good / "chart/values.schema.json").unlink()  # which knows no subchart
    archive = packed({name: content.encode() for name, content in files.items()})
    (good / "chart/charts/sub-1.0.0.tgz").write_bytes(archive)
    chart = good / "chart/Chart.yaml"
    chart.write_text(f"{chart.read_text()}dependencies: [{{name: sub, version: 1.0.0, repository: https://c.example}}]")
    commit_all(good)
    if file == "values":
        environment = good / "environments/dev/environment.yaml"
        environment.write_text(environment.read_text().replace("values:\n", f"values:\n  sub: {text}\n"))
        commit_all(good)
    planned = gitops_gen(good, "plan", "dev")
    assert planned.out, planned.err
    said = planned.out
    assert "render-differs: ConfigMap/made" in said
    assert f"differs in each render: {key};" in said
    (good / "chart/templates/another.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: another}\n")
    difference = gitops_gen(good, "diff", "dev").out
    assert "ConfigMap/another" in difference
    assert "ConfigMap/made" not in difference


def test_keys_in_another_order_are_no_finding(good: Path, gitops_gen: GitopsGen) -> None:
    text = """{{ $found := keys (dict "a" 1 "b" 2) }}{{ sortAlpha $found | join "," | b64enc }}"""
    write(good, f"{text}{{{{ len (values .Values) | toString | b64enc }}}}")
    assert "render-differs" not in gitops_gen(good, "plan", "dev").out


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


def test_an_archive_that_is_no_subchart_is_not_unpacked(tmp_path: Path) -> None:
    bomb = packed({"a/templates/a.yaml": b"{{ now }}"})
    for place in ("files/a.tgz", "files/charts/a.tgz", "templates/a.tgz"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(bomb)
    assert varying_functions(tmp_path) == frozenset()
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts/a.tgz").write_bytes(packed({"a/charts/b.tgz": bomb, "a/files/c.tgz": b"no archive"}))
    assert varying_functions(tmp_path) == {"now"}
