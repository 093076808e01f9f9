"""From a parsed file to a typed model: pydantic's errors reported as problems with a line, a key path and a hint."""

import types
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gitops_gen.errors import Problem, first_problems
from gitops_gen.models.descriptions import description
from gitops_gen.models.layout import ENVIRONMENT_FILE, PROJECT_FILE, RELEASE_FILE
from gitops_gen.models.models import Environment, Project, Release
from gitops_gen.names import did_you_mean, nearest
from gitops_gen.yaml.key_paths import KeyPath, dotted
from gitops_gen.yaml.reader import locate, written
from gitops_gen.yaml.scalars import scalar

ModelT = TypeVar("ModelT", bound=BaseModel)

_FILES: dict[str, type[BaseModel]] = {
    ENVIRONMENT_FILE: Environment,
    RELEASE_FILE: Release,
    PROJECT_FILE: Project,
}
_TYPE_NAMES = {
    dict: "a map",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_WANTED = {
    "string_type": "a string",
    "bool_type": "a boolean",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "list_type": "a list",
    "int_type": "a number",
}


def validate(model: type[ModelT], data: Any, file: str, text: Callable[[], str]) -> tuple[ModelT | None, list[Problem]]:
    """The typed form of `data`, or None and every problem in it.

    `text` gives the file's text; it is called only to find the line of a problem.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        source = text()
        found = error.errors(include_url=False)
        return None, [*first_problems((_problem(model, item, file, source) for item in found), file)]


def _problem(model: type[BaseModel], found: Any, file: str, text: str) -> Problem:
    path = (*found["loc"], *getattr(found.get("ctx", {}).get("error"), "path", ()))
    message, hint = _explain(model, found, written(text, path))
    return Problem(file=file, line=locate(text, path), key=dotted(path), message=message, hint=hint)


def _explain(model: type[BaseModel], found: Any, source: str) -> tuple[str, str]:
    kind, value, path = found["type"], found["input"], found["loc"]
    if kind == "extra_forbidden":
        return "unknown key", _unknown_key_hint(model, path, value)
    if kind == "missing":
        return "is required", f"add `{path[-1]}:`"
    if kind in _WANTED:
        return _wrong_type(_WANTED[kind], value, source)
    if kind == "none_required":
        return "must not be set here", _description(model, path)
    if kind == "literal_error":
        words = _literals(found)
        hint = did_you_mean(str(value), words) if nearest(str(value), words) else ""
        return f"must be {' or '.join(f'`{word}`' for word in words)}, is `{value}`", hint
    return _plain(found), ""


def _unknown_key_hint(model: type[BaseModel], path: KeyPath, value: Any) -> str:
    key, known = str(path[-1]), _known_keys(model, path[:-1])
    hint, near = did_you_mean(key, known), nearest(key, known)
    if isinstance(value, dict) and "values" in known and near != "values":
        return f"{hint} (chart values go under `values`)"
    if file := _other_file(model, path):
        where = f"`{dotted(path)}` is a key of {file}"
        return f"{hint} ({where})" if near else where
    return hint


def _other_file(model: type[BaseModel], path: KeyPath) -> str:
    """The hand-written file of another kind that has this key; empty when none has it."""
    others = {file: other for file, other in _FILES.items() if not issubclass(model, other)}
    return next((file for file, other in others.items() if path[-1] in _known_keys(other, path[:-1])), "")


def _plain(found: Any) -> str:
    context = found.get("ctx", {})
    if found["type"] == "value_error":
        return str(context["error"])
    return "must not be empty" if found["type"] in {"string_too_short", "too_short"} else str(found["msg"])


def _wrong_type(wanted: str, value: Any, source: str) -> tuple[str, str]:
    name = _TYPE_NAMES.get(type(value), type(value).__name__)
    return f"must be {wanted}, is {name}", type_hint(wanted, value, source)


def type_hint(wanted: str, value: Any, source: str) -> str:
    """How to write the value as the `wanted` type, empty when unknown. `source` is the value as written."""
    if wanted == "a string" and isinstance(value, bool | int | float):
        return f'quote it: "{source or value}"'
    read = scalar(value) if isinstance(value, str) and value else None
    if read is not None and _TYPE_NAMES.get(type(read)) == wanted:
        return f"remove the quotes: {value}"
    return _boolean_hint(value) if wanted == "a boolean" and isinstance(value, str) else ""


def _boolean_hint(word: str) -> str:
    near = nearest(word.lower(), _BOOLEANS)
    return f"did you mean `{_BOOLEANS[near]}`?" if near else "write true or false"


def _literals(found: Any) -> list[str]:
    return [word.strip("' ") for word in str(found["ctx"]["expected"]).replace(" or ", ",").split(",")]


def _known_keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    annotation: Any = model
    for step in path:
        annotation = _step(annotation, step)
    inner = next(_models(annotation), None)
    return [field.alias or name for name, field in inner.model_fields.items()] if inner else []


def _description(model: type[BaseModel], path: KeyPath) -> str:
    annotation: Any = model
    for step in path[:-1]:
        annotation = _step(annotation, step)
    inner = next(_models(annotation), None)
    if inner is None:
        return ""
    names = [name for name, field in inner.model_fields.items() if path[-1] in (name, field.alias)]
    return description(inner, names[0]) if names else ""


def _step(annotation: Any, step: str | int) -> Any:
    inner = next(_models(annotation), None)
    if inner is not None and isinstance(step, str):
        return next(
            (field.annotation for name, field in inner.model_fields.items() if step in (name, field.alias)), None
        )
    for candidate in (annotation, *_union(annotation)):
        if get_origin(candidate) in (dict, list):
            return get_args(candidate)[-1]
    return None


@lru_cache
def _union(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for candidate in (annotation, *_union(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            yield candidate
