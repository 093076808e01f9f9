"""Where an edit of a generated Application or AppProject belongs: the field of environment.yaml that says it, else what
is merged over the manifest (`argocd.application`, `argocd.project`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_gen.changes.edited_files import EditedFile, comments, leaf_changes
from gitops_gen.models.models import Project
from gitops_gen.yaml.editing.difference import KeyDifference
from gitops_gen.yaml.key_paths import KeyPath, value_at
from gitops_gen.yaml.reader import load

_DESTINATION: KeyPath = ("spec", "destination")
_AUTOMATED: KeyPath = ("spec", "syncPolicy", "automated")
_METADATA = ("labels", "annotations", "finalizers")
_WINDOW = ("kind", "schedule", "duration", "manualSync", "timeZone")
_ELSEWHERE: dict[KeyPath, str] = {
    ("apiVersion",): "it cannot be changed",
    ("kind",): "it cannot be changed",
    ("metadata", "name"): "`gitops-gen env rename` gives the environment another name",
    ("metadata", "namespace"): "set `argocd.namespace` in gitops.yaml",
    ("spec", "project"): "set `argocd: {project: {existing: NAME}}` in environment.yaml",
    (
        "spec",
        "sources",
    ): "set the chart's version under `chart` in release.yaml; single items of a list cannot be adopted",
    ("spec", "source", "repoURL"): "set `repository` in gitops.yaml",
    ("spec", "source", "path"): "set `chart.path` in gitops.yaml",
    ("spec", "source", "helm", "releaseName"): "set `name` in gitops.yaml",
    ("spec", "source", "helm", "valueFiles"): "set the values themselves: `gitops-gen set ENV KEY=VALUE`",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """An edit with where it goes: `path` in environment.yaml (in release.yaml with `released`), or chart values
    (`values`), or nowhere, for a reason with what to type instead.
    """

    edit: KeyDifference
    path: KeyPath = ()
    value: Any = None
    remove: bool = False
    released: bool = False
    values: tuple[KeyDifference, ...] = ()
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestEdits:
    """The edits of one manifest; `field` is `application` or `project`, `pinned` says that the chart has a revision."""

    project: Project
    environment: str
    field: str
    data: Any
    changes: Sequence[KeyDifference]
    pinned: bool = False

    def placed(self) -> Iterator[Placed]:
        """Each edit with its place."""
        for edit in self.changes:
            if self.is_content(edit):
                continue
            yield self.place(edit)

    def is_content(self, edit: KeyDifference) -> bool:
        """A source's name made of the content follows the content."""
        return edit.path[-1:] == ("name",) and all(str(text).startswith("content-") for text in (edit.old, edit.new))

    def place(self, edit: KeyDifference) -> Placed:
        """Where one edit goes."""
        path = edit.path
        for there, hint in _ELSEWHERE.items():
            if path[: len(there)] == there:
                return Placed(edit=edit, reason="is not an override of one environment", hint=hint)
        if path[:1] not in (("metadata",), ("spec",)) or len(path) == 1:
            return Placed(edit=edit, reason="cannot be set in the inputs", hint="remove it")
        if path[0] == "metadata":
            return self.metadata(edit)
        return self.typed_field(edit) or self.over(edit)

    def metadata(self, edit: KeyDifference) -> Placed:
        """Labels, annotations and finalizers."""
        if edit.path[1] not in _METADATA:
            known = ", ".join(_METADATA)
            return Placed(edit=edit, reason="cannot be set in the inputs", hint=f"supported metadata: {known}")
        texts = edit.new.values() if isinstance(edit.new, dict) else [edit.new]
        if edit.path[1] != "finalizers" and edit.now and not all(isinstance(text, str) for text in texts):
            return Placed(edit=edit, reason="must be text", hint="put it in quotes")
        return self.over(edit)

    def over(self, edit: KeyDifference) -> Placed:
        """Merged over the manifest, where a null removes."""
        return Placed(edit=edit, path=("argocd", self.field, *edit.path), value=edit.new, remove=not edit.now)

    def typed_field(self, edit: KeyDifference) -> Placed | None:
        """The typed field that says the same, so that everything else follows it as well."""
        path = edit.path
        if self.field == "project":
            return self.windows(edit) if path == ("spec", "syncWindows") else None
        if path == ("spec", "source", "helm", "values"):
            return self.inline_values(edit)
        if path == ("spec", "source", "targetRevision") and self.pinned and edit.now:
            return Placed(edit=edit, path=("chart", "revision"), value=edit.new, released=True)
        if path == (*_DESTINATION, "namespace") and edit.now:
            return Placed(edit=edit, path=("namespace",), value=edit.new)
        if path in ((*_DESTINATION, "server"), (*_DESTINATION, "name")):
            return self.cluster(edit)
        return self.automation(edit)

    def automation(self, edit: KeyDifference) -> Placed | None:
        """`sync.automated`, `sync.prune` and `sync.selfHeal`."""
        if edit.path == _AUTOMATED and not edit.now:
            return Placed(edit=edit, path=("sync", "automated"), value=False)
        known = edit.path[:-1] == _AUTOMATED and edit.path[-1] in ("prune", "selfHeal")
        if known and isinstance(edit.new, bool):
            return Placed(edit=edit, path=("sync", edit.path[-1]), value=edit.new)
        return None

    def inline_values(self, edit: KeyDifference) -> Placed:
        """The values of a pinned chart are in the Application as text."""
        texts = [str(text or "") for text in (edit.old, edit.new)]
        old, new = (load(text, "values") or {} for text in texts)
        changes = tuple(leaf_changes(old, new))
        file = EditedFile(path="values", text=texts[1], data=new, base=old)
        if not changes or list(comments(file, texts[0])):
            hint = "write comments into environment.yaml, and only values here"
            return Placed(edit=edit, reason="contains a comment or formatting that would be lost", hint=hint)
        return Placed(edit=edit, values=changes)

    def cluster(self, edit: KeyDifference) -> Placed:
        """The cluster that Argo CD knows by that address."""
        there = value_at(self.data, _DESTINATION)[1] or {}
        for name, cluster in self.project.clusters.items():
            if (cluster.server, cluster.name) == (there.get("server"), there.get("name")):
                return Placed(edit=edit, path=("cluster",), value=name)
        return Placed(
            edit=edit,
            reason="is not the address of a cluster of the project",
            hint="declare it under `clusters` in gitops.yaml, then name it as `cluster:` in environment.yaml",
        )

    def windows(self, edit: KeyDifference) -> Placed | None:
        """Sync windows of this environment's own Application."""
        name = f"{self.project.name}-{self.environment}"
        found = edit.new if edit.now and isinstance(edit.new, list) else []
        own = [
            {key: item[key] for key in _WINDOW if key in item}
            for item in found
            if isinstance(item, dict) and item.get("applications") == [name] and set(item) <= {*_WINDOW, "applications"}
        ]
        return Placed(edit=edit, path=("sync", "windows"), value=own) if own and len(own) == len(found) else None
