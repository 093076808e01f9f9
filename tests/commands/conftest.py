"""Verbs that change something are tried on projects with a git history."""

from tests.changes.conftest import change, origin, own_identity

__all__ = ["change", "origin", "own_identity"]
