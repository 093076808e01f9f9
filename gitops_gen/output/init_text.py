"""What to do after `init`, in order, until Argo CD runs the environments: commands that can be copied."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from gitops_gen.commands.init import Initialization
from gitops_gen.rules.permissions import REFUSED
from gitops_gen.rules.sharing import SHARED
from gitops_gen.starter.project import SERVER, SYNC_TIMEOUT
from gitops_gen.sync.durations import seconds


def finding_lines(made: Initialization) -> Iterator[str]:
    """What `validate` finds: all that keeps Argo CD from any sync, and how much else."""
    refused = [finding for finding in made.findings if finding.rule in (REFUSED, SHARED.id)]
    for finding in refused:
        yield f"note: {finding.object} ({finding.problem.place}): {finding.message}"
        yield f"    {finding.remedy}"
    if others := len(made.findings) - len(refused):
        name = made.project.all_environments[0]
        count = f"{others} more findings" if refused else f"{others} findings"
        yield f"note: `gitops-gen validate {name}` has {count.removesuffix('s') if others == 1 else count}"


def next_lines(made: Initialization) -> Iterator[str]:
    """The steps, each with its commands, as seen from the current folder."""
    yield ""
    yield "Next:"
    number = 0
    for step in next_steps(made):
        for index, line in enumerate(step):
            number += index == 0
            yield f"     {line}" if index else f"  {number}. {line}"


def next_steps(made: Initialization) -> Iterator[Iterator[str]]:
    """The steps in order, each as a title and then its commands; empty for one that is not needed."""
    secrets = [_fill_store(kind, name) for kind, name in made.stores] or [_fill()]
    yield from (_place(made), _publish(made), *secrets, _read(made), _register(made), _bound(made), _start())


def _place(made: Initialization) -> Iterator[str]:
    if not made.project.is_placed:
        yield "Set `repository` in gitops.yaml to the URL that Argo CD uses; then"
        yield from _enter(made)
        yield "gitops-gen generate"


def _publish(made: Initialization) -> Iterator[str]:
    yield "Commit and push:"
    if made.project.is_placed:
        yield from _enter(made)
    if made.top is None:
        yield f"git init --initial-branch {made.project.revision}"
    outside = sorted(file for file in made.files if file.startswith("../"))
    yield f"git add {shlex.join(['.', *outside])}"
    yield "git commit --message 'Start'"
    if not made.has_origin:
        yield f"git remote add origin {made.project.repository if made.project.is_placed else 'URL'}"
    yield "git push --set-upstream origin HEAD"


def _enter(made: Initialization) -> Iterator[str]:
    if made.folder != Path.cwd():
        yield f"cd {shlex.quote(os.path.relpath(made.folder))}"


def _fill_store(kind: str, name: str) -> Iterator[str]:
    yield f"Create the External Secrets store `{name}` in the cluster, with an entry for each key that this lists:"
    yield f"kubectl get {kind.lower()} {name}"
    yield "gitops-gen secrets"


def _fill() -> Iterator[str]:
    yield "Create the Secrets that the chart reads, if there are any, in each environment's namespace:"
    yield "gitops-gen secrets"


def _read(made: Initialization) -> Iterator[str]:
    url = made.project.repository if made.project.is_placed else "URL"
    yield "Give Argo CD access to the repository, unless it is public:"
    if url.startswith(("http", "URL")):
        yield f"argocd repo add {url} --username USER    # asks for the token"
    else:
        yield f"argocd repo add {url} --ssh-private-key-path ~/.ssh/id_ed25519"


def _register(made: Initialization) -> Iterator[str]:
    if made.project.server != SERVER:
        yield f"Let Argo CD deploy to {made.project.server}:"
        yield f"argocd cluster add CONTEXT --name {made.project.cluster}"


def _bound(made: Initialization) -> Iterator[str]:
    limit = seconds(made.sync_timeout or SYNC_TIMEOUT)
    patch = f'{{"data": {{"controller.sync.timeout.seconds": "{limit}"}}}}'
    known = "" if made.sync_timeout else f", and set `argocd.syncTimeout: {SYNC_TIMEOUT}` in gitops.yaml, for `plan`"
    yield f"Set a sync timeout in Argo CD, so that a revert does not wait without limit{known}:"
    yield f"kubectl -n {made.argocd} patch configmap argocd-cmd-params-cm --patch '{patch}'"
    yield f"kubectl -n {made.argocd} rollout restart statefulset argocd-application-controller"


def _start() -> Iterator[str]:
    yield "Start, once:"
    yield "kubectl apply -f argocd/root.yaml"
