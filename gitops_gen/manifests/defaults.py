"""What the API server adds to an object before admission: the defaults of the kinds of Kubernetes that charts leave out
most.

https://github.com/kubernetes/kubernetes/tree/v1.36.0/pkg/apis (`v1/defaults.go` of each group)
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from gitops_gen.manifests.objects import mapping, mappings

Tree: TypeAlias = dict[str, Any]

_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_POD = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "terminationGracePeriodSeconds": 30,
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_CONTAINER = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_SPECS: Mapping[str, Tree] = {
    "Deployment": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "strategy": {"type": "RollingUpdate"},
    },
    "StatefulSet": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
    "DaemonSet": {
        "revisionHistoryLimit": 10,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
    },
    "ReplicaSet": {"replicas": 1},
    "Job": {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False},
    "CronJob": {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
    "Service": {"type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"},
    "HorizontalPodAutoscaler": {"minReplicas": 1},
    "PersistentVolumeClaim": {"volumeMode": "Filesystem"},
}
_ROLLING = {"maxUnavailable": "25%", "maxSurge": "25%"}
_VOLUMES = {"secret": {"defaultMode": 420}, "configMap": {"defaultMode": 420}, "downwardAPI": {"defaultMode": 420}}
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"})


def with_defaults(data: Mapping[str, Any]) -> Tree:
    """The object as admission sees it; kinds without known defaults as they are. `data` is not changed."""
    kind, tree = str(data.get("kind")), dict(data)
    if kind == "Secret":
        return _secret(tree)
    if kind == "Pod":
        return tree | {"spec": {"enableServiceLinks": True} | _pod(_with_requests(mapping(tree.get("spec"))))}
    if kind in _SPECS:
        tree["spec"] = _spec(kind, mapping(tree.get("spec")))
    return tree


def _secret(tree: Tree) -> Tree:
    """`stringData` is written only: https://kubernetes.io/docs/concepts/configuration/secret/."""
    plain = {
        key: base64.b64encode(str(value).encode()).decode()
        for key, value in mapping(tree.pop("stringData", {})).items()
    }
    data = {**mapping(tree.get("data")), **plain}
    return {"type": "Opaque"} | tree | ({"data": data} if data else {})


def _spec(kind: str, spec: Mapping[str, Any]) -> Tree:
    found = _SPECS[kind] | dict(spec)
    if kind in _WORKLOADS:
        found["template"] = _template(mapping(spec.get("template")))
    more = _MORE.get(kind)
    return more(found) if more else found


def _template(template: Mapping[str, Any]) -> Tree:
    return dict(template) | {"spec": _pod(mapping(template.get("spec")))}


def _deployment(spec: Tree) -> Tree:
    strategy = {"type": "RollingUpdate"} | dict(mapping(spec["strategy"]))
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = _ROLLING | dict(mapping(strategy.get("rollingUpdate")))
    return spec | {"strategy": strategy}


def _job(spec: Tree) -> Tree:
    both = {} if {"completions", "parallelism"} & spec.keys() else {"completions": 1}
    return both | {"parallelism": 1} | spec


def _cron_job(spec: Tree) -> Tree:
    job = mapping(spec.get("jobTemplate"))
    inner = _job(dict(mapping(job.get("spec"))))
    defaults = {"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False}
    inner = defaults | inner | {"template": _template(mapping(inner.get("template")))}
    return spec | {"jobTemplate": dict(job) | {"spec": inner}}


def _service(spec: Tree) -> Tree:
    if spec["type"] in ("LoadBalancer", "NodePort"):
        spec = {"externalTrafficPolicy": "Cluster"} | spec
    if spec["type"] == "LoadBalancer":
        spec = {"allocateLoadBalancerNodePorts": True} | spec
    ports = [{"protocol": "TCP", "targetPort": port.get("port")} | dict(port) for port in mappings(spec.get("ports"))]
    return spec | ({"ports": ports} if ports else {})


_MORE: Mapping[str, Callable[[Tree], Tree]] = {
    "Deployment": _deployment,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
}


def _pod(spec: Mapping[str, Any]) -> Tree:
    found = _POD | dict(spec)
    for place in ("initContainers", "containers", "ephemeralContainers"):
        if containers := mappings(spec.get(place)):
            found[place] = [_container(item) for item in containers]
    if volumes := mappings(spec.get("volumes")):
        found["volumes"] = [_volume(item) for item in volumes]
    if account := spec.get("serviceAccountName"):
        found["serviceAccount"] = account
    return found


def _with_requests(spec: Mapping[str, Any]) -> Tree:
    """Of pods only, not of templates: a limit without a request is the request as well."""
    found = dict(spec)
    for place in ("initContainers", "containers"):
        if containers := mappings(spec.get(place)):
            found[place] = [_requesting(item) for item in containers]
    return found


def _requesting(item: Mapping[str, Any]) -> Tree:
    resources = mapping(item.get("resources"))
    if not (limits := mapping(resources.get("limits"))):
        return dict(item)
    requests = {**limits, **mapping(resources.get("requests"))}
    return dict(item) | {"resources": dict(resources) | {"requests": requests}}


def _container(item: Mapping[str, Any]) -> Tree:
    found = {"imagePullPolicy": _pull_policy(str(item.get("image") or "")), **_CONTAINER, **item}
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in item:
            found[probe] = _PROBE | _handler(mapping(item[probe]))
    if ports := mappings(item.get("ports")):
        found["ports"] = [{"protocol": "TCP"} | dict(port) for port in ports]
    return found


def _handler(item: Mapping[str, Any]) -> Tree:
    request = mapping(item.get("httpGet"))
    return dict(item) | ({"httpGet": {"path": "/", "scheme": "HTTP"} | dict(request)} if request else {})


def _pull_policy(image: str) -> str:
    """https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting."""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in {"", "latest"} else "IfNotPresent"


def _volume(item: Mapping[str, Any]) -> Tree:
    found = dict(item)
    for place, defaults in _VOLUMES.items():
        if isinstance(item.get(place), dict):
            found[place] = defaults | dict(item[place])
    return found if len(found) > 1 else found | {"emptyDir": {}}
