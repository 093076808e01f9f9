"""Two Applications of one cluster of which the first needs something of the second: what each renders, and what `plan`
says. The same cases are synced on a real Argo CD by tests/e2e/test_needs_between_applications.py.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
SERVICES = ("first", "second")
DEADLINE = 20
CERTIFICATES = "cert-manager.io"


def thing(kind: str, name: str, version: str = "v1", wave: int = 0, **fields: Any) -> Manifest:
    """An object in a wave."""
    annotations = {"argocd.argoproj.io/sync-wave": str(wave), **fields.pop("annotations", {})}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "annotations": annotations}, **fields}


def definition(kind: str, group: str = "between.example.com", version: str = "v1") -> Manifest:
    """A CRD that takes every field."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    served = {"name": version, "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [served]}
    return thing("CustomResourceDefinition", f"{plural}.{group}", "apiextensions.k8s.io/v1", spec=spec)


def custom(kind: str, **annotations: str) -> Manifest:
    """An object of such a kind."""
    return thing(kind, "one", "between.example.com/v1", annotations=annotations)


def workload(kind: str, name: str, wave: int = 0, *, tag: str = "1", **pod: Any) -> Manifest:
    """A Deployment or Job with one container."""
    labels = {"app": name}
    container = {"name": "main", "image": f"example.com/{name}:{tag}", **pod.pop("container", {})}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod}}
    if kind == "Job":
        template["spec"]["restartPolicy"] = "Never"
        spec = {"template": template, "backoffLimit": 0, "activeDeadlineSeconds": DEADLINE}
        return thing(kind, name, "batch/v1", wave, spec=spec)
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return thing(kind, name, "apps/v1", wave, spec=spec | {"progressDeadlineSeconds": DEADLINE})


def reads(secret: str) -> dict[str, Any]:
    """A container that has a Secret as its environment."""
    return {"envFrom": [{"secretRef": {"name": secret}}]}


def secret(name: str, wave: int = 0) -> Manifest:
    """A Secret."""
    return thing("Secret", name, wave=wave, stringData={"key": "value"})


OPERATOR = (
    definition("Certificate", CERTIFICATES),
    thing("ServiceAccount", "operator"),
    thing(
        "ClusterRole",
        "operator",
        "rbac.authorization.k8s.io/v1",
        rules=[{"apiGroups": [CERTIFICATES], "resources": ["certificates"], "verbs": ["get", "list", "watch"]}],
    ),
    thing(
        "ClusterRoleBinding",
        "operator",
        "rbac.authorization.k8s.io/v1",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "operator"},
        subjects=[{"kind": "ServiceAccount", "name": "operator", "namespace": "operator-second"}],
    ),
    workload("Deployment", "operator", 5, serviceAccountName="operator"),
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One pair of Applications."""

    name: str
    first: tuple[Manifest, ...]
    second: tuple[Manifest, ...]
    #: for each need of the first one: what it needs and how its first sync ends
    needs: tuple[tuple[str, str], ...]
    #: whether both are in one namespace
    shares: bool = False
    #: the retry of the first one
    retries: int = -1

    @property
    def converges(self) -> bool:
        """Whether nobody has to do anything."""
        return all(how in ("retries", "waits") for _, how in self.needs)

    @property
    def is_circular(self) -> bool:
        """Whether each waits for the other."""
        return any(how == "never" for _, how in self.needs)

    def namespace(self, service: str) -> str:
        """Where a service is deployed."""
        return self.name if self.shares else f"{self.name}-{service}"

    def write(self, folder: Path, repository: str, services: tuple[str, ...] = SERVICES) -> None:
        """The workspace, with these services."""
        kinds = ["CustomResourceDefinition.apiextensions.k8s.io"]
        kinds += [f"{kind}.rbac.authorization.k8s.io" for kind in ("ClusterRole", "ClusterRoleBinding")]
        allow = {"clusterKinds": kinds, "secrets": True, "namespaces": [self.namespace(name) for name in SERVICES]}
        top = {
            "apiVersion": "gitops-gen/v1",
            "kind": "Workspace",
            "name": self.name,
            "projects": ["services/*"],
            "repository": repository,
            "revision": "main",
            "argocd": {"syncTimeout": "30m"},
            "clusters": {"main": {"server": "https://kubernetes.default.svc"}},
            "stages": [{"name": "dev"}],
            "defaults": {
                "namespace": self.name if self.shares else f"{self.name}-{{project}}",
                "argocd": {"project": {"allow": allow}},
            },
        }
        _write(folder / "gitops.yaml", top)
        _write(folder / "environments/dev/environment.yaml", _input("Environment", stage="dev"))
        for name in services:
            self._service(folder / "services" / name, name)

    def _service(self, folder: Path, name: str) -> None:
        project = _input("Project", name=name, chart={"path": "chart"})
        if name == "first" and self.retries >= 0:
            retry = {"limit": self.retries, "backoff": {"duration": "1s", "factor": 1}}
            project["defaults"] = {"argocd": {"application": {"spec": {"syncPolicy": {"retry": retry}}}}}
        _write(folder / "gitops.yaml", project)
        _write(folder / "environments/dev/release.yaml", _input("Release", values={}))
        _write(folder / "chart/Chart.yaml", {"apiVersion": "v2", "name": name, "version": "1.0.0"})
        for index, manifest in enumerate(self.first if name == "first" else self.second):
            _write(folder / f"chart/templates/{index}.yaml", manifest)


def _input(kind: str, **fields: Any) -> Manifest:
    return {"apiVersion": "gitops-gen/v1", "kind": kind, **fields}


def _write(path: Path, data: Manifest) -> None:
    """JSON, which is YAML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n")


