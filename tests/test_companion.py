"""A process that answers questions: in their order, for as long as it is wanted, and no longer than its owner lives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitops_gen.companion import Companion, GoneError
from tests.conftest import REPOSITORY

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="it is only forked off on Linux"),
    # From Python 3.12 on it warns of threads, which a test runner has and a command has not.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
KILLED = """
import os, signal, time
from gitops_gen.companion import Companion
companion = Companion(lambda question: os.getpid())
companion.ask("who are you?")
print(companion.answer(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_answers_come_in_the_order_of_the_questions() -> None:
    companion = Companion(lambda number: number * 2)
    for number in range(5):
        companion.ask(number)
    assert [companion.answer() for _ in range(5)] == [0, 2, 4, 6, 8]
    assert not companion.has_answered()
    companion.end()


def test_the_first_and_the_last_thing_are_done_there(tmp_path: Path) -> None:
    first, last = tmp_path / "first", tmp_path / "last"
    companion = Companion(lambda _: first.is_file(), first=first.touch, last=last.touch)
    companion.ask(None)
    assert companion.answer()
    assert not last.exists()
    companion.end()
    assert last.is_file()


def test_one_that_is_gone_gives_no_answer() -> None:
    companion = Companion(lambda _: os._exit(1))
    companion.ask(None)
    with pytest.raises(GoneError):
        companion.answer()
    assert companion.has_answered(), "nobody waits for what never comes"
    with pytest.raises(GoneError):
        companion.ask(None)
    companion.end()


def test_ctrl_c_does_not_end_it() -> None:
    companion = Companion(lambda _: os.kill(os.getpid(), signal.SIGINT))
    companion.ask(None)
    assert companion.answer() is None
    companion.end()


def test_it_ends_with_an_owner_that_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while is_alive(int(done.stdout)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has asked for its exit code does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
