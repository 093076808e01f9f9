"""`init` where people have a place for it: a new folder, a fresh clone, a folder of a repository; its options, its
copy of a chart, and what it says is next.
"""

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_gen import __version__
from gitops_gen.runtime.scratch import TEMPORARY
from gitops_gen.starter.install import direct_source, github_action, install_source
from gitops_gen.starter.wheel import FILE, wheel
from gitops_gen.yaml.reader import load
from tests.ci_run import clean_clone, github, gitlab
from tests.conftest import GitopsGen, Result, commit_all, git, tree
from tests.starter_charts import chart, packed, write

pytestmark = pytest.mark.slow

IMAGE = "image: {repository: web, tag: '1.0'}\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a repository in which nothing was committed yet."""
    folder = tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--template=", str(folder))
    git(folder, "remote", "add", "origin", "https://bot:s3cr3t@git.example.org/team/shop.git")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return chart(tmp_path / "shop", IMAGE)


def settings(folder: Path) -> dict[str, object]:
    data = load((folder / "gitops.yaml").read_text(), "gitops.yaml")
    assert isinstance(data, dict)
    return data


def workflow_of(file: Path) -> dict[str, Any]:
    """As GitHub reads it: `on` is a key like others."""
    data = yaml.load(file.read_text(), yaml.BaseLoader)
    assert isinstance(data, dict)
    return data


def release(folder: Path, environment: str = "dev") -> str:
    return (folder / f"environments/{environment}/release.yaml").read_text()


def cloned(folder: Path, target: Path) -> Path:
    """What somebody else gets after everything was committed."""
    commit_all(folder)
    git(target.parent, "clone", "--quiet", str(folder), str(target))
    return target


def test_a_clone_with_nothing_but_git_becomes_a_project(clone: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    result = gitops_gen(clone, "init", ".")

    assert result.code == 0, result.err
    assert settings(clone)["repository"] == "https://git.example.org/team/shop.git"
    assert "s3cr3t" not in "".join(content.decode(errors="replace") for content in tree(clone).values())
    assert gitops_gen(cloned(clone, tmp_path / "other"), "generate", "--check").code == 0
    assert not [path for path in clone.iterdir() if path.name.endswith(TEMPORARY)]


def test_what_is_there_stays(clone: Path, shop: Path, gitops_gen: GitopsGen) -> None:
    theirs = {
        "README.md": "theirs\n",
        "LICENSE": "theirs\n",
        ".gitignore": "*.log\n",
        ".github/workflows/gitops.yaml": "name: theirs\n",
        ".github/CODEOWNERS": "* @team\n",
        ".gitlab-ci.yml": "build: {script: [make]}\n",
        ".pre-commit-config.yaml": "repos: []\n",
        ".gitattributes": "*.png binary\n",
    }
    write(clone, theirs)

    result = gitops_gen(clone, "init", ".", "--chart", str(shop))

    assert result.code == 0, result.err
    assert {path: (clone / path).read_text() for path in theirs} == theirs
    for name in ("README.md", ".gitignore", ".gitattributes", ".pre-commit-config.yaml", ".gitlab-ci.yml"):
        assert f"note: {name} exists and is not changed" in result.err
    assert (clone / ".github/workflows/gitops-2.yaml").is_file()
    assert "include: [{local: .gitlab/gitops-2.yml}]" in result.err
    assert (clone / ".gitlab/gitops-2.yml").is_file()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"src/main.py": ""}, "in the way: src/"),
        ({"notes.txt": "", "README.md": ""}, "in the way: notes.txt"),
        ({f"{number}.txt": "" for number in range(9)}, "4.txt and 4 more"),
        ({"gitops.yaml": ""}, "already contains a project"),
        ({".github": "", ".gitlab-ci.yml": "", ".gitlab": ""}, ".github already exists"),
        ({"helm/x/Chart.yaml": ""}, "in the way: helm/"),
    ],
)
def test_what_is_in_the_way_is_named(files: dict[str, str], message: str, clone: Path, gitops_gen: GitopsGen) -> None:
    write(clone, files)
    before = tree(clone)

    result = gitops_gen(clone, "init", ".")

    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert tree(clone) == before


