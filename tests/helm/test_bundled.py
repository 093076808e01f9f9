"""The Helm of each Argo CD: which one renders, and what is said where it cannot be had."""

import json
import tarfile
from pathlib import Path

import pytest

from gitops_gen.helm import choice
from gitops_gen.helm.binary import programs
from gitops_gen.helm.bundled import helm_of, renders_alike, umbrella_nulls
from tests import helm_binary
from tests.conftest import GitopsGen, commit_all


@pytest.mark.parametrize(
    ("argocd", "helm"),
    [("3.2", "3.18"), ("3.3.1", "3.19"), ("3.4", "3.19"), ("v3.5.7", "4.2"), ("3.9", "4.2"), ("2.14", ""), ("", "")],
)
def test_the_helm_of_an_argo_cd(argocd: str, helm: str) -> None:
    assert helm_of(argocd) == helm


def test_versions_that_treat_nulls_alike() -> None:
    assert renders_alike("v3.18.4", "3.19")
    assert renders_alike("v4.2.3", "4.2")
    assert not renders_alike("v4.2.3", "3.19")
    assert not renders_alike("v4.1.4", "4.2")


def umbrella(folder: Path) -> Path:
    """A chart whose values delete a subchart's default, which Helm 4.2 does not."""
    (folder / "charts/cache/templates").mkdir(parents=True)
    (folder / "charts/cache/Chart.yaml").write_text("apiVersion: v2\nname: cache\nversion: 1.0.0\n")
    (folder / "charts/cache/values.yaml").write_text("probe: {http: {port: 1}}\nnothing: null\n")
    (folder / "charts/cache/templates/map.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cache}\n"
        "data: {probe: {{ .Values.probe | toJson | quote }}}\n"
    )
    return folder


def test_nulls_of_charts_with_subcharts(tmp_path: Path) -> None:
    chart = umbrella(tmp_path / "chart")
    (chart / "values.yaml").write_text("cache: {probe: {http: null}}\nlist: [{a: null}]\n")
    assert umbrella_nulls(chart) == ["values.yaml: cache.probe.http", "values.yaml: list[0].a"]
    with tarfile.open(tmp_path / "chart.tgz", "w:gz") as archive:
        archive.add(chart, "chart")
    assert umbrella_nulls(tmp_path / "chart.tgz") == [
        "chart.tgz/chart/values.yaml: cache.probe.http",
        "chart.tgz/chart/values.yaml: list[0].a",
    ]
    assert umbrella_nulls(chart / "charts/cache") == []


@pytest.fixture
def shop(good: Path) -> Path:
    """The good project with a subchart, of which the chart's values delete a default."""
    umbrella(good / "chart")
    (good / "chart/values.schema.json").unlink()
    values = good / "chart/values.yaml"
    values.write_text(values.read_text() + "cache: {probe: {http: null}}\n")
    return good


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Helm on PATH, unless a test names one; git is there."""
    monkeypatch.setattr("gitops_gen.helm.binary.shutil.which", lambda _: None)
    monkeypatch.delenv("GITOPS_GEN_HELM", raising=False)
    programs.cache_clear()
    choice._program_like.cache_clear()


def declare(project: Path, version: str) -> None:
    file = project / "gitops.yaml"
    file.write_text(file.read_text() + f'argocd: {{version: "{version}"}}\n')


def test_a_helm_that_cannot_be_had_is_noted(shop: Path, gitops_gen: GitopsGen) -> None:
    said = gitops_gen(shop, "plan", "dev").out
    assert "the two treat nulls differently: values.yaml: cache.probe.http (helm-version-differs)" in said
    declare(shop, "3.4")
    said = gitops_gen(shop, "plan", "dev").out
    assert "note: rendered with Helm v4.2.3; Argo CD 3.4 renders with Helm 3.19" in said
    assert '"{\\"http\\":{\\"port\\":1}}"' in gitops_gen(shop, "render", "dev").out


def test_the_newest_argo_cd_needs_no_note(shop: Path, gitops_gen: GitopsGen) -> None:
    declare(shop, "3.5")
    assert "helm-version-differs" not in gitops_gen(shop, "plan", "dev").out


def test_a_program_of_that_version_is_used(shop: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", helm_binary.require("helm3"))
    declare(shop, "3.4")
    assert 'probe: "{}"' in gitops_gen(shop, "render", "dev").out
    plan = json.loads(gitops_gen(shop, "plan", "dev", "--output", "json").out)["plans"][0]
    assert plan["helm"] == {"version": "v3.19", "engine": "binary", "argocd": "3.4", "bundled": "3.19"}
    assert [note["rule"] for note in plan["notes"]] == []


def test_a_cluster_has_its_own_argo_cd(shop: Path, gitops_gen: GitopsGen) -> None:
    declare(shop, "3.5")
    file = shop / "gitops.yaml"
    file.write_text(file.read_text().replace("    name: us-1\n", '    name: us-1\n    argocd: "3.3"\n'))
    (shop / "environments/dev/environment.yaml").write_text(
        "apiVersion: gitops-gen/v1\nkind: Environment\nstage: dev\ncluster: us\nvalues: {hosts: [a]}\n"
    )
    assert "Argo CD 3.3 renders with Helm 3.19" in gitops_gen(shop, "plan", "dev").out
    assert "helm-version-differs" not in gitops_gen(shop, "plan", "production").out


def test_diff_says_which_helm_rendered(shop: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(shop, "3.4")
    commit_all(shop)
    environment = shop / "environments/dev/environment.yaml"
    environment.write_text(environment.read_text().replace("values:\n", "values:\n  replicas: 7\n"))
    noted = "rendered with Helm v4.2.3; Argo CD renders with Helm 3.19, and the two treat nulls differently"
    assert noted in gitops_gen(shop, "diff", "dev").out
    assert noted in gitops_gen(shop, "diff", "dev", "--output", "markdown").out
    said = json.loads(gitops_gen(shop, "diff", "dev", "--output", "json").out)
    assert said["helm"] == ["v4.2.3"]
    (note,) = [item for item in said["consequences"] if item["effect"] == "notes"]
    assert note["detail"].startswith(noted)
    monkeypatch.setenv("GITOPS_GEN_HELM", helm_binary.require("helm3"))
    programs.cache_clear()
    choice._program_like.cache_clear()
    said = json.loads(gitops_gen(shop, "diff", "dev", "--output", "json").out)
    assert said["helm"] == ["v3.19"]
    assert [item for item in said["consequences"] if item["effect"] == "notes"] == []


def test_diff_names_another_helm_without_nulls(good: Path, gitops_gen: GitopsGen) -> None:
    declare(good, "3.4")
    commit_all(good)
    environment = good / "environments/dev/environment.yaml"
    environment.write_text(environment.read_text().replace("values:\n", "values:\n  replicas: 7\n"))
    said = gitops_gen(good, "diff", "dev").out
    assert "rendered with Helm v4.2.3; Argo CD renders with Helm 3.19" in said
    assert "nulls" not in said
