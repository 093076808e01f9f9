"""`render`: the manifests that Argo CD will apply, as Helm renders them."""

from gitops_gen.project.rendering import render

__all__ = ["render"]
