"""What both engines make of templates that are more than one plain document each."""

from pathlib import Path

import pytest

from gitops_gen.helm.binary import BinaryEngine
from gitops_gen.helm.embedded import EmbeddedEngine
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.yaml.documents import documents
from tests import helm_binary

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
HOOK = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  annotations: {helm.sh/hook: '%s'}\n"
KEPT = "data:\n  a: |+\n    x\n\n\n"
TEMPLATES = {
    "text behind the separator": {
        "a.yaml": f"{MAP % 'a'}---\n\n{{{{- if true -}}}}\n\n# b\n{MAP % 'b'}{{{{- end }}}}\n---{MAP % 'c'}"
    },
    "partials and notes": {"a.yaml": MAP % "a", "_b.yaml": MAP % "b", "NOTES.txt": "hello"},
    "hooks that Helm does not know": {
        "a.yaml": HOOK % ("a", "crd-install"),
        "b.yaml": HOOK % ("b", "pre-install, test"),
    },
    "a block scalar that keeps its lines, last by kind": {
        "a.yaml": MAP % "a" + KEPT,
        "b.yaml": "kind: Namespace\n" + KEPT,
    },
    "one that is first by kind": {"a.yaml": "kind: Namespace\n" + KEPT, "b.yaml": MAP % "b"},
    "one that is last by name only": {"a.yaml": MAP % "a", "b.yaml": "kind: Namespace\n" + KEPT},
    "one in a hook": {"a.yaml": MAP % "a", "b.yaml": HOOK % ("b", "test") + KEPT},
    "one of a kind that Helm does not know": {"a.yaml": "kind: Zebra\n" + KEPT, "b.yaml": "kind: Ant\n" + KEPT},
    "one in the middle of a template": {"a.yaml": MAP % "a" + KEPT + "---\n" + MAP % "b"},
    "keys that are there twice": {"a.yaml": MAP % "a" + "kind: Secret\ndata: {a: 1, a: 2}\n"},
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_engines_read_the_same_documents(name: str, tmp_path: Path) -> None:
    """Against Helm 4, whose library is embedded: Helm 3 trims every document."""
    (tmp_path / "chart/templates").mkdir(parents=True)
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    for file, text in TEMPLATES[name].items():
        (tmp_path / "chart/templates" / file).write_text(text)
    engines = EmbeddedEngine(), BinaryEngine(helm_binary.require("helm"))
    mine, theirs = (_values(engine.load(tmp_path / "chart").render(RELEASE)) for engine in engines)
    assert mine
    assert mine == theirs


RELEASE = HelmRelease(name="demo", namespace="demo")


def _values(stream: str) -> list[str]:
    return sorted(repr(item.value) for item in documents(stream, "rendered") if item.value is not None)
