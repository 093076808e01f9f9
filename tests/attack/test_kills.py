"""Commands killed at random moments, alone or with their git: the next command finds everything well.

`make attack` kills 300; without `--attack` it is a few.
"""

from pathlib import Path

import pytest

from bench.writers import VICTIMS, run_kills

KILLS, FEW = 300, 6


def test_kills_leave_a_whole_tree(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kills = KILLS if request.config.getoption("--attack") else FEW

    killed = run_kills(tmp_path, kills)

    assert killed.wrong == []
    assert killed.hits


def test_every_way_to_write_is_among_the_victims() -> None:
    verbs = {victim[0] for victim in VICTIMS}
    assert {"set", "promote", "rollback", "env"} <= verbs
    for way in ("--commit", "--branch", "--push"):
        assert any(way in victim for victim in VICTIMS)
