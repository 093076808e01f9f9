"""The values that the guides show are values that the chart takes."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.chart.chart_render import CHART, Render

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDES = CHART.parents[1] / "docs" / "chart"
BLOCK = re.compile(r"^( *)```yaml\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def shown() -> Iterator[Any]:
    """Each block of values; those of an environment's file are under `values`."""
    for guide in sorted(GUIDES.glob("*.md")):
        for number, (_, block) in enumerate(BLOCK.findall(guide.read_text())):
            values = yaml.safe_load(textwrap.dedent(block))
            yield pytest.param(values.get("values", values), id=f"{guide.stem}-{number}")


@pytest.mark.parametrize("values", list(shown()))
def test_values_of_a_guide_render_and_change_something(render: Render, values: dict[str, Any]) -> None:
    if "externalSecrets" in values:
        values["externalSecrets"] |= {"enabled": True, "store": {"name": "vault"}}
    assert render(values) != render()
