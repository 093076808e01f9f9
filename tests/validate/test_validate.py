"""`validate` as a command: exit codes, what is checked, exceptions, baseline, changed environments."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GitopsGen, commit_all
from tests.validate.mutation import DEV, WEB

DEADLINE = "  progressDeadlineSeconds: 300\n"


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def findings(gitops_gen: GitopsGen, folder: Path, *words: str) -> list[dict[str, Any]]:
    """The findings that are no notes."""
    document = json.loads(gitops_gen(folder, "validate", *words, "--output", "json").out)
    return [item for item in document["findings"] if item["severity"] != "note"]


def test_a_good_project_has_no_finding(tree: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(tree, "validate")
    assert (result.code, result.out.splitlines()[-1]) == (0, "2 environments: 1 note (--notes shows the notes)")
    assert "crd-not-rendered" in gitops_gen(tree, "validate", "--notes").out


def test_a_finding_of_all_environments_is_reported_once(tree: Path, gitops_gen: GitopsGen) -> None:
    edit(tree, WEB, DEADLINE, "")
    result = gitops_gen(tree, "validate")
    assert result.code == 1
    assert result.out.count("deployment-without-deadline") == 1
    assert "  line 2: error: deployment-without-deadline: Deployment/web (all environments)" in result.out
    assert result.out.splitlines()[-1].startswith("2 environments: 1 error, 1 note")


def test_one_environment_that_is_wrong_hides_nothing_of_the_others(tree: Path, gitops_gen: GitopsGen) -> None:
    edit(tree, DEV, "stage: dev\n", "stage: dve\n")
    edit(tree, WEB, DEADLINE, "")
    found = findings(gitops_gen, tree)
    assert [(item["rule"], item["environments"]) for item in found] == [
        ("deployment-without-deadline", ["production"]),
        ("input-invalid", ["dev"]),
    ]


def test_a_project_that_cannot_be_read_is_a_finding(tree: Path, gitops_gen: GitopsGen) -> None:
    edit(tree, "gitops.yaml", "kind: Project", "kind: Projct")
    found = findings(gitops_gen, tree)
    assert [(item["rule"], item["file"], item["line"]) for item in found] == [("input-invalid", "gitops.yaml", 2)]


def test_an_entry_lowers_a_finding(tree: Path, gitops_gen: GitopsGen) -> None:
    edit(tree, WEB, DEADLINE, "")
    entry = "{rule: deployment-without-deadline, object: Deployment/w*, reason: slow, severity: warning}"
    with (tree / "gitops.yaml").open("a") as file:
        file.write(f"rules:\n  ignore:\n  - {entry}\n")
    assert gitops_gen(tree, "validate").code == 0
    assert [item["severity"] for item in findings(gitops_gen, tree)] == ["warning"]
    assert gitops_gen(tree, "plan").code == 0


@pytest.mark.parametrize("rule", ["input-invald", "unknown-value"])
def test_an_entry_that_matches_nothing_is_a_finding(rule: str, tree: Path, gitops_gen: GitopsGen) -> None:
    with (tree / "gitops.yaml").open("a") as file:
        file.write(f"rules:\n  ignore:\n  - {{rule: {rule}, object: x, reason: old}}\n")
    found = findings(gitops_gen, tree)
    last = len((tree / "gitops.yaml").read_text().splitlines())
    assert [(item["rule"], item["line"]) for item in found] == [("ignore-matches-nothing", last)]
    assert findings(gitops_gen, tree, "dev") == []


def test_a_baseline_accepts_what_there_was(tree: Path, gitops_gen: GitopsGen) -> None:
    edit(tree, WEB, DEADLINE, "")
    (tree / "baseline.json").write_text(gitops_gen(tree, "validate", "-o", "json").out)
    edit(tree, WEB, "  name: web\n", "\n\n  name: web\n")
    result = gitops_gen(tree, "validate", "--baseline", "baseline.json")
    assert (result.code, result.out) == (0, "2 environments: no findings (2 in the baseline)\n")

    edit(tree, "chart/templates/worker.yaml", DEADLINE, "")
    assert [item["object"] for item in findings(gitops_gen, tree, "--baseline", "baseline.json") if item["rule"]] == [
        "Deployment/worker"
    ]

    edit(tree, WEB, "spec:\n", f"spec:\n{DEADLINE}")
    assert "1 entry of the baseline left over" in gitops_gen(tree, "validate", "--baseline", "baseline.json").out


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": [1]}', '{"findings": 3}', "\udcff"])
def test_what_is_no_baseline(text: str, tree: Path, gitops_gen: GitopsGen) -> None:
    (tree / "baseline.json").write_bytes(text.encode(errors="surrogateescape"))
    result = gitops_gen(tree, "validate", "--baseline", "baseline.json")
    assert result.code == 1
    assert "baseline.json" in result.err


#: what a branch does; which environments that touches
CHANGES: list[tuple[tuple[str, str, str], list[str]]] = [
    ((DEV, "dev.shop", "new.shop"), ["dev"]),
    ((WEB, DEADLINE, ""), ["dev", "production"]),
    (("gitops.yaml", "replicas: 3", "replicas: 4"), ["production"]),
    (("environments/dev/values.yaml", "dev.shop", "old.shop"), ["dev"]),
    (("argocd/applications/dev.yaml", "shop-dev", "shop-old"), ["dev"]),
    (("gitops.yaml", "    kubernetes:", "    schemas: [crd.yaml]\n    kubernetes:"), ["dev", "production"]),
]


@pytest.mark.parametrize(("change", "touched"), CHANGES)
def test_what_a_branch_touches_is_judged_as_in_a_full_run(
    change: tuple[str, str, str], touched: list[str], tree: Path, gitops_gen: GitopsGen
) -> None:
    edit(tree, *change)
    commit_all(tree)
    changed = json.loads(gitops_gen(tree, "validate", "--changed", "v1.0.0", "-o", "json").out)
    assert changed["environments"] == touched
    full = findings(gitops_gen, tree)
    assert findings(gitops_gen, tree, "--changed", "v1.0.0") == [
        {**item, "environments": both} for item in full if (both := sorted({*item["environments"]} & {*touched}))
    ]


def test_a_branch_that_touches_nothing(tree: Path, gitops_gen: GitopsGen) -> None:
    (tree / "README.md").write_text("# Shop\n")
    commit_all(tree)
    result = gitops_gen(tree, "validate", "--changed", "v1.0.0")
    assert (result.code, result.out) == (0, "no findings\n")


def test_manifests_from_elsewhere(tree: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    rendered = gitops_gen(tree, "render", "dev").out
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "web.yaml").write_text(rendered.replace(DEADLINE, "", 1))
    (folder / "no.txt").write_text("{")
    for path in ("manifests", "manifests/web.yaml"):
        (found,) = findings(gitops_gen, tmp_path, "--rendered", path, "--sync-timeout", "30m")
        assert (found["rule"], found["severity"]) == ("deployment-without-deadline", "error")
    assert gitops_gen(tmp_path, "validate", "--rendered", "missing").code == 1


def test_the_line_in_manifests_from_elsewhere(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    text = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {size: 3}\n"
    (tmp_path / "all.yaml").write_text(f"# first\n{text.replace('3', 'x')}{text.replace('name: a', 'name: b')}")
    found = findings(gitops_gen, tmp_path, "--rendered", "all.yaml")
    assert [(item["object"], item["file"], item["line"]) for item in found] == [("ConfigMap/b", "all.yaml", 11)]


@pytest.mark.parametrize(
    "words", [("dev", "--rendered", "x"), ("--changed", "HEAD", "dev"), ("prod",), ("--changed", "nothing")]
)
def test_a_wrong_command_line(words: tuple[str, ...], tree: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(tree, "validate", *words).code == 2


def test_a_template_of_a_subchart_with_an_alias_is_named_by_its_file(tree: Path, gitops_gen: GitopsGen) -> None:
    """Helm calls it chart/charts/outside/templates/database.yaml, which does not exist."""
    with (tree / "chart/Chart.yaml").open("a") as file:
        file.write("dependencies:\n- {name: database, version: 1.0.0, alias: outside}\n")
    folder = tree / "chart/charts/database"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: database\nversion: 1.0.0\n")
    (folder / "templates/database.yaml").write_text("apiVersion: v1\nkind: Endpoints\nmetadata: {name: database}\n")
    found = findings(gitops_gen, tree)
    places = {(item["file"], item["line"]) for item in found if item["rule"] == "kind-left-out"}
    assert places == {("chart/charts/database/templates/database.yaml", 2)}
