"""Fixtures of the chart's tests: the chart, loaded once, and the function that renders it."""

from __future__ import annotations

from typing import Any

import helm_python
import pytest

from tests.chart.chart_render import CHART, Render, Rendered, parse


@pytest.fixture(scope="session")
def chart() -> helm_python.Chart:
    return helm_python.Chart.load(str(CHART))


@pytest.fixture
def render(chart: helm_python.Chart) -> Render:
    """Render the chart with a map of values, as one release in one namespace."""

    def rendered(
        values: dict[str, Any] | None = None, *, release: str = "api-forge", namespace: str = "demo"
    ) -> Rendered:
        return parse(chart.render(values or {}, name=release, namespace=namespace))

    return rendered


@pytest.fixture
def default(render: Render) -> Rendered:
    return render()
