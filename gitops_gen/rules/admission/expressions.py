"""Expressions in CEL: the only module that imports the library that evaluates them.

The language: https://kubernetes.io/docs/reference/using-api/cel/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_gen.rules.admission.functions import FUNCTIONS, UNKNOWN_PATTERN, CelType

_ERROR = "ERROR"
VARIABLES = ("object", "oldObject", "request", "params", "namespaceObject", "variables")


class UnknownError(Exception):
    """What cannot be evaluated here, so that no verdict can be given; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What an expression gives: its value, or the error of its evaluation."""

    value: Any = None
    error: str = ""


def evaluate(expression: str, given: Mapping[str, Any]) -> Evaluation:
    """The outcome with these values of VARIABLES.

    Raises `UnknownError` for an expression that the library does not accept, and where the library is not installed.
    """
    program = _compiled(expression)
    try:
        result = program.eval(data={name: given.get(name) for name in VARIABLES})
        is_error, value = result.type().name() == _ERROR, result.plain_value()
    except TypeError as error:  # an optional as the result: the library has no Python type for it
        raise UnknownError(f"`{expression}` gives a value of a type that is not known here") from error
    except RuntimeError as error:  # a number or key that CEL does not have, or more iterations than it does
        raise UnknownError(f"`{expression}`: {str(error).partition(chr(10))[0]}") from error
    if is_error and UNKNOWN_PATTERN in str(value):
        raise UnknownError(f"`{expression}`: {UNKNOWN_PATTERN}")
    return Evaluation(error=str(value)) if is_error else Evaluation(value=value)


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    try:
        return _environment().compile(expression)
    except RuntimeError as error:
        raise UnknownError(f"`{expression}` is not accepted: {_first_line(str(error))}") from error


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rpartition("ERROR: ")[2].partition(" (in container")[0]


@lru_cache(maxsize=1)
def _environment() -> Any:
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_optional, ext_strings
    except ImportError as error:
        raise UnknownError("the library `cel-expr-python` is not installed, or has no wheel for this system") from error
    types = {kind: getattr(cel.Type, kind.name) for kind in CelType}
    declared = [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    f"kubernetes_{name}_{'_'.join(kind.name for kind in overload.takes)}".lower().replace(".", "_"),
                    return_type=types[overload.gives],
                    parameters=[types[kind] for kind in overload.takes],
                    is_member=overload.is_member,
                    impl=overload.function,
                )
                for overload in overloads
            ],
        )
        for name, overloads in FUNCTIONS.items()
    ]
    standard = (ext_optional.ExtOptional(), ext_strings.ExtStrings())
    return cel.NewEnv(
        variables=dict.fromkeys(VARIABLES, cel.Type.DYN),
        extensions=[*standard, cel.CelExtension("kubernetes", declared)],
    )
