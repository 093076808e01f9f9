"""A chart that is given as the archive that `helm package` or `helm pull` writes."""

import shlex
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.helm.engine import ChartError
from gitops_gen.models.layout import CHART_FILE


@contextmanager
def unpacked(chart: Path | None) -> Iterator[Path | None]:
    """The chart's folder; of an archive a temporary one, which is removed afterwards. None for no chart.

    Raises `UsageError` for a file that is no archive of a chart, and `GitopsError` for one that cannot be unpacked.
    """
    if chart is None or chart.is_dir():
        yield chart
        return
    with tempfile.TemporaryDirectory(prefix="gitops-gen-") as scratch:
        folder = _unpack(chart, Path(scratch))
        try:
            yield folder
        except ChartError as error:
            hint = error.hint.replace(f" {shlex.quote(str(folder))}`", "` in the unpacked chart, use its folder,")
            raise ChartError(str(error).replace(str(folder), str(chart)), hint) from error


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
