"""The whole plan of a migration: outcomes, volumes, settings, and the phases of each mode in order."""

from collections.abc import Iterator
from dataclasses import replace
from shlex import join, quote

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.secrets import made_keys
from gitops_gen.migration.live import Live
from gitops_gen.migration.model import (
    Concern,
    Migration,
    MigrationPhase,
    MigrationStep,
    MigrationTarget,
    Mode,
    ObjectOutcome,
    Override,
    PlannedObject,
)
from gitops_gen.migration.outcomes import ownership_concerns, planned_objects
from gitops_gen.migration.settings import name_overrides, setting_concerns
from gitops_gen.migration.steps import Steps
from gitops_gen.migration.volumes import match_volumes, mounts
from gitops_gen.models.layout import ROOT_FILE


def migration_of(live: Live, target: MigrationTarget) -> Migration:
    """The plan for the objects of the namespace; without commands while a concern blocks or a value must be set."""
    volumes = match_volumes(live, target)
    mounted = {mount.claim for mount in mounts(target.manifests)} | {claim.name for claim in volumes.claims}
    objects = planned_objects(live, target, mounted)
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
    return _with_steps(plan, Steps(live, target)) if plan.ready else plan


def _namespace(live: Live, target: MigrationTarget) -> Iterator[Override]:
    if live.namespace != target.namespace:
        reason = f"the volumes are in {live.namespace}, and a claim cannot move to another namespace"
        yield Override(path=("namespace",), value=live.namespace, reason=reason)


def _nothing_to_migrate(objects: tuple[PlannedObject, ...]) -> Iterator[Concern]:
    if not any(
        item.outcome in (ObjectOutcome.ADOPTED, ObjectOutcome.RECREATED, ObjectOutcome.DELETED) for item in objects
    ):
        yield Concern(message="the export contains no object of the original or of the chart", blocking=True)


def _secret_concerns(live: Live) -> Iterator[Concern]:
    if live.secret_keys:
        names = ", ".join(sorted(live.secret_keys))
        yield Concern(
            message=f"the export contains Secrets, which are not needed: {names}",
            hint="their values were not read; delete the file after the migration",
        )


def _with_steps(plan: Migration, steps: Steps) -> Migration:
    phases = _helm_phases if plan.mode is Mode.HELM else _argocd_phases
    back = _helm_way_back if plan.mode is Mode.HELM else _argocd_way_back
    kept = tuple(phase for phase in phases(plan, steps) if phase.steps)
    return replace(plan, phases=kept, way_back=(*steps.require_backup(), *back(plan, steps)))


def _common_phases(plan: Migration, steps: Steps) -> Iterator[MigrationPhase]:
    yield MigrationPhase(title="Check the prerequisites", steps=(*steps.check_secrets(), *steps.check_data()))
    yield MigrationPhase(title="Back up", steps=(*steps.backup(), *steps.note_claims(plan.claims)))
    yield MigrationPhase(title="Fill the secret store", steps=tuple(_store(steps.target)))


def _store(target: MigrationTarget) -> Iterator[MigrationStep]:
    found = sorted((item for item in target.manifests if item.kind == "ExternalSecret"), key=lambda item: item.name)
    if found:
        yield MigrationStep(
            title="copy the values of these Secrets to the secret store, unchanged: External Secrets takes ownership of"
            " existing Secrets and overwrites them with the store's values",
            details=tuple(_entry(item) for item in found),
        )


def _entry(item: Manifest) -> str:
    store = mapping(item.spec.get("secretStoreRef")).get("name")
    places = sorted({str(mapping(entry.get("remoteRef")).get("key")) for entry in mappings(item.spec.get("data"))})
    return f"{item.name}: {', '.join(made_keys(item.spec))} at {', '.join(places)} of {store}"


def _stop(plan: Migration, steps: Steps) -> MigrationPhase:
    return MigrationPhase(
        title="Stop the original and dump the databases",
        steps=(
            *steps.stop(plan.objects, databases=False),
            *steps.dump(),
            *steps.stop(plan.objects, databases=True),
            *steps.delete(plan.objects, ObjectOutcome.RECREATED),
        ),
    )


