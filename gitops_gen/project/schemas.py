"""JSON Schemas of the hand-written files for editors, with the chart's own schema under `values`."""

from typing import Any

from gitops_gen.helm.engine import Values
from gitops_gen.models import models
from gitops_gen.models.descriptions import description
from gitops_gen.models.models import Environment, Project, Release, Workspace
from gitops_gen.project.opening import OpenProject

KINDS: dict[str, type[models.Model]] = {
    "project": Project,
    "workspace": Workspace,
    "environment": Environment,
    "release": Release,
}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CHART = "chartValues"


def schema(kind: str, chart_schema: Values | None = None, *, is_inside: bool = False) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one kind of hand-written file: `project`, `workspace`, `environment` or `release`.
    A project that `is_inside` a workspace inherits what is required else.

    With `chart_schema`, every `values` follows it; nothing is required there, because values are spread over layers.
    """
    model = KINDS[kind].model_json_schema(by_alias=True)
    if kind == "project" and is_inside:
        model["required"] = ["apiVersion", "kind", "name"]
    _describe(KINDS[kind], model)
    for name, definition in model.get("$defs", {}).items():
        _describe(getattr(models, name), definition)
    if chart_schema is not None:
        model.setdefault("$defs", {})[_CHART] = _optional(_relocated(chart_schema))
        _point_values(model)
    return {"$schema": _DIALECT, **model}


def _describe(model: type[models.Model], schema: dict[str, Any]) -> None:
    """Say about each property what the model's source says, in pydantic's order of keys."""
    for name, field in model.model_fields.items():
        described = {**schema["properties"][field.alias or name], "description": description(model, name)}
        schema["properties"][field.alias or name] = dict(sorted(described.items()))


def chart_schema(opened: OpenProject) -> Values | None:
    """The values schema of the project's chart, None when it has none."""
    from gitops_gen.project.environment import ChartSource

    source = ChartSource(**opened.project().spec.chart.model_dump(exclude_none=True))
    if not source.label:
        return None
    return opened.charts.chart(source).schema if opened.charts.places.pinned.is_available(source) else None


def _point_values(node: Any) -> None:
    if isinstance(node, dict):
        values = node.get("properties", {}).get("values")
        if isinstance(values, dict) and "apiVersion" not in values.get("properties", {}):
            description = {"description": values["description"]} if "description" in values else {}
            node["properties"]["values"] = {**description, "anyOf": [{"$ref": f"#/$defs/{_CHART}"}, {"type": "null"}]}
        for key, child in node.items():
            if key != _CHART:
                _point_values(child)


def _relocated(node: Any) -> Any:
    """The chart's schema with its references counted from its new place."""
    if isinstance(node, dict):
        return {
            key: value.replace("#/", f"#/$defs/{_CHART}/", 1)
            if key == "$ref" and isinstance(value, str) and value.startswith("#/")
            else _relocated(value)
            for key, value in node.items()
            if key not in ("$schema", "$id")
        }
    return [_relocated(item) for item in node] if isinstance(node, list) else node


def _optional(node: Any) -> Any:
    """The schema without `required`: a layer holds a part of the values only."""
    if isinstance(node, dict):
        return {
            key: _optional(value) for key, value in node.items() if not (key == "required" and isinstance(value, list))
        }
    return [_optional(item) for item in node] if isinstance(node, list) else node
