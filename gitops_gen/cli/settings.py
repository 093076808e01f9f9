"""The options that every verb has, as the command line gave them, and what follows from them."""

from contextlib import suppress
from typing import TYPE_CHECKING

from gitops_gen.cli.printing import print_message

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_gen.project.workspace import OpenProject


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

    def workspace(self) -> "OpenProject":
        """The project that the command works on."""
        from gitops_gen.project.workspace import open_workspace

        return open_workspace(self.directory.absolute(), self.engine)

    def overview(self) -> "OpenProject":
        """The project for a command that shows all environments: reports those that are not checked out."""
        workspace = self.workspace()
        if workspace.absent.notice:
            self.note(f"note: {workspace.absent.notice}")
        return workspace

    def note(self, text: str) -> None:
        """Something for people, on standard error; without it the result is the same."""
        if not self.quiet:
            with suppress(OSError):
                print_message(text)
