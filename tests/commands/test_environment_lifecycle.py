"""`env add|clone|rename|remove`, `adopt`, `history` and `status`."""

import json
from pathlib import Path

import pytest

from tests.changes.conftest import head, is_clean, message
from tests.conftest import Change, GitopsGen, git, in_words, tree

pytestmark = pytest.mark.slow


def protect(folder: Path, name: str) -> None:
    file = folder / f"environments/{name}/environment.yaml"
    file.write_text(file.read_text().replace("values:", "protect: true\nvalues:"))


def test_add_takes_a_release_along(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "env", "add", "qa", "--stage", "dev", "--release-of", "production")
    assert result.code == 0, result.err
    assert (good / "environments/qa/release.yaml").read_text() == (
        good / "environments/production/release.yaml"
    ).read_text()
    assert "shop-qa" in result.err


@pytest.mark.parametrize("name", ["dev", "Not_A_Label", "-x", "../up"])
def test_add_refuses_a_name_that_cannot_be(good: Path, gitops_gen: GitopsGen, name: str) -> None:
    assert gitops_gen(good, "env", "add", "--stage", "dev", "--", name).code == 2
    assert is_clean(good)


def test_add_asks_for_a_stage(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "env", "add", "qa")
    assert (result.code, is_clean(good)) == (2, True)
    assert result.err == "error: `qa` needs a stage\n    add `--stage` with one of: dev, production\n"


@pytest.mark.parametrize("name", ["productoin", "x/../y"])
def test_history_of_an_environment_that_never_was(name: str, good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "history", name)
    assert (result.code, result.out) == (1, "")
    assert f"no environment `{name}`, now or in the history\n    " in result.err
    assert "production" in result.err


def test_clone_asks_for_what_must_differ(good: Path, gitops_gen: GitopsGen) -> None:
    file = good / "environments/production/environment.yaml"
    file.write_text(file.read_text().replace("values:", "namespace: shop-live\nsecrets: {path: shop/live}\nvalues:"))
    result = gitops_gen(good, "env", "clone", "production", "production-us")
    assert result.code == 2
    for word in ("--namespace", "shop-live", "--secret-path", "shop/live", "--host production.example.com=NEW"):
        assert word in result.err


def test_clone_takes_everything_else(good: Path, change: Change) -> None:
    file = good / "environments/production/environment.yaml"
    file.write_text("# ours\n" + file.read_text())
    change(good, "generate")
    change(
        good, "env", "clone", "production", "production-us", "--cluster", "us",
        "--host", "production.example.com=us.example.com", "--secret-path", "shop/us",
    )  # fmt: skip
    text = (good / "environments/production-us/environment.yaml").read_text()
    assert text.startswith("# ours\n")
    assert "hosts: [us.example.com]" in text
    assert "cluster: us" in text
    assert "path: shop/us" in text


def test_remove_refuses_to_delete_what_runs(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "env", "remove", "dev", "--commit")
    assert result.code == 1
    assert "would delete shop-dev and all its resources" in result.err
    assert "protect: true" in result.err
    change(good, "env", "remove", "dev", "--delete-running", "--commit")
    assert not (good / "environments/dev").exists()
    assert not (good / "argocd/applications/dev.yaml").exists()
    assert "Change: env remove" in message(good)


def test_remove_of_a_protected_one_says_how_to_finish(good: Path, change: Change) -> None:
    protect(good, "production")
    change(good, "generate")
    said = change(good, "env", "remove", "production")
    assert "argocd app delete shop-production --cascade=false" in said


