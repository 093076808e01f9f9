"""`init`: a complete repository in a new folder, a fresh clone or a folder of a repository, around api-forge's chart or
any other.
"""

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitops_gen.errors import GitopsError, Problem, ProblemsError, UsageError
from gitops_gen.generate.generating import generate
from gitops_gen.git.paths import Root
from gitops_gen.git.runner import ask
from gitops_gen.helm.choice import open_engine
from gitops_gen.helm.engine import ChartError, HelmRelease
from gitops_gen.models.layout import CHART_FILE, OWN_FOLDER, PROJECT_FILE, environment_path
from gitops_gen.names import RELEASE_NAME_LENGTH
from gitops_gen.project.opening import OpenProject, open_project
from gitops_gen.project.reading import holds
from gitops_gen.project.rendering import render
from gitops_gen.project.schemas import KINDS, chart_schema, schema
from gitops_gen.rules.rule import Finding
from gitops_gen.runtime.scratch import scratch
from gitops_gen.starter import reference, templates
from gitops_gen.starter.chart_copy import copy_chart, copy_folder
from gitops_gen.starter.ci import ci_files
from gitops_gen.starter.ignored import IGNORE_FILE, ignored, ignored_notes, let_in
from gitops_gen.starter.inputs import chart_inputs, chart_project, reference_inputs
from gitops_gen.starter.install import install_source
from gitops_gen.starter.needs import findings_of, needs_of
from gitops_gen.starter.project import NewProject, Wishes, new_project
from gitops_gen.starter.remote import default_branch, origin_url
from gitops_gen.starter.seeds import Seeds, required_key, seeds
from gitops_gen.starter.target_folder import TargetFolder, inspect_target, project_names
from gitops_gen.starter.texts import filled
from gitops_gen.starter.unpacking import unpacked
from gitops_gen.starter.wheel import FILE as WHEEL
from gitops_gen.starter.wheel import wheel
from gitops_gen.yaml.key_paths import dotted

