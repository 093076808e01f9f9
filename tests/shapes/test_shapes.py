"""Each shape renders as Helm 4 and Helm 3 render it; `plan` and `diff` are right about it and about a change."""

import json
from pathlib import Path

import pytest

from gitops_gen.helm.binary import BinaryEngine
from gitops_gen.helm.embedded import EmbeddedEngine
from tests import helm_binary
from tests.conftest import REPOSITORY, GitopsGen, commit_all
from tests.shapes.shape import NAMES, Shape
from tests.shapes.shape import shape as named

pytestmark = pytest.mark.slow


@pytest.fixture(params=NAMES)
def shape(request: pytest.FixtureRequest) -> Shape:
    """Every shape."""
    return named(request.param)


def test_there_are_as_many_as_claimed() -> None:
    page = (REPOSITORY / "docs/reference/compatibility.md").read_text()
    assert len(NAMES) >= 60
    assert f"; {len(NAMES)} shapes of public charts" in page


@pytest.mark.parametrize("program", ["helm", "helm3"])
def test_it_renders_as_helm_renders_it(shape: Shape, program: str, tmp_path: Path) -> None:
    theirs = BinaryEngine(helm_binary.require(program)).load(shape.write_chart(tmp_path))
    mine = EmbeddedEngine().load(tmp_path)
    for values in (shape.values, shape.changed_values):
        release = shape.release(values)
        assert shape.objects(mine.render(release)) == shape.objects(theirs.render(release))


def test_its_verdict_and_its_change_are_right(shape: Shape, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    project = shape.write_project(tmp_path)
    assert gitops_gen(project, "generate").code == 0
    assert gitops_gen(project, "generate", "--check").code == 0
    commit_all(project)

    planned = gitops_gen(project, "plan", "dev", "--output", "json")
    (plan,) = json.loads(planned.out)["plans"]
    assert sorted({item["rule"] for item in plan["findings"]}) == shape.facts.get("findings", [])
    assert sorted({item["rule"] for item in plan["notes"]}) == shape.facts.get("notes", [])
    assert planned.code == (1 if shape.facts.get("findings") else 0)

    shape.write_values(project, shape.changed_values)
    assert gitops_gen(project, "generate").code == 0
    compared = gitops_gen(project, "diff", "--output", "json")
    assert compared.code in (0, 1), compared.err
    assert _changed(compared.out) == set(shape.facts["changed"])


def _changed(text: str) -> set[str]:
    """The objects that a comparison names, as `Kind/name`."""
    groups = json.loads(text)["groups"]
    return {item["object"] for group in groups for item in group["objects"]}
