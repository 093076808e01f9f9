"""A ClusterSecretStore that knows every key which the rendered ExternalSecrets ask for (provider `fake`).

https://external-secrets.io/latest/provider/fake/
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from .api import Kubectl, Object

NOTHING: Mapping[str, str] = MappingProxyType({})


class FakeStore:
    """One store; what it is asked to provide adds up."""

    def __init__(self, kubectl: Kubectl, name: str) -> None:
        self._kubectl = kubectl
        self._name = name
        self._values: dict[str, dict[str, Any]] = {}

    def provide(self, manifests: Iterable[Object], known: Mapping[str, str] = NOTHING) -> None:
        """Hold a value for each key of each ExternalSecret among the manifests: the known one, or one made up."""
        for path, name in _wanted(manifests):
            _put(self._values.setdefault(path, {}), name, known.get(name, made_up(name)))
        self._apply()

    def forget(self, path: str) -> None:
        """Hold nothing at a path any more."""
        del self._values[path]
        self._apply()

    def _apply(self) -> None:
        data = [{"key": path, "value": json.dumps(value)} for path, value in sorted(self._values.items())]
        self._kubectl.apply(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ClusterSecretStore",
                "metadata": {"name": self._name},
                "spec": {"provider": {"fake": {"data": data}}},
            }
        )


def made_up(name: str) -> str:
    """The value of a property that nobody knows one for."""
    return f"e2e-{name}"


def _wanted(manifests: Iterable[Object]) -> Iterator[tuple[str, str]]:
    for manifest in manifests:
        if manifest["kind"] == "ExternalSecret":
            for entry in manifest["spec"].get("data", []):
                yield entry["remoteRef"]["key"], entry["remoteRef"].get("property", "value")


def _put(tree: dict[str, Any], name: str, value: str) -> None:
    """Set a property; the provider reads a dot in its name as a step down."""
    *steps, last = name.split(".")
    for step in steps:
        tree = tree.setdefault(step, {})
    tree[last] = value
