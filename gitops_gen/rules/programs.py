"""Rules on policies that another program evaluates: those in Rego by conftest, which is called when it is on
PATH.

https://www.conftest.dev/usage/
"""

import json
import os
import shutil
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from gitops_gen.manifests.objects import Manifest
from gitops_gen.rules.rule import Check, Hit, Rule, Severity
from gitops_gen.runtime.programs import run
from gitops_gen.runtime.scratch import scratch
from gitops_gen.sync.plan import SyncPlan

PROGRAM = "conftest"


class _Answer(NamedTuple):
    """What a policy says of an object."""

    manifest: Manifest | None
    #: `failures` or `warnings`, as conftest calls them
    kind: str
    message: str


@lru_cache(maxsize=1)
def _answers(plan: SyncPlan) -> tuple[_Answer, ...]:
    """Every complaint about an object, each with its own file: conftest names no other place. Raises `ProcessError`
    where a policy cannot be read.
    """
    program = shutil.which(PROGRAM)
    if not plan.cluster.rego or not plan.manifests or not program:
        return ()
    with scratch() as folder:
        policies, objects = folder / "policies", folder / "objects"
        policies.mkdir()
        objects.mkdir()
        for index, (_, text) in enumerate(plan.cluster.rego):
            (policies / f"{index}.rego").write_text(text, encoding="utf-8")
        for index, manifest in enumerate(plan.manifests):
            (objects / f"{index}.json").write_text(json.dumps(manifest.data, default=str), encoding="utf-8")
        arguments = ("--policy", "policies", "--all-namespaces", "--no-fail", "--no-color", "--output", "json")
        # Rego can read the environment, and a policy of a pull request must see no token in it.
        answer = run(
            [program, "test", *arguments, "objects"], cwd=folder, env={"PATH": os.defpath, "HOME": str(folder)}
        )
        return tuple(_read(json.loads(answer), plan))


def _read(results: list[dict[str, Any]], plan: SyncPlan) -> Iterator[_Answer]:
    for index, result in sorted(((_index(item), item) for item in results), key=itemgetter(0)):
        for kind in ("failures", "warnings"):
            for item in result.get(kind) or ():
                yield _Answer(plan.manifests[index], kind, str(item.get("msg")))


def _index(result: dict[str, Any]) -> int:
    return int(str(result.get("filename")).rpartition("/")[2].removesuffix(".json"))


def _answered(kind: str) -> Check:
    return lambda plan: (Hit(item.manifest, item.message) for item in _answers(plan) if item.kind == kind)


def _missing(plan: SyncPlan) -> Iterator[Hit]:
    if plan.cluster.rego and not shutil.which(PROGRAM):
        names = ", ".join(name for name, _ in plan.cluster.rego)
        yield Hit(None, f"{PROGRAM} is not on PATH: the policies in {names} are not applied")


RULES = (
    Rule(
        id="rego-denied",
        title="The cluster's policies in Rego admit every object",
        explanation=(
            "Files that end in `.rego` among `clusters.<name>.policies` are evaluated by conftest, with every rendered "
            "object as `input`: its rules `deny` and `violation` refuse an object."
        ),
        remedy="change what the policy names",
        check=_answered("failures"),
    ),
    Rule(
        id="rego-warned",
        title="The cluster's policies in Rego do not warn",
        explanation="A rule `warn` of a file in Rego tells of an object, and admits it.",
        remedy="change what the policy names",
        check=_answered("warnings"),
        severity=Severity.WARNING,
    ),
    Rule(
        id="policy-program-missing",
        title="The program that evaluates the cluster's policies is there",
        explanation="Policies in Rego are evaluated by conftest. Without it, `validate` says nothing about them.",
        remedy="install conftest: https://www.conftest.dev/install/",
        check=_missing,
        severity=Severity.WARNING,
    ),
)
