"""The command line from outside: help, version, completion, exit codes, and what goes to which stream."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gitops_gen import __version__
from gitops_gen.cli import cli, run
from gitops_gen.cli.group import VERBS
from gitops_gen.yaml.reader import load
from tests.conftest import REPOSITORY, GitopsGen


def commands(group: click.Group = cli, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command of the command line: its words, and what they stand for."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"the table has `{name}`, and its module has not"
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


COMMANDS: dict[str, click.Command] = {"": cli, **dict(commands())}


def program(*arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """The command line as a separate process."""
    argv = [sys.executable, "-m", "gitops_gen", *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_what_and_how(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith(f"Usage: gitops-gen {command}".rstrip())
    if isinstance(COMMANDS[command], click.Group):
        assert "\nCommands:\n" in printed.out
    else:
        assert f"gitops-gen {command.split(maxsplit=1)[0]}" in printed.out.split("\n", 2)[2], "show an example"


def test_the_table_has_every_verb() -> None:
    assert set(cli.commands) == set(VERBS)
    assert {command.callback.__module__ for _, command in commands() if command.callback} == {
        f"gitops_gen.cli.{module}" for module, _ in VERBS.values()
    }


def test_the_list_of_verbs_imports_none() -> None:
    listing = "import sys; from gitops_gen.cli import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", listing], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    *shown, loaded = done.stdout.splitlines()
    assert [line.split(maxsplit=1) for line in shown[-len(VERBS) :]] == [
        [name, line] for name, (_, line) in VERBS.items()
    ]
    own = {name for name in loaded.split() if name.startswith("gitops_gen")}
    cli_modules = (f".cli{part}" for part in ("", ".app", ".group", ".printing", ".run", ".settings"))
    assert own == {
        f"gitops_gen{part}" for part in ("", *cli_modules, ".runtime", ".runtime.streams", ".runtime.tuning")
    }


@pytest.mark.slow
def test_the_program_answers(tmp_path: Path) -> None:
    assert program("--version").stdout == f"gitops-gen {__version__}\n"
    assert program("--help").stdout.startswith("Usage: gitops-gen ")

    lost = program("generate", cwd=tmp_path)
    assert (lost.returncode, lost.stdout) == (1, "")
    assert lost.stderr.startswith("error: no gitops.yaml in ")


@pytest.mark.slow
def test_a_project_is_found_from_below(good: Path) -> None:
    done = program("generate", "--check", cwd=good / "environments/dev")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_error(good: Path) -> None:
    argv = f"{sys.executable} -m gitops_gen -C {good} schema project | head -c 1"
    done = subprocess.run(["sh", "-c", argv], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")


def test_a_bug_is_the_only_traceback(good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr("gitops_gen.project.listing.list_environments", broken)
    result = gitops_gen(good, "env", "list")
    assert (result.code, result.out) == (3, "")
    assert "Traceback" in result.err
    assert "please report it" in result.err


def test_an_interrupt_is_reported_by_its_code(
    good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gitops_gen.project.listing.list_environments", interrupted)
    assert gitops_gen(good, "env", "list").code == 130


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str, good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "completion", shell)
    assert (result.code, result.err) == (0, "")
    assert "_GITOPS_GEN_COMPLETE" in result.out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("re", ["plain,render", "plain,report"]),
        ("env re", ["plain,rename", "plain,remove"]),
        ("render p", ["plain,production"]),
        ("--eng", ["plain,--engine"]),
    ],
)
def test_what_is_typed_is_completed(typed: str, offered: list[str], good: Path) -> None:
    words = ["gitops-gen", "-C", str(good), *typed.split()]
    environment = os.environ | {
        "_GITOPS_GEN_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "PYTHONPATH": str(REPOSITORY),
    }
    argv = [sys.executable, "-c", "from gitops_gen.cli import cli; cli(prog_name='gitops-gen')"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == offered


@pytest.mark.parametrize("arguments", [["env", "list"], ["explain", "dev"], ["generate", "--check"]])
def test_output_is_the_same_data_in_every_format(arguments: list[str], good: Path, gitops_gen: GitopsGen) -> None:
    (good / "argocd/root.yaml").unlink()
    as_json, as_yaml = (gitops_gen(good, *arguments, "--output", form) for form in ("json", "yaml"))
    assert json.loads(as_json.out) == load(as_yaml.out, "output")
    assert as_json.code == as_yaml.code == gitops_gen(good, *arguments).code


def test_quiet_leaves_results_and_errors(good: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(good, "--quiet", "generate").err == ""
    (good / "argocd/root.yaml").unlink()
    result = gitops_gen(good, "--quiet", "generate", "--check")
    assert (result.code, result.out, result.err) == (1, "missing  argocd/root.yaml\n", "")


def test_explain_shows_every_layer(good: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(good, "explain", "production", "replicas").out.splitlines() == [
        "replicas: 2",
        "    chart  chart/values.yaml:6  1",
        "  * stage production  gitops.yaml:17  2",
    ]
    assert '  * release  environments/dev/release.yaml:5  "1.4.2"' in gitops_gen(good, "explain", "dev", "image").out
    assert '  * inject  gitops.yaml:32  "vault"' in gitops_gen(good, "explain", "dev").out


def test_diff_shows_what_would_change(good: Path, gitops_gen: GitopsGen) -> None:
    release = good / "environments/dev/release.yaml"
    release.write_text(release.read_text().replace("1.4.2", "1.5.0"))
    result = gitops_gen(good, "generate", "--check", "--diff")
    assert result.code == 1
    assert "-  tag: 1.4.2\n+  tag: 1.5.0\n" in result.out
    assert "1.4.2" in (good / "environments/dev/values.yaml").read_text()


def test_a_folder_next_to_a_project_is_not_the_project(good: Path, gitops_gen: GitopsGen) -> None:
    (good.parent / "other").mkdir()
    result = gitops_gen(good / ".." / "other", "env", "list")
    assert result.code == 1
    assert "no gitops.yaml in" in result.err
    assert gitops_gen(good / "chart" / "..", "env", "list").code == 0
