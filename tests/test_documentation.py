"""Every command that a person is shown is run: those of README.md, docs/ and each command's `--help`, in a scratch
repository with a history, a remote, a second cluster and a second production environment.
"""

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gitops_gen.cli import cli, run
from tests.cli.test_cli import commands
from tests.conftest import REPOSITORY, commit_all, copy_reference, git
from tests.migration.original import exported

pytestmark = pytest.mark.slow

#: the tutorial is followed from an empty folder by tests/test_tutorial.py
DOCUMENTS = [
    REPOSITORY / "README.md",
    *(page for page in sorted((REPOSITORY / "docs").rglob("*.md")) if page.parent.name != "tutorial"),
]
BLOCK = re.compile(r"^```(?:console|bash|sh|shell)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: `gitops-gen …` in a line, up to what the shell would make of the rest
COMMAND = re.compile(r"(?:^|[|$]\s*|:\s{2,})gitops-gen\s+([^|>#&\n]*)")


#: commands that exit 1 when they find what they are asked to find
FINDING = ("diff ", "migrate ")
#: commands that print nothing when all is well
SILENT = (
    "generate",
    "-C services/shop generate",
    "chart pull",
    "chart vendor",
    "render --all --output-dir",
    "adopt",
)


def commands_in(text: str) -> list[str]:
    """The arguments of every `gitops-gen` in lines of shell."""
    return [found.strip() for line in text.splitlines() for found in COMMAND.findall(line.strip())]


def documented(path: Path) -> list[str]:
    """The commands of a document's shell blocks, in order."""
    return [command for block in BLOCK.findall(path.read_text()) for command in commands_in(block)]


def helped() -> Iterator[str]:
    """The commands of every `--help`."""
    for help_text in (cli.help, *(command.help for _, command in commands())):
        yield from commands_in(help_text or "")


HELPED = sorted(set(helped()))


@pytest.fixture(scope="session")
def world_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples presume: the reference repository with a past, a remote, another chart in it."""
    world = tmp_path_factory.mktemp("world")
    project = world / "project"
    copy_reference(project)
    add_second_production(project)
    commit_all(project, "v1.4.0")
    release(project, "production", "1.0.0", "1.0.1")
    commit_all(project)
    release(project, "production", "1.0.1", "1.0.2")
    commit_all(project)
    git(world, "clone", "--quiet", "--bare", "project", "origin.git")
    git(project, "remote", "add", "origin", "../origin.git")
    git(project, "fetch", "--quiet", "origin")
    shutil.copytree(project / "helm/api-forge", world / "charts/shop")
    (world / "manifests.yaml").touch()
    for file in ("crds/widget.yaml", "other.yaml"):
        (project / file).parent.mkdir(exist_ok=True)
        (project / file).write_text(DEFINITION)
    return world


DEFINITION = """\
kind: CustomResourceDefinition
spec: {group: example.com, names: {kind: Widget}, versions: [{name: v1}]}
"""


def add_second_production(project: Path) -> None:
    main = "  main:\n    server: https://kubernetes.default.svc\n"
    settings = (project / "gitops.yaml").read_text()
    assert main in settings
    (project / "gitops.yaml").write_text(settings.replace(main, f"{main}  us-1:\n    name: us-1\n"))
    second = project / "environments/production-eu"
    shutil.copytree(project / "environments/production", second)
    (second / "values.yaml").unlink()
    assert run(["-C", str(project), "--quiet", "generate"]) == 0


def release(project: Path, environment: str, old: str, new: str) -> None:
    file = project / "environments" / environment / "release.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert run(["-C", str(project), "--quiet", "generate"]) == 0


@pytest.fixture
def world(world_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the scratch world; the current folder is its project."""
    shutil.copytree(world_template, tmp_path / "world", symlinks=True)
    monkeypatch.chdir(tmp_path / "world/project")
    for name, value in {"NAME": "Test", "EMAIL": "test@example.com"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    return tmp_path / "world"


def type_in(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a command as it is written in a document, and return what it prints. What it reads from a pipe are the
    manifests of dev, or the API versions of a cluster.
    """
    prepare(command, capsys, monkeypatch)
    if " - " in f"{command} ":
        run(["render", "dev"])
        Path("../manifests.yaml").write_text(capsys.readouterr().out)
    if command.startswith("cluster "):
        Path("../manifests.yaml").write_text("v1\nexample.com/v1\n")
    with Path("../manifests.yaml").open() as manifests:
        monkeypatch.setattr("sys.stdin", manifests)
        code = run(shlex.split(command))
    out, err = capsys.readouterr()
    verb = re.sub(r"^-C \S+ ", "", command)
    assert code == 0 or (code == 1 and verb.startswith(FINDING)), f"gitops-gen {command}\n{out}{err}"
    return out


REGISTRY = """\
#!/bin/sh
for folder; do :; done
tar -czf "$folder/shop-1.4.0.tgz" -C "$(dirname "$0")/charts" shop
"""
"""`helm pull` of a registry that has one chart; tests/starter/test_init_needs.py asks a real one."""


def prepare(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person has done before such a command makes sense."""
    if "oci://" in command:
        Path("../helm").write_text(REGISTRY)
        Path("../helm").chmod(0o755)
        monkeypatch.setenv("GITOPS_GEN_HELM", os.path.abspath("../helm"))
    if command.startswith("adopt "):
        values = Path("environments/staging/values.yaml")
        values.write_text(values.read_text().replace("api.staging.example.com", "api.edited.example.com"))
    if command.startswith("project "):
        run(["init", "my-shop", "--workspace"])
        commit_all(Path("my-shop"))
        os.chdir("my-shop")
        Path("../manifests.yaml").touch()
    if command.startswith("migrate "):
        Path("live.yaml").write_text(exported())
    if command.startswith("migrate ") and "--output sh" in command:
        run(["migrate", "production", "--live", "live.yaml", "--write"])
    if "--check existing.txt" in command:
        capsys.readouterr()
        run(["secrets", "--script"])
        puts = re.findall(r"^put (\S+)", capsys.readouterr().out, re.MULTILINE)
        Path("existing.txt").write_text("\n".join([*puts, "secret:api-example-com-tls"]))
    if "--baseline" in command:
        capsys.readouterr()
        run(["validate", "--output", "json"])
        Path("baseline.json").write_text(capsys.readouterr().out)
    capsys.readouterr()


def test_examples_are_found() -> None:
    assert commands_in("$ gitops-gen render dev | kubectl diff -f -") == ["render dev"]
    assert commands_in("helm template shop ./shop | gitops-gen plan --rendered -") == ["plan --rendered -"]
    assert commands_in("Write what changed:   gitops-gen generate  # now") == ["generate"]
    assert len(HELPED) > 10
    assert documented(REPOSITORY / "README.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_the_commands_of_a_document_work(
    document: Path, world: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert os.getcwd() == str(world / "project")
    for command in documented(document):
        assert type_in(command, capsys, monkeypatch) or command.startswith(SILENT)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("command", HELPED)
def test_the_examples_of_the_help_work(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type_in(command, capsys, monkeypatch) or command.startswith(SILENT)


def test_the_window_of_the_guide_is_generated(good: Path) -> None:
    text = (REPOSITORY / "docs/how-to/operations.md").read_text()
    window = re.findall(r"^```yaml\n(# environments/.*?)^```$", text, re.MULTILINE | re.DOTALL)[0]
    with (good / "environments/production/environment.yaml").open("a") as file:
        file.write(window)
    assert run(["-C", str(good), "--quiet", "generate"]) == 0
    (project,) = (good / "argocd/projects").rglob("production.yaml")
    (deny,) = yaml.safe_load(project.read_text())["spec"]["syncWindows"]
    assert (deny["kind"], deny["duration"], deny["manualSync"]) == ("deny", "60h", True)
