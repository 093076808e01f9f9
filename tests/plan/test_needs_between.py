"""What Applications need of each other: what `plan` shows, for the pairs that a real Argo CD syncs too."""

import json
import re
import shutil
from pathlib import Path

import pytest

from gitops_gen.output.plan_text import need_lines
from gitops_gen.sync.between import ApplicationNeed, Convergence
from gitops_gen.sync.outside import Want, WhileMissing
from tests.conftest import GitopsGen
from tests.plan.between_cases import CASES, Case

RULES = {"never": "applications-wait-for-each-other", "mayGiveUp": "first-sync-may-give-up"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_says_how_the_first_sync_ends(case: Case, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    case.write(tmp_path, "https://git.example.com/between.git")

    result = gitops_gen(tmp_path, "plan", "--output", "json")

    document = json.loads(result.out)
    needs = [item for item in document["needs"] if item["environment"] == "services/first/dev"]
    assert [(item["needs"], item["converges"]) for item in needs] == list(case.needs)
    assert {item["of"] for item in needs} == {"services/second/dev"}
    found = {item["rule"] for item in document["plans"][0]["findings"]}
    assert found & {*RULES.values()} == {RULES[how] for _, how in case.needs if how in RULES}


def test_one_application_needs_nothing_of_another(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    """The other one makes the difference: without it nothing is known about what must be in the cluster."""
    case = CASES[0]
    case.write(tmp_path, "https://git.example.com/between.git")
    assert json.loads(gitops_gen(tmp_path, "plan", "first/dev", "--output", "json").out)["needs"] == []
    shutil.rmtree(tmp_path / "services/second")
    assert "Between Applications" not in gitops_gen(tmp_path, "plan").out


def test_other_clusters_have_nothing_for_it(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    case = CASES[0]
    case.write(tmp_path, "https://git.example.com/between.git")
    project = tmp_path / "services/second/gitops.yaml"
    other = {"clusters": {"other": {"server": "https://other.example.com"}}, "defaults": {"cluster": "other"}}
    project.write_text(json.dumps({**json.loads(project.read_text()), **other}))
    top = tmp_path / "gitops.yaml"
    data = json.loads(top.read_text())
    top.write_text(json.dumps({**data, "defaults": {**data["defaults"], "cluster": "main"}}))
    assert json.loads(gitops_gen(tmp_path, "plan", "--output", "json").out)["needs"] == []


def test_of_many_only_what_does_not_converge_by_itself_is_shown() -> None:
    want = Want(
        consumer="Widget/one",
        source="",
        key=("CRD", "", "widgets"),
        what="CRD Widget",
        why="it is a Widget",
        effect=WhileMissing.REFUSED,
        step=0,
        is_awaited=True,
    )
    needs = [
        ApplicationNeed(want=want, consumer=how.name, producer="operator", convergence=how, reason="so", others=())
        for how in Convergence
    ]

    few, every = ("\n".join(need_lines(needs, every=all_of_them)) for all_of_them in (False, True))

    assert every.count("CRD Widget of operator for Widget/one") == len(Convergence)
    assert re.findall("^  ([A-Z_]+)$", few, re.MULTILINE) == ["BY_HAND", "GIVES_UP", "NEVER"]
    assert few.endswith("\n  2 needs converge by retries or by waiting; -v shows all")
    assert [*need_lines([], every=False)] == []


def test_a_sync_by_hand_is_said(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    case = CASES[0]
    case.write(tmp_path, "https://git.example.com/between.git")
    project = tmp_path / "services/second/gitops.yaml"
    by_hand = {"defaults": {"sync": {"automated": False}}}
    project.write_text(json.dumps({**json.loads(project.read_text()), **by_hand}))
    assert gitops_gen(tmp_path, "plan").out.endswith(
        "Between Applications, when all are synced for the first time\n"
        "  services/first/dev\n"
        "    CRD Widget.between.example.com of services/second/dev for Widget/one: it is a Widget\n"
        "      converges only by hand: somebody has to sync services/second/dev: it is not automated\n"
    )
