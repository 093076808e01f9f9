"""The site: its pages, the links between them, and the table of versions."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.site import stage

LINES = 250
PINS = {
    "Argo CD": "argocd",
    "Helm 4, as a program": "helm",
    "Helm 3, as a program": "helm3",
    "External Secrets": "external-secrets",
}
STATUSES = ("works", "works with input", "out of scope", "not supported")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (REPOSITORY / "docs/compatibility.md").read_text().splitlines()
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


@pytest.mark.parametrize("page", sorted((REPOSITORY / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_a_page_is_short(page: Path) -> None:
    assert page.read_text().count("\n") < LINES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_of_the_table_of_versions(row: list[str]) -> None:
    what, version, status, proof = row
    assert status.startswith(STATUSES)
    if what in PINS:
        assert f" v{version}\n" in (REPOSITORY / f"tests/e2e/pins/{PINS[what]}/go.mod").read_text()
    found = re.match(r"`([\w/.]+)(?:::(\w+))?`", proof)
    assert found
    assert f"def {found[2] or ''}" in (REPOSITORY / found[1]).read_text()
