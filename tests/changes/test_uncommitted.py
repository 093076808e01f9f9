"""What is uncommitted never gets into a commit of something else: it stops the commit, or stays where it is."""

from pathlib import Path

import pytest

from gitops_gen.yaml.editing.document import set_value
from gitops_gen.yaml.reader import load
from tests.changes.conftest import head, is_clean
from tests.conftest import GitopsGen, commit_all, git, tree

pytestmark = pytest.mark.slow

DEV = "environments/dev/environment.yaml"
PRODUCTION = "environments/production/environment.yaml"
RELEASE = "environments/dev/release.yaml"
CLUSTER = "clusters:\n  new: {server: https://new.example.com}\n"


def edit(folder: Path, path: str, extra: str = "values: {settings: {size: 3Gi}}\n") -> None:
    file = folder / path
    file.write_text(file.read_text() + extra)


def replicas(folder: Path, path: str, number: int) -> None:
    """Change or add `values.replicas` of an environment by hand."""
    file = folder / path
    file.write_text(set_value(file.read_text(), ("values", "replicas"), number, path))


def is_fresh_at(folder: Path, commit: str, scratch: Path, gitops_gen: GitopsGen) -> bool:
    """Whether a fresh clone of the commit is as `generate` makes it."""
    clone = scratch / f"clone-{commit[:12]}"
    git(scratch, "clone", "-q", "--no-checkout", str(folder), str(clone))
    git(clone, "checkout", "-q", "--detach", f"origin/{commit}" if commit == "up" else commit)
    return gitops_gen(clone, "generate", "--check").code == 0


def stopped(gitops_gen: GitopsGen, folder: Path, file: str, *words: str) -> None:
    """The command names the file and changes nothing."""
    before, at = tree(folder), head(folder)
    result = gitops_gen(folder, *words)
    assert result.code == 1, result.err
    assert f"{file}: has uncommitted changes" in result.err
    assert f"git stash push -u -- {file}" in result.err
    assert (tree(folder), head(folder)) == (before, at)


@pytest.mark.parametrize("how", [("--commit",), ("--branch", "up"), ("--push",)])
@pytest.mark.usefixtures("origin")
def test_an_input_of_the_environment_stops_it(good: Path, gitops_gen: GitopsGen, how: tuple[str, ...]) -> None:
    replicas(good, DEV, 7)
    stopped(gitops_gen, good, DEV, "set", "dev", "image.tag=3.0.0", *how)


def test_a_generated_file_that_follows_an_uncommitted_input_is_no_way_in(good: Path, gitops_gen: GitopsGen) -> None:
    replicas(good, DEV, 7)
    assert gitops_gen(good, "generate").code == 0
    stopped(gitops_gen, good, DEV, "set", "dev", "image.tag=3.0.0", "--commit")


def test_a_default_that_reaches_the_environment_stops_it(good: Path, gitops_gen: GitopsGen) -> None:
    project = good / "gitops.yaml"
    project.write_text(project.read_text().replace("      replicas: 2", "      replicas: 9"))
    stopped(gitops_gen, good, "gitops.yaml", "set", "production", "image.tag=3.0.0", "--commit")


def test_an_uncommitted_release_is_not_promoted(good: Path, gitops_gen: GitopsGen) -> None:
    release = good / RELEASE
    release.write_text(release.read_text().replace("1.4.2", "1.9.9"))
    stopped(gitops_gen, good, RELEASE, "promote", "dev", "production", "--commit")


def test_a_cluster_that_is_not_committed_gets_no_environment(good: Path, gitops_gen: GitopsGen) -> None:
    project = good / "gitops.yaml"
    project.write_text(project.read_text().replace("clusters:\n", CLUSTER))
    words = ("env", "clone", "dev", "dev-2", "--cluster", "new", "--shared", "--commit")
    stopped(gitops_gen, good, "gitops.yaml", *words)


def test_an_environment_that_is_not_committed_is_not_changed(good: Path, gitops_gen: GitopsGen) -> None:
    for name in ("environment.yaml", "release.yaml"):
        target = good / "environments/qa" / name
        target.parent.mkdir(exist_ok=True)
        target.write_text((good / "environments/dev" / name).read_text())
    assert gitops_gen(good, "generate").code == 0
    stopped(gitops_gen, good, "environments/qa/environment.yaml", "set", "qa", "image.tag=3.0.0", "--commit")
    words = ("env", "add", "qa-2", "--stage", "dev", "--release-of", "qa", "--commit")
    stopped(gitops_gen, good, "environments/qa/environment.yaml", *words)


def test_an_environment_that_git_ignores_is_not_published(good: Path, gitops_gen: GitopsGen) -> None:
    (good / ".git/info").mkdir(exist_ok=True)
    (good / ".git/info/exclude").write_text("environments/mine/\n")
    target = good / "environments/mine/environment.yaml"
    target.parent.mkdir()
    target.write_text((good / DEV).read_text())
    (target.parent / "release.yaml").write_text((good / RELEASE).read_text())
    stopped(gitops_gen, good, "environments/mine/environment.yaml", "set", "--all", "image.tag=3.0.0", "--commit")


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_is_set_to_overlook_is_not_published(
    good: Path, gitops_gen: GitopsGen, tmp_path: Path, flag: str
) -> None:
    replicas(good, DEV, 7)
    git(good, "update-index", flag, DEV)
    result = gitops_gen(good, "set", "dev", "image.tag=3.0.0", "--commit")
    assert "replicas: 7" not in git(good, "show", "HEAD:environments/dev/values.yaml")
    assert is_fresh_at(good, head(good), tmp_path, gitops_gen), result.err


