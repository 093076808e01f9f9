"""`set --move`: a key goes from one file to the other, with its value and comments."""

import json
from pathlib import Path

import pytest

from gitops_gen.yaml.editing.data import assigned, same
from gitops_gen.yaml.editing.transplant import cut, pasted
from gitops_gen.yaml.reader import load
from tests.changes.conftest import changed, is_clean
from tests.conftest import Change, GitopsGen, commit_all
from tests.yaml.test_edit import NAMES, before

pytestmark = pytest.mark.slow

HEAD = "apiVersion: gitops-gen/v1\nkind: {}\n"
ENVIRONMENT = f"""{HEAD.format("Environment")}stage: dev
values:
  # where people find it
  hosts: [dev.example.com]
  # images
  image:
    # our mirror
    # (nightly)
    repository: shop  # of the day
  settings: {{a: x}}
"""
RELEASE = f"""{HEAD.format("Release")}values:
  image:
    tag: "1.10"  # by the build
"""


@pytest.fixture
def commented(good: Path) -> Path:
    """The good project with comments in dev's files."""
    (good / "environments/dev/environment.yaml").write_text(ENVIRONMENT)
    (good / "environments/dev/release.yaml").write_text(RELEASE)
    commit_all(good)
    return good


def texts(folder: Path) -> tuple[str, str]:
    dev = folder / "environments/dev"
    return (dev / "environment.yaml").read_text(), (dev / "release.yaml").read_text()


@pytest.mark.parametrize("words", [("--move", "image.repository", "--release"), ("image.repository", "--release")])
def test_a_key_moves_with_its_comments_and_no_value_changes(
    commented: Path, change: Change, gitops_gen: GitopsGen, words: tuple[str, ...]
) -> None:
    gitops_gen(commented, "generate")
    values = (commented / "environments/dev/values.yaml").read_text()
    said = change(commented, "set", "dev", *words)
    environment, release = texts(commented)
    assert environment == ENVIRONMENT.replace(
        "  # images\n  image:\n    # our mirror\n    # (nightly)\n    repository: shop  # of the day\n", ""
    )
    assert release.startswith(RELEASE)
    assert "    # our mirror\n    # (nightly)\n    repository: shop  # of the day\n" in release
    assert "  # images\n" in release
    assert (commented / "environments/dev/values.yaml").read_text() == values
    assert 'dev: image.repository "shop" (string) moves from environment.yaml to release.yaml' in said


def test_a_key_moves_there_and_back(commented: Path, change: Change) -> None:
    change(commented, "set", "dev", "--move", "hosts", "--release")
    assert "  # where people find it\n  hosts: [dev.example.com]\n" in texts(commented)[1]
    change(commented, "set", "dev", "--move", "hosts", "--environment")
    environment, release = texts(commented)
    assert "  # where people find it\n  hosts: [dev.example.com]\n" in environment
    assert release == RELEASE


def test_the_last_key_leaves_no_comment_behind(commented: Path, change: Change) -> None:
    for key in ("hosts", "image", "settings"):
        change(commented, "set", "dev", "--move", key, "--release")
    assert texts(commented)[0] == f"{HEAD.format('Environment')}stage: dev\nvalues: {{}}\n"


def test_a_map_moves_onto_the_map_that_is_there(commented: Path, change: Change) -> None:
    change(commented, "set", "dev", "--move", "image", "--environment")
    environment, release = texts(commented)
    assert environment == ENVIRONMENT.replace("# of the day\n", '# of the day\n    tag: "1.10"  # by the build\n')
    assert release == f"{HEAD.format('Release')}values: {{}}\n"


def test_a_key_in_braces_moves(commented: Path, change: Change) -> None:
    change(commented, "set", "dev", "--move", "settings.a", "--release")
    assert load(texts(commented)[1], "release.yaml")["values"]["settings"] == {"a": "x"}


def test_a_value_that_is_set_elsewhere_moves_first(commented: Path, change: Change) -> None:
    change(commented, "set", "dev", "image.repository=other", "--release")
    environment, release = texts(commented)
    assert "repository" not in environment
    assert "repository: other  # of the day" in release


