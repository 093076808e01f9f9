"""The CI files of a project, where their hosts read them: at the top of the repository, under names that are free."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitops_gen import __version__
from gitops_gen.git.paths import Root
from gitops_gen.models.layout import PROJECT_FILE, release_path
from gitops_gen.starter import reference
from gitops_gen.starter.project import NewProject
from gitops_gen.starter.renovate import RENOVATE, configured
from gitops_gen.starter.target_folder import TargetFolder
from gitops_gen.starter.texts import filled

WORKFLOWS = ".github/workflows"
ACTIONS = ".github/actions"
ACTION = "action.yml"
GITLAB = ".gitlab-ci.yml"
_GITLAB_NAMES = (GITLAB, ".gitlab-ci.yaml")
PRE_COMMIT = ".pre-commit-config.yaml"
_PARTS = ".gitlab"
_INCLUDE = f"{_PARTS}/gitops*.yml"
"""GitLab takes a wildcard: https://docs.gitlab.com/ci/yaml/#includelocal"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CiFiles:
    """path from the top of the repository → text; and what a person has to do where a file of that name is there."""

    files: dict[str, str]
    notes: tuple[str, ...]


def ci_files(target: TargetFolder, project: NewProject, *, proven: bool) -> CiFiles:
    """The files for GitHub, GitLab, Renovate and pre-commit. `proven` says that `validate` finds no error in the chart
    as it is, so that CI can insist on it.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", target.inside.lower()).strip("-")
    job = _free_job(target.root, slug)
    facts = {"project": project, "inside": target.inside, "job": job, "proven": proven}
    notes: list[str] = []
    files = _github(job, facts) | _renovate(target, project, notes)
    files |= _gitlab(target, job, filled("common/gitlab.yaml.j2", **facts), notes)
    if (target.root / PRE_COMMIT).exists():
        notes.append(f"{PRE_COMMIT} exists and is not changed; add the hook `{_command(target)} generate --check`")
    else:
        files[PRE_COMMIT] = filled("common/pre-commit.yaml.j2", **facts)
    return CiFiles(files=files, notes=tuple(notes))


def _github(job: str, facts: dict[str, Any]) -> dict[str, str]:
    """The workflows. Where the action of this version cannot be had from GitHub, they use a copy of it."""
    project, workflow, folder = facts["project"], f"{WORKFLOWS}/{job}.yaml", f"{ACTIONS}/{job}"
    facts = facts | {"workflow": workflow, "action_folder": folder, "version": __version__}
    check = "all" if facts["proven"] else "render"
    files = {
        workflow: filled("common/github.yaml.j2", check=check, **facts),
        f"{WORKFLOWS}/{job}-bots.yaml": filled("common/github-bots.yaml.j2", **facts),
    }
    copy = {} if project.action else {f"{folder}/{ACTION}": (reference() / ACTION).read_text(encoding="utf-8")}
    return files | copy


def _renovate(target: TargetFolder, project: NewProject, notes: list[str]) -> dict[str, str]:
    base = f"{target.inside}/" if target.inside else ""
    first = next(iter(project.environments))
    below = f"{base}services/*/" if project.services else base
    if there := configured(target.root):
        notes.append(f"{there} exists and is not changed; have it match {below}{release_path(first)}")
        return {}
    services = r"(services/[^/]+/)?" if project.services else ""
    places = [_escaped(base) + services + _escaped(path) for path in (release_path(first), PROJECT_FILE)]
    return {RENOVATE: filled("common/renovate.json.j2", places=[f"/^{place}$/" for place in places])}


def _escaped(path: str) -> str:
    """The path in a regular expression of JavaScript, which knows no escaped `-`."""
    return re.escape(path).replace(r"\-", "-")


def _command(target: TargetFolder) -> str:
    return f"gitops-gen -C {target.inside}" if target.inside else "gitops-gen"


def _gitlab(target: TargetFolder, job: str, text: str, notes: list[str]) -> dict[str, str]:
    """GitLab reads one file. It holds the job of a project that has the repository for itself, and includes others."""
    main = next((name for name in _GITLAB_NAMES if (target.root / name).exists()), "")
    if not main and not target.inside:
        return {GITLAB: text}
    part = f"{_PARTS}/{job}.yml"
    if not main:
        return {GITLAB: f"include:\n  - local: {_INCLUDE}\n", part: text}
    if _INCLUDE not in Root(target.root).read(main).decode(errors="replace"):
        notes.append(f"{main} exists and is not changed; add the new job: `include: [{{local: {part}}}]`")
    return {part: text}


def _free_job(root: Path, slug: str) -> str:
    """A name that neither a workflow nor a part of GitLab's file has: jobs of two projects must not be called alike."""
    name = f"gitops-{slug}" if slug else "gitops"
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    places = (WORKFLOWS, _PARTS, ACTIONS)
    return next(free for free in names if not any(_is_taken(root / place / free) for place in places))


def _is_taken(stem: Path) -> bool:
    """GitHub reads .yml as well as .yaml, and an action from a folder."""
    return any(stem.with_name(f"{stem.name}{extension}").exists() for extension in ("", ".yaml", ".yml"))
