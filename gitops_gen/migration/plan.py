"""The whole migration, put together: fates, volumes, settings, and in their order the phases of either mode."""

import json
from collections.abc import Iterator
from dataclasses import replace
from shlex import join, quote

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.secrets import made_keys
from gitops_gen.migration.commands import Commands
from gitops_gen.migration.fates import fates, ownership_concerns
from gitops_gen.migration.live import Live
from gitops_gen.migration.model import (
    Concern,
    Fate,
    Migration,
    Mode,
    ObjectFate,
    Override,
    Phase,
    Step,
    Target,
)
from gitops_gen.migration.settings import name_overrides, setting_concerns
from gitops_gen.migration.volumes import match_volumes, mounts


def migration_of(live: Live, target: Target) -> Migration:
    """The plan for what is in the namespace. Its commands are there once nothing blocks and no value is left to set."""
    volumes = match_volumes(live, target)
    mounted = {mount.claim for mount in mounts(target.manifests)} | {claim.name for claim in volumes.claims}
    objects = fates(live, target, mounted)
    plan = Migration(
        environment=target.environment,
        mode=target.mode,
        namespace=live.namespace,
        objects=objects,
        dependents=live.dependents,
        claims=tuple(volumes.claims),
        overrides=(*_namespace(live, target), *volumes.overrides, *name_overrides(live, target)),
        concerns=(
            *ownership_concerns(live, target),
            *volumes.concerns,
            *_nothing_to_migrate(objects),
            *setting_concerns(live, target, objects),
            *_secret_concerns(live),
        ),
    )
    return _with_steps(plan, Commands(live, target)) if plan.ready else plan


def _namespace(live: Live, target: Target) -> Iterator[Override]:
    if live.namespace != target.namespace:
        reason = f"the volumes are in {live.namespace}, and no claim moves from one namespace to another"
        yield Override(path=("namespace",), value=live.namespace, reason=reason)


def _nothing_to_migrate(objects: tuple[ObjectFate, ...]) -> Iterator[Concern]:
    if not any(item.fate in (Fate.ADOPTED, Fate.RECREATED, Fate.DELETED) for item in objects):
        yield Concern(message="the export holds nothing of the original or of the chart", blocking=True)


def _secret_concerns(live: Live) -> Iterator[Concern]:
    if live.secret_keys:
        names = ", ".join(sorted(live.secret_keys))
        yield Concern(
            message=f"the export holds Secrets, which are not needed here: {names}",
            hint="their values were not looked at; delete the file when you are done",
        )


def _with_steps(plan: Migration, commands: Commands) -> Migration:
    phases = _helm_phases if plan.mode is Mode.HELM else _argocd_phases
    back = _helm_way_back if plan.mode is Mode.HELM else _argocd_way_back
    kept = tuple(phase for phase in phases(plan, commands) if phase.steps)
    return replace(plan, phases=kept, way_back=(*commands.backup_check(), *back(plan, commands)))


def _common_phases(plan: Migration, commands: Commands) -> Iterator[Phase]:
    yield Phase(title="Look", steps=(*commands.secret_checks(), *commands.data_checks()))
    yield Phase(title="Back up", steps=(*commands.backup_step(), *commands.claims_step(plan.claims)))
    yield Phase(title="Fill the secret store", steps=tuple(_store(commands.target)))


def _store(target: Target) -> Iterator[Step]:
    found = sorted((item for item in target.manifests if item.kind == "ExternalSecret"), key=lambda item: item.name)
    if found:
        yield Step(
            title="put the values of these Secrets into the store, unchanged: External Secrets takes over each Secret"
            " that nobody owns and sets its values to the store's",
            details=tuple(_entry(item) for item in found),
        )


def _entry(item: Manifest) -> str:
    store = mapping(item.spec.get("secretStoreRef")).get("name")
    places = sorted({str(mapping(entry.get("remoteRef")).get("key")) for entry in mappings(item.spec.get("data"))})
    return f"{item.name}: {', '.join(made_keys(item))} at {', '.join(places)} of {store}"


def _stop(plan: Migration, commands: Commands) -> Phase:
    return Phase(
        title="Stop, and dump the databases",
        steps=(
            *commands.stop_step(plan.objects, databases=False),
            *commands.dump_step(),
            *commands.stop_step(plan.objects, databases=True),
            *commands.delete_step(plan.objects, Fate.RECREATED),
        ),
    )


