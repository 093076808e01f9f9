"""The workflows, the action and the component: sound for actionlint and zizmor, and run step by step as hosts do."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.built import BIN
from tests.ci_run import Run, clean_clone, github, gitlab
from tests.conftest import REPOSITORY, GitopsGen, commit_all, git

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/workflows/\w+\.yaml")
FILES = [*sorted((REPOSITORY / ".github/workflows").glob("*.yaml")), REPOSITORY / "action.yml"]
FACTS = {
    "github.base_ref": "main",
    "github.repository": "team/shop",
    "github.event.number": "7",
    "github.sha": "abc",
    "github.ref": "refs/heads/main",
}


def test_zizmor_finds_nothing() -> None:
    argv = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--min-severity", "medium", "."]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    program = shutil.which("actionlint") or str(BIN / "actionlint")
    if not Path(program).exists():
        pytest.skip("no `actionlint` here: build it with `make tools`")
    done = subprocess.run([program, "-ignore", "SC2086"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_actions_are_pinned(file: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.*)$", file.read_text(), re.MULTILINE)
    assert [action for action in used if not PINNED.fullmatch(action)] == []


@pytest.fixture
def proposal(reference: Path, gitops_gen: GitopsGen) -> Path:
    """A repository with a pull request, on the branch `change`."""
    git(reference, "switch", "--quiet", "--create", "change")
    assert gitops_gen(reference, "set", "dev", "app.image.tag=9.9.9").code == 0
    commit_all(reference)
    git(reference, "switch", "--quiet", "main")
    return reference


def act(proposal: Path, branch: str, *, fork: bool = False, **inputs: str) -> Run:
    """Run the composite action as a job of a workflow."""
    clone = clean_clone(proposal, proposal.parent / f"run-{branch}{fork}{len(inputs)}/clone", branch)
    workflow = clone.parent / "action.yaml"
    steps = [{"uses": "team/gitops-gen@main", "with": inputs}]
    workflow.write_text(yaml.safe_dump({"jobs": {"check": {"steps": steps}}}))
    event = "push" if branch == "main" else "pull_request"
    return github(clone, workflow, FACTS | {"github.event_name": event} | ({"fork": "yes"} if fork else {}))


@pytest.mark.slow
def test_the_action_comments_on_a_pull_request_and_not_on_one_of_a_fork(proposal: Path) -> None:
    result = act(proposal, "change")
    assert result.failed == "", result.said
    assert result.calls[0] == f"pip install {REPOSITORY}"
    assert "9.9.9" in result.comment
    fork = act(proposal, "change", fork=True)
    assert fork.failed == ""
    assert [call for call in fork.calls if call.startswith("gh ")] == []


@pytest.mark.slow
def test_the_action_on_main(proposal: Path) -> None:
    result = act(proposal, "main", sarif="true")
    assert result.failed == "", result.said
    (upload,) = [call for call in result.calls if call.startswith("gh ")]
    assert "repos/team/shop/code-scanning/sarifs" in upload
    assert "ref=refs/heads/main" in upload


@pytest.mark.slow
def test_the_action_fails_for_a_file_that_is_not_up_to_date(proposal: Path) -> None:
    (proposal / "environments/dev/values.yaml").unlink()
    commit_all(proposal)
    result = act(proposal, "main")
    assert result.failed == "Nothing would fail in the cluster"
    assert "file=environments/dev/values.yaml,line=1::is missing" in result.said
    assert act(proposal, "main", check="render").failed == "Generated files are up to date"


@pytest.mark.slow
def test_the_action_can_leave_the_checks_out(proposal: Path) -> None:
    result = act(proposal, "change", check="none", install="x")
    assert (result.failed, result.calls) == ("", ["pip install x"])


def component(clone: Path, **inputs: str) -> Path:
    """The component with its inputs in place, as GitLab includes it."""
    header, job = (REPOSITORY / "templates/check.yml").read_text().split("\n---\n")
    spec = yaml.safe_load(header)["spec"]["inputs"]
    given = {name: inputs.get(name, facts.get("default", "")) for name, facts in spec.items()}
    file = clone.parent / "component.yml"
    file.write_text(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: given[found[1]], job))
    return file


MERGE_REQUEST = {
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "origin/main",
    "CI_API_V4_URL": "https://git.example.org/api/v4",
    "CI_PROJECT_ID": "1",
}


@pytest.mark.slow
@pytest.mark.parametrize("token", ["", "secret"])
def test_the_component_on_a_merge_request(token: str, proposal: Path) -> None:
    """That of a fork gets no token."""
    clone = clean_clone(proposal, proposal.parent / "run/clone", "change")
    result = gitlab(
        clone, component(clone, install="git+https://git.example.org/t@v1"), {**MERGE_REQUEST, "GITLAB_TOKEN": token}
    )
    assert result.failed == "", result.said
    assert "pip install git+https://git.example.org/t@v1" in result.calls
    assert bool([call for call in result.calls if call.startswith("curl")]) is bool(token)
    assert (clone / "gl-code-quality-report.json").read_text().startswith("[")


@pytest.mark.slow
def test_the_component_on_main(proposal: Path) -> None:
    clone = clean_clone(proposal, proposal.parent / "run/clone")
    assert gitlab(clone, component(clone), {"GITLAB_TOKEN": "secret"}).failed == ""
    (clone / "environments/dev/values.yaml").unlink()
    assert gitlab(clone, component(clone), {}).failed == "script"
