"""What a successful `generate` stores outside the repository: for each environment, which inputs gave which files.

An environment whose inputs and generated files are both still those is left alone, without resolving or merging
anything. Everything is compared by content (and the tool by its files' times), so a wrong entry cannot arise, only a
useless one; losing the memo loses nothing. `generate --check` never asks it.
"""

import hashlib
import json
import os
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gitops_gen.git.paths import PathError, Root
from gitops_gen.helm.engine import ENGINE_VARIABLE
from gitops_gen.models.layout import ENVIRONMENTS, HAND_WRITTEN, PROJECT_FILE
from gitops_gen.runtime.caches import caches

FORMAT = "2"


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoEntry:
    """One environment as it was left: a digest of its inputs, a digest of each generated file, and where it deploys
    to.
    """

    inputs: str
    outputs: Mapping[str, str]
    server: str
    namespace: str
    cluster: str

    def data(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Memo:
    """The entries of one project."""

    def __init__(self, folder: Path, *facts: str) -> None:
        """`facts` are what else the generated files depend on: the path in git, the engine asked for."""
        self._folder, self._facts = folder, facts

    def depends_on(self, fact: str) -> None:
        """Add to what the generated files depend on."""
        self._facts += (fact,)

    @cached_property
    def _file(self) -> Path:
        return cache_folder() / f"{digest(str(self._folder.resolve()).encode())}.json"

    @cached_property
    def _entries(self) -> dict[str, MemoEntry]:
        try:
            data: dict[str, Any] = json.loads(self._file.read_bytes())
            return {name: MemoEntry(**entry) for name, entry in data.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    @cached_property
    def _shared(self) -> bytes:
        """What every environment depends on: the tool, Helm, the project file."""
        project = Root(self._folder).read(PROJECT_FILE)
        facts = (
            FORMAT,
            os.environ.get(ENGINE_VARIABLE, ""),
            *self._facts,
            *_installed("gitops_gen"),
            *_installed("helm_python"),
        )
        return digest("\0".join(facts).encode(), project).encode()

    def settled(self, name: str) -> MemoEntry | None:
        """The environment's entry when its inputs and its generated files are what they were; None to compute it
        again.
        """
        entry = self._entries.get(name)
        if entry is None or not all(self._is(path, wanted) for path, wanted in entry.outputs.items()):
            return None
        return entry if entry.inputs == self.inputs(*self._texts(name)) else None

    def inputs(self, *contents: bytes) -> str:
        """A digest of everything that the generated files of an environment with these hand-written files depend on."""
        return digest(self._shared, *contents)

    def _texts(self, name: str) -> Iterator[bytes]:
        """The hand-written files as their readers see them: without what an editor or a checkout on Windows adds."""
        for file in HAND_WRITTEN:
            content = _content(self._folder, f"{ENVIRONMENTS}/{name}/{file}")
            yield content.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n")

    def _is(self, path: str, wanted: str) -> bool:
        return digest(_content(self._folder, path)) == wanted

    def save(self, entries: Mapping[str, MemoEntry]) -> None:
        """Keep these entries and drop all others; a cache that cannot be written is not an error."""
        if entries == self._entries:
            return
        temporary = self._file.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps({name: entry.data() for name, entry in entries.items()}))
            temporary.replace(self._file)
        except OSError:
            temporary.unlink(missing_ok=True)


def cache_folder() -> Path:
    """The folder of the memo."""
    return caches() / "generate"


def digest(*parts: bytes) -> str:
    """A short digest of the parts, each with its length."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.hexdigest()


def _content(folder: Path, path: str) -> bytes:
    try:
        return Root(folder).read(path)
    except (OSError, PathError):
        return b""


def _installed(package: str) -> Iterable[str]:
    """The files of an installed package with their sizes and times: a changed tool starts with an empty memo."""
    spec = find_spec(package)
    for top in spec.submodule_search_locations or () if spec else ():
        for folder, _, files in os.walk(top):
            for file in files if "__pycache__" not in folder else ():
                status = os.stat(os.path.join(folder, file))
                yield f"{file}:{status.st_size}:{status.st_mtime_ns}"
