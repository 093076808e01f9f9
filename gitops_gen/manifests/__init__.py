"""Rendered objects: what they are called, what they refer to, and what their annotations tell Argo CD."""
