"""A workspace and its projects: what is inherited, which file says what, and that one project stays what it was."""

import json
import re
import shutil
from pathlib import Path

import pytest

from gitops_gen.project.opening import open_project
from tests.conftest import GIT_SETTINGS, GitopsGen, commit_all, git, tree

SERVICES = ("api", "web")
STAGES = ("dev", "production", "staging")


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def add(folder: Path, path: str, text: str) -> None:
    """More lines at the end of a file."""
    (folder / path).write_text((folder / path).read_text() + text)


def test_everything_of_a_workspace_is_at_its_top(workspace: Path) -> None:
    names = [f"services/{service}/{stage}" for service in SERVICES for stage in STAGES]
    made = {path for path in tree(workspace) if path.startswith("argocd/")}
    assert made == {
        "argocd/root.yaml",
        *(f"argocd/applications/{name}.yaml" for name in names),
        *(f"argocd/projects/{name}.yaml" for name in names),
    }


def test_root_includes_all_applications(workspace: Path) -> None:
    root = (workspace / "argocd/root.yaml").read_text()
    assert "    path: argocd\n    directory:\n      recurse: true\n      exclude: root.yaml\n" in root
    assert root.count("\n  name: shop\n") == 2


def test_a_service_is_the_same_from_the_top_and_in_its_folder(workspace: Path, gitops_gen: GitopsGen) -> None:
    """The oracle: what is generated for a service does not depend on where the command is started."""
    wanted = tree(workspace)
    for path in [path for path in wanted if path.startswith("argocd/") or path.endswith("/values.yaml")]:
        if "charts/" not in path and path != "argocd/root.yaml":
            (workspace / path).unlink()

    for service in SERVICES:
        assert gitops_gen(workspace / "services" / service, "generate").code == 0

    assert tree(workspace) == wanted


def test_a_service_is_the_same_as_a_project_by_itself(workspace: Path, gitops_gen: GitopsGen, tmp_path: Path) -> None:
    """The same facts written into one gitops.yaml give the same manifests, except for the paths."""
    alone = tmp_path / "alone"
    shutil.copytree(workspace / "charts", alone / "charts")
    shutil.copytree(workspace / "services/web/environments", alone / "environments")
    shared = (workspace / "gitops.yaml").read_text()
    text = re.sub(r"projects: .*\n", "", shared.replace("kind: Workspace", "kind: Project")).replace(
        "shop\np", "web\np"
    )
    write(alone, "gitops.yaml", text.replace("name: shop\n", "name: web\n") + "  values:\n    port: 3000\n")
    for stage in STAGES:
        path = f"environments/{stage}/environment.yaml"
        own = (alone / path).read_text().partition("kind: Environment\n")[2] if (alone / path).exists() else ""
        write(alone, path, (workspace / path).read_text() + own)
    assert gitops_gen(alone, "generate").code == 0

    for stage in STAGES:
        assert gitops_gen(alone, "render", stage).out == gitops_gen(workspace, "render", f"web/{stage}").out
        made = (workspace / f"argocd/applications/services/web/{stage}.yaml").read_text().partition("\n")[2]
        own = (alone / f"argocd/applications/{stage}.yaml").read_text().partition("\n")[2]
        assert made.replace("services/web/environments", "environments") == own


def test_explain_names_the_file_and_line_of_every_layer(workspace: Path, gitops_gen: GitopsGen) -> None:
    assert gitops_gen(workspace, "explain", "web/production").out == (
        'image.tag: "1.0.0"\n'
        '    chart  charts/service/values.yaml:3  "1.0.0"\n'
        '  * release  services/web/environments/production/release.yaml:5  "1.0.0"\n'
        "port: 3000\n"
        "    chart  charts/service/values.yaml:5  8080\n"
        "  * defaults  services/web/gitops.yaml:6  3000\n"
        "replicas: 5\n"
        "    chart  charts/service/values.yaml:4  1\n"
        "    stage production  gitops.yaml:22  3\n"
        "  * environment  services/web/environments/production/environment.yaml:4  5\n"
    )


def test_what_is_narrower_wins_whoever_says_it(workspace: Path, gitops_gen: GitopsGen) -> None:
    add(workspace, "services/api/gitops.yaml", "defaults: {values: {replicas: 2}}\n")
    add(workspace, "environments/staging/environment.yaml", "values: {replicas: 4}\n")

    found = {stage: gitops_gen(workspace, "explain", f"api/{stage}", "replicas").out for stage in STAGES}

    assert [found[stage].splitlines()[0] for stage in STAGES] == ["replicas: 2", "replicas: 3", "replicas: 4"]
    assert "environment  environments/staging/environment.yaml:4  4" in found["staging"]


