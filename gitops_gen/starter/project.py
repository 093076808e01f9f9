"""The facts of a new project: what the command line asks for, checked, with a default for all that it leaves open."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_gen.errors import Problem, ProblemsError
from gitops_gen.names import RELEASE_NAME_LENGTH, is_dns_label
from gitops_gen.project.interpolation import UnknownPlaceholderError, interpolate
from gitops_gen.starter.install import github_action
from gitops_gen.starter.remote import url_problem

STAGES = ("dev", "staging", "production")
SERVICES = ("api", "web")
"""What a workspace begins with."""
NAMESPACE = "{project}-{environment}"
CLUSTER = "main"
SERVER = "https://kubernetes.default.svc"
"""Argo CD's own cluster."""
SYNC_TIMEOUT = "30m"
"""The sync timeout that is recommended to a project without one."""
PLACEHOLDER = "https://git.example.com/team/gitops.git"
"""Stands for the repository until somebody says where it is."""

_SERVER = re.compile(r"https?://(?![^/]*@)[\w.-]+(:\d+)?(/\S*)?|https?://\[[0-9A-Fa-f:]+\](:\d+)?(/\S*)?")
_INSTALL = re.compile(r"[\w.+:/@=~,<>!#&%\[\]-]+( @ [\w.+:/@=~#&%-]+)?")


class OptionsError(ProblemsError):
    """Options are wrong: each problem has its option for a key."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What the command line says; empty: left to the defaults.

    `environments` are `NAME=STAGE` or `NAME`; a `workspace` begins with two services; `install` is what the CI files
    give to `pip install`.
    """

    name: str = ""
    environments: Sequence[str] = ()
    namespace: str = ""
    cluster: str = ""
    server: str = ""
    repository: str = ""
    install: str = ""
    workspace: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NewProject:
    """A new project: every fact that its files are made of. `environments` maps a name to its stage."""

    name: str
    environments: dict[str, str]
    namespace: str
    cluster: str
    server: str
    repository: str
    revision: str
    install: str
    #: what a workflow of GitHub uses; empty: a copy of the action
    action: str
    #: of a workspace
    services: tuple[str, ...] = ()

    @property
    def all_environments(self) -> list[str]:
        """The full names of the environments, those of each service in a workspace."""
        folders = [f"services/{name}/" for name in self.services] or [""]
        return [folder + name for folder in folders for name in self.environments]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are used, in promotion order."""
        return tuple(dict.fromkeys(self.environments.values()))

    @property
    def is_placed(self) -> bool:
        """Whether anybody said where the repository is."""
        return self.repository != PLACEHOLDER


def new_project(wishes: Wishes, *, name: str, repository: str, revision: str, install: str) -> NewProject:
    """The project that `wishes` describe; the other arguments fill in what they leave open.

    Raises `OptionsError`.
    """
    project = NewProject(
        name=wishes.name or name,
        environments=dict(_split(text) for text in wishes.environments or STAGES),
        namespace=wishes.namespace or NAMESPACE,
        cluster=wishes.cluster or CLUSTER,
        server=wishes.server or SERVER,
        repository=wishes.repository or repository or PLACEHOLDER,
        revision=revision,
        install=wishes.install or install,
        action="" if wishes.install else github_action(install),
        services=SERVICES if wishes.workspace else (),
    )
    if problems := [*_twice(wishes.environments), *_install_faults(wishes.install), *_faults(project)]:
        raise OptionsError(problems)
    return project


def _split(text: str) -> tuple[str, str]:
    name, equals, stage = text.partition("=")
    return name, stage if equals else name


def _twice(environments: Sequence[str]) -> Iterator[Problem]:
    for name, count in Counter(_split(text)[0] for text in environments).items():
        if count > 1:
            yield Problem(key="--environment", message=f"`{name}` is given twice", hint="name each environment once")


def _install_faults(install: str) -> Iterator[Problem]:
    if install and not _INSTALL.fullmatch(install):
        hint = "such as git+https://git.example.com/tools/gitops-gen.git@v1.0.0, or a wheel's path"
        yield Problem(key="--install", message=f"pip cannot install `{install}`", hint=hint)


def _faults(project: NewProject) -> Iterator[Problem]:
    yield from _name_faults(project)
    yield from _environment_faults(project)
    if not is_dns_label(project.cluster):
        yield _no_label("--cluster", project.cluster)
    if not _SERVER.fullmatch(project.server):
        hint = "use the API server's URL as Argo CD knows it, such as https://10.0.0.1:6443"
        yield Problem(key="--server", message=f"`{project.server}` is not a URL of an API server", hint=hint)
    if problem := url_problem(project.repository):
        yield problem.keyed("--repository")


def _no_label(option: str, name: str) -> Problem:
    return Problem(key=option, message=f"`{name}` is not a DNS label", hint="use a-z, 0-9 and `-`, at most 63")


def _name_faults(project: NewProject) -> Iterator[Problem]:
    if not is_dns_label(project.name) or len(project.name) > RELEASE_NAME_LENGTH:
        hint = f"use a DNS label of at most {RELEASE_NAME_LENGTH} characters with `--name`"
        yield Problem(key="--name", message=f"`{project.name}` is not a valid project name", hint=hint)


def _environment_faults(project: NewProject) -> Iterator[Problem]:
    parts = [part for pair in project.environments.items() for part in pair]
    wrong = [part for part in dict.fromkeys(parts) if not is_dns_label(part)]
    yield from (_no_label("--environment", part) for part in wrong)
    if not wrong and is_dns_label(project.name) and is_dns_label(project.cluster):
        yield from _namespace_faults(project)


def _namespace_faults(project: NewProject) -> Iterator[Problem]:
    try:
        spaces = {name: _namespace(project, name) for name in project.environments}
    except UnknownPlaceholderError as error:
        yield Problem(key="--namespace", message=str(error), hint=error.hint)
        return
    if wrong := next((name for name, space in spaces.items() if not is_dns_label(space)), ""):
        message = f"`{spaces[wrong]}`, the namespace of {wrong}, is not a DNS label"
        yield Problem(key="--namespace", message=message, hint="use a-z, 0-9 and `-`, at most 63")
    if len(set(spaces.values())) < len(spaces):
        message = f"`{project.namespace}` gives several environments the same namespace"
        yield Problem(key="--namespace", message=message, hint="add `{environment}`, as in `" + NAMESPACE + "`")


def _namespace(project: NewProject, environment: str) -> str:
    facts = {
        "project": project.name,
        "environment": environment,
        "stage": project.environments[environment],
        "cluster": project.cluster,
    }
    return str(interpolate(project.namespace, facts))
