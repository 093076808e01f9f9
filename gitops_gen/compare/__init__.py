"""The rendered difference between two states of a project."""
