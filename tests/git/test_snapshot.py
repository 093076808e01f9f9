"""Commits are read from any kind of repository, byte for byte, and bad refs are refused before git sees them."""

import subprocess
from pathlib import Path

import pytest

from gitops_gen.cli import run
from gitops_gen.compare.fleet import Engines
from gitops_gen.compare.states import Question, diff
from gitops_gen.errors import GitopsError, UsageError
from gitops_gen.git.paths import PathError
from gitops_gen.git.snapshot import CommitFiles, Repository, WorkingFiles
from tests.compare.diff_fleet import Fleet, git, make_fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    fleet = make_fleet(tmp_path / "fleet")
    return fleet.replace("environments/dev/release.yaml", "shop:1.0.0", "shop:2.0.0").commit("next")


def names(folder: Path, *refs: str) -> list[str]:
    return [item.name for item in diff(folder, Question(refs=refs), Engines(cached=False)).environments]


def test_a_bare_repository(fleet: Fleet, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(fleet.folder), "bare.git")
    assert names(tmp_path / "bare.git", "start", "next") == ["dev"]


def test_a_bare_repository_in_a_working_tree(fleet: Fleet) -> None:
    git(fleet.folder, "clone", "--quiet", "--bare", str(fleet.folder), "bare.git")
    assert names(fleet.folder / "bare.git", "start", "next") == ["dev"]


def test_a_linked_worktree(fleet: Fleet, tmp_path: Path) -> None:
    git(fleet.folder, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "start")
    assert names(tmp_path / "linked") == []
    assert names(tmp_path / "linked", "next") == ["dev"]


def test_a_project_below_the_top_with_its_chart_outside(fleet: Fleet, tmp_path: Path) -> None:
    top = tmp_path / "mono"
    (top / "teams").mkdir(parents=True)
    fleet.folder.rename(top / "teams/shop")
    subprocess.run(["rm", "-r", str(top / "teams/shop/.git")], check=True)
    (top / "teams/shop/chart").rename(top / "chart")
    mono = Fleet(top).replace("teams/shop/gitops.yaml", "path: chart", "path: ../../chart")
    git(top, "init", "--quiet", "--template=")
    mono.commit("start").replace("chart/values.yaml", "replicas: 2", "replicas: 3").commit("next")
    assert len(names(top / "teams/shop/environments", "start", "next")) == 4
    assert names(top / "teams/shop", "next", "next") == []


def test_a_shallow_clone_says_how_to_deepen_it(fleet: Fleet, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--no-tags", f"file://{fleet.folder}", "shallow")
    with pytest.raises(UsageError) as error:
        names(tmp_path / "shallow", "start")
    assert "shallow" in error.value.hint
    assert "fetch-depth: 0" in error.value.hint


def test_a_branch_that_only_the_remote_has(fleet: Fleet, tmp_path: Path) -> None:
    git(fleet.folder, "branch", "feature")
    git(tmp_path, "clone", "--quiet", str(fleet.folder), "clone")
    with pytest.raises(UsageError) as error:
        Repository(tmp_path / "clone").commit("feature")
    assert error.value.hint == "did you mean `origin/feature`?"


@pytest.mark.parametrize(
    "ref", ["", "-", "--output=stolen", "-O", "--upload-pack=x", "no such", "HEAD:chart", "start..next"]
)
def test_refs_that_are_none(fleet: Fleet, ref: str) -> None:
    with pytest.raises(UsageError):
        Repository(fleet.folder).commit(ref)


def test_an_option_as_a_ref_writes_nothing(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(fleet.folder), "diff", "--", "--output=stolen"]) == 2
    assert not list(fleet.folder.rglob("stolen"))
    assert "is not a revision" in capsys.readouterr().err


def test_outside_of_a_repository(tmp_path: Path) -> None:
    with pytest.raises(GitopsError, match="is not in a git repository"):
        Repository(tmp_path).commit("HEAD")


