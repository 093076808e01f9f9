"""Each fault of the corpus is found by its rule, at the line to edit; the good tree has no finding."""

from pathlib import Path

import pytest

from gitops_gen.commands.generate import generate
from gitops_gen.commands.validate import validate
from gitops_gen.project.opening import open_project
from tests.validate.mutation import Mutation, corpus

CORPUS = list(corpus())


def test_the_good_tree_has_no_finding(tree_template: Path) -> None:
    found = [
        f"{item.finding.rule}: {item.finding.object}: {item.finding.message}"
        for item in validate(open_project(tree_template)).without_notes()
    ]
    assert found == []


@pytest.mark.parametrize("mutation", CORPUS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_the_fault_is_found_at_its_line(mutation: Mutation, tree: Path) -> None:
    mutation.mutate(tree)
    workspace = open_project(tree)
    if not mutation.is_stale:
        generate(workspace)
    found = [item.finding for item in validate(workspace, [] if mutation.is_fleet else ["dev"]).reported]
    mine = [item for item in found if (item.rule, item.object) == (mutation.rule, mutation.object)]
    assert mine, [f"{item.rule}: {item.object}: {item.message}" for item in found]
    places = [(item.source, _line(tree, item.source, item.line)) for item in mine]
    if mutation.line or mutation.at:
        file = mutation.at or mutation.file
        assert any(source == file and mutation.line in text for source, text in places), places


def _line(folder: Path, source: str, line: int | None) -> str:
    return (folder / source).read_text().splitlines()[line - 1] if source and line else ""


def test_names_are_unique() -> None:
    assert len({mutation.name for mutation in CORPUS}) == len(CORPUS)
