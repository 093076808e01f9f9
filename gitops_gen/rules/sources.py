"""Rules on the sources of an Application of any repository, in a checkout of it, and the plan of what it renders.

What these rules look at are other files than the Application, so the plan of a sync has nothing for them to check.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gitops_gen.argocd.globs import matches_file_pattern
from gitops_gen.argocd.permissions import normal_url
from gitops_gen.argocd.sources import CheckoutSource, NotRenderedError, refresh_paths, sources
from gitops_gen.errors import GitopsError
from gitops_gen.git.paths import Root
from gitops_gen.helm.engine import HelmRelease
from gitops_gen.manifests.objects import Manifest, mapping, parse
from gitops_gen.rules.argocd import GROUP
from gitops_gen.rules.inputs import findings_of
from gitops_gen.rules.locating import in_stream
from gitops_gen.rules.places import with_lines
from gitops_gen.rules.rule import Finding, Rule, Severity
from gitops_gen.rules.sync import JudgedPlan, judge, with_findings
from gitops_gen.sync.cluster import ClusterFacts
from gitops_gen.sync.plan import plan_of
from gitops_gen.sync.policy import GENERATE_PATHS, policy_of
from gitops_gen.yaml.key_paths import KeyPath

PATH_MISSING = Rule(
    id="source-path-missing",
    title="The path of a source exists",
    explanation="Argo CD reports `app path does not exist`, and syncs nothing.",
    remedy="correct `path`",
)
FILE_MISSING = Rule(
    id="value-file-missing",
    title="The value files of an Application exist",
    explanation="Helm fails for a value file that does not exist, unless ignoreMissingValueFiles is true.",
    remedy="correct the name, or set ignoreMissingValueFiles",
)
FILE_OUTSIDE = Rule(
    id="value-file-outside",
    title="Value files are in the repository",
    explanation="Argo CD refuses a value file whose path, or a symlink in it, leads out of the repository.",
    remedy="move the file into the repository",
)
PATHS_INCOMPLETE = Rule(
    id="generate-paths-incomplete",
    title="The paths of manifest-generate-paths cover every file that is rendered",
    explanation=(
        f"With {GENERATE_PATHS} Argo CD takes a commit that changes none of these paths for one without an effect "
        "(https://argo-cd.readthedocs.io/en/stable/operator-manual/high_availability/): a change of another input is "
        "deployed with the next commit that touches one of them."
    ),
    remedy=f"add the path to {GENERATE_PATHS}",
)
INCLUDES_ITSELF = Rule(
    id="application-includes-itself",
    title="An Application is not among the objects that it applies",
    explanation=(
        "Such an Application changes its own settings in the middle of its sync; with pruning, a commit that moves its "
        "file deletes it, and with the finalizer of resources everything that it has applied."
    ),
    remedy="move its file out of the path of its source",
    severity=Severity.WARNING,
)
NOT_RENDERED = Rule(
    id="source-not-rendered",
    title="Every source of an Application is rendered and checked",
    explanation=(
        "`validate --application` renders charts and folders of manifests in this checkout. What Kustomize or a plugin "
        "builds, and what is in other repositories, it does not see; nor value files that are URLs, patterns or have "
        "variables in their names."
    ),
    remedy="render it with its own tool, and give that to `validate --rendered`",
    severity=Severity.NOTE,
)
RULES = (PATH_MISSING, FILE_MISSING, FILE_OUTSIDE, PATHS_INCOMPLETE, INCLUDES_ITSELF, NOT_RENDERED)


@dataclass(frozen=True, kw_only=True)
class ApplicationCheckout:
    """A checkout with an Application in it."""

    root: Root
    #: the URL that it was cloned from; empty when it is not known
    origin: str
    rules: Sequence[Rule]
    kubernetes: str = ""
    sync_timeout: int | None = None


def judge_applications(checkout: ApplicationCheckout, text: str, file: str) -> tuple[list[Finding], int]:
    """What is wrong with each Application in a text, and with what it renders; and how many findings annotations set
    aside. `file` is the path of the text in the checkout.

    Raises `ProblemsError` for what cannot be read, `GitopsError` for a text without an Application.
    """
    manifests = parse(text, file)
    found = [item for item in manifests if (item.id.group, item.kind) == (GROUP, "Application")]
    if not found:
        raise GitopsError(f"{file} has no Application", "name a file with a manifest of kind Application")
    about = judge(plan_of(manifests, policy_of(found[0].data), name=file), rules=checkout.rules)
    about = replace(about, findings=_of_objects(about.findings), notes=_of_objects(about.notes))
    findings: list[Finding] = []
    ignored = 0
    for manifest in found:
        item = _Application(checkout, manifest, file)
        about = with_findings(about, item.own_findings())
        for judged in item.rendered():
            findings += [_placed(finding, file) for finding in (*judged.findings, *judged.notes)]
            ignored += len(judged.ignored)
        about = with_findings(about, item.late)
    about = in_stream(about, {file: text})
    return [*about.findings, *about.notes, *findings], ignored + len(about.ignored)


def _of_objects(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those about the objects of the file; the rest is about a sync of them that does not happen."""
    return tuple(item for item in findings if item.object.partition("/")[0] == "Application")


def _placed(finding: Finding, file: str) -> Finding:
    """What is about the sync is set in the Application's file."""
    return finding if finding.object or finding.source else replace(finding, source=file)