def test_a_project_adds_stages_and_clusters_and_merges_the_shared_ones(workspace: Path, gitops_gen: GitopsGen) -> None:
    add(
        workspace,
        "services/api/gitops.yaml",
        "clusters: {eu: {server: https://eu.example.com}}\n"
        "stages: [{name: production, defaults: {cluster: eu, values: {port: 81}}}, {name: archive}]\n"
        "defaults: {cluster: main}\n",
    )
    listed = json.loads(gitops_gen(workspace, "env", "list", "--output", "json").out)["environments"]
    clusters = {item["name"]: item["cluster"] for item in listed}
    assert (clusters["services/api/production"], clusters["services/api/dev"]) == ("eu", "main")
    assert clusters["services/web/production"] == "main"
    values = gitops_gen(workspace, "explain", "api/production").out
    assert "stage production  services/api/gitops.yaml:5  81" in values
    assert "stage production  gitops.yaml:22  3" in values
    assert gitops_gen(workspace, "env", "list", "--stage", "archive").code == 2


def test_a_project_has_its_own_chart_next_to_those_of_others(workspace: Path, gitops_gen: GitopsGen) -> None:
    shutil.copytree(workspace / "charts/service", workspace / "services/api/chart")
    add(workspace, "services/api/gitops.yaml", "chart: {path: chart}\n")
    shutil.copytree(workspace / "charts/service", workspace / "charts/other")
    add(workspace, "services/web/gitops.yaml", "chart: {path: ../../charts/other}\n")

    assert gitops_gen(workspace, "generate").code == 0

    listed = json.loads(gitops_gen(workspace, "env", "list", "--stage", "dev", "--output", "json").out)["environments"]
    assert [item["chart"]["path"] for item in listed] == ["services/api/chart", "charts/other"]
    application = (workspace / "argocd/applications/services/web/dev.yaml").read_text()
    assert "path: charts/other" in application
    assert "- ../../services/web/environments/dev/values.yaml" in application


def test_a_chart_that_lacks_a_dependency_stops_its_own_service_only(workspace: Path, gitops_gen: GitopsGen) -> None:
    shutil.copytree(workspace / "charts/service", workspace / "services/api/chart")
    add(workspace, "services/api/gitops.yaml", "chart: {path: chart}\n")
    dependency = "dependencies: [{name: cache, version: 1.0.0, repository: https://charts.example.com}]\n"
    add(workspace, "services/api/chart/Chart.yaml", dependency)
    (workspace / "argocd/applications/services/web/dev.yaml").unlink()
    environment = "apiVersion: gitops-gen/v1\nkind: Environment\nvalues: {replicas: 2}\n"
    write(workspace, "services/web/environments/dev/environment.yaml", environment)
    before = tree(workspace / "argocd/applications/services/api")

    checked = gitops_gen(workspace, "generate", "--check", "--output", "json")
    result = gitops_gen(workspace, "generate")

    document = json.loads(checked.out)
    assert (checked.code, len(document["files"]), result.code) == (1, 3, 1)
    assert [item["file"] for item in document["problems"]] == ["services/api/gitops.yaml"]
    assert {line.split()[-1] for line in result.out.splitlines()} == {
        "argocd/applications/services/web/dev.yaml",
        "argocd/projects/services/web/dev.yaml",
        "services/web/environments/dev/values.yaml",
    }
    assert "services/api/gitops.yaml:4: chart: " in result.err
    assert "missing in charts/ directory: cache" in result.err
    assert "error: 1 problem\n" in result.err
    assert tree(workspace / "argocd/applications/services/api") == before
    assert gitops_gen(workspace, "generate", "web/dev").code == 0
    found = json.loads(gitops_gen(workspace, "validate", "--output", "json").out)["findings"]
    wrong = [item for item in found if item["severity"] == "error"]
    assert "services/api/gitops.yaml" in {item["file"] for item in wrong}
    assert {name.rpartition("/")[0] for item in wrong for name in item["environments"]} == {"services/api"}


