"""Bad input: each folder of `inputs/faults` lays one fault over the small good project, or (`workspace-…`) over the
small workspace. The command must say what is wrong, word for word as in `expected.txt`, and leave every file as it was.

A fault's folder holds the files that differ and, next to them: `expected.txt` (standard error and exit code),
`arguments.txt` (the command, `generate` when absent), `removed.txt` (paths of the good project that do not exist) and
`symlinks.txt` (path and target: Argo CD refuses a repository that holds symlinks which lead out of it, and this
repository is one that it reads).
"""

import os
import re
import shlex
import shutil
import time
from pathlib import Path
from types import ModuleType

import pytest

from gitops_gen import names
from gitops_gen.yaml import reader
from tests.conftest import INPUTS, GitopsGen, Golden, tree

FOLDER = INPUTS / "faults"
FAULTS = sorted(path.name for path in FOLDER.iterdir())
NOTES = ("expected.txt", "arguments.txt", "removed.txt", "symlinks.txt")

#: faults of a file as a whole, or of something that is no input file: these have no line
WITHOUT_LINE = re.compile(
    r"argocd-folder|in-the-way|generated-file|orphan|chart-(output|template|kubernetes|argocd)|environment(s?-folder|s-a-file)"
    r"|environment-file-a-folder|misnamed|missing$|-yml$|symlink-(out|to)|project-symlink|^unknown-(command|environment)$"
    r"|unknown-\w+-to-(explain|render)|environment-as-a-path|workspace-unknown-project"
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_reported_and_nothing_is_written(
    fault: str, request: pytest.FixtureRequest, gitops_gen: GitopsGen, golden: Golden
) -> None:
    good: Path = request.getfixturevalue("workspace" if fault.startswith("workspace-") else "good")
    copy_over(good, FOLDER / fault)
    before = tree(good)

    result = gitops_gen(good, *arguments(FOLDER / fault))

    assert tree(good) == before
    assert result.code in (1, 2), result.err
    golden(FOLDER / fault / "expected.txt", f"{result.err.replace(str(good), 'PROJECT')}exit {result.code}\n")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if not WITHOUT_LINE.search(fault)])
def test_a_fault_is_reported_with_file_and_line(fault: str) -> None:
    lines = (FOLDER / fault / "expected.txt").read_text().splitlines()
    # The environments that it does not concern are generated.
    problems = [line for line in lines if not line.startswith(("    ", "error:", "exit ", "4 files up to date"))]
    assert problems
    assert all(
        re.match(r"((services/[\w-]+/)?gitops\.yaml|(services/[\w-]+/)?environments/[\w./-]+):[1-9]\d*: \S", line)
        for line in problems
    ), problems


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("generate --chek", "--chek"),
        ("--engine tiller generate", "'embedded', 'binary'"),
        ("schema enviroment", "'environment'"),  # codespell:ignore
        ("render", "ENV"),
        ("render dev extra", "name one environment"),
        ("generate --output xml", "'json'"),
        ("-C nowhere generate", "nowhere"),
        ("env lst", "did you mean `list`?"),
    ],
)
def test_usage_that_the_parser_refuses(typed: str, said: str, good: Path, gitops_gen: GitopsGen) -> None:
    before = tree(good)

    result = gitops_gen(good, *shlex.split(typed))

    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert result.err.startswith("Usage: gitops-gen ")
    assert tree(good) == before


@pytest.mark.parametrize("fault", ["alias-bomb", "generated-file-edited", "unknown-environment"])
def test_nothing_goes_to_standard_output(fault: str, good: Path, gitops_gen: GitopsGen) -> None:
    copy_over(good, FOLDER / fault)
    assert gitops_gen(good, *arguments(FOLDER / fault)).out == ""


