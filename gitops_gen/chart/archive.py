"""A chart as a `.tgz` in memory: taken from where it lies, with the values schemas and what they cost left out."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SCHEMA = "values.schema.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartArchive:
    """The archive without any values.schema.json, and the top chart's schema by itself."""

    data: bytes
    schema: dict[str, Any] | None


def without_schemas(archive: bytes) -> ChartArchive:
    """Split the schema off a chart archive: Helm compiles it again at every render, which takes as long as rendering.

    Subcharts' schemas go too; validation happens elsewhere, once.
    """
    schema: dict[str, Any] | None = None
    kept = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as source,
        gzip.GzipFile(fileobj=kept, mode="wb", compresslevel=0, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as target,
    ):
        for member, content in _files(source):
            if not member.name.endswith(f"/{SCHEMA}"):
                target.addfile(member, io.BytesIO(content))
            elif member.name.count("/") == 1:
                schema = json.loads(content)
    return ChartArchive(data=kept.getvalue(), schema=schema)


def _files(source: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for member in source.getmembers():
        stream = source.extractfile(member)
        if stream is not None:
            yield member, stream.read()
