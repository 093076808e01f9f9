"""Options that every command has: the same before the verb, after it and in a group of verbs."""

import json
import shlex
from pathlib import Path

import click
import pytest

from gitops_gen.cli import run
from gitops_gen.cli.failures import masked, typed_output
from gitops_gen.cli.group import GlobalOption, OutputOption
from gitops_gen.yaml.reader import load
from tests.cli.test_cli import commands, program
from tests.cli.test_completion import offered
from tests.commands.test_cluster_api_versions import DEFINITION
from tests.conftest import GitopsGen

PLACES = ["-C {} env list", "env -C {} list", "env list -C {}", "-C nowhere/.. env list -C {}"]
FORMATS = [
    "-o json env list",
    "env -o json list",
    "env list -o json",
    "--output=json env list",
    "-o yaml env list -ojson",
]


@pytest.mark.parametrize("typed", PLACES)
def test_a_folder_is_chosen_anywhere(
    typed: str, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nowhere").mkdir()
    assert run(shlex.split(typed.format(good))) == 0
    assert "production" in capsys.readouterr().out


NAMING = {
    "plan --rendered crd.yaml": "crd.yaml: ",
    "validate --rendered crd.yaml": "",
    "validate --application crd.yaml": "crd.yaml",
    "secrets dev --check empty.txt": "empty.txt",
    "migrate dev --live empty.txt": "empty.txt",
    "cluster api-versions crd.yaml": "example.com/v1/Widget",
    "set dev --file image.tag=empty.txt": "image.tag",
    "render dev --output-dir rendered": "",
    "report --file page.html": "page.html",
    "init new --chart chart": "helm/chart",
}
"""Commands that name a file, and a word that only comes out where it was found."""


@pytest.mark.parametrize("typed", NAMING)
@pytest.mark.parametrize("place", ["-C shop {}", "{} -C shop"])
def test_paths_are_relative_to_the_folder_that_was_chosen(
    typed: str, place: str, good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with `git -C`. Elsewhere nothing has these names."""
    good = good.rename(good.with_name("shop"))
    (good / "crd.yaml").write_text(DEFINITION)
    (good / "empty.txt").write_text("")
    monkeypatch.chdir(good.parent)

    code = run(shlex.split(place.format(typed)))

    shown = "".join(capsys.readouterr())
    assert code in (0, 1), shown
    assert NAMING[typed] in shown
    assert "No such file" not in shown
    assert [item.name for item in good.parent.iterdir() if item.name in ("rendered", "page.html", "new")] == []


@pytest.mark.parametrize("typed", FORMATS)
def test_a_format_is_chosen_anywhere(typed: str, good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, *shlex.split(typed))
    assert [item["name"] for item in json.loads(result.out)["environments"]] == ["dev", "production"]


@pytest.mark.parametrize("typed", ["-q generate", "generate --quiet", "generate -q"])
def test_quiet_is_chosen_anywhere(typed: str, good: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(good, "generate").err == "7 files up to date\n"
    assert gitops_gen(good, *shlex.split(typed)).err == ""


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["-v generate", "generate --verbose"])
def test_verbose_is_chosen_anywhere(typed: str, good: Path) -> None:
    assert " ms: " not in program("generate", cwd=good).stderr
    assert " ms: " in program(*shlex.split(typed), cwd=good).stderr


@pytest.mark.parametrize("typed", ["--engine binary render dev", "render dev --engine binary"])
def test_an_engine_is_chosen_anywhere(
    typed: str, good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    result = gitops_gen(good, *shlex.split(typed))
    assert result.code == 1
    assert "helm" in result.err


@pytest.mark.parametrize("typed", ["-o json render dev", "-o json completion bash"])
def test_a_command_without_formats_refuses_one(typed: str, good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, *shlex.split(typed))
    assert result.code == 2
    assert "has no --output" in json.loads(result.out)["error"]["message"]


def test_a_format_that_a_verb_has_not_is_a_usage_error(good: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(good, "-o", "mermaid", "status")
    assert (result.code, result.out) == (2, "")
    assert "'mermaid' is not one of 'text', 'json', 'yaml'" in result.err
    assert gitops_gen(good, "-o", "mermaid", "plan").out.startswith("flowchart TB\n")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("status --colour", "text"),
        ("status --colour -o json", "json"),
        ("status -o yaml --colour", "yaml"),
        ("--output json statsu", "json"),
        ("statsu --output=yaml", "yaml"),
        ("statsu -qojson", "json"),
        ("set dev -- -o json", "text"),
    ],
)
def test_a_usage_error_has_the_format_that_was_typed(
    typed: str, expected: str, good: Path, gitops_gen: GitopsGen
) -> None:
    result = gitops_gen(good, *shlex.split(typed))
    assert result.code == 2
    assert (typed_output(shlex.split(typed)) or "text") == expected
    if expected == "text":
        assert result.out == ""
        assert "Error: " in result.err or "error: " in result.err
        return
    document = json.loads(result.out) if expected == "json" else load(result.out, "output")
    assert document["error"]["message"]
    assert result.err == ""


def test_only_the_root_explains_the_global_options(capsys: pytest.CaptureFixture[str]) -> None:
    for words, _ in commands():
        assert run([*words.split(), "--help"]) == 0
        shown = capsys.readouterr().out
        assert "Work in DIR" not in shown
        if words not in ("env", "project", "chart", "cluster"):
            assert " ".join(shown.split()).endswith("-C DIR, --engine, -q, -v; see gitops-gen --help.")
    run(["--help"])
    assert "Work in DIR" in capsys.readouterr().out


def test_no_verb_takes_a_global_option_for_itself() -> None:
    for words, command in commands():
        names = [name for option in command.params for name in option.opts if name.startswith("-")]
        assert len(names) == len(set(names)), words
        kinds = {type(option) for option in command.params if {"-C", "-q", "-v", "--engine"} & set(option.opts)}
        assert kinds == {GlobalOption}, words
        outputs = [option for option in command.params if "--output" in option.opts]
        assert all(isinstance(option, OutputOption | GlobalOption) for option in outputs)
        assert isinstance(command, click.Command)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("render dev --eng", ["--engine"]),
        ("render dev --engine b", ["binary"]),
        ("status --output y", ["yaml"]),
        ("--output mer", ["mermaid"]),
        ("env list --verb", ["--verbose"]),
    ],
)
def test_global_options_are_completed(
    typed: str, expected: list[str], good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offered(good, typed, monkeypatch) == expected


def test_names_of_the_folder_that_is_chosen_after_the_verb_are_completed(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert offered(tmp_path / "elsewhere", f"render -C {good} p", monkeypatch) == ["production"]


def test_a_bug_is_reported_with_versions_and_without_values(
    good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("gitops_gen.commands.set_values.set_values", broken)
    result = gitops_gen(good, "set", "dev", "password=hunter2", "--string", "token=hunter2", '--json=a.b=["hunter2"]')
    assert (result.code, result.out) == (3, "")
    lines = result.err.splitlines()[-4:]
    assert lines[0].startswith("this is a bug in gitops-gen; please report it")
    assert all(word in lines[1] for word in ("gitops-gen ", "Python 3", "Helm v", "git version "))
    assert lines[3].endswith(" set dev 'password=***' --string 'token=***' '--json=a.b=***'")
    assert "hunter2" not in "\n".join(lines)


def test_a_password_in_a_url_is_masked() -> None:
    words = ["init", "x", "--repository=https://me:hunter2@git.example.com/x.git", "https://hunter2@example.com"]
    assert list(masked(words)) == [
        "init",
        "x",
        "--repository=https://***@git.example.com/x.git",
        "https://***@example.com",
    ]
