"""A chart as a `.tgz` in memory: read from a folder or archive, without its values schemas."""

import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_gen.helm.schema_references import without_outside
from gitops_gen.models.layout import CHART_FILE, VALUES_FILE
from gitops_gen.yaml.reader import SIZE_LIMIT
from gitops_gen.yaml.writer import dump

SCHEMA = "values.schema.json"
PRINT_VALUES = b"{{ .Values | toJson }}"


VALUES_TEMPLATE = "templates/gitops-gen-values"
UNPACKED_LIMIT = 100 * 2**20
"""Helm loads no archive that unpacks to more, and no file of more than `SIZE_LIMIT`:
https://github.com/helm/helm/blob/v4.2.3/pkg/chart/loader/archive/archive.go
"""

BROKEN = (tarfile.TarError, OSError, EOFError, zlib.error)
"""What reading a file that is no archive raises."""

_SUBCHART = re.compile(r"(?:charts/[^/]+/)*charts/[^/]+\.tgz")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartArchive:
    """The parts of a chart.

    `data` is the archive without any values.schema.json, `schema` the top chart's. `values` is an archive whose one
    template prints the final values, with the subcharts' schemas in it; None for a chart without subcharts.
    """

    data: bytes
    schema: dict[str, Any] | None
    values: bytes | None


def without_schemas(archive: bytes) -> ChartArchive:
    """Split the schemas off an archive: Helm compiles them at every render, which takes as long as rendering."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as source:
        files = list(_files(source))
    top = next((content for member, content in files if _is_top_schema(member.name)), None)
    plain = [(member, content) for member, content in files if not member.name.endswith(f"/{SCHEMA}")]
    has_subcharts = any("/charts/" in member.name for member, _ in files)
    return ChartArchive(
        data=_packed(plain),
        schema=None if top is None else json.loads(top),
        values=_packed(_values_chart(files)) if has_subcharts else None,
    )


def values_archive(name: str, values: dict[str, Any]) -> bytes:
    """A chart that contains only values."""
    files = {CHART_FILE: {"apiVersion": "v2", "name": name, "version": "0.0.0"}, VALUES_FILE: values}
    return _packed(_member(f"{name}/{file}", dump(content).encode()) for file, content in files.items())


def packed(files: Mapping[str, bytes]) -> bytes:
    """An archive of files by their path."""
    return _packed(_member(name, content) for name, content in files.items())


def rewritten(archive: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The archive with the content that `change` makes of the name and content of each file."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as source:
        return _packed(_member(member.name, change(member.name, content)) for member, content in _files(source))


def top_files(archive: Path, is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The content of the files with a wanted name at the top of the chart in an archive.

    Raises `tarfile.TarError`, `OSError`, `EOFError` or `zlib.error` for what is no archive.
    """
    found = {}
    with tarfile.open(archive) as source:
        for member in source:
            if member.offset > UNPACKED_LIMIT:
                break
            if is_wanted(inside(member.name)) and member.size <= SIZE_LIMIT:
                found[inside(member.name)] = (source.extractfile(member) or io.BytesIO()).read()
    return found


def is_subchart(path: str) -> bool:
    """Whether a file of a chart is an archive that Helm reads. Helm limits what these unpack to; another archive, which
    it keeps as a file, may be of any size.
    """
    return _SUBCHART.fullmatch(path) is not None


def inside(name: str) -> str:
    """The path in the chart of a file of its archive."""
    return name.partition("/")[2]


def offline(name: str, content: bytes) -> bytes:
    """A file of a chart's archive, so that Helm fetches nothing for a schema, in the archive of a subchart neither.
    What is no JSON or no archive stays as it is, for Helm to refuse.
    """
    try:
        if is_subchart(inside(name)):
            return rewritten(content, offline)
        return _without_outside(content) if name.endswith(f"/{SCHEMA}") else content
    except (ValueError, *BROKEN):
        return content


def _without_outside(schema: bytes) -> bytes:
    return json.dumps(without_outside(json.loads(schema))).encode()


def _member(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def _is_top_schema(name: str) -> bool:
    return name.count("/") == 1 and name.endswith(f"/{SCHEMA}")


def _values_chart(files: Iterable[tuple[tarfile.TarInfo, bytes]]) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for member, content in files:
        if "/templates/" in member.name or _is_top_schema(member.name):
            continue
        yield _member(member.name, offline(member.name, content))
    yield _member(f"{member.name.partition('/')[0]}/{VALUES_TEMPLATE}", PRINT_VALUES)


def _packed(files: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=0, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as target,
    ):
        for member, content in files:
            target.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _files(source: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for member in source.getmembers():
        stream = source.extractfile(member)
        if stream is not None:
            yield member, stream.read()
