"""Edits of YAML text that keep comments and layout."""
