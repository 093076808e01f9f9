"""The limits of the chart against what the pods took in all tests before this one."""

from collections.abc import Callable

import pytest

from .memory import Memory

#: what a limit is at least, as a multiple of what was seen
RESERVE = 1.5


@pytest.mark.scenario("memory: every limit is at least 1.5 times what its container took")
def test_every_limit_leaves_a_reserve(memory: Memory, record_property: Callable[[str, object], None]) -> None:
    record_property("measured", "; ".join(memory.lines()))
    assert memory.seen.keys() >= {"postgres", "redis", "temporal", "temporal-web", "app", "worker"}
    assert {name: found for name, found in memory.seen.items() if found[0] * RESERVE > found[1]} == {}
