"""Rules on what the API server and the running pods do with each manifest."""

from gitops_gen.rules.kubernetes import (
    containers,
    identities,
    mounts,
    replicas,
    schemas,
    selectors,
    services,
    versions,
    workloads,
)

RULES = (
    *schemas.RULES,
    *versions.RULES,
    *identities.RULES,
    *workloads.RULES,
    *containers.RULES,
    *mounts.RULES,
    *selectors.RULES,
    *services.RULES,
    *replicas.RULES,
)
"""All of them."""
