"""Adding, cloning, renaming and removing environments, and what Argo CD does with their resources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_gen.changes.change import Delivery, Draft, Outcome, change
from gitops_gen.changes.lifecycle import born, left_behind, require_permission
from gitops_gen.errors import UsageError
from gitops_gen.git.commits import Message
from gitops_gen.models.layout import (
    application_name,
    environment_folder,
    environment_path,
    hand_written,
    is_environment_name,
    project_folder,
    release_path,
    short_name,
)
from gitops_gen.project.environment import ResolvedEnvironment
from gitops_gen.project.opening import OpenProject
from gitops_gen.project.reading import text_if_any
from gitops_gen.yaml.editing.document import set_value
from gitops_gen.yaml.key_paths import KeyPath, dotted, leaves, tree_nodes
from gitops_gen.yaml.reader import load

_HEADER = "apiVersion: gitops-gen/v1\nkind: {kind}\n"
_HOST_KEY = re.compile(r"host|domain|fqdn|dnsname|url", re.IGNORECASE)
_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What an environment is given; empty: left to the layers above (or, for a clone, as it is).

    `hosts` maps a host name of the original to the clone's; `shared` accepts a literal secret path or host that stays
    the same.
    """

    stage: str = ""
    cluster: str = ""
    namespace: str = ""
    secret_path: str = ""
    release: str = ""
    hosts: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False

    def settings(self) -> Iterator[tuple[KeyPath, str]]:
        """The key paths in environment.yaml, with what they become."""
        named = {"stage": self.stage, "cluster": self.cluster, "namespace": self.namespace}
        yield from (((key,), value) for key, value in named.items() if value)
        if self.secret_path:
            yield ("secrets", "path"), self.secret_path


def add(opened: OpenProject, name: str, facts: Facts, delivery: Delivery) -> Outcome:
    """A new environment; `facts.release` names the one whose release it starts with. Raises as `change` does."""
    return change(opened, delivery, lambda here: _added(here, name, facts))


def clone(opened: OpenProject, source: str, name: str, facts: Facts, delivery: Delivery) -> Outcome:
    """A new environment with everything that `source` has but what must differ.

    Raises `UsageError` naming each literal namespace, secret path and host for which nothing else was given.
    """
    return change(opened, delivery, lambda here: _cloned(here, source, name, facts))


def rename(  # noqa: PLR0913 - what is renamed, and how
    opened: OpenProject,
    old: str,
    new: str,
    delivery: Delivery,
    *,
    keep_namespace: bool = False,
    delete_running: bool = False,
) -> Outcome:
    """Another name for an environment. To Argo CD that is a removal and an addition: raises `GitopsError` when that
    would delete its resources, unless `delete_running`.
    """
    return change(
        opened,
        delivery,
        lambda here: _renamed(here, old, new, keep_namespace=keep_namespace, delete_running=delete_running),
    )


def remove(opened: OpenProject, name: str, delivery: Delivery, *, delete_running: bool = False) -> Outcome:
    """Remove an environment's files.

    Raises `GitopsError` when Argo CD would delete its resources, unless `delete_running`.
    """
    return change(opened, delivery, lambda here: _removed(here, name, delete_running=delete_running))


def _require_new(opened: OpenProject, name: str) -> None:
    if not is_environment_name(name):
        raise UsageError(f"`{name}` is not a valid environment name: it must be a DNS label", "use a-z, 0-9 and `-`")
    opened.require_here(name)
    if (opened.folder / environment_folder(name)).exists():
        raise UsageError(f"environment `{name}` already exists")


def _message(subject: str, names: tuple[str, ...], verb: str, details: tuple[str, ...] = ()) -> Message:
    return Message(subject=subject, details=details, environments=names, change=f"env {verb}")


def _text(opened: OpenProject, path: str) -> str | None:
    return text_if_any(opened.inputs, path)


def _added(opened: OpenProject, name: str, facts: Facts) -> Draft:
    _require_new(opened, name)
    stages = [stage.name for stage in opened.project(name).spec.stages]
    if stages and not facts.stage and not project_folder(name):
        raise UsageError(f"`{name}` needs a stage", f"add `--stage` with one of: {', '.join(stages)}")
    path, text = environment_path(name), _HEADER.format(kind="Environment")
    for keys, value in facts.settings():
        text = set_value(text, keys, value, path)
    release = _HEADER.format(kind="Release")
    if facts.release:
        opened.environment(facts.release)
        release = _text(opened, release_path(facts.release)) or release
    own = {path: text} if [*facts.settings()] or not project_folder(name) else {}
    return Draft(
        files={**own, release_path(name): release},
        environments=(name,),
        message=_message(f"Add environment {name}", (name,), "add"),
        summary=(f"Add environment {name}",),
        notes=tuple(_born(opened, name)),
    )


def _born(opened: OpenProject, name: str) -> Iterator[str]:
    yield born(application_name(opened.project(name).spec, name))


