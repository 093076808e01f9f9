"""Argo CD's override files in a chart folder count where Argo CD reads them, in every command that renders."""

import subprocess
from pathlib import Path

import pytest

from gitops_gen.models.layout import PULLED
from tests.conftest import GitopsGen, commit_all, git

FILE = ".argocd-source-shop-dev.yaml"
IMAGE_UPDATER = """\
helm:
  parameters:
  - name: image.tag
    value: "9"
    forcestring: true
"""


@pytest.fixture
def shop(good: Path) -> Path:
    (good / "chart" / FILE).write_text(IMAGE_UPDATER)
    return good


@pytest.mark.parametrize("engine", ["embedded", "binary"])
def test_a_file_of_image_updater_reaches_helm(
    engine: str, shop: Path, gitops_gen: GitopsGen, helm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", helm)
    rendered = gitops_gen(shop, "--engine", engine, "render", "dev")
    assert rendered.code == 0, rendered.err
    assert "shop:9" in rendered.out
    assert "shop:9" not in gitops_gen(shop, "--engine", engine, "render", "production").out


def test_explain_names_the_file_and_line(shop: Path, gitops_gen: GitopsGen) -> None:
    said = gitops_gen(shop, "explain", "dev", "image.tag").out
    assert said.splitlines()[0] == 'image.tag: "9"'
    assert f'parameters of {FILE}  chart/{FILE}:3  "9"' in said


def test_the_generated_files_stay(shop: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(shop, "generate", "--check").code == 0
    assert gitops_gen(shop, "status").code == 0
    assert git(shop, "status", "--porcelain") == f"?? chart/{FILE}\n"


def test_the_difference_of_an_image_update(shop: Path, gitops_gen: GitopsGen) -> None:
    said = gitops_gen(shop, "diff").out
    assert "shop:9" in said
    assert "production" not in said
    commit_all(shop)
    assert gitops_gen(shop, "diff").code == 0
    (shop / "chart" / FILE).unlink()
    assert "shop:9" in gitops_gen(shop, "diff").out


def test_the_file_of_one_application_wins_over_that_of_all(shop: Path, gitops_gen: GitopsGen) -> None:
    (shop / "chart/.argocd-source.yaml").write_text("helm: {parameters: [{name: image.tag, value: v8}]}\n")
    assert "shop:9" in gitops_gen(shop, "render", "dev").out
    assert "shop:v8" in gitops_gen(shop, "render", "production").out


def test_a_null_takes_an_option_of_the_application_away(shop: Path, gitops_gen: GitopsGen) -> None:
    file = shop / "environments/dev/environment.yaml"
    helm = '{releaseName: other, valuesObject: {image: {tag: "7"}, replicas: 5}}'
    file.write_text(f"{file.read_text()}argocd: {{application: {{spec: {{source: {{helm: {helm}}}}}}}}}\n")
    (shop / "chart" / FILE).write_text("helm: {releaseName: null, valuesObject: {image: null}}\n")
    rendered = gitops_gen(shop, "render", "dev")
    assert rendered.code == 0, rendered.err
    assert "name: shop-dev" in rendered.out
    assert 'replicas: "5"' in rendered.out
    assert "shop:7" not in rendered.out


def test_what_argocd_puts_back_has_no_effect(shop: Path, gitops_gen: GitopsGen) -> None:
    (shop / "chart" / FILE).unlink()
    before = gitops_gen(shop, "render", "dev").out
    (shop / "chart" / FILE).write_text("repoURL: https://example.com/x.git\npath: elsewhere\ntargetRevision: v9\n")
    assert gitops_gen(shop, "render", "dev").out == before


def test_a_pinned_chart_has_the_files_of_its_tag(shop: Path, gitops_gen: GitopsGen) -> None:
    commit_all(shop, "v1.1.0")
    (shop / "chart" / FILE).unlink()
    release = shop / "environments/dev/release.yaml"
    release.write_text(f"{release.read_text()}chart: {{revision: v1.1.0}}\n")
    assert "shop:9" in gitops_gen(shop, "render", "dev").out
    assert f"chart@v1.1.0/{FILE}:3" in gitops_gen(shop, "explain", "dev", "image.tag").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("helm: {parameters: [{name: image.tag, value: 9}]}\n", ":1: helm.parameters[0].value: must be text in quotes"),
        ("helm: {parameters: {image.tag: x}}\n", ":1: helm.parameters: must be a list"),
        ("helm: {parametres: []}\n", ":1: helm.parametres: Argo CD ignores this field"),
        ("helm: {valueFiles: [more.yaml]}\n", ":1: helm.valueFiles: the generated values file is the only one"),
        ("helm: [\n", ":"),
        ("- helm\n", ":1: must be a map of fields"),
        ("kustomize: {images: [a]}\n", ":1: kustomize: the source is a Helm chart"),
    ],
)
def test_what_cannot_be_honoured_stops_its_environment_only(
    text: str, said: str, shop: Path, gitops_gen: GitopsGen
) -> None:
    (shop / "chart" / FILE).write_text(text)
    for command in (["render", "dev"], ["plan"], ["explain", "dev"], ["generate", "--check"], ["secrets", "dev"]):
        result = gitops_gen(shop, *command)
        assert result.code == 1, command
        assert f"chart/{FILE}{said}" in result.err
    assert gitops_gen(shop, "render", "production").code == 0


@pytest.mark.parametrize("engine", ["embedded", "binary"])
def test_a_pulled_chart_has_the_files_of_its_archive(
    engine: str, shop: Path, gitops_gen: GitopsGen, helm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", helm)
    pull(shop, helm)
    rendered = gitops_gen(shop, "--engine", engine, "render", "dev")
    assert rendered.code == 0, rendered.err
    assert "shop:9" in rendered.out
    said = gitops_gen(shop, "explain", "dev", "image.tag").out
    assert f"shop 1.0.0/{FILE}:3" in said
    assert "shop:9" not in gitops_gen(shop, "render", "production").out


@pytest.mark.parametrize(
    ("content", "said"), [(b"helm: [\n", f"{FILE}:"), (b"# caf\xe9\nhelm: {}\n", f"{FILE}:1: is not UTF-8 text")]
)
def test_what_cannot_be_read_in_an_archive_is_named(
    content: bytes, said: str, shop: Path, gitops_gen: GitopsGen, helm: str
) -> None:
    (shop / "chart" / FILE).write_bytes(content)
    pull(shop, helm)
    result = gitops_gen(shop, "render", "dev")
    assert result.code == 1
    assert said in result.err


def pull(project: Path, helm: str) -> None:
    """Pin dev to the project's chart in a registry, and have its archive here; the project's own chart changes."""
    release = project / "environments/dev/release.yaml"
    pin = "chart: {repository: 'oci://charts.example.com', name: shop, version: 1.0.0}\n"
    release.write_text(f"{release.read_text()}{pin}")
    argv = [helm, "package", "chart", "--version", "1.0.0", "--destination", PULLED]
    subprocess.run(argv, cwd=project, check=True, capture_output=True)
    (project / "chart" / FILE).unlink()
