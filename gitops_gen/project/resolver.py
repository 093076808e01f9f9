"""Putting one environment together from the project's and its own files."""

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from gitops_gen.errors import Problem, ProblemsError, fail_if_any
from gitops_gen.helm.bundled import helm_of
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.helm.own_kinds import OWN_KINDS
from gitops_gen.models.layout import application_name, is_environment_name, release_path, short_name
from gitops_gen.models.models import (
    Allowance,
    ArgocdOverrides,
    Chart,
    ChartPin,
    Cluster,
    Layer,
    ManifestOverride,
    Secrets,
)
from gitops_gen.names import did_you_mean, is_dns_label
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment, SecretFacts, SecretOverride, SyncSettings
from gitops_gen.project.helm_options import HelmOptions, HelmSource
from gitops_gen.project.interpolation import Facts, UnknownPlaceholderError, interpolate
from gitops_gen.project.layers import ValueLayer, Values, conflict_problem, conflicts, merge_layers
from gitops_gen.project.reading import EnvironmentFiles, ProjectFile, read_text
from gitops_gen.project.sources import Sources
from gitops_gen.yaml.key_paths import KeyPath, dotted
from gitops_gen.yaml.reader import locate

_NOTHING_ALLOWED = Allowance()


def resolve(project: ProjectFile, files: EnvironmentFiles) -> ResolvedEnvironment:
    """The environment with its layers merged and its names filled in. Raises `ProblemsError` with all that is wrong."""
    return _Resolver(project, files).resolve()