def _cloned(opened: OpenProject, source: str, name: str, facts: Facts) -> Draft:
    _require_new(opened, name)
    original = opened.environment(source)
    files = {
        path.replace(environment_folder(source), environment_folder(name)): _text(opened, path)
        for path in hand_written(source)
    }
    path = environment_path(name)
    text = _settings(opened, source, name)
    _require_differences(load(text, path) or {}, facts)
    for keys, value in (*facts.settings(), *_new_hosts(load(text, path) or {}, facts.hosts)):
        text = set_value(text, keys, value, path)
    if facts.release:
        files[release_path(name)] = _text(opened, release_path(facts.release))
    return Draft(
        files={**files, path: text},
        environments=(name,),
        message=_message(f"Clone environment {source} as {name}", (name,), "clone"),
        summary=(f"Clone environment {source} as {name}",),
        warnings=tuple(_shared(load(text, path) or {}, source)),
        notes=tuple(_born(opened, name)) + _chart_note(original),
    )


def _settings(opened: OpenProject, source: str, name: str) -> str:
    """The text of an environment.yaml like the source's: with what the workspace says of that, where it says nothing of
    `name`.
    """
    path, shared = environment_path(source), environment_path(short_name(source))
    text = _text(opened, path) or _HEADER.format(kind="Environment")
    if path == shared or opened.inputs.is_file(environment_path(short_name(name))):
        return text
    own = load(text, path) or {}
    for key, value in (load(_text(opened, shared) or "", shared) or {}).items():
        text = text if key in own else set_value(text, (key,), value, path)
    return text


def _chart_note(original: ResolvedEnvironment) -> tuple[str, ...]:
    return () if original.pinned else (f"like {original.name}, it follows every change of the chart immediately",)


def _require_differences(data: dict[str, Any], facts: Facts) -> None:
    """What is written out in the original, and would be the same in the clone."""
    missing: list[str] = []
    if _is_literal(data.get("namespace")) and not facts.namespace and not facts.cluster:
        missing.append(f"--namespace (it is `{data['namespace']}`)")
    secret_path = (data.get("secrets") or {}).get("path")
    if _is_literal(secret_path) and not facts.secret_path and not facts.shared:
        missing.append(f"--secret-path (it is `{secret_path}`)")
    if not facts.shared:
        missing += [f"--host {host}=NEW" for host in sorted(_hosts(data)) if host not in facts.hosts]
    if unknown := sorted(set(facts.hosts) - _hosts(data)):
        raise UsageError(f"the original has no host {', '.join(unknown)}")
    if missing:
        raise UsageError(
            f"the clone must differ from the original: {', '.join(missing)}", "`--shared` keeps secret path and hosts"
        )


def _is_literal(text: str | None) -> bool:
    return bool(text) and "{environment}" not in str(text)


def _host_values(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str, str]]:
    """Each value below `values` that is, or holds, a host name: its path, itself and the host."""
    for path, value in tree_nodes(data.get("values") or {}):
        named = any(_HOST_KEY.search(str(step)) for step in path)
        if isinstance(value, str) and named and (match := _HOST.search(value)):
            yield ("values", *path), value, match[0]


def _hosts(data: dict[str, Any]) -> set[str]:
    return {host for _, _, host in _host_values(data)}


def _new_hosts(data: dict[str, Any], hosts: Mapping[str, str]) -> Iterator[tuple[KeyPath, str]]:
    for path, value, host in _host_values(data):
        if host in hosts:
            yield path, value.replace(host, hosts[host])


def _shared(data: dict[str, Any], source: str) -> Iterator[str]:
    overrides = (data.get("secrets") or {}).get("overrides") or {}
    for path in leaves(overrides):
        yield f"secrets.overrides.{dotted(path)} is the same as in {source}"


def _renamed(opened: OpenProject, old: str, new: str, *, keep_namespace: bool, delete_running: bool) -> Draft:
    environment = opened.environment(old)
    _require_new(opened, new)
    require_permission(environment, delete_running=delete_running)
    texts = {path: _text(opened, path) for path in hand_written(old)}
    files: dict[str, str | None] = dict.fromkeys(texts)
    files |= {path: text for path, text in zip(hand_written(new), texts.values(), strict=True) if text is not None}
    if project_folder(new):
        files[environment_path(new)] = _settings(opened, old, new)
    if keep_namespace:
        path = environment_path(new)
        files[path] = set_value(files[path] or "", ("namespace",), environment.namespace, path)
    return Draft(
        files=files,
        environments=(old, new),
        message=_message(f"Rename environment {old} to {new}", (old, new), "rename"),
        summary=(f"Rename environment {old} to {new}",),
        notes=(*left_behind(environment, same_place=keep_namespace), *_born(opened, new)),
    )


def _removed(opened: OpenProject, name: str, *, delete_running: bool) -> Draft:
    environment = opened.environment(name)
    require_permission(environment, delete_running=delete_running)
    present = [path for path in hand_written(name) if _text(opened, path) is not None]
    return Draft(
        files=dict.fromkeys(present),
        environments=(name,),
        message=_message(f"Remove environment {name}", (name,), "remove"),
        summary=(f"Remove environment {name}",),
        notes=tuple(left_behind(environment)),
    )
