"""Two environments compared: what each is called is no difference, everything else is one."""

from pathlib import Path

import pytest

from gitops_gen.cli import run
from gitops_gen.commands.init import initialize
from gitops_gen.compare.fleet import Engines
from gitops_gen.compare.identity import Identity, same_words
from gitops_gen.compare.model import Difference
from gitops_gen.compare.states import Question, diff
from gitops_gen.starter.project import Wishes
from tests.compare.diff_fleet import Fleet, make_fleet
from tests.conftest import commit_all

IDENTITY = Identity(facts=(("staging", "production"), ("shop-st", "shop-prod"), ("teams/st", "teams/prod"), ("a", "a")))


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return make_fleet(tmp_path / "fleet")


def between(fleet: Fleet, one: str, other: str) -> Difference:
    return diff(fleet.folder, Question(environments=(one, other)), Engines(cached=False))


def add_template(fleet: Fleet, data: str, name: str = "more") -> None:
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n"
    lines = "".join(f"  {line}\n" for line in data.strip("\n").splitlines())
    (fleet.folder / f"chart/templates/{name.partition('-')[0]}.yaml").write_text(head + lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("env: staging", "env: production"),
        ("mode: production", "mode: production"),
        ("url: https://api.staging.example.com/?mode=production", "url: https://api.production.example.com/?mode=production"),
        ("both: staging production staging", "both: production production production"),
        ("database: shop_staging", "database: shop_production"),
        ("PREFIX: STAGING_", "PREFIX: PRODUCTION_"),
        ("title: Staging", "title: Production"),
        ("key: teams/st/db", "key: teams/prod/db"),
        ("namespace: shop-st", "namespace: shop-prod"),
    ],
)  # fmt: skip
def test_lines_agree(old: str, new: str) -> None:
    assert IDENTITY.agree(old, new)
    assert IDENTITY.loose(old) == IDENTITY.loose(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mode: production", "mode: staging"),
        ("env: staging", "env: productions"),
        ("word: stagings", "word: productions"),
        ("replicas: 1", "replicas: 2"),
        ("env: staging", "env: staging "),
        ("url: api.staging.example.com", "url: api.example.com"),
        ("image: shop:staging-1", "image: shop:production-2"),
    ],
)
def test_lines_do_not_agree(old: str, new: str) -> None:
    assert not IDENTITY.agree(old, new)


def test_words_that_are_no_names_are_no_facts() -> None:
    assert not Identity(facts=(("1", "2"), ("on", "off"), ("yes", "no"), ("", "x"))).spellings


def test_a_document_keeps_its_place_and_its_other_lines() -> None:
    old = "kind: A\nmetadata:\n  name: x-staging\nmode: production\n---\nkind: B\nx: 1\n"
    new = "kind: B\nx: 2\n---\nkind: A\nmetadata:\n  name: x-production\nmode: production\n"
    marked = new.replace("production", "@")
    assert same_words(IDENTITY, (old, old.replace("staging", "@")), (new, marked)) == (
        "---\nkind: B\nx: 2\n---\nkind: A\nmetadata:\n  name: x-@\nmode: production\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "mode: production",
        "mode: staging",
        'database: shop_{{ .Values.host | splitList "." | first }}',
        'capitals: {{ .Values.host | splitList "." | first | upper }}',
        "both: https://{{ .Values.host }}/?like=production&not=staging",
        "namespace: {{ .Release.Namespace }}",
        "text: |\n  first\n  host {{ .Values.host }}\n  like production\n  last",
    ],
)
def test_names_are_no_difference(fleet: Fleet, line: str) -> None:
    add_template(fleet, line)
    fleet.replace("gitops.yaml", "    defaults: {protect: true}\n", "")
    for pair in (("staging", "production-eu"), ("production-eu", "staging"), ("dev", "staging")):
        assert not between(fleet, *pair), pair


