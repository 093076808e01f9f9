"""Validates what is merged over a generated Application or AppProject against Argo CD's definitions."""

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.resources import files
from typing import Any

from gitops_gen.argocd.existing import existing_spec
from gitops_gen.argocd.manifests import app_project, application
from gitops_gen.errors import GitopsError, Problem, ProblemsError
from gitops_gen.models.layout import PROJECT_FILE, ManifestPaths
from gitops_gen.models.models import Project
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.inputs import Inputs
from gitops_gen.project.layers import ValueLayer
from gitops_gen.project.reading import read_text
from gitops_gen.project.values_schema import Origins, ValuesSchema
from gitops_gen.yaml.reader import load


class Overrides:
    """Checks environments in turn. Equal overrides are checked once."""

    def __init__(self, inputs: Inputs) -> None:
        """`inputs` are the hand-written files of the project."""
        self._inputs = inputs
        self._text_of = partial(read_text, inputs)
        self._valid: set[str] = set()

    def problems(self, project: Project, environment: ResolvedEnvironment, paths: ManifestPaths) -> Iterator[Problem]:
        """What Argo CD would refuse, or ignore, of what is merged over the environment's manifests."""
        if environment.application:
            text = lambda: application(project, environment, paths)  # noqa: E731
            yield from self._check("Application", environment.application, environment.application_layers, text)
        if environment.project:
            text = lambda: app_project(project, environment)  # noqa: E731
            yield from self._check("AppProject", environment.project, environment.project_layers, text)
        if environment.project_file:
            yield from self._existing(environment)

    def _existing(self, environment: ResolvedEnvironment) -> Iterator[Problem]:
        origins = self._origins(environment.project_layers)
        try:
            existing_spec(self._inputs, environment.project_file, environment.existing_project)
        except ProblemsError as error:
            yield from error.problems
        except GitopsError as error:
            yield origins.problem(("file",), str(error), error.hint)

    def _origins(self, layers: tuple[ValueLayer, ...]) -> Origins:
        return Origins(layers=layers, text_of=self._text_of, fallback=PROJECT_FILE)

    def _check(
        self, kind: str, over: dict[str, Any], layers: tuple[ValueLayer, ...], text: Callable[[], str]
    ) -> Iterator[Problem]:
        content = kind + json.dumps(over, sort_keys=True)
        if content in self._valid:
            return
        found = list(_schema(kind).problems({"spec": load(text(), kind)["spec"]}, self._origins(layers)))
        if not found:
            self._valid.add(content)
        yield from found


@cache
def _schema(kind: str) -> ValuesSchema:
    data = json.loads(files("gitops_gen.argocd").joinpath("schema.json").read_text(encoding="utf-8"))
    schema = {"$defs": data["$defs"], "type": "object", "properties": {"spec": data["properties"][kind]}}
    return ValuesSchema(schema, unknown=f"unknown field of Argo CD's {kind}", missing=f"Argo CD's {kind} needs it")