def _check(plan: Migration, steps: Steps) -> MigrationPhase:
    names = [item.name for item in steps.target.manifests if item.kind == "Deployment"]
    return MigrationPhase(
        title="Check the result",
        steps=(*steps.compare_claims(plan.claims), *steps.rollout(names), *steps.check_jobs()),
    )


def _clean_up(plan: Migration, steps: Steps) -> MigrationPhase:
    return MigrationPhase(
        title="Clean up",
        steps=(
            *steps.delete(plan.objects, ObjectOutcome.DELETED),
            MigrationStep(
                title="archive k8s/base and k8s/scripts of the application's repository, so that nobody applies them"
                f" again; move {steps.folder} to your backups"
            ),
        ),
    )


def _argocd_phases(plan: Migration, steps: Steps) -> Iterator[MigrationPhase]:
    yield from _common_phases(plan, steps)
    yield _stop(plan, steps)
    application = f"application/{steps.target.application}"
    yield MigrationPhase(
        title="Hand over to Argo CD",
        steps=(
            MigrationStep(title="push the inputs and the generated files", command="git push"),
            MigrationStep(
                title="apply root, the app of apps",
                command=join(["kubectl", "apply", "-f", ROOT_FILE]),
            ),
            MigrationStep(
                title="wait until the Application exists",
                command=steps.argocd("wait", application, "--for=create", "--timeout=10m"),
            ),
            *(
                MigrationStep(
                    title=f"wait until the Application is {word}",
                    command=steps.argocd("wait", application, f"--for=jsonpath={{{path}}}={word}", "--timeout=45m"),
                )
                for path, word in ((".status.sync.status", "Synced"), (".status.health.status", "Healthy"))
            ),
        ),
    )
    yield _check(plan, steps)
    yield _clean_up(plan, steps)


def _helm_phases(plan: Migration, steps: Steps) -> Iterator[MigrationPhase]:
    yield from _common_phases(plan, steps)
    yield MigrationPhase(title="Prepare the adoption by Helm", steps=tuple(steps.own(plan.objects)))
    yield _stop(plan, steps)
    yield MigrationPhase(
        title="Install", steps=(MigrationStep(title="install the chart with Helm 4", command=_install(steps)),)
    )
    yield _check(plan, steps)
    yield _clean_up(plan, steps)


def _install(steps: Steps) -> str:
    target = steps.target
    options = ["--namespace", target.namespace, "--values", target.values_file, "--set", "argocd.enabled=false"]
    wait = ["--force-conflicts", "--wait", "--wait-for-jobs", "--timeout", "30m"]
    return f"helm upgrade --install {quote(target.release)} {target.chart} {join([*options, *wait])}"


def _helm_way_back(plan: Migration, steps: Steps) -> Iterator[MigrationStep]:
    yield from steps.keep_secrets()
    uninstall = ["helm", "-n", plan.namespace, "uninstall", steps.target.release, "--ignore-not-found", "--wait"]
    yield MigrationStep(
        title="uninstall the release; volumes and Secrets are kept", command=join([*uninstall, "--timeout", "10m"])
    )
    yield from _back(plan, steps)


def _argocd_way_back(plan: Migration, steps: Steps) -> Iterator[MigrationStep]:
    target = steps.target
    yield MigrationStep(
        title="disable the automated sync of root, so that it does not create the Application again",
        command=steps.patch_application(target.root, {"spec": {"syncPolicy": {"automated": None}}}),
    )
    yield MigrationStep(
        title="remove the finalizers of the Application, so that its objects are kept",
        command=steps.patch_application(target.application, {"metadata": {"finalizers": None}}),
    )
    yield MigrationStep(
        title="delete the Application",
        command=steps.argocd("delete", "application", target.application, "--ignore-not-found"),
    )
    yield from steps.keep_secrets()
    yield from steps.remove_release()
    yield from _back(plan, steps)
    yield MigrationStep(
        title=f"remove {plan.environment} from git (gitops-gen env remove {plan.environment} --delete-running --push),"
        " then enable root again: kubectl apply -f argocd/root.yaml"
    )


def _back(plan: Migration, steps: Steps) -> Iterator[MigrationStep]:
    yield from steps.unlock()
    yield from steps.restore(plan.objects)
    yield from steps.compare_claims(plan.claims)
