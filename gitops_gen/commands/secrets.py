"""`secrets`: what must be in which Secret of an environment, who reads it, and what fills it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.manifests.objects import parse
from gitops_gen.manifests.secret_contract import ContractKey, secret_contract
from gitops_gen.project.rendering import render
from gitops_gen.project.workspace import OpenProject
from gitops_gen.runtime.activity import counted


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentSecrets:
    """The keys that an environment's objects read or make."""

    environment: str
    namespace: str
    keys: tuple[ContractKey, ...]


def secrets(workspace: OpenProject, names: Sequence[str] = ()) -> tuple[EnvironmentSecrets, ...]:
    """The Secrets of these environments; of all without names.

    Raises `UsageError`, `ProblemsError` with all that is wrong in any of them, and `ChartError`.
    """
    found: list[EnvironmentSecrets] = []
    problems: list[Problem] = []
    wanted = names or workspace.names()
    for name in counted(wanted, "rendering", len(wanted)):
        try:
            found.append(_secrets(workspace, name))
        except ProblemsError as error:
            problems += error.problems
    fail_if_any(problems)
    return tuple(found)


def _secrets(workspace: OpenProject, name: str) -> EnvironmentSecrets:
    namespace = workspace.environment(name).namespace
    manifests = parse(render(workspace, name), f"rendered manifests of {name}", namespace=namespace)
    return EnvironmentSecrets(environment=name, namespace=namespace, keys=secret_contract(manifests))
