"""Which engine runs Helm: what the caller asks for, else what GITOPS_GEN_ENGINE names, else embedded where its library
loads, else binary.
"""

import logging
import os
from functools import cache

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.helm.bundled import renders_alike
from gitops_gen.helm.engine import ENGINE_VARIABLE, ENGINES, ChartError, Engine
from gitops_gen.runtime.limits import address_space_fault

_log = logging.getLogger(__name__)


def open_engine(name: str = "", helm: str = "") -> Engine:
    """The engine called `name`; the default one when `name` is empty. Of the default one, `helm` is the version that
    Argo CD has: where the embedded Helm renders otherwise, a program of that version is used if there is one.

    Raises `UsageError` for an unknown name and `ChartError` when the engine is not available.
    """
    wanted = name or os.environ.get(ENGINE_VARIABLE, "")
    if wanted and wanted not in ENGINES:
        raise UsageError(f"unknown engine `{wanted}`", f"use one of: {', '.join(ENGINES)}")
    if wanted == "binary":
        return _binary()
    if fault := address_space_fault():
        raise ChartError(fault, "raise the limit, such as with `ulimit -v unlimited`")
    try:
        from gitops_gen.helm.embedded import EmbeddedEngine
    except (ImportError, OSError) as error:
        if wanted:
            raise ChartError(
                f"Helm cannot be loaded into this process: {error}", "use `--engine binary` with a `helm` on PATH"
            ) from error
        engine = _binary()
        _log.warning("Helm cannot be embedded here (%s); using the `helm` program, which takes longer", error)
        return engine
    embedded = EmbeddedEngine()
    if wanted or not helm or renders_alike(embedded.version, helm):
        return embedded
    return _program_like(helm) or embedded


@cache
def _program_like(helm: str) -> Engine | None:
    from gitops_gen.helm.binary import BinaryEngine, programs

    engines = [BinaryEngine(program) for program in programs()]
    return next((engine for engine in engines if _is_like(engine, helm)), None)


def _is_like(engine: Engine, helm: str) -> bool:
    try:
        return renders_alike(engine.version, helm)
    except GitopsError:
        return False  # a program that is no Helm


def _binary() -> Engine:
    from gitops_gen.helm.binary import BinaryEngine

    return BinaryEngine.find()
