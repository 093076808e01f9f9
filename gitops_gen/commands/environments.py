"""`env list`: the environments, and what runs where."""

from gitops_gen.project.listing import EVERYWHERE, EnvironmentRow, Scope, list_environments

__all__ = ["EVERYWHERE", "EnvironmentRow", "Scope", "list_environments"]
