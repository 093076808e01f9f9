"""The document of `cluster api-versions`."""

from collections.abc import Iterable

from gitops_gen.output.json.document import SCHEMA_VERSION, VersionedDocument


class ApiVersionsDocument(VersionedDocument):
    """Output of `cluster api-versions`."""

    apiVersions: list[str]
    """`group/version` and `group/version/Kind`, in alphabetical order: the value of `clusters.<name>.apiVersions`."""


def api_versions_document(versions: Iterable[str]) -> ApiVersionsDocument:
    """The API versions of a cluster."""
    return ApiVersionsDocument(schemaVersion=SCHEMA_VERSION, apiVersions=list(versions))
