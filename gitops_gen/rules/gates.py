"""Rules on gates: each wait of a sync must end by itself, or every commit after it, a revert too, waits without end."""

from collections.abc import Callable, Iterator

from gitops_gen.manifests.annotations import meets_next_sync, wave_path
from gitops_gen.rules.examples import LAST, autoscaler, deployment, wave
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.durations import text
from gitops_gen.sync.gates import Gate
from gitops_gen.sync.plan import SyncPlan
from gitops_gen.sync.steps import Step


def _gates(plan: SyncPlan, chosen: Callable[[Gate], bool], *, prunes: bool = False) -> Iterator[tuple[Step, Gate]]:
    """The chosen gates of steps that are waited for; with `prunes`, also of the last one when a sync prunes behind
    it.
    """
    for index, gate in plan.gates:
        step = plan.steps[index]
        if (step.gated or (prunes and step.gated_by_prune)) and chosen(gate):
            yield step, gate


def _endless(gate: Gate) -> bool:
    return gate.seconds is None and not gate.stuck


def _unbounded(plan: SyncPlan) -> Iterator[Hit]:
    if plan.policy.sync_timeout is not None:
        return
    for step, gate in _gates(plan, lambda gate: _endless(gate) and not _is_own(gate), prunes=True):
        when = (
            " whenever a sync prunes something"
            if step.gated_by_prune
            else " on the first sync"
            if gate.first_only
            else ""
        )
        yield Hit(gate.manifest, f"is waited for in {step.title}{when}, and the wait has no limit: {gate.reason}")


def _is_own(gate: Gate) -> bool:
    """Jobs and Deployments can have their own deadline, which the rules below ask for."""
    return gate.manifest.kind in {"Job", "Deployment"}


def _job_deadline(plan: SyncPlan) -> Iterator[Hit]:
    prunes = plan.policy.sync_timeout is None
    for step, gate in _gates(plan, lambda gate: _endless(gate) and gate.manifest.kind == "Job", prunes=prunes):
        yield Hit(gate.manifest, f"is waited for in {step.title} and the wait has no limit: {gate.reason}")


def _deployment_deadline(plan: SyncPlan) -> Iterator[Hit]:
    def chosen(gate: Gate) -> bool:
        return gate.by_default or (gate.manifest.kind == "Deployment" and _endless(gate))

    for step, gate in _gates(plan, chosen):
        how = "the default of 10m a replica applies" if gate.by_default else gate.reason
        yield Hit(gate.manifest, f"is waited for in {step.title} without its own progressDeadlineSeconds: {how}")


def _stuck(plan: SyncPlan) -> Iterator[Hit]:
    for step, gate in _gates(plan, lambda gate: gate.stuck, prunes=True):
        yield Hit(gate.manifest, f"is waited for in {step.title} and can never become healthy: {gate.reason}")


def _autoscaler(plan: SyncPlan) -> Iterator[Hit]:
    for step, gate in _gates(plan, lambda gate: gate.manifest.kind == "HorizontalPodAutoscaler"):
        message = f"is waited for in {step.title}: without metrics it is Degraded, which fails the sync"
        yield Hit(gate.manifest, message, path=wave_path(gate.manifest))


def _cron_job(plan: SyncPlan) -> Iterator[Hit]:
    def chosen(gate: Gate) -> bool:
        manifest = gate.manifest
        is_cron_job = (manifest.id.group, manifest.kind) == ("batch", "CronJob")
        return is_cron_job and meets_next_sync(manifest) and manifest.spec.get("suspend") is not True

    for step, gate in _gates(plan, chosen):
        yield Hit(
            gate.manifest,
            f"is waited for in {step.title}: after a failed run it is Degraded, which fails every sync",
            path=wave_path(gate.manifest),
        )


def _limit(plan: SyncPlan) -> Iterator[Hit]:
    limit = plan.policy.revert_limit
    for which, bound in (("the first sync", plan.first_bound), ("a later sync", plan.later_bound)):
        if limit is not None and bound.seconds is not None and bound.seconds > limit:
            yield Hit(None, f"a revert may wait {text(bound.seconds)} behind {which}; the project allows {text(limit)}")


_CACHE = deployment("cache", 0) + LAST
_WITHOUT = _CACHE.replace("  progressDeadlineSeconds: 300\n", "")
_BOUNDED = "apiVersion: gitops-gen/v1\nkind: Project\nargocd: {%s}\n---\n"
_DATABASE = f"""\
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: postgres}}
spec:
  serviceName: postgres
  selector: {{matchLabels: {{app: postgres}}}}
  template:
    metadata: {{labels: {{app: postgres}}}}
    spec: {{containers: [{{name: postgres, image: "postgres:17"}}]}}
{LAST}"""
_SCHEDULED = f"""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: cleanup
  annotations: {{argocd.argoproj.io/sync-wave: "%s"}}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec: {{restartPolicy: Never, containers: [{{name: cleanup, image: "app:1.0.0"}}]}}
{LAST}"""
_REPLICAS = _BOUNDED % "revertLimit: 30m" + deployment("app", 0, spec="\n  replicas: %s") + LAST