@pytest.mark.parametrize("how", [("--commit",), ("--branch", "up"), ("--push",)])
@pytest.mark.usefixtures("origin")
def test_what_has_nothing_to_do_with_it_stays_as_it_is(
    good: Path, gitops_gen: GitopsGen, tmp_path: Path, how: tuple[str, ...]
) -> None:
    replicas(good, PRODUCTION, 7)
    edit(good, "gitops.yaml", "# thinking\n")
    (good / "notes").write_text("mine\n")
    git(good, "add", "notes")
    result = gitops_gen(good, "set", "dev", "image.tag=3.0.0", *how)
    assert result.code == 0, result.err
    made = git(good, "rev-parse", "up" if "up" in how else "HEAD").strip()
    assert git(good, "show", "--name-only", "--format=", made).split() == [
        RELEASE,
        "environments/dev/values.yaml",
    ]
    assert is_fresh_at(good, made, tmp_path, gitops_gen)
    left = git(good, "status", "--porcelain").splitlines()
    assert left == [f" M {PRODUCTION}", " M gitops.yaml", "A  notes"]


def test_another_environment_that_is_half_written_is_no_hindrance(good: Path, gitops_gen: GitopsGen) -> None:
    edit(good, PRODUCTION, "values: [\n")
    result = gitops_gen(good, "rollback", "dev")
    assert "no commit" not in result.err
    result = gitops_gen(good, "set", "dev", "image.tag=3.0.0", "--commit")
    assert result.code == 0, result.err


def test_a_dry_run_says_what_would_stop_it(good: Path, gitops_gen: GitopsGen) -> None:
    replicas(good, DEV, 7)
    stopped(gitops_gen, good, DEV, "set", "dev", "image.tag=3.0.0", "--commit", "--dry-run")


def test_without_a_commit_the_working_tree_counts(good: Path, gitops_gen: GitopsGen) -> None:
    replicas(good, DEV, 7)
    assert gitops_gen(good, "set", "dev", "image.tag=3.0.0").code == 0
    assert "replicas: 7" in (good / "environments/dev/values.yaml").read_text()


def test_nothing_is_committed_on_nothing(good: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    (good / ".git").rename(tmp_path / "old")
    git(good, "init", "-q", "--template=")
    result = gitops_gen(good, "set", "dev", "image.tag=1.5.0", "--commit")
    assert result.code == 1
    assert "the repository has no commits" in result.err


def test_a_dependency_that_git_ignores_is_available_outside_the_checkout(good: Path, gitops_gen: GitopsGen) -> None:
    """Argo CD builds a chart's dependencies itself, so that many ignore `charts/`."""
    chart = good / "chart/Chart.yaml"
    chart.write_text(chart.read_text() + "dependencies: [{name: dep, version: 1.0.0, repository: https://x.example}]\n")
    (good / "chart/values.schema.json").unlink()  # it knows no `dep`
    (good / ".gitignore").write_text("charts/\n")
    (good / "chart/charts/dep").mkdir(parents=True)
    (good / "chart/charts/dep/Chart.yaml").write_text("apiVersion: v2\nname: dep\nversion: 1.0.0\n")
    (good / "chart/charts/dep/values.yaml").write_text('size: "3"\n')
    assert gitops_gen(good, "generate").code == 0
    commit_all(good)
    edit(good, PRODUCTION, "# thinking\n")
    result = gitops_gen(good, "set", "dev", "dep.size=4", "--environment", "--branch", "up")
    assert result.code == 0, result.err
    # What the dependency has there is a text, so this is one.
    assert load(git(good, "show", f"up:{DEV}"), DEV)["values"]["dep"]["size"] == "4"


@pytest.mark.parametrize("how", [("--commit",), ("--push",), ("--branch", "up")])
@pytest.mark.usefixtures("origin")
def test_a_hand_edit_is_adopted_from_the_working_tree(
    good: Path, gitops_gen: GitopsGen, tmp_path: Path, how: tuple[str, ...]
) -> None:
    file = good / "environments/dev/values.yaml"
    file.write_text(file.read_text().replace("tag: 1.4.2", "tag: 1.9.9"))
    edit(good, PRODUCTION, "# thinking\n")
    result = gitops_gen(good, "adopt", "dev", *how)
    assert result.code == 0, result.err
    made = git(good, "rev-parse", "up" if "up" in how else "HEAD").strip()
    assert "tag: 1.9.9" in git(good, "show", f"{made}:{RELEASE}")
    assert is_fresh_at(good, made, tmp_path, gitops_gen)


def test_a_hand_edit_is_adopted_on_top_of_what_others_pushed(
    good: Path, origin: Path, gitops_gen: GitopsGen, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(origin), "other")
    file = good / "environments/dev/values.yaml"
    file.write_text(file.read_text().replace("tag: 1.4.2", "tag: 1.9.9"))
    assert gitops_gen(tmp_path / "other", "set", "production", "image.tag=1.5.0", "--push").code == 0
    result = gitops_gen(good, "adopt", "dev", "--push")
    assert result.code == 0, result.err
    assert "tag: 1.9.9" in git(origin, "show", f"main:{RELEASE}")
    assert is_clean(good), result.err
    file.write_text(file.read_text().replace("tag: 1.9.9", "tag: 2.0.0"))
    git(tmp_path / "other", "pull", "-q")
    assert gitops_gen(tmp_path / "other", "set", "dev", "replicas=6", "--push").code == 0
    result = gitops_gen(good, "adopt", "dev", "--push")
    assert result.code == 1
    assert "environments/dev/values.yaml was also changed by others" in result.err
    assert "tag: 2.0.0" in file.read_text()
