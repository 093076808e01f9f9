"""One environment, resolved: all that the generated files say about it, computed from the project's and its own
files.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.names import did_you_mean, is_dns_label
from gitops_gen.resolve.interpolation import Facts, UnknownPlaceholderError, interpolate
from gitops_gen.resolve.layers import ValueLayer, Values, conflict_problem, conflicts, merge, merge_layers
from gitops_gen.spec.files import (
    ENVIRONMENT_FILE,
    ENVIRONMENTS,
    PROJECT_FILE,
    RELEASE_FILE,
    EnvironmentFiles,
    ProjectFile,
    read_text,
)
from gitops_gen.spec.models import ArgocdOverrides, Layer, ManifestOverride, Secrets, SyncWindow
from gitops_gen.spec.validation import dotted
from gitops_gen.yaml_io import KeyPath, locate

Placer = Callable[[KeyPath], tuple[str, KeyPath]]
"""From a field to the file, and the place in it, of the strongest layer that sets the field."""


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
    """How Argo CD syncs: automation, options and windows."""

    automated: bool
    prune: bool
    self_heal: bool
    options: tuple[str, ...]
    windows: tuple[SyncWindow, ...]


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
    existing_project: str
    values: Values
    layers: tuple[ValueLayer, ...] = field(repr=False)
    files: tuple[str, ...]


def resolve(project: ProjectFile, files: EnvironmentFiles) -> ResolvedEnvironment:
    """The environment with its layers merged and its names filled in. Raises `ProblemsError` with all that is wrong."""
    return _Resolver(project, files).resolve()


class _Resolver:
    """Holds the two inputs and the problems while one environment is put together."""

    def __init__(self, project: ProjectFile, files: EnvironmentFiles) -> None:
        self.project, self.files = project, files
        self.folder = f"{ENVIRONMENTS}/{files.name}"
        self.problems: list[Problem] = []

    def resolve(self) -> ResolvedEnvironment:
        stage = self.stage()
        cluster_name = self.cluster(stage)
        fail_if_any(self.problems)
        sources = self.field_sources(stage, cluster_name)
        settings = Layer.model_validate(_merged_fields([data for _, _, data in sources]))
        facts = self.facts(stage, cluster_name, settings, sources)
        layers = self.value_layers(stage, cluster_name, facts)
        self.check_existing_project(settings, self.placer(sources))
        self.problems += self.conflict_problems(layers)
        resolved = self.assemble(cluster_name, settings, facts, layers, sources)
        fail_if_any(self.problems)
        return resolved

    def stage(self) -> int | None:
        """The index of the environment's stage in `stages`."""
        names = [stage.name for stage in self.project.spec.stages]
        name = self.files.spec.stage
        if name in names:
            return names.index(name)
        if name is not None:
            self.add(
                f"{self.folder}/{ENVIRONMENT_FILE}", ("stage",), f"unknown stage `{name}`", did_you_mean(name, names)
            )
        elif names:
            self.add(
                f"{self.folder}/{ENVIRONMENT_FILE}",
                (),
                "names no stage",
                f"add `stage:` with one of: {', '.join(names)}",
            )
        return None

    def cluster(self, stage: int | None) -> str:
        """The name of the cluster that the strongest layer chooses."""
        spec = self.project.spec
        places: list[tuple[str, KeyPath, str | None]] = [
            (f"{self.folder}/{ENVIRONMENT_FILE}", ("cluster",), self.files.spec.cluster),
            (PROJECT_FILE, ("defaults", "cluster"), spec.defaults.cluster),
        ]
        if stage is not None:
            places.insert(
                1, (PROJECT_FILE, ("stages", stage, "defaults", "cluster"), spec.stages[stage].defaults.cluster)
            )
        for file, path, name in places:
            if name is not None:
                if name not in spec.clusters:
                    self.add(file, path, f"unknown cluster `{name}`", did_you_mean(name, spec.clusters))
                return name
        if len(spec.clusters) == 1:
            return next(iter(spec.clusters))
        self.add(
            places[0][0], (), "names no cluster", f"add `cluster:` with one of: {', '.join(sorted(spec.clusters))}"
        )
        return ""

    def field_sources(self, stage: int | None, cluster: str) -> list[tuple[str, KeyPath, dict[str, Any]]]:
        """Every layer as written, the weakest first: file, place in it, data."""
        data = self.project.data
        return [
            (PROJECT_FILE, (), {"argocd": _only(data.get("argocd", {}), "application", "project")}),
            (PROJECT_FILE, ("defaults",), data.get("defaults", {})),
            (PROJECT_FILE, ("clusters", cluster, "defaults"), data["clusters"][cluster].get("defaults", {})),
            *(
                []
                if stage is None
                else [(PROJECT_FILE, ("stages", stage, "defaults"), data["stages"][stage].get("defaults", {}))]
            ),
            (f"{self.folder}/{ENVIRONMENT_FILE}", (), self.files.data),
        ]

    def facts(
        self, stage: int | None, cluster: str, settings: Layer, sources: list[tuple[str, KeyPath, dict[str, Any]]]
    ) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "project": self.project.spec.name,
            "environment": self.files.name,
            "stage": None if stage is None else self.project.spec.stages[stage].name,
            "cluster": cluster,
        }
        place = self.placer(sources)
        facts["namespace"] = self.filled(settings.namespace or "{project}-{environment}", facts, *place(("namespace",)))
        # An empty one, or one made of a folder's name that is none, was told already.
        if facts["namespace"] and is_dns_label(self.files.name) and not is_dns_label(facts["namespace"]):
            self.add(
                *place(("namespace",)),
                f"`{facts['namespace']}` is no namespace name: it must be a DNS label",
                "at most 63 of a-z, 0-9 and `-`",
            )
        secrets = self.secret_facts(settings.secrets or Secrets(), facts, place)
        facts.update({f"secrets.{key}": value for key, value in secrets.items()})
        return facts

    def placer(self, sources: list[tuple[str, KeyPath, dict[str, Any]]]) -> Placer:
        def place(field_path: KeyPath) -> tuple[str, KeyPath]:
            for file, prefix, data in reversed(sources):
                current: Any = data
                for step in field_path:
                    current = current.get(step) if isinstance(current, dict) else None
                if current is not None:
                    return file, (*prefix, *field_path)
            return sources[-1][0], ()

        return place

    def secret_facts(
        self, secrets: Secrets, facts: Facts, place: Callable[[KeyPath], tuple[str, KeyPath]]
    ) -> dict[str, Any]:
        store = self.store(secrets.store, place(("secrets", "store")))
        path = self.filled(secrets.path, facts, *place(("secrets", "path"))) if secrets.path else None
        overrides = {
            secret: {
                key: self.secret_override(
                    source.model_dump(exclude_none=True), facts, place(("secrets", "overrides", secret, key))
                )
                for key, source in keys.items()
            }
            for secret, keys in (secrets.overrides or {}).items()
        }
        return {"store.kind": store.get("kind"), "store.name": store.get("name"), "path": path, "overrides": overrides}

    def store(self, name: str | None, place: tuple[str, KeyPath]) -> dict[str, str]:
        if name is None:
            return {}
        stores = self.project.spec.secret_stores
        if name in stores:
            return stores[name].model_dump()
        self.add(
            *place,
            f"unknown secret store `{name}`",
            did_you_mean(name, stores) or "declare it under `secretStores` in gitops.yaml",
        )
        return {"kind": "", "name": ""}

    def secret_override(self, source: dict[str, str], facts: Facts, place: tuple[str, KeyPath]) -> dict[str, Any]:
        override: dict[str, Any] = {
            key: self.filled(text, facts, place[0], (*place[1], key)) for key, text in source.items() if key != "store"
        }
        if "store" in source:
            override["store"] = self.store(source["store"], (place[0], (*place[1], "store")))
        return override

    def value_layers(self, stage: int | None, cluster: str, facts: Facts) -> tuple[ValueLayer, ...]:
        layers: list[ValueLayer] = []
        for file, prefix, data in self.field_sources(stage, cluster)[1:]:
            name = ".".join(str(step) for step in prefix[:2]) if prefix else "environment"
            if stage is not None and prefix[:1] == ("stages",):
                name = f"stage {self.project.spec.stages[stage].name}"
            elif prefix[:1] == ("clusters",):
                name = f"cluster {cluster}"
            layers.append(ValueLayer(name=name, file=file, prefix=(*prefix, "values"), values=data.get("values", {})))
        release = self.files.release_data.get("values", {})
        layers.append(
            ValueLayer(
                name="release", file=f"{self.folder}/{RELEASE_FILE}", prefix=("values",), values=release, exclusive=True
            )
        )
        injected = self.injected(facts)
        layers.append(ValueLayer(name="inject", file=PROJECT_FILE, prefix=("inject",), values=injected, exclusive=True))
        return tuple(layer for layer in layers if layer.values)

    def injected(self, facts: Facts) -> Values:
        return {key: self.filled_tree(value, facts, ("inject", key)) for key, value in self.project.spec.inject.items()}

    def filled_tree(self, value: Any, facts: Facts, path: KeyPath) -> Any:
        """Like `filled` for a nested value, so that a problem names the very key."""
        if isinstance(value, dict):
            return {key: self.filled_tree(item, facts, (*path, key)) for key, item in value.items()}
        return self.filled(value, facts, PROJECT_FILE, path)

    def filled(self, value: Any, facts: Facts, file: str, path: KeyPath) -> Any:
        try:
            return interpolate(value, facts)
        except UnknownPlaceholderError as error:
            self.add(file, path, str(error), error.hint)
            return ""

    def conflict_problems(self, layers: tuple[ValueLayer, ...]) -> Iterator[Problem]:
        for path, owner, other in conflicts(layers):
            lines = (self.line(owner.file, (*owner.prefix, *path)), self.line(other.file, (*other.prefix, *path)))
            yield conflict_problem(path, owner, other, lines)

    def assemble(
        self,
        cluster_name: str,
        settings: Layer,
        facts: Facts,
        layers: tuple[ValueLayer, ...],
        sources: list[tuple[str, KeyPath, dict[str, Any]]],
    ) -> ResolvedEnvironment:
        cluster = self.project.spec.clusters[cluster_name]
        argocd = settings.argocd or ArgocdOverrides()
        return ResolvedEnvironment(
            name=self.files.name,
            stage=str(facts["stage"] or ""),
            cluster=cluster_name,
            server=cluster.server or "",
            server_name=cluster.name or "",
            kubernetes=cluster.kubernetes or "",
            namespace=str(facts["namespace"]),
            namespace_labels=self.filled_labels(settings.namespace_labels, facts, "namespaceLabels"),
            namespace_annotations=self.filled_labels(settings.namespace_annotations, facts, "namespaceAnnotations"),
            protect=bool(settings.protect),
            sync=_sync(settings),
            chart=self.chart(),
            pinned=bool(self.files.release and self.files.release.chart),
            application=_override(argocd.application),
            application_layers=_override_layers(sources, "application"),
            project=_override(argocd.project),
            project_layers=_override_layers(sources, "project"),
            existing_project=(argocd.project.existing if argocd.project else None) or "",
            values=merge_layers(layers),
            layers=layers,
            files=(PROJECT_FILE, *self.files.files),
        )

    def check_existing_project(self, settings: Layer, place: Placer) -> None:
        project = settings.argocd.project if settings.argocd else None
        changes = sorted(_override(project))
        if project and project.existing and changes:
            self.add(
                *place(("argocd", "project", changes[0])),
                f"the AppProject `{project.existing}` is managed elsewhere and cannot be changed from here",
                "remove this, or `existing`",
            )

    def filled_labels(self, labels: dict[str, str] | None, facts: Facts, key: str) -> dict[str, str]:
        return {
            name: self.filled(text, facts, PROJECT_FILE, ("defaults", key, name))
            for name, text in (labels or {}).items()
        }

    def chart(self) -> ChartSource:
        base, pin = self.project.spec.chart, self.files.release.chart if self.files.release else None
        if pin is None:
            return ChartSource(**base.model_dump(exclude_none=True))
        if pin.revision is None:
            return ChartSource(**pin.model_dump(exclude_none=True))
        if base.path is None:
            self.add(
                f"{self.folder}/{RELEASE_FILE}",
                ("chart", "revision"),
                "the chart is not in this repository",
                "pin it with {repository, name, version}",
            )
        return ChartSource(path=base.path or "", revision=pin.revision)

    def add(self, file: str, path: KeyPath, message: str, hint: str = "") -> None:
        self.problems.append(
            Problem(file=file, line=self.line(file, path), key=dotted(path), message=message, hint=hint)
        )

    def line(self, file: str, path: KeyPath) -> int | None:
        try:
            return locate(read_text(self.project.root, file), path)
        except ProblemsError:
            return None


