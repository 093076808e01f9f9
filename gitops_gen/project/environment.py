"""One environment, resolved: all that the generated files say about it."""

from dataclasses import dataclass, field
from typing import Any

from gitops_gen.models.models import Allowance, IgnoredFinding, SyncWindow
from gitops_gen.project.layers import ValueLayer, Values


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartSource:
    """Where an environment's chart comes from: a folder (at a revision when pinned), or a Helm repository's chart."""

    path: str = ""
    revision: str = ""
    repository: str = ""
    name: str = ""
    version: str = ""

    @property
    def label(self) -> str:
        """The chart in a few letters: `path`, `path@revision` or `name version`."""
        if self.repository:
            return f"{self.name} {self.version}"
        return f"{self.path}@{self.revision}" if self.revision else self.path


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncSettings:
    """How Argo CD syncs: automation, options and windows, and whether the source is named after its content."""

    automated: bool
    prune: bool
    self_heal: bool
    options: tuple[str, ...]
    windows: tuple[SyncWindow, ...]
    content_name: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedEnvironment:
    """Everything known about one environment; `values` are the merged overrides, not yet the chart's final values."""

    name: str
    stage: str
    cluster: str
    server: str
    server_name: str
    kubernetes: str
    namespace: str
    namespace_labels: dict[str, str]
    namespace_annotations: dict[str, str]
    protect: bool
    sync: SyncSettings
    chart: ChartSource
    pinned: bool
    application: dict[str, Any]
    application_layers: tuple[ValueLayer, ...] = field(repr=False)
    project: dict[str, Any]
    project_layers: tuple[ValueLayer, ...] = field(repr=False)
    allow: Allowance
    existing_project: str
    #: the file with the existing AppProject; empty when it is not given
    project_file: str
    secret_path: str
    values: Values
    layers: tuple[ValueLayer, ...] = field(repr=False)
    files: tuple[str, ...]
    #: findings about values that gitops.yaml sets aside, with those of `plan`
    ignored: tuple[IgnoredFinding, ...] = ()
