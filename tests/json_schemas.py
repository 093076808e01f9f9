"""The JSON Schemas of the documents that `--output json` prints, made from their TypedDicts.

`python -m tests.json_schemas` writes them to docs/reference/json.
"""

import ast
import json
from collections.abc import Iterator
from enum import Enum
from functools import cache
from inspect import cleandoc
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from gitops_gen.output.json.documents import DOCUMENTS
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "docs/reference/json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCALARS = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}


def schema_of(name: str) -> dict[str, Any]:
    """The schema of one document, with the objects in it as definitions."""
    definitions: dict[str, Any] = {}
    document = object_schema(DOCUMENTS[name], definitions)
    title = f"gitops-gen: {name}"
    return {"$schema": DIALECT, "title": title, **document, "$defs": dict(sorted(definitions.items()))}


def object_schema(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """A TypedDict: its keys, and which of them are always present. Further keys may be added without a new version."""
    hints = get_type_hints(kind, include_extras=True)
    properties = {key: described(kind, key, type_schema(hint, definitions)) for key, hint in hints.items()}
    required = [key for key, hint in hints.items() if get_origin(hint) is not NotRequired]
    return {
        "description": docstring(kind),
        "type": "object",
        "properties": properties,
        "required": required,
    }


def type_schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one type. Raises `TypeError` for one that no document may have."""
    if hint is Any:
        return {}
    if hint in SCALARS:
        return {"type": SCALARS[hint]}
    if is_typeddict(hint):
        definitions[hint.__name__] = definitions.get(hint.__name__) or object_schema(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [item.value for item in hint]}
    return composed(get_origin(hint), get_args(hint), definitions)


def composed(origin: Any, arguments: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type that is made of others."""
    if origin is Literal:
        return {"enum": list(arguments)}
    parts = [type_schema(argument, definitions) for argument in arguments]
    if origin in (Union, UnionType):
        return {"anyOf": parts}
    made = {list: {"type": "array", "items": parts[0]}, NotRequired: parts[0]}
    if origin is dict:
        made[dict] = {"type": "object", "additionalProperties": parts[1]}
    if origin not in made:
        raise TypeError(f"{origin} is no type of a document")
    return made[origin]


def described(kind: type, key: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A property with its docstring, which may be one of a parent."""
    texts = [found[key] for name in family(kind.__name__) if key in (found := docstrings(name))]
    return {"description": texts[0], **schema} if texts else schema


def docstring(kind: type) -> str:
    text = kind.__doc__
    assert text, f"say what {kind.__name__} is"
    return " ".join(cleandoc(text).split())


def family(name: str) -> Iterator[str]:
    """A TypedDict and those that it extends, from the source: at run time it is only a `dict`."""
    yield name
    for base in classes()[name].bases:
        if isinstance(base, ast.Name) and base.id in classes():
            yield from family(base.id)


def docstrings(name: str) -> dict[str, str]:
    """Each key of a TypedDict with the string below it."""
    return dict(fields_of(classes()[name]))


def fields_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(node.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())


@cache
def classes() -> dict[str, ast.ClassDef]:
    """Every class of the documents."""
    modules = [ast.parse(path.read_text()) for path in sorted((REPOSITORY / "gitops_gen/output/json").glob("*.py"))]
    return {node.name: node for module in modules for node in module.body if isinstance(node, ast.ClassDef)}


def files() -> dict[str, str]:
    """Every schema file by name."""
    return {
        f"{name}.schema.json": json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n" for name in DOCUMENTS
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.iterdir():
        file.unlink()
    for name, text in files().items():
        (FOLDER / name).write_text(text)