def test_rename_is_a_removal_and_an_addition(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(good, "env", "rename", "dev", "test").code == 1
    text = (good / "environments/dev/environment.yaml").read_text()
    said = change(good, "env", "rename", "dev", "test", "--delete-running", "--commit")
    assert (good / "environments/test/environment.yaml").read_text() == text
    assert "deletes shop-dev" in said
    assert "creates the Application shop-test" in said


def test_rename_can_stay_in_its_namespace(good: Path, change: Change) -> None:
    protect(good, "dev")
    change(good, "generate")
    change(good, "env", "rename", "dev", "test", "--keep-namespace")
    assert "namespace: shop-dev" in (good / "environments/test/environment.yaml").read_text()


def edit_values(folder: Path, old: str, new: str, name: str = "dev") -> None:
    file = folder / f"environments/{name}/values.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_adopt_folds_each_edit_into_its_input(good: Path, change: Change) -> None:
    edit_values(good, "tag: 1.4.2", "tag: 1.9.0")
    edit_values(good, "- dev.example.com", "- dev.example.com\n- more.example.com\nreplicas: 9")
    change(good, "adopt", "dev", "--commit")
    assert "tag: 1.9.0" in (good / "environments/dev/release.yaml").read_text()
    text = (good / "environments/dev/environment.yaml").read_text()
    assert "more.example.com" in text
    assert "replicas: 9" in text


def test_adopt_overrides_a_shared_default(good: Path, change: Change) -> None:
    edit_values(good, "replicas: 2", "replicas: 5", "production")
    change(good, "adopt", "production")
    assert "replicas: 5" in (good / "environments/production/environment.yaml").read_text()
    assert git(good, "diff", "--name-only", "gitops.yaml") == ""


def test_adopt_names_what_has_no_place(good: Path, gitops_gen: GitopsGen) -> None:
    edit_values(good, "environment: dev", "environment: prod")
    result = gitops_gen(good, "adopt", "dev")
    assert result.code == 1
    assert "global.environment: comes from `inject`" in result.err


def test_adopt_cannot_remove_a_shared_default(good: Path, gitops_gen: GitopsGen) -> None:
    edit_values(good, "replicas: 2\n", "", "production")
    result = gitops_gen(good, "adopt", "production")
    assert result.code == 1
    assert "stage production" in result.err


def test_history_tells_releases_from_commits_of_anybody(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    (good / "environments/dev/release.yaml").write_text(
        (good / "environments/dev/release.yaml").read_text().replace("1.5.0", "1.6.0")
    )
    change(good, "generate")
    git(good, "commit", "-qam", "Bump by hand")
    change(good, "set", "--stage", "production", "replicas=8", "--commit")
    events = json.loads(gitops_gen(good, "history", "--output", "json").out)["events"]
    assert [
        (event["environment"], event["change"], *(list(map(in_words, event[part])) for part in ("release", "values")))
        for event in events[:3]
    ] == [
        ("production", "set", [], ["replicas 2 → 8"]),
        ("dev", None, ["image.tag 1.5.0 → 1.6.0"], []),
        ("dev", "set", ["image.tag 1.4.2 → 1.5.0"], []),
    ]
    assert {
        event["environment"] for event in json.loads(gitops_gen(good, "history", "dev", "-o", "json").out)["events"]
    } == {"dev"}
    assert "release  image.tag 1.5.0 → 1.6.0" in gitops_gen(good, "history", "dev").out


def test_history_follows_a_rename(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "env", "rename", "dev", "qa", "--delete-running", "--commit")
    change(good, "env", "clone", "qa", "dev", "--host", "dev.example.com=new.example.com", "--commit")
    change(good, "set", "qa", "image.tag=1.6.0", "--commit")

    def listed(*arguments: str) -> list[tuple[str, str, list[str]]]:
        events = json.loads(gitops_gen(good, "history", *arguments, "-o", "json").out)["events"]
        return [(event["environment"], event["change"], list(map(in_words, event["release"]))) for event in events]

    changes = [
        ("qa", "set", ["image.tag 1.5.0 → 1.6.0"]),
        ("qa", "env rename", []),
        ("dev", "set", ["image.tag 1.4.2 → 1.5.0"]),
    ]
    assert listed("qa")[:3] == changes
    assert listed("qa", "-n", "2") == changes[:2]
    assert [change for change in listed() if change[0] == "qa"] == changes[:2]
    assert listed("dev")[0][:2] == ("dev", "env clone")


@pytest.mark.usefixtures("origin")
def test_status_shows_what_waits_and_what_is_left_to_do(good: Path, change: Change, gitops_gen: GitopsGen) -> None:
    change(good, "set", "dev", "image.tag=1.5.0", "--commit")
    change(good, "set", "production", "replicas=3")
    edit_values(good, "tag: 1.5.0", "tag: 1.5.1")
    status = json.loads(gitops_gen(good, "status", "--output", "json").out)
    assert status["waiting"] == [
        {
            "sources": ["dev"],
            "targets": ["production"],
            "direction": "upgrade",
            "changes": [{"section": "values", "key": "image.tag", "old": "1.4.2", "new": "1.5.0"}],
            "otherReleases": 0,
        }
    ]
    assert status["git"]["ahead"] == 1
    assert "environments/production/environment.yaml" in status["uncommitted"]
    assert status["drift"] == [{"path": "environments/dev/values.yaml", "state": "edited"}]
    text = gitops_gen(good, "status").out
    assert "waits: dev to production: image.tag 1.4.2 → 1.5.0 (upgrade)" in text
    assert "not pushed: 1 commit on main" in text


def test_dry_runs_write_nothing(good: Path, gitops_gen: GitopsGen) -> None:
    before, at = tree(good), head(good)
    for words in (
        ("env", "add", "qa", "--stage", "dev", "--release-of", "dev"),
        ("env", "clone", "dev", "qa", "--shared"),
        ("env", "rename", "dev", "qa", "--delete-running"),
        ("env", "remove", "dev", "--delete-running"),
    ):
        assert gitops_gen(good, *words, "--dry-run", "--commit").code in (0, 1), words
    assert (tree(good), head(good)) == (before, at)
