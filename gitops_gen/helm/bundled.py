"""Which Helm each Argo CD renders with, and where two versions of Helm render differently.

https://github.com/argoproj/argo-cd/blob/v3.5.1/hack/tool-versions.sh, and the same file of the other releases.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gitops_gen.errors import ProblemsError
from gitops_gen.helm.varying import chart_texts
from gitops_gen.models.layout import VALUES_FILE
from gitops_gen.yaml.key_paths import KeyPath, dotted, tree_nodes
from gitops_gen.yaml.reader import load_all

_BUNDLED = {(3, 2): (3, 18), (3, 3): (3, 19), (3, 4): (3, 19), (3, 5): (4, 2)}
_KEEPS_NULLS = (4, 2)
"""From this version on Helm merges nulls in another way: https://github.com/argoproj/argo-cd/issues/29068."""

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)")


def helm_of(argocd: str) -> str:
    """The version of Helm in a version of Argo CD, `3.4` → `3.19`; of a newer one that of the newest known, of an
    unknown or older one nothing.
    """
    numbers = _numbers(argocd)
    if numbers is None:
        return ""
    known = _BUNDLED.get(min(numbers, max(_BUNDLED)))
    return f"{known[0]}.{known[1]}" if known else ""


def renders_alike(version: str, other: str) -> bool:
    """Whether two versions of Helm treat nulls in values alike, as far as it is known."""
    one, two = _numbers(version), _numbers(other)
    return one is None or two is None or (one >= _KEEPS_NULLS) == (two >= _KEEPS_NULLS)


def _numbers(version: str) -> tuple[int, int] | None:
    found = _NUMBERS.match(version)
    return (int(found[1]), int(found[2])) if found else None


def nulls_in(values: Any) -> Iterator[KeyPath]:
    """The path of each null in values."""
    return (path for path, value in tree_nodes(values) if value is None and path)


def umbrella_nulls(chart: Path) -> list[str]:
    """Nulls in the values of a chart, and of a subchart, that has subcharts, as `file: key`.

    In a chart without any, only `hasKey` and `toYaml` tell a null from a key that is missing.
    """
    texts = dict(chart_texts(chart))
    files = [name for name in texts if name.rpartition("/")[2] == VALUES_FILE and _has_subcharts(name, texts)]
    return [f"{name}: {dotted(path)}" for name in files for path in nulls_in(_values(texts[name]))]


def _has_subcharts(name: str, names: Iterable[str]) -> bool:
    folder = f"{name.removesuffix(VALUES_FILE)}charts/"
    return any(other.startswith(folder) for other in names)


def _values(text: str) -> Any:
    try:
        return next(iter(load_all(text, VALUES_FILE)), {})
    except ProblemsError:
        return {}
