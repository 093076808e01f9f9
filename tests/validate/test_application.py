"""`validate --application`: an Application of any repository, in a checkout of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GitopsGen

FILE = "argocd/shop.yaml"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  annotations:
    argocd.argoproj.io/manifest-generate-paths: .;/environments/production
spec:
  project: default
  destination: {namespace: shop, server: https://kubernetes.default.svc}
  source:
    repoURL: https://git.example.com/shop.git
    path: chart
    helm:
      valueFiles:
      - ../environments/production/values.yaml
      parameters: [{name: replicas, value: "2"}]
  syncPolicy:
    automated: {}
    retry: {limit: -1, refresh: true}
"""
CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {replicas: {{ .Values.replicas | quote }}, host: {{ .Values.host | quote }}}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    files = {
        ".git/HEAD": "ref: refs/heads/main\n",
        FILE: APPLICATION,
        "chart/Chart.yaml": CHART,
        "chart/values.yaml": "replicas: 1\nhost: ''\n",
        "chart/templates/settings.yaml": TEMPLATE,
        "environments/production/values.yaml": "host: shop.example.com\n",
        "manifests/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: 1}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def findings(gitops_gen: GitopsGen, folder: Path) -> list[tuple[str, str, int]]:
    result = gitops_gen(folder, "validate", "--application", FILE, "--sync-timeout", "30m", "--output", "json")
    found: list[dict[str, Any]] = json.loads(result.out)["findings"]
    assert result.code == (1 if any(item["severity"] == "error" for item in found) else 0)
    return [(item["rule"], item["file"], item["line"]) for item in found]


def change(folder: Path, old: str, new: str, file: str = FILE) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def test_a_good_application_has_no_finding(checkout: Path, gitops_gen: GitopsGen) -> None:
    assert findings(gitops_gen, checkout) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("production/values.yaml", "prod/values.yaml", ("value-file-missing", 15)),
        ("../environments/production/values.yaml", "../../values.yaml", ("value-file-outside", 15)),
        (".;/environments/production", ".;/environments/staging", ("generate-paths-incomplete", 6)),
        (".;/environments/production", "/environments/*", ("generate-paths-incomplete", 6)),
        ("path: chart", "path: charts", ("source-path-missing", 12)),
        ("server: https", "name: eu-1, server: https", ("application-destination", 9)),
        ("  source:\n", "  sources: []\n  sourse:\n", ("application-without-source", 7)),
        ("limit: -1, ", "limit: 3, ", ("retry-limit-finite", 0)),
    ],
)
def test_what_argo_cd_refuses_or_overlooks_is_found(
    checkout: Path, gitops_gen: GitopsGen, old: str, new: str, found: tuple[str, int]
) -> None:
    (checkout / ".git/config").write_text('[remote "origin"]\n  url = https://git.example.com/shop.git\n')
    (checkout / ".git/objects").mkdir()
    (checkout / ".git/refs").mkdir()
    change(checkout, old, new)
    assert (found[0], FILE, found[1] or None) in findings(gitops_gen, checkout)


def test_what_it_renders_is_judged_with_its_values(checkout: Path, gitops_gen: GitopsGen) -> None:
    change(checkout, "{{ .Values.replicas | quote }}", "{{ .Values.replicas }}", "chart/templates/settings.yaml")
    assert findings(gitops_gen, checkout) == [("value-not-a-string", "chart/templates/settings.yaml", 4)]
    change(checkout, 'value: "2"', "value: two")
    assert findings(gitops_gen, checkout) == []


def test_a_folder_of_manifests_is_judged_at_its_lines(checkout: Path, gitops_gen: GitopsGen) -> None:
    change(checkout, "path: chart\n", "path: manifests\n")
    found = findings(gitops_gen, checkout)
    assert ("value-not-a-string", "manifests/settings.yaml", 4) in found


def test_an_application_that_applies_itself_is_found(checkout: Path, gitops_gen: GitopsGen) -> None:
    change(checkout, "path: chart\n", "path: .\n    directory: {recurse: true, exclude: 'chart/*'}\n")
    assert ("application-includes-itself", FILE, 4) in findings(gitops_gen, checkout)


def test_a_source_that_is_elsewhere_is_said_to_be_unread(checkout: Path, gitops_gen: GitopsGen) -> None:
    change(checkout, "path: chart\n", "chart: shop\n    targetRevision: 1.0.0\n")
    assert ("source-not-rendered", FILE, 10) in findings(gitops_gen, checkout)


@pytest.mark.parametrize(
    "written",
    ["https://example.com/values.yaml", "../environments/*/values.yaml", "../$ARGOCD_APP_NAME.yaml", "$a/b.yaml"],
)
def test_a_value_file_that_is_not_read_is_named(checkout: Path, gitops_gen: GitopsGen, written: str) -> None:
    change(checkout, "../environments/production/values.yaml", written)
    assert ("source-not-rendered", FILE, 15) in findings(gitops_gen, checkout)


def test_value_files_of_a_named_source_are_read(checkout: Path, gitops_gen: GitopsGen) -> None:
    change(
        checkout,
        "  source:\n    repoURL",
        "  sources:\n  - {repoURL: https://git.example.com/shop, ref: values}\n  - repoURL",
    )
    change(checkout, "- ../environments/", "- $values/environments/")
    assert findings(gitops_gen, checkout) == []
    change(checkout, "production/values.yaml", "prod/values.yaml")
    assert ("value-file-missing", FILE, 16) in findings(gitops_gen, checkout)


def test_a_file_without_an_application_is_an_error(checkout: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(checkout, "validate", "--application", "manifests/settings.yaml")
    assert (result.code, "has no Application" in result.err) == (1, True)
