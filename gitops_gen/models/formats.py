"""Formats of single values in hand-written files: names, paths, durations, schedules, options."""

import re
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field

from gitops_gen.models.cron import CRON_FIELDS, is_cron_field
from gitops_gen.names import RELEASE_NAME_LENGTH, did_you_mean, is_dns_label, is_dns_subdomain
from gitops_gen.yaml.key_paths import KeyPath

_GO_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(h|m|s|ms))+")
_RELATIVE = re.compile(r"(?!/)(?!.*\\).+")
_KUBERNETES = r"^1\.\d+(\.\d+)?$"
_EXACT_VERSION = re.compile(r"v?[0-9]+(\.[0-9]+){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
"""https://github.com/Masterminds/semver#basic-comparisons: all else, such as `1.2`, is a range, of which Argo CD or
`helm pull` takes the newest.
"""

_WILDCARD = re.compile(r"v?([0-9]+\.){0,2}[xX]")
_API_VERSION = re.compile(r"(?:[a-z0-9.-]+/)?v[0-9][a-z0-9]*(?:/[A-Z][A-Za-z0-9]*)?")
_ARGOCD = re.compile(r"v?[1-9][0-9]*\.[0-9]+(\.[0-9]+)?")
_USER_INFO = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^/\\?#]*@|[^/@:]+:[^/@:]+@", re.IGNORECASE)
_SSH_USER = re.compile(r"(git\+)?ssh://[^/\\?#@:]+@[^/\\?#@]*(?:/|$)", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(r"[?&#][^=&#]*(?:token|passw|secret|key)[^=&#]*=.", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{[\w.]+\}")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_CHART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_PARENT = re.compile(r"(?:^|[/\\:]|%2f|%5c)(?:\.|%2e){2}(?:$|[/\\?#]|%2f|%5c)", re.IGNORECASE)
_KIND = re.compile(r"[A-Za-z*?\[][\w*?\[\]^-]*(?:\.[a-z0-9*?\[][a-z0-9.*?\[\]^-]*)?")
_OBJECT_NAME = re.compile(r"[a-z0-9*?\[][a-z0-9.:*?\[\]^-]*")
_NAMESPACE = re.compile(r"[a-z0-9*?\[][a-z0-9*?\[\]-]*")


class MisplacedError(ValueError):
    """The value at `path`, relative to the validated one, is invalid."""

    def __init__(self, message: str, path: KeyPath) -> None:
        super().__init__(message)
        self.path = path


def require(fits: object, message: str, path: KeyPath = ()) -> None:
    """Raise a `ValueError`, which pydantic collects, unless `fits` is true."""
    if not fits:
        raise MisplacedError(message, path)


def _dns_label(name: str) -> str:
    require(
        is_dns_label(name),
        "must be a DNS label: lowercase letters, digits and `-`, at most 63, no `-` at the start or end",
    )
    return name


def _dns_subdomain(name: str) -> str:
    require(is_dns_subdomain(name), "must be a DNS name: lowercase letters, digits, `-` and `.`, at most 253")
    return name


def _release_name(name: str) -> str:
    require(
        len(name) <= RELEASE_NAME_LENGTH,
        f"must be at most {RELEASE_NAME_LENGTH} characters long: it is the Helm release's name",
    )
    return _dns_label(name)


def _duration(text: str) -> str:
    require(_GO_DURATION.fullmatch(text), "must be a duration such as `30m` or `1h30m`")
    return text


def _relative_path(path: str) -> str:
    _plain(path)
    require(_RELATIVE.fullmatch(path), "must be a path relative to the folder of gitops.yaml, with `/`")
    return path


def _project_pattern(path: str) -> str:
    _plain(path)
    steps = path.split("/")
    good = all(step and not step.startswith(".") for step in steps) and "*" not in "".join(steps[:-1])
    require(good, "must be a folder below that of gitops.yaml; `*` may be in its last part, as in `services/*`")
    return path


def _plain(text: str) -> str:
    """Text that is passed on to git, Helm and Argo CD: no line break and no terminal escape."""
    require(text.isprintable(), "must be one line without control or invisible characters")
    return text


def _url(url: str) -> str:
    """A URL that every generated manifest repeats; credentials belong in a Secret of Argo CD:
    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repositories.
    """
    _plain(url)
    require(not re.search(r"\s", url), "must be a URL without spaces")
    require(not url.startswith("-"), "must be a URL: none starts with `-`")
    require(not _PARENT.search(url), "must be a URL without `..`")
    has_credentials = (_USER_INFO.match(url) and not _SSH_USER.match(url)) or _SECRET_PARAMETER.search(url)
    require(
        not has_credentials,
        "must not contain credentials: remove them from the URL, replace them at the provider, and keep the new ones "
        "in a Secret of Argo CD (`argocd repo add` or `argocd cluster add`)",
    )
    return url


def _chart_name(name: str) -> str:
    fits = _CHART_NAME.fullmatch(name) and ".." not in name
    require(fits, "must be a chart name: letters, digits, `-`, `_` and `.`, no `..`")
    return name


def _chart_version(version: str) -> str:
    _plain(version)
    require(not version.startswith("-"), "must be a chart version: none starts with `-`")
    require(not re.search(r"[/\\]|\.\.", version), "must be a chart version without `/` and `..`")
    require(
        _EXACT_VERSION.fullmatch(version),
        f"must be an exact version such as `1.4.2`: with `{version}` Argo CD takes what is newest at each render",
    )
    return version


def _label_value(value: str) -> str:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set.
    Placeholders are filled in, and checked, later.
    """
    require(
        _LABEL_VALUE.fullmatch(_PLACEHOLDER.sub("x", value)),
        "must be a label value: at most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends",
    )
    return value


def _revision(revision: str) -> str:
    """https://git-scm.com/docs/git-check-ref-format: no control character, no blank, no `..`."""
    _plain(revision)
    require(not revision.startswith("-"), "must be a branch, tag or commit: none starts with `-`")
    require(not re.search(r"\s|\.\.", revision), "must be a branch, tag or commit: none has a space or `..`")
    return revision


def _pinned_revision(revision: str) -> str:
    """https://argo-cd.readthedocs.io/en/stable/user-guide/tracking_strategies/#tag-tracking-semver-ranges."""
    _revision(revision)
    is_range = re.search(r"[*^~<>=|]", revision) or _WILDCARD.fullmatch(revision)
    require(not is_range, f"must be a tag or commit: `{revision}` is a range, of which Argo CD takes the newest tag")
    is_branch = revision in {"HEAD", "FETCH_HEAD"} or revision.startswith(("refs/heads/", "refs/remotes/"))
    require(not is_branch, f"must be a tag or commit: `{revision}` is a branch, which pins nothing")
    return revision


def _kind(kind: str) -> str:
    require(
        _KIND.fullmatch(kind),
        "must be a kind with its API group, such as `Role.rbac.authorization.k8s.io`; without a group `Pod`",
    )
    return kind


def _cluster_kind(text: str) -> str:
    kind, slash, name = text.partition("/")
    fits = _KIND.fullmatch(kind) and (not slash or _OBJECT_NAME.fullmatch(name))
    require(
        fits,
        "must be a kind with its API group, such as `ClusterRole.rbac.authorization.k8s.io`, and a name where only one "
        "object is allowed: `Namespace/monitoring`",
    )
    return text


def _namespace_pattern(text: str) -> str:
    """Placeholders are replaced later."""
    require(
        _NAMESPACE.fullmatch(_PLACEHOLDER.sub("x", text)),
        "must be a namespace, such as `kube-system`; `*` is any text, and `{namespace}` the environment's own",
    )
    return text


def _kubernetes(version: str) -> str:
    require(re.match(_KUBERNETES, version), 'must be a Kubernetes version such as "1.33"')
    return version


def _api_version(text: str) -> str:
    require(
        _API_VERSION.fullmatch(text),
        "must be a group with a version, perhaps with a kind: `example.com/v1` or `example.com/v1/Widget`",
    )
    return text


def _argocd_version(version: str) -> str:
    require(_ARGOCD.fullmatch(version), 'must be a version of Argo CD such as "3.4", with or without a patch version')
    return version.removeprefix("v")


def _cron(schedule: str) -> str:
    """As Argo CD reads it, without seconds."""
    fields = schedule.split()
    require(len(fields) == len(CRON_FIELDS), "must be a cron schedule of five fields, such as `0 22 * * 1-5`")
    for index, (text, (name, low, high, _)) in enumerate(zip(fields, CRON_FIELDS, strict=True)):
        message = f"`{text}` is not a valid {name} of a cron schedule: use {low} to {high}, such as `0 22 * * 1-5`"
        require(is_cron_field(text, index), message)
    return schedule


def _time_zone(name: str) -> str:
    """Compared with the time zones of this machine; without any, only Argo CD validates it."""
    known = _time_zones()
    require(not known or name in known, f"`{name}` is not a time zone: {did_you_mean(name, known) if known else ''}")
    return name


@cache
def _time_zones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def _sync_option(option: str) -> str:
    name, _, value = option.partition("=")
    require(name and value, "must be `Name=value`, such as `ServerSideApply=true`")
    require(
        option != "ApplyOutOfSyncOnly=true",
        "makes a retry skip a failed Job and sync the objects that depend on it: remove it",
    )
    require(option != "Prune=confirm", "blocks every later commit until somebody confirms: use `protect: true`")
    return option


Url = Annotated[str, Field(min_length=1), AfterValidator(_url)]
ChartName = Annotated[str, Field(min_length=1), AfterValidator(_chart_name)]
ChartVersion = Annotated[str, Field(min_length=1), AfterValidator(_chart_version)]
LabelValue = Annotated[str, AfterValidator(_label_value)]
PlainText = Annotated[str, Field(min_length=1), AfterValidator(_plain)]
Kind = Annotated[str, AfterValidator(_kind)]
ClusterKind = Annotated[str, AfterValidator(_cluster_kind)]
NamespacePattern = Annotated[str, AfterValidator(_namespace_pattern)]
DnsLabel = Annotated[str, AfterValidator(_dns_label)]
DnsSubdomain = Annotated[str, AfterValidator(_dns_subdomain)]
ReleaseName = Annotated[str, AfterValidator(_release_name)]
Duration = Annotated[str, AfterValidator(_duration)]
RelativePath = Annotated[str, AfterValidator(_relative_path)]
ProjectPattern = Annotated[str, AfterValidator(_project_pattern)]
PinnedRevision = Annotated[str, Field(min_length=1), AfterValidator(_pinned_revision)]
Revision = Annotated[str, Field(min_length=1), AfterValidator(_revision)]
KubernetesVersion = Annotated[str, AfterValidator(_kubernetes), Field(json_schema_extra={"pattern": _KUBERNETES})]
ApiVersion = Annotated[str, AfterValidator(_api_version)]
ArgocdVersion = Annotated[str, AfterValidator(_argocd_version)]
Cron = Annotated[str, AfterValidator(_cron)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
SyncOption = Annotated[str, AfterValidator(_sync_option)]
Text = Annotated[str, Field(min_length=1)]
