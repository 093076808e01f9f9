"""`validate`: everything that Argo CD, the API server or the running pods would refuse, in one run."""

import sys
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from gitops_gen.compare.states import changed_environments
from gitops_gen.errors import GitopsError, ProblemsError, UsageError
from gitops_gen.generate.check import check_possible
from gitops_gen.generate.files import Change, State, edited_hint
from gitops_gen.git.named_paths import MANIFESTS, NamedPath
from gitops_gen.git.paths import Root
from gitops_gen.git.repository import git_root
from gitops_gen.models.layout import environment_of
from gitops_gen.project.opening import OpenProject
from gitops_gen.rules.baseline import without_accepted
from gitops_gen.rules.fleet import ViewedPlan, Viewer, each_alone, every_rule, together, views
from gitops_gen.rules.inputs import NOT_GENERATED, findings_of
from gitops_gen.rules.planning import plan_rendered
from gitops_gen.rules.rule import Finding
from gitops_gen.rules.sharing import tracked
from gitops_gen.rules.sources import ApplicationCheckout, judge_applications
from gitops_gen.rules.sync import JudgedPlan
from gitops_gen.rules.validation import Validation, validation, without_paths
from gitops_gen.starter.remote import origin_url
from gitops_gen.sync.durations import seconds
from gitops_gen.sync.outside import outside_of


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What is kept of one environment."""

    findings: tuple[Finding, ...]
    ignored: int = 0
    more: Any = None


def validate(opened: OpenProject, names: Sequence[str] = (), *, kubernetes: str = "") -> Validation:
    """What is wrong with the named environments, or with all and the project itself. With `kubernetes`, as if their
    clusters had that version.

    Raises `UsageError` for an environment that does not exist.
    """
    return survey(opened, names, kubernetes=kubernetes)[0]


def survey(
    opened: OpenProject,
    names: Sequence[str] = (),
    *,
    kubernetes: str = "",
    view: Callable[[JudgedPlan], Any] | None = None,
) -> tuple[Validation, dict[str, Any]]:
    """The same, and what `view`, a function of a module, makes of each environment that has a plan: nothing is rendered
    for it again. Raises as `validate` does.
    """
    for name in names:
        opened.require(name)
    try:
        opened.project()
        chosen = tuple(names or opened.names())
    except GitopsError as error:
        return validation((), (("", finding) for finding in findings_of(error))), {}
    files = _files(opened, lambda name: not names or name in names, names)
    plans = views(opened, sorted(chosen), _viewer(kubernetes, view), "validating") if chosen else []
    return _result(chosen, files, plans), {item.name: item.view.more for item in plans if item.view.more is not None}


def _result(
    chosen: Sequence[str], files: Iterable[tuple[str, Finding]], plans: Sequence[ViewedPlan[_Seen]]
) -> Validation:
    """The findings of the `chosen` ones, and of the others what is wrong between them and the chosen."""
    inside = {*chosen}
    found = [
        (item.name, finding)
        for item in plans
        for finding in item.view.findings
        if item.name in inside or not inside.isdisjoint(finding.others)
    ]
    return validation(chosen, [*files, *found], sum(item.view.ignored for item in plans if item.name in inside))


def _viewer(kubernetes: str, view: Callable[[JudgedPlan], Any] | None = None) -> Viewer[_Seen]:
    return Viewer(view=partial(_seen, view=view), failed=_failed, is_complete=True, kubernetes=kubernetes)


def _seen(judged: JudgedPlan, view: Callable[[JudgedPlan], Any] | None = None) -> _Seen:
    return _Seen(
        findings=without_paths((*judged.findings, *judged.notes)),
        ignored=len(judged.ignored),
        more=view(judged) if view else None,
    )


def _failed(_: str, error: GitopsError) -> _Seen:
    return _Seen(findings=tuple(findings_of(error)))


def _files(
    opened: OpenProject, wanted: Callable[[str], bool], names: Sequence[str] = ()
) -> Iterator[tuple[str, Finding]]:
    """What `generate --check` finds of these environments (of all and of the project when none is named), where the
    environment that the file is of is `wanted`: empty for a file of the project.
    """
    try:
        checked = check_possible(opened, names)
        found = [*map(_stale, checked.changes), *findings_of(ProblemsError(checked.problems))]
    except UsageError:
        raise
    except GitopsError as error:
        found = list(findings_of(error))
    known = set(opened.names())
    for finding in found:
        name = environment_of(finding.source)
        if wanted(name):
            yield name if name in known else "", finding


def _stale(change: Change) -> Finding:
    remedy = edited_hint(change) if change.state is State.EDITED else "run `gitops-gen generate` and commit the result"
    return NOT_GENERATED.finding(f"is {change.state}", remedy, source=change.path)


def validate_changed(opened: OpenProject, ref: str, *, kubernetes: str = "") -> Validation:
    """What is wrong with the environments that this branch touches since it left `ref`, and with the files of the
    project, such as its root and orphaned files; with all when it touches all. Raises as `diff` does.
    """
    names, are_all = changed_environments(opened.folder, ref)
    if are_all:
        return validate(opened, kubernetes=kubernetes)
    others = {*opened.names()} - {*names}
    files = list(_files(opened, lambda name: name not in others))
    viewer = _viewer(kubernetes, _reaches_out)
    plans = each_alone(opened, names, viewer, "validating")
    nearby = _nearby(opened, names, others, {item.name for item in plans if item.view.more})
    plans += each_alone(opened, nearby, viewer, "validating nearby environments")
    return _result(names, files, together(opened, sorted(plans, key=lambda item: item.name), viewer))


def _reaches_out(judged: JudgedPlan) -> bool | None:
    """Whether an environment has an object outside of its namespace, or needs something of another one."""
    found, project = outside_of(judged.plan), judged.plan.project
    wide = any(item.key[3] != project.namespace for item in tracked(judged.plan)) if project else False
    return True if wide or (found and found.wants) else None


def _nearby(
    opened: OpenProject, names: Collection[str], others: Container[str], reaching: Container[str]
) -> tuple[str, ...]:
    """The environments that one of `names` may share an object with: those of its namespace on its cluster; all of its
    cluster where it has objects elsewhere.
    """
    places, clusters = set[tuple[str, str]](), set[str]()
    every = opened.environments()[0] if names else []  # what is wrong is reported where it is validated
    for item in (item for item in every if item.name in names):
        places.add((item.cluster, item.namespace))
        clusters |= {item.cluster} if item.name in reaching else set()
    found = (item for item in every if item.name in others)
    return tuple(item.name for item in found if item.cluster in clusters or (item.cluster, item.namespace) in places)


def validate_rendered(
    texts: Sequence[tuple[str, str]], *, namespace: str = "", kubernetes: str = "", sync_timeout: str | None = None
) -> Validation:
    """What is wrong with manifests from elsewhere, each a text and the name of its file, as one sync.

    What cannot be read is a finding.
    """
    rules = every_rule()
    try:
        judged = plan_rendered(
            texts, namespace=namespace, sync_timeout=sync_timeout, rules=rules, kubernetes=kubernetes
        )
    except GitopsError as error:
        return validation((), (("", finding) for finding in findings_of(error)))
    seen = _seen(judged)
    return validation((), (("", finding) for finding in seen.findings), seen.ignored)


def validate_application(
    folder: Path, name: str, *, kubernetes: str = "", sync_timeout: str | None = None
) -> Validation:
    """What is wrong with the Applications in a file, and with what they render of the checkout that it is in. The files
    of findings count from the top of that.

    Raises `GitopsError` for a file that cannot be read or has no Application.
    """
    place = NamedPath(folder, name).path.resolve()
    text = _read(folder, name)
    top = git_root(place.parent) or place.parent
    checkout = ApplicationCheckout(
        root=Root(top, "git repository"),
        origin=origin_url(top),
        rules=every_rule(),
        kubernetes=kubernetes,
        sync_timeout=None if sync_timeout is None else seconds(sync_timeout),
    )
    try:
        found, ignored = judge_applications(checkout, text, place.relative_to(top).as_posix())
    except ProblemsError as error:
        found, ignored = list(findings_of(error)), 0
    return validation((), (("", finding) for finding in without_paths(found)), ignored)


def without_baseline(result: Validation, folder: Path, name: str) -> Validation:
    """The result without what the baseline has, a file in `folder`. Raises `GitopsError` when it cannot be read."""
    return without_accepted(result, _read(folder, name), name)


def read_manifests(folder: Path, name: str) -> list[tuple[str, str]]:
    """The text and name of a file, of all YAML and JSON files in a folder, or of standard input (`-`).

    Raises `GitopsError` for what cannot be read.
    """
    if name == "-":
        return [(sys.stdin.read(), "standard input")]
    files = [str(PurePosixPath(name) / file) for file in NamedPath(folder, name).files()]
    found = [(_read(folder, file), file) for file in files]
    if not found:
        raise GitopsError(f"{name} has no manifests", f"name a folder with files that end in {', '.join(MANIFESTS)}")
    return found


def _read(folder: Path, name: str) -> str:
    try:
        return NamedPath(folder, name).read()
    except (OSError, UnicodeDecodeError) as error:
        raise GitopsError(f"{name} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from error