def test_a_word_of_the_chart_that_is_an_environments_name_is_no_difference(fleet: Fleet) -> None:
    fleet.replace("chart/templates/service.yaml", "name: http", "name: dev")
    fleet.replace("chart/templates/config.yaml", "name: shop\n", "name: dev-settings\n")
    assert not between(fleet, "dev", "staging")
    assert not between(fleet, "staging", "dev")


def test_the_same_word_by_hand_in_only_one_side_is_one(fleet: Fleet) -> None:
    add_template(fleet, "mode: {{ .Values.mode | default `fast` }}")
    with (fleet.folder / "environments/staging/environment.yaml").open("a") as file:
        file.write("values: {mode: production}\n")
    (group,) = between(fleet, "staging", "dev").groups
    (change,) = group.objects
    assert [(field.old, field.new) for field in change.fields] == [("production", "fast")]


def test_cluster_namespace_stage_and_secret_path_are_no_difference(fleet: Fleet) -> None:
    fleet.replace(
        "gitops.yaml",
        '"1.36"}\n',
        '"1.36"}\n  us-1: {name: us-cluster, kubernetes: "1.36"}\n',
    )
    fleet.replace("gitops.yaml", "stages:\n", "secretStores:\n  vault: {kind: SecretStore, name: vault}\nstages:\n")
    fleet.replace(
        "gitops.yaml",
        "inject:\n",
        'inject:\n  cluster: "{cluster}"\n  stage: "{stage}"\n  secrets: "{secrets.path}"\n',
    )
    add_template(fleet, "cluster: {{ .Values.cluster }}\nstage: {{ .Values.stage }}\nkey: {{ .Values.secrets }}/db")
    for name, facts in {
        "staging": "cluster: main\nsecrets: {store: vault, path: teams/shop/test}\nnamespace: shop-test\n",
        "dev": "cluster: us-1\nsecrets: {store: vault, path: kv/dev-shop}\nnamespace: elsewhere\n",
    }.items():
        with (fleet.folder / f"environments/{name}/environment.yaml").open("a") as file:
            file.write(facts)
    assert not between(fleet, "staging", "dev")
    assert not between(fleet, "dev", "staging")


def test_hashes_that_follow_from_names_are_no_difference(fleet: Fleet) -> None:
    fleet.replace(
        "chart/templates/deployment.yaml", "{{ .Values.greeting | sha256sum }}", "{{ .Values.host | sha256sum }}"
    )
    assert not between(fleet, "staging", "dev")
    assert run(["-C", str(fleet.folder), "diff", "--env", "staging", "dev"]) == 0


def test_real_differences_stay(fleet: Fleet) -> None:
    with (fleet.folder / "environments/staging/environment.yaml").open("a") as file:
        file.write("values: {replicas: 3, greeting: staging is slow}\n")
    shown = {
        (field.old, field.new)
        for group in between(fleet, "staging", "dev").groups
        for change in group.objects
        for field in change.fields
    }
    assert ("3", "2") in shown
    assert any("is slow" in str(old) for old, _ in shown)


@pytest.mark.slow
def test_a_fresh_starter_shows_settings_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "fresh"
    initialize(folder, Wishes(repository="https://git.example.com/team/gitops.git"))
    commit_all(folder)
    capsys.readouterr()
    assert run(["-C", str(folder), "diff", "--env", "staging", "production"]) == 1
    said = capsys.readouterr().out
    assert "APP_ENVIRONMENT" not in said
    assert "ConfigMap/app-config" not in said
    assert "+ HorizontalPodAutoscaler/app" in said


def test_one_of_two_that_does_not_render_is_named(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    add_template(fleet, "{{ if hasPrefix `staging` .Values.host }}{{ fail `not today` }}{{ end }}x: y")
    for pair in (("staging", "dev"), ("dev", "staging")):
        assert run(["-C", str(fleet.folder), "diff", "--env", *pair]) == 2
        said = capsys.readouterr().out
        assert "does not render  staging: " in said
        assert "not today" in said
