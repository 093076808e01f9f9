"""What `--output json` and `--output yaml` print: compared with a golden file for each command, validated against the
published schemas, and the schemas against the types in the code.
"""

import json
import re
import shlex
from enum import Enum
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from gitops_gen.cli import run
from gitops_gen.generate.files import State
from gitops_gen.migration.model import ObjectOutcome
from gitops_gen.output.json import files, migration, plan
from gitops_gen.output.json.document import formatted
from gitops_gen.output.json.documents import DOCUMENTS
from gitops_gen.output.json.keys import key_changes, release_changes
from gitops_gen.sync.proof import Verdict
from gitops_gen.yaml.editing.difference import differences
from gitops_gen.yaml.reader import load
from tests import json_schemas
from tests.cli.test_cli import commands
from tests.conftest import REPOSITORY, GitopsGen, Golden, GoldenFolder, commit_all, git
from tests.migration.original import exported

GOLDENS = Path(__file__).parent / "golden"
DEFINITION = Path(__file__).parent / "definition.yaml"
HASH = re.compile(r"\b[0-9a-f]{40}\b")
SHORT_HASH = re.compile(r"\b[0-9a-f]{8,12}\b")
TEXTS = re.compile(r'("(?:message|hint|title|explanation|remedy|reason|why)": )"(?:[^"\\]|\\.)*"')
TIME = re.compile(r"\b20\d\d-\d\d-\d\dT[0-9:]+(?:Z|[+-]\d\d:\d\d)")

#: the golden file, the schema, the exit code, the command
CASES = [
    ("env-list", "env-list", 0, "env list"),
    ("project-list", "project-list", 0, "project list"),
    ("status", "status", 0, "status"),
    ("history", "history", 0, "history -n 4"),
    ("explain", "explain", 0, "explain production replicas"),
    ("secrets", "secrets", 0, "secrets dev"),
    ("plan", "plan", 1, "plan dev"),
    ("rules", "rules", 0, "rules deadlock"),
    ("validate", "validate", 1, "validate dev"),
    ("generate", "generate", 0, "generate"),
    ("generate-check", "generate", 1, "generate --check"),
    ("diff", "diff", 1, "diff v1.0.0 HEAD"),
    ("diff-summary", "diff-summary", 1, "diff v1.0.0 HEAD --summary"),
    ("set", "change", 0, "set dev image.tag=1.7.0 replicas=2 --dry-run"),
    ("set-unset", "change", 0, "set --stage production --unset replicas --dry-run"),
    ("set-move", "change", 0, "set dev --move hosts --release"),
    ("promote", "change", 0, "promote dev production --dry-run"),
    ("rollback", "change", 0, "rollback dev"),
    ("env-add", "change", 0, "env add qa --stage dev --release-of dev --dry-run"),
    ("env-remove", "change", 0, "env remove dev --delete-running --dry-run"),
    ("chart-pull", "chart-pull", 0, "chart pull"),
    ("chart-vendor", "chart-vendor", 0, "chart vendor"),
    ("cluster-api-versions", "cluster-api-versions", 0, f"cluster api-versions {shlex.quote(str(DEFINITION))}"),
    ("error", "error", 2, "explain dev replica"),
    ("error-usage", "error", 2, "status --stagee dev"),
    ("error-problems", "error", 1, "set dev replicas=many"),
]


def prepare(project: Path) -> None:
    """Two commits after v1.0.0, and a generated file that is missing."""
    project.joinpath("chart/templates/job.yaml").write_text(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: seed}\nspec: {template: {spec: {containers: []}}}\n"
    )
    commit_all(project)
    for words in ("set dev image.tag=1.6.0 --commit", "set production replicas=3 --commit"):
        assert run(["-C", str(project), "-q", *shlex.split(words)]) == 0
    (project / "argocd/root.yaml").unlink()


