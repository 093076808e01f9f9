"""The rendered objects, found by what others call them: by kind and name, by Service, by the Secret they make, by
account.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from gitops_gen.manifests.hosts import HostNames, host_names
from gitops_gen.manifests.objects import Manifest, mapping, mappings, number
from gitops_gen.manifests.pods import Pod, Reference, pod_of, references
from gitops_gen.manifests.secrets import made_secrets, perhaps_made_secrets


class ObjectIndex:
    """All objects of one sync. Every lookup is within one namespace and gives nothing when the object is not
    rendered.
    """

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self.manifests = tuple(manifests)
        self._named = {(item.kind, item.name, item.id.namespace): item for item in self.manifests}
        self.pods = tuple((item, pod) for item in self.manifests if (pod := pod_of(item)))
        self._pod_of = dict(self.pods)

    def named(self, kind: str, name: str, namespace: str) -> Manifest | None:
        """The object of that kind and name."""
        return self._named.get((kind, name, namespace))

    def pod(self, manifest: Manifest) -> Pod | None:
        """The pods that the object makes."""
        return self._pod_of.get(manifest)

    @cached_property
    def references(self) -> Mapping[Manifest, list[Reference]]:
        """What the pods of each workload name."""
        return {item: references(pod) for item, pod in self.pods}

    def of_kind(self, *kinds: str) -> list[Manifest]:
        """The objects of these kinds, in their order."""
        return [item for item in self.manifests if item.kind in kinds]

    def matching(self, pattern: str, namespace: str) -> list[Manifest]:
        """The objects of the namespace and of the cluster that a `Kind/name` pattern stands for; for the name of a
        Secret, the object that makes it too.
        """
        names = [(f"{item.kind}/{item.name}", item) for item in self.manifests]
        names += [(f"Secret/{name}", item) for (name, _), item in self._makers.items()]
        found = [item for name, item in names if item.id.namespace in {namespace, ""} and fnmatchcase(name, pattern)]
        return list(dict.fromkeys(found))

    def secret_maker(self, name: str, namespace: str) -> Manifest | None:
        """The Secret itself, else the object that makes it."""
        return self._makers.get((name, namespace))

    @cached_property
    def _makers(self) -> dict[tuple[str, str], Manifest]:
        made = [(name, item) for item in self.manifests for name in made_secrets(item)]
        return {
            (name, item.id.namespace): item for name, item in sorted(made, key=lambda pair: pair[1].kind == "Secret")
        }

    def perhaps_maker(self, name: str, namespace: str) -> Manifest | None:
        """The Job whose command seems to make the Secret."""
        return self._perhaps.get((name, namespace))

    @cached_property
    def _perhaps(self) -> dict[tuple[str, str], Manifest]:
        return {(name, job.id.namespace): job for job in self.of_kind("Job") for name in perhaps_made_secrets(job)}

    def behind(self, service: Manifest) -> list[Manifest]:
        """The workloads whose pods the Service selects."""
        selector = mapping(service.spec.get("selector"))
        return [
            item
            for item, pod in self.pods
            if selector
            and item.id.namespace == service.id.namespace
            and item.kind != "Job"
            and _selects(selector, pod.labels)
        ]

    @cached_property
    def hosts(self) -> HostNames:
        """Finds the rendered Services in text."""
        return host_names((item.name, _ports(item)) for item in self.of_kind("Service") if not item.id.group)

    def bindings_of(self, account: str, namespace: str) -> list[Manifest]:
        """The RoleBindings and ClusterRoleBindings that give a ServiceAccount its rights."""
        return self._bindings.get((account, namespace), [])

    @cached_property
    def _bindings(self) -> dict[tuple[str, str], list[Manifest]]:
        found: dict[tuple[str, str], list[Manifest]] = {}
        for binding in self.of_kind("RoleBinding", "ClusterRoleBinding"):
            for subject in mappings(binding.data.get("subjects")):
                if subject.get("kind") == "ServiceAccount":
                    # A subject's namespace is written out even when it is the release's own.
                    found.setdefault((str(subject.get("name")), binding.id.namespace), []).append(binding)
        return found

    @cached_property
    def autoscaled(self) -> dict[str, int]:
        """Up to how many replicas an autoscaler takes a workload, by `Kind/name`."""
        return {
            f"{target.get('kind')}/{target.get('name')}": number(item.spec.get("maxReplicas")) or 1
            for item in self.of_kind("HorizontalPodAutoscaler")
            if (target := mapping(item.spec.get("scaleTargetRef")))
        }


def _selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


def _ports(service: Manifest) -> frozenset[int]:
    return frozenset(port for item in mappings(service.spec.get("ports")) if (port := number(item.get("port"))))
