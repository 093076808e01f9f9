"""Keys that a chart does not seem to have: where its schema allows any key, its values.yaml decides."""

from typing import Any

from gitops_gen.changes.values.assignments import Known
from gitops_gen.helm.key_types import parts_at
from gitops_gen.names import nearest
from gitops_gen.yaml.key_paths import KeyPath, typed_key

_ALWAYS: set[KeyPath] = {("global",)}
"""Any chart with subcharts has it: https://helm.sh/docs/chart_template_guide/subcharts_and_globals/"""


def unknown_key(path: KeyPath, known: Known) -> str:
    """A warning for a key that neither the chart's values nor its schema nor any layer has; empty when one does.

    Below the top level, only a similar key is reported: maps such as `nodeSelector` take any key.
    """
    defaults: Any = known.declared
    current: Any = known.current
    for at, step in enumerate(path):
        if not isinstance(defaults, dict) or not isinstance(step, str) or not defaults:
            return ""
        if (
            step not in defaults
            and not (at == 0 and path[:1] in _ALWAYS)
            and not _elsewhere(path[: at + 1], current, known)
        ):
            return _warning(path[: at + 1], {*defaults, *(current if isinstance(current, dict) else ())})
        defaults = defaults.get(step)
        current = current.get(step) if isinstance(current, dict) else None
    return ""


def _elsewhere(path: KeyPath, current: Any, known: Known) -> bool:
    """Whether a layer sets the key, or the schema names it."""
    if isinstance(current, dict) and path[-1] in current:
        return True
    schema = known.schema or {}
    return any(path[-1] in part.get("properties", {}) for part in parts_at(schema, path[:-1]))


def _warning(path: KeyPath, siblings: set[str]) -> str:
    near = nearest(str(path[-1]), siblings)
    if near:
        return f"the chart has no `{typed_key(path)}` in its values; did you mean `{typed_key((*path[:-1], near))}`?"
    return f"the chart has no `{typed_key(path)}` in its values" if len(path) == 1 else ""
