"""Generated bad inputs: a mistake at a random place of a file, the command line, the chart or an archive. The command
says what is wrong and writes nothing.

`make attack` makes 1,000; without `--attack` each kind is met a few times. Each one follows from its seed.
"""

import gzip
import io
import random
import re
import shutil
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gitops_gen.models.layout import PULLED
from tests.conftest import GitopsGen, tree

ATTACK, FEW = 1000, 30
SECONDS = 20
"""A command takes a second on an idle machine; a loop takes longer than this."""
PROCESSOR_SECONDS = 2
"""What `make attack` allows a command, of this process' own time."""

INPUTS = ("gitops.yaml", "environments/dev/environment.yaml", "environments/dev/release.yaml")
ODD = (
    "",
    "\0",
    "a\nb",
    "../x",
    "-x",
    "é\u202e",
    "*",
    "{{",
    "}}",
    "{x}",
    "&a [*a]",
    "!!python/none",
    "~",
    "1e999",
    "x" * 70,
)
WRONG: tuple[object, ...] = (
    None,
    [],
    {},
    [[]],
    {"a": 1},
    0,
    -1,
    1.5,
    True,
    "",
    " ",
    "\t",
    "x" * 300,
    "ü",
    "a: b",
    "{x}",
)
COMMANDS = (("generate",), ("generate", "--check"), ("plan", "dev"), ("set", "dev", "replicas=3"), ("render", "dev"))

Mistake = Callable[[random.Random, Path], tuple[str, ...]]
"""Puts a mistake into a project, and gives the command that meets it."""


def cut_bytes(dice: random.Random, project: Path) -> tuple[str, ...]:
    """A file with some bytes removed, doubled or replaced."""
    file = project / dice.choice(INPUTS)
    content = bytearray(file.read_bytes())
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(content) + 1)
        end = min(len(content), start + dice.randint(0, 12))
        content[start:end] = dice.choice([b"", bytes(content[start:end]) * 2, dice.randbytes(3), b"\t", b"\n  ", b": "])
    file.write_bytes(bytes(content))
    return dice.choice(COMMANDS)


def wrong_value(dice: random.Random, project: Path) -> tuple[str, ...]:
    """A value of another type somewhere in a file."""
    file = project / dice.choice(INPUTS)
    data = yaml.safe_load(file.read_text())
    place = dice.choice(list(_places(data)))
    place[0][place[1]] = dice.choice(WRONG)
    file.write_text(yaml.safe_dump(data, allow_unicode=True))
    return dice.choice(COMMANDS)


def wrong_key(dice: random.Random, project: Path) -> tuple[str, ...]:
    """A key that is renamed, or one too many."""
    file = project / dice.choice(INPUTS)
    data = yaml.safe_load(file.read_text())
    maps = [data, *(parent[key] for parent, key in _places(data) if isinstance(parent[key], dict))]
    chosen = dice.choice(maps)
    key = dice.choice([*chosen, "x"])
    chosen[f"{key}{dice.choice(ODD)}"] = chosen.pop(key, dice.choice(WRONG))
    file.write_text(yaml.safe_dump(data, allow_unicode=True))
    return dice.choice(COMMANDS)


def broken_chart(dice: random.Random, project: Path) -> tuple[str, ...]:
    """A file of the chart with a piece that is not its language."""
    file = (
        project / "chart" / dice.choice(["Chart.yaml", "values.yaml", "values.schema.json", "templates/settings.yaml"])
    )
    text = file.read_text()
    start = dice.randrange(len(text))
    piece = dice.choice(
        ["{{ .x.y.z }}", "{{", "\n{{ fail `no` }}\n", "}", "{{ include `x` . }}", "[", "\x00", "'", "\n- - x: ["]
    )
    file.write_text(text[:start] + piece + text[start + dice.randint(0, 9) :])
    return dice.choice(COMMANDS)


def broken_archive(dice: random.Random, project: Path) -> tuple[str, ...]:
    """A pulled chart that is no archive, or one with paths that lead out."""
    with (project / "environments/dev/release.yaml").open("a") as file:
        file.write("chart: {repository: 'https://charts.example.com', name: shop, version: 1.0.0}\n")
    archive = project / PULLED / "shop-1.0.0.tgz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(dice.choice([_nothing, _torn, _leading_out, _links])(dice, project / "chart"))
    return dice.choice((("generate",), ("render", "dev"), ("plan", "dev")))


