"""What is known of the cluster that a sync goes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_gen.manifests.objects import Manifest
from gitops_gen.project.environment import SecretFacts


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClusterFacts:
    """The cluster as the project describes it; nothing of it is known for manifests from elsewhere."""

    #: such as `1.33`; empty when it is not known
    kubernetes: str = ""
    #: the namespace that the release goes to; empty when it is not known
    namespace: str = ""
    #: labels that Argo CD puts on that namespace
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    #: objects of the cluster that decide about others, such as ValidatingAdmissionPolicies and their bindings
    policies: tuple[Manifest, ...] = ()
    #: its policies in Rego: names and texts of the files
    rego: tuple[tuple[str, str], ...] = ()
    #: CustomResourceDefinitions that the cluster has
    schemas: tuple[Manifest, ...] = ()
    secrets: SecretFacts = field(default_factory=SecretFacts)
