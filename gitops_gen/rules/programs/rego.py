"""Policies in Rego, which conftest evaluates.

https://www.conftest.dev/usage/
"""

import json
import re
import shutil
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from gitops_gen.rules.programs.answers import PolicyAnswer, PolicyEffect, bare_environment
from gitops_gen.runtime.programs import ProcessError, run
from gitops_gen.runtime.scratch import scratch
from gitops_gen.sync.plan import SyncPlan

PROGRAM = "conftest"
_KINDS = {"failures": PolicyEffect.DENIED, "warnings": PolicyEffect.WARNED}
_FAULT = re.compile(r"policies/(\d+)\.rego:(\d+): \w+: (.+)")
"""How OPA names what is wrong with a policy."""


@lru_cache(maxsize=1)
def answers(plan: SyncPlan) -> tuple[PolicyAnswer, ...]:
    """Every complaint about an object, each with its own file: conftest names no other place. Policies that cannot be
    read are answers too. Raises `ProcessError` where conftest fails otherwise.
    """
    program = shutil.which(PROGRAM)
    if not plan.cluster.rego or not plan.manifests or not program:
        return ()
    with scratch() as folder:
        _write(plan, folder)
        try:
            return tuple(_read(json.loads(_tested(program, folder)), plan))
        except ProcessError as error:
            if faults := tuple(_faults(error, plan)):
                return faults
            raise


def _write(plan: SyncPlan, folder: Path) -> None:
    policies, objects = folder / "policies", folder / "objects"
    policies.mkdir()
    objects.mkdir()
    for index, (_, text) in enumerate(plan.cluster.rego):
        (policies / f"{index}.rego").write_text(text, encoding="utf-8")
    for index, manifest in enumerate(plan.manifests):
        (objects / f"{index}.json").write_text(json.dumps(manifest.data, default=str), encoding="utf-8")


def _tested(program: str, folder: Path) -> str:
    arguments = ("--policy", "policies", "--all-namespaces", "--no-fail", "--no-color", "--output", "json")
    return run([program, "test", *arguments, "objects"], cwd=folder, env=bare_environment(folder))


def _faults(error: ProcessError, plan: SyncPlan) -> Iterator[PolicyAnswer]:
    for index, line, message in dict.fromkeys(_FAULT.findall(error.stderr)):
        name, text = plan.cluster.rego[int(index)]
        # One that ends too early is reported behind its last line.
        place = min(int(line), len(text.splitlines()))
        yield PolicyAnswer(PolicyEffect.INVALID, None, f"conftest cannot apply it: {message}", name, place)


def _read(results: list[dict[str, Any]], plan: SyncPlan) -> Iterator[PolicyAnswer]:
    for index, result in sorted(((_index(item), item) for item in results), key=itemgetter(0)):
        for key, kind in _KINDS.items():
            for item in result.get(key) or ():
                yield PolicyAnswer(kind, plan.manifests[index], str(item.get("msg")))


def _index(result: dict[str, Any]) -> int:
    return int(str(result.get("filename")).rpartition("/")[2].removesuffix(".json"))