def test_the_json_names_both_files(commented: Path, gitops_gen: GitopsGen) -> None:
    gitops_gen(commented, "generate")
    result = gitops_gen(commented, "set", "dev", "--move", "hosts", "--release", "--dry-run", "--output", "json")
    (value,) = json.loads(result.out)["values"]
    assert (value["movedFrom"], value["file"]) == ("environments/dev/environment.yaml", "environments/dev/release.yaml")
    assert (value["old"], value["new"]) == (["dev.example.com"], ["dev.example.com"])


def test_all_environments_move_what_they_have(good: Path, change: Change) -> None:
    change(good, "set", "--all", "--move", "hosts", "--release")
    for name in ("dev", "production"):
        release = load((good / f"environments/{name}/release.yaml").read_text(), "release.yaml")
        assert release["values"]["hosts"] == [f"{name}.example.com"]


def test_a_default_moves_into_the_releases_of_all(good: Path, change: Change) -> None:
    text = (good / "gitops.yaml").read_text()
    (good / "gitops.yaml").write_text(
        text.replace(
            "defaults:\n  cluster: eu", "defaults:\n  values:\n    # how\n    settings: {mode: fast}\n  cluster: eu"
        )
    )
    change(good, "generate")
    change(good, "set", "--all", "--move", "settings.mode", "--release")
    for name in ("dev", "production"):
        release = load((good / f"environments/{name}/release.yaml").read_text(), "release.yaml")
        assert release["values"]["settings"] == {"mode": "fast"}
    assert "settings" not in (good / "gitops.yaml").read_text()


def test_a_stages_default_moves_into_its_releases(good: Path, change: Change) -> None:
    change(good, "set", "--stage", "production", "--move", "replicas", "--release")
    assert "replicas: 2" in (good / "environments/production/release.yaml").read_text()
    assert "environments/dev/release.yaml" not in changed(good)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("dev", "--move", "hosts"), "--release"),
        (
            ("production", "--move", "replicas", "--release"),
            "`gitops-gen set --stage production --release --move replicas`",
        ),
        (("dev", "--move", "replicas", "--release"), "chart's default"),
        (("dev", "--move", "global.environment", "--release"), "inject"),
        (("dev", "--move", "host", "--release"), "did you mean `hosts`?"),
        (("dev", "--move", "hosts=a", "--release"), "--move KEY"),
    ],
)
def test_what_cannot_be_moved(good: Path, gitops_gen: GitopsGen, words: tuple[str, ...], hint: str) -> None:
    result = gitops_gen(good, "set", *words)
    assert result.code == 2
    assert hint in result.err
    assert is_clean(good)


def test_what_exists_changes_nothing(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "set", "dev", "--move", "image.tag", "--release")
    assert result.code == 0
    assert "nothing changes" in result.err


def below_values(style: str) -> str:
    """The style's text as the map `values`; empty where it means something else there, or is no map with keys."""
    text = before(style)
    if text.startswith(("%", "---", "\ufeff")) or "\t" in text:
        return ""
    wrapped = "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))
    source, data = f"values:\n{wrapped}", load(text, style)
    return source if data and isinstance(data, dict) and same(load(source, style), {"values": data}) else ""


MOVABLE = [style for style in NAMES if below_values(style)]


def test_most_styles_can_be_moved() -> None:
    assert len(MOVABLE) >= 30


@pytest.mark.parametrize("style", MOVABLE)
def test_any_key_of_any_style_can_be_moved(style: str) -> None:
    source, data = below_values(style), load(before(style), style)
    for key in data:
        left, cutting = cut(source, ("values", key), style)
        assert same(load(left, style), {"values": {name: item for name, item in data.items() if name != key}})
        target = "values:\n    other: 1\n"
        assert same(
            load(pasted(target, ("values", key), cutting, style), style),
            assigned({"values": {"other": 1}}, ("values", key), data[key]),
        )
