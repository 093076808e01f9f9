"""What the shell is offered, asked for as each shell's completion script does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from gitops_gen.cli import cli
from tests.conftest import REPOSITORY, git

SHELLS = ("bash", "zsh", "fish")
PROGRAM = """
import sys
try:
    from gitops_gen.cli import cli
    cli(prog_name="gitops-gen")
finally:
    print(*sys.modules, file=sys.stderr)
"""


def offered(folder: Path, typed: str, monkeypatch: pytest.MonkeyPatch, shell: str = "bash") -> list[str]:
    """The words that are offered for the last one of `typed`, by the protocol of the shell."""
    words = ["gitops-gen", *typed.split(" ")]
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COMP_WORDS", " ".join(words if shell != "fish" else [*words[:-1], ""]))
    monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
    kind = get_completion_class(shell)
    assert kind
    lines = kind(cli, {}, "gitops-gen", "_GITOPS_GEN_COMPLETE").complete().splitlines()
    if shell == "zsh":
        return lines[1::3]
    return [line.partition(",")[2].partition("\t")[0] for line in lines]


CASES = [
    ("render p", ["production"]),
    ("plan dev ", ["dev", "production"]),
    ("history d", ["dev"]),
    ("env remove pro", ["production"]),
    ("env rename pro", ["production"]),
    ("env clone dev new --cluster ", ["eu", "us"]),
    ("env add new --stage ", ["dev", "production"]),
    ("env add new --release-of d", ["dev"]),
    ("set d", ["dev"]),
    ("set dev image.", ["image.repository=", "image.tag="]),
    ("set dev image.tag=1 rep", ["replicas="]),
    ("set --stage production --unset image.t", ["image.tag"]),
    ("set --stage pro", ["production"]),
    ("promote d", ["dev"]),
    ("promote dev ", ["dev", "production", "review"]),
    ("promote dev production --only image.r", ["image.repository"]),
    ("explain dev image.t", ["image.tag"]),
    ("rules deadlo", ["deadlock"]),
    ("rollback dev --to v", ["v1.0.0"]),
    ("diff v", ["v1.0.0"]),
    ("diff v1.0.0 feature", ["feature/one"]),
    ("diff prod", ["production"]),
    ("diff --only d", ["dev"]),
    ("diff --env dev p", ["production"]),
    ("diff --env p", ["production"]),
]


@pytest.fixture
def project(good: Path) -> Path:
    """The good project with an empty third stage and a branch."""
    text = (good / "gitops.yaml").read_text()
    (good / "gitops.yaml").write_text(text.replace("- name: production\n", "- name: review\n- name: production\n"))
    git(good, "branch", "feature/one")
    return good


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("typed", "expected"), CASES)
def test_names_are_offered(
    project: Path, typed: str, expected: list[str], shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if typed.startswith("env add new --stage"):
        expected = ["dev", "review", "production"]
    assert offered(project, typed, monkeypatch, shell) == expected


@pytest.mark.parametrize("typed", [typed for typed, _ in CASES])
def test_nothing_is_offered_where_there_is_no_project(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = offered(tmp_path, typed, monkeypatch)
    assert names == (["deadlock"] if typed.startswith("rules") else [])


@pytest.mark.parametrize(
    "text", ["", ": [", "stages: 7\nclusters: x\nchart: 1\n", "- list\n", "stages: [{}]\n", "\ud800"]
)
def test_a_broken_project_offers_nothing_and_says_nothing(
    text: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "gitops.yaml").write_bytes(text.encode(errors="surrogatepass"))
    assert offered(project, "env add new --cluster ", monkeypatch) in ([], ["x"])
    assert offered(project, "env add new --stage ", monkeypatch) == []
    offered(project, "set dev ", monkeypatch)
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_the_program_answers_without_helm(project: Path, shell: str) -> None:
    current = "image.t" if shell == "fish" else "3"
    words = "gitops-gen set dev " + ("" if shell == "fish" else "image.t")
    environment = os.environ | {
        "_GITOPS_GEN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": current,
        "PYTHONPATH": str(REPOSITORY),
    }
    argv = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(argv, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert "image.tag=" in done.stdout
    assert "helm_python" not in done.stderr.split()
    assert "Traceback" not in done.stderr


def test_options_that_say_what_is_meant_narrow_what_is_offered(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered(project, "promote dev --stage ", monkeypatch) == ["dev", "review", "production"]
    assert offered(project, "promote dev --env ", monkeypatch) == ["dev", "production"]


def test_another_folder_is_completed_from(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert offered(tmp_path, f"-C {project} render p", monkeypatch) == ["production"]
    assert offered(tmp_path, f"-C {project} diff feature", monkeypatch) == ["feature/one"]


@pytest.mark.parametrize(
    ("folder", "typed", "words"),
    [
        (".", "render a", ["api/dev", "api/production", "api/staging"]),
        ("services/web", "render pro", ["production"]),
        (".", "status --project ", ["api", "web"]),
        (".", "explain web/dev po", ["port"]),
    ],
)
def test_names_of_a_workspace(
    folder: str, typed: str, words: list[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offered(workspace / folder, typed, monkeypatch) == words
