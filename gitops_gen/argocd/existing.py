"""The AppProject of an environment: the generated one, or one that is managed elsewhere, from its file."""

from typing import Any

from gitops_gen.argocd.manifests import app_project
from gitops_gen.argocd.permissions import Permissions
from gitops_gen.errors import GitopsError
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.reading import ProjectFile, read_text
from gitops_gen.yaml.reader import load, load_all


def project_permissions(
    project: ProjectFile, environment: ResolvedEnvironment, manifest: dict[str, Any]
) -> Permissions:
    """What the AppProject allows that `manifest`, the environment's Application, names; its spec is None where it is
    managed elsewhere and no file is given.

    Raises as `existing_spec` does.
    """
    wanted = manifest["spec"]
    destination = wanted.get("destination") or {}
    sources = [wanted.get("source"), *(wanted.get("sources") or ())]
    is_generated = not environment.existing_project and wanted["project"] == manifest["metadata"]["name"]
    return Permissions(
        name=wanted["project"],
        spec=_generated_spec(project, environment) if is_generated else _given_spec(project, environment, wanted),
        server=str(destination.get("server") or ""),
        cluster=str(destination.get("name") or ""),
        namespace=str(destination.get("namespace") or ""),
        sources=tuple(str(source.get("repoURL")) for source in sources if source),
        is_existing=not is_generated,
    )


def _generated_spec(project: ProjectFile, environment: ResolvedEnvironment) -> dict[str, Any]:
    return dict(load(app_project(project.spec, environment), "AppProject")["spec"])


def _given_spec(
    project: ProjectFile, environment: ResolvedEnvironment, wanted: dict[str, Any]
) -> dict[str, Any] | None:
    file, name = environment.project_file, environment.existing_project
    return existing_spec(project.inputs, file, name) if file and wanted["project"] == name else None


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
