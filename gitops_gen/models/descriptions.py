"""The docstring of each field in `models`, for editors and error messages. Read from the source on demand: pydantic can
do it for every model at import, which doubles the import time of every command.
"""

import ast
from collections.abc import Iterator
from functools import cache
from inspect import cleandoc
from pathlib import Path

from pydantic import BaseModel

from gitops_gen.models import models


def description(model: type[BaseModel], field: str) -> str:
    """The docstring of a field, own or inherited; empty when there is none."""
    found = (_docstrings().get(parent.__name__, {}).get(field, "") for parent in model.__mro__)
    return next(filter(None, found), "")


@cache
def _docstrings() -> dict[str, dict[str, str]]:
    classes = ast.parse(Path(models.__file__).read_text(encoding="utf-8")).body
    return {node.name: dict(_fields(node)) for node in classes if isinstance(node, ast.ClassDef)}


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Each annotated name with the string below it."""
    for field, below in zip(node.body, node.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, cleandoc(text)
