"""`status` and `env list`: short for a fleet, about a stage or cluster when asked, honest about what is not known."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_gen.changes.version_order import Direction, compared, direction
from gitops_gen.yaml.editing.difference import KeyDifference
from tests.conftest import GitopsGen, commit_all, git

pytestmark = pytest.mark.slow

Change = Callable[..., str]
FLEET = 120


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        ("1.4.2", "1.5.0", 1),
        ("1.5.0", "1.4.2", -1),
        ("1.9.0", "1.10.0", 1),
        ("v1.4", "1.4.0", 0),
        ("v9", "v10", 1),
        ("1.4.2-rc.2", "1.4.2", 1),
        ("1.4.2-rc.2", "1.4.2-rc.10", 1),
        ("1.4.2-beta.3", "1.4.2-alpha.4", -1),
        ("1.4.2-alpine", "1.4.3-debian", 1),
        ("1.4.2-alpine", "1.4.2", None),
        ("1.4.2-alpine", "1.4.2-debian", None),
        ("1.4.2+a", "1.4.2+b", 0),
        ("2024.11.28", "2024.12.01", 1),
        ("7654321", "7654322", None),
        ("main", "1.4.2", None),
        ("sha256:0a", "sha256:0b", None),
        ("0812345", "deadbee", None),
    ],
)
def test_versions_have_an_order_where_they_are_versions(old: str, new: str, step: int | None) -> None:
    assert compared(old, new) == step
    assert compared(new, old) == (None if step is None else -step)


def step(key: str, old: object, new: object) -> KeyDifference:
    return KeyDifference(path=("values", *key.split(".")), old=old, new=new)


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        ([step("image.tag", "1.4.2", "1.5.0")], Direction.UPGRADE),
        ([step("image.tag", "1.5.0", "1.4.2")], Direction.DOWNGRADE),
        ([step("app.imageTag", "1.4.2", "1.5.0"), step("app.image.digest", "sha256:1", "sha256:2")], Direction.UPGRADE),
        ([step("app.tag", "1.4.2", "1.5.0"), step("worker.tag", "1.5.0", "1.4.2")], Direction.DIFFERS),
        ([step("app.tag", "1.4.2", "1.5.0"), step("worker.tag", "main", "1.4.2")], Direction.DIFFERS),
        ([step("image.digest", "sha256:1", "sha256:2")], Direction.DIFFERS),
        ([step("replicas", "1.0", "2.0")], Direction.DIFFERS),
        ([step("image.tag", 1.4, 1.5)], Direction.DIFFERS),
        ([KeyDifference(path=("values",), old=None, new={"image": {"tag": "1.5.0"}}, was=False)], Direction.DIFFERS),
    ],
)
def test_a_release_goes_up_or_down_or_differs(changes: list[KeyDifference], way: Direction) -> None:
    assert direction(changes) is way


def add(folder: Path, name: str, stage: str, tag: str, cluster: str = "eu") -> None:
    target = folder / "environments" / name
    target.mkdir()
    header = "apiVersion: gitops-gen/v1\n"
    (target / "environment.yaml").write_text(
        f"{header}kind: Environment\nstage: {stage}\ncluster: {cluster}\nvalues: {{hosts: [{name}.example.com]}}\n"
    )
    (target / "release.yaml").write_text(f'{header}kind: Release\nvalues:\n  image:\n    tag: "{tag}"\n')


@pytest.fixture
def fleet(good: Path) -> Path:
    """Many environments of a few releases."""
    for number in range(FLEET):
        add(good, f"dev-{number:04}", "dev", "1.5.0", "us")
        add(good, f"production-{number:04}", "production", "1.4.2" if number % 2 else "1.6.0")
    return good


def status(gitops_gen: GitopsGen, folder: Path, *words: str) -> dict[str, Any]:
    result = gitops_gen(folder, "status", *words, "--output", "json")
    assert result.code == 0, result.err
    data: dict[str, Any] = json.loads(result.out)
    return data


def test_a_fleet_is_printed_in_few_lines(fleet: Path, gitops_gen: GitopsGen) -> None:
    text = gitops_gen(fleet, "status").out
    assert len(text.splitlines()) < 80
    assert "120 environments: dev-0000, dev-0001 … dev-0119" in text
    waits = [line for line in text.splitlines() if line.startswith("waits: ")]
    assert len(waits) == 3, "two releases of dev, and two of production"
    (up,) = (line for line in waits if "(upgrade)" in line and "dev-0000" in line)
    assert up.startswith("waits: 120 environments: dev-0000, dev-0001 … dev-0119 to 61 environments: production")
    assert any("image.tag 1.6.0 → 1.5.0 (downgrade)" in line for line in waits)
    assert re.search(r"^missing: [0-9]+ more files$", text, re.MULTILINE)
    data = status(gitops_gen, fleet)
    assert len(data["environments"]) == 2 * FLEET + 2
    assert len(data["waiting"]) == 3
    assert sorted(len(item["targets"]) for item in data["waiting"]) == [60, 60, 61]


def test_a_fleet_of_as_many_releases_is_cut(good: Path, gitops_gen: GitopsGen) -> None:
    for number in range(FLEET):
        add(good, f"dev-{number:04}", "dev", f"1.5.{number}")
        add(good, f"production-{number:04}", "production", f"1.4.{number}")
    text = gitops_gen(good, "status").out
    assert len(text.splitlines()) < 200
    assert "more environments" in text
    assert "`--output json` lists all" in text
    assert len(status(gitops_gen, good)["waiting"]) <= 2 * FLEET, "one for each environment, not for each pair"


def test_a_stage_or_cluster_is_asked_for(fleet: Path, gitops_gen: GitopsGen) -> None:
    def names(*words: str) -> set[str]:
        return {item["name"] for item in status(gitops_gen, fleet, *words)["environments"]}

    def listed(*words: str) -> set[str]:
        return {
            item["name"]
            for item in json.loads(gitops_gen(fleet, "env", "list", *words, "-o", "json").out)["environments"]
        }

    everything = names()
    for words, kept in (
        (("--stage", "production"), {name for name in everything if name.startswith("production")}),
        (("--cluster", "us"), {name for name in everything if name.startswith("dev-")}),
        (("--stage", "dev", "--cluster", "eu"), {"dev"}),
    ):
        assert names(*words) == listed(*words) == kept
    production = status(gitops_gen, fleet, "--stage", "production")
    assert {target for item in production["waiting"] for target in item["targets"]} <= names("--stage", "production")
    assert production["waiting"]
    assert all("production" in item["path"] for item in production["drift"])
    assert production["drift"]
    assert status(gitops_gen, fleet, "--stage", "dev")["waiting"] == []


@pytest.mark.parametrize("verb", [("status",), ("env", "list")])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--stage", "prodution"), "did you mean `production`?"),
        (("--cluster", "ue"), "no cluster `ue`"),
        (("--stage", "dev", "--cluster", "us"), "no environment in stage dev and on cluster us"),
    ],
)
def test_a_stage_or_cluster_that_does_not_exist_is_reported(
    good: Path, gitops_gen: GitopsGen, verb: tuple[str, ...], words: tuple[str, ...], message: str
) -> None:
    result = gitops_gen(good, *verb, *words)
    assert result.code == 2
    assert message in result.err


def known(gitops_gen: GitopsGen, folder: Path) -> float:
    found = status(gitops_gen, folder)["git"]["upstreamAsOf"]
    return datetime.fromisoformat(found).timestamp()


def test_the_remote_is_reported_as_of_when_it_was_asked(
    good: Path, origin: Path, tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    clone = tmp_path / "clone"
    begin = time.time()
    assert begin - 60 < known(gitops_gen, clone) <= begin + 1, "the clone asked it"
    git(clone, "fetch", "--quiet")
    os.utime(clone / ".git/FETCH_HEAD", (2e9, 2e9))
    assert known(gitops_gen, clone) == 2e9, "a fetch that found nothing new asked it as well"
    text = gitops_gen(clone, "status").out
    assert "origin/main is known as of 2033-05-18 03:33 UTC; run `git fetch` to update it" in text
    (good / "README").write_text("read me\n")
    commit_all(good)
    git(good, "push", "--quiet")
    assert begin - 1 <= known(gitops_gen, good) <= time.time() + 1, "a push tells as well"
    git(clone, "fetch", "--quiet", str(tmp_path / "project"), "main:refs/heads/other")
    os.utime(clone / ".git/FETCH_HEAD", (2e9, 2e9))
    assert known(gitops_gen, clone) < 2e9, "another remote was asked"


def test_no_remote_is_not_mentioned(good: Path, gitops_gen: GitopsGen) -> None:
    assert status(gitops_gen, good)["git"]["upstream"] is None
    assert "is known as of" not in gitops_gen(good, "status").out


def test_what_is_not_known_is_reported_as_unknown(good: Path, origin: Path, gitops_gen: GitopsGen) -> None:
    assert origin.is_dir()
    for file in (good / ".git/logs/refs/remotes/origin").iterdir():
        file.unlink()
    assert "origin/main is known as of an unknown time" in gitops_gen(good, "status").out


@pytest.mark.parametrize("words", [("status",), ("env", "list"), ("set", "--all", "replicas=3")])
def test_an_environment_is_opened_without_a_look_at_the_others(
    fleet: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    calls = 0
    real = os.scandir

    def counted(path: str) -> Iterator[os.DirEntry[str]]:
        nonlocal calls
        calls += str(path).endswith("/environments")
        return real(path)

    monkeypatch.setattr(os, "scandir", counted)
    assert gitops_gen(fleet, *words).code == 0
    assert 0 < calls < 20
