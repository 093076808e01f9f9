"""What processes that render a lot begin with, and that nothing else does."""

import os
import subprocess
import sys

import pytest

from gitops_gen.runtime.tuning import for_many_renders

PRINT = "import os; print(os.environ.get('GOGC'))"


def seen() -> str:
    """What a process that is started now has for Go's collector."""
    return subprocess.run([sys.executable, "-c", PRINT], capture_output=True, text=True, check=True).stdout.strip()


def test_only_what_is_started_inside_trades_memory_for_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOGC", raising=False)
    before = dict(os.environ)
    with for_many_renders():
        assert int(seen()) > 100
    assert seen() == "None"
    assert dict(os.environ) == before


def test_what_a_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOGC", "55")
    with for_many_renders():
        assert seen() == "55"
    assert seen() == "55"
