"""The running program as a wheel, for CI where nothing else says where it can be had: made from the installed files.

https://packaging.python.org/specifications/binary-distribution-format/
"""

import base64
import hashlib
import io
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from gitops_gen import __version__
from gitops_gen.models.layout import ENVIRONMENTS, PROJECT_FILE
from gitops_gen.starter import reference
from gitops_gen.starter.ci import ACTION

PACKAGE = "gitops_gen"
FILE = f"{PACKAGE}-{__version__}-py3-none-any.whl"
_INFO = f"{PACKAGE}-{__version__}.dist-info"
_TAGS = "Wheel-Version: 1.0\nGenerator: gitops-gen\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ENTRY = "[console_scripts]\ngitops-gen = gitops_gen.__main__:main\n"
_DATE = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    content: bytes
    executable: bool = False


@cache
def wheel() -> bytes | None:
    """The wheel's bytes, the same for the same version and files; None when the program was never installed, so that
    nothing says what it needs.
    """
    try:
        here = distribution("gitops-gen")
    except PackageNotFoundError:
        return None
    metadata = here.read_text("METADATA")
    if not metadata:
        return None
    texts = {"METADATA": metadata, "WHEEL": _TAGS, "entry_points.txt": _ENTRY, **dict(_licences(here))}
    files = dict(sorted(_files()))
    files |= {f"{_INFO}/{name}": _File(content=text.encode()) for name, text in texts.items()}
    files[f"{_INFO}/RECORD"] = _File(content=_record(files).encode())
    return _packed(files)


def _licences(here: Distribution) -> Iterator[tuple[str, str]]:
    for path in here.files or ():
        if path.parts[-3:-1] == (_INFO, "licenses"):
            yield f"licenses/{path.name}", path.read_text(encoding="utf-8")


def _files() -> Iterator[tuple[str, _File]]:
    package = Path(__file__).parents[1]
    yield from _below(package, PACKAGE)
    source = reference()
    if not source.is_relative_to(package):
        target = f"{PACKAGE}/starter/reference"
        yield from ((f"{target}/{name}", _file(source / name)) for name in (PROJECT_FILE, ACTION))
        yield from _below(source / "helm", f"{target}/helm")
        yield from _below(source / ENVIRONMENTS, f"{target}/{ENVIRONMENTS}")


def _below(folder: Path, target: str) -> Iterator[tuple[str, _File]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield f"{target}/{path.relative_to(folder).as_posix()}", _file(path)


def _file(path: Path) -> _File:
    return _File(content=path.read_bytes(), executable=bool(path.stat().st_mode & stat.S_IXUSR))


def _record(files: dict[str, _File]) -> str:
    lines = [f"{name},sha256={_digest(file.content)},{len(file.content)}" for name, file in files.items()]
    return "".join(f"{line}\n" for line in [*lines, f"{_INFO}/RECORD,,"])


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _packed(files: dict[str, _File]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | (0o755 if file.executable else 0o644)) << 16
            archive.writestr(info, file.content)
    return packed.getvalue()
