"""The chart's README: its table is what values.yaml says, and every key is described."""

from __future__ import annotations

import re
import subprocess
import sys

import yaml

from tests.chart.chart_render import CHART

README = (CHART / "README.md").read_text()


def test_the_table_is_current() -> None:
    done = subprocess.run(
        [sys.executable, CHART / "scripts" / "readme.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_value_is_described() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| [^|`]+ \| `.*` \| (.*) \|$", README, re.MULTILINE)
    assert len(rows) > 200
    assert [key for key, meaning in rows if not meaning.strip()] == []


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if not (CHART / link).exists()] == []


def test_it_names_the_commit_of_the_application() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert f"api-forge at commit {chart['annotations']['api-forge/commit']}." in README