RULES = (
    Rule(
        id="job-without-deadline",
        title="A Job that a sync waits for has activeDeadlineSeconds",
        explanation=(
            "A Job whose pod never starts (an image that cannot be pulled, a node that is full) stays Progressing, "
            "the operation stays Running, and Argo CD looks at no new commit. A deadline in the pod template does "
            "not help: it starts with the pod."
        ),
        remedy="set spec.activeDeadlineSeconds",
        check=_job_deadline,
        bad="""\
apiVersion: batch/v1
kind: Job
metadata: {name: migrate-1f3a}
spec:
  template: {spec: {containers: [{name: main, image: "app:1.0.0"}]}}
""",
        good="""\
apiVersion: batch/v1
kind: Job
metadata: {name: migrate-1f3a}
spec:
  activeDeadlineSeconds: 600
  template: {spec: {containers: [{name: main, image: "app:1.0.0"}]}}
""",
    ),
    Rule(
        id="deployment-without-deadline",
        title="A Deployment or Rollout that a sync waits for has progressDeadlineSeconds",
        explanation=(
            "progressDeadlineSeconds ends the wait for a rollout that does not come up, and starts again with each "
            "replica. Kubernetes fills in 600 where none is set, which nobody chose for this workload; 2147483647 "
            "stands for no deadline at all."
        ),
        remedy="set spec.progressDeadlineSeconds to what the slowest start of one pod needs",
        check=_deployment_deadline,
        bad=_WITHOUT,
        good=_CACHE,
    ),
    Rule(
        id="gate-without-end",
        title="What has no deadline is bounded by the sync timeout",
        explanation=(
            "Volume claims, ExternalSecrets, StatefulSets, DaemonSets, Ingresses and load balancers stay Progressing "
            "for as long as it takes. Only the controller's timeout (controller.sync.timeout.seconds in "
            "argocd-cmd-params-cm) ends such a sync."
        ),
        remedy=(
            "set argocd.syncTimeout in gitops.yaml to what that Argo CD has (--sync-timeout for manifests from "
            "elsewhere)"
        ),
        check=_unbounded,
        bad=_DATABASE,
        good=_BOUNDED % "syncTimeout: 30m" + _DATABASE,
    ),
    Rule(
        id="gate-never-opens",
        title="Nothing that a sync waits for is paused or waits for a person",
        explanation=(
            "To Argo CD a paused Deployment, a suspended Job, a Rollout with a canary step `pause: {}` and every "
            "custom resource that is paused are Suspended: a gated wave waits for them without limit, as for "
            "Progressing. Argo CD picks up no new commit until somebody resumes them."
        ),
        remedy=(
            "remove the pause, give it a duration, or put the object into the last wave; scale to 0 replicas to switch "
            "a workload off"
        ),
        check=_stuck,
        bad=deployment("app", 0, spec="\n  paused: true") + LAST,
        good=_CACHE,
    ),
    Rule(
        id="autoscaler-in-gated-wave",
        title="An autoscaler is in the wave that nothing waits for",
        explanation=(
            "A HorizontalPodAutoscaler without metrics (a new workload, no metrics server) is Degraded, which fails "
            "the wave it is in."
        ),
        remedy="put it into the last wave",
        check=_autoscaler,
        bad=autoscaler(wave(0)) + LAST,
        good=autoscaler(wave(40)) + LAST,
    ),
    Rule(
        id="cronjob-in-gated-wave",
        title="A CronJob is in the wave that nothing waits for",
        explanation=(
            "Since Argo CD 3.2 a CronJob whose last run failed is Degraded, which fails its wave. The waves behind it, "
            "and with them a fix or a revert, are not applied until a run succeeds "
            "(https://github.com/argoproj/argo-cd/issues/26539)."
        ),
        remedy="put it into the last wave",
        check=_cron_job,
        bad=_SCHEDULED % 0,
        good=_SCHEDULED % 40,
    ),
    Rule(
        id="revert-over-limit",
        title="A revert waits no longer than the project allows",
        explanation="The sum of what a sync can wait for, as `gitops-gen plan` prints it, is over the project's limit.",
        remedy="shorten the longest deadlines, or lower the sync timeout",
        check=_limit,
        bad=_REPLICAS % 10,
        good=_REPLICAS % 2,
    ),
)
