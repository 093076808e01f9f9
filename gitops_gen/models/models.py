"""The strict models of the hand-written files: `gitops.yaml`, `environment.yaml` and `release.yaml`.

Every docstring here is what an editor shows for the key (`gitops-gen schema`), so each says what the key does and
its default. `descriptions` reads them.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from gitops_gen.models.formats import (
    ApiVersion,
    ArgocdVersion,
    ChartName,
    ChartVersion,
    ClusterKind,
    Cron,
    DnsLabel,
    DnsSubdomain,
    Duration,
    Kind,
    KubernetesVersion,
    LabelValue,
    NamespacePattern,
    PinnedRevision,
    PlainText,
    ProjectPattern,
    RelativePath,
    ReleaseName,
    Revision,
    SyncOption,
    Text,
    TimeZone,
    Url,
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
    """Where the chart is: a folder of this repository, or a Helm repository."""

    path: RelativePath | None = None
    """The chart's folder, relative to the folder of gitops.yaml."""
    repository: Url | None = None
    """URL of a Helm repository (`https://…` or `oci://…`); needs `name` and `version`."""
    name: ChartName | None = None
    """The chart's name in the Helm repository."""
    version: ChartVersion | None = None
    """The chart's exact version in the Helm repository."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        remote = [self.repository, self.name, self.version]
        require((self.path is not None) != any(remote), "must be either {path} or {repository, name, version}")
        require(self.path is not None or all(remote), "needs all of repository, name and version")
        return self


class ChartPin(Model):
    """The chart version that one environment uses until its release changes."""

    revision: PinnedRevision | None = None
    """A tag or commit of this repository from which the chart is read."""
    repository: Url | None = None
    """URL of a Helm repository; needs `name` and `version`."""
    name: ChartName | None = None
    """The chart's name in the Helm repository."""
    version: ChartVersion | None = None
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
    """Whether a manual sync is allowed then; otherwise a deny window also blocks a rollback."""
    time_zone: TimeZone | None = None
    """The schedule's time zone, such as `Europe/Berlin`; the default is UTC."""


class Sync(Model):
    """How Argo CD syncs the environment."""

    automated: bool | None = None
    """Whether Argo CD syncs automatically when git changes; the default is true."""
    prune: bool | None = None
    """Whether it deletes objects that are no longer in git; the default is true."""
    self_heal: bool | None = None
    """Whether it undoes changes made in the cluster; the default is true."""
    options: list[SyncOption] | None = None
    """More sync options, `Name=value`; one of the same name replaces the generated one."""
    windows: list[SyncWindow] | None = None
    """Sync windows of the environment's AppProject."""
    content_name: bool | None = None
    """Whether the Application's source carries a digest of the chart and the values as its name, so that a release
    which was pushed after a terminated sync is synced without a person; the default is false. Branches then conflict
    in it."""


class SecretKey(Model):
    """Where one key of one Secret comes from, if not from the default entry."""

    store: Text | None = None
    """One of `secretStores`."""
    path: Text | None = None
    """The entry in the store."""
    property: Text | None = None
    """The property inside the entry."""


class Secrets(Model):
    """Where the environment's secrets come from. References only: this repository holds no secret values."""

    store: Text | None = None
    """One of `secretStores`."""
    path: Text | None = None
    """Prefix of the entries in the store; each Secret is one entry below it, each key a property."""
    overrides: dict[str, dict[str, SecretKey]] | None = None
    """Secret name → key → where that key comes from instead."""
    existing: list[Text] | None = None
    """Secrets that exist, as `NAME` or `NAME/KEY`: with a list, any other that nothing makes is an error."""


class Metadata(Model):
    """What may be merged over a generated manifest's metadata."""

    name: None = Field(default=None, exclude=True)
    """The generated manifest's name: files and references depend on it."""
    namespace: None = Field(default=None, exclude=True)
    """Argo CD's own namespace: set `argocd.namespace` in gitops.yaml."""
    labels: dict[str, LabelValue | None] | None = None
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
    """Fields of the manifest's spec, as Argo CD defines them."""


