"""What a reader of the packed chart gets: who keeps it, which images it runs, README and scripts."""

from __future__ import annotations

import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.chart.chart_render import CHART, program

if TYPE_CHECKING:
    from pathlib import Path

METADATA = yaml.safe_load((CHART / "Chart.yaml").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def test_it_says_where_it_comes_from() -> None:
    assert {"home", "icon", "sources", "keywords", "kubeVersion", "appVersion"} <= METADATA.keys()
    assert all({"name", "email"} <= keeper.keys() for keeper in METADATA["maintainers"])


def test_the_listed_images_are_those_of_the_values() -> None:
    temporal = VALUES["temporal"]
    sections = {"postgresql": VALUES["postgresql"], "redis": VALUES["redis"], "temporal": temporal}
    sections |= {"temporal-admin-tools": temporal["adminTools"], "temporal-web": temporal["web"]}
    images = {name: section["image"] for name, section in sections.items()}
    expected = {name: f"{image['repository']}:{image['tag']}" for name, image in images.items()}
    listed = yaml.safe_load(METADATA["annotations"]["artifacthub.io/images"])
    assert {item["name"]: item["image"] for item in listed} == expected


@pytest.mark.slow
def test_the_package_has_readme_and_scripts_and_nothing_for_development(tmp_path: Path) -> None:
    done = subprocess.run(
        [program("helm"), "package", str(CHART), "--destination", str(tmp_path)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (archive,) = tmp_path.iterdir()
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"README.md", "values.schema.json", "scripts/create-secrets.sh", "scripts/build-images.sh"} <= names
    assert not [name for name in names if name.startswith("ci/") or name == "scripts/readme.py"]