def odd_words(dice: random.Random, project: Path) -> tuple[str, ...]:  # noqa: ARG001 - a mistake's signature
    """A command line with words that nobody meant."""
    verb = dice.choice(["render", "set", "promote", "rollback", "explain", "plan", "diff", "history", "secrets", "env"])
    return (
        verb,
        *(dice.choice([*ODD, "dev", "--commit", "--branch", "a=b", "=", "replicas="]) for _ in range(3)),
        "--no",
    )


def _places(data: object) -> list[tuple[dict[str, object], str]]:
    if not isinstance(data, dict):
        return []
    return [(data, key) for key in data] + [place for value in data.values() for place in _places(value)]


def _packed(chart: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.add(chart, "shop")
    return out.getvalue()


def _nothing(dice: random.Random, chart: Path) -> bytes:  # noqa: ARG001
    return dice.choice([b"", b"\x1f\x8b", gzip.compress(b""), gzip.compress(dice.randbytes(900)), dice.randbytes(900)])


def _torn(dice: random.Random, chart: Path) -> bytes:
    whole = _packed(chart)
    return whole[: dice.randrange(len(whole) - 20)]


def _leading_out(dice: random.Random, chart: Path) -> bytes:  # noqa: ARG001
    name = dice.choice(["../../x", "/x", "shop/../../x", "x", "shop/templates/../../../x"])
    return _archive(tarfile.TarInfo(name))


def _links(dice: random.Random, chart: Path) -> bytes:  # noqa: ARG001
    member = tarfile.TarInfo("shop/Chart.yaml")
    member.type = dice.choice([tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
    member.linkname = dice.choice(["/etc/passwd", "../../../x", "shop/Chart.yaml"])
    return _archive(member)


def _archive(*members: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member in members:
            archive.addfile(member)
    return out.getvalue()


MISTAKES: tuple[Mistake, ...] = (cut_bytes, wrong_value, wrong_key, broken_chart, broken_archive, odd_words)
#: a mistake that need not be one: other text, or another value that is as good
HARMLESS = {cut_bytes, wrong_value, wrong_key, broken_chart}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each seed, so that a fault names the input that found it."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(ATTACK if metafunc.config.getoption("--attack") else FEW))


def test_a_generated_mistake_is_reported(
    seed: int, good: Path, gitops_gen: GitopsGen, request: pytest.FixtureRequest
) -> None:
    dice = random.Random(seed)
    mistake = MISTAKES[seed % len(MISTAKES)]
    command = mistake(dice, good)
    before, start, used = tree(good), time.monotonic(), time.process_time()

    result = gitops_gen(good, *command)
    used = time.process_time() - used

    said = f"{mistake.__name__}, {command}\n{result.err}"
    assert "Traceback" not in result.err, said
    assert result.code in (1, 2) or (mistake in HARMLESS and result.code == 0), said
    if result.code:
        assert result.err.strip(), said
        assert tree(good) == before, said
        assert_has_lines(result.err, said)
    assert time.monotonic() - start < SECONDS, said
    assert used < PROCESSOR_SECONDS or not request.config.getoption("--attack"), said


def assert_has_lines(err: str, said: str) -> None:
    """What is wrong inside a hand-written file is reported with the line."""
    inside = [line for line in err.splitlines() if re.match(rf"({'|'.join(map(re.escape, INPUTS))})(:|$)", line)]
    whole = ("is not UTF-8", "is missing", "has more problems", "has uncommitted", "is empty")
    assert [
        line for line in inside if not re.match(r"[^:]+:\d+: ", line) and not any(w in line for w in whole)
    ] == [], said


def test_every_kind_of_mistake_is_found(good_template: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    """The generated mistakes are mistakes: most of each kind are refused."""
    for number, mistake in enumerate(MISTAKES):
        refused = 0
        for seed in range(3):
            project = shutil.copytree(good_template, tmp_path / f"{number}-{seed}", symlinks=True)
            refused += gitops_gen(project, *mistake(random.Random(seed), project)).code in (1, 2)
        assert refused, mistake.__name__
