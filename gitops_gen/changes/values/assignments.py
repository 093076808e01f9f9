"""`KEY=VALUE` as typed on a command line: the value gets the type that the chart wants there, and what would not reach
a manifest as it was typed stays text.
"""

import json
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from gitops_gen.errors import ProblemsError, UsageError
from gitops_gen.helm.key_types import KeyType, key_type, type_name
from gitops_gen.helm.template_text import survives
from gitops_gen.helm.version_keys import holds_image, holds_version
from gitops_gen.project.layers import Values
from gitops_gen.yaml.key_paths import KeyPath, parse_key, tree_with, typed_key, value_at
from gitops_gen.yaml.reader import load, written
from gitops_gen.yaml.scalars import scalar


class Form(Enum):
    """What is asked of a key: to hold a text whose type the chart decides, just this text, or JSON; or no value."""

    TYPED = "KEY=VALUE"
    STRING = "--string KEY=VALUE"
    JSON = "--json KEY=JSON"
    REMOVED = "--unset KEY"
    MOVED = "--move KEY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """A key path and what is asked of it; `text` is empty where `form` needs none."""

    path: KeyPath
    form: Form = Form.TYPED
    text: str = ""

    @property
    def key(self) -> str:
        """The key as it is typed."""
        return typed_key(self.path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known about an environment's keys: the chart's schema, its default values, the values as they are.

    `declared` has the keys of the chart's values.yaml, also those that are null there, which Helm leaves out.
    """

    schema: Values | None
    defaults: Values
    current: Values
    declared: Values

    def at(self, path: KeyPath) -> KeyType:
        """What the chart says about a key."""
        return key_type(self.schema, self.defaults, path)


def parse_assignment(argument: str, form: Form = Form.TYPED) -> Assignment:
    """`app.image.tag=1.2.3`. Raises `UsageError`."""
    key, equals, text = argument.partition("=")
    if not equals or not key:
        hint = f"write it as `app.image.tag=1.4.2`; to move a value that is set, use `--move {key}`" if key else ""
        raise UsageError(f"`{argument}` is not {form.value.split()[-1]}", hint or "write it as `app.image.tag=1.4.2`")
    if not _is_unicode(argument):
        raise UsageError(f"{key}: the value is not UTF-8 text", "put the text into a file, and use `--file KEY=PATH`")
    return Assignment(path=parse_key(key), form=form, text=text)


def parse_word(argument: str, *, moves: bool) -> Assignment:
    """An argument without an option: `KEY=VALUE`, or the key alone where it may be `moves` that is meant.

    Raises `UsageError`.
    """
    is_move = moves and "=" not in argument
    return parse_key_only(argument, Form.MOVED) if is_move else parse_assignment(argument)


def parse_key_only(argument: str, form: Form) -> Assignment:
    """`app.image.tag`, of which nothing is given but its name. Raises `UsageError`."""
    if "=" in argument:
        raise UsageError(f"`{argument}` is not a key", f"write the key alone, as in `{form.value}`")
    return Assignment(path=parse_key(argument), form=form)


def parse_file(argument: str, folder: Path) -> Assignment:
    """`app.config=config.ini`: the file's text, as it is, is the value; a path counts from `folder`.

    Raises `UsageError` when there is no such file, or it is not UTF-8.
    """
    named = parse_assignment(argument, Form.STRING)
    try:
        text = (folder / named.text).read_bytes().decode()
    except UnicodeDecodeError:
        raise UsageError(f"{named.text}: is not UTF-8 text", "values are text; save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{named.text}: cannot be read: {reason}", "write it as `--file KEY=PATH`") from None
    return Assignment(path=named.path, form=Form.STRING, text=text)


def valued(assignment: Assignment, known: Known) -> Any:
    """The value to set. Raises `UsageError` for text that is not valid JSON or YAML, or that is not a list or map where
    the chart's default is one.
    """
    match assignment.form:
        case Form.STRING:
            return assignment.text
        case Form.JSON:
            return _json(assignment)
        case _:
            return _typed(assignment.path, assignment.text, known)


