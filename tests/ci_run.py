"""Runs the CI files that `init` writes, as their hosts would: each shell step from a clean clone. Programs that reach
the outside are replaced by ones that only write down what they were asked.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import GIT_SETTINGS, REPOSITORY, git

#: pip must be given something that is there; gh finds the comment that COMMENT names and keeps what it was sent
STUBS = {
    "pip": 'echo "pip $*" >> "$CALLS"; case "$2" in ./*) test -f "$2" ;; esac',
    "gh": 'echo "gh $*" >> "$CALLS"\n'
    'case "$*" in *--paginate*) echo "${COMMENT:-}" ;; *comment.md*) cp comment.md "$CALLS.body" ;; esac',
    "curl": 'echo "curl $*" >> "$CALLS"',
    "apt-get": 'echo "apt-get $*" >> "$CALLS"',
    "gitops-gen": f'PYTHONPATH={REPOSITORY} exec {sys.executable} -m gitops_gen "$@"',
}
EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a run ended: the name of the step that failed, empty when none did; what it said; the calls of the stubs; and
    the comment that was sent.
    """

    failed: str
    said: str
    calls: list[str]
    comment: str = field(default="", repr=False)


def github(clone: Path, workflow: Path, facts: dict[str, str], env: dict[str, str] | None = None) -> Run:
    """Run the steps of a workflow, those of our action with them. `facts` says what each expression gives;
    `github.event_name` must be among them.
    """
    (job,) = yaml.load(workflow.read_text(), yaml.BaseLoader)["jobs"].values()
    said = ""
    facts = {"github.token": "t", **facts}
    if facts["github.event_name"] != "pull_request":
        facts |= {"github.base_ref": ""}  # as GitHub has it
    for step, known in _steps(job["steps"], clone, facts):
        given = {name: _value(text, known) for name, text in step.get("env", {}).items()}
        done = _shell(clone, step["run"], {**(env or {}), **given})
        said += done.stdout + done.stderr
        if done.returncode:
            return _run(clone, step["name"], said)
    return _run(clone, "", said)


def _steps(
    steps: list[dict[str, Any]], clone: Path, facts: dict[str, str]
) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Those of a shell that are due, each with the facts that it knows."""
    for step in steps:
        used = step.get("uses", "./")
        if "run" in step and _is_due(step, facts):
            yield step, facts
        elif used != "./" and not used.startswith("actions/"):
            action = (clone / used if used.startswith("./") else REPOSITORY) / "action.yml"
            document = yaml.load(action.read_text(), yaml.BaseLoader)
            inputs = {name: str(one["default"]) for name, one in document["inputs"].items()} | step.get("with", {})
            assert inputs.keys() == document["inputs"].keys(), "an input that the action does not know"
            known = {f"inputs.{name}": _value(text, facts) for name, text in inputs.items()}
            where = {"github.action_path": str(action.parent)}
            yield from _steps(document["runs"]["steps"], clone, facts | known | where)


def _is_due(step: dict[str, Any], facts: dict[str, str]) -> bool:
    condition = step.get("if", "").removeprefix("${{ ").removesuffix(" }}")
    return all(_holds(part, facts) for part in condition.split(" && ") if part)


def _holds(condition: str, facts: dict[str, str]) -> bool:
    if condition in (SAME_REPOSITORY, "!cancelled()"):
        return condition != SAME_REPOSITORY or "fork" not in facts
    compared = re.fullmatch(r"([\w.]+) (==|!=) '(\w+)'", condition)
    assert compared, f"the test does not know `{condition}`"
    return (facts[compared[1]] == compared[3]) is (compared[2] == "==")


def _value(text: str, facts: dict[str, str]) -> str:
    return EXPRESSION.sub(lambda match: facts[match[1]], text)


def gitlab(clone: Path, file: Path, env: dict[str, str]) -> Run:
    """Run a job of a GitLab file as its runner does: one shell for all lines. It is the first one, or that for bots."""
    checks, *bots = yaml.load(file.read_text(), yaml.BaseLoader).values()
    job = checks | bots[0] if "CI_COMMIT_BRANCH" in env else checks
    script = "\n".join([*job["before_script"], *job["script"]])
    done = _shell(clone, script, {**job["variables"], **env})
    return _run(clone, "script" if done.returncode else "", done.stdout + done.stderr)


def _shell(clone: Path, script: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell"""
    programs = clone.parent / "programs"
    for name, text in STUBS.items():
        programs.mkdir(exist_ok=True)
        (programs / name).write_text(f"#!/bin/bash\n{text}\n")
        (programs / name).chmod(0o755)
    path = {"PATH": f"{programs}:{os.environ['PATH']}", "CALLS": str(clone.parent / "calls")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=clone,
        env=os.environ | GIT_SETTINGS | path | env,
        capture_output=True,
        text=True,
        check=False,
    )


def _run(clone: Path, failed: str, said: str) -> Run:
    calls, body = clone.parent / "calls", clone.parent / "calls.body"
    return Run(
        failed=failed,
        said=said,
        calls=calls.read_text().splitlines() if calls.exists() else [],
        comment=body.read_text() if body.exists() else "",
    )


def clean_clone(repository: Path, target: Path, branch: str = "main") -> Path:
    """What the host checks out: the merge of a pull request's branch, or the branch itself."""
    target.parent.mkdir(parents=True)
    git(target.parent, "clone", "--quiet", str(repository), str(target))
    if branch != "main":
        git(target, "checkout", "--quiet", "--detach")
        git(target, "merge", "--quiet", "--no-ff", "--message", "Merge", f"origin/{branch}")
    return target
