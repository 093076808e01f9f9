"""`generate` as a whole: example repositories against whole-tree goldens, and this repository's own tree."""

import shutil
from pathlib import Path

import pytest

from gitops_gen.models.layout import ROOT_FILE, generated_paths
from tests.conftest import INPUTS, SNAPSHOTS, GitopsGen, GoldenFolder, commit_all, git, tree

EXAMPLES = sorted(path.name for path in (INPUTS / "examples").iterdir())


@pytest.fixture
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an example repository, committed, with the tag v1.0.0."""
    folder = shutil.copytree(INPUTS / "examples" / request.param, tmp_path / "repository")
    commit_all(folder, "v1.0.0")
    return folder


def projects(repository: Path) -> list[Path]:
    """Every project of a repository."""
    return sorted(path.parent for path in repository.rglob("gitops.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, indirect=True)
def test_an_example_gives_its_whole_tree(
    example: Path, gitops_gen: GitopsGen, golden_folder: GoldenFolder, request: pytest.FixtureRequest
) -> None:
    inputs = tree(example).keys()
    texts = {}
    for project in projects(example):
        name = project.relative_to(example).as_posix()
        result = gitops_gen(project, "generate")
        assert result.code == 0, result.err
        texts[f"{name}/output.txt".removeprefix("./")] = result.out + result.err
    made = {name: content.decode() for name, content in tree(example).items() if name not in inputs}
    golden_folder(SNAPSHOTS / request.node.callspec.params["example"], texts | made)


@pytest.mark.parametrize("example", EXAMPLES, indirect=True)
def test_an_example_is_clean_after_generate(example: Path, gitops_gen: GitopsGen) -> None:
    for project in projects(example):
        assert gitops_gen(project, "generate").code == 0
    written = times(example)

    for project in projects(example):
        check, again = gitops_gen(project, "generate", "--check"), gitops_gen(project, "generate")
        assert (check.code, check.out, again.code, again.out) == (0, "", 0, "")
    assert times(example) == written


@pytest.mark.parametrize("example", ["pinned-charts"], indirect=True)
def test_a_pinned_environment_keeps_the_chart_of_its_tag(example: Path, gitops_gen: GitopsGen) -> None:
    template = example / "chart/templates/deployment.yaml"
    template.write_text(template.read_text().replace("name: web\n", "name: changed\n"))
    (example / "chart/values.schema.json").write_text('{"properties": {"replicas": {"const": 1}}}')

    result = gitops_gen(example, "generate")

    assert result.code == 1
    assert "environments/newest" not in result.err  # the layer is the cause, not the environment
    assert "gitops.yaml:11: defaults.values.replicas: 1 was expected" in result.err
    assert "error: 1 problem\n" in result.err
    assert "- name: web\n" in gitops_gen(example, "render", "tagged").out


@pytest.mark.parametrize("example", ["pinned-charts"], indirect=True)
def test_a_pulled_chart_is_checked_and_rendered(example: Path, gitops_gen: GitopsGen) -> None:
    from helm_python import Chart

    chart = shutil.copytree(example / "chart", example / "pulled/web")
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.2.0\n")
    (chart / "values.schema.json").write_text('{"properties": {"replicas": {"maximum": 1}}}')
    pulled = example / ".gitops-gen/charts"
    pulled.mkdir(parents=True)
    with Chart.load(chart) as loaded:
        loaded.save(str(pulled))

    result = gitops_gen(example, "generate")

    assert "gitops.yaml:11: defaults.values.replicas: 2 is greater than the maximum of 1" in result.err
    assert gitops_gen(example, "render", "newest").code == 0
    (example / "gitops.yaml").write_text((example / "gitops.yaml").read_text().replace("replicas: 2", "replicas: 1"))
    assert '"registry.example.com/web:y"' in gitops_gen(example, "render", "from-repository").out


def times(folder: Path) -> dict[str, int]:
    """When each file was written last."""
    return {name: (folder / name).stat().st_mtime_ns for name in tree(folder)}


def generated_files(folder: Path) -> list[Path]:
    """The generated files of a project."""
    return [path for pattern in (ROOT_FILE, *generated_paths("*")) for path in folder.glob(pattern)]


def test_the_reference_repository_is_up_to_date(reference: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(reference, "generate", "--overwrite")
    assert (result.code, result.out, git(reference, "status", "--porcelain")) == (0, "", "")


def test_the_generated_tree_is_restored_the_same(reference: Path, gitops_gen: GitopsGen) -> None:
    before = tree(reference)
    files = generated_files(reference)
    assert len(files) == 10
    for file in files:
        file.unlink()

    result = gitops_gen(reference, "generate")

    assert result.code == 0, result.err
    assert len(result.out.splitlines()) == len(files)
    assert tree(reference) == before
    assert git(reference, "status", "--porcelain") == ""


def test_a_second_run_writes_nothing(reference: Path, gitops_gen: GitopsGen) -> None:
    gitops_gen(reference, "generate")
    written = times(reference)

    assert gitops_gen(reference, "generate").out == ""
    assert times(reference) == written


def test_generated_bytes_do_not_depend_on_the_machine(
    reference: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(reference)
    for file in generated_files(reference):
        file.unlink()
    for variable, value in {"LC_ALL": "C", "TZ": "Pacific/Auckland", "HOME": "/nowhere", "COLUMNS": "20"}.items():
        monkeypatch.setenv(variable, value)

    assert gitops_gen(reference, "generate").code == 0
    assert tree(reference) == before


@pytest.mark.parametrize("environments", [["dev"], ["dev", "staging"]])
def test_only_the_environments_asked_for(reference: Path, gitops_gen: GitopsGen, environments: list[str]) -> None:
    for file in generated_files(reference):
        file.unlink()

    result = gitops_gen(reference, "generate", *environments)

    written = {line.split()[1] for line in result.out.splitlines()}
    assert written == {
        path
        for name in environments
        for path in (
            f"argocd/applications/{name}.yaml",
            f"argocd/projects/{name}.yaml",
            f"environments/{name}/values.yaml",
        )
    }


def test_every_environment_is_checked(reference: Path, gitops_gen: GitopsGen) -> None:
    for name in ("dev", "staging", "production"):
        release = reference / f"environments/{name}/release.yaml"
        release.write_text(release.read_text().replace("tag:", "tga:"))
    done = gitops_gen(reference, "generate")
    assert done.code == 1
    assert [line.partition(":")[0] for line in done.err.splitlines() if "unknown value" in line] == [
        f"environments/{name}/release.yaml" for name in ("dev", "production", "staging")
    ]
