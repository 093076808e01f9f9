"""The API versions of a cluster, from definitions and from kubectl."""

import io
from pathlib import Path

import pytest

from tests.conftest import GitopsGen

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget}
  versions: [{name: v1, served: true}, {name: v1beta1, served: false}]
"""


def test_definitions_in_folders_and_files(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    (tmp_path / "crds/inner").mkdir(parents=True)
    (tmp_path / "crds/inner/widget.yaml").write_text(f"---\n{DEFINITION}---\nkind: ConfigMap\n")
    (tmp_path / "crds/README.md").write_text("CustomResourceDefinition: [")
    (tmp_path / "gadget.yml").write_text(DEFINITION.replace("Widget", "Gadget").replace("false", "true"))
    result = gitops_gen(tmp_path, "cluster", "api-versions", str(tmp_path / "crds"), str(tmp_path / "gadget.yml"))
    assert result.code == 0, result.err
    assert result.out.splitlines() == [
        "apiVersions:",
        "- example.com/v1",
        "- example.com/v1/Gadget",
        "- example.com/v1/Widget",
        "- example.com/v1beta1",
        "- example.com/v1beta1/Gadget",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "NAME SHORTNAMES APIVERSION NAMESPACED KIND\npods po v1 true Pod\nwidgets example.com/v1 true Widget\n",
            ["example.com/v1", "example.com/v1/Widget", "v1", "v1/Pod"],
        ),
        ("example.com/v1\nv1\n", ["example.com/v1", "v1"]),
    ],
)
def test_what_kubectl_prints(
    text: str, found: list[str], tmp_path: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    result = gitops_gen(tmp_path, "cluster", "api-versions", "-")
    assert result.out.splitlines() == ["apiVersions:", *(f"- {version}" for version in found)]


def test_what_is_no_definition(tmp_path: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_text("kind: CustomResourceDefinition\nspec: [\n")
    (tmp_path / "b.yaml").write_text("kind: ConfigMap\n")
    broken = gitops_gen(tmp_path, "cluster", "api-versions", str(tmp_path / "a.yaml"))
    assert (broken.code, f"{tmp_path}/a.yaml:3: is not YAML" in broken.err) == (1, True)
    empty = gitops_gen(tmp_path, "cluster", "api-versions", str(tmp_path / "b.yaml"))
    assert (empty.code, "no CustomResourceDefinition" in empty.err) == (2, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("hello world\n"))
    assert gitops_gen(tmp_path, "cluster", "api-versions", "-").code == 2
    assert gitops_gen(tmp_path, "cluster", "api-versions", str(tmp_path / "none")).code == 1
