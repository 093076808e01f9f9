"""What the docstrings in `models` say about each field, for editors and for error messages. Read from the source when
they are asked for: pydantic can do it for every model at import, which takes every command as long as the models do.
"""

import ast
from collections.abc import Iterator
from functools import cache
from inspect import cleandoc
from pathlib import Path

from pydantic import BaseModel

from gitops_gen.models import models


def description(model: type[BaseModel], field: str) -> str:
    """What is said about a field of a model, in its own class or in the one that it is inherited from."""
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
