"""The chart reads like a chart: a file shows whole documents of the kind in its name; helpers return fields."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.chart.chart_render import CHART

TEMPLATES = CHART / "templates"
KINDS = {"pdb": "poddisruptionbudget", "hpa": "horizontalpodautoscaler", "pvc": "persistentvolumeclaim"}
NO_KIND = {"validation.yaml", "extra-objects.yaml"}
DOCUMENTS = sorted(path for path in TEMPLATES.rglob("*.yaml") if path.name not in NO_KIND)
HELPERS = 64
"""Named templates at most. With two that do the same, one of them goes."""
DEPTH = 3
"""Of helpers that call helpers."""
DEFINITION = re.compile(r'\{\{-? *define "([^"]+)"')
BLOCK = re.compile(r"\{\{-? *(if|with|range|end)\b")
CALL = re.compile(r'(?:include|template) "([^"]+)"')


def name(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_a_file_shows_the_kind_that_it_is_named_after(path: Path) -> None:
    kinds = re.findall(r"^kind: (\w+)$", path.read_text(), re.MULTILINE)
    assert {kind.lower() for kind in kinds} == {KINDS.get(path.stem, path.stem)}
    assert len(kinds) == len(re.findall(r"^apiVersion: ", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.tpl")), ids=name)
def test_a_helper_returns_no_document(path: Path) -> None:
    assert not re.search(r"^(kind|apiVersion|metadata|spec):", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(path for path in TEMPLATES.rglob("*.*") if path.is_file()), ids=name)
def test_nothing_is_kept_in_the_root(path: Path) -> None:
    assert not re.search(r"\bset (\.|\$|\.root|\$root) ", path.read_text())


def definitions() -> Iterator[tuple[str, str]]:
    """Each named template with its text."""
    for path in sorted(TEMPLATES.rglob("*.*")):
        parts = DEFINITION.split(path.read_text())
        yield from ((helper, body(text)) for helper, text in zip(parts[1::2], parts[2::2], strict=True))


def body(text: str) -> str:
    """The text up to the end of the definition that it begins in."""
    opened = 1
    for block in BLOCK.finditer(text):
        opened += -1 if block[1] == "end" else 1
        if not opened:
            return text[: block.start()]
    raise AssertionError(text)


BODIES = dict(definitions())


@cache
def depth(helper: str) -> int:
    return 1 + max((depth(called) for called in CALL.findall(BODIES[helper])), default=0)


def test_helpers_are_few_and_flat() -> None:
    assert len(BODIES) <= HELPERS
    pods = {helper for helper in BODIES if helper.startswith("api-forge.pod.")}
    assert {helper: depth(helper) for helper in BODIES if helper not in pods and depth(helper) > DEPTH} == {}


def test_every_helper_is_called() -> None:
    texts = [path.read_text() for path in TEMPLATES.rglob("*.*")]
    called = {helper for text in texts for helper in CALL.findall(text)}
    assert called == BODIES.keys()
