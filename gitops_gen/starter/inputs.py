"""The hand-written files of a new project: the reference repository's with other facts, or new ones around a chart."""

import re

from gitops_gen.models.layout import (
    ENVIRONMENT_FILE,
    ENVIRONMENTS,
    PROJECT_FILE,
    RELEASE_FILE,
    environment_folder,
    environment_path,
    release_path,
    short_name,
)
from gitops_gen.starter import reference
from gitops_gen.starter.needs import NOTHING, ChartNeeds
from gitops_gen.starter.project import STAGES, SYNC_TIMEOUT, NewProject
from gitops_gen.starter.renovate import marked
from gitops_gen.starter.seeds import Seeds
from gitops_gen.starter.texts import filled
from gitops_gen.yaml.key_paths import dotted
from gitops_gen.yaml.writer import dump, inline

_STAGES = re.compile(r"(?<=^stages:\n)(?:  .*\n)+", re.MULTILINE)
_STAGE = re.compile(r"^  - name: (\S+)\n(?:    .*\n)*", re.MULTILINE)


def chart_inputs(project: NewProject, chart: str, seeds: Seeds) -> dict[str, str]:
    """Path → text of gitops.yaml and each environment's files around the chart in helm/`chart`."""
    files = {PROJECT_FILE: chart_project(project, chart, NOTHING)}
    values = dump(seeds.values) if seeds.values else ""
    hints = [(dotted(key.path), key.value) for key in seeds.hints]
    for name in project.services:
        files[f"services/{name}/{PROJECT_FILE}"] = filled("workspace/project.yaml.j2", name=name)
    for name, stage in project.environments.items():
        files[environment_path(name)] = filled("chart/environment.yaml.j2", stage=stage)
    first = next(iter(project.environments))
    for name in project.all_environments:
        path = release_path(name)
        facts = {"values": values, "hints": hints, "environment": name, "up": "../" * path.count("/")}
        release = filled("chart/release.yaml.j2", **facts)
        files[path] = marked(release, seeds.images) if short_name(name) == first else release
    return files


def chart_project(project: NewProject, chart: str, needs: ChartNeeds) -> str:
    """The text of gitops.yaml around the chart in helm/`chart`, with what it needs."""
    return filled("chart/gitops.yaml.j2", project=project, chart=chart, needs=needs, timeout=SYNC_TIMEOUT)


def reference_inputs(project: NewProject) -> dict[str, str]:
    """Path → text of the reference repository's gitops.yaml and environments, with the new project's facts."""
    text = (reference() / PROJECT_FILE).read_text(encoding="utf-8")
    files = {PROJECT_FILE: _with_stages(_with_facts(text, project), project.stages)}
    for name, stage in project.environments.items():
        files |= _environment(name, stage)
    return files


def _with_facts(text: str, project: NewProject) -> str:
    facts = {
        r"(?<=^name: )\S+": inline(project.name),
        r"(?<=AppProjects are )\S+(?=-<environment>)": project.name,
        r"(?<=the Helm release is )\S+": project.name,
        r"(?<=^repository: )\S+": inline(project.repository),
        r"(?<=^revision: )\S+": inline(project.revision),
        r"(?<=^clusters:\n  )\w+(?=:\n)": inline(project.cluster),
        r"(?<=^    server: )\S+": inline(project.server),
        r"(?<=^  cluster: )\S+": inline(project.cluster),
        r'(?<=^  namespace: )"\S+"': f'"{project.namespace}"',
    }
    for pattern, value in facts.items():
        text, count = re.subn(pattern, lambda _, value=value: value, text, flags=re.MULTILINE)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        if count != 1:
            raise ValueError(f"the reference gitops.yaml has {pattern} {count} times")
    return text


def _with_stages(text: str, stages: tuple[str, ...]) -> str:
    known = {match[1]: match[0] for match in _STAGE.finditer(text)}
    wanted = "".join(known.get(stage, f"  - name: {inline(stage)}\n") for stage in stages)
    return _STAGES.sub(lambda _: wanted, text, count=1)


def _environment(name: str, stage: str) -> dict[str, str]:
    """An environment like the reference's of that stage; of a stage that it does not have: with its first release."""
    folder, known = environment_folder(name), stage in STAGES
    source = reference() / ENVIRONMENTS / (stage if known else STAGES[0])
    environment = (source / ENVIRONMENT_FILE).read_text(encoding="utf-8")
    if not known:
        environment = filled("chart/environment.yaml.j2", stage=stage)
    if name != stage:
        environment = _with_hosts(environment, name)
    return {
        f"{folder}/{ENVIRONMENT_FILE}": environment,
        f"{folder}/{RELEASE_FILE}": (source / RELEASE_FILE).read_text(encoding="utf-8"),
    }


def _with_hosts(text: str, environment: str) -> str:
    """Unique hosts: two environments of one stage would otherwise use the same."""
    text = re.sub(r"\bapi\.(staging\.)?example\.com", f"api.{environment}.example.com", text)
    return re.sub(r"\bapi-(staging-)?example-com\b", f"api-{environment}-example-com", text)
