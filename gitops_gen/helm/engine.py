"""One interface over Helm, whichever way it runs: in this process (`embedded`) or as the `helm` program (`binary`)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gitops_gen.errors import GitopsError

Values = dict[str, Any]

ENGINE_VARIABLE = "GITOPS_GEN_ENGINE"
"""Selects the engine if the command line does not."""

ENGINES = ("embedded", "binary")


TEMPLATES, LOADING = "the chart's templates", "reading the chart"
"""What takes more time or memory than it may, as errors name it."""

SCHEMA_FAILURE = "values don't meet the specifications of the schema(s)"
_FAULT = re.compile(r"- at '(.*?)': (.*)")


RENDERED_LIMIT = 20 * 2**20
"""Characters of the manifests of one environment: several times those of the largest charts."""

_MESSAGE_LIMIT = 2000
"""Characters of a message. Helm's has a line for each level of a template that includes itself a thousand times."""


class ChartError(GitopsError):
    """Helm cannot load or render the chart: its own message, without the middle of a very long one."""

    def __init__(self, message: str, hint: str = "") -> None:
        half = _MESSAGE_LIMIT // 2
        super().__init__(message if len(message) <= _MESSAGE_LIMIT else f"{message[:half]} … {message[-half:]}", hint)


class SubchartValuesError(ChartError):
    """A subchart's schema refuses the values: `faults` are key paths in the chart's values, and what Helm says."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.faults = tuple(_faults(message))


def _faults(message: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Helm's own text: a line with each subchart's name, below it lines such as `- at '/port': got string, …`."""
    subchart = ""
    for line in message.splitlines()[1:]:
        if fault := _FAULT.fullmatch(line.strip()):
            yield (subchart, *filter(None, fault[1].split("/"))), fault[2]
        elif line.endswith(":"):
            subchart = line.removesuffix(":")


@dataclass(frozen=True, kw_only=True, slots=True)
class HelmRelease:
    """What a render depends on besides the chart: Helm's `template NAME --namespace --kube-version --api-versions
    --skip-tests`, whether `--include-crds` is left out, and the values.

    `kubernetes` is a version such as `1.33`, or empty for the engine's own default.
    """

    name: str
    namespace: str
    values: Values = field(default_factory=dict)
    kubernetes: str = ""
    api_versions: Sequence[str] = ()
    skip_tests: bool = False
    skip_crds: bool = False
    #: the version of Helm in the Argo CD that renders it, such as `3.19`; empty when it is not known
    helm: str = ""

    @property
    def kube_version(self) -> str:
        """The Kubernetes version as Helm wants it, `v1.33.0`, or empty."""
        if not self.kubernetes:
            return ""
        has_patch = self.kubernetes.count(".") > 1
        return f"v{self.kubernetes}" if has_patch else f"v{self.kubernetes}.0"


def within_limit(rendered: str) -> str:
    """The rendered manifests. Raises `ChartError` when they are so large that nothing could read them in time."""
    if len(rendered) > RENDERED_LIMIT:
        size, limit = len(rendered) // 2**20, RENDERED_LIMIT // 2**20
        raise ChartError(f"{TEMPLATES} render {size} MB; the limit is {limit} MB", "look for a loop in the templates")
    return rendered


class LoadedChart(Protocol):
    """A chart that an engine has read."""

    @property
    def schema(self) -> Values | None:
        """The chart's values.schema.json, or None when it has none."""

    def final_values(self, values: Values) -> Values:
        """The chart's values with `values` over them, merged by Helm.

        Raises `SubchartValuesError` when a subchart's schema refuses them, and `ChartError`.
        """

    def render(self, release: HelmRelease) -> str:
        """The manifests, CRDs first, as one YAML stream with `# Source:` comments; values are not checked against the
        schema.

        Raises `ChartError` where `helm template` fails, and `LimitError` where it takes too much time or memory.
        """


class Engine(Protocol):
    """A way to run Helm."""

    name: str

    @property
    def version(self) -> str:
        """Helm's own version, such as `v4.2.3`."""

    def load(self, path: Path) -> LoadedChart:
        """Read a chart folder or `.tgz`. Raises `ChartError` when it is not an installable chart."""
