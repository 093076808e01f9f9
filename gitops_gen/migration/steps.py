"""The steps of a migration: kubectl commands, quoted for a POSIX shell."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from shlex import join, quote
from typing import Any

from gitops_gen.manifests.objects import Manifest, mapping, mappings
from gitops_gen.manifests.pods import pod_of
from gitops_gen.manifests.secrets import secret_uses
from gitops_gen.migration.live import Live
from gitops_gen.migration.model import MigrationStep, MigrationTarget, ObjectOutcome, PlannedClaim, PlannedObject
from gitops_gen.migration.original import DATABASES, KINDS
from gitops_gen.migration.outcomes import HELM_NAMESPACE, HELM_RELEASE
from gitops_gen.migration.volumes import mounts

POD_SECURITY = "pod-security.kubernetes.io/"
_MAJOR = re.compile(r":(\d+)[.\w-]*$")
_SUPERUSER = (
    'export PGHOST=127.0.0.1 PGSSLMODE=require PGUSER=postgres PGPASSWORD="$(cat /run/secrets/postgres_password)"'
)
_AOF = """set -e
export REDISCLI_AUTH="$(cat /run/secrets/redis_password)"
redis-cli config set appendonly yes
until redis-cli info persistence | grep -q "aof_rewrite_scheduled:0" &&
  redis-cli info persistence | grep -q "aof_rewrite_in_progress:0"; do sleep 1; done
redis-cli info persistence | grep "aof_last_bgrewrite_status:ok"
test -d "$(redis-cli config get dir | tail -n 1)/appendonlydir\""""


