"""`adopt`: hand edits of generated files go into the inputs; what cannot is named, and nothing is lost."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gitops_gen.changes.change import Draft, plan
from gitops_gen.cli import run
from gitops_gen.git.commits import Message
from gitops_gen.project.opening import open_project
from tests.changes.conftest import committed, head, is_clean, message
from tests.conftest import Change, GitopsGen, commit_all, git, tree

pytestmark = pytest.mark.slow

APPLICATION = "argocd/applications/dev.yaml"
PROJECT = "argocd/projects/dev.yaml"
VALUES = "environments/dev/values.yaml"
OWN = "environments/dev/environment.yaml"


def edit(folder: Path, path: str, old: str, new: str) -> str:
    """Edit a generated file; gives its new text."""
    text = (folder / path).read_text()
    assert text.count(old) == 1, text
    (folder / path).write_text(text.replace(old, new))
    return text.replace(old, new)


def said(text: str) -> str:
    """What a generated file says, without its comment."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


OVERRIDE = "argocd: {application: {spec: {syncPolicy: {retry: {limit: 3}}}}}\n"
WIKI = "    link.argocd.argoproj.io/wiki: https://wiki.example.com\n"
FINALIZER = "  - resources-finalizer.argocd.argoproj.io"
APPLICATION_EDITS = {
    "label": ("metadata:\n", "metadata:\n  labels:\n    team: forge\n", "team: forge"),
    "annotation": (
        "  annotations:\n",
        f"  annotations:\n{WIKI}",
        "https://wiki.example.com",
    ),
    "finalizers": (
        "  - resources-finalizer.argocd.argoproj.io\n",
        "  - resources-finalizer.argocd.argoproj.io/background\n",
        "resources-finalizer.argocd.argoproj.io/background",
    ),
    "retry": ("      limit: -1\n", "      limit: 3\n", "limit: 3"),
    "removed": ("      refresh: true\n", "", "refresh: null"),
    "history": ("spec:\n", "spec:\n  revisionHistoryLimit: 3\n", "revisionHistoryLimit: 3"),
    "option": ("    - PruneLast=true\n", "    - PruneLast=true\n    - ServerSideApply=true\n", "ServerSideApply=true"),
    "prune": ("      prune: true\n", "      prune: false\n", "sync:\n  prune: false\n"),
    "manual": ("    automated:\n      prune: true\n      selfHeal: true\n", "", "sync:\n  automated: false\n"),
    "cluster": ("    server: https://kubernetes.default.svc\n", "    name: us-1\n", "cluster: us\n"),
    "namespace": ("    namespace: shop-dev\n", "    namespace: shop-development\n", "namespace: shop-development\n"),
    "skip crds": ("      releaseName: shop\n", "      releaseName: shop\n      skipCrds: true\n", "skipCrds: true"),
}


@pytest.mark.parametrize("name", APPLICATION_EDITS)
def test_an_edit_of_the_application_is_kept(good: Path, change: Change, gitops_gen: GitopsGen, name: str) -> None:
    old, new, where = APPLICATION_EDITS[name]
    edited = edit(good, APPLICATION, old, new)
    refused = gitops_gen(good, "generate")
    assert refused.code == 1, "the edit blocks it until it is adopted"
    printed = change(good, "adopt", "dev", "--commit")
    after = (good / APPLICATION).read_text()
    assert yaml.safe_load(after) | {"spec": 0} == yaml.safe_load(edited) | {"spec": 0}
    left, right = (yaml.safe_load(text)["spec"] for text in (after, edited))
    for spec in (left, right):
        spec.get("source", {}).pop("name", None)
    assert left == right
    assert where in (good / OWN).read_text()
    assert "application " in printed
    assert is_clean(good)
    assert OWN in committed(good)
    assert message(good).startswith("Adopt the edited files of dev\n")


def test_an_edit_of_the_appproject_is_kept(good: Path, change: Change) -> None:
    edited = edit(good, PROJECT, "    warn: true\n", "    warn: false\n")
    edited = edit(good, PROJECT, "spec:\n", "spec:\n  permitOnlyProjectScopedClusters: true\n")
    change(good, "adopt", "dev")
    assert said((good / PROJECT).read_text()).count("warn: false") == 1
    assert "permitOnlyProjectScopedClusters: true" in (good / PROJECT).read_text()
    assert "warn: false" in edited
    assert "project:" in (good / OWN).read_text()


def test_sync_windows_get_their_own_field(good: Path, change: Change) -> None:
    window = "  - kind: deny\n    schedule: 0 22 * * *\n    duration: 1h\n    manualSync: true\n"
    text = (good / PROJECT).read_text()
    (good / PROJECT).write_text(f"{text}  syncWindows:\n{window}    applications:\n    - shop-dev\n")
    change(good, "adopt", "dev")
    own = (good / OWN).read_text()
    assert "sync:\n  windows:\n" in own
    assert "argocd" not in own
    assert "syncWindows" in (good / PROJECT).read_text()


