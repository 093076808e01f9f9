"""Limits of time and memory: a chart that loops or fills the memory ends in an error, with either engine."""

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import get_ident

import pytest

from gitops_gen.errors import UsageError
from gitops_gen.runtime import limits
from gitops_gen.runtime.limits import LimitError, Limits, limited, watched
from tests.conftest import GitopsGen, git, tree

pytestmark = pytest.mark.slow

LOOP = '{{ define "x" }}{{ range until 99999 }}{{ range until 99999 }}{{ end }}{{ end }}{{ end }}{{ include "x" . }}'
DOUBLING = '{{ $s := "twenty characters of" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}size: {{ len $s }}'
VERBS = [("render", "dev"), ("plan", "--all"), ("diff",), ("secrets", "dev")]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of the function exceed limits in this process, which goes on."""
    monkeypatch.setattr(limits, "_exceeded", [])


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize(
    ("template", "said"),
    [
        (LOOP, "the chart's templates did not finish in 1 s"),
        (DOUBLING, "the chart's templates needed more than 300 MB"),
    ],
    ids=["a_loop", "memory"],
)
def test_a_chart_without_end_is_an_error(verb: tuple[str, ...], template: str, said: str, good: Path) -> None:
    (good / "chart/templates/endless.yaml").write_text(template)
    before = tree(good)

    result = _run(good, *verb, GITOPS_GEN_RENDER_TIMEOUT="1" if template == LOOP else "60")

    assert result.returncode == (2 if verb == ("diff",) else 1), result.stderr
    assert said in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert tree(good) == before


def test_the_program_has_the_same_limits(good: Path, helm: str) -> None:
    (good / "chart/templates/endless.yaml").write_text(LOOP)

    result = _run(good, "--engine", "binary", "render", "dev", GITOPS_GEN_HELM=helm, GITOPS_GEN_RENDER_TIMEOUT="1")

    assert (result.returncode, result.stderr.splitlines()[0]) == (
        1,
        "error: the chart's templates did not finish in 1 s",
    )


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("text: {{ repeat 22000000 `a` }}", "error: the chart's templates render 20 MB; the limit is 20 MB"),
        (
            '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
            "error: template: shop/templates/endless.yaml",
        ),
    ],
    ids=["large_output", "includes_itself"],
)
def test_too_much_is_reported_in_short(template: str, said: str, good: Path, gitops_gen: GitopsGen) -> None:
    (good / "chart/templates/endless.yaml").write_text(template)

    result = gitops_gen(good, "render", "dev")

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(said)
    assert len(result.err) < 2500


def test_a_change_that_cannot_be_shown_is_not_made(good: Path) -> None:
    (good / "chart/templates/endless.yaml").write_text(LOOP)
    git(good, "add", "--all")
    git(good, "commit", "--quiet", "--message", "A loop")
    head = git(good, "rev-parse", "HEAD")
    git(good, "checkout", "--quiet", "HEAD", ".")

    result = _run(good, "set", "dev", "image.tag=2.0.0", "--commit", "--dry-run", GITOPS_GEN_RENDER_TIMEOUT="1")

    assert "did not finish in 1 s" in result.stdout + result.stderr
    assert git(good, "rev-parse", "HEAD") == head
    assert git(good, "status", "--porcelain") == ""


def test_what_ends_in_time_is_as_without_limits() -> None:
    assert limited(lambda: 42, "it", Limits()) == 42
    with pytest.raises(KeyError, match="NO_SUCH_NAME"):
        limited(lambda: os.environ["NO_SUCH_NAME"], "it", Limits())


def test_after_the_first_time_nothing_is_begun() -> None:
    with pytest.raises(LimitError, match="it did not finish in 1 s"):
        limited(lambda: time.sleep(3), "it", Limits(seconds=1))
    with pytest.raises(LimitError, match="it did not finish in 1 s"):
        limited(lambda: pytest.fail("begun"), "it", Limits())


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there, only this process' most memory is known")
def test_memory_counts_beyond_what_was_there() -> None:
    before = bytearray(200 * 2**20)
    watched(lambda: time.sleep(0.1), "it", Limits(megabytes=100), "self")
    with pytest.raises(LimitError, match="it needed more than 100 MB"):
        watched(_hold_200_megabytes, "it", Limits(megabytes=100), "self")
    del before


@pytest.mark.parametrize("value", ["0", "-1", "1m", "1.5", "²"])
def test_a_limit_is_a_whole_number(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.TIMEOUT_VARIABLE, value)
    with pytest.raises(
        UsageError, match=f"GITOPS_GEN_RENDER_TIMEOUT is `{value}`, which is not a whole number above 0"
    ):
        Limits.of_environment()


def _hold_200_megabytes() -> None:
    held = bytearray(b"1") * (200 * 2**20)
    time.sleep(3)
    del held


def _run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gitops_gen", "-C", str(folder), *arguments],
        env=os.environ | {"GITOPS_GEN_RENDER_MEMORY": "300"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_piece_of_work_after_the_other_shares_a_thread() -> None:
    """Go takes a tenth of a render's time for a thread that calls it first."""
    threads = {limited(get_ident, "it", Limits()) for _ in range(5)}
    assert len(threads) == 1
    assert get_ident() not in threads
