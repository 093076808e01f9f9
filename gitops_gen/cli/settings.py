"""The options that every verb has, as the command line gave them, and what follows from them."""

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.cli.printing import print_message

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.git.named_paths import NamedPath
    from gitops_gen.project.listing import Scope
    from gitops_gen.project.opening import OpenProject


class Wanted(NamedTuple):
    """The environments that a command is about: those that were typed, and the options that narrow them."""

    names: tuple[str, ...]
    scope: "Scope"


class Settings:
    """The global options; each is set when it is parsed, before or after the verb."""

    def __init__(self) -> None:
        self.folder = "."
        self.engine = ""
        self.output = ""
        self.quiet = self.verbose = False

    @property
    def directory(self) -> "Path":
        """The folder that `-C` chose."""
        from pathlib import Path

        return Path(self.folder)

    def named(self, path: str) -> "NamedPath":
        """A file or folder that an option names."""
        from gitops_gen.git.named_paths import NamedPath

        return NamedPath(self.directory, path)

    def opened(self) -> "OpenProject":
        """The project that the command works on."""
        from gitops_gen.project.opening import open_project

        return open_project(self.directory.absolute(), self.engine)

    def selected(self, opened: "OpenProject", wanted: Wanted) -> tuple[str, ...]:
        """The environments that words and options mean; none, where all are meant."""
        from gitops_gen.project.selection import selected

        return selected(opened, *wanted)

    def chosen(self, name: str) -> "tuple[OpenProject, str]":
        """The project, and the one environment of it that a word means."""
        from gitops_gen.project.selection import one

        opened = self.opened()
        return opened, one(opened, name)

    def overview(self) -> "OpenProject":
        """The project for a command that shows all environments: reports those that are not checked out."""
        opened = self.opened()
        if opened.absent.notice:
            self.note(f"note: {opened.absent.notice}")
        return opened

    def note(self, text: str) -> None:
        """Something for people, on standard error; without it the result is the same."""
        if not self.quiet:
            with suppress(OSError):
                print_message(text)
