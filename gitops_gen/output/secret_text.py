"""Secrets for people."""

from collections.abc import Iterator

from gitops_gen.commands.secrets import EnvironmentSecrets
from gitops_gen.manifests.secret_contract import ContractKey, Origin
from gitops_gen.output.text import table

NOBODY = "nothing in this project: create it before the first sync"


def secret_lines(found: EnvironmentSecrets) -> Iterator[str]:
    """One environment's Secrets as a table; a Secret's name is printed at its first key only."""
    yield f"{found.environment}, namespace {found.namespace}"
    rows, last = [], ""
    for key in found.keys:
        rows.append(["" if key.secret == last else key.secret, key.key or "(all keys)", _origin(key), _readers(key)])
        last = key.secret
    yield from table(["SECRET", "KEY", "FROM", "READ BY"], rows) if rows else ["no Secret is read or made"]


def _readers(key: ContractKey) -> str:
    return ", ".join(key.readers) + (" (optional)" * key.optional if key.readers else "nobody here")


def _origin(key: ContractKey) -> str:
    if key.origin == Origin():
        return NOBODY
    own_name = key.origin.property in ("", key.key)
    entry = key.origin.entry if own_name else f"{key.origin.entry}#{key.origin.property}"
    return " ".join(part for part in (key.origin.store or key.origin.object, entry) if part)
