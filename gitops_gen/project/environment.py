"""One environment, resolved: all that the generated files say about it."""

from dataclasses import dataclass, field
from typing import Any

from gitops_gen.models.models import Allowance, IgnoredFinding, SyncWindow
from gitops_gen.project.helm_options import HelmOptions
from gitops_gen.project.layers import ValueLayer, Values
from gitops_gen.yaml.key_paths import KeyPath


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartSource:
    """Where an environment's chart comes from: a folder (at a revision when pinned), or a Helm repository's chart."""

    path: str = ""
    revision: str = ""
    repository: str = ""
    name: str = ""
    version: str = ""
    #: the version of Helm in the Argo CD that renders it, such as `3.19`; empty when it is not known
    helm: str = ""

    @property
    def own_folder(self) -> str:
        """The folder of the repository that the chart is as it is now; empty for one that is pinned."""
        return "" if self.repository or self.revision else self.path

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
class SecretOverride:
    """One key of a Secret with a separate entry in the store, and where that is written."""

    secret: str
    key: str
    file: str
    path: KeyPath
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretFacts:
    """What a project says of the Secrets of an environment."""

    #: stores that exist in the cluster, as `Kind/name`; empty where the project names none
    stores: tuple[str, ...] = ()
    #: Secrets that exist, as `name` or `name/key`; None where the project has no list of them
    existing: tuple[str, ...] | None = None
    overrides: tuple[SecretOverride, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedEnvironment:
    """Everything known about one environment; `values` are the merged overrides, not yet the chart's final values."""

    #: the Application's name
    application_name: str

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
    #: the merged overrides, which the generated values file holds
    values: Values
    layers: tuple[ValueLayer, ...] = field(repr=False)
    #: what Argo CD passes to Helm: the values with those of the Application over them
    helm: HelmOptions = field(repr=False)
    files: tuple[str, ...]
    #: the one in which something about the environment is to be written
    file: str
    #: the version of Argo CD that syncs it, such as `3.4`; empty when the project does not say
    argocd: str = ""
    #: files with what the cluster has: CustomResourceDefinitions, admission policies
    schema_files: tuple[str, ...] = ()
    policy_files: tuple[str, ...] = ()
    secrets: SecretFacts = field(default_factory=SecretFacts)
    #: findings about values that gitops.yaml sets aside, with those of `plan`
    ignored: tuple[IgnoredFinding, ...] = ()

    @property
    def value_layers(self) -> tuple[ValueLayer, ...]:
        """Every layer of the values that Helm gets, the weakest first."""
        return (*self.layers, *self.helm.layers)
