"""What an environment releases, and a difference of releases in words."""

from typing import Any

from gitops_gen.models.layout import release_path
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import parsed, read_text
from gitops_gen.yaml.editing.difference import KeyDifference
from gitops_gen.yaml.editing.style import Style, inline
from gitops_gen.yaml.key_paths import dotted

RELEASED = ("values", "chart")
"""What is promoted of a release.yaml."""


def released(opened: OpenProject, environment: str) -> dict[str, Any]:
    """The part of an environment's release that is promoted."""
    path = release_path(environment)
    data = parsed(read_text(opened.inputs, path), None)[0] if opened.inputs.is_file(path) else {}
    return {key: data[key] for key in RELEASED if key in data}


def described(change: KeyDifference) -> str:
    """A difference in a few words: `app.image.tag 1.0.0 → 1.1.0`."""
    path = change.path[1:] if change.path[:1] == ("values",) and len(change.path) > 1 else change.path
    old = inline(change.old, Style(), flow=False) if change.was else "not set"
    new = inline(change.new, Style(), flow=False) if change.now else "not set"
    return f"{dotted(path)} {old} → {new}"
