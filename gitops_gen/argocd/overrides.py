"""Validates what is merged over a generated Application or AppProject against Argo CD's definitions."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from gitops_gen.argocd.manifests import app_project, application
from gitops_gen.errors import Problem
from gitops_gen.models.layout import PROJECT_FILE, ManifestPaths
from gitops_gen.models.models import Project
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.layers import ValueLayer
from gitops_gen.project.values_schema import Origins, ValuesSchema
from gitops_gen.yaml.reader import load


class Overrides:
    """Checks environments in turn. Equal overrides are checked once."""

    def __init__(self, text_of: Callable[[str], str]) -> None:
        """`text_of` gives the text of an input file."""
        self._text_of = text_of
        self._valid: set[str] = set()

    def problems(self, project: Project, environment: ResolvedEnvironment, paths: ManifestPaths) -> Iterator[Problem]:
        """What Argo CD would refuse, or ignore, of what is merged over the environment's manifests."""
        if environment.application:
            text = lambda: application(project, environment, paths)  # noqa: E731
            yield from self._check("Application", environment.application, environment.application_layers, text)
        if environment.project:
            text = lambda: app_project(project, environment)  # noqa: E731
            yield from self._check("AppProject", environment.project, environment.project_layers, text)

    def _check(
        self, kind: str, over: dict[str, Any], layers: tuple[ValueLayer, ...], text: Callable[[], str]
    ) -> Iterator[Problem]:
        content = kind + json.dumps(over, sort_keys=True)
        if content in self._valid:
            return
        origins = Origins(layers=layers, text_of=self._text_of, fallback=PROJECT_FILE)
        found = list(_schema(kind).problems({"spec": load(text(), kind)["spec"]}, origins))
        if not found:
            self._valid.add(content)
        yield from found


@cache
def _schema(kind: str) -> ValuesSchema:
    data = json.loads(files("gitops_gen.argocd").joinpath("schema.json").read_text())
    schema = {"$defs": data["$defs"], "type": "object", "properties": {"spec": data["properties"][kind]}}
    return ValuesSchema(schema, unknown=f"unknown field of Argo CD's {kind}", missing=f"Argo CD's {kind} needs it")
