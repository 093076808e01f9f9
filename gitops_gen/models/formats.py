"""What a single text in a hand-written file must look like: names, paths, durations, schedules, options."""

import re
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field

from gitops_gen.names import RELEASE_NAME_LENGTH, did_you_mean, is_dns_label, is_dns_subdomain
from gitops_gen.yaml.key_paths import KeyPath

_GO_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(h|m|s|ms))+")
_RELATIVE = re.compile(r"(?!/)(?!.*\\).+")
_KUBERNETES = r"^1\.\d+(\.\d+)?$"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_CRON_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, ["", *_MONTHS]),
    ("day of the week", 0, 6, _DAYS),
)
_CRON_PART = re.compile(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/([1-9]\d*))?")


class MisplacedError(ValueError):
    """What is wrong with the value at `path` below the one that is being validated."""

    def __init__(self, message: str, path: KeyPath) -> None:
        super().__init__(message)
        self.path = path


def require(fits: object, message: str, path: KeyPath = ()) -> None:
    """Raise a `ValueError`, which pydantic collects, unless something `fits`."""
    if not fits:
        raise MisplacedError(message, path)


def _dns_label(name: str) -> str:
    require(is_dns_label(name), "must be a DNS label: lower-case letters, digits and `-`, at most 63, no `-` at an end")
    return name


def _dns_subdomain(name: str) -> str:
    require(is_dns_subdomain(name), "must be a DNS name: lower-case letters, digits, `-` and `.`, at most 253")
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
    require(_RELATIVE.fullmatch(path), "must be a path relative to the folder of gitops.yaml, with `/`")
    return path


def _revision(revision: str) -> str:
    require(not revision.startswith("-"), "must be a branch, tag or commit: none starts with `-`")
    return revision


def _kubernetes(version: str) -> str:
    require(re.match(_KUBERNETES, version), 'must be a Kubernetes version such as "1.33"')
    return version


def _cron(schedule: str) -> str:
    """https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format, which Argo CD reads without seconds."""
    fields = schedule.split()
    require(len(fields) == len(_CRON_FIELDS), "must be a cron schedule of five fields, such as `0 22 * * 1-5`")
    for text, (name, low, high, words) in zip(fields, _CRON_FIELDS, strict=True):
        fits = all(_fits_cron(part, low, high, words) for part in text.split(","))
        require(fits, f"`{text}` is no {name} of a cron schedule: {low} to {high}, such as `0 22 * * 1-5`")
    return schedule


def _fits_cron(part: str, low: int, high: int, words: list[str]) -> bool:
    match = _CRON_PART.fullmatch(part)
    ends = [_cron_number(end, words) for end in match.groups()[:2] if end] if match else [-1]
    return all(low <= end <= high for end in ends) and ends == sorted(ends)


def _cron_number(text: str, words: list[str]) -> int:
    if text.lower() in words:
        return words.index(text.lower())
    return int(text) if text.isdecimal() else -1


def _time_zone(name: str) -> str:
    """Held against the machine's own time zones; where it has none, Argo CD is the first to look."""
    known = _time_zones()
    require(not known or name in known, f"`{name}` is no time zone: {did_you_mean(name, known) if known else ''}")
    return name


@cache
def _time_zones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def _sync_option(option: str) -> str:
    name, _, value = option.partition("=")
    require(name and value, "must be `Name=value`, such as `ServerSideApply=true`")
    require(option != "ApplyOutOfSyncOnly=true", "makes a retry skip a failed Job and sync what needs it: leave it out")
    require(option != "Prune=confirm", "would hold every later commit until somebody confirms: use `protect: true`")
    return option


DnsLabel = Annotated[str, AfterValidator(_dns_label)]
DnsSubdomain = Annotated[str, AfterValidator(_dns_subdomain)]
ReleaseName = Annotated[str, AfterValidator(_release_name)]
Duration = Annotated[str, AfterValidator(_duration)]
RelativePath = Annotated[str, AfterValidator(_relative_path)]
Revision = Annotated[str, Field(min_length=1), AfterValidator(_revision)]
KubernetesVersion = Annotated[str, AfterValidator(_kubernetes), Field(json_schema_extra={"pattern": _KUBERNETES})]
Cron = Annotated[str, AfterValidator(_cron)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
SyncOption = Annotated[str, AfterValidator(_sync_option)]
Text = Annotated[str, Field(min_length=1)]