def test_edits_of_all_three_files_are_kept_at_once(good: Path, change: Change) -> None:
    edit(good, VALUES, "tag: 1.4.2", "tag: 1.9.0")
    edit(good, APPLICATION, "      limit: -1\n", "      limit: 3\n")
    edit(good, PROJECT, "    warn: true\n", "    warn: false\n")
    change(good, "adopt", "dev", "--commit")
    assert "tag: 1.9.0" in (good / VALUES).read_text()
    assert "limit: 3" in (good / APPLICATION).read_text()
    assert "warn: false" in (good / PROJECT).read_text()
    assert is_clean(good)


def test_an_override_that_was_edited_away_goes(good: Path, change: Change) -> None:
    own = good / OWN
    own.write_text(f"{own.read_text()}argocd: {{application: {{metadata: {{labels: {{tier: a, team: forge}}}}}}}}\n")
    change(good, "generate")
    commit_all(good)
    edit(good, APPLICATION, "    team: forge\n", "")
    change(good, "adopt", "dev")
    assert "labels: {tier: a}" in own.read_text()
    assert "forge" not in (good / APPLICATION).read_text()


def test_an_edit_that_fits_the_inputs_is_committed_with_them(good: Path) -> None:
    """Nothing of it is left to be written, and the commit must not lack it."""
    own = good / OWN
    own.write_text(own.read_text() + OVERRIDE)
    assert run(["-C", str(good), "--quiet", "generate"]) == 0
    git(good, "commit", "--quiet", "--message", "Half", OWN)
    message = Message(subject="Adopt", environments=("dev",), change="adopt")
    draft = Draft(files={}, environments=("dev",), message=message, overwrite=True)
    assert [item.path for item in plan(open_project(good), draft)] == [APPLICATION]
    assert plan(open_project(good), replace(draft, overwrite=False)) == ()


def test_a_namespace_that_was_edited_in_both_manifests_needs_no_override(good: Path, change: Change) -> None:
    edit(good, APPLICATION, "    namespace: shop-dev\n", "    namespace: other\n")
    edit(good, PROJECT, "    namespace: shop-dev\n", "    namespace: other\n")
    edit(good, PROJECT, "    name: shop-dev\n", "    name: other\n")
    change(good, "adopt", "dev")
    assert "namespace: other\n" in (good / OWN).read_text()
    assert "argocd" not in (good / OWN).read_text()


