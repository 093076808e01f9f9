"""A chart that is given as the archive that `helm package` or `helm pull` writes, or by its place in a repository."""

import re
import shlex
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.helm.engine import ChartError
from gitops_gen.helm.pulling import pulled
from gitops_gen.models.layout import CHART_FILE
from gitops_gen.runtime.scratch import scratch

_REFERENCE = re.compile(r"((?:https?|oci)://.+)/([\w.-]+)(?::([\w.+-]+))?")
_HINT = "give a chart's folder, its .tgz, or URL/NAME[:VERSION], such as oci://ghcr.io/shop/charts/shop:1.4.0"


@contextmanager
def unpacked(chart: Path | str | None) -> Iterator[Path | None]:
    """The chart's folder; of an archive a temporary one, which is removed afterwards. None for no chart. A text is
    `URL/NAME[:VERSION]`, which `helm pull` gets.

    Raises `UsageError` for a file that is no archive of a chart, `GitopsError` for one that cannot be unpacked, and
    `ChartError` for one that cannot be had.
    """
    if isinstance(chart, str):
        with _pulled(chart) as folder:
            yield folder
        return
    if chart and not chart.exists():
        raise UsageError(f"{chart} does not exist", _HINT)
    if chart is None or chart.is_dir():
        yield chart
        return
    with scratch() as target:
        folder = _unpack(chart, target)
        try:
            yield folder
        except ChartError as error:
            hint = error.hint.replace(f" {shlex.quote(str(folder))}`", "` in the unpacked chart, use its folder,")
            raise ChartError(str(error).replace(str(folder), str(chart)), hint) from error


@contextmanager
def _pulled(reference: str) -> Iterator[Path | None]:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise UsageError(f"{reference} is not a chart in a repository", _HINT)
    with scratch() as target:
        try:
            with pulled(found[1], found[2], found[3] or "", target) as archive, unpacked(archive) as folder:
                yield folder
        except ChartError as error:
            raise ChartError(str(error).replace(str(target), reference), error.hint) from error


def _unpack(archive: Path, scratch: Path) -> Path:
    hint = "use the chart's folder, or the .tgz of `helm pull` or `helm package`"
    try:
        with tarfile.open(archive) as source:
            source.extractall(scratch, filter="data")
    except tarfile.FilterError as error:
        raise GitopsError(f"{archive} has a file outside of its folder: {error}", hint) from error
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UsageError(f"{archive} is not a chart: {error}", hint) from error
    folders = [path for path in scratch.iterdir() if (path / CHART_FILE).is_file()]
    if len(folders) != 1:
        raise UsageError(f"{archive} is not a chart: it has no folder with {CHART_FILE}", hint)
    return folders[0]