class Allowance(Model):
    """What the AppProject allows in addition to what is generated and to what other layers allow."""

    cluster_kinds: list[ClusterKind] = []
    """Cluster-scoped kinds as `Kind.group`, such as `ClusterRole.rbac.authorization.k8s.io`; `Kind.group/name` allows
    one object."""
    kinds: list[Kind] = []
    """Other kinds as `Kind.group`, where `spec` denies them."""
    namespaces: list[NamespacePattern] = []
    """Namespaces for objects outside of the environment's namespace; `{project}`, `{environment}`, `{stage}`,
    `{cluster}` and `{namespace}` are replaced."""
    secrets: bool | None = None
    """Whether the chart may render Secrets; the default is false."""


class ProjectOverride(ManifestOverride):
    """What is merged over the AppProject; or the one to use instead."""

    allow: Allowance | None = None
    """What the AppProject allows in addition, for example `{clusterKinds: [ClusterRole.rbac.authorization.k8s.io]}`."""
    existing: DnsSubdomain | None = None
    """Name of an AppProject that is managed elsewhere: none is generated, and nothing can be merged over it."""
    file: RelativePath | None = None
    """The file with it, relative to the folder of gitops.yaml; `plan` then checks what it allows."""


class ArgocdOverrides(Model):
    """What is merged over the generated manifests: maps merge, lists replace, null removes."""

    application: ManifestOverride | None = None
    """Merged over the Application, for example `{metadata: {labels: {team: forge}}}`."""
    project: ProjectOverride | None = None
    """Merged over the AppProject; or `{existing: NAME}` to use an AppProject that is managed elsewhere."""


class Layer(Model):
    """What `defaults`, a cluster's defaults, a stage's defaults and an environment may set. A later layer wins, maps
    are merged.
    """

    cluster: Text | None = None
    """One of `clusters`."""
    namespace: Text | None = None
    """The namespace; `{project}`, `{environment}`, `{stage}` and `{cluster}` are replaced."""
    namespace_labels: dict[str, LabelValue] | None = None
    """Labels that Argo CD puts on the namespace, such as `pod-security.kubernetes.io/enforce: restricted`."""
    namespace_annotations: dict[str, str] | None = None
    """Annotations that Argo CD puts on the namespace."""
    protect: bool | None = None
    """Whether removing the environment's files keeps its running objects; the default is false."""
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

    server: Url | None = None
    """The API server's URL as registered in Argo CD; `https://kubernetes.default.svc` is Argo CD's own cluster."""
    name: PlainText | None = None
    """The cluster's name as registered in Argo CD."""
    kubernetes: KubernetesVersion | None = None
    """Kubernetes version for rendering offline, quoted, such as `"1.33"`."""
    api_versions: list[ApiVersion] = []
    """API versions that the cluster has besides Kubernetes' own, such as `monitoring.coreos.com/v1` or
    `monitoring.coreos.com/v1/ServiceMonitor`: Argo CD passes them to Helm. `gitops-gen cluster api-versions` prints
    them."""
    argocd: ArgocdVersion | None = None
    """The quoted version of its Argo CD, such as `"3.4"`, which decides about Helm; default: `argocd.version`."""
    schemas: list[RelativePath] = []
    """Files with CustomResourceDefinitions that the cluster has: `validate` checks custom resources against them."""
    policies: list[RelativePath] = []
    """Files with the cluster's own admission policies, and what they refer to; conftest reads those in `.rego`."""
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
    """Settings of Argo CD, and what is merged over every generated manifest."""

    version: ArgocdVersion | None = None
    """Version of Argo CD, quoted, such as `"3.4"`: it decides which Helm renders."""
    namespace: DnsLabel = "argocd"
    """The namespace that Argo CD runs in."""
    sync_timeout: Duration | None = None
    """`controller.sync.timeout.seconds` as a duration: it ends a sync that no other deadline ends."""
    revert_limit: Duration | None = None
    """The longest time that a revert may wait for a running sync; `plan` fails above it."""