REFUSED = {
    "repository": (
        APPLICATION,
        "repoURL: https://git.example.com/shop/gitops.git",
        "repoURL: https://x.example.com/y.git",
        "spec.source.repoURL",
        "`repository` in gitops.yaml",
    ),
    "cluster": (
        APPLICATION,
        "https://kubernetes.default.svc",
        "https://other.example.com",
        "spec.destination.server",
        "`clusters` in gitops.yaml",
    ),
    "comment": (
        APPLICATION,
        "      limit: -1\n",
        "      limit: -1  # never give up\n",
        "the comment `# never give up` would be lost",
        OWN,
    ),
    "name": (
        APPLICATION,
        "  name: shop-dev\n",
        "  name: shop-mine\n",
        "metadata.name",
        "gitops-gen env rename",
    ),
    "metadata": (
        APPLICATION,
        "metadata:\n",
        "metadata:\n  generation: 3\n",
        "metadata.generation",
        "labels",
    ),
    "kind": (
        APPLICATION,
        "kind: Application\n",
        "kind: ApplicationSet\n",
        "kind",
        "cannot be changed",
    ),
    "status": (
        APPLICATION,
        "spec:\n",
        "status: {}\nspec:\n",
        "status",
        "remove it",
    ),
    "project": (
        APPLICATION,
        "  project: shop-dev\n",
        "  project: platform\n",
        "spec.project",
        "existing",
    ),
    "number": (
        APPLICATION,
        "  annotations:\n",
        "  annotations:\n    wave: 5\n",
        "metadata.annotations.wave",
        "quotes",
    ),
    "values comment": (
        VALUES,
        "image:\n",
        "# the image\nimage:\n",
        "the comment `# the image` would be lost",
        OWN,
    ),
    "inject": (
        VALUES,
        "environment: dev",
        "environment: prod",
        "global.environment",
        "change it there",
    ),
    "no YAML": (
        APPLICATION,
        "spec:\n",
        "spec: [\n",
        APPLICATION,
        "",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_kept_is_named_and_nothing_is_written(good: Path, gitops_gen: GitopsGen, name: str) -> None:
    path, old, new, key, hint = REFUSED[name]
    edit(good, path, old, new)
    # One that could be kept, which must not be taken alone.
    edit(good, VALUES, "tag: 1.4.2", "tag: 1.9.0")
    before, at = tree(good), head(good)
    result = gitops_gen(good, "adopt", "dev", "--commit")
    assert result.code == 1
    assert path in result.err
    assert key in result.err
    assert hint in result.err
    assert (tree(good), head(good)) == (before, at)


def test_what_the_inputs_contradict_is_named(good: Path, gitops_gen: GitopsGen) -> None:
    edit(good, VALUES, "tag: 1.4.2", "tag: 1.9.0")
    release = good / "environments/dev/release.yaml"
    release.write_text(release.read_text().replace("1.4.2", "1.5.0"))
    before = tree(good)
    result = gitops_gen(good, "adopt", "dev")
    assert result.code == 1
    assert "image.tag: was edited by hand, but the inputs also changed (now 1.5.0)" in result.err
    assert tree(good) == before


def test_an_input_that_was_changed_since_is_no_edit(good: Path, change: Change) -> None:
    """The file is behind one input and edited in another place: only the edit is folded."""
    release = good / "environments/dev/release.yaml"
    release.write_text(release.read_text().replace("1.4.2", "1.5.0"))
    edit(good, VALUES, "- dev.example.com", "- edited.example.com")
    change(good, "adopt", "dev")
    assert "1.5.0" in release.read_text()
    text = (good / VALUES).read_text()
    assert "edited.example.com" in text
    assert "1.5.0" in text


@pytest.mark.parametrize("arguments", [(), ("--commit",), ("--dry-run",)])
def test_nothing_to_adopt_is_said(good: Path, gitops_gen: GitopsGen, arguments: tuple[str, ...]) -> None:
    at = head(good)
    result = gitops_gen(good, "adopt", "dev", *arguments)
    assert result.code == 0
    assert "nothing to adopt: no generated file of dev was edited by hand" in result.err
    assert head(good) == at
    assert is_clean(good)


def test_another_environments_edit_stays(good: Path, gitops_gen: GitopsGen) -> None:
    edit(good, "argocd/applications/production.yaml", "      limit: -1\n", "      limit: 3\n")
    before = tree(good)
    assert "nothing to adopt" in gitops_gen(good, "adopt", "dev", "--commit").err
    assert tree(good) == before


def test_a_pinned_charts_values_are_edited_in_the_application(good: Path, change: Change) -> None:
    release = good / "environments/dev/release.yaml"
    release.write_text(f"{release.read_text()}chart: {{revision: v1.0.0}}\n")
    change(good, "generate")
    commit_all(good)
    edit(good, APPLICATION, "tag: 1.4.2", "tag: 1.9.0")
    change(good, "adopt", "dev")
    assert "tag: 1.9.0" in release.read_text()
    assert "tag: 1.9.0" in (good / VALUES).read_text()
    assert "argocd" not in (good / OWN).read_text()


def test_check_names_both_ways_out_of_an_edit(good: Path, gitops_gen: GitopsGen) -> None:
    edit(good, APPLICATION, "      limit: -1\n", "      limit: 3\n")
    result = gitops_gen(good, "generate", "--check")
    assert result.code == 1
    for way in (r"gitops-gen adopt (ENV|dev)", r"gitops-gen generate --overwrite"):
        assert re.search(way, result.err)
        assert re.search(way, gitops_gen(good, "generate").err)


def test_outside_of_git_the_inputs_as_they_are_tell(good: Path, change: Change) -> None:
    (good / ".git").rename(good.parent / "aside")
    edit(good, APPLICATION, "      limit: -1\n", "      limit: 3\n")
    change(good, "adopt", "dev")
    assert "limit: 3" in (good / OWN).read_text()


def test_every_environment_at_once(good: Path, gitops_gen: GitopsGen) -> None:
    """What the job for bots does: without names, all edited files are adopted in one commit."""
    names = ("dev", "production")
    for name in names:
        file = good / f"environments/{name}/values.yaml"
        file.write_text(file.read_text().replace("tag: 1.4.2", "tag: 1.9.0"))
    result = gitops_gen(good, "adopt", "--dry-run")
    assert result.code == 0, result.err
    result = gitops_gen(good, "adopt")
    assert result.code == 0, result.err
    for name in names:
        assert "tag: 1.9.0" in (good / f"environments/{name}/release.yaml").read_text()
    assert gitops_gen(good, "generate", "--check").code == 0
    assert "no generated file was edited by hand" in gitops_gen(good, "adopt").err


def test_an_edit_that_cannot_be_adopted_stops_all(good: Path, gitops_gen: GitopsGen) -> None:
    for name, text in (("dev", "replicas: 7\n"), ("production", "adoptedReplicas: 7 # why\n")):
        file = good / f"environments/{name}/values.yaml"
        file.write_text(file.read_text() + text)
    before = tree(good)
    result = gitops_gen(good, "adopt")
    assert result.code == 1
    assert "environments/production/values.yaml" in result.err
    assert tree(good) == before
