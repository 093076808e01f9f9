"""The paths of a project: hand-written files, generated files, and the files that Argo CD reads."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gitops_gen.models.models import Project
from gitops_gen.names import is_dns_label

PROJECT_FILE = "gitops.yaml"


ENVIRONMENTS = "environments"


ENVIRONMENT_FILE = "environment.yaml"


RELEASE_FILE = "release.yaml"


HAND_WRITTEN = (ENVIRONMENT_FILE, RELEASE_FILE)


VALUES_FILE = "values.yaml"
"""Of an environment, generated; and of a chart."""


CHART_FILE = "Chart.yaml"


ARGOCD_FOLDER = "argocd"


APPLICATIONS = "argocd/applications"


APP_PROJECTS = "argocd/projects"


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


@lru_cache(maxsize=1024)
def project_folder(environment: str) -> str:
    """The folder of the project that an environment is in, empty or ending in `/`. In a workspace the name of an
    environment is that folder and its own name: `services/api/dev`.
    """
    folder, slash, _ = environment.rpartition("/")
    return folder + slash


@lru_cache(maxsize=1024)
def short_name(environment: str) -> str:
    """The name of an environment without the folder of its project."""
    return environment.rpartition("/")[2]


def is_environment_name(name: str) -> bool:
    """Whether an environment can be called so: a DNS label, below the folder of its project in a workspace."""
    return is_dns_label(short_name(name)) and {"", ".", ".."}.isdisjoint(project_folder(name).split("/")[:-1])


@lru_cache(maxsize=1024)
def environment_folder(environment: str) -> str:
    """The folder of an environment's hand-written files and generated values."""
    return f"{project_folder(environment)}{ENVIRONMENTS}/{short_name(environment)}"


def read_for(environment: str) -> list[str]:
    """The paths of all hand-written files that say something about an environment, those of its workspace too."""
    folder, name = project_folder(environment), short_name(environment)
    shared = [PROJECT_FILE, environment_path(name)] if folder else []
    return [*shared, folder + PROJECT_FILE, *hand_written(environment)]


def input_places(projects: Iterable[str]) -> list[str]:
    """The files and folders of all hand-written files, for the folders of these projects."""
    return sorted({folder + name for folder in ("", *projects) for name in (PROJECT_FILE, ENVIRONMENTS)})


def environment_path(environment: str) -> str:
    """The path of what stays with an environment."""
    return f"{environment_folder(environment)}/{ENVIRONMENT_FILE}"


def release_path(environment: str) -> str:
    """The path of an environment's release."""
    return f"{environment_folder(environment)}/{RELEASE_FILE}"


def hand_written(environment: str) -> list[str]:
    """The paths of an environment's hand-written files."""
    return [f"{environment_folder(environment)}/{name}" for name in HAND_WRITTEN]


def values_path(environment: str) -> str:
    """The path of an environment's generated values."""
    return f"{environment_folder(environment)}/{VALUES_FILE}"


def application_path(environment: str) -> str:
    """The path of an environment's generated Application."""
    return f"{APPLICATIONS}/{environment}.yaml"


def app_project_path(environment: str) -> str:
    """The path of an environment's generated AppProject."""
    return f"{APP_PROJECTS}/{environment}.yaml"


def generated_paths(environment: str) -> list[str]:
    """The paths of an environment's generated files."""
    return [values_path(environment), application_path(environment), app_project_path(environment)]


_INSIDE = re.compile(rf"((?:.+/)?){ENVIRONMENTS}/([^/]+)/([^/]+)")
_MANIFEST = re.compile(rf"(?:{APPLICATIONS}|{APP_PROJECTS})/(.+)\.yaml")


def environment_of(path: str) -> str:
    """The environment that a file belongs to by its path; empty for one of the whole repository."""
    if match := _MANIFEST.fullmatch(path):
        return match[1]
    match = _INSIDE.fullmatch(path)
    return match[1] + match[2] if match else ""


def environment_of_input(path: str) -> str:
    """The environment that a hand-written file belongs to by its path; empty for any other file."""
    match = _INSIDE.fullmatch(path)
    return match[1] + match[2] if match and match[3] in HAND_WRITTEN else ""


def is_input_path(path: str) -> bool:
    """Whether a path is that of a hand-written file."""
    return path == PROJECT_FILE or path.endswith(f"/{PROJECT_FILE}") or bool(environment_of_input(path))


def is_generated_path(path: str) -> bool:
    """Whether a path is reserved for generated files."""
    if path == ROOT_FILE or _MANIFEST.fullmatch(path):
        return True
    match = _INSIDE.fullmatch(path)
    return bool(match) and path.endswith(f"/{VALUES_FILE}")


HEADER = "# Generated by `gitops-gen "
"""How a generated file starts; what was not written by this tool does not."""


OLD_HEADERS = ("# Generated by ", "# Do not edit: ")
"""The comment of early versions of 0.1.0, line by line."""


OWN_FOLDER = ".gitops-gen"
"""What belongs to this tool in a project: schemas for editors, pulled charts."""


PULLED = f"{OWN_FOLDER}/charts"
"""Where `helm pull` puts charts of Helm repositories, so that they can be checked and rendered offline."""


def application_name(project: Project, environment: str) -> str:
    """The name of an environment's Application and AppProject."""
    return f"{project.name}-{short_name(environment)}"
