"""Links of the documentation lead to files and headings that exist, and its pages stay short."""

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PAGES = [
    *REPOSITORY.glob("*.md"),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "helm/api-forge/README.md",
    REPOSITORY / "tests/e2e/README.md",
]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
LINES = 250


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and GitLab give to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(f"{path}#{anchor}")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n[here](#a-page) [there](#b) [gone](gone.md) [web](https://example.com/x#y)\n")
    assert broken(page) == ["#b", "gone.md#"]


@pytest.mark.parametrize("page", sorted((REPOSITORY / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_a_page_is_short(page: Path) -> None:
    assert page.read_text().count("\n") < LINES


def test_the_readme_is_short() -> None:
    assert (REPOSITORY / "README.md").read_text().count("\n") < 80
