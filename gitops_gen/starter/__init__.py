"""What `init` starts a repository from: the reference repository's own inputs, or templates around any chart; CI files.

In a wheel the reference inputs are stored next to this module; in a checkout they are those of the
checkout, so that there is one copy of them.
"""

from pathlib import Path

_HERE = Path(__file__).parent


def reference() -> Path:
    """The folder with gitops.yaml, environments/, helm/ and action.yml of the reference repository."""
    packaged = _HERE / "reference"
    return packaged if packaged.is_dir() else _HERE.parents[1]


def templates() -> Path:
    """The folder with the Jinja2 templates: `common` for every repository, `chart` for one around a foreign chart."""
    return _HERE
