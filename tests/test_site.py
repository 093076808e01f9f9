"""The site: its pages, the links between them, and the table of versions."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_gen.project.schemas import KINDS, schema
from tests.conftest import REPOSITORY
from tests.field_pages import field_page
from tests.site import stage

FOLDERS = {"Tutorial": "tutorial", "How to": "how-to", "Reference": "reference", "Explanation": "explanation"}
MENU = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())["nav"]
PINS = {
    "Argo CD": "argocd",
    "Helm 4, as a program": "helm",
    "Helm 3, as a program": "helm3",
    "External Secrets": "external-secrets",
}
STATUSES = ("works", "works with input", "out of scope", "not supported")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (REPOSITORY / "docs/reference/compatibility.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| what")
]


@pytest.mark.slow
def test_the_site_is_built_and_no_link_leads_to_nothing(tmp_path: Path) -> None:
    stage(tmp_path / "build/pages")
    shutil.copyfile(REPOSITORY / "mkdocs.yml", tmp_path / "mkdocs.yml")
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "build/site"
    assert "gitops-gen plan" in (site / "reference/commands.html").read_text()
    assert "validate" in (site / "search/search_index.json").read_text()
    loaded = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"')
    assert [url for page in site.rglob("*.html") for url in loaded.findall(page.read_text())] == []


def test_a_page_is_in_the_folder_of_its_kind() -> None:
    """The menu of the site lists a page under its kind. Those of the chart, which is used without the tool too, are
    all in docs/chart.
    """
    menu = {next(iter(part)): next(iter(part.values())) for part in MENU if isinstance(part, dict)}
    placed = {kind: {page for page in pages if page.startswith("docs/")} for kind, pages in menu.items()}
    listed = set().union(*placed.values())
    assert listed == {page.relative_to(REPOSITORY).as_posix() for page in (REPOSITORY / "docs").rglob("*.md")}
    for kind, pages in placed.items():
        assert all(page.startswith((f"docs/{FOLDERS.get(kind)}/", "docs/chart/")) for page in pages), kind


def test_the_page_of_fields_has_every_field_with_its_meaning() -> None:
    text = "\n".join(field_page())
    assert "| `overrides` | map of map of [SecretKey](#secretkey) |  | Secret name → key → where" in text
    assert "| `manualSync` | boolean | `false` | Whether a manual sync is allowed then" in text
    every = {name for kind in KINDS for part in _parts(kind) for name in part["properties"]}
    assert {name for name in every if f"| `{name}` |" not in text} == set()
    assert [row for row in text.splitlines() if row.startswith("|") and row.endswith("|  |")] == []


def _parts(kind: str) -> Iterator[dict[str, Any]]:
    whole = schema(kind)
    yield from (whole, *whole["$defs"].values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_of_the_table_of_versions(row: list[str]) -> None:
    what, version, status, proof = row
    assert status.startswith(STATUSES)
    if what in PINS:
        assert f" v{version}\n" in (REPOSITORY / f"tests/e2e/pins/{PINS[what]}/go.mod").read_text()
    found = re.match(r"`([\w/.]+)(?:::(\w+))?`", proof)
    assert found
    assert f"def {found[2] or ''}" in (REPOSITORY / found[1]).read_text()