def test_a_checkout_with_crlf_and_a_byte_order_mark_is_no_fault(good: Path, gitops_gen: GitopsGen) -> None:
    for file in (
        "gitops.yaml",
        "environments/dev/environment.yaml",
        "environments/dev/values.yaml",
        "argocd/root.yaml",
    ):
        path = good / file
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    release = good / "environments/dev/release.yaml"
    release.write_bytes(b"\xef\xbb\xbf" + release.read_bytes())

    assert gitops_gen(good, "generate", "--check").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("file", ["gitops.yaml", "environments/dev/environment.yaml", "environments/dev/release.yaml"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("".join(f"unknown{number}: 1\n" for number in range(45_000)), "has more problems; the first 50 are reported"),
        ("key: [" + "1, " * 100_000 + "]\n", "contains more than 100,000 keys and values"),
        ("# " + "a comment " * 600_000 + "\n", "is larger than 5 MB"),
        ("---\na: b\n" * 20_000, "contains more than one YAML document"),
    ],
    ids=["unknown_keys", "values", "size", "documents"],
)
def test_a_large_file_is_refused_soon(file: str, text: str, said: str, good: Path, gitops_gen: GitopsGen) -> None:
    with (good / file).open("a") as opened:
        opened.write(text)
    before, start = tree(good), time.process_time()

    result = gitops_gen(good, "generate")

    assert (result.code, result.out) == (1, "")
    assert f"{file}: {said}" in re.sub(r":\d+:", ":", result.err)
    assert result.err.count("\n") < 200
    assert time.process_time() - start < 6  # a quarter of it on an idle machine; without limits, minutes
    assert tree(good) == before


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["generate", "set dev replicas=3", "validate", "plan dev", "status"])
@pytest.mark.parametrize("indent", ["", "  "], ids=["keys", "values"])
def test_only_reported_problems_are_explained(
    indent: str, verb: str, good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (good / "environments/dev/release.yaml").open("a") as opened:
        opened.writelines(f"{indent}{verb[:3]}{number}: 1\n" for number in range(9_000))  # read files are kept by text
    explained, located = count_calls(monkeypatch, names, "nearest"), count_calls(monkeypatch, reader, "_child")

    result = gitops_gen(good, *verb.split())

    assert "has more problems; the first 50 are reported" in result.out + result.err
    assert 0 < len(explained) < 400
    assert 0 < len(located) < 2_000


def count_calls(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> list[object]:
    """An item for each call of a function from now on."""
    calls: list[object] = []
    function = getattr(module, name)

    def counted(*arguments: object) -> object:
        calls.append(name)
        return function(*arguments)

    monkeypatch.setattr(module, name, counted)
    return calls


@pytest.mark.parametrize("verb", [("generate",), ("render", "dev"), ("set", "dev", "replicas=3")])
def test_a_pipe_is_not_waited_for(verb: tuple[str, ...], good: Path, gitops_gen: GitopsGen) -> None:
    (good / "environments/dev/release.yaml").unlink()
    os.mkfifo(good / "environments/dev/release.yaml")

    result = gitops_gen(good, *verb)

    assert (result.code, result.out) == (1, "")
    assert "environments/dev/release.yaml: is a named pipe, not a file" in result.err


def test_an_environment_behind_a_symlink_out_of_the_repository(
    good: Path, gitops_gen: GitopsGen, tmp_path: Path
) -> None:
    shutil.move(good / "environments/dev", tmp_path / "elsewhere")
    (good / "environments/dev").symlink_to(tmp_path / "elsewhere")

    result = gitops_gen(good, "generate")

    assert result.code == 1
    assert result.err.startswith("environments/dev: is a symlink that leaves the project")


def test_a_chart_of_another_project_of_the_same_repository_is_no_fault(good: Path, gitops_gen: GitopsGen) -> None:
    project = good / "shop"
    project.mkdir()
    for name in ("gitops.yaml", "environments"):
        shutil.move(good / name, project / name)
    (project / "gitops.yaml").write_text((project / "gitops.yaml").read_text().replace("path: chart", "path: ../chart"))

    assert gitops_gen(project, "generate", "--overwrite").code == 0
    assert "    path: chart\n" in (project / "argocd/applications/dev.yaml").read_text()


def copy_over(project: Path, fault: Path) -> None:
    """Put the fault's files over the project's."""
    for (name,) in note(fault, "removed.txt"):
        path = project / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(fault, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NOTES))
    for name, target in note(fault, "symlinks.txt"):
        (project / name).symlink_to(target)


def note(fault: Path, name: str) -> list[list[str]]:
    """The words of each line of a note next to the fault's files."""
    file = fault / name
    return [shlex.split(line) for line in file.read_text().splitlines()] if file.exists() else []


def arguments(fault: Path) -> list[str]:
    """The command line of a fault."""
    return next(iter(note(fault, "arguments.txt")), ["generate"])