@pytest.fixture(scope="session")
def changed_template(good_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents") / "project"
    git(folder.parent, "clone", "--quiet", "--no-hardlinks", str(good_template), str(folder))
    git(folder, "remote", "remove", "origin")
    git(folder, "config", "user.name", "Test")
    git(folder, "config", "user.email", "test@example.com")
    prepare(folder)
    return folder


@pytest.fixture
def changed(changed_template: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "--quiet", "--no-hardlinks", str(changed_template), "project")
    project = tmp_path / "project"
    git(project, "remote", "remove", "origin")
    git(project, "config", "user.name", "Test")
    git(project, "config", "user.email", "test@example.com")
    (project / "argocd/root.yaml").unlink()
    return project


def valid(name: str, text: str) -> dict[str, Any]:
    """A document that its published schema accepts."""
    document: dict[str, Any] = json.loads(text)
    published = json.loads((json_schemas.FOLDER / f"{name}.schema.json").read_text())
    assert [error.message for error in jsonschema_rs.validator_for(published).iter_errors(document)] == []
    return document


def without_chance(text: str, folder: Path) -> str:
    """The text without what differs from run to run, and without sentences, which other tests check."""
    text = TEXTS.sub(r'\1"TEXT"', text.replace(str(folder), "PROJECT"))
    return SHORT_HASH.sub("COMMIT", TIME.sub("TIME", HASH.sub("COMMIT", text)))


@pytest.mark.parametrize(("name", "schema", "code", "words"), CASES, ids=[case[0] for case in CASES])
def test_a_document_is_as_published(  # noqa: PLR0913, PLR0917 - a case and its fixtures
    name: str, schema: str, code: int, words: str, changed: Path, gitops_gen: GitopsGen, golden: Golden
) -> None:
    result = gitops_gen(changed, *shlex.split(words), "--output", "json")
    assert result.code == code, result.out + result.err
    valid(schema, result.out)
    golden(GOLDENS / f"{name}.json", without_chance(result.out, changed))


@pytest.mark.parametrize("words", ["status", "explain dev replica", "set dev replicas=many", "diff v1.0.0 HEAD"])
def test_yaml_has_the_same_data(words: str, changed: Path, gitops_gen: GitopsGen) -> None:
    as_json, as_yaml = (gitops_gen(changed, "-o", form, *shlex.split(words)) for form in ("json", "yaml"))
    assert as_json.code == as_yaml.code
    assert json.loads(as_json.out) == load(as_yaml.out, "output")


def test_the_document_of_migrate(reference: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    live = tmp_path / "live.yaml"
    live.write_text(exported())
    arguments = ("migrate", "production", "--live", str(live), "--output", "json")
    assert valid("migrate", gitops_gen(reference, *arguments).out)["environment"] == "production"
    written = valid("change", gitops_gen(reference, *arguments, "--write").out)
    assert [item["path"] for item in written["inputs"]] == ["environments/production/environment.yaml"]


def test_the_document_of_adopt(changed: Path, gitops_gen: GitopsGen) -> None:
    values = changed / "environments/dev/values.yaml"
    values.write_text(values.read_text().replace("dev.example.com", "edited.example.com"))
    result = gitops_gen(changed, "adopt", "dev", "--output", "json")
    (file,) = valid("change", result.out)["inputs"]
    assert file == {
        "path": "environments/dev/environment.yaml",
        "action": "updated",
        "changes": [{"key": "values.hosts[0]", "old": "dev.example.com", "new": "edited.example.com"}],
    }


def test_the_document_of_init(tmp_path: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(tmp_path, "init", "new", "--install", "gitops-gen", "-o", "json")
    assert (result.code, result.err) == (0, "")
    document = valid("init", result.out)
    assert all((tmp_path / "new" / file).is_file() for file in document["files"])
    assert document["next"][-1]["commands"] == ["kubectl apply -f argocd/root.yaml"]


def test_the_document_of_an_init_that_is_to_be_completed(good: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    result = gitops_gen(tmp_path, "init", "new", "--chart", str(good / "chart"), "-o", "json")
    assert (result.code, result.err) == (1, "")
    document = valid("init", result.out)
    assert document["next"] == []
    assert {problem["file"] for problem in document["problems"]} >= {"environments/dev/environment.yaml"}


def test_the_documents_of_the_reference_project(reference: Path, gitops_gen: GitopsGen) -> None:
    (environment,) = valid("secrets", gitops_gen(reference, "secrets", "dev", "-o", "json").out)["environments"]
    assert {key["origin"]["store"] for key in environment["keys"]} == {"ClusterSecretStore/vault"}
    (plan_,) = valid("plan", gitops_gen(reference, "plan", "dev", "-o", "json").out)["plans"]
    assert {item["verdict"] for item in plan_["dependencies"]} <= {"proven", "waitsByItself"}


def test_the_document_of_a_commit_and_a_push(changed: Path, tmp_path: Path, gitops_gen: GitopsGen) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(changed, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(changed, "push", "--quiet", "--set-upstream", "origin", "main")
    git(changed, "checkout", "--quiet", "--", ".")
    result = gitops_gen(changed, "set", "dev", "image.tag=1.8.0", "--push", "--output", "json")
    document = valid("change", result.out)
    head = git(changed, "rev-parse", "HEAD").strip()
    assert (document["commit"], document["pushed"]["commit"], document["pushed"]["branch"]) == (head, head, "main")


def test_the_document_of_a_bug(good: Path, gitops_gen: GitopsGen, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr("gitops_gen.project.listing.list_environments", broken)
    result = gitops_gen(good, "env", "list", "-o", "json")
    assert result.code == 3
    assert valid("error", result.out)["error"]["message"] == "KeyError: 'oops'"
    assert "Traceback" in result.err


def test_the_published_schemas_are_those_of_the_code(golden_folder: GoldenFolder) -> None:
    golden_folder(json_schemas.FOLDER, json_schemas.files())


def test_every_listing_and_change_has_a_document() -> None:
    without = {"render", "report", "schema", "completion"}
    offered = {words: {name for item in command.params for name in item.opts} for words, command in commands()}
    assert {words for words, names in offered.items() if "--output" not in names} == without


def test_every_schema_is_used() -> None:
    tested = {schema for _, schema, _, _ in CASES} | {"init", "migrate"}
    assert tested == DOCUMENTS.keys()


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (files.STATES, State),
        (plan.VERDICTS, Verdict),
        (migration.OUTCOMES, ObjectOutcome),
    ],
)
def test_every_value_has_its_name(names: dict[object, str], values: type[Enum]) -> None:
    assert list(names) == list(values)
    assert len(set(names.values())) == len(names)


def test_a_map_that_comes_or_goes_is_listed_key_by_key() -> None:
    old, new = {"a": 1, "gone": {"x": {"y": 1}, "z": None}}, {"a": None, "made": {"b.c": [1]}, "empty": {}}
    assert sorted(key_changes(differences(old, new)), key=lambda change: change["key"]) == [
        {"key": "a", "old": 1, "new": None},
        {"key": "empty", "new": {}},
        {"key": "gone.x.y", "old": 1},
        {"key": "gone.z", "old": None},
        {"key": "made.b\\.c", "new": [1]},
    ]
    pin = differences({}, {"chart": {"version": "1.0.0"}, "values": {"tag": "2"}})
    assert release_changes(pin) == [
        {"section": "chart", "key": "version", "new": "1.0.0"},
        {"section": "values", "key": "tag", "new": "2"},
    ]


def test_text_of_every_language_is_readable() -> None:
    assert formatted({"subject": "Grüße ✓"}, "json") == '{\n  "subject": "Grüße ✓"\n}\n'


def test_the_documentation_shows_valid_documents() -> None:
    text = (REPOSITORY / "docs/reference/json-output.md").read_text()
    for name, block in zip(["history", "error"], re.findall(r"```json\n(.*?)```", text, re.DOTALL), strict=True):
        valid(name, block)
    linked = set(re.findall(r"\(json/([a-z-]+)\.schema\.json\)", text))
    assert linked == DOCUMENTS.keys()
