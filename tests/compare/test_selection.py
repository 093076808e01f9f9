"""`diff` of some environments, in few lines, and what its exit code says."""

import json
from pathlib import Path

import pytest

from tests.compare.diff_fleet import Fleet, does_not_render, git, make_fleet
from tests.conftest import GitopsGen


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    fleet = make_fleet(tmp_path / "fleet")
    for name in ("dev", "production-eu", "production-us"):
        fleet.replace(f"environments/{name}/release.yaml", "shop:1.0.0", "shop:2.0.0")
    return fleet


def names(result: str) -> set[str]:
    return {name for group in json.loads(result)["groups"] for name in group["environments"]}


@pytest.mark.parametrize(
    ("words", "compared"),
    [
        ((), {"dev", "production-eu", "production-us"}),
        (("dev",), {"dev"}),
        (("production-us", "dev", "staging"), {"dev", "production-us"}),
        (("start", "dev"), {"dev"}),
        (("dev", "start"), {"dev"}),
        (("start", "--only", "production-eu"), {"production-eu"}),
        (("--only", "production-eu", "dev"), {"dev", "production-eu"}),
        (("HEAD~0", "HEAD", "dev"), set()),
    ],
)
def test_environments_narrow_the_comparison(
    fleet: Fleet, gitops_gen: GitopsGen, words: tuple[str, ...], compared: set[str]
) -> None:
    result = gitops_gen(fleet.folder, "diff", *words, "--summary", "--output", "json")
    assert result.code == bool(compared), result.err
    assert names(result.out) == compared


@pytest.mark.parametrize(("kind", "full"), [("branch", "refs/heads/dev"), ("tag", "refs/tags/dev")])
def test_a_word_that_is_both_is_refused_with_both_ways(
    fleet: Fleet, gitops_gen: GitopsGen, kind: str, full: str
) -> None:
    git(fleet.folder, kind, "dev")
    result = gitops_gen(fleet.folder, "diff", "dev")
    assert (result.code, result.out) == (2, "")
    assert "`dev` is an environment, and a revision in git too" in result.err
    assert "`gitops-gen diff --only dev`" in result.err
    assert f"`gitops-gen diff {full}`" in result.err
    as_environment = gitops_gen(fleet.folder, "diff", "--only", "dev", "--summary")
    assert "1 of 1 environment differs" in as_environment.out
    as_revision = gitops_gen(fleet.folder, "diff", full, "--summary")
    assert as_revision.out.startswith(f"{full} (")
    assert "3 of 4 environments differ" in as_revision.out


def test_an_environment_that_is_gone_can_be_named(fleet: Fleet, gitops_gen: GitopsGen) -> None:
    (fleet.folder / "environments/dev/release.yaml").unlink()
    (fleet.folder / "environments/dev/environment.yaml").unlink()
    result = gitops_gen(fleet.folder, "diff", "dev", "--summary")
    assert result.code == 1
    assert "environment removed" in result.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("devv",), "on either side, and no such revision in this clone\n    did you mean `dev`?"),
        (("nowhere",), "no such revision in this clone\n    known: dev, main, production"),
        (("--only", "start"), "no environment `start` on either side\n"),
        (("HEAD~7",), "no commit `HEAD~7` in this clone"),
        (("start", "HEAD", "HEAD~0"), "two REFs at most: start, HEAD, HEAD~0"),
        (("--env", "dev", "staging", "start", "HEAD"), "one REF at most with --env"),
        (("--env", "dev", "staging", "production-eu"), "`--env` compares two environments"),
        (("--env", "dev", "stagin"), "no environment `stagin`\n    did you mean `staging`?"),
        (("--summary", "--output", "html"), "--summary is printed as text, json or yaml"),
    ],
)
def test_what_cannot_be_compared_is_reported(
    fleet: Fleet, gitops_gen: GitopsGen, words: tuple[str, ...], said: str
) -> None:
    result = gitops_gen(fleet.folder, "diff", *words)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_the_summary_is_a_line_for_equal_environments(fleet: Fleet, gitops_gen: GitopsGen) -> None:
    fleet.replace("environments/dev/environment.yaml", "stage: dev", "stage: dev\nvalues: {replicas: 5}")
    result = gitops_gen(fleet.folder, "diff", "--summary")
    assert result.code == 1
    assert result.out.splitlines()[2:] == [
        "  ENVIRONMENT                   OBJECTS    EFFECTS",
        "  production-eu, production-us  2 changed  restarts: 1, runs: 1",
        "  dev                           2 changed  restarts: 1, runs: 1, scales: 1, a revert waits: 1",
    ]


def test_the_summary_of_nothing_is_its_headline(fleet: Fleet, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(fleet.folder, "diff", "staging", "--summary")
    assert result.code == 0
    assert result.out.endswith("working tree: no difference\n")
    assert result.out.count("\n") == 1


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_what_does_not_render_is_2(fleet: Fleet, gitops_gen: GitopsGen, form: str) -> None:
    does_not_render(fleet)
    assert gitops_gen(fleet.folder, "diff", "--output", form).code == 2
    fleet.commit("broken")
    assert gitops_gen(fleet.folder, "diff", "start", "broken", "--output", form).code == 2
    assert gitops_gen(fleet.folder, "diff", "start", "broken", "--summary").code == 2
    assert gitops_gen(fleet.folder, "diff", "broken", "start", "--output", form).code == 1  # it renders again


def test_one_broken_environment_among_differing_ones_is_2(fleet: Fleet, gitops_gen: GitopsGen) -> None:
    fleet.replace("environments/dev/release.yaml", "kind: Release", "kind: Relaese")
    result = gitops_gen(fleet.folder, "diff", "--summary")
    assert result.code == 2
    assert result.out.splitlines()[3].split() == ["dev", "-", "does", "not", "render:", "1"]
    assert gitops_gen(fleet.folder, "diff", "production-eu").code == 1


def test_broken_before_and_now_is_2(fleet: Fleet, gitops_gen: GitopsGen) -> None:
    fleet.replace("environments/dev/release.yaml", "kind: Release", "kind: Relaese").commit("broken")
    fleet.replace("environments/dev/release.yaml", "kind: Relaese", "kind: Relase")
    result = gitops_gen(fleet.folder, "diff")
    assert result.code == 2
    assert "does not render" in result.out
    does_not_render(fleet)
    fleet.commit("chart").replace("chart/templates/service.yaml", "no port today", "no port tomorrow")
    assert gitops_gen(fleet.folder, "diff").code == 2


def test_a_project_that_cannot_be_read_is_2(fleet: Fleet, gitops_gen: GitopsGen) -> None:
    (fleet.folder / "gitops.yaml").write_text("kind: Nothing\n")
    result = gitops_gen(fleet.folder, "diff")
    assert result.code == 2


def test_outside_of_a_repository_it_is_2(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    (tmp_path / "gitops.yaml").touch()
    assert gitops_gen(tmp_path, "diff").code == 2
