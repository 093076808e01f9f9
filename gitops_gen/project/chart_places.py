"""Where the chart of an environment is found: in a folder of the repository, as it was at a revision, or pulled."""

from dataclasses import dataclass
from pathlib import Path

from gitops_gen.project.chart_folders import ChartFolders
from gitops_gen.project.environment import ChartSource
from gitops_gen.project.pinned_charts import PinnedCharts


@dataclass(frozen=True, slots=True)
class ChartPlaces:
    """The charts of a project: the folders of one state of its files, and what is pinned."""

    folders: ChartFolders
    pinned: PinnedCharts

    def find(self, source: ChartSource) -> Path:
        """The chart's folder or archive. Raises `ChartError` or `GitopsError` when it cannot be had."""
        if source.repository:
            return self.pinned.archive(source)
        if source.revision:
            return self.pinned.folder(self.folders.from_top(source.path), source.revision)
        return self.folders.folder(source.path)
