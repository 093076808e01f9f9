"""One fault, made by code from a good tree, and what `validate` must say of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tests.validate import mutations

TREE = Path(__file__).parent / "tree"
WEB = "chart/templates/web.yaml"
DEV = "environments/dev/environment.yaml"


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """`old` is replaced by `new` in `file`, where it first occurs."""

    name: str
    #: the rule that must find it
    rule: str
    #: the object that the finding is about; empty for a file, an Application
    object: str = ""
    file: str = WEB
    old: str = ""
    new: str = ""
    #: instead of old and new: does anything to a copy of the tree
    apply: Callable[[Path], None] | None = None
    #: a part of the line to edit, in `at` (default: `file`); a finding without a line when it is empty
    line: str = ""
    at: str = ""
    #: whether generated files are left as they were
    is_stale: bool = False
    #: whether it is found only when all environments are validated
    is_fleet: bool = False

    def mutate(self, folder: Path) -> None:
        """Make the fault in a copy of the tree."""
        if self.apply:
            self.apply(folder)
            return
        path = folder / self.file
        text = path.read_text()
        assert self.old in text, f"{self.name}: {self.file} has no {self.old!r}"
        path.write_text(text.replace(self.old, self.new, 1))


def edited(*edits: tuple[str, str, str]) -> Callable[[Path], None]:
    """What makes several edits: in a file, the first of one text becomes another."""

    def apply(folder: Path) -> None:
        for file, old, new in edits:
            path = folder / file
            assert old in path.read_text(), f"{file} has no {old!r}"
            path.write_text(path.read_text().replace(old, new, 1))

    return apply


def corpus() -> Iterator[Mutation]:
    """Every mutation of every topic."""
    for module in iter_modules(mutations.__path__):
        yield from import_module(f"{mutations.__name__}.{module.name}").MUTATIONS
