"""What Argo CD does with the resources of environments that come and go."""

from collections.abc import Iterator

from gitops_gen.errors import GitopsError
from gitops_gen.project.environment import ResolvedEnvironment

KEEP = "set `protect: true` in its environment.yaml, push, and wait until Argo CD has synced it"


def born(application: str) -> str:
    """What a new environment comes to."""
    return f"once this is pushed, Argo CD creates the Application {application} and syncs it"


def require_permission(environment: ResolvedEnvironment, *, delete_running: bool) -> None:
    """Raise `GitopsError` when Argo CD would delete what runs and nobody said that it may."""
    if environment.protect or delete_running:
        return
    raise GitopsError(
        f"Argo CD would delete {environment.application_name} and all its resources in namespace "
        f"{environment.namespace}",
        f"to keep it, {KEEP}; to delete it, use --delete-running",
    )


def left_behind(environment: ResolvedEnvironment, *, same_place: bool = False) -> Iterator[str]:
    """What happens to the resources of an environment whose files are gone; in the `same_place` others follow."""
    application = environment.application_name
    if not environment.protect:
        yield f"once this is pushed, Argo CD deletes {application} and its resources in {environment.namespace}"
        yield "volumes marked `Delete=false` and the namespace itself stay: delete them by hand when unused"
        return
    yield f"{application} is protected: it keeps running, and root stays OutOfSync until you delete it by hand"
    delete, forget = f"argocd app delete {application}", f"then `argocd proj delete {application}`"
    if same_place:
        yield f"to keep its objects for the new one: `{delete} --cascade=false`; until then it cannot sync"
        return
    yield f"to keep its objects: `{delete} --cascade=false --wait`, {forget}"
    yield f"to delete them: `{delete} --cascade --wait`, {forget}"