def _typed(path: KeyPath, text: str, known: Known) -> Any:
    """By the schema's type; else the default's; else a version stays text; else text stays what does not survive.

    `null` is always null.
    """
    wish = known.at(path)
    if text == "null":
        return None
    if wish.allowed:
        return _by_schema(path, text, known, wish)
    if text[:1] in ("{", "[") and _may_be_tree(path, wish):
        return _tree(path, text, known)
    if wish.default is not None:
        return _by_default(path, text, wish.default)
    return _by_text(path, text, value_at(known.current, path)[1])


def _by_text(path: KeyPath, text: str, current: Any) -> Any:
    """Where the chart says nothing: a version stays text, a string or boolean that is there stays one."""
    plain = scalar(text)
    if holds_version(path) or isinstance(current, str):
        return text
    is_switch = isinstance(current, bool) and isinstance(plain, bool)
    return plain if is_switch or survives(text) else text


def _by_schema(path: KeyPath, text: str, known: Known, wish: KeyType) -> Any:
    if {"object", "array"} & wish.allowed and text[:1] in ("{", "["):
        return _tree(path, text, known)
    plain = _plain(text)
    if "string" not in wish.allowed:
        return text if plain is None and "null" not in wish.allowed else plain
    kept = wish.allows(plain) and survives(text) and not holds_version(path)
    return plain if kept else text


def _by_default(path: KeyPath, text: str, default: Any) -> Any:
    plain = _plain(text)
    if isinstance(default, dict | list):
        kind = "map" if isinstance(default, dict) else "list"
        example = f"{typed_key(path)}.KEY=VALUE" if kind == "map" else f"{typed_key(path)}=[{text}]"
        raise UsageError(
            f"`{typed_key(path)}` is a {kind} in the chart", f"write `{example}`, or force the text with `--string`"
        )
    if isinstance(default, bool):
        return plain if isinstance(plain, bool) else text
    if isinstance(default, int | float):
        number = isinstance(plain, int | float) and not isinstance(plain, bool)
        return plain if number and (survives(text) or not holds_version(path)) else text
    return text


def _plain(text: str) -> Any:
    """What Kubernetes' reader sees in a text; infinity, which is not valid JSON, stays text."""
    value = scalar(text)
    return text if isinstance(value, float) and not math.isfinite(value) else value


def _may_be_tree(path: KeyPath, wish: KeyType) -> bool:
    """A tag may begin with any character; an image and most other keys may be a map or list."""
    return not isinstance(wish.default, str) and (not holds_version(path) or holds_image(path))


def _tree(path: KeyPath, text: str, known: Known) -> Any:
    """A map or list written as YAML, the scalars in it typed like all others."""
    try:
        value = load(text, typed_key(path))
    except ProblemsError as error:
        message = f"{typed_key(path)}: {error.problems[0].message}"
        raise UsageError(message, "quote the value for the shell, or force the text with `--string`") from error

    def retyped(inner: KeyPath, item: Any) -> Any:
        source = "" if item is None or isinstance(item, str) else written(text, inner)
        return _typed((*path, *inner), source, known) if source else item

    return tree_with(value, retyped)


def _json(assignment: Assignment) -> Any:
    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is not valid JSON")

    def number(text: str) -> Any:
        value = scalar(text)
        return value if not isinstance(value, str) else no_number(text)

    try:
        value = json.loads(assignment.text, parse_int=number, parse_float=number, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        hint = f'write it as `--json \'{assignment.key}={{"a": [1, "b"]}}\'`'
        raise UsageError(f"{assignment.key}: is not valid JSON: {error}", hint) from None
    if not _is_unicode(json.dumps(value, ensure_ascii=False)):
        raise UsageError(f"{assignment.key}: half of a surrogate pair is not valid text", "write the character itself")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def mismatch(path: KeyPath, value: Any, known: Known) -> str:
    """A warning for a string where the chart's default is a number or boolean; empty when there is none."""
    wish = known.at(path)
    default = wish.default
    if wish.allowed or not isinstance(value, str) or not isinstance(default, bool | int | float):
        return ""
    shown = json.dumps(default)
    return f"{typed_key(path)}: the chart's default is the {type_name(default)} {shown}, and this is a string"