def test_a_chart_that_is_not_pulled_stops_nobody(workspace: Path, gitops_gen: GitopsGen) -> None:
    chart = "chart: {repository: https://charts.example.com, name: web, version: 1.0.0}\n"
    add(workspace, "services/api/gitops.yaml", chart)
    result = gitops_gen(workspace, "generate")
    assert result.code == 0, result.err
    assert "chart: web\n" in (workspace / "argocd/applications/services/api/dev.yaml").read_text()
    assert gitops_gen(workspace, "generate", "--check").code == 0
    assert gitops_gen(workspace, "render", "web/dev").code == 0


def test_services_share_a_namespace_of_an_environment(workspace: Path, gitops_gen: GitopsGen) -> None:
    listed = json.loads(gitops_gen(workspace, "env", "list", "--output", "json").out)["environments"]
    assert {item["namespace"] for item in listed} == {f"shop-{stage}" for stage in STAGES}
    assert gitops_gen(workspace, "plan").code == 0


def test_an_object_that_two_services_render_is_a_finding(workspace: Path, gitops_gen: GitopsGen) -> None:
    chart = workspace / "charts/service/templates/config.yaml"
    chart.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n")

    result = gitops_gen(workspace, "plan", "--stage", "dev", "--output", "json")

    found = [item for plan in json.loads(result.out)["plans"] for item in plan["findings"]]
    assert result.code == 1
    assert [(item["rule"], item["object"]) for item in found] == [("object-in-two-environments", "ConfigMap/settings")]
    assert "services/api/dev" in found[0]["message"]


def test_a_new_service_needs_no_other_file(workspace: Path, gitops_gen: GitopsGen) -> None:
    root = (workspace / "argocd/root.yaml").read_bytes()
    write(workspace, "services/jobs/gitops.yaml", "apiVersion: gitops-gen/v1\nkind: Project\nname: jobs\n")
    release = "apiVersion: gitops-gen/v1\nkind: Release\nvalues: {image: {tag: 2.0.0}}\n"
    write(workspace, "services/jobs/environments/dev/release.yaml", release)

    result = gitops_gen(workspace, "generate")

    assert result.out.splitlines() == [
        "created  argocd/applications/services/jobs/dev.yaml",
        "created  argocd/projects/services/jobs/dev.yaml",
        "created  services/jobs/environments/dev/values.yaml",
    ]
    assert (workspace / "argocd/root.yaml").read_bytes() == root


def test_what_a_removed_service_left_is_removed(workspace: Path, gitops_gen: GitopsGen) -> None:
    for path in ("gitops.yaml", *(f"environments/{stage}/release.yaml" for stage in STAGES)):
        (workspace / "services/api" / path).unlink()

    assert gitops_gen(workspace, "generate").code == 0

    assert [path for path in tree(workspace) if "api" in path] == []


def test_a_service_that_is_moved_is_the_same_to_argocd(workspace: Path, gitops_gen: GitopsGen) -> None:
    before = (workspace / "argocd/projects/services/api/dev.yaml").read_text().partition("\n")[2]
    (workspace / "services/api").rename(workspace / "services/backend")

    assert gitops_gen(workspace, "generate").code == 0

    assert (workspace / "argocd/projects/services/backend/dev.yaml").read_text().partition("\n")[2] == before
    assert not (workspace / "argocd/projects/services/api").exists()


def test_a_project_inside_another_one_is_no_workspace(good: Path, gitops_gen: GitopsGen) -> None:
    inner = good / "services/inner"
    shutil.copytree(good / "environments", inner / "environments")
    shutil.copytree(good / "chart", inner / "chart")
    write(inner, "gitops.yaml", (good / "gitops.yaml").read_text().replace("name: demo", "name: inner"))

    assert gitops_gen(inner, "--quiet", "generate").code == 0

    assert (inner / "argocd/root.yaml").exists()
    assert gitops_gen(inner, "render", "dev").code == 0