def _only(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: data[key] for key in keys if key in data}


def _merged_fields(sources: list[dict[str, Any]]) -> dict[str, Any]:
    """All fields but `values`, merged; `cluster` and `stage` are decided before."""
    merged: dict[str, Any] = {}
    for data in sources:
        fields = {key: value for key, value in data.items() if key not in ("values", "apiVersion", "kind", "stage")}
        merged = merge(merged, fields)
    return merged


def _override(override: ManifestOverride | None) -> dict[str, Any]:
    """What is merged over a manifest, as it is written there (nulls included)."""
    if override is None:
        return {}
    return override.model_dump(exclude_unset=True, by_alias=True, exclude={"existing"})


def _override_layers(sources: list[tuple[str, KeyPath, dict[str, Any]]], manifest: str) -> tuple[ValueLayer, ...]:
    """The places that merge something over a manifest, the weakest first."""
    return tuple(
        ValueLayer(name=file, file=file, prefix=(*prefix, "argocd", manifest), values=over)
        for file, prefix, data in sources
        if (over := (data.get("argocd") or {}).get(manifest))
    )


def _sync(settings: Layer) -> SyncSettings:
    sync = settings.sync
    if sync is None:
        return SyncSettings(automated=True, prune=True, self_heal=True, options=(), windows=())
    return SyncSettings(
        automated=sync.automated is not False,
        prune=sync.prune is not False,
        self_heal=sync.self_heal is not False,
        options=tuple(sync.options or ()),
        windows=tuple(sync.windows or ()),
    )
