"""The pictures of the documentation show what the commands print today."""

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.pictures import PICTURES, pictures


@pytest.mark.slow
def test_the_pictures_are_current(tmp_path: Path) -> None:
    drawn = pictures(tmp_path)
    kept = {file.name: file.read_text(encoding="utf-8") for file in PICTURES.glob("*.svg")}
    old = sorted(name for name in drawn.keys() | kept.keys() if drawn.get(name) != kept.get(name))
    assert old == [], "run `python -m tests.pictures`"


def test_pictures_are_small_and_shown() -> None:
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    shown = "".join(page.read_text(encoding="utf-8") for page in pages)
    for file in PICTURES.iterdir():
        assert file.stat().st_size < 150_000
        assert f"pictures/{file.name})" in shown, f"no page shows {file.name}"