def test_a_file_is_no_place(clone: Path, gitops_gen: GitopsGen) -> None:
    (clone / "README.md").write_text("x")
    assert gitops_gen(clone, "init", "README.md").code == 2
    assert "README.md is a file" in gitops_gen(clone, "init", "README.md/deeper").err


@pytest.mark.parametrize("kind", ["reference", "chart"])
def test_every_fact_can_be_given(kind: str, shop: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    facts = [
        *("--name", "till", "--environment", "test=dev", "--environment", "live-eu=production", "--environment", "qa"),
        *("--namespace", "{cluster}-{environment}", "--cluster", "eu-1", "--server", "https://10.0.0.1:6443"),
        *("--repository", "git@git.example.org:team/till.git"),
    ]
    around = ["--chart", str(shop)] if kind == "chart" else []

    result = gitops_gen(tmp_path, "init", "new", *facts, *around)

    assert result.code == 0, result.err
    application = load((tmp_path / "new/argocd/applications/live-eu.yaml").read_text(), "live-eu")
    assert application["metadata"]["name"] == "till-live-eu"
    assert application["spec"]["destination"] == {"namespace": "eu-1-live-eu", "server": "https://10.0.0.1:6443"}
    assert application["spec"]["source"]["repoURL"] == "git@git.example.org:team/till.git"
    stages = settings(tmp_path / "new")["stages"]
    assert isinstance(stages, list)
    assert [stage["name"] for stage in stages] == ["dev", "production", "qa"]
    assert stages[1]["defaults"]["protect"] is True
    listed = gitops_gen(tmp_path / "new", "env", "list").out
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [
        ["test", "dev"],
        ["live-eu", "production"],
        ["qa", "qa"],
    ]
    assert gitops_gen(tmp_path / "new", "plan").code in ((0,) if kind == "reference" else (0, 1))
    assert "argocd cluster add CONTEXT --name eu-1" in result.err


def test_environments_of_one_stage_do_not_share_a_host(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    both = ["--environment", "eu=production", "--environment", "us=production"]
    assert gitops_gen(tmp_path, "init", "new", *both).code == 0
    assert "api.eu.example.com" in gitops_gen(tmp_path / "new", "render", "eu").out
    assert "api.eu.example.com" not in gitops_gen(tmp_path / "new", "render", "us").out


def test_names_that_yaml_takes_for_something_else(shop: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    odd = ["--name", "123", "--environment", "on=off", "--environment", "0=1", "--cluster", "null"]
    assert gitops_gen(tmp_path, "init", "odd", "--chart", str(shop), *odd).code == 0
    assert gitops_gen(tmp_path, "init", "odd-reference", *odd).code == 0
    for name in ("odd", "odd-reference"):
        assert gitops_gen(tmp_path / name, "generate", "--check").code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--name", "My_App"], "--name: `My_App` is not a valid project name"),
        (["--name", "x" * 54], "at most 53"),
        (["--environment", "Dev"], "--environment: `Dev` is not a DNS label"),
        (["--environment", "dev="], "--environment: `` is not a DNS label"),
        (["--environment", "a=dev", "--environment", "a=qa"], "`a` is given twice"),
        (["--namespace", "shop"], "gives several environments the same namespace"),
        (["--namespace", "{enviroment}"], "did you mean `environment`"),
        (["--namespace", "UP-{environment}"], "is not a DNS label"),
        (["--cluster", "a b"], "--cluster: `a b` is not a DNS label"),
        (["--server", "10.0.0.1"], "--server: `10.0.0.1` is not a URL of an API server"),
        (["--server", "https://admin:pw@10.0.0.1"], "is not a URL of an API server"),
        (["--repository", "../here"], "--repository: `../here` is not a URL of a git repository"),
        (["--repository", "https://bot:s3cr3t@git.example.org/x.git"], "credentials"),
        (["--repository", "https://ghp_token@git.example.org/x.git"], "credentials"),
        (["--repository", "ssh://git:pw@git.example.org/x.git"], "credentials"),
        (["--install", "a b"], "--install: pip cannot install `a b`"),
        (["--install", "x; rm -rf /"], "pip cannot install `x; rm -rf /`"),
        (["--install", "$(id)"], "pip cannot install `$(id)`"),
    ],
)
def test_a_wrong_option_is_reported_and_nothing_written(
    options: list[str], message: str, tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    result = gitops_gen(tmp_path, "init", "new", *options)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert "s3cr3t" not in result.err
    assert list(tmp_path.iterdir()) == []


def test_several_wrong_options_are_reported_at_once(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(tmp_path, "init", "new", "--name", "A", "--server", "x", "--cluster", "B")
    assert result.code == 2
    assert [line.partition(":")[0] for line in result.err.splitlines() if line.startswith("--")] == [
        "--cluster",
        "--name",
        "--server",
    ]


@pytest.mark.parametrize(
    ("origin", "repository"),
    [
        ("https://git.example.org/a.git", "https://git.example.org/a.git"),
        ("https://token@git.example.org/a.git", "https://git.example.org/a.git"),
        ("git@git.example.org:team/a.git", "git@git.example.org:team/a.git"),
        ("ssh://git@git.example.org:2222/a.git", "ssh://git@git.example.org:2222/a.git"),
        ("ssh://git:pw@git.example.org/a.git", "ssh://git@git.example.org/a.git"),
        ("/srv/git/a.git", "https://git.example.com/team/gitops.git"),
        ("../a.git", "https://git.example.com/team/gitops.git"),
        ("file:///srv/git/a.git", "https://git.example.com/team/gitops.git"),
    ],
)
def test_the_repository_is_the_origin(
    origin: str, repository: str, clone: Path, shop: Path, gitops_gen: GitopsGen
) -> None:
    git(clone, "remote", "set-url", "origin", origin)
    result = gitops_gen(clone, "init", ".", "--chart", str(shop))
    assert settings(clone)["repository"] == repository
    assert ("Set `repository` in gitops.yaml to the URL" in result.err) == ("example.com" in repository)


@pytest.mark.parametrize("branch", ["main", "master", "trunk", "live"])
def test_argo_cd_follows_the_branch_of_the_clone(
    branch: str, tmp_path: Path, shop: Path, gitops_gen: GitopsGen
) -> None:
    git(tmp_path, "init", "--quiet", "--template=", f"--initial-branch={branch}", "theirs")
    write(tmp_path / "theirs", {"README.md": "theirs\n"})
    commit_all(tmp_path / "theirs")
    git(tmp_path, "clone", "--quiet", "theirs", "mine")
    git(tmp_path / "mine", "switch", "--quiet", "--create", "add-gitops")

    assert gitops_gen(tmp_path / "mine", "init", ".", "--chart", str(shop)).code == 0

    assert settings(tmp_path / "mine")["revision"] == branch
    workflow = workflow_of(tmp_path / "mine/.github/workflows/gitops.yaml")
    assert workflow["on"]["push"]["branches"] == [branch]


def test_two_projects_of_one_repository(clone: Path, shop: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    write(clone, {"src/main.py": ""})
    for folder, name in (("services/shop", "shop"), ("services-shop", "other")):
        result = gitops_gen(clone, "init", folder, "--chart", str(shop), "--name", name)
        assert result.code == 0, result.err
        assert not (clone / folder / ".github").exists()
    found = sorted(path.name for path in (clone / ".github/workflows").iterdir())
    names = ["gitops-services-shop", "gitops-services-shop-2"]
    assert found == sorted(f"{name}{kind}.yaml" for name in names for kind in ("", "-bots"))
    first = workflow_of(clone / ".github/workflows/gitops-services-shop.yaml")
    assert first["on"]["pull_request"]["paths"][0] == "services/shop/**"
    used = first["jobs"]["check"]["steps"][-1]
    assert (used["uses"], used["with"]["directory"]) == ("./.github/actions/gitops-services-shop", "services/shop")
    assert (clone / ".gitlab-ci.yml").read_text() == "include:\n  - local: .gitlab/gitops*.yml\n"
    jobs = [load(path.read_text(), path.name) for path in sorted((clone / ".gitlab").iterdir())]
    assert {*jobs[0], *jobs[1]} == {f"{name}{kind}" for name in names for kind in ("", "-bots")}
    other = cloned(clone, tmp_path / "other")
    assert gitops_gen(other / "services/shop", "generate", "--check").code == 0


@pytest.mark.parametrize("kind", ["new", "clone", "folder"])
def test_the_first_steps_work_as_they_are_printed(
    kind: str, clone: Path, shop: Path, tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    """Everything up to the push is typed in; the rest needs a cluster, and is held to its order."""
    git(tmp_path, "init", "--quiet", "--bare", "--template=", "origin.git")
    git(
        tmp_path,
        "config",
        "--file",
        "gitconfig",
        f"url.{tmp_path}/origin.git.insteadOf",
        "https://git.example.org/s.git",
    )
    git(clone, "remote", "set-url", "origin", "https://git.example.org/s.git")
    here, folder = {"new": (tmp_path, "my gitops"), "clone": (clone, "."), "folder": (clone, "ops")}[kind]
    url = ["--repository", "https://git.example.org/s.git"]

    result = gitops_gen(here, "init", folder, "--chart", str(shop), *url)
    steps = result.err.partition("Next:\n")[2]
    script = [line.strip() for line in steps.splitlines() if line.startswith("     ")]
    until = next(index for index, line in enumerate(script) if line.startswith("git push")) + 1
    typed = "\n".join(f"cd {shlex.quote(folder)}" if line.startswith("cd ") else line for line in script[:until])
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@example.com",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@example.com",
    }
    subprocess.run(["bash", "-eu", "-c", typed], cwd=here, env=environment, check=True, capture_output=True)

    git(tmp_path, "clone", "--quiet", "--branch", "main", "origin.git", "got")
    project = tmp_path / "got" / ("ops" if kind == "folder" else "")
    assert gitops_gen(project, "generate", "--check").code == 0
    assert (tmp_path / "got/.github/workflows").is_dir()
    order = ["git push", "gitops-gen secrets", "argocd repo add", "controller.sync.timeout.seconds", "argocd/root.yaml"]
    assert sorted(order, key=steps.index) == order


def test_two_projects_of_one_chart_have_different_names(clone: Path, shop: Path, gitops_gen: GitopsGen) -> None:
    for folder, name in (("services/a", "shop"), ("services/b", "shop-b")):
        assert gitops_gen(clone, "init", folder, "--chart", str(shop)).code == 0
        assert settings(clone / folder)["name"] == name
    taken = gitops_gen(clone, "init", "services/c", "--chart", str(shop), "--name", "shop-b")
    assert (taken.code, taken.out) == (2, "")
    assert "--name: `shop-b` is the project in services/b" in taken.err


def test_a_folder_whose_name_a_shell_would_split(
    clone: Path, shop: Path, tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    assert gitops_gen(clone, "init", "my services/a.b", "--chart", str(shop)).code == 0
    commit_all(clone)
    here = clean_clone(clone, tmp_path / "run/clone")
    result = github(here, here / ".github/workflows/gitops-my-services-a-b.yaml", {"github.event_name": "push"})
    assert result.failed == "", result.said
    result = gitlab(here, here / ".gitlab/gitops-my-services-a-b.yml", {})
    assert result.failed == "", result.said
    hook = yaml.safe_load((here / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"][0]
    assert re.search(hook["files"], "my services/a.b/gitops.yaml")


def test_nothing_that_python_leaves_is_copied(tmp_path: Path, shop: Path, gitops_gen: GitopsGen) -> None:
    write(shop, {"scripts/__pycache__/x.cpython-311.pyc": "", "scripts/x.py": "", ".git/HEAD": "", ".DS_Store": ""})
    assert gitops_gen(tmp_path, "init", "new", "--chart", str(shop)).code == 0
    written = [path for path in tree(tmp_path / "new") if path.startswith("helm/")]
    assert "helm/shop/scripts/x.py" in written
    assert not [path for path in written if "__pycache__" in path or ".git/" in path or ".DS_Store" in path]
    assert "__pycache__/" in (tmp_path / "new/.gitignore").read_text()


def umbrella(tmp_path: Path) -> Path:
    """A chart whose own .gitignore hides its dependencies, one of them not even built."""
    chart(tmp_path / "dep", "image: {repository: dep, tag: ''}\n", app='"7.1"')
    chart(tmp_path / "base", "image: {repository: base, tag: '3'}\n")
    dependency = "dependencies: [{name: base, version: 1.0.0, repository: file://../base}]\n"
    chart(tmp_path / "common", "image: {repository: common, tag: '4'}\n", more=dependency)
    top = chart(
        tmp_path / "umbrella",
        IMAGE,
        more="dependencies:\n"
        "- {name: dep, alias: store, version: 1.0.0, repository: https://charts.example.com}\n"
        "- {name: common, version: 1.0.0, repository: file://../common}\n",
    )
    packed(tmp_path / "dep", top / "charts")
    write(top, {".gitignore": "charts/\n*.tgz\nsecret.yaml\n", "secret.yaml": "password: x\n"})
    return top


@pytest.mark.parametrize("place", ["new", "clone/ops"])
@pytest.mark.parametrize("hidden", ["", "*.tgz\n", "charts/\n", "helm/\n", "*.whl\nargocd\n"])
def test_dependencies_reach_every_clone(
    hidden: str, place: str, clone: Path, tmp_path: Path, gitops_gen: GitopsGen
) -> None:
    write(clone, {".gitignore": hidden})
    result = gitops_gen(tmp_path, "init", place, "--chart", str(umbrella(tmp_path)))
    assert result.code == 0, result.err
    assert "note: git ignores" not in result.err

    top = tmp_path / place.partition("/")[0]
    other = cloned(top, tmp_path / "other") / place.partition("/")[2]
    assert gitops_gen(other, "generate", "--check").code == 0
    rendered = gitops_gen(other, "render", "dev").out
    assert all(image in rendered for image in ("web:1.0", "dep:7.1", "common:4", "base:3"))
    assert "secret.yaml" in result.err
    assert not (other / "helm/umbrella/secret.yaml").exists()


def test_what_git_will_not_commit_is_reported_where_the_ignore_file_is_theirs(
    clone: Path, shop: Path, gitops_gen: GitopsGen
) -> None:
    write(clone, {".gitignore": "environments/\n"})
    result = gitops_gen(clone, "init", ".", "--chart", str(shop))
    assert (
        "note: git ignores environments/dev/environment.yaml and 8 more by `environments/` in .gitignore:1"
        in result.err
    )


def test_a_dependency_that_is_nowhere(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    missing = "dependencies: [{name: x, version: 1.0.0, repository: https://charts.example.com}]\n"
    top = chart(tmp_path / "top", IMAGE, more=missing)
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(top))
    assert result.code == 1
    assert "missing in charts/ directory: x" in result.err
    assert "helm dependency build" in result.err
    lost = chart(tmp_path / "lost", IMAGE, more=missing.replace("https://charts.example.com", "file://../gone"))
    assert "`x` is not a chart at file://../gone" in gitops_gen(tmp_path, "init", "new", "--chart", str(lost)).err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("fault", ["empty", "loop", "dangling", "inside"])
def test_a_chart_that_cannot_be_copied(fault: str, shop: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    target = "new"
    if fault == "empty":
        (shop / "Chart.yaml").unlink()
    elif fault == "loop":
        (shop / "templates/up").symlink_to("..")
    elif fault == "dangling":
        (shop / "templates/gone.yaml").symlink_to("nowhere.yaml")
    else:
        target = "shop/new"
    result = gitops_gen(tmp_path, "init", target, "--chart", str(shop))
    assert result.code in (1, 2), result.err
    assert result.err.startswith("error: ")
    assert not (tmp_path / target).exists()


IMAGES = {
    "as helm create": ("image: {repository: web, tag: ''}\n", None, {"image": {"tag": "2.10"}}),
    "null": ("image: {repository: web, tag: null}\n", None, {"image": {"tag": "2.10"}}),
    "a number": ("image: {repository: web, tag: 1.5}\n", None, {"image": {"tag": "1.5"}}),
    "a whole": ("image: web:1.2\n", '"{{ .Values.image }}"', {"image": "web:1.2"}),
    "with a port": (
        "workerImage: 'r.example.com:5000/w:3'\n",
        '"{{ .Values.workerImage }}"',
        {"workerImage": "r.example.com:5000/w:3"},
    ),
    "tag next to image": (
        "image: web\nimageTag: '9'\n",
        '"{{ .Values.image }}:{{ .Values.imageTag }}"',
        {"image": "web", "imageTag": "9"},
    ),
    "nested": (
        "app: {web: {image: {registry: r.io, name: w, tag: v1, digest: ''}}}\n",
        '"{{ .Values.app.web.image.name }}:{{ .Values.app.web.image.tag }}"',
        {"app": {"web": {"image": {"tag": "v1"}}}},
    ),
    "none": ("replicas: 1\npullSecret: {tag: x}\n", '"fixed:1"', {}),
}


@pytest.mark.parametrize("shape", IMAGES)
def test_releases_begin_with_the_images_of_the_chart(shape: str, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    values, image, seeded = IMAGES[shape]
    source = chart(tmp_path / "web", values, image) if image else chart(tmp_path / "web", values)
    before = gitops_gen(tmp_path, "init", "new", "--chart", str(source))
    assert before.code == 0, before.err
    for environment in ("dev", "staging", "production"):
        assert load(release(tmp_path / "new", environment), "release.yaml")["values"] == seeded
    promoted = gitops_gen(tmp_path / "new", "promote", "dev", "staging", "--dry-run")
    assert promoted.code == 0, promoted.err


def test_the_chart_of_helm_create_is_promoted(helm: str, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    subprocess.run([helm, "create", "shop"], cwd=tmp_path, check=True, capture_output=True)
    assert gitops_gen(tmp_path, "init", "new", "--chart", str(tmp_path / "shop")).code == 0
    project = tmp_path / "new"
    assert "tag: 1.16.0" in release(project)
    commit_all(project)
    before = release(project, "staging")
    assert gitops_gen(project, "set", "dev", "image.tag=1.17.0").code == 0
    assert "1.17.0" in release(project)
    assert gitops_gen(project, "promote", "dev", "staging").code == 0
    assert release(project, "staging") == before.replace("1.16.0", "1.17.0")


def test_an_app_version_that_the_chart_writes_otherwise_is_a_hint(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    image = '"web:{{ .Values.image.tag | default (printf "v%s" .Chart.AppVersion) }}"'
    source = chart(tmp_path / "web", "image: {repository: web, tag: ''}\n", image)
    assert gitops_gen(tmp_path, "init", "new", "--chart", str(source)).code == 0
    text = release(tmp_path / "new")
    assert "values: {}" in text
    assert "gitops-gen set dev image.tag=TAG" in text
    assert "web:v2.10" in gitops_gen(tmp_path / "new", "render", "dev").out


def test_a_chart_that_draws_lots_is_seeded_with_what_it_says(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    source = chart(tmp_path / "web", "image: {repository: web, tag: '1'}\nsidecar: {image: {repository: s, tag: ''}}\n")
    write(
        source, {"templates/secret.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x{{ randNumeric 9 }}}\n"}
    )
    assert gitops_gen(tmp_path, "init", "new", "--chart", str(source)).code == 0
    assert load(release(tmp_path / "new"), "release.yaml")["values"] == {"image": {"tag": "1"}}
    assert "sidecar.image.tag by its appVersion, 2.10" in release(tmp_path / "new")


REQUIRED = {
    "required": ('{{ required "say where" .Values.db.host }}', "db.host"),
    "nil": ("{{ .Values.queue.broker.host }}", "queue.broker.host"),
    "fail": ('{{ if not .Values.domain }}{{ fail "say which" }}{{ end }}', "domain"),
}


@pytest.mark.parametrize("shape", REQUIRED)
def test_a_value_that_the_chart_wants_is_named_at_once(shape: str, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    expression, key = REQUIRED[shape]
    source = chart(tmp_path / "web", IMAGE + "db: {}\n")
    write(source, {"templates/config.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a{expression}\n"})
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(source))
    assert result.code == 1
    assert f"environments/dev/environment.yaml: values.{key}: " in result.err
    assert f"set `{key}` below `values` there" in result.err
    assert "the project is created" in result.err
    assert 'tag: "1.0"' in release(tmp_path / "new").replace("'", '"')
    for name in ("dev", "staging", "production"):
        assert gitops_gen(tmp_path / "new", "set", name, f"{key}=x").code == 0
    assert gitops_gen(tmp_path / "new", "render", "dev").code == 0


def test_a_schema_that_wants_a_value(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    source = chart(tmp_path / "web", IMAGE)
    write(source, {"values.schema.json": '{"required": ["host"], "properties": {"host": {"type": "string"}}}'})
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(source))
    assert result.code == 1
    assert "values.host: the chart needs it" in result.err
    assert (tmp_path / "new/environments/dev/environment.yaml").is_file()


def test_the_program_itself_as_a_wheel(tmp_path: Path) -> None:
    content = wheel()
    assert content is not None
    (tmp_path / FILE).write_bytes(content)
    names = zipfile.ZipFile(tmp_path / FILE).namelist()
    assert not [name for name in names if "__pycache__" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*pip, str(tmp_path / FILE)], check=True, capture_output=True)
    script = f"import sys; sys.path.insert(0, {str(site)!r}); from gitops_gen.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, "init", "new"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new/helm/api-forge/scripts/build-images.sh").stat().st_mode & 0o100
    assert (tmp_path / "new/.gitops-gen" / FILE).is_file()


def test_where_pip_got_it_from() -> None:
    assert direct_source("{}") == ""
    vcs = '{"url": "https://git.example.org/t.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}'
    assert direct_source(vcs) == "git+https://git.example.org/t.git@abc"
    assert direct_source(vcs.replace("https://", "https://token@")) == ""
    assert direct_source('{"url": "file:///nowhere", "dir_info": {}}') == ""


@pytest.mark.parametrize(
    ("source", "action"),
    [
        ("git+https://github.com/team/gitops-gen.git@" + "a" * 40, "team/gitops-gen@" + "a" * 40),
        ("git+https://github.com/team/gitops-gen@" + "a" * 40, "team/gitops-gen@" + "a" * 40),
        ("git+https://github.com/team/gitops-gen@v1.0.0", ""),
        ("git+https://git.example.org/team/gitops-gen@" + "a" * 40, ""),
        ("git+https://github.com.example.org/team/gitops-gen@" + "a" * 40, ""),
        ("./.gitops-gen/gitops_gen-1.0.0-py3-none-any.whl", ""),
    ],
)
def test_an_action_is_a_commit_on_github(source: str, action: str) -> None:
    assert github_action(source) == action


def test_a_release_is_pinned_to_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "gitops_gen-1.dist-info"
    write(info, {"METADATA": "Name: gitops-gen\nVersion: 1\nProject-URL: Source, https://github.com/team/tool\n"})
    monkeypatch.setattr("gitops_gen.starter.install.distribution", lambda _: Distribution.at(info))
    assert install_source() == f"git+https://github.com/team/tool@v{__version__}", "a wheel that `make dist` built"
    write(tmp_path, {"commit.txt": "a" * 40 + "\n"})
    monkeypatch.setattr("gitops_gen.starter.install._COMMIT", tmp_path / "commit.txt")
    assert install_source() == "git+https://github.com/team/tool@" + "a" * 40


def test_a_checkout_is_installed_from_its_origin_once_that_has_the_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--template=", "origin.git")
    git(tmp_path, "init", "--quiet", "--template=", "tool")
    tool = tmp_path / "tool"
    commit_all(tool)
    git(tool, "remote", "add", "origin", f"file://{tmp_path}/origin.git")
    origin = f'{{"url": "file://{tool}", "dir_info": {{"editable": true}}}}'
    git(tool, "push", "--quiet", "origin", "main")
    git(tool, "remote", "set-url", "origin", "https://git.example.org/t.git")
    commit = git(tool, "rev-parse", "HEAD").strip()
    assert direct_source(origin) == f"git+https://git.example.org/t.git@{commit}"
    commit_all(tool)
    assert direct_source(origin) == ""


def test_the_reference_is_used_whole(tmp_path: Path, gitops_gen: GitopsGen, reference: Path) -> None:
    """Without options `init` gives this repository's own inputs, except for where the new one is."""
    assert gitops_gen(tmp_path, "init", "new").code == 0
    for path in ("environments/dev/environment.yaml", "environments/production/release.yaml"):
        assert (tmp_path / "new" / path).read_bytes() == (reference / path).read_bytes()
    ours, theirs = (settings(folder) for folder in (reference, tmp_path / "new"))
    assert ours | {"repository": ""} == theirs | {"repository": ""}


def result_of(result: Result) -> str:
    return f"{result.code}\n{result.out}{result.err}"


def test_a_second_init_changes_nothing(tmp_path: Path, shop: Path, gitops_gen: GitopsGen) -> None:
    gitops_gen(tmp_path, "init", "new", "--chart", str(shop))
    before = tree(tmp_path / "new")
    again = gitops_gen(tmp_path, "init", "new", "--chart", str(shop))
    assert "already contains a project" in result_of(again)
    assert tree(tmp_path / "new") == before
    shutil.rmtree(tmp_path / "new")
