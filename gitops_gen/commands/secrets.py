"""`secrets`: what must be in which Secret of an environment, who reads it, and what fills it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_gen.errors import GitopsError, Problem, fail_if_any, fail_with
from gitops_gen.manifests.objects import parse
from gitops_gen.manifests.secret_contract import ContractKey, missing_from, secret_contract
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.rendering import render
from gitops_gen.runtime.activity import counted


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentSecrets:
    """The keys that an environment's objects read or make."""

    environment: str
    namespace: str
    keys: tuple[ContractKey, ...]


def secrets(opened: OpenProject, names: Sequence[str] = ()) -> tuple[EnvironmentSecrets, ...]:
    """The Secrets of these environments; of all without names.

    Raises `UsageError`, and `GitopsError` with all that is wrong in any of them.
    """
    found: list[EnvironmentSecrets] = []
    errors: list[GitopsError] = []
    wanted = names or opened.names()
    for name in counted(wanted, "rendering", len(wanted)):
        try:
            found.append(_secrets(opened, name))
        except GitopsError as error:
            errors.append(error)
    fail_with(errors)
    return tuple(found)


def check(found: Iterable[EnvironmentSecrets], text: str, file: str) -> int:
    """The number of names in a list of what a store and the cluster have, which has all that must exist: one name a
    line, as `missing_from` describes it; `#` begins a comment.

    Raises `ProblemsError` with each key that is not in it.
    """
    existing = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = tuple(found)
    fail_if_any(
        [
            _missing(environment.environment, key, file)
            for environment in found
            for key in missing_from(environment.keys, existing)
        ]
    )
    return len(existing)


def _missing(environment: str, key: ContractKey, file: str) -> Problem:
    origin = key.origin
    wanted = f"{origin.entry}#{origin.property}" if origin.property else origin.entry
    wanted = wanted or f"secret:{key.secret}" + (f"/{key.key}" if key.key else "")
    what = f"key `{key.key}` of Secret {key.secret}" if key.key else f"Secret {key.secret}"
    return Problem(
        file=file,
        message=f"has no {wanted}, which {what} of {environment} needs",
        hint="create it, then add it to the list; `gitops-gen secrets --script` writes the commands",
    )


def _secrets(opened: OpenProject, name: str) -> EnvironmentSecrets:
    namespace = opened.environment(name).namespace
    manifests = parse(render(opened, name), f"rendered manifests of {name}", namespace=namespace)
    return EnvironmentSecrets(environment=name, namespace=namespace, keys=secret_contract(manifests))
