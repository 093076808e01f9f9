"""Attributes and symlinks: what git would change on the way to a file, and what Argo CD has all the same."""

from pathlib import Path

import pytest

from tests.conftest import GitopsGen, commit_all, git

TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


def pin(project: Path, environment: str, tag: str) -> None:
    release = project / f"environments/{environment}/release.yaml"
    release.write_text(release.read_text().replace("kind: Release\n", f"kind: Release\nchart: {{revision: {tag}}}\n"))


@pytest.fixture
def two_templates(good: Path) -> Path:
    (good / "chart/templates/two.yaml").write_text(TEMPLATE.format("two") + "data: {version: $Format:%H$}\n")
    return good


def test_a_pinned_chart_has_the_bytes_of_the_commit(two_templates: Path, gitops_gen: GitopsGen) -> None:
    (two_templates / "chart/.gitattributes").write_text(
        "templates/settings.yaml export-ignore\ntemplates/two.yaml export-subst text eol=crlf\n"
    )
    commit_all(two_templates, "v2")
    pin(two_templates, "production", "v2")
    rendered = gitops_gen(two_templates, "render", "production").out
    assert rendered.count("kind: ConfigMap") == 2
    assert "$Format:%H$" in rendered
    assert "\r" not in rendered


def test_a_pin_that_does_not_exist_says_how_to_get_it(good: Path, gitops_gen: GitopsGen) -> None:
    pin(good, "production", "v9")
    result = gitops_gen(good, "render", "production")
    assert result.code == 1
    assert "`chart` cannot be read at revision `v9`: no commit `v9` in this clone" in result.err
    assert "git fetch --tags" in result.err


@pytest.mark.parametrize("attributes", ["* text=auto eol=crlf\n", "*.yaml eol=crlf\n", "chart/** text eol=crlf\n"])
def test_a_clean_tree_has_no_difference(good: Path, gitops_gen: GitopsGen, attributes: str) -> None:
    (good / ".gitattributes").write_text(attributes)
    commit_all(good)
    git(good, "rm", "--cached", "-r", "--quiet", ".")
    git(good, "reset", "--hard", "--quiet")
    assert b"\r\n" in (good / "chart/values.yaml").read_bytes()
    assert git(good, "status", "--porcelain") == ""
    result = gitops_gen(good, "diff")
    assert result.code == 0
    assert result.out.endswith("no difference\n")
    values = good / "chart/values.yaml"
    values.write_bytes(values.read_bytes().replace(b"repository: registry.example.com/shop", b"repository: other/shop"))
    assert gitops_gen(good, "diff").code == 1


@pytest.fixture
def library(good: Path) -> Path:
    """A chart whose library chart is a symlink to another folder of the repository."""
    (good / "chart/values.schema.json").unlink()
    (good / "common/templates").mkdir(parents=True)
    (good / "common/Chart.yaml").write_text("apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n")
    (good / "common/templates/_names.tpl").write_text('{{- define "common.name" }}first{{ end }}\n')
    (good / "chart/charts").mkdir()
    (good / "chart/charts/common").symlink_to("../../common")
    (good / "chart/templates/two.yaml").write_text(TEMPLATE.format('{{ include "common.name" . }}'))
    commit_all(good, "v2")
    (good / "common/templates/_names.tpl").write_text('{{- define "common.name" }}second{{ end }}\n')
    return good


def test_a_symlinked_library_chart_is_a_part_of_the_chart(library: Path, gitops_gen: GitopsGen) -> None:
    assert "name: second" in gitops_gen(library, "render", "production").out
    result = gitops_gen(library, "diff", "--only", "production")
    assert result.code == 1
    assert "ConfigMap/first" in result.out
    assert "ConfigMap/second" in result.out
    commit_all(library)
    assert "ConfigMap/second" in gitops_gen(library, "diff", "HEAD~1", "HEAD").out


def test_a_pin_has_the_symlinked_library_chart_of_its_commit(library: Path, gitops_gen: GitopsGen) -> None:
    pin(library, "production", "v2")
    assert "name: first" in gitops_gen(library, "render", "production").out


def test_argo_cd_watches_the_library_chart(library: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(library, "generate").code == 0
    application = (library / "argocd/applications/production.yaml").read_text()
    assert "manifest-generate-paths: /chart;/common;/environments/production\n" in application


def test_argo_cd_watches_the_folder_of_a_chart_behind_a_symlink(library: Path, gitops_gen: GitopsGen) -> None:
    (library / "chart").rename(library / "real")
    (library / "chart").symlink_to("real")
    assert gitops_gen(library, "generate").code == 0
    application = (library / "argocd/applications/production.yaml").read_text()
    assert "manifest-generate-paths: /chart;/common;/real;/environments/production\n" in application
