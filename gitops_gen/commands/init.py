"""`init`: a complete repository in a new folder, around api-forge's chart or any other."""

import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from gitops_gen import __version__
from gitops_gen.chart.choice import open_engine
from gitops_gen.commands import generate
from gitops_gen.commands.schema import KINDS, chart_schema, schema
from gitops_gen.commands.workspace import open_workspace
from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.names import RELEASE_NAME_LENGTH, is_dns_label
from gitops_gen.spec.files import ENVIRONMENT_FILE, ENVIRONMENTS, HAND_WRITTEN, PROJECT_FILE, RELEASE_FILE
from gitops_gen.starter import reference, templates

STAGES = ("dev", "staging", "production")
COMMON_FILES = {
    "README.md.j2": "README.md",
    "github.yaml.j2": ".github/workflows/gitops.yaml",
    "gitlab.yaml.j2": ".gitlab-ci.yml",
    "gitattributes.j2": ".gitattributes",
    "pre-commit.yaml.j2": ".pre-commit-config.yaml",
}
SCHEMAS = ".gitops-gen"
_REPOSITORY = re.compile(r"^repository: \S+", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Initialization:
    """What was made: the folder and every file in it, relative to the folder."""

    folder: Path
    files: tuple[str, ...]

    @property
    def listing(self) -> tuple[str, ...]:
        """The files, with those of each chart as one line."""
        charts = Counter("/".join(file.split("/")[:2]) for file in self.files if file.startswith("helm/"))
        others = [file for file in self.files if not file.startswith("helm/")]
        return tuple(sorted([*others, *(f"{chart}/ ({count} files)" for chart, count in charts.items())]))


def initialize(folder: Path, *, repository: str, chart: Path | None = None, engine: str = "") -> Initialization:
    """Make a repository in `folder`, which must not exist or be empty; with `chart` around a copy of that chart.

    The generated files are written too. Raises `UsageError` when the folder holds something or the chart's name cannot
    name a project, `ChartError` when the chart is none, and `ProblemsError` when the chart needs values that nobody can
    guess: then the hand-written files are there, to be filled in.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty", "choose a new folder")
    if not re.fullmatch(r"\S+", repository):
        raise UsageError(f"`{repository}` is no repository URL")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".gitops-gen-") as scratch:
        draft = Path(scratch, "draft")
        _foreign(draft, chart.resolve(), repository, engine) if chart else _reference(draft, repository)
        draft.replace(folder)
    _write_schemas(folder, engine)
    generate.generate(open_workspace(folder.resolve(), engine))
    return Initialization(folder=folder, files=tuple(_files(folder)))


def _reference(draft: Path, repository: str) -> None:
    source = reference()
    for path in (PROJECT_FILE, *(f"{ENVIRONMENTS}/{stage}/{name}" for stage in STAGES for name in HAND_WRITTEN)):
        text = (source / path).read_text()
        _write(draft / path, _REPOSITORY.sub(lambda _: f"repository: {repository}", text, count=1))
    shutil.copytree(source / "helm", draft / "helm")
    _write_common(draft, name="api-forge", repository=repository, proven=True)


def _foreign(draft: Path, chart: Path, repository: str, engine: str) -> None:
    open_engine(engine).load(chart)
    name = _project_name(chart)
    _write_template(draft / PROJECT_FILE, "chart/gitops.yaml.j2", name=name, chart=chart.name, repository=repository)
    for stage in STAGES:
        folder = draft / ENVIRONMENTS / stage
        _write_template(folder / ENVIRONMENT_FILE, "chart/environment.yaml.j2", environment=stage)
        _write_template(folder / RELEASE_FILE, "chart/release.yaml.j2")
    shutil.copytree(chart, draft / "helm" / chart.name)
    _write_common(draft, name=name, repository=repository, proven=False)


def _project_name(chart: Path) -> str:
    name = chart.name.lower().replace("_", "-").replace(".", "-")
    if not is_dns_label(name) or len(name) > RELEASE_NAME_LENGTH:
        raise UsageError(f"`{chart.name}` cannot name a project", "rename the chart's folder to a DNS label")
    return name


def _write_common(draft: Path, **facts: str | bool) -> None:
    """CI files and README; `proven` says that the chart passes `plan` as it is, so that CI can insist on it."""
    for template, path in COMMON_FILES.items():
        _write_template(draft / path, f"common/{template}", version=__version__, **facts)


def _write_template(target: Path, template: str, **facts: Any) -> None:
    loader = jinja2.FileSystemLoader(templates())
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML and Markdown
    )
    _write(target, environment.get_template(template).render(**facts))


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, newline="\n")


def _write_schemas(folder: Path, engine: str) -> None:
    """The schemas that the files name in their first line."""
    try:
        values = chart_schema(open_workspace(folder.resolve(), engine))
    except GitopsError:
        values = None
    for kind in KINDS:
        text = json.dumps(schema(kind, values), indent=2, ensure_ascii=False)
        _write(folder / SCHEMAS / f"{kind}.schema.json", f"{text}\n")


def _files(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