@pytest.mark.parametrize(
    ("start", "typed", "meant"),
    [
        (".", "api/dev", ["services/api/dev"]),
        (".", "services/api/dev", ["services/api/dev"]),
        (".", "dev", ["services/api/dev", "services/web/dev"]),
        ("services/api", "dev", ["services/api/dev"]),
        ("services/api/environments/dev", "dev", ["services/api/dev"]),
        ("services/api", "web/dev", ["services/web/dev"]),
        ("services/api", "", [f"services/api/{stage}" for stage in STAGES]),
        (".", "--project web", [f"services/web/{stage}" for stage in STAGES]),
        (".", "--stage production", ["services/api/production", "services/web/production"]),
        (".", "--stage production --project web", ["services/web/production"]),
        (".", "--cluster main --stage dev", ["services/api/dev", "services/web/dev"]),
        (".", "dev --project web", ["services/web/dev"]),
    ],
)
def test_environments_are_chosen_by_words_folder_and_options(
    start: str, typed: str, meant: list[str], workspace: Path, gitops_gen: GitopsGen
) -> None:
    result = gitops_gen(workspace / start, "secrets", *typed.split(), "--output", "json")
    assert [item["name"] for item in json.loads(result.out)["environments"]] == meant, result.err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("render dev", "`dev` is an environment of 2 projects"),
        ("render nothing/dev", "no project `nothing`"),
        ("render api/nothing", "no environment `services/api/nothing`"),
        ("secrets --project nothing", "no project `nothing`"),
        ("secrets --stage nothing", "no stage `nothing`"),
        ("secrets dev --stage production", "no environment in stage production"),
        ("env add qa", "`qa` names no project"),
        ("diff --env dev staging", "`--env` compares two environments"),
    ],
)
def test_words_that_mean_nothing_or_too_much(typed: str, said: str, workspace: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(workspace, *typed.split())
    assert result.code == 2, result.out
    assert said in result.err


def test_only_what_changed_gives_what_everything_gives(workspace: Path, gitops_gen: GitopsGen) -> None:
    """A change of one service differs in that service only, and the difference of everything says the same."""
    add(workspace, "services/api/gitops.yaml", "defaults: {values: {port: 9000}}\n")
    every = json.loads(gitops_gen(workspace, "diff", "--output", "json").out)
    some = json.loads(gitops_gen(workspace, "diff", "--project", "api", "--output", "json").out)
    assert every["environments"] == some["environments"]
    assert {item["name"] for item in every["environments"]} == {f"services/api/{stage}" for stage in STAGES}


@pytest.mark.parametrize(
    ("file", "text", "meant"),
    [
        (
            "services/api/gitops.yaml",
            "defaults: {values: {port: 9000}}\n",
            [f"services/api/{stage}" for stage in STAGES],
        ),
        ("environments/dev/environment.yaml", "values: {port: 9000}\n", ["services/api/dev", "services/web/dev"]),
        ("services/web/environments/dev/release.yaml", "  port2: 1\n", ["services/web/dev"]),
    ],
)
def test_validate_looks_at_what_a_branch_touches(
    file: str, text: str, meant: list[str], workspace: Path, gitops_gen: GitopsGen
) -> None:
    add(workspace, file, text)
    gitops_gen(workspace, "generate")
    result = gitops_gen(workspace, "validate", "--changed", "HEAD", "--output", "json")
    assert json.loads(result.out)["environments"] == meant, result.out


def test_validate_of_everything_and_of_one_project(workspace: Path, gitops_gen: GitopsGen) -> None:
    add(workspace, "services/api/environments/dev/release.yaml", "  prot: 1\n")
    for words, found in ([], 1), (["--project", "api"], 1), (["--project", "web"], 0), (["web/dev"], 0):
        result = gitops_gen(workspace, "validate", *words, "--output", "json")
        errors = {
            (item["rule"], item["file"])
            for item in json.loads(result.out)["findings"]
            if item["severity"] == "error" and item["rule"] != "generated-file-differs"
        }
        assert len(errors) == found, (words, result.out)


def test_files_of_a_cluster_count_from_the_file_that_names_them(workspace: Path) -> None:
    files = "schemas: [crd.yaml, ../../top.yaml]"
    text = f"clusters: {{main: {{server: https://kubernetes.default.svc, {files}}}}}\n"
    add(workspace, "services/api/gitops.yaml", text)
    opened = open_project(workspace)
    assert opened.environment("services/api/dev").schema_files == ("services/api/crd.yaml", "top.yaml")
    assert opened.environment("services/web/dev").schema_files == ()


def test_a_shared_file_reaches_every_service(workspace: Path, gitops_gen: GitopsGen) -> None:
    add(workspace, "environments/dev/environment.yaml", "values: {replicas: 2}\n")
    found = json.loads(gitops_gen(workspace, "diff", "--output", "json").out)["environments"]
    assert {item["name"] for item in found} == {"services/api/dev", "services/web/dev"}


@pytest.fixture
def git_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever commits, on a machine where git knows nobody."""
    for name, value in GIT_SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("git_user")
def test_a_commit_needs_the_shared_file_that_is_not_committed(workspace: Path, gitops_gen: GitopsGen) -> None:
    add(workspace, "environments/dev/environment.yaml", "values: {replicas: 2}\n")
    result = gitops_gen(workspace, "set", "api/dev", "image.tag=2.0.0", "--commit")
    assert result.code == 1
    assert "environments/dev/environment.yaml: has uncommitted changes" in result.err
    assert git(workspace, "rev-list", "--count", "HEAD").strip() == "1"


@pytest.mark.usefixtures("git_user")
def test_a_commit_of_one_service_leaves_the_others_edits_alone(workspace: Path, gitops_gen: GitopsGen) -> None:
    add(workspace, "services/web/environments/dev/release.yaml", "  port: 1\n")
    assert gitops_gen(workspace, "set", "api/dev", "image.tag=2.0.0", "--commit").code == 0
    changed = git(workspace, "show", "--name-only", "--format=").split()
    assert changed == ["services/api/environments/dev/release.yaml", "services/api/environments/dev/values.yaml"]
    commit_all(workspace)


def test_files_of_many_services_are_listed_in_a_few_lines(workspace: Path, gitops_gen: GitopsGen) -> None:
    release = "apiVersion: gitops-gen/v1\nkind: Release\n"
    for index in range(40):
        place = f"services/s{index:02}"
        write(workspace, f"{place}/gitops.yaml", f"apiVersion: gitops-gen/v1\nkind: Project\nname: s{index:02}\n")
        write(workspace, f"{place}/environments/dev/release.yaml", release)
    assert gitops_gen(workspace, "generate").out.splitlines() == [
        "created  argocd/applications/<project>/<environment>.yaml of 40 environments, such as services/s00/dev",
        "created  argocd/projects/<project>/<environment>.yaml of 40 environments, such as services/s00/dev",
        "created  <project>/environments/<environment>/values.yaml of 40 environments, such as services/s00/dev",
    ]


def test_a_chart_that_does_not_render_stops_no_other_project(
    workspace: Path, gitops_gen: GitopsGen, tmp_path: Path
) -> None:
    shutil.copytree(workspace / "charts/service", workspace / "services/api/chart")
    add(workspace, "services/api/gitops.yaml", "chart: {path: chart}\n")
    missing = "dependencies: [{name: cache, version: 1.0.0, repository: https://charts.example.com}]\n"
    add(workspace, "services/api/chart/Chart.yaml", missing)
    planned = gitops_gen(workspace, "plan")
    assert (planned.code, planned.out.count(": proven\n")) == (1, len(STAGES))
    assert planned.err.count("missing in charts/ directory: cache") == 1
    rendered = gitops_gen(workspace, "render", "--all", "--output-dir", str(tmp_path / "manifests"))
    assert rendered.code == 1
    assert {path.split("/")[1] for path in tree(tmp_path / "manifests")} == {"web"}


def test_an_unknown_key_in_a_file_that_a_change_creates(workspace: Path, gitops_gen: GitopsGen) -> None:
    assert not (workspace / "services/api/environments/dev/environment.yaml").exists()
    result = gitops_gen(workspace, "set", "api/dev", "replcas=2")
    assert result.code == 1
    assert "services/api/environments/dev/environment.yaml:4: values.replcas: unknown value" in result.err
    assert "did you mean `replicas`?" in result.err


def test_a_service_in_another_folder_keeps_its_application(workspace: Path, gitops_gen: GitopsGen) -> None:
    (workspace / "apps").mkdir()
    (workspace / "services/web").rename(workspace / "apps/web")
    replaced = (workspace / "gitops.yaml").read_text().replace("[services/*]", "[services/*, apps/*]")
    (workspace / "gitops.yaml").write_text(replaced)

    moved = gitops_gen(workspace, "diff")
    text = "apiVersion: gitops-gen/v1\nkind: Environment\nvalues: {replicas: 7}\n"
    write(workspace, "apps/web/environments/dev/environment.yaml", text)
    scaled = gitops_gen(workspace, "diff")

    for result in (moved, scaled):
        assert "3 of 6 environments differ" in result.out
        assert "the environment: was in services/web: its Application is the same" in result.out
        assert "pruned" not in result.out
    assert "replicas" not in moved.out
    assert "→ 7 replicas (apps/web/dev)" in scaled.out
