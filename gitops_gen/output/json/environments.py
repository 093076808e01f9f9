"""The document of `env list`, and charts in other documents."""

from collections.abc import Iterable
from typing import TypedDict

from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument
from gitops_gen.project.environment import ChartSource
from gitops_gen.project.listing import EnvironmentRow


class ChartEntry(TypedDict):
    """Where a chart comes from: `path`, with `revision` if it is pinned, or `repository`, `name` and `version`."""

    path: str | None
    revision: str | None
    repository: str | None
    name: str | None
    version: str | None


class EnvironmentEntry(TypedDict):
    """One environment."""

    name: str
    stage: str | None
    cluster: str | None
    namespace: str
    application: str
    """Name of the Application and of the AppProject."""
    chart: ChartEntry
    automated: bool
    """Whether Argo CD syncs without being asked."""
    protect: bool
    """Whether its objects stay when its files are removed."""


class EnvironmentsDocument(VersionedDocument):
    """Output of `env list`."""

    environments: list[EnvironmentEntry]
    """In promotion order of their stages, then by name."""


def environments_document(rows: Iterable[EnvironmentRow]) -> EnvironmentsDocument:
    """The environments of a project."""
    return EnvironmentsDocument(schemaVersion=SCHEMA_VERSION, environments=[_entry(row) for row in rows])


def _entry(row: EnvironmentRow) -> EnvironmentEntry:
    return EnvironmentEntry(
        name=row.name,
        stage=row.stage or None,
        cluster=row.cluster or None,
        namespace=row.namespace,
        application=row.application,
        chart=chart(row.chart),
        automated=row.automated,
        protect=row.protect,
    )


def chart(source: ChartSource) -> ChartEntry:
    """A chart by its parts."""
    return ChartEntry(
        path=source.path or None,
        revision=source.revision or None,
        repository=source.repository or None,
        name=source.name or None,
        version=source.version or None,
    )