def _check(plan: Migration, commands: Commands) -> Phase:
    names = [item.name for item in commands.target.manifests if item.kind == "Deployment"]
    label = f"app.kubernetes.io/instance={commands.target.release}"
    jobs = commands.kubectl("wait", "--for=condition=complete", "job", f"--selector={label}", "--timeout=15m")
    return Phase(
        title="Check",
        steps=(
            *commands.claims_check(plan.claims),
            *commands.rollout_step(names),
            Step(title="verifier, schema, namespace and smoke test have passed", command=jobs),
        ),
    )


def _clean_up(plan: Migration, commands: Commands) -> Phase:
    return Phase(
        title="Clean up, when there is no way back any more",
        steps=(
            *commands.delete_step(plan.objects, Fate.DELETED),
            Step(
                title="archive k8s/base and k8s/scripts of the application's repository, so that nobody applies them"
                f" again; move {commands.backup} to where backups are kept"
            ),
        ),
    )


def _argocd_phases(plan: Migration, commands: Commands) -> Iterator[Phase]:
    yield from _common_phases(plan, commands)
    yield _stop(plan, commands)
    application = f"application/{commands.target.application}"
    yield Phase(
        title="Hand over to Argo CD",
        steps=(
            Step(title="the inputs and what is generated from them", command="git push"),
            Step(
                title="the app of apps, if it is not there yet",
                command=join(["kubectl", "apply", "-f", "argocd/root.yaml"]),
            ),
            Step(
                title="the Application is there",
                command=commands.argocd("wait", application, "--for=create", "--timeout=10m"),
            ),
            *(
                Step(
                    title=f"Argo CD says {word}",
                    command=commands.argocd("wait", application, f"--for=jsonpath={{{path}}}={word}", "--timeout=45m"),
                )
                for path, word in ((".status.sync.status", "Synced"), (".status.health.status", "Healthy"))
            ),
        ),
    )
    yield _check(plan, commands)
    yield _clean_up(plan, commands)


def _helm_phases(plan: Migration, commands: Commands) -> Iterator[Phase]:
    yield from _common_phases(plan, commands)
    yield Phase(title="Give Helm what it adopts", steps=tuple(commands.own_step(plan.objects)))
    yield _stop(plan, commands)
    yield Phase(title="Install", steps=(Step(title="Helm 4 applies the chart", command=_install(commands)),))
    yield _check(plan, commands)
    yield _clean_up(plan, commands)


def _install(commands: Commands) -> str:
    target = commands.target
    options = ["--namespace", target.namespace, "--values", target.values_file, "--set", "argocd.enabled=false"]
    wait = ["--force-conflicts", "--wait", "--wait-for-jobs", "--timeout", "30m"]
    return f"helm upgrade --install {quote(target.release)} {target.chart} {join([*options, *wait])}"


def _helm_way_back(plan: Migration, commands: Commands) -> Iterator[Step]:
    yield from commands.keep_secrets_step()
    uninstall = ["helm", "-n", plan.namespace, "uninstall", commands.target.release, "--ignore-not-found", "--wait"]
    yield Step(title="the release goes; volumes and Secrets stay", command=join([*uninstall, "--timeout", "10m"]))
    yield from _back(plan, commands)


def _argocd_way_back(plan: Migration, commands: Commands) -> Iterator[Step]:
    target = commands.target
    quiet = json.dumps({"spec": {"syncPolicy": {"automated": None}}}, separators=(",", ":"))
    unbound = json.dumps({"metadata": {"finalizers": None}}, separators=(",", ":"))
    patch = ("--type", "merge", "--patch")
    yield Step(
        title="root makes no Application for the time being",
        command=commands.argocd("patch", "application", target.root, *patch, quiet),
    )
    yield Step(
        title="the Application goes without what it applied",
        command=commands.argocd("patch", "application", target.application, *patch, unbound),
    )
    yield Step(
        title="it is gone", command=commands.argocd("delete", "application", target.application, "--ignore-not-found")
    )
    yield from commands.keep_secrets_step()
    yield from commands.remove_release_step()
    yield from _back(plan, commands)
    yield Step(
        title=f"take {plan.environment} out of git (gitops-gen env remove {plan.environment} --delete-running --push),"
        " then let root work again: kubectl apply -f argocd/root.yaml"
    )


def _back(plan: Migration, commands: Commands) -> Iterator[Step]:
    yield from commands.unlock_step()
    yield from commands.restore_step(plan.objects)
    yield from commands.claims_check(plan.claims)