class IgnoredFinding(Model):
    """One finding that is set aside, for a chart that somebody else maintains."""

    rule: Text
    """Id of the rule; `gitops-gen rules` lists them."""
    object: Text
    """The object as `plan` prints it, `Kind/name`, or the key of a value, `image.tag`; `*` stands for any text."""
    reason: Text
    """Why the finding is no fault here."""
    severity: Literal["warning", "note"] | None = None
    """`warning` or `note`: the finding is lowered to that. Without it, it is no finding."""


class Rules(Model):
    """How `plan` and `validate` judge."""

    ignore: list[IgnoredFinding] = []
    """Findings that are set aside or lowered; an entry that matches nothing is a finding itself."""


class Project(Model):
    """`gitops.yaml`: the repository, its chart, clusters, stages and secret stores, and what all environments share."""

    api_version: Literal["gitops-gen/v1"]
    """Always `gitops-gen/v1`."""
    kind: Literal["Project"]
    """Always `Project`."""
    name: ReleaseName
    """Applications and AppProjects are `<name>-<environment>`, the root Application and the Helm release are
    `<name>`."""
    repository: Url
    """URL of this git repository as Argo CD reads it."""
    revision: Revision = "HEAD"
    """Branch that Argo CD follows; `HEAD` is the default branch."""
    chart: Chart
    """The Helm chart that every environment deploys."""
    argocd: Argocd = Argocd()
    """Settings of Argo CD, and what is merged over every generated manifest."""
    clusters: Annotated[dict[str, Cluster], Field(min_length=1)]
    """Clusters by the name that environments use."""
    stages: list[Stage] = []
    """Stages, in promotion order."""
    secret_stores: dict[str, SecretStore] = {}
    """Stores of External Secrets by the name that environments use."""
    defaults: Layer = Layer()
    """What all environments share."""
    rules: Rules = Rules()
    """How `plan` and `validate` judge: findings that are set aside."""
    inject: dict[str, Any] = {}
    """Chart values computed from the environment's facts, such as `{global: {environment: "{environment}"}}`."""

    @model_validator(mode="after")
    def _stages_differ(self) -> Self:
        names = [stage.name for stage in self.stages]
        for index, name in enumerate(names):
            require(name not in names[:index], f"duplicate stage `{name}`", ("stages", index, "name"))
        return self


class Workspace(Project):
    """`gitops.yaml` at the top of a repository with several projects: where they are, and what they share. A project
    may set everything but `projects` too: its maps are merged over these, its stages and clusters are added.
    """

    kind: Literal["Workspace"]  # type: ignore[assignment] # the one field that is not a project's
    """Always `Workspace`."""
    name: ReleaseName
    """The root Application, which starts everything, and its AppProject."""
    projects: Annotated[list[ProjectPattern], Field(min_length=1)]
    """The folders of the projects, such as `services/*`: each has a gitops.yaml of kind `Project`."""
    chart: Chart = Chart.model_construct()
    """The Helm chart of every project that names none."""
    clusters: dict[str, Cluster] = {}
    """Clusters by the name that environments use."""


class Environment(Layer):
    """`environment.yaml`: the settings of an environment that do not change with a release."""

    api_version: Literal["gitops-gen/v1"]
    """Always `gitops-gen/v1`."""
    kind: Literal["Environment"]
    """Always `Environment`."""
    stage: str | None = None
    """One of `stages`."""


class Release(Model):
    """`release.yaml`: what `promote` copies from one environment to the next."""

    api_version: Literal["gitops-gen/v1"]
    """Always `gitops-gen/v1`."""
    kind: Literal["Release"]
    """Always `Release`."""
    chart: ChartPin | None = None
    """The chart version of this environment; without it every edit of the chart applies at once."""
    values: dict[str, Any] = {}
    """Chart values that are promoted, such as image tags. No other layer may set them."""
