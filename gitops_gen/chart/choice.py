"""Which engine runs Helm: what the caller asks for, else what GITOPS_GEN_ENGINE names, else embedded where its library
loads, else binary.
"""

import logging
import os
from contextlib import suppress
from threading import Thread

from gitops_gen.chart.engine import ENGINE_VARIABLE, ENGINES, ChartError, Engine
from gitops_gen.errors import UsageError

_log = logging.getLogger(__name__)


def open_engine(name: str = "") -> Engine:
    """The engine called `name`; the default one when `name` is empty.

    Raises `UsageError` for an unknown name and `ChartError` when the engine cannot run here.
    """
    wanted = _wanted(name)
    if wanted and wanted not in ENGINES:
        raise UsageError(f"unknown engine `{wanted}`", f"use one of: {', '.join(ENGINES)}")
    if wanted == "binary":
        return _binary()
    try:
        from gitops_gen.chart.embedded import EmbeddedEngine
    except (ImportError, OSError) as error:
        if wanted:
            raise ChartError(
                f"Helm cannot be loaded into this process: {error}", "use `--engine binary` with a `helm` on PATH"
            ) from error
        engine = _binary()
        _log.warning("Helm cannot be embedded here (%s); using the `helm` program, which takes longer", error)
        return engine
    return EmbeddedEngine()


def load_early(name: str = "") -> None:
    """Load the embedded Helm in a thread, if `name` means that one: mapping its library takes as long as importing most
    of what else a command needs, and does not keep Python from doing so. `open_engine` waits for it, and fails for it.
    """
    if _wanted(name) != "binary":
        Thread(target=_load).start()


def _load() -> None:
    with suppress(ImportError, OSError):
        import gitops_gen.chart.embedded  # noqa: F401


def _wanted(name: str) -> str:
    return name or os.environ.get(ENGINE_VARIABLE, "")


def _binary() -> Engine:
    from gitops_gen.chart.binary import BinaryEngine

    return BinaryEngine.find()
