"""The corpus of mutations: a good tree, and one change of it that a rule must find at the right place."""

import re
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.yaml.reader import load

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One fault."""

    #: the object of the good tree that is changed, as `Kind/name`
    object: str
    before: str
    after: str
    #: the rule that must find it
    rule: str
    #: the begin of the line that it must name; that of the change when it is empty
    at: str = ""
    #: whether the API server takes the object
    accepted: bool = False

    def __str__(self) -> str:
        return f"{self.object}: {self.after.strip() or f'no {self.before.strip()}'}".replace("\n", " ")

    def document(self, tree: str) -> str:
        """The changed object."""
        (document,) = (item for item in tree.split("---\n") if _is(item, self.object))
        assert document.count(self.before) == 1, f"{self}: `{self.before}` occurs {document.count(self.before)} times"
        return document.replace(self.before, self.after)

    def tree(self, tree: str) -> str:
        """The whole tree with the changed object in it."""
        changed = (self.document(tree) if _is(item, self.object) else item for item in tree.split("---\n"))
        return "---\n".join(changed)

    def lines(self, tree: str) -> range:
        """The lines of the changed object in the changed tree."""
        changed = self.document(tree)
        first = self.tree(tree).split(changed)[0].count("\n") + 1
        return range(first, first + changed.count("\n"))

    def line(self, tree: str) -> int:
        """The line that the finding must name."""
        changed = self.document(tree)
        return self.lines(tree).start + changed.count("\n", 0, self._position(tree, changed))

    def _position(self, tree: str, changed: str) -> int:
        if self.at:
            match = re.search(rf"^{'' if self.at[0] == ' ' else '[ -]*'}{re.escape(self.at)}", changed, re.MULTILINE)
            assert match, f"{self}: there is no line `{self.at}`"
            return match.start()
        good = next(item for item in tree.split("---\n") if _is(item, self.object))
        return next(index for index, (old, new) in enumerate(zip(good, changed, strict=False)) if old != new)


def _is(document: str, named: str) -> bool:
    kind, _, name = named.partition("/")
    return f"kind: {kind}\nmetadata:\n  name: {name}\n" in document


def good() -> str:
    """The good tree."""
    return (HERE / "good.yaml").read_text()


def mutations() -> list[Mutation]:
    """The mutations of the good tree."""
    listed = load((HERE / "mutations.yaml").read_text(), "mutations.yaml")
    return [
        Mutation(object=named, before=item.pop("from"), after=item.pop("to"), **item)
        for named, items in listed.items()
        for item in items
    ]
