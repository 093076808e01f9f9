"""The document of `chart vendor`."""

from gitops_gen.commands.chart_vendor import Vendoring
from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class ChartVendorDocument(VersionedDocument):
    """Output of `chart vendor`."""

    files: list[str]
    """Paths of the files that were written or removed; empty if no chart lacks a dependency."""

    notes: list[str]
    """Files among them that git ignores."""


def chart_vendor_document(done: Vendoring) -> ChartVendorDocument:
    """What was written."""
    return ChartVendorDocument(schemaVersion=SCHEMA_VERSION, files=list(done.files), notes=list(done.notes))
