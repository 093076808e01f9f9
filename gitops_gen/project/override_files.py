"""Argo CD's override files in a chart folder: `.argocd-source.yaml` for every Application that uses the folder, and
`.argocd-source-<application>.yaml` for one, as Argo CD Image Updater writes it.

Argo CD merges them over the Application's source before it renders, so that what git says here is not what runs. They
are refused where they count: in the environments that they concern.
https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git,
https://github.com/argoproj/argo-cd/blob/v3.5.1/reposerver/repository/repository.go (`mergeSourceParameters`)
"""

import os
from collections.abc import Iterator
from pathlib import Path

from gitops_gen.errors import Problem
from gitops_gen.models.layout import release_path
from gitops_gen.project.environment import ResolvedEnvironment


def override_names(environment: ResolvedEnvironment) -> tuple[str, str]:
    """The names of the files that Argo CD reads for the environment's Application."""
    return ".argocd-source.yaml", f".argocd-source-{environment.application_name}.yaml"


def override_problems(environment: ResolvedEnvironment, chart: Path) -> Iterator[Problem]:
    """A problem for each override file of an environment in its chart's folder; an archive has none."""
    for name in override_names(environment):
        if os.path.lexists(chart / name):
            yield Problem(
                file=f"{environment.chart.path}/{name}",
                message=f"Argo CD merges this file over the source of {environment.application_name}: what runs there "
                "differs from what is rendered here",
                hint=f"put its parameters under `values` in {release_path(environment.name)}, delete the "
                "file, and have Image Updater write there: `write-back-target: helmvalues:…`",
            )
