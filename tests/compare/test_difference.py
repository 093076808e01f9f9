"""The rendered difference of real commits, end to end: what is said, how it is collapsed, and in which form."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gitops_gen.cli import run
from gitops_gen.compare import fleet as fleet_module
from gitops_gen.compare.fleet import Engines
from gitops_gen.compare.model import Difference, Effect
from gitops_gen.compare.states import Question, diff
from tests.compare.diff_fleet import CASES, GOLDEN, Fleet, changed, git, make_fleet
from tests.conftest import Golden


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return make_fleet(tmp_path / "fleet")


def ask(fleet: Fleet, *refs: str, **options: Any) -> Difference:
    return diff(fleet.folder, Question(refs=refs, **options), Engines(cached=False))


def said(difference: Difference, effect: Effect) -> dict[str, str]:
    return {item.object: item.detail for item in difference.consequences if item.effect is effect}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", ["text.txt", "markdown.md"])
def test_golden(fleet: Fleet, case: str, form: str, golden: Golden, capsys: pytest.CaptureFixture[str]) -> None:
    output, _, suffix = form.partition(".")
    changed(fleet, case)
    capsys.readouterr()
    code = run(["-C", str(fleet.folder), "diff", "start", case, "--output", output])
    assert code == (2 if case == "does_not_render" else 1)
    golden(GOLDEN / f"{case}.{suffix}", re.sub(r"\([0-9a-f]{8}\)", "(commit)", capsys.readouterr().out))


@pytest.mark.parametrize("case", CASES)
def test_a_difference_backwards_names_the_same_environments(fleet: Fleet, case: str) -> None:
    changed(fleet, case)
    there, back = ask(fleet, "start", case), ask(fleet, case, "start")
    assert there
    assert [item.name for item in there.environments] == [item.name for item in back.environments]


def test_nothing_differs_between_equal_trees(fleet: Fleet) -> None:
    fleet.commit("again")
    assert not ask(fleet, "start", "again")
    assert not ask(fleet)
    assert run(["-C", str(fleet.folder), "diff"]) == 0


def test_a_comment_is_no_difference(fleet: Fleet) -> None:
    fleet.replace("gitops.yaml", "name: shop", "# what everybody buys\nname: shop")
    fleet.replace("environments/dev/release.yaml", "kind: Release", "kind: Release # the first")
    fleet.replace("chart/templates/service.yaml", "apiVersion: v1", "# it listens\napiVersion: v1")
    assert not ask(fleet)


def test_the_default_is_the_working_tree_against_head(fleet: Fleet) -> None:
    fleet.replace("environments/dev/release.yaml", "shop:1.0.0", "shop:2.0.0")
    difference = ask(fleet)
    assert difference.new == "working tree"
    assert [item.name for item in difference.environments] == ["dev"]
    assert said(difference, Effect.RESTARTS) == {"Deployment/shop": "image"}
    assert said(difference, Effect.RUNS) == {"Job/shop-migration-<hash>": "its content changed"}


def test_a_hashed_job_is_one_change_and_not_two(fleet: Fleet) -> None:
    changed(fleet, "one_image")
    (environment,) = ask(fleet, "start", "one_image").environments
    assert (environment.added, environment.removed) == (0, 0)


def test_a_change_that_names_its_environment_is_shown_once(fleet: Fleet) -> None:
    fleet.replace("gitops.yaml", "{environment}.shop.example.com", "{environment}.shop.example.org").commit("domain")
    (group,) = ask(fleet, "start", "domain").groups
    assert len(group.environments) == 4
    fields = {field.new for change in group.objects for field in change.fields}
    assert fields == {"<environment>.shop.example.org"}


def test_one_environment_is_shown_with_its_own_name(fleet: Fleet) -> None:
    with (fleet.folder / "environments/dev/environment.yaml").open("a") as file:
        file.write("values: {debug: true, greeting: dev here}\n")
    (group,) = ask(fleet).groups
    assert "dev here" in {field.new for change in group.objects for field in change.fields}


def test_two_environments_that_differ_in_their_names_only(fleet: Fleet) -> None:
    assert not ask(fleet, environments=("production-eu", "production-us"))
    assert run(["-C", str(fleet.folder), "diff", "--env", "production-eu", "production-us"]) == 0


def test_two_environments(fleet: Fleet, golden: Golden, capsys: pytest.CaptureFixture[str]) -> None:
    changed(fleet, "one_image")
    capsys.readouterr()
    assert run(["-C", str(fleet.folder), "diff", "--env", "staging", "production-eu"]) == 1
    golden(GOLDEN / "between_environments.txt", capsys.readouterr().out)


def test_merge_base_leaves_out_what_the_other_branch_brought(fleet: Fleet) -> None:
    git(fleet.folder, "switch", "--quiet", "--create", "feature")
    changed(fleet, "one_image")
    git(fleet.folder, "switch", "--quiet", "main")
    fleet.replace("environments/dev/release.yaml", "shop:1.0.0", "shop:9.0.0").commit("main-moved")
    plain = ask(fleet, "main", "feature")
    assert [item.name for item in plain.environments] == ["dev", "production-eu"]
    based = ask(fleet, "main", "feature", merge_base=True)
    assert [item.name for item in based.environments] == ["production-eu"]


def test_a_pinned_environment_is_not_touched_by_the_chart(fleet: Fleet) -> None:
    path = fleet.folder / "environments/staging/release.yaml"
    path.write_text(path.read_text() + "chart: {revision: start}\n")
    fleet.commit("pinned")
    changed(fleet, "smaller_volume")
    names = [item.name for item in ask(fleet, "pinned", "smaller_volume").environments]
    assert names == ["dev", "production-eu", "production-us"]


@pytest.mark.slow
def test_worker_processes_find_the_same(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(fleet, "several_at_once")
    here = ask(fleet, "start", "several_at_once")
    monkeypatch.setattr(fleet_module, "pay_off", lambda _renders: True)
    assert ask(fleet, "start", "several_at_once") == here


def test_files_brought_one_environment_at_a_time_give_the_same(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(fleet, "several_at_once")
    at_once = ask(fleet, "start", "several_at_once")
    monkeypatch.setattr("gitops_gen.compare.states.FETCHED_AT_ONCE", 1)
    assert len(at_once.environments) > 1
    assert ask(fleet, "start", "several_at_once") == at_once


def test_a_release_that_is_a_symlink_is_followed(fleet: Fleet) -> None:
    release = fleet.folder / "environments/dev/release.yaml"
    release.rename(fleet.folder / "environments/shared.yaml")
    release.symlink_to("../shared.yaml")
    fleet.commit("linked")
    assert not ask(fleet, "start", "linked")
    fleet.replace("environments/shared.yaml", "shop:1.0.0", "shop:1.1.0")
    assert said(ask(fleet), Effect.RESTARTS) == {"Deployment/shop": "image"}
    fleet.commit("next")
    for before in ("start", "linked"):
        assert [item.name for item in ask(fleet, before, "next").environments] == ["dev"]


def test_a_warm_cache_finds_the_same(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    changed(fleet, "several_at_once")
    question = Question(refs=("start", "several_at_once"))
    cold = diff(fleet.folder, question)
    monkeypatch.setattr("gitops_gen.helm.embedded.EmbeddedChart.render", lambda *_: pytest.fail("rendered again"))
    assert diff(fleet.folder, question) == cold


SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: keys
stringData:
  token: {{ .Values.image | b64enc }}
  same: constant-value
"""


