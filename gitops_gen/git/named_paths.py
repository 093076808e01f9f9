"""Paths that are named on the command line. In the checkout that a command runs in, no symlink leads out of it; what is
elsewhere is the user's own, with every symlink and pipe.
"""

import os
from pathlib import Path

from gitops_gen.git.paths import Root
from gitops_gen.git.repository import git_root
from gitops_gen.models.layout import PROJECT_FILE
from gitops_gen.runtime.replacing import replace_file, sweep_files

MANIFESTS = (".yaml", ".yml", ".json")
"""How the names of files with manifests end."""


class NamedPath:
    """A file or folder with a name as it was typed in `folder`. Its methods raise `PathError` for a path of the
    checkout that is not followed, and `OSError`.
    """

    def __init__(self, folder: Path, name: str) -> None:
        start = folder.resolve()
        self._folder, self._name = folder, name
        self.path = Path(os.path.abspath(start / name))
        top = _checkout(start)
        self._root = Root(top, "checkout") if top and self.path.is_relative_to(top) else None

    def __truediv__(self, name: str) -> "NamedPath":
        """A file in the folder."""
        return NamedPath(self._folder, os.path.join(self._name, name))

    def __str__(self) -> str:
        """The path as it was typed."""
        return os.fspath(self._folder / self._name)

    @property
    def _inside(self) -> str:
        return self.path.relative_to(self._root.folder).as_posix() if self._root else ""

    def checked(self) -> "NamedPath":
        """The same, when it may be read, with everything below it."""
        if self._root:
            self._root.resolved(self._inside)
            if self.path.is_dir():
                self._root.links(self._inside)
            elif self.path.exists():
                self._root.require_file(self._inside)
        return self

    def read(self) -> str:
        """The text of the file. Raises `UnicodeDecodeError`, too."""
        return self.checked().path.read_text(encoding="utf-8")

    def files(self) -> list[str]:
        """The YAML and JSON files in the folder and below, as paths from it in name order; of a file itself `.`."""
        place = self.checked().path
        if not place.is_dir():
            return ["."]
        found = (file for file in sorted(place.rglob("*")) if file.suffix in MANIFESTS and file.is_file())
        return [file.relative_to(place).as_posix() for file in found]

    def write(self, text: str, below: str = "") -> None:
        """Write the file, or one below the folder, in one step."""
        replace_file(self._target(below), text.encode())

    def sweep(self, below: str = "") -> None:
        """Remove temporary files of killed commands from the folder, or from one below it."""
        sweep_files(self._target(below))

    def _target(self, below: str) -> Path:
        if self._root:
            return self._root.target(f"{self._inside}/{below}" if below else self._inside)
        return Root(self.path, "folder").target(below) if below else self.path


def _checkout(folder: Path) -> Path | None:
    above = (folder, *folder.parents)
    return git_root(folder) or next((place for place in above if (place / PROJECT_FILE).is_file()), None)
