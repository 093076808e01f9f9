"""The CI files that `init` writes, run step by step from a clean clone: green when all is well, red when not."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_gen import __version__
from gitops_gen.cli import run
from tests.ci_run import Run, clean_clone, github, gitlab
from tests.conftest import REPOSITORY, GitopsGen, commit_all, git
from tests.starter_charts import chart, write

pytestmark = pytest.mark.slow

IMAGE = "image: {repository: web, tag: '1.0'}\n"
KINDS = {"reference": "", "chart": "", "folder": "services/shop"}
FACTS = {"github.base_ref": "main", "github.repository": "team/shop", "github.event.number": "7"}
PINNED = re.compile(r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A repository of each kind, committed."""
    return {kind: _made(kind, tmp_path_factory.mktemp(kind)) for kind in KINDS}


def _made(kind: str, folder: Path) -> Path:
    shop = chart(folder / "shop", IMAGE)
    top = folder / "repository"
    git(folder, "init", "--quiet", "--template=", str(top))
    around = [] if kind == "reference" else ["--chart", str(shop)]
    assert run(["--quiet", "-C", str(top), "init", KINDS[kind] or ".", *around]) == 0
    commit_all(top)
    return top


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def repository(kind: str, templates: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(templates[kind], tmp_path / "repository")


class Host:
    """Pull requests against a repository, and the runs that they cause."""

    def __init__(self, repository: Path, kind: str) -> None:
        self.repository, self.project = repository, repository / KINDS[kind]
        self._job = "gitops-services-shop" if kind == "folder" else "gitops"
        self._runs = 0

    def propose(self) -> None:
        """Commit what was changed on a separate branch."""
        git(self.repository, "switch", "--quiet", "--create", "change")
        commit_all(self.repository)
        git(self.repository, "switch", "--quiet", "main")

    def _clone(self, branch: str) -> Path:
        self._runs += 1
        return clean_clone(self.repository, self.repository.parent / f"run-{self._runs}/clone", branch)

    def github(
        self, branch: str = "main", *, env: dict[str, str] | None = None, facts: dict[str, str] | None = None
    ) -> Run:
        event = "push" if branch == "main" else "pull_request"
        clone = self._clone(branch)
        workflow = clone / f".github/workflows/{self._job}.yaml"
        return github(clone, workflow, FACTS | (facts or {}) | {"github.event_name": event}, env)

    def gitlab(self, branch: str = "main", **env: str) -> Run:
        clone = self._clone(branch)
        file = clone / (".gitlab/gitops-services-shop.yml" if "services" in self._job else ".gitlab-ci.yml")
        merge = {"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "origin/main"}
        where = {"CI_API_V4_URL": "https://git.example.org/api/v4", "CI_PROJECT_ID": "1"}
        return gitlab(clone, file, {**where, **(merge if branch != "main" else {}), **env})

    def bots(self, where: str, branch: str) -> Run:
        """The job that a push to a bot's branch starts, in a clone that pushes to the repository."""
        clone = self._clone("main")
        git(clone, "switch", "--quiet", branch)
        if where == "github":
            facts = {"github.event_name": "push", "github.ref_name": branch}
            return github(clone, clone / f".github/workflows/{self._job}-bots.yaml", facts)
        file = clone / (".gitlab/gitops-services-shop.yml" if "services" in self._job else ".gitlab-ci.yml")
        given = {"CI_COMMIT_BRANCH": branch, "GITLAB_TOKEN": "t", "CI_SERVER_HOST": "h", "CI_PROJECT_PATH": "p"}
        rewritten = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{self.repository}.insteadOf"}
        return gitlab(clone, file, given | rewritten | {"GIT_CONFIG_VALUE_0": "https://bots:t@h/p.git"})


@pytest.fixture
def host(repository: Path, kind: str) -> Host:
    return Host(repository, kind)


def bump(host: Host, gitops_gen: GitopsGen) -> None:
    key = "image.tag" if (host.project / "helm/shop").exists() else "app.image.tag"
    assert gitops_gen(host.project, "set", "dev", f"{key}=9.9.9").code == 0
    host.propose()


def break_chart(host: Host, gitops_gen: GitopsGen) -> None:
    """A chart that fails for one environment, with generated files that fit."""
    (made,) = (host.project / "helm").iterdir()
    fault = '{{ if contains "production" .Release.Namespace }}{{ fail "not in production" }}{{ end }}\n'
    (made / "templates/fault.yaml").write_text(fault)
    assert gitops_gen(host.project, "generate").code == 0


def test_main_is_green(host: Host) -> None:
    result = host.github()
    assert result.failed == "", result.said
    assert result.calls == [f"pip install ./{_wheel(host)}"]
    result = host.gitlab()
    assert result.failed == "", result.said
    assert not [call for call in result.calls if call.startswith("curl")]


def _wheel(host: Host) -> str:
    (file,) = (host.project / ".gitops-gen").glob("*.whl")
    return file.relative_to(host.repository).as_posix()


def test_a_pull_request_shows_the_difference(host: Host, gitops_gen: GitopsGen) -> None:
    bump(host, gitops_gen)

    result = host.github("change")
    assert result.failed == "", result.said
    looked, sent = [call for call in result.calls if call.startswith("gh")]
    assert "--paginate repos/team/shop/issues/7/comments" in looked
    assert "--method POST repos/team/shop/issues/7/comments" in sent
    assert 'select(.user.login == "github-actions[bot]" and ' in looked, "anybody can write a comment with the marker"
    assert "9.9.9" in result.comment

    again = host.github("change", env={"COMMENT": "4711"})
    assert again.failed == ""
    assert again.calls[-1].startswith("gh api --silent --method PATCH repos/team/shop/issues/comments/4711 ")

    fork = host.github("change", facts={"fork": "yes"})
    assert fork.failed == ""
    assert not [call for call in fork.calls if call.startswith("gh")]

    merge_request = host.gitlab("change", GITLAB_TOKEN="t")
    assert merge_request.failed == "", merge_request.said
    assert any("merge_requests/7/notes" in call for call in merge_request.calls)


@pytest.mark.parametrize("kind", ["chart"], indirect=True)
def test_a_pull_request_without_a_difference(host: Host) -> None:
    write(host.project, {"README.md": "other\n"})
    host.propose()
    result = host.github("change")
    assert (result.failed, result.comment) == ("", "")
    again = host.github("change", env={"COMMENT": "4711"})
    assert again.comment.splitlines()[1:] == ["Nothing changes in the cluster."]


@pytest.mark.parametrize("kind", ["chart"], indirect=True)
def test_stale_files_are_red(host: Host) -> None:
    file = host.project / "environments/dev/environment.yaml"
    file.write_text(file.read_text() + "namespace: elsewhere\n")
    host.propose()
    assert host.github("change").failed == "Nothing would fail in the cluster"
    assert host.gitlab("change").failed


def test_an_environment_that_does_not_render_is_red_everywhere(host: Host, gitops_gen: GitopsGen) -> None:
    break_chart(host, gitops_gen)
    host.propose()
    for result in (host.github("change"), host.gitlab("change")):
        assert result.failed
        assert "not in production" in result.said
    git(host.repository, "merge", "--quiet", "change")
    assert host.github().failed == "Nothing would fail in the cluster"
    assert host.gitlab().failed


def test_a_workspace_around_a_chart_with_findings(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    shop = chart(tmp_path / "shop", IMAGE)
    job = "spec: {template: {spec: {containers: [{name: c, image: i}]}}}\n"
    write(shop, {"templates/job.yaml": f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: job}}\n{job}"})
    made = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", "--template=", str(made))
    assert gitops_gen(made, "init", ".", "--workspace", "--chart", str(shop)).code == 0
    commit_all(made)
    host = Host(made, "chart")
    for result in (host.github(), host.gitlab()):
        assert result.failed == "", result.said
    assert "check: render\n" in (made / ".github/workflows/gitops.yaml").read_text()


def test_what_is_installed_can_be_given(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    source = "git+https://git.example.org/tools/gitops-gen.git@v1.0.0"
    chart(tmp_path / "shop", IMAGE)
    assert gitops_gen(tmp_path, "init", "new", "--chart", str(tmp_path / "shop"), "--install", source).code == 0
    for name in (".gitlab-ci.yml", "README.md"):
        assert f"pip install {source}" in (tmp_path / "new" / name).read_text()
    for name in ("gitops.yaml", "gitops-bots.yaml"):
        assert f"          install: {source}\n" in (tmp_path / "new/.github/workflows" / name).read_text()
    assert not list((tmp_path / "new/.gitops-gen").glob("*.whl"))


def test_without_a_source_ci_says_what_to_set(
    templates: dict[str, Path], tmp_path: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that was never installed cannot say where it can be had."""
    monkeypatch.setattr("gitops_gen.commands.init.install_source", lambda: "")
    monkeypatch.setattr("gitops_gen.commands.init.wheel", lambda: None)
    chart(tmp_path / "shop", IMAGE)
    git(tmp_path, "init", "--quiet", "--template=", "repository")
    assert templates
    assert gitops_gen(tmp_path / "repository", "init", ".", "--chart", str(tmp_path / "shop")).code == 0
    commit_all(tmp_path / "repository")
    host = Host(tmp_path / "repository", "chart")

    unset = host.github(facts={"vars.GITOPS_GEN_INSTALL": ""})
    assert unset.failed == "Install gitops-gen"
    assert "set the variable GITOPS_GEN_INSTALL" in unset.said
    known = host.github(facts={"vars.GITOPS_GEN_INSTALL": "git+https://git.example.org/g.git@v1"})
    assert (known.failed, known.calls) == ("", ["pip install git+https://git.example.org/g.git@v1"])
    assert host.gitlab().failed
    assert host.gitlab(GITOPS_GEN_INSTALL="x").failed == ""


def test_the_action_is_used_from_where_it_is_published(
    tmp_path: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "f" * 40
    source = f"git+https://github.com/team/gitops-gen.git@{commit}"
    monkeypatch.setattr("gitops_gen.commands.init.install_source", lambda: source)
    made = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", "--template=", str(made))
    assert gitops_gen(made, "init", "services/shop").code == 0
    commit_all(made)
    assert not (made / ".github/actions").exists()
    for name in ("gitops-services-shop", "gitops-services-shop-bots"):
        text = (made / f".github/workflows/{name}.yaml").read_text()
        assert (
            f"uses: team/gitops-gen@{commit} # v{__version__}\n        with:\n          directory: services/shop"
            in text
        )
        assert "install" not in text
    result = Host(made, "folder").github()
    assert (result.failed, result.calls) == ("", [f"pip install {REPOSITORY}"])


@pytest.mark.parametrize("kind", ["chart"], indirect=True)
def test_actions_are_pinned_and_may_do_little(repository: Path) -> None:
    text = (repository / ".github/workflows/gitops.yaml").read_text()
    uses = [line.strip(" -") for line in text.splitlines() if "uses:" in line]
    assert uses
    assert [line for line in uses if not PINNED.fullmatch(line)] == ["uses: ./.github/actions/gitops"]
    assert "persist-credentials: false" in text
    assert "permissions: {}\n" in text
    assert re.findall(r"^      ([\w-]+): (read|write)", text, re.MULTILINE) == [
        ("contents", "read"),
        ("pull-requests", "write"),
    ]


def test_zizmor_finds_nothing(repository: Path) -> None:
    argv = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--min-severity", "medium", "."]
    done = subprocess.run(argv, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_installed_by_a_name_that_is_not_ours(templates: dict[str, Path]) -> None:
    by_name = re.compile(r"(pip|pipx) install ['\"]?gitops-gen\b")
    assert by_name.search("pipx install gitops-gen")
    for folder in templates.values():
        files = [file for file in git(folder, "ls-files").splitlines() if file.endswith((".yaml", ".yml", ".md"))]
        assert [file for file in files if file.endswith("README.md")]
        assert [file for file in files if by_name.search((folder / file).read_text())] == []
    assert "gitops-gen==" not in "".join(path.read_text() for path in (REPOSITORY / "gitops_gen/starter").rglob("*.j2"))


@pytest.mark.parametrize("file", ["release.yaml", "values.yaml"])
@pytest.mark.parametrize("where", ["github", "gitlab"])
def test_the_job_for_bots_completes_a_change(file: str, where: str, host: Host, gitops_gen: GitopsGen) -> None:
    """Renovate edits the input, Image Updater the generated values."""
    git(host.repository, "switch", "--quiet", "--create", "image-updater-1")
    edited = host.project / "environments/dev" / file
    edited.write_text(re.sub(r"(tag: )\S+", r"\g<1>9.9.9", edited.read_text()))
    commit_all(host.repository)
    assert gitops_gen(host.project, "generate", "--check").code == 1
    git(host.repository, "switch", "--quiet", "main")

    result = host.bots(where, "image-updater-1")

    assert result.failed == "", result.said
    git(host.repository, "switch", "--quiet", "image-updater-1")
    assert gitops_gen(host.project, "generate", "--check").code == 0
    for name in ("release.yaml", "values.yaml"):
        assert re.search(r"tag: [\"']?9\.9\.9\b", (host.project / "environments/dev" / name).read_text())
    head = git(host.repository, "rev-parse", "HEAD")
    git(host.repository, "switch", "--quiet", "main")
    assert host.bots(where, "image-updater-1").failed == "", "a second run, which the push starts"
    assert git(host.repository, "rev-parse", "image-updater-1") == head


def test_a_change_that_cannot_be_completed_fails(host: Host) -> None:
    git(host.repository, "switch", "--quiet", "--create", "renovate/x")
    (host.project / "environments/dev/release.yaml").write_text("kind: Nothing\n")
    commit_all(host.repository)
    git(host.repository, "switch", "--quiet", "main")
    for where, step in (("github", "Complete the change"), ("gitlab", "script")):
        assert host.bots(where, "renovate/x").failed == step
