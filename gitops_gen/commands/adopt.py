"""`adopt`: a hand edit of a generated values.yaml, folded back into the inputs that the file is made from."""

from collections.abc import Iterator
from typing import Any

from gitops_gen.argocd.manifests import values_path
from gitops_gen.commands.change import Delivery, Draft, Outcome, change
from gitops_gen.commands.promote import release_path, spoken
from gitops_gen.commands.set_values import NEW_RELEASE, removed_with_parents
from gitops_gen.commands.workspace import Workspace
from gitops_gen.edit.difference import Difference, differences
from gitops_gen.edit.document import set_value
from gitops_gen.errors import Problem, fail_if_any
from gitops_gen.git.commits import Message
from gitops_gen.resolve.layers import ValueLayer, value_at
from gitops_gen.spec.files import ENVIRONMENT_FILE, ENVIRONMENTS, RELEASE_FILE, read_text
from gitops_gen.spec.validation import dotted
from gitops_gen.yaml_io import KeyPath, load


def adopt(workspace: Workspace, name: str, delivery: Delivery) -> Outcome:
    """Put each value that was edited in the generated file into release.yaml or environment.yaml, and regenerate.

    Raises `ProblemsError` naming each edit that has no place there: an injected value, or a shared default that was
    removed.
    """
    return change(workspace, delivery, lambda here: _Adopting(here, name).draft())


class _Adopting:
    """One environment's edited values against what they should be."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace, self.name = workspace, name
        self.environment = workspace.environment(name)
        self.generated = values_path(name)
        self.problems: list[Problem] = []
        self.texts: dict[str, str] = {}

    def draft(self) -> Draft:
        edited = load(read_text(self.workspace.folder, self.generated), self.generated) or {}
        changes = list(self.leaf_changes(edited))
        for item in changes:
            self.fold(item)
        fail_if_any(self.problems)
        summary = tuple(map(spoken, changes))
        return Draft(
            files=self.texts,
            environments=(self.name,),
            message=Message(
                subject=f"Adopt the edited values of {self.name}",
                details=summary,
                environments=(self.name,),
                change="adopt",
            ),
            summary=summary,
            overwrite=True,
        )

    def leaf_changes(self, edited: dict[str, Any]) -> Iterator[Difference]:
        """What was edited; a list is one value, because Helm replaces lists as a whole."""
        seen: set[KeyPath] = set()
        for item in differences(self.environment.values, edited):
            index = next((at for at, step in enumerate(item.path) if isinstance(step, int)), None)
            if index is None:
                yield item
            elif item.path[:index] not in seen:
                path = item.path[:index]
                seen.add(path)
                yield Difference(
                    path=path, old=value_at(self.environment.values, path)[1], new=value_at(edited, path)[1]
                )

    def fold(self, item: Difference) -> None:
        setters = [layer for layer in self.environment.layers if value_at(layer.values, item.path)[0]]
        strongest = setters[-1] if setters else None
        if strongest is not None and strongest.name == "inject":
            self.add(item, f"comes from `inject` in {strongest.file}", "change it there")
        elif item.now:
            path = release_path(self.name) if strongest and strongest.name == "release" else self.own_file
            self.texts[path] = set_value(self.text(path), ("values", *item.path), item.new, path)
        elif shared := [layer for layer in setters if layer.file not in (self.own_file, release_path(self.name))]:
            self.add(
                item,
                f"was removed, but {shared[-1].name} ({shared[-1].file}) sets it",
                "remove it there, or write null",
            )
        else:
            self.remove(item, setters)

    def remove(self, item: Difference, setters: list[ValueLayer]) -> None:
        for layer in setters:
            self.texts[layer.file] = removed_with_parents(self.text(layer.file), ("values", *item.path), layer.file)

    @property
    def own_file(self) -> str:
        return f"{ENVIRONMENTS}/{self.name}/{ENVIRONMENT_FILE}"

    def text(self, path: str) -> str:
        if path in self.texts:
            return self.texts[path]
        file = self.workspace.folder / path
        return NEW_RELEASE if path.endswith(RELEASE_FILE) and not file.is_file() else file.read_bytes().decode()

    def add(self, item: Difference, message: str, hint: str) -> None:
        self.problems.append(Problem(file=self.generated, key=dotted(item.path), message=message, hint=hint))