@pytest.mark.parametrize("output", ["text", "markdown", "html", "json"])
def test_no_value_of_a_secret_is_shown(fleet: Fleet, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    (fleet.folder / "chart/templates/keys.yaml").write_text(SECRET)
    fleet.commit("secret")
    changed(fleet, "one_image")
    (fleet.folder / "chart/templates/keys.yaml").unlink()
    fleet.commit("no-secret")
    for old, new in (("start", "secret"), ("secret", "one_image"), ("one_image", "no-secret")):
        capsys.readouterr()
        assert run(["-C", str(fleet.folder), "diff", old, new, "--output", output]) == 1
        out = capsys.readouterr().out
        assert "Secret/keys" in out
        for value in ("c2hvcDox", "constant-value"):
            assert value not in out


def test_a_changed_secret_is_seen(fleet: Fleet) -> None:
    (fleet.folder / "chart/templates/keys.yaml").write_text(SECRET)
    fleet.commit("secret")
    changed(fleet, "one_image")
    change = next(
        change
        for group in ask(fleet, "secret", "one_image").groups
        for change in group.objects
        if change.object == "Secret/keys"
    )
    assert [field.path for field in change.fields] == ["stringData.token"]


def test_colour_only_where_it_is_wanted(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(fleet, "one_image")
    capsys.readouterr()

    def printed() -> str:
        run(["-C", str(fleet.folder), "diff", "start", "one_image"])
        return capsys.readouterr().out

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in printed()
    # click strips colours itself where there is no terminal, so a terminal is what has to be pretended.
    monkeypatch.setattr("gitops_gen.cli.printing.is_terminal", lambda: True)
    assert "\x1b[" in printed()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in printed()


def test_it_says_that_values_are_not_checked(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(fleet.folder), "diff"]) == 0
    assert capsys.readouterr().err == ""
    CASES["one_image"](fleet)
    assert run(["-C", str(fleet.folder), "diff"]) == 1
    assert "not validated against the chart's schema: use `gitops-gen generate --check`" in capsys.readouterr().err
    assert run(["-C", str(fleet.folder), "--quiet", "diff"]) == 1
    assert capsys.readouterr().err == ""


def test_json_holds_everything(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    changed(fleet, "smaller_volume")
    capsys.readouterr()
    run(["-C", str(fleet.folder), "diff", "start", "smaller_volume", "--output", "json"])
    data = json.loads(capsys.readouterr().out)
    assert data["compared"] == 4
    (consequence,) = data["consequences"]
    assert consequence["effect"] == "fails"
    assert consequence["detail"] == "a volume cannot shrink (10Gi → 5Gi)"
    assert len(consequence["environments"]) == 4


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - its signature
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_whole_and_escaped(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    fleet.replace("chart/values.yaml", "Welcome.", "<script>alert(1)</script> & welcome.").commit("script")
    capsys.readouterr()
    run(["-C", str(fleet.folder), "diff", "start", "script", "--output", "html"])
    page = capsys.readouterr().out
    tags = _Tags()
    tags.feed(page)
    assert not tags.open
    assert "script" not in tags.seen
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("limit", [1000, 1200, 100_000])
def test_markdown_keeps_to_its_limit(fleet: Fleet, limit: int, capsys: pytest.CaptureFixture[str]) -> None:
    changed(fleet, "several_at_once")
    capsys.readouterr()
    command = ["-C", str(fleet.folder), "diff", "start", "several_at_once", "--output", "markdown"]
    run([*command, "--max-size", str(limit)])
    text = capsys.readouterr().out
    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```diff") * 2 == text.count("```")
    assert ("Cut to fit" in text) == (limit < 100_000)


def test_a_code_fence_in_a_value_does_not_end_the_block(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    fleet.replace("chart/values.yaml", "Welcome.", "```` Welcome.").commit("fence")
    capsys.readouterr()
    run(["-C", str(fleet.folder), "diff", "start", "fence", "--output", "markdown"])
    assert "`````diff" in capsys.readouterr().out


def test_the_reference_repository_restarts_what_its_release_names(reference: Path) -> None:
    path = reference / "environments/production/release.yaml"
    text = path.read_text()
    path.write_text(re.sub(r"tag: .*", "tag: 99.0.0", text))
    difference = diff(reference, Question(), Engines(cached=False))
    assert [item.name for item in difference.environments] == ["production"]
    assert {"Deployment/app", "Deployment/worker"} <= said(difference, Effect.RESTARTS).keys()
    assert "Job/smoke-test-<hash>" in said(difference, Effect.RUNS)
    assert not said(difference, Effect.FAILS)
    assert not said(difference, Effect.PRUNES)


@pytest.mark.slow
def test_two_differences_in_one_process_with_the_helm_program(
    fleet: Fleet, helm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITOPS_GEN_HELM", helm)
    changed(fleet, "several_at_once")
    question = Question(refs=("start", "several_at_once"))
    found = [diff(fleet.folder, question, Engines(engine="binary", cached=False)) for _ in range(2)]
    (version,) = found[0].helm
    assert version.startswith("v4.")
    assert found[0] == found[1] == replace(ask(fleet, "start", "several_at_once"), helm=(version,))


def test_broken_inputs_of_one_environment_do_not_hide_the_others(fleet: Fleet) -> None:
    fleet.replace("environments/dev/environment.yaml", "stage: dev", "stage: nowhere")
    fleet.replace("environments/staging/release.yaml", "shop:1.0.0", "shop:2.0.0")
    difference = ask(fleet)
    assert [item.name for item in difference.environments] == ["dev", "staging"]
    (broken,) = [item for item in difference.consequences if item.effect is Effect.BREAKS]
    assert broken.environments == ("dev",)
    assert "unknown stage `nowhere`" in broken.detail


@pytest.mark.parametrize(
    "arguments", [["a", "b", "c"], ["--env", "dev", "staging", "a", "b"], ["--env", "dev", "nope"]]
)
def test_wrong_use(fleet: Fleet, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(fleet.folder), "diff", *arguments]) == 2
    assert capsys.readouterr().err
