"""Which keys hold versions, and which values survive Helm's templates."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_gen.helm.embedded import EmbeddedEngine
from gitops_gen.helm.engine import HelmRelease, LoadedChart
from gitops_gen.helm.template_text import printed, survives
from gitops_gen.helm.version_keys import holds_version, is_released
from gitops_gen.yaml.key_paths import parse_key
from gitops_gen.yaml.reader import load_all


@pytest.mark.parametrize(
    "key",
    [
        *("tag", "image.tag", "imageTag", "image_tag", "image-tag", "IMAGE_TAG", "imagetag", "Tag", "app.version"),
        *("appVersion", "APP_VERSION", "appversion", "digest", "image.sha256", "commitSHA", "gitCommit", "revision"),
        *("targetRevision", "image", "sidecarImage", "hosts[0].tag", "kubeVersion"),
    ],
)
def test_a_version_by_its_name(key: str) -> None:
    assert holds_version(parse_key(key))


@pytest.mark.parametrize(
    "key", ["tags", "tag.name", "stage", "image.port", "versions", "apiVersion", "vintage", "shape", "tag[0]", "images"]
)
def test_no_version_by_its_name(key: str) -> None:
    assert not holds_version(parse_key(key))


@pytest.mark.parametrize(
    "key", ["image.tag", "tag", "app.imageTag", "image.digest", "image.version", "image.sha", "image"]
)
def test_what_changes_with_a_release(key: str) -> None:
    assert is_released(parse_key(key))


@pytest.mark.parametrize("key", ["image.repository", "image.pullPolicy", "version", "containers[0].image.tag", "tags"])
def test_what_stays(key: str) -> None:
    assert not is_released(parse_key(key))


@pytest.fixture(scope="session")
def printing(tmp_path_factory: pytest.TempPathFactory) -> LoadedChart:
    """A chart that prints each of `.Values.items` as a template does."""
    chart = tmp_path_factory.mktemp("printing") / "printing"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: printing\nversion: 0.1.0\n")
    (chart / "templates/all.yaml").write_text("items:\n{{- range .Values.items }}\n  - 'x{{ . }}'\n{{- end }}\n")
    return EmbeddedEngine().load(chart)


def shown(chart: LoadedChart, values: Sequence[object]) -> list[str]:
    rendered = chart.render(HelmRelease(name="a", namespace="a", values={"items": values}))
    return [item[1:] for item in load_all(rendered, "all.yaml")[0]["items"]]


EDGES = [1e20, 1e21, 1e-4, 1e-5, 999999, 1000000, 123456.7, 2**53, 2**63, -0.5, 1.5e-7, True, False, 0, 1.1, 0.1 + 0.2]


def test_scalars_are_printed_as_helm_prints_them(printing: LoadedChart) -> None:
    assert [printed(value) for value in EDGES] == shown(printing, EDGES)


@settings(max_examples=40)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1), min_size=50))
def test_any_number_is_printed_as_helm_prints_it(printing: LoadedChart, numbers: list[float]) -> None:
    numbers = [0 if number == 0 else number for number in numbers]
    assert [printed(number) for number in numbers] == shown(printing, numbers)


@pytest.mark.parametrize(
    "text", ["1.5", "7", "true", "false", "0", "-3", "999999", "v1", "2024-01-01", "12:30", "1.2.3"]
)
def test_what_survives(text: str) -> None:
    assert survives(text)


@pytest.mark.parametrize(
    "text",
    ["1.10", "1.0", "0812345", "7654321", "1_000", "1e3", "0x1F", "on", "yes", "y", "No", "True", "~", "", "+1", "-0"],
)
def test_what_does_not_survive(text: str) -> None:
    assert not survives(text)
