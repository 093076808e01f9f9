"""Fills the templates of Application, AppProject and root; merges over them what the project or the environment asks
for.

The rules behind each field were measured on a real Argo CD; the ones that surprise: retry without a limit and with
refresh lets Argo CD apply a `git revert` after a failing sync (https://github.com/argoproj/argo-cd/issues/11494), the
AppProject's own finalizer keeps it until its Application is gone, and `manifest-generate-paths` keeps one
environment's commit from refreshing all others
(https://argo-cd.readthedocs.io/en/stable/operator-manual/high_availability/#manifest-paths-annotation).
"""

import posixpath
from functools import cache, lru_cache
from textwrap import indent
from typing import TYPE_CHECKING, Any

from gitops_gen.argocd.allowed import with_allowed
from gitops_gen.models.layout import (
    ARGOCD_FOLDER,
    ENVIRONMENTS,
    VALUES_FILE,
    ManifestPaths,
    application_name,
    project_folder,
    short_name,
    values_path,
)
from gitops_gen.models.models import Allowance, Project
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.yaml.reader import load
from gitops_gen.yaml.writer import dump, inline

if TYPE_CHECKING:
    import jinja2

SYNC_OPTIONS = (
    "CreateNamespace=true",
    "FailOnSharedResource=true",
    "PruneLast=true",
    "PrunePropagationPolicy=foreground",
)
BLOCK_INDENT = " " * 8


def application(
    project: Project,
    environment: ResolvedEnvironment,
    paths: ManifestPaths,
    content: str = "",
    linked: tuple[str, ...] = (),
) -> str:
    """The Application of an environment as YAML.

    `linked` are paths from the git root that symlinks of the chart lead to: their changes render it again too.

    Values of a pinned chart are inline, as text: a patch of `valuesObject` would take a null in it for a deletion.

    `content` is a digest of all that is rendered, for an environment that wants it (`sync.contentName`). It is in
    the source's name, because Argo CD syncs a commit that it has seen during a terminated sync only when the source
    itself differs:
    https://github.com/argoproj/argo-cd/blob/v3.5.1/controller/appcontroller.go (`alreadyAttemptedSync`).
    """
    chart = environment.chart
    chart_path = paths.of(chart.path) if chart.path else ""
    values_file = paths.of(values_path(environment.name))
    folder, name = project_folder(environment.name) + ENVIRONMENTS, short_name(environment.name)
    text = _template("application").render(
        **_shared(project, environment),
        project=environment.existing_project or application_name(project, environment.name),
        repository=project.repository,
        revision=project.revision,
        release=project.name,
        chart={
            **{key: getattr(chart, key) for key in ("revision", "name", "version")},
            "repository": chart.repository.removeprefix("oci://"),
        },
        content=content,
        chart_path=chart_path,
        value_file=f"{_way(chart_path, paths.of(folder))}/{name}/{VALUES_FILE}" if chart_path else "",
        values_path=values_file,
        values=environment.values,
        generate_paths=[f"/{path}" for path in (chart_path, *linked, posixpath.dirname(values_file)) if path],
        sync=environment.sync,
        sync_options=sync_options(environment.sync.options),
        namespace_labels=_strings(tuple(environment.namespace_labels.items())),
        namespace_annotations=_strings(tuple(environment.namespace_annotations.items())),
    )
    return _merged(_with_chart_source(text, environment), _without_source(environment))


def _with_chart_source(text: str, environment: ResolvedEnvironment) -> str:
    """The Application with what is merged over `spec.source`, where that is the first of two sources."""
    over = _source(environment)
    if not (over and environment.chart.repository):
        return text
    manifest = load(text, "manifest")
    chart, *others = manifest["spec"]["sources"]
    manifest["spec"]["sources"] = [_laid_over(chart, over), *others]
    return dump(manifest)


def _without_source(environment: ResolvedEnvironment) -> dict[str, Any]:
    over = environment.application
    if not (_source(environment) and environment.chart.repository):
        return over
    return {**over, "spec": {key: value for key, value in over["spec"].items() if key != "source"}}


def _source(environment: ResolvedEnvironment) -> dict[str, Any]:
    """What is merged over `spec.source`."""
    return dict((environment.application.get("spec") or {}).get("source") or {})


def app_project(project: Project, environment: ResolvedEnvironment) -> str:
    """The AppProject of an environment as YAML."""
    text = _template("project").render(
        **_shared(project, environment),
        description=f"{project.name}, environment {short_name(environment.name)}",
        sources=_sources(project, environment),
        windows=environment.sync.windows,
    )
    merged = _merged(text, environment.project)
    if environment.allow == Allowance():
        return merged
    destination = dict([_destination(environment)])
    return dump(with_allowed(load(merged, "manifest"), environment.allow, destination))


def root(project: Project, paths: ManifestPaths) -> str:
    """The app of apps and its own AppProject, two YAML documents."""
    return _template("root").render(
        name=project.name,
        argocd_namespace=project.argocd.namespace,
        repository=project.repository,
        revision=project.revision,
        path=paths.of(ARGOCD_FOLDER),
    )


def sync_options(extra: tuple[str, ...]) -> list[str]:
    """The generated options with the environment's own put over them by name."""
    named = {option.partition("=")[0]: option for option in (*SYNC_OPTIONS, *extra)}
    return [named[name] for name in sorted(named)]


def _sources(project: Project, environment: ResolvedEnvironment) -> tuple[str, ...]:
    chart = environment.chart.repository.removeprefix("oci://")
    return (chart, project.repository) if chart else (project.repository,)


def _destination(environment: ResolvedEnvironment) -> tuple[str, str]:
    return ("server", environment.server) if environment.server else ("name", environment.server_name)


def _shared(project: Project, environment: ResolvedEnvironment) -> dict[str, Any]:
    key, value = _destination(environment)
    return {
        "name": application_name(project, environment.name),
        "argocd_namespace": project.argocd.namespace,
        "namespace": environment.namespace,
        "destination": {"key": key, "value": value},
        "protect": environment.protect,
    }


def _merged(text: str, over: dict[str, Any]) -> str:
    return dump(_laid_over(load(text, "manifest"), over)) if over else text


def _laid_over(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on top of a manifest: a null in it removes. Nulls of the manifest itself are chart values and stay."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _laid_over(old if isinstance(old, dict) else {}, value)
        else:
            merged[key] = value
    return merged


@lru_cache(maxsize=64)
def _way(start: str, end: str) -> str:
    """The relative path between two folders of the repository."""
    return posixpath.relpath(f"/{end}", f"/{start}")


@cache
def _template(name: str) -> "jinja2.Template":
    # Imported here because Jinja is slow to import and not every command renders a manifest.
    import jinja2

    loader = jinja2.PackageLoader("gitops_gen.argocd")
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML, quoted by filters
    )
    environment.filters.update(yaml=inline, block=_block)
    return environment.get_template(f"{name}.yaml.j2")


@lru_cache(maxsize=256)
def _strings(items: tuple[tuple[str, str], ...]) -> str:
    """A flat map as a block under `labels:` or `annotations:`; most environments share theirs."""
    return _block(dict(items)) if items else ""


def _block(value: dict[str, Any]) -> str:
    """A map as it is, indented, in the lines under a key."""
    return f"\n{indent(dump(value).rstrip(), BLOCK_INDENT)}"