SKIPS = {"argocd.argoproj.io/sync-options": "SkipDryRunOnMissingResource=true"}
CALL = {"command": ["sh", "-c", "wget -qO- http://cache.service-second.svc:80/"]}
CASES = (
    Case(
        name="definition",
        first=(custom("Widget"), thing("ConfigMap", "next", wave=5)),
        second=(definition("Widget"),),
        needs=(("CRD Widget.between.example.com", "retries"),),
    ),
    Case(
        name="definitions",
        first=(definition("Left"), custom("Right")),
        second=(definition("Right"), custom("Left")),
        needs=(("CRD Right.between.example.com", "never"),),
    ),
    Case(
        name="skipped",
        first=(definition("Up"), custom("Down", **SKIPS)),
        second=(definition("Down"), custom("Up", **SKIPS)),
        needs=(("CRD Down.between.example.com", "retries"),),
    ),
    Case(
        name="limited",
        first=(custom("Gadget"),),
        second=(definition("Gadget"),),
        needs=(("CRD Gadget.between.example.com", "mayGiveUp"),),
        retries=2,
    ),
    Case(
        name="namespace",
        first=(
            {
                **(elsewhere := thing("ConfigMap", "elsewhere")),
                "metadata": {**elsewhere["metadata"], "namespace": "namespace-second"},
            },
        ),
        second=(thing("ConfigMap", "own"),),
        needs=(("Namespace/namespace-second", "retries"),),
    ),
    Case(
        name="secret",
        first=(
            workload("Deployment", "web", tag="e2e-hang", container=reads("login")),
            thing("ConfigMap", "next", wave=5),
        ),
        second=(secret("login"),),
        needs=(("Secret/login", "waits"),),
        shares=True,
    ),
    Case(
        name="secrets",
        first=(workload("Deployment", "web", tag="e2e-hang", container=reads("theirs")), secret("ours", 5)),
        second=(workload("Deployment", "api", tag="e2e-hang", container=reads("ours")), secret("theirs", 5)),
        needs=(("Secret/theirs", "never"),),
        shares=True,
    ),
    Case(
        name="service",
        first=(workload("Job", "load", tag="e2e-fail", container=CALL), thing("ConfigMap", "next", wave=5)),
        second=(
            thing("Service", "cache", spec={"selector": {"app": "cache"}, "ports": [{"port": 80}]}),
            workload("Deployment", "cache"),
        ),
        needs=(("Service/cache in service-second", "mayGiveUp"),),
    ),
    Case(
        name="operator",
        first=(
            thing("Certificate", "one", f"{CERTIFICATES}/v1", spec={"secretName": "tls"}),
            thing("ConfigMap", "next", wave=5),
        ),
        second=OPERATOR,
        needs=((f"CRD Certificate.{CERTIFICATES}", "retries"), (f"operator of {CERTIFICATES}", "waits")),
    ),
)
