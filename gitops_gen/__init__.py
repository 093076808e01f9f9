"""gitops-gen: from a few small files per environment to the repository that Argo CD syncs."""

__version__ = "0.1.0"
