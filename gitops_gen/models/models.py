"""The strict models of the hand-written files: `gitops.yaml`, `environment.yaml` and `release.yaml`.

Every docstring here is what an editor shows for the key (`gitops-gen schema`), so each says what the key does and
what it defaults to (`descriptions` reads them).
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from gitops_gen.models.formats import (
    Cron,
    DnsLabel,
    DnsSubdomain,
    Duration,
    KubernetesVersion,
    RelativePath,
    ReleaseName,
    Revision,
    SyncOption,
    Text,
    TimeZone,
    require,
)

API_VERSION = "gitops-gen/v1"


class Model(BaseModel):
    """Strict, closed and camelCase, as Kubernetes' own objects are."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=False,
    )


class Chart(Model):
    """Where the chart lies: a folder of this repository, or a Helm repository."""

    path: RelativePath | None = None
    """The chart's folder, relative to the folder of gitops.yaml."""
    repository: Text | None = None
    """URL of a Helm repository (`https://…` or `oci://…`); needs `name` and `version`."""
    name: Text | None = None
    """The chart's name in the Helm repository."""
    version: Text | None = None
    """The chart's exact version in the Helm repository."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        remote = [self.repository, self.name, self.version]
        require((self.path is not None) != any(remote), "must be either {path} or {repository, name, version}")
        require(self.path is not None or all(remote), "needs all of repository, name and version")
        return self


class ChartPin(Model):
    """The chart version one environment stays at until its release moves on."""

    revision: Revision | None = None
    """A tag or commit of this repository at which the chart is taken."""
    repository: Text | None = None
    """URL of a Helm repository; needs `name` and `version`."""
    name: Text | None = None
    """The chart's name in the Helm repository."""
    version: Text | None = None
    """The chart's exact version in the Helm repository."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        remote = [self.repository, self.name, self.version]
        require((self.revision is not None) != any(remote), "must be either {revision} or {repository, name, version}")
        require(self.revision is not None or all(remote), "needs all of repository, name and version")
        return self


class SyncWindow(Model):
    """A time in which Argo CD may, or may not, sync (https://argo-cd.readthedocs.io/en/stable/user-guide/sync_windows/)."""

    kind: Literal["allow", "deny"]
    """`allow` or `deny`."""
    schedule: Cron
    """When it opens: cron, five fields."""
    duration: Duration
    """How long it stays open, such as `8h`."""
    manual_sync: bool = False
    """Whether a person may sync by hand meanwhile; without it a deny window also holds back a rollback."""
    time_zone: TimeZone | None = None
    """The schedule's time zone, such as `Europe/Berlin`; UTC when left out."""


class Sync(Model):
    """How Argo CD syncs the environment."""

    automated: bool | None = None
    """Whether Argo CD syncs by itself when git changes; true when left out."""
    prune: bool | None = None
    """Whether it deletes what git no longer has; true when left out."""
    self_heal: bool | None = None
    """Whether it undoes changes made in the cluster; true when left out."""
    options: list[SyncOption] | None = None
    """More sync options, `Name=value`; one of the same name replaces the generated one."""
    windows: list[SyncWindow] | None = None
    """Sync windows of the environment's AppProject."""
    content_name: bool | None = None
    """Whether the Application's source carries a digest of the chart and the values as its name, so that a release
    which arrives behind a sync that was terminated lands without a person; false when left out. Branches then conflict
    in it."""


class SecretKey(Model):
    """Where one key of one Secret comes from, when not from the usual place."""

    store: Text | None = None
    """One of `secretStores`."""
    path: Text | None = None
    """The entry in the store."""
    property: Text | None = None
    """The property inside the entry."""


class Secrets(Model):
    """Where the environment's secrets come from. References only: no value of a secret is ever in this repository."""

    store: Text | None = None
    """One of `secretStores`."""
    path: Text | None = None
    """Prefix of the entries in the store; each Secret is one entry below it, each key a property."""
    overrides: dict[str, dict[str, SecretKey]] | None = None
    """Secret name → key → where that key comes from instead."""


class Metadata(Model):
    """What may be merged over a generated manifest's metadata."""

    name: None = Field(default=None, exclude=True)
    """The generated manifest's identity: files and references rest on it."""
    namespace: None = Field(default=None, exclude=True)
    """Argo CD's own namespace: set `argocd.namespace` in gitops.yaml."""
    labels: dict[str, str | None] | None = None
    """Labels; null removes one."""
    annotations: dict[str, str | None] | None = None
    """Annotations; null removes one."""
    finalizers: list[Text] | None = None
    """Finalizers in place of the generated ones."""


class ManifestOverride(Model):
    """What is merged over a generated manifest: maps merge, lists replace, null removes."""

    metadata: Metadata | None = None
    """Labels, annotations and finalizers."""
    spec: dict[str, Any] | None = None
    """Fields of the manifest's spec, in Argo CD's own words."""


class ProjectOverride(ManifestOverride):
    """What is merged over the AppProject; or the one to use instead."""

    existing: DnsSubdomain | None = None
    """Name of an AppProject that is managed elsewhere: none is generated, and nothing can be merged over it."""


class ArgocdOverrides(Model):
    """What is merged over the generated manifests: maps merge, lists replace, null removes."""

    application: ManifestOverride | None = None
    """Merged over the Application, for example `{metadata: {labels: {team: forge}}}`."""
    project: ProjectOverride | None = None
    """Merged over the AppProject; or `{existing: NAME}` to use an AppProject that is managed elsewhere."""


class Layer(Model):
    """What `defaults`, a cluster's defaults, a stage's defaults and an environment may say; the later wins, maps
    merge.
    """

    cluster: Text | None = None
    """One of `clusters`."""
    namespace: Text | None = None
    """The namespace; `{project}`, `{environment}`, `{stage}` and `{cluster}` are replaced."""
    namespace_labels: dict[str, str] | None = None
    """Labels that Argo CD puts on the namespace, such as `pod-security.kubernetes.io/enforce: restricted`."""
    namespace_annotations: dict[str, str] | None = None
    """Annotations that Argo CD puts on the namespace."""
    protect: bool | None = None
    """Whether removing the environment's files leaves its running objects alone; false when left out."""
    sync: Sync | None = None
    """How Argo CD syncs the environment."""
    secrets: Secrets | None = None
    """Where the environment's secrets come from."""
    argocd: ArgocdOverrides | None = None
    """What is merged over the generated Application and AppProject."""
    values: dict[str, Any] | None = None
    """Chart values, by the chart's own names."""


class ClusterDefaults(Layer):
    """What every environment of a cluster shares."""

    cluster: None = Field(default=None, exclude=True)
    """These are a cluster's own defaults."""


class Cluster(Model):
    """A cluster that Argo CD deploys to: exactly one of `server` and `name`, as Argo CD knows it."""

    server: Text | None = None
    """The API server's URL as registered in Argo CD; `https://kubernetes.default.svc` is Argo CD's own cluster."""
    name: Text | None = None
    """The cluster's name as registered in Argo CD."""
    kubernetes: KubernetesVersion | None = None
    """Kubernetes version for rendering offline, quoted, such as `"1.33"`."""
    defaults: ClusterDefaults = ClusterDefaults()
    """What every environment of this cluster shares."""

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        require((self.server is None) != (self.name is None), "needs exactly one of `server` and `name`")
        return self


class Stage(Model):
    """A step of promotion."""

    name: DnsLabel
    """What environments call it."""
    defaults: Layer = Layer()
    """What every environment of this stage shares."""


class SecretStore(Model):
    """A store of External Secrets that exists in the cluster; it is referenced, never created."""

    kind: Literal["ClusterSecretStore", "SecretStore"]
    """`ClusterSecretStore` or `SecretStore`."""
    name: DnsSubdomain
    """The store's name in the cluster."""


class Argocd(ArgocdOverrides):
    """Argo CD's own facts, and what is merged over every generated manifest."""

    namespace: DnsLabel = "argocd"
    """The namespace that Argo CD runs in."""
    sync_timeout: Duration | None = None
    """What `controller.sync.timeout.seconds` is set to there, as a duration; it ends what has no deadline of its
    own."""
    revert_limit: Duration | None = None
    """The longest that a revert may have to wait behind a running sync; `plan` fails above it."""


class IgnoredFinding(Model):
    """One finding of `plan` that is set aside, for a chart that somebody else maintains."""

    rule: Text
    """Id of the rule; `gitops-gen rules` lists them."""
    object: Text
    """The object as `plan` prints it, `Kind/name`; `*` stands for any text."""
    reason: Text
    """Why the finding is no fault here."""


class Rules(Model):
    """How `plan` judges."""

    ignore: list[IgnoredFinding] = []
    """Findings that are set aside; one that matches nothing is a finding itself."""


class Project(Model):
    """`gitops.yaml`: the repository, its chart, clusters, stages and secret stores, and what all environments share."""

    api_version: Literal["gitops-gen/v1"]
    """Always `gitops-gen/v1`."""
    kind: Literal["Project"]
    """Always `Project`."""
    name: ReleaseName
    """Applications and AppProjects are `<name>-<environment>`, the root Application and the Helm release are
    `<name>`."""
    repository: Text
    """URL of this git repository as Argo CD reads it."""
    revision: Revision = "HEAD"
    """Branch that Argo CD follows; `HEAD` is the default branch."""
    chart: Chart
    """The Helm chart that every environment deploys."""
    argocd: Argocd = Argocd()
    """Argo CD's own facts, and what is merged over every generated manifest."""
    clusters: Annotated[dict[str, Cluster], Field(min_length=1)]
    """Clusters by the name that environments use."""
    stages: list[Stage] = []
    """Stages, in promotion order."""
    secret_stores: dict[str, SecretStore] = {}
    """Stores of External Secrets by the name that environments use."""
    defaults: Layer = Layer()
    """What all environments share."""
    rules: Rules = Rules()
    """How `plan` judges: findings that are set aside."""
    inject: dict[str, Any] = {}
    """Chart values made from the environment's own facts, such as `{global: {environment: "{environment}"}}`."""

    @model_validator(mode="after")
    def _stages_differ(self) -> Self:
        names = [stage.name for stage in self.stages]
        for index, name in enumerate(names):
            require(name not in names[:index], f"the stage `{name}` is there already", ("stages", index, "name"))
        return self


class Environment(Layer):
    """`environment.yaml`: what stays of an environment, whatever it runs."""

    api_version: Literal["gitops-gen/v1"]
    """Always `gitops-gen/v1`."""
    kind: Literal["Environment"]
    """Always `Environment`."""
    stage: str | None = None
    """One of `stages`."""


class Release(Model):
    """`release.yaml`: what moves from one environment to the next."""

    api_version: Literal["gitops-gen/v1"]
    """Always `gitops-gen/v1`."""
    kind: Literal["Release"]
    """Always `Release`."""
    chart: ChartPin | None = None
    """The chart version this environment stays at; without it every edit of the chart reaches it at once."""
    values: dict[str, Any] = {}
    """Chart values that are promoted, such as image tags. No other layer may set them."""
