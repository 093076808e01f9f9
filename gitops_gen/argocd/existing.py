"""The AppProject of an environment: the generated one, or one that is managed elsewhere, from its file."""

from typing import Any

from gitops_gen.argocd.manifests import permissions, permissions_of
from gitops_gen.argocd.permissions import Permissions
from gitops_gen.errors import GitopsError
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.reading import ProjectFile, read_text
from gitops_gen.yaml.reader import load_all


def project_permissions(project: ProjectFile, environment: ResolvedEnvironment) -> Permissions:
    """What the environment's AppProject allows; its spec is None where it exists elsewhere and no file is given.

    Raises as `existing_spec` does.
    """
    name, file = environment.existing_project, environment.project_file
    if not name:
        return permissions(project.spec, environment)
    spec = existing_spec(project.inputs, file, name) if file else None
    return permissions_of(project.spec, environment, name, spec)


def existing_spec(inputs: Inputs, file: str, name: str) -> dict[str, Any]:
    """The spec of the AppProject `name` in a file of a project.

    Raises `ProblemsError` for invalid YAML, and `GitopsError` where the file has no such AppProject.
    """
    if not inputs.is_file(file):
        hint = f"write it: kubectl get appproject {name} --namespace argocd --output yaml > {file}"
        raise GitopsError(f"there is no file {file}", hint)
    documents = load_all(read_text(inputs, file), file)
    found = {_name(item): item for item in documents if isinstance(item, dict) and item.get("kind") == "AppProject"}
    if name not in found:
        others = f"; it has {', '.join(found)}" if found else ""
        raise GitopsError(f"{file} has no AppProject `{name}`{others}", "correct `existing` or `file`")
    spec = found[name].get("spec")
    return spec if isinstance(spec, dict) else {}


def _name(manifest: dict[str, Any]) -> str:
    metadata = manifest.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, dict) else ""