class Steps:
    """The steps for one namespace."""

    def __init__(self, live: Live, target: MigrationTarget) -> None:
        self.live, self.target = live, target
        self.folder = f"backup-{live.namespace}"

    def kubectl(self, *arguments: str) -> str:
        """A kubectl command in the namespace of the release."""
        return join(["kubectl", "-n", self.live.namespace, *arguments])

    def argocd(self, *arguments: str) -> str:
        """A kubectl command in Argo CD's namespace."""
        return join(["kubectl", "-n", self.target.argocd_namespace, *arguments])

    def patch_application(self, name: str, patch: Mapping[str, Any]) -> str:
        """A merge patch of an Application, if it exists: a rollback may start before Argo CD has created it."""
        found = self.argocd("get", "application", name, "--ignore-not-found", "-o", "name")
        change = self.argocd("patch", "--type", "merge", "--patch", json.dumps(patch, separators=(",", ":")))
        return f'{found} | while read -r name; do {change} "$name"; done'

    def backup(self) -> Iterator[MigrationStep]:
        """Export objects and Secrets to a folder."""
        folder = quote(self.folder)
        tool = join(["gitops-gen", "migrate", self.target.environment, f"--{self.target.mode.value}"])
        yield MigrationStep(title="create a folder that only you can read", command=f"mkdir -p -m 700 {folder}")
        yield MigrationStep(
            title="export the objects",
            command=f"{self.kubectl('get', ','.join(KINDS), '-o', 'yaml')} > {folder}/objects.yaml",
        )
        yield MigrationStep(
            title="write the manifests that a rollback applies",
            command=f"{tool} --live {folder}/objects.yaml --output restore > {folder}/restore.yaml",
        )
        yield MigrationStep(
            title="export the Secrets: store this file as you store passwords",
            command=f"{self.kubectl('get', 'secrets', '-o', 'yaml')} > {folder}/secrets.yaml",
        )

    def note_claims(self, claims: Iterable[PlannedClaim]) -> Iterator[MigrationStep]:
        """Record the volume of each claim, and set the reclaim policy of the volumes to Retain."""
        found = list(claims)
        if not found:
            return
        yield MigrationStep(
            title="record the volume of each claim", command=f"{self._claims(found)} > {quote(self.folder)}/claims.txt"
        )
        if volumes := sorted({claim.volume for claim in found} - {""}):
            patch = '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'
            yield MigrationStep(
                title="set the reclaim policy of the volumes to Retain",
                command=join(["kubectl", "patch", "persistentvolume", *volumes, "--patch", patch]),
            )

    def require_backup(self) -> Iterator[MigrationStep]:
        """Check that the backup exists."""
        yield MigrationStep(title="check that the backup exists", command=f"test -s {quote(self.folder)}/restore.yaml")

    def compare_claims(self, claims: Iterable[PlannedClaim]) -> Iterator[MigrationStep]:
        """Check that each claim is still the recorded one."""
        if found := list(claims):
            yield MigrationStep(
                title="check that every claim is the same as before, with the same volume",
                command=f"{self._claims(found)} | diff {quote(self.folder)}/claims.txt -",
            )

    def _claims(self, claims: Iterable[PlannedClaim]) -> str:
        names = sorted({claim.name for claim in claims})
        columns = "custom-columns=:.metadata.name,:.metadata.uid,:.spec.volumeName"
        return self.kubectl("get", "persistentvolumeclaims", *names, "--no-headers", "-o", columns)

    def check_secrets(self) -> Iterator[MigrationStep]:
        """Check that each Secret has the keys that the chart's pods read. Only names of keys are printed."""
        wanted: dict[str, set[str]] = {}
        for use in secret_uses(self.target.manifests):
            if use.key and not use.optional:
                wanted.setdefault(use.secret, set()).add(use.key)
        for secret, keys in sorted(wanted.items()):
            template = "go-template={{range $key, $value := .data}}{{println $key}}{{end}}"
            get = self.kubectl("get", "secret", secret, "-o", template)
            matches = join(["grep", "-cxF", *(part for key in sorted(keys) for part in ("-e", key))])
            yield MigrationStep(
                title=f"check that {secret} has {', '.join(sorted(keys))}",
                command=f"{get} | {matches} | grep -qx {len(keys)}",
            )

    def check_data(self) -> Iterator[MigrationStep]:
        """Check the data in the running pods."""
        if container := self._container("postgres"):
            yield from self._data_folder(container)
        if self.turns_append_only_on() and (container := self._container("redis")):
            yield MigrationStep(
                title="make Redis write its append-only file: the chart's Redis reads this file, not the snapshot",
                command=self.kubectl("exec", "deployment/redis", "-c", container, "--", "sh", "-c", _AOF),
            )

    def _data_folder(self, container: str) -> Iterator[MigrationStep]:
        made = self.target.rendered("Deployment", "postgres")
        pod = pod_of(made) if made else None
        if pod is None:
            return
        main = mappings(pod.spec.get("containers"))[0]
        folder = next((str(entry["value"]) for entry in mappings(main.get("env")) if entry.get("name") == "PGDATA"), "")
        user = str(mapping(pod.spec.get("securityContext")).get("runAsUser", ""))
        major = match[1] if (match := _MAJOR.search(str(main.get("image", "")))) else ""
        if folder and user:
            script = f'cd {quote(folder)} && echo "$(cat PG_VERSION) $(stat -c %u PG_VERSION)"'
            print_facts = self.kubectl("exec", "deployment/postgres", "-c", container, "--", "sh", "-c", script)
            expected = f"{major or '[0-9]*'} {user}"
            yield MigrationStep(
                title=f"check that {folder} has data of PostgreSQL {major or 'the same version'}, owned by user {user}",
                command=f"{print_facts} | grep -x {quote(expected)}",
            )

    def turns_append_only_on(self) -> bool:
        """Whether the chart's Redis reads the append-only file."""
        config = next((item for item in self.target.manifests if item.name == "redis-config"), None)
        texts = mapping(config.data.get("data")).values() if config else ()
        return any(re.search(r"^\s*appendonly\s+yes\b", str(text), re.MULTILINE) for text in texts)

    def dump(self) -> Iterator[MigrationStep]:
        """Dump all databases to the folder."""
        if container := self._container("postgres"):
            file = f"{quote(self.folder)}/database.sql"
            script = f"{_SUPERUSER}; exec pg_dumpall"
            dump = self.kubectl("exec", "deployment/postgres", "-c", container, "--", "sh", "-c", script)
            yield MigrationStep(title="dump every database and role", command=f"{dump} > {file}")
            yield MigrationStep(
                title="check that the dump is complete",
                command=f"tail -n 5 {file} | grep 'PostgreSQL database cluster dump complete'",
            )

    def stop(self, objects: Iterable[PlannedObject], *, databases: bool) -> Iterator[MigrationStep]:
        """Scale the original's Deployments to 0, and wait until their pods are deleted."""
        items = [item for item in self._deployments(objects) if (item.name in DATABASES) is databases]
        if not items:
            return
        names = [f"deployment/{item.name}" for item in items]
        yield MigrationStep(
            title=f"stop {', '.join(item.name for item in items)}",
            command=self.kubectl("scale", "--replicas=0", *names),
        )
        for selector in _selectors(items):
            wait = ["wait", "--for=delete", "pod", f"--selector={selector}", "--timeout=5m"]
            yield MigrationStep(title="wait until their pods are deleted", command=self.kubectl(*wait))

    def delete(self, objects: Iterable[PlannedObject], outcome: ObjectOutcome) -> Iterator[MigrationStep]:
        """Delete objects of an outcome; pods first (foreground), so that no two servers use one volume."""
        found = [item for item in objects if item.outcome is outcome]
        if not found:
            return
        for item in found if outcome is ObjectOutcome.RECREATED else ():
            yield MigrationStep(
                title=f"delete {item.id}, to be created again: {item.reason}", command=self._delete([item])
            )
        if outcome is ObjectOutcome.DELETED:
            yield MigrationStep(title="delete the remaining objects of the original", command=self._delete(found))

    def _delete(self, items: Iterable[PlannedObject]) -> str:
        names = [_named(item) for item in items]
        return self.kubectl("delete", *names, "--ignore-not-found", "--cascade=foreground", "--timeout=5m")

    def own(self, objects: Iterable[PlannedObject]) -> Iterator[MigrationStep]:
        """Prepare objects for adoption by Helm: set the release's name, and make Helm the manager of their fields.

        Helm adopts what has its label and annotations (https://github.com/helm/helm/pull/7649); `kubectl apply
        --server-side` takes ownership of the fields that client-side apply had set:
        https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply
        """
        adopted = [
            item
            for item in objects
            if item.outcome is ObjectOutcome.ADOPTED and not item.reason.startswith("already applied")
        ]
        if not adopted:
            return
        names = [_named(item) for item in adopted]
        release = (f"{HELM_RELEASE}={self.target.release}", f"{HELM_NAMESPACE}={self.live.namespace}")
        yield MigrationStep(
            title="annotate the adopted objects with the Helm release",
            command=self.kubectl("annotate", "--overwrite", *names, *release),
        )
        yield MigrationStep(
            title="label the adopted objects as managed by Helm",
            command=self.kubectl("label", "--overwrite", *names, "app.kubernetes.io/managed-by=Helm"),
        )
        fields = [_named(item) for item in adopted if item.id.kind != "PersistentVolumeClaim"]
        if fields:
            apply = self.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=helm", "-f", "-")
            # kubectl applies twice when it changes the field manager, and warns if the first apply changed the version.
            unversioned = "sed '/^    resourceVersion: /d'"
            yield MigrationStep(
                title="make Helm the manager of the fields that kubectl set, so that the chart can remove them",
                command=f"{self.kubectl('get', *fields, '-o', 'yaml')} | {unversioned} | {apply}",
            )

    def rollout(self, names: Iterable[str]) -> Iterator[MigrationStep]:
        """Wait until Deployments have rolled out."""
        if deployments := [f"deployment/{name}" for name in sorted(names)]:
            status = ["rollout", "status", *deployments, "--timeout=15m"]
            yield MigrationStep(title="wait until every Deployment is rolled out", command=self.kubectl(*status))

    def check_jobs(self) -> Iterator[MigrationStep]:
        """Wait until the chart's Jobs have succeeded."""
        if any(item.kind == "Job" for item in self.target.manifests):
            label = f"app.kubernetes.io/instance={self.target.release}"
            wait = ["wait", "--for=condition=complete", "job", f"--selector={label}", "--timeout=15m"]
            yield MigrationStep(
                title="wait until every Job has succeeded, including the verifier", command=self.kubectl(*wait)
            )

    def keep_secrets(self) -> Iterator[MigrationStep]:
        """Delete ExternalSecrets, and keep the Secrets that they own.

        https://external-secrets.io/latest/guides/ownership-deletion-policy/
        """
        if any(item.kind == "ExternalSecret" for item in self.target.manifests):
            label = f"app.kubernetes.io/instance={self.target.release}"
            yield MigrationStep(
                title="delete the ExternalSecrets and keep their Secrets",
                command=self.kubectl("delete", "externalsecrets", f"--selector={label}", "--cascade=orphan"),
            )

    def unlock(self) -> Iterator[MigrationStep]:
        """The original's pods start as root: a namespace that enforces `restricted` would reject them."""
        keys = [f"{key}-" for key in self.target.namespace_labels if key.startswith(POD_SECURITY)]
        if keys:
            yield MigrationStep(
                title="allow the original's pods, which start as root, in the namespace",
                command=join(["kubectl", "label", "namespace", self.live.namespace, *keys]),
            )

    def remove_release(self) -> Iterator[MigrationStep]:
        """Delete the chart's objects except volumes and Secrets."""
        keep = {"PersistentVolumeClaim", "ExternalSecret", "SecretStore", "Namespace"}
        kinds = sorted({item.kind.lower() for item in self.target.manifests} - {kind.lower() for kind in keep})
        label = f"app.kubernetes.io/instance={self.target.release}"
        yield MigrationStep(
            title="delete the chart's objects except volumes and Secrets",
            command=self.kubectl(
                "delete", ",".join(kinds), f"--selector={label}", "--cascade=foreground", "--timeout=5m"
            ),
        )

    def restore(self, objects: Iterable[PlannedObject]) -> Iterator[MigrationStep]:
        """Apply the original's objects again."""
        yield MigrationStep(
            title="apply the original's manifests", command=self.kubectl("apply", "-f", f"{self.folder}/restore.yaml")
        )
        yield from self.rollout(item.name for item in self._deployments(objects))

    def _deployments(self, objects: Iterable[PlannedObject]) -> list[Manifest]:
        changed = (ObjectOutcome.ADOPTED, ObjectOutcome.RECREATED, ObjectOutcome.DELETED)
        return [
            self.live.objects[item.id] for item in objects if item.id.kind == "Deployment" and item.outcome in changed
        ]

    def _container(self, workload: str) -> str:
        """The container of a live Deployment that mounts a claim; empty when there is none."""
        found = self.live.named("Deployment", workload)
        return next((mount.container for mount in mounts([found] if found else []) if mount.claim), "")


def _named(item: PlannedObject) -> str:
    kind = item.id.kind.lower()
    return f"{kind}.{item.id.group}/{item.id.name}" if item.id.group else f"{kind}/{item.id.name}"


def _selectors(items: list[Manifest]) -> Iterator[str]:
    """Label selectors for the pods of Deployments: one expression if they differ in the value of one label only."""
    found = [mapping(mapping(item.spec.get("selector")).get("matchLabels")) for item in items]
    if len({tuple(labels) for labels in found}) == 1 and len(found[0]) == 1 and len(found) > 1:
        (key,) = found[0]
        yield f"{key} in ({','.join(sorted(str(labels[key]) for labels in found))})"
        return
    for labels in filter(None, found):
        yield ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
