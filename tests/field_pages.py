"""The page about every field of the hand-written files, made from their models: name, type, default and meaning."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from gitops_gen.output.markup import code
from gitops_gen.project.schemas import schema

#: kind → its file
FILES = {
    "project": "gitops.yaml of a project",
    "workspace": "gitops.yaml of a workspace",
    "environment": "environment.yaml",
    "release": "release.yaml",
}
_OVERVIEW = "[The files](../docs/reference/files.md) says how they work together."
Schema: TypeAlias = Mapping[str, Any]


def field_page() -> Iterator[str]:
    """The lines of the page: a table of each file, then one of each part that fields consist of."""
    yield f"# Fields\n\nEvery field of the hand-written files. {_OVERVIEW}\n"
    parts: dict[str, Schema] = {}
    for kind, file in FILES.items():
        whole = schema(kind)
        parts |= whole["$defs"]
        yield from _table(file, whole)
    for name, part in sorted(parts.items()):
        yield from _table(name, part)


def _table(title: str, part: Schema) -> Iterator[str]:
    yield f"## {title}\n\n{part.get('description', '')}\n"
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    for name, field in part["properties"].items():
        if kind := _type(field):
            meaning = field["description"].replace("\n", " ").replace("|", "\\|")
            yield f"| {code(name)} | {kind} | {_default(field.get('default'))} | {meaning} |"
    yield ""


def _default(value: object) -> str:
    return code(str(value).lower() if isinstance(value, bool) else str(value)) if isinstance(value, str | int) else ""


def _type(field: Schema) -> str:
    """What a field may be; nothing for one that must not be set."""
    forms = [form for form in field.get("anyOf", (field,)) if form.get("type") != "null"]
    return " or ".join(dict.fromkeys(map(_form, forms)))


def _form(form: Schema) -> str:
    if "$ref" in form:
        name = form["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in form or "const" in form:
        return ", ".join(code(str(value)) for value in form.get("enum", [form.get("const")]))
    if form.get("type") == "array":
        return f"list of {_type(form['items']) or 'anything'}"
    if form.get("type") == "object" and (inner := form.get("additionalProperties")) not in (None, True, False):
        return f"map of {_type(inner) or 'anything'}"
    return str(form.get("type") or "anything").replace("object", "map")
