"""The two sides of a difference: a project in its working tree or at a commit, with a digest of every input, so that
what is the same on both sides is neither read nor rendered.
"""

import hashlib
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

from gitops_gen.argocd.manifests import app_project, application
from gitops_gen.compare.fleet import RenderTarget
from gitops_gen.git.snapshot import Files
from gitops_gen.git.sparse import NOTHING
from gitops_gen.models.layout import (
    PROJECT_FILE,
    ManifestPaths,
    environment_of_input,
    input_places,
    project_folder,
    read_for,
)
from gitops_gen.models.models import Project
from gitops_gen.project.chart_folders import ChartFolders
from gitops_gen.project.chart_places import ChartPlaces
from gitops_gen.project.environment import ChartSource, ResolvedEnvironment
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.local_dependencies import need_chart, needed_files
from gitops_gen.project.override_files import with_override_files
from gitops_gen.project.pinned_charts import PinnedCharts
from gitops_gen.project.projects import Projects, readable_projects
from gitops_gen.project.resolver import resolve
from gitops_gen.sync.durations import seconds
from gitops_gen.sync.policy import SyncPolicy, policy_of
from gitops_gen.yaml.reader import load

_ANY_CLUSTER = "https://any-cluster"
"""Where an Application goes that is compared with one of another environment."""

_SYNC_POLICY = "\n  syncPolicy:"
"""What follows is all that waiting depends on, and the same text for most environments: parsed once."""


@dataclass(kw_only=True, slots=True)
class SharedCharts:
    """Charts that both sides of a difference use: the pinned ones, and folders by their content and path. So a chart
    that is the same on both sides is at the same place.
    """

    pinned: PinnedCharts
    folders: dict[tuple[str, str], Path] = field(default_factory=dict)


class Side:
    """A project as it is, or was, in one place."""

    def __init__(self, label: str, files: Files, inputs: Inputs, prefix: str, charts: SharedCharts) -> None:
        self.label, self.prefix, self.source = label, prefix, inputs
        #: what of the project is in the index and not on disk
        self.absent = NOTHING
        self._files, self._shared = files, charts
        #: the folders of the projects that are compared; None: all of them
        self.chosen: Collection[str] | None = None
        self._chart_ids: dict[str, str] = {}
        self._charts = ChartPlaces(ChartFolders(files.top / prefix, files.top, prefix), charts.pinned)

    @cached_property
    def inputs(self) -> dict[str, str]:
        """A digest of the hand-written files, by environment of a project that is compared."""
        found: dict[str, list[str]] = {}
        folders = [item for item in self.projects.folders if self.chosen is None or item in self.chosen]
        ids = self.ids(input_places(folders))
        for path, content in sorted(ids.items()):
            if name := environment_of_input(path):
                found.setdefault(name, []).append(f"{path} {content}")
        shared = {name: [f"{path} {ids[path]}" for path in read_for(name) if path in ids] for name in found}
        return {name: "\n".join(shared[name]) for name in found if project_folder(name) in folders}

    @cached_property
    def project_digest(self) -> str:
        """A digest of gitops.yaml."""
        return self.ids([PROJECT_FILE]).get(PROJECT_FILE, "")

    @cached_property
    def projects(self) -> Projects:
        """The project; in a workspace, all of them. Raises `ProblemsError` when the gitops.yaml at the top is wrong or
        missing.
        """
        return readable_projects(self.source)

    def resolve(self, name: str) -> ResolvedEnvironment:
        """One environment. Raises `ProblemsError`."""
        return resolve(self.projects.require(name), self.projects.require_files(name))

    def fetch(self, names: Iterable[str]) -> None:
        """Fetch the files of these environments: many are fetched as fast as one."""
        self._files.fetch([self._from_top(path) for name in names for path in read_for(name)])

    def target_of_pair(self, environment: ResolvedEnvironment) -> RenderTarget:
        """The same for a comparison with another environment: which cluster it is in is no difference then."""
        facts = (environment.name, environment.namespace, environment.stage, environment.cluster, environment.server)
        target = self.target(replace(environment, server=_ANY_CLUSTER, server_name=""))
        return replace(target, facts=(*facts, environment.server_name, environment.secret_path))

    def target(self, environment: ResolvedEnvironment) -> RenderTarget:
        """What the environment renders from. Raises `GitopsError` when its chart is not available."""
        spec = self.projects.require(environment.name).spec
        chart = self.chart(environment.chart)
        environment = with_override_files(environment, chart)
        manifest = application(spec, environment, ManifestPaths(prefix=self.prefix))
        documents = [manifest] if environment.existing_project else [manifest, app_project(spec, environment)]
        return RenderTarget(
            environment=environment.name,
            chart=chart,
            release=environment.helm.release,
            argocd="\n---\n".join(documents),
            policy=self._policy_of(spec, manifest),
            prunes=environment.sync.prune,
            protected=environment.protect,
        )

    @staticmethod
    def _policy_of(spec: Project, manifest: str) -> SyncPolicy:
        timeout = spec.argocd.sync_timeout
        start = manifest.find(_SYNC_POLICY)
        text = manifest if start < 0 else f"spec:{manifest[start:]}"
        return _policy(text, None if timeout is None else seconds(timeout))

    def chart(self, source: ChartSource) -> Path:
        """The chart's folder or archive. Raises `GitopsError`."""
        if not source.own_folder:
            return self._charts.find(source)
        known = (self.chart_id(source.path), source.path)
        if known not in self._shared.folders:
            need_chart(self._files, self._from_top(source.path))
            self._shared.folders[known] = self._charts.find(source)
        return self._shared.folders[known]

    def chart_id(self, path: str) -> str:
        """What identifies the content of a chart folder of the project."""
        if path not in self._chart_ids:
            inside = self._from_top(path)
            ids = self._files.ids([inside, *needed_files(self._files, inside)])
            listing = "\n".join(f"{name} {ids[name]}" for name in sorted(ids))
            self._chart_ids[path] = hashlib.sha256(os.fsencode(listing)).hexdigest()
        return self._chart_ids[path]

    def _from_top(self, path: str) -> str:
        return self._charts.folders.from_top(path)

    def ids(self, paths: Collection[str]) -> dict[str, str]:
        """The id of every file below these paths of the project."""
        found = self._files.ids([self._from_top(path) for path in paths])
        return {path.removeprefix(self.prefix): content for path, content in found.items()}


@lru_cache(maxsize=256)
def _policy(text: str, sync_timeout: int | None) -> SyncPolicy:
    return policy_of(load(text, "Application"), sync_timeout=sync_timeout)
