"""Rules on Jobs: a plain Job runs once per name, so its name must say what it runs, and nothing may delete it behind
Argo CD's back.
"""

import re
from collections.abc import Iterator

from gitops_gen.manifests.annotations import (
    SYNC_OPTIONS,
    applies_server_side,
    is_forced,
    is_hook,
    meets_next_sync,
    phases,
)
from gitops_gen.manifests.objects import Manifest
from gitops_gen.rules import examples
from gitops_gen.rules.rule import Hit, Rule
from gitops_gen.sync.plan import SyncPlan

_HEX = re.compile(r"[0-9a-f]{8,64}|(?=[a-f]*\d)[0-9a-f]{6,7}")
_SAFE = re.compile(r"(?=.*\d)[bcdfghjklmnpqrstvwxz2456789]{8,12}")
"""The alphabet of Kubernetes' own name suffixes, which kustomize uses too."""

_CLOCK = re.compile(r"20\d{6}|20\d{10}|20\d{12}|1[5-9]\d{8}|1[5-9]\d{11}")
"""A date, a date with a time, seconds or milliseconds since 1970."""


def _lasting_jobs(plan: SyncPlan) -> Iterator[Manifest]:
    """The Jobs that the next sync finds in the cluster: plain ones, and hooks that are deleted only when they fail."""
    for job in plan.objects.of_kind("Job"):
        if meets_next_sync(job) and phases(job):
            yield job


def _ttl(plan: SyncPlan) -> Iterator[Hit]:
    for job in _lasting_jobs(plan):
        if not is_hook(job) and (seconds := job.spec.get("ttlSecondsAfterFinished")) is not None:
            text = f"is deleted {seconds} s after it has finished; Argo CD then finds it missing and runs it again"
            yield Hit(job, text, path=("spec", "ttlSecondsAfterFinished"))


def _name(plan: SyncPlan) -> Iterator[Hit]:
    for job in _lasting_jobs(plan):
        if problem := _name_problem(job):
            yield Hit(job, problem, path=("metadata", "name" if "name" in job.metadata else "generateName"))


def _force(plan: SyncPlan) -> Iterator[Hit]:
    for manifest in plan.manifests:
        if is_forced(manifest) and applies_server_side(manifest, plan.policy.sync_options):
            text = "has Force=true and is applied server-side: --force cannot be used with --server-side"
            yield Hit(manifest, text, path=("metadata", "annotations", SYNC_OPTIONS))


def _name_problem(job: Manifest) -> str:
    if "name" not in job.metadata:
        return "" if is_hook(job) else "has a generateName, which Argo CD can apply for hooks only: every attempt fails"
    suffix = job.name.rpartition("-")[2]
    if _CLOCK.fullmatch(suffix):
        return f"has a date or time in its name (`{suffix}`): it runs again with every render, changed or not"
    # `Force=true` counts on the object alone, without Replace too; with server-side apply there is another rule.
    if not is_forced(job) and not _HEX.fullmatch(suffix) and not _SAFE.fullmatch(suffix):
        return "has a name that does not change with its content: a change fails, because a Job's template is immutable"
    return ""


_REPLACED = "argocd.argoproj.io/sync-options: 'Force=true,ServerSideApply=%s'"

RULES = (
    Rule(
        id="force-with-server-side-apply",
        title="An object with Force=true is not applied server-side",
        explanation=(
            "kubectl refuses --force together with --server-side, so that each sync of the object fails "
            "(https://github.com/argoproj/argo-cd/issues/29624)."
        ),
        remedy="add ServerSideApply=false, or Replace=true, to the object's sync options",
        check=_force,
        bad=examples.job("migrate", _REPLACED % "true"),
        good=examples.job("migrate", _REPLACED % "false"),
    ),
    Rule(
        id="job-ttl",
        title="A plain Job has no ttlSecondsAfterFinished",
        explanation=(
            "Kubernetes deletes the finished Job, Argo CD finds the Application OutOfSync, self-heal creates the Job "
            "again, and so on (https://github.com/argoproj/argo-cd/issues/8586)."
        ),
        remedy="take ttlSecondsAfterFinished out: the Job goes when a changed one takes its place",
        check=_ttl,
        bad=examples.job("migrate-1a2b3c4d", examples.wave(0), spec="\n  ttlSecondsAfterFinished: 300"),
        good=examples.job("migrate-1a2b3c4d", examples.wave(0)),
    ),
    Rule(
        id="job-name-without-hash",
        title="A plain Job's name changes with its content",
        explanation=(
            "A Job cannot be changed once it is there, and a finished one does not run again. With a hash of its "
            "content in its name each change is a new Job, which runs once, and a revert finds the old one. A "
            "commit's id, a date or the release's revision would run it for no reason."
        ),
        remedy="end the name with a hash of image, script and configuration (sha256sum | trunc 8), or make it a hook",
        check=_name,
        bad=examples.job("migrate", examples.wave(0)),
        good=examples.job("migrate-1a2b3c4d", examples.wave(0)),
    ),
)
