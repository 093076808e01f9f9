"""The document of `chart pull`."""

from collections.abc import Iterable

from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class ChartPullDocument(VersionedDocument):
    """Output of `chart pull`."""

    pulled: list[str]
    """Paths of the charts that were pulled; empty if none was missing."""


def chart_pull_document(paths: Iterable[str]) -> ChartPullDocument:
    """The charts that were pulled."""
    return ChartPullDocument(schemaVersion=SCHEMA_VERSION, pulled=list(paths))