class _Resolver:
    """Holds the two inputs and the problems while one environment is put together."""

    def __init__(self, project: ProjectFile, files: EnvironmentFiles) -> None:
        self.project, self.files = project, files
        self.file = files.file
        self.problems: list[Problem] = []

    def resolve(self) -> ResolvedEnvironment:
        stage = self.stage()
        cluster_name = self.cluster(stage)
        fail_if_any(self.problems)
        sources = Sources(self.project, stage, cluster_name, self.files.stays)
        settings = sources.settings()
        facts = self.facts(stage, cluster_name, settings, sources)
        layers = self.value_layers(sources, facts)
        self.check_existing_project(settings, sources)
        self.problems += self.conflict_problems(layers)
        resolved = self.assemble(cluster_name, settings, facts, layers, sources)
        fail_if_any(self.problems)
        return resolved

    def stage(self) -> str:
        """The environment's stage; empty when there is none of that name."""
        names = [stage.name for stage in self.project.spec.stages]
        name = self.files.stage
        if name in names:
            return name
        if name is not None:
            self.add(self.place_of("stage"), ("stage",), f"unknown stage `{name}`", did_you_mean(name, names))
        elif names:
            self.add(
                self.file,
                (),
                "names no stage",
                f"add `stage:` with one of: {', '.join(names)}",
            )
        return ""

    def place_of(self, field: str) -> str:
        """The file of what stays with the environment that sets a field."""
        return next((item.file for item in reversed(self.files.stays) if item.data.get(field) is not None), self.file)

    def cluster(self, stage: str) -> str:
        """The name of the cluster that the strongest layer chooses."""
        spec = self.project.spec
        sources = Sources(self.project, stage, "", self.files.stays)
        name = sources.value("cluster")
        if name is not None:
            if name not in spec.clusters:
                self.add(*sources.place(("cluster",)), f"unknown cluster `{name}`", did_you_mean(name, spec.clusters))
            return str(name)
        if len(spec.clusters) == 1:
            return next(iter(spec.clusters))
        self.add(self.file, (), "names no cluster", f"add `cluster:` with one of: {', '.join(sorted(spec.clusters))}")
        return ""

    def facts(self, stage: str, cluster: str, settings: Layer, sources: Sources) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "project": self.project.spec.name,
            "environment": short_name(self.files.name),
            "stage": stage or None,
            "cluster": cluster,
        }
        place = sources.place(("namespace",))
        facts["namespace"] = self.filled(settings.namespace or "{project}-{environment}", facts, *place)
        # An empty one, or one made of a folder's name that is not one, was reported already.
        if facts["namespace"] and is_environment_name(self.files.name) and not is_dns_label(facts["namespace"]):
            self.add(
                *place,
                f"`{facts['namespace']}` is not a valid namespace name: it must be a DNS label",
                "at most 63 of a-z, 0-9 and `-`",
            )
        secrets = self.secret_facts(settings.secrets or Secrets(), facts, sources)
        facts.update({f"secrets.{key}": value for key, value in secrets.items()})
        return facts

    def secret_facts(self, secrets: Secrets, facts: Facts, sources: Sources) -> dict[str, Any]:
        store = self.store(secrets.store, sources.place(("secrets", "store")))
        path = self.filled(secrets.path, facts, *sources.place(("secrets", "path"))) if secrets.path else None
        overrides = {
            secret: {
                key: self.secret_override(
                    source.model_dump(exclude_none=True), facts, sources.place(("secrets", "overrides", secret, key))
                )
                for key, source in keys.items()
            }
            for secret, keys in (secrets.overrides or {}).items()
        }
        return {"store.kind": store.get("kind"), "store.name": store.get("name"), "path": path, "overrides": overrides}

    def known_secrets(self, settings: Secrets | None, sources: Sources) -> SecretFacts:
        secrets = settings or Secrets()
        return SecretFacts(
            stores=tuple(f"{store.kind}/{store.name}" for store in self.project.spec.secret_stores.values()),
            existing=None if secrets.existing is None else tuple(secrets.existing),
            overrides=tuple(
                SecretOverride(secret=secret, key=key, file=file, path=path)
                for secret, keys in (secrets.overrides or {}).items()
                for key in keys
                for file, path in [sources.place(("secrets", "overrides", secret, key))]
            ),
        )

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

    def value_layers(self, sources: Sources, facts: Facts) -> tuple[ValueLayer, ...]:
        released = self.files.release_data.get("values")
        release = ValueLayer(
            name="release",
            file=release_path(self.files.name),
            prefix=("values",),
            values=released if isinstance(released, dict) else {},  # another type is reported by the model
            exclusive=True,
        )
        return tuple(layer for layer in (*sources.values(), release, *self.injected(facts)) if layer.values)

    def injected(self, facts: Facts) -> Iterator[ValueLayer]:
        for item in self.project.documents:
            data = item.data.get("inject", {})
            values = {key: self.filled_tree(value, facts, item.file, ("inject", key)) for key, value in data.items()}
            yield ValueLayer(name="inject", file=item.file, prefix=("inject",), values=values, exclusive=True)

    def filled_tree(self, value: Any, facts: Facts, file: str, path: KeyPath) -> Any:
        """Like `filled` for a nested value, so that a problem names the very key."""
        if isinstance(value, dict):
            return {key: self.filled_tree(item, facts, file, (*path, key)) for key, item in value.items()}
        return self.filled(value, facts, file, path)

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
        sources: Sources,
    ) -> ResolvedEnvironment:
        cluster = self.project.spec.clusters[cluster_name]
        argocd = settings.argocd or ArgocdOverrides()
        application, annotations = _override(argocd.application), settings.namespace_annotations
        version = cluster.argocd or self.project.spec.argocd.version or ""
        helm, values = helm_of(version), merge_layers(layers)
        release = self.release(cluster, helm, str(facts["namespace"]), values)
        return ResolvedEnvironment(
            name=self.files.name,
            stage=str(facts["stage"] or ""),
            cluster=cluster_name,
            server=cluster.server or "",
            server_name=cluster.name or "",
            kubernetes=cluster.kubernetes or "",
            namespace=str(facts["namespace"]),
            namespace_labels=self.filled_map("namespaceLabels", settings.namespace_labels, facts, sources),
            namespace_annotations=self.filled_map("namespaceAnnotations", annotations, facts, sources),
            protect=bool(settings.protect),
            sync=_sync(settings),
            chart=replace(self.chart(), helm=helm),
            pinned=bool(self.files.release and self.files.release.chart),
            application=application,
            application_name=application_name(self.project.spec, self.files.name),
            helm=self.helm(release, application, sources),
            argocd=version,
            application_layers=sources.overrides("application"),
            project=_override(argocd.project),
            project_layers=sources.overrides("project"),
            secret_path=str(facts["secrets.path"] or ""),
            allow=self.allowance(facts, sources),
            existing_project=(argocd.project.existing if argocd.project else None) or "",
            project_file=self.project_file(sources, (argocd.project.file if argocd.project else None) or ""),
            values=values,
            layers=layers,
            files=(*(item.file for item in self.project.documents), *self.files.files),
            file=self.file,
            schema_files=tuple(cluster.schemas),
            policy_files=tuple(cluster.policies),
            secrets=self.known_secrets(settings.secrets, sources),
            ignored=tuple(self.project.spec.rules.ignore),
        )

    def project_file(self, sources: Sources, path: str) -> str:
        """The file with the existing AppProject: it counts from the folder of the gitops.yaml of who names it."""
        by, _ = sources.place(("argocd", "project", "file"))
        inside = by.startswith(self.project.folder) and self.project.folder
        return posixpath.normpath(inside + path) if path and inside else path

    def release(self, cluster: Cluster, version: str, namespace: str, values: Values) -> HelmRelease:
        """What Argo CD passes to Helm without options of the Application; `version` is that of its Helm."""
        return HelmRelease(
            name=self.project.spec.name,
            namespace=namespace,
            values=values,
            kubernetes=cluster.kubernetes or "",
            api_versions=(*OWN_KINDS, *cluster.api_versions),
            helm=version,
        )

    def helm(self, base: HelmRelease, application: dict[str, Any], sources: Sources) -> HelmOptions:
        """What Argo CD passes to Helm: `base` with the options of the Application over it."""
        if not application:
            return HelmOptions(release=base, base=base)
        is_pinned = bool(self.files.release and self.files.release.chart and self.files.release.chart.revision)
        source = HelmSource(application, sources.overrides("application"), is_pinned=is_pinned)
        options = source.options(base, application_name(self.project.spec, self.files.name))
        for path, message, hint in source.refusals:
            self.add(*sources.place(("argocd", "application", *path)), message, hint)
        return options

    def check_existing_project(self, settings: Layer, sources: Sources) -> None:
        project = settings.argocd.project if settings.argocd else None
        changes = sorted([*_override(project), *(["allow"] if project and project.allow else [])])
        if project and project.file and not project.existing:
            place = sources.place(("argocd", "project", "file"))
            self.add(*place, "is for an AppProject that is managed elsewhere", "add `existing: NAME`, or remove this")
        if project and project.existing and changes:
            self.add(
                *sources.place(("argocd", "project", changes[0])),
                f"the AppProject `{project.existing}` is managed elsewhere and cannot be changed from here",
                "remove this, or `existing`",
            )

    def allowance(self, facts: Facts, sources: Sources) -> Allowance:
        """What all layers allow together: a list adds to those of the weaker layers."""
        parts = [(layer, layer.values["allow"]) for layer in sources.overrides("project") if layer.values.get("allow")]
        if not parts:
            return _NOTHING_ALLOWED
        namespaces = [
            str(self.filled(namespace, facts, layer.file, (*layer.prefix, "allow", "namespaces", index)))
            for layer, part in parts
            for index, namespace in enumerate(part.get("namespaces", ()))
        ]
        return Allowance.model_construct(
            cluster_kinds=_together(parts, "clusterKinds"),
            kinds=_together(parts, "kinds"),
            namespaces=list(dict.fromkeys(filter(None, namespaces))),
            secrets=[part["secrets"] for _, part in parts if "secrets" in part][-1:] == [True],
        )

    def filled_map(self, key: str, texts: dict[str, str] | None, facts: Facts, sources: Sources) -> dict[str, str]:
        return {name: self.filled(text, facts, *sources.place((key, name))) for name, text in (texts or {}).items()}

    def chart(self) -> ChartSource:
        base, pin = self.project.spec.chart, self.files.release.chart if self.files.release else None
        if pin is None:
            return _source(base)
        if pin.revision is None:
            return _source(pin)
        if base.path is None:
            self.add(
                release_path(self.files.name),
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
            return locate(read_text(self.project.inputs, file), path)
        except ProblemsError:
            return None


def _together(parts: list[tuple[ValueLayer, dict[str, Any]]], key: str) -> list[str]:
    return list(dict.fromkeys(entry for _, part in parts for entry in part.get(key, ())))


@lru_cache(maxsize=64)
def _source(chart: Chart | ChartPin) -> ChartSource:
    return ChartSource(**chart.model_dump(exclude_none=True))


def _override(override: ManifestOverride | None) -> dict[str, Any]:
    """What is merged over a manifest, as it is written there (nulls included)."""
    if override is None:
        return {}
    return override.model_dump(exclude_unset=True, by_alias=True, exclude={"existing", "file", "allow"})


def _sync(settings: Layer) -> SyncSettings:
    sync = settings.sync
    if sync is None:
        return SyncSettings(automated=True, prune=True, self_heal=True, options=(), windows=(), content_name=False)
    return SyncSettings(
        automated=sync.automated is not False,
        prune=sync.prune is not False,
        self_heal=sync.self_heal is not False,
        options=tuple(sync.options or ()),
        windows=tuple(sync.windows or ()),
        content_name=bool(sync.content_name),
    )