class _Application:
    """One Application in a checkout."""

    def __init__(self, checkout: ApplicationCheckout, manifest: Manifest, file: str) -> None:
        self._checkout, self._manifest, self._file = checkout, manifest, file
        self._sources = sources(manifest.data)
        #: findings that a render brings
        self.late: list[Finding] = []

    def _finding(self, rule: Rule, message: str, path: KeyPath) -> Finding:
        return rule.finding(message, object=str(self._manifest.id), source=self._file, path=path)

    def _is_local(self, source: Mapping[str, Any]) -> bool:
        path = posixpath.normpath(str(source.get("path") or ".").strip("/") or ".")
        is_inside = path != ".." and not path.startswith("../")
        return "chart" not in source and is_inside and Path(self._checkout.root.folder, path).is_dir()

    def _is_origin(self, source: Mapping[str, Any]) -> bool:
        urls = [self._checkout.origin, *(item.get("repoURL") for _, item in self._sources if self._has_path(item))]
        return normal_url(str(source.get("repoURL"))) in {normal_url(str(url)) for url in urls if url}

    def _has_path(self, source: Mapping[str, Any]) -> bool:
        return bool(source.get("path")) and self._is_local(source)

    @property
    def _local(self) -> list[CheckoutSource]:
        """The sources in this checkout, except those that others only take value files from."""
        refs = frozenset(str(item["ref"]) for _, item in self._sources if item.get("ref") and self._is_origin(item))
        return [
            CheckoutSource(root=self._checkout.root, place=place, data=data, refs=refs)
            for place, data in self._sources
            if self._is_local(data) and (data.get("path") or not data.get("ref"))
        ]

    def own_findings(self) -> Iterator[Finding]:
        """Files and folders of its sources that do not exist."""
        for place, data in self._sources:
            if "chart" not in data and data.get("path") and not self._is_local(data) and self._is_origin(data):
                yield self._finding(PATH_MISSING, f"there is no folder {data['path']}", (*place, "path"))
        for source in self._local:
            yield from self._of_value_files(source)
        yield from self._of_paths()
        yield from self._unread()

    def _of_value_files(self, source: CheckoutSource) -> Iterator[Finding]:
        for item in source.value_files():
            if not item.path:
                yield self._finding(FILE_OUTSIDE, f"{item.written} is not in the repository", item.place)
            elif not source.may_lack_files and not source.root.is_file(item.path):
                yield self._finding(FILE_MISSING, f"{item.written}: there is no file {item.path}", item.place)
        for place, written in source.other_value_files():
            yield self._finding(NOT_RENDERED, f"the value file {written} is not read", place)

    def _of_paths(self) -> Iterator[Finding]:
        annotation = self._manifest.annotations.get(GENERATE_PATHS)
        if not isinstance(annotation, str) or not annotation.strip():
            return
        paths = refresh_paths(annotation, [source.folder for source in self._local])
        inputs = dict.fromkeys(path for source in self._local for path in source.inputs)
        for path in inputs:
            if not any(_covers(pattern, path) for pattern in paths):
                message = f"{path} is rendered, and no path of {GENERATE_PATHS} covers it"
                yield self._finding(PATHS_INCOMPLETE, message, ("metadata", "annotations", GENERATE_PATHS))

    def _unread(self) -> Iterator[Finding]:
        rendered = {source.place for source in self._local if source.is_readable}
        for place, data in self._sources:
            is_missing = bool(data.get("path")) and self._is_origin(data) and not self._is_local(data)
            if place not in rendered and not is_missing and (data.get("path") or data.get("chart")):
                what = data.get("chart") or data.get("path")
                yield self._finding(NOT_RENDERED, f"{what} of {data.get('repoURL')} is not rendered", place)

    def rendered(self) -> Iterator[JudgedPlan]:
        """The judged sync of what its sources render; what fails is in `late`."""
        texts: dict[str, str] = {}
        manifests: list[Manifest] = []
        for source in self._local:
            if source.is_readable:
                try:
                    for text, name in source.manifests(self._release()):
                        texts |= {} if source.is_chart else {name: text}
                        manifests += parse(text, name, namespace=self._namespace, chart=name if source.is_chart else "")
                except NotRenderedError as error:
                    self.late.append(self._finding(NOT_RENDERED, f"{source.folder}: {error}", source.place))
                except GitopsError as error:
                    self.late += findings_of(error)
        own = (GROUP, "Application", self._manifest.name)
        if own in {(item.id.group, item.kind, item.name) for item in manifests}:
            message = "is among the objects that it applies"
            self.late.append(self._finding(INCLUDES_ITSELF, message, ("metadata", "name")))
        if manifests:
            yield self._judged(manifests, texts)

    def _judged(self, manifests: Sequence[Manifest], texts: Mapping[str, str]) -> JudgedPlan:
        policy = policy_of(self._manifest.data, sync_timeout=self._checkout.sync_timeout)
        plan = plan_of(manifests, policy, name=self._manifest.name, application=self._manifest.name)
        facts = ClusterFacts(kubernetes=self._checkout.kubernetes, namespace=self._namespace)
        judged = in_stream(judge(replace(plan, cluster=facts), rules=self._checkout.rules), texts)
        return replace(
            judged,
            findings=with_lines(judged.findings, self._text_of),
            notes=with_lines(judged.notes, self._text_of),
        )

    def _text_of(self, file: str) -> str:
        root = self._checkout.root
        return root.read(file).decode() if root.is_file(file) else ""

    @property
    def _namespace(self) -> str:
        return str(mapping(self._manifest.spec.get("destination")).get("namespace") or "")

    def _release(self) -> HelmRelease:
        return HelmRelease(name=self._manifest.name, namespace=self._namespace, kubernetes=self._checkout.kubernetes)


def _covers(pattern: str, path: str) -> bool:
    return pattern in (".", path) or path.startswith(f"{pattern}/") or matches_file_pattern(pattern, path)