REFERENCE = "api-forge"
CHARTS = "helm"
_DEPTH = 3
"""Folders and file down to helm/<chart>/Chart.yaml; what is below is a matter of the chart's own .gitignore."""
_COMMON = {"README.md": "README.md.j2", ".gitattributes": "gitattributes.j2", ".gitignore": "gitignore.j2"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Initialization:
    """What was created: every file, relative to `folder`, and notes.

    `notes` are about files that were there and stay; `problems` are what keeps the environments from rendering. `top`
    is the git repository that the folder is in, None outside of any. `argocd` is the namespace of Argo CD, `stores`
    are the kind and name of each secret store.
    """

    folder: Path
    top: Path | None
    project: NewProject
    files: tuple[str, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    has_origin: bool
    argocd: str
    sync_timeout: str
    #: what `validate` finds in the first environment, and between it and the second; empty where it does not render yet
    findings: tuple[Finding, ...]
    stores: tuple[tuple[str, str], ...]

    @property
    def listing(self) -> tuple[str, ...]:
        """The files, with those of each chart as one line."""
        charts = Counter("/".join(file.split("/")[:2]) for file in self.files if file.startswith(f"{CHARTS}/"))
        others = [file for file in self.files if not file.startswith(f"{CHARTS}/")]
        return tuple(sorted([*others, *(f"{chart}/ ({count} files)" for chart, count in charts.items())]))


@dataclass(slots=True)
class _Draft:
    """The new project before it is in its place: `folder` goes into its folder, `top` to the top of the repository."""

    folder: Path
    top: Path
    notes: list[str] = field(default_factory=list)
    findings: tuple[Finding, ...] | None = ()


def initialize(folder: Path, wishes: Wishes, *, chart: Path | str | None = None, engine: str = "") -> Initialization:
    """Make a project in `folder`; with `chart` around a copy of that chart: a folder, an archive, or its place in a
    repository. Existing files are not changed.

    The generated files are written too, unless the chart needs values without a usable default: then `problems` lists
    them, and the hand-written files are written, to be completed. Raises `UsageError` when a file already exists or
    an option is invalid, and `ChartError` when `chart` is not a chart; then nothing was written.
    """
    try:
        target = inspect_target(folder)
        if wishes.workspace and chart is None:
            chart = templates() / "workspace" / "service"
        with unpacked(chart) as source:
            project = _project(target, wishes, source)
            return _made(target, project, source, engine)
    except OSError as error:
        raise GitopsError(
            f"{error.filename or folder}: {error.strerror}", "choose a folder with write permission"
        ) from error


def _project(target: TargetFolder, wishes: Wishes, chart: Path | None) -> NewProject:
    for top in target.folder.parents:
        if (top / PROJECT_FILE).is_file() and holds(top, target.folder):
            hint = f"`gitops-gen -C {shlex.quote(str(top))} project add NAME` adds one"
            raise UsageError(f"{target.folder} is for a project of the workspace in {top}", hint)
    taken = project_names(target)
    if wishes.name in taken:
        hint = "Applications are named by it: choose another"
        raise UsageError(f"--name: `{wishes.name}` is the project in {taken[wishes.name]}", hint)
    return new_project(
        wishes,
        name=_free_name(_default_name(target, wishes, chart), target, taken),
        repository=origin_url(target.top) if target.top else "",
        revision=default_branch(target.top) if target.top else "main",
        install=install_source() or _own_wheel(target),
    )


def _default_name(target: TargetFolder, wishes: Wishes, chart: Path | None) -> str:
    if wishes.workspace:
        return _label(target.folder.resolve().name) or "workspace"
    return _label(chart.resolve().name) if chart else REFERENCE


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:RELEASE_NAME_LENGTH].strip("-")


def _free_name(name: str, target: TargetFolder, taken: Collection[str]) -> str:
    """`name`, with the folder's own when another project of the repository is called so."""
    longer = (f"{name}-{_label(target.folder.name)}", *(f"{name}-{number}" for number in range(2, 1000)))
    return next(free for free in (name, *longer) if free not in taken)


def _own_wheel(target: TargetFolder) -> str:
    return "./" + "/".join(filter(None, (target.inside, OWN_FOLDER, WHEEL))) if wheel() else ""


def _made(target: TargetFolder, project: NewProject, chart: Path | None, engine: str) -> Initialization:
    place = target.folder if target.folder.exists() else next(path for path in target.folder.parents if path.exists())
    with scratch(place) as parent:
        draft = _Draft(folder=parent / "project", top=parent / "top")
        (draft.folder / CHARTS).mkdir(parents=True)
        if chart:
            _around(draft, chart.resolve(), project, engine)
        else:
            copy_folder(reference() / CHARTS, draft.folder / CHARTS)
            _write_all(draft.folder, reference_inputs(project))
        _write_common(draft, target, project, proven=draft.findings == ())
        _require_free(draft.folder, target.folder)
        _require_free(draft.top, target.root)
        files = [*_move(draft.folder, target.folder), *_move(draft.top, target.root)]
    return _finished(target, project, draft, files, engine)


def _around(draft: _Draft, chart: Path, project: NewProject, engine: str) -> None:
    copy = draft.folder / CHARTS / chart.name
    copied = copy_chart(chart, copy)
    if copied.dependencies:
        draft.notes.append(f"{', '.join(copied.dependencies)}: copied into charts/, where Argo CD finds it")
    if copied.left_out:
        draft.notes.append(f"not copied, because git ignores it: {', '.join(copied.left_out)}")
    _write_all(draft.folder, chart_inputs(project, chart.name, _seeds(copy, chart, project, engine)))
    first = project.all_environments[0]
    needs = needs_of(draft.folder, first, engine)
    _write(draft.folder / PROJECT_FILE, chart_project(project, chart.name, needs))
    draft.findings = findings_of(draft.folder, project.all_environments, engine)


def _seeds(copy: Path, chart: Path, project: NewProject, engine: str) -> Seeds:
    try:
        loaded = open_engine(engine).load(copy)
    except ChartError as error:
        raise ChartError(f"{chart}: {error}", _next_step(chart, error)) from error
    return seeds(copy, loaded, HelmRelease(name=project.name, namespace=project.name))


def _next_step(chart: Path, error: ChartError) -> str:
    if "library charts" in str(error):
        return "it only has templates for other charts: use a chart that names it under `dependencies` in Chart.yaml"
    return error.hint.replace(
        "`helm dependency build` and commit charts/", f"`helm dependency build {shlex.quote(str(chart))}` and try again"
    )


def _write_common(draft: _Draft, target: TargetFolder, project: NewProject, *, proven: bool) -> None:
    facts = {"project": project, "environment": project.all_environments[0], "at_top": not target.inside}
    for name, template in _COMMON.items():
        if (target.folder / name).exists():
            draft.notes.append(f"{name} exists and is not changed")
        else:
            _write(draft.folder / name, filled(f"common/{template}", **facts))
    ci = ci_files(target, project, proven=proven)
    draft.notes += ci.notes
    _write_all(draft.top, ci.files)
    content = wheel() if project.install == _own_wheel(target) else None
    if content:
        _write_bytes(draft.folder / OWN_FOLDER / WHEEL, content)


def _write_all(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        _write(folder / path, text)


def _write(target: Path, text: str) -> None:
    _write_bytes(target, text.encode())


def _write_bytes(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _require_free(source: Path, target: Path) -> None:
    for path in _files(source):
        Root(target).target(path)
        for place in (target / path, *(target / parent for parent in Path(path).parents)):
            if place.exists() and (place == target / path or not place.is_dir()):
                raise UsageError(f"{place} already exists", "move it away")


def _move(source: Path, target: Path) -> Iterator[Path]:
    """Put the files below `source` into `target`, where none of them is; a chart's empty templates/ comes along."""
    for folder in [path for path in source.rglob("*") if path.is_dir() and not any(path.iterdir())]:
        (target / folder.relative_to(source)).mkdir(parents=True, exist_ok=True)
    for path in _files(source):
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        (source / path).rename(place)
        yield place


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir()]


def _finished(
    target: TargetFolder, project: NewProject, draft: _Draft, moved: list[Path], engine: str
) -> Initialization:
    """The rest, which is made from the files in their place."""
    opened = open_project(target.folder, engine)
    made = [*moved, *_let_charts_in(target, moved), *_write_schemas(opened)]
    problems: tuple[Problem, ...] = ()
    try:
        generation = generate(opened)
        made += [target.folder / change.path for change in generation.changes]
        problems = generation.problems or tuple(_unrendered(opened, project))
    except ProblemsError as error:
        problems = error.problems
    draft.notes += _hidden(target, made)
    spec = opened.project().spec
    return Initialization(
        folder=target.folder,
        top=target.top,
        project=project,
        files=tuple(sorted(os.path.relpath(path, target.folder) for path in _existing(made))),
        notes=tuple(draft.notes),
        problems=problems,
        has_origin=bool(target.top) and ask(target.root, "remote", "get-url", "origin").code == 0,
        argocd=spec.argocd.namespace,
        sync_timeout=spec.argocd.sync_timeout or "",
        findings=draft.findings or (),
        stores=tuple((store.kind, store.name) for store in spec.secret_stores.values()),
    )


def _existing(paths: list[Path]) -> Iterator[Path]:
    return (path for path in dict.fromkeys(paths) if path.exists())


def _unrendered(opened: OpenProject, project: NewProject) -> Iterator[Problem]:
    """The values that the chart requires to render, for the environment that must set them."""
    name = project.all_environments[0]
    try:
        render(opened, name)
    except ProblemsError as error:
        yield from error.problems
    except ChartError as error:
        key = dotted(required_key(_chart_folder(opened), str(error)))
        where = f"set `{key}`" if key else "set the required value"
        file = environment_path(name)
        hint = f"{where} below `values` there, or below `defaults.values` in gitops.yaml for all environments"
        yield Problem(file=file, key=f"values.{key}" if key else "values", message=str(error), hint=hint)


def _chart_folder(opened: OpenProject) -> Path:
    return opened.folder / (opened.project().spec.chart.path or "")


def _let_charts_in(target: TargetFolder, moved: list[Path]) -> Iterator[Path]:
    """Before anything is generated: a chart's .gitignore is a part of its content."""
    _let_in(target, moved)
    for chart in sorted((target.folder / CHARTS).iterdir()):
        if let_in(target.root, chart, _files(chart)):
            yield chart / IGNORE_FILE


def _let_in(target: TargetFolder, made: list[Path]) -> None:
    """Have git commit what it would ignore, where the project's .gitignore is new and so ours to write."""
    if target.folder / IGNORE_FILE not in made:
        return
    inside = [path.relative_to(target.folder) for path in made if path.is_relative_to(target.folder)]
    own = [path.as_posix() for path in inside if path.parts[0] != CHARTS or path.name == CHART_FILE]
    let_in(target.root, target.folder, [path for path in own if path.count("/") < _DEPTH])


def _hidden(target: TargetFolder, made: list[Path]) -> Iterator[str]:
    """What git still would not commit."""
    _let_in(target, made)
    return ignored_notes(ignored(target.root, [path.relative_to(target.root).as_posix() for path in _existing(made)]))


def _write_schemas(opened: OpenProject) -> Iterator[Path]:
    """The schemas that the files name in their first line."""
    try:
        values = chart_schema(opened)
    except GitopsError:
        values = None
    is_workspace = opened.projects().is_workspace
    for kind in (kind for kind in KINDS if kind != "workspace" or is_workspace):
        text = json.dumps(schema(kind, values, is_inside=is_workspace), indent=2, ensure_ascii=False)
        target = Root(opened.folder).target(f"{OWN_FOLDER}/{kind}.schema.json")
        _write(target, f"{text}\n")
        yield target