def test_export_attributes_and_filters_take_no_part(fleet: Fleet, tmp_path: Path) -> None:
    (fleet.folder / ".gitattributes").write_text(
        "environments export-ignore\n*.yaml export-subst eol=crlf filter=lfs\n"
    )
    text = "a: $Format:%H$\n"
    (fleet.folder / "odd.yaml").write_text(text)
    fleet.commit("attributes")
    git(fleet.folder, "config", "filter.lfs.smudge", "false")
    git(fleet.folder, "config", "filter.lfs.required", "true")
    repository = Repository(fleet.folder)
    files = CommitFiles(repository, repository.commit("attributes"), tmp_path / "out")
    files.need(["odd.yaml", "environments"])
    assert (tmp_path / "out/odd.yaml").read_bytes() == text.encode()
    assert (tmp_path / "out/environments/dev/release.yaml").is_file()


def test_names_with_spaces_and_newlines(fleet: Fleet, tmp_path: Path) -> None:
    odd = fleet.folder / "chart/files/a b\nc ü.txt"
    odd.parent.mkdir()
    odd.write_bytes(b"\0binary\n\n")
    fleet.commit("odd")
    repository = Repository(fleet.folder)
    CommitFiles(repository, repository.commit("odd"), tmp_path / "out").need(["chart"])
    assert (tmp_path / "out/chart/files/a b\nc ü.txt").read_bytes() == b"\0binary\n\n"


def test_the_working_tree_names_content_as_git_does(fleet: Fleet, tmp_path: Path) -> None:
    (fleet.folder / "chart/link").symlink_to("values.yaml")
    fleet.commit("link")
    repository = Repository(fleet.folder)
    commit = repository.commit("link")
    paths = ["chart", "environments", "gitops.yaml"]
    there = CommitFiles(repository, commit, tmp_path).ids(paths)
    assert WorkingFiles(fleet.folder, len(commit)).ids(paths) == there


def test_a_symlink_is_followed_inside_the_commit(fleet: Fleet, tmp_path: Path) -> None:
    (fleet.folder / "chart/folder").symlink_to("../environments")
    (fleet.folder / "chart/inside").symlink_to("folder/../chart/values.yaml")
    fleet.commit("links")
    repository = Repository(fleet.folder)
    CommitFiles(repository, repository.commit("links"), tmp_path / "out").need(["chart/inside"])
    assert (tmp_path / "out/chart/inside").read_text() == (fleet.folder / "chart/values.yaml").read_text()


@pytest.mark.parametrize("target", ["/etc/hostname", "../../../outside", "up/outside", "gone/../../../outside"])
def test_a_symlink_out_of_the_commit_is_refused(fleet: Fleet, tmp_path: Path, target: str) -> None:
    (fleet.folder / "chart/up").symlink_to("../..")
    (fleet.folder / "chart/away").symlink_to(target)
    fleet.commit("links")
    repository = Repository(fleet.folder)
    with pytest.raises(PathError) as error:
        CommitFiles(repository, repository.commit("links"), tmp_path / "a/b").need(["chart/away"])
    assert error.value.problems[0].file == "chart/away"
    assert not (tmp_path / "a").exists()


def test_a_tree_that_leads_out_of_itself_is_refused(fleet: Fleet, tmp_path: Path) -> None:
    blob = git(fleet.folder, "rev-parse", "HEAD:gitops.yaml").strip()
    content = b"100644 ..\0" + bytes.fromhex(blob)
    argv = ["git", "hash-object", "-t", "tree", "--literally", "-w", "--stdin"]
    tree = (
        subprocess.run(argv, cwd=fleet.folder, input=content, capture_output=True, check=True).stdout.decode().strip()
    )
    commit = git(fleet.folder, "commit-tree", tree, "-m", "bad").strip()
    with pytest.raises(GitopsError, match="outside of the repository"):
        CommitFiles(Repository(fleet.folder), commit, tmp_path / "out").need([""])


def test_nothing_in_the_working_tree_is_touched(fleet: Fleet) -> None:
    fleet.replace("environments/staging/release.yaml", "shop:1.0.0", "shop:3.0.0")
    before = git(fleet.folder, "status", "--porcelain")
    index = (fleet.folder / ".git/index").read_bytes()
    names(fleet.folder, "start", "next")
    names(fleet.folder)
    assert git(fleet.folder, "status", "--porcelain") == before
    assert (fleet.folder / ".git/index").read_bytes() == index
