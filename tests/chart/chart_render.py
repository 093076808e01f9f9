"""The chart rendered: its scenarios, and the objects of a render by kind, name and wave.

The chart is rendered by `helm_python` (Helm 4 in this process). That binaries render the same is a separate test:
`test_chart_engines.py`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from tests.built import BIN

HOW = "`make tools` builds it"
CHART = Path(__file__).parents[2] / "helm" / "api-forge"
SCENARIOS = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The objects of one render, by kind and name."""

    objects: list[dict[str, Any]]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] == kind}

    def one(self, kind: str, prefix: str) -> dict[str, Any]:
        """The only object of a kind whose name is `prefix`, or starts with it and a hash."""
        pattern = re.compile(rf"{re.escape(prefix)}(-[0-9a-f]{{8}})?")
        found = [item for name, item in self.of(kind).items() if pattern.fullmatch(name)]
        assert len(found) == 1, f"{len(found)} {kind} {prefix}"
        return found[0]

    def workloads(self) -> Iterator[dict[str, Any]]:
        """Each object with a pod template, which is at spec.template; of a CronJob the Job that it makes."""
        for item in self.objects:
            if item["kind"] == "CronJob":
                yield item | {"spec": item["spec"]["jobTemplate"]["spec"]}
            elif item["kind"] in ("Deployment", "Job"):
                yield item

    def wave(self, kind: str, prefix: str) -> int:
        return wave(self.one(kind, prefix))


Render = Callable[..., Rendered]


def wave(item: dict[str, Any]) -> int:
    return int(item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])


def scenario(name: str) -> dict[str, Any]:
    values: dict[str, Any] = helm_python.values_from_yaml((CHART / "ci" / f"{name}-values.yaml").read_text())
    return values


def parse(texts: dict[str, str]) -> Rendered:
    """The objects of rendered templates; the notes are no manifest."""
    manifests = (text for path, text in texts.items() if not path.endswith(".txt"))
    return Rendered(objects=[item for text in manifests for item in yaml.load_all(text, yaml.CSafeLoader) if item])


def program(name: str) -> str:
    found = shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip(f"{name} is neither in {BIN} nor on PATH: {HOW}")
    return found
