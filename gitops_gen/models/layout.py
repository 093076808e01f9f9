"""The paths of a project: hand-written files, generated files, and the files that Argo CD reads."""

import posixpath
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gitops_gen.models.models import Project

PROJECT_FILE = "gitops.yaml"


ENVIRONMENTS = "environments"


ENVIRONMENT_FILE = "environment.yaml"


RELEASE_FILE = "release.yaml"


HAND_WRITTEN = (ENVIRONMENT_FILE, RELEASE_FILE)


ARGOCD_FOLDER = "argocd"


ROOT_FILE = "argocd/root.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestPaths:
    """The position of the project in its git repository. Argo CD resolves every path from the git root.

    `prefix` is empty or ends in `/`.
    """

    prefix: str = ""

    def of(self, path: str) -> str:
        """The path from the git root of a path inside the project."""
        return posixpath.normpath(self.prefix + path)


def values_path(environment: str) -> str:
    """The path in the project of an environment's generated values."""
    return f"{ENVIRONMENTS}/{environment}/values.yaml"


OWNED = ("environments/*/values.yaml", "argocd/root.yaml", "argocd/projects/*.yaml", "argocd/applications/*.yaml")
"""Patterns of generated files, relative to the project. No other file is read as one."""


def is_generated_path(path: str) -> bool:
    """Whether a path of the project is reserved for generated files."""
    return any(fnmatchcase(path, pattern) for pattern in OWNED)


def environment_of(path: str) -> str:
    """The environment that a generated file belongs to by its path; empty for one of the whole project."""
    folder, _, name = path.rpartition("/")
    if path == "argocd/root.yaml":
        return ""
    return name.removesuffix(".yaml") if folder.startswith("argocd/") else folder.rpartition("/")[2]


PULLED = ".gitops-gen/charts"
"""Where `helm pull` puts charts of Helm repositories, so that they can be checked and rendered offline."""


def release_path(environment: str) -> str:
    """The path in the project of an environment's release."""
    return f"{ENVIRONMENTS}/{environment}/{RELEASE_FILE}"


def hand_written(environment: str) -> list[str]:
    """The paths in the project of an environment's hand-written files."""
    return [f"{ENVIRONMENTS}/{environment}/{name}" for name in HAND_WRITTEN]


def application_name(project: Project, environment: str) -> str:
    """The name of an environment's Application and AppProject."""
    return f"{project.name}-{environment}"
