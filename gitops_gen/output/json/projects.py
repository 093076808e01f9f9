"""The document of `project list`."""

from collections.abc import Iterable
from typing import TypedDict

from gitops_gen.commands.project_lifecycle import ProjectRow
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class ProjectEntry(TypedDict):
    """One project."""

    name: str
    folder: str
    """Its folder; `.` where there is no workspace."""
    chart: str
    """The chart's folder, or its name and version in a Helm repository."""
    environments: list[str]
    """The environments that it is in."""


class ProjectsDocument(VersionedDocument):
    """Output of `project list`."""

    projects: list[ProjectEntry]
    """In the order of their folders."""


def projects_document(rows: Iterable[ProjectRow]) -> ProjectsDocument:
    """The projects of a workspace."""
    return ProjectsDocument(schemaVersion=SCHEMA_VERSION, projects=[_entry(row) for row in rows])


def _entry(row: ProjectRow) -> ProjectEntry:
    return ProjectEntry(name=row.name, folder=row.folder, chart=row.chart, environments=[*row.environments])
