"""The document of `explain`."""

from collections.abc import Iterable
from typing import Any, TypedDict

from gitops_gen.commands.explain import Explanation, ValueOrigin
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class LayerOrigin(TypedDict):
    """A layer that sets a key."""

    layer: str
    """`chart`, `defaults`, `cluster`, `stage`, `environment`, `release` or `inject`."""
    name: str | None
    """The name of the cluster or stage."""
    file: str
    line: int | None
    """null if the file is not in this repository."""
    value: Any


class ExplainedKey(TypedDict):
    """A key with its final value."""

    key: str
    value: Any
    origins: list[LayerOrigin]
    """Every layer that sets the key. The last one decides."""


class ExplanationDocument(VersionedDocument):
    """Output of `explain`."""

    environment: str
    keys: list[ExplainedKey]


def explanation_document(environment: str, explanations: Iterable[Explanation]) -> ExplanationDocument:
    """Where the values of an environment come from."""
    return ExplanationDocument(
        schemaVersion=SCHEMA_VERSION,
        environment=environment,
        keys=[
            ExplainedKey(key=item.key, value=item.value, origins=[_origin(origin) for origin in item.origins])
            for item in explanations
        ],
    )


def _origin(item: ValueOrigin) -> LayerOrigin:
    layer, _, name = item.layer.partition(" ")
    return LayerOrigin(layer=layer, name=name or None, file=item.file, line=item.line, value=item.value)
