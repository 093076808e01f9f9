"""`validate --changed` finds what a run over everything finds, whatever a branch edits."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import GitopsGen, commit_all, git

pytestmark = pytest.mark.slow

Edit = Callable[[Path, random.Random], object]
Found = set[tuple[str, str, str]]
STAGES = ("dev", "staging", "production")
CONFIG_MAP = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: 1}\n"
LINES = ("  prot: 1\n", "  replicas: many\n", "  port: 9000\n", "  image: {tag: 2.0.0}\n")


def _some(folder: Path, chance: random.Random, pattern: str) -> Path:
    return chance.choice(sorted(folder.glob(pattern)))


def _append(pattern: str, *texts: str) -> Edit:
    def edit(folder: Path, chance: random.Random) -> None:
        file = _some(folder, chance, pattern)
        file.write_text(file.read_text() + chance.choice(texts))

    return edit


def _replace(pattern: str, old: str, new: str) -> Edit:
    def edit(folder: Path, chance: random.Random) -> None:
        file = _some(folder, chance, pattern)
        file.write_text(file.read_text().replace(old, new))

    return edit


def _new_environment(folder: Path, chance: random.Random) -> None:
    source = _some(folder, chance, "services/*/environments/*")
    target = source.with_name("extra")
    shutil.copytree(source, target, dirs_exist_ok=True)
    (target / "environment.yaml").write_text(
        "apiVersion: gitops-gen/v1\nkind: Environment\nstage: dev\ncluster: main\n"
    )


def _orphan(folder: Path, chance: random.Random) -> None:
    source = _some(folder, chance, "argocd/applications/services/*/*.yaml")
    shutil.copy(source, source.with_name("gone.yaml"))


EDITS: dict[str, Edit] = {
    "release": _append("services/*/environments/*/release.yaml", *LINES),
    "shared": _append("environments/*/environment.yaml", "values: {port: 9000}\n", "values: {prot: 1}\n"),
    "labels": _append("environments/*/environment.yaml", "namespaceLabels: {a: b}\n", "namespace: other\n"),
    "project": _append("services/api/gitops.yaml", "defaults: {values: {port: 1}}\n", "defaults: {namespace: mine}\n"),
    "workspace": _replace("gitops.yaml", "replicas: 3", "replicas: 4"),
    "name": _replace("services/*/gitops.yaml", "name: web", "name: api"),
    "chart": _append("charts/*/values.yaml", "other: 1\n"),
    "template": _append("charts/*/templates/*.yaml", CONFIG_MAP),
    "generated values": _append("services/*/environments/*/values.yaml", "port: 9\n"),
    "generated manifest": _replace("argocd/applications/services/*/*.yaml", "prune: true", "prune: false"),
    "generated project": _replace("argocd/projects/services/*/*.yaml", "kind: AppProject", "kind: AppProjects"),
    "root": _replace("argocd/root.yaml", "path: argocd", "path: argocds"),
    "removed": lambda folder, chance: _some(folder, chance, "services/*/environments/*/release.yaml").unlink(),
    "new": _new_environment,
    "orphan": _orphan,
    "other file": lambda folder, _: (folder / "README.md").write_text("# Shop\n"),
}


def findings(gitops_gen: GitopsGen, folder: Path, *words: str) -> Found:
    result = gitops_gen(folder, "validate", *words, "--output", "json")
    return {(item["rule"], item["file"], item["message"]) for item in json.loads(result.out)["findings"]}


def test_an_object_of_a_touched_and_an_untouched_service(workspace: Path, gitops_gen: GitopsGen) -> None:
    """The services share a namespace: the new object of the first one is the second one's, which nobody touched."""
    shared = "{{ if .Values.shared }}\n" + CONFIG_MAP + "{{ end }}\n"
    (workspace / "charts/service/templates/shared.yaml").write_text(shared)
    environment = "apiVersion: gitops-gen/v1\nkind: Environment\nvalues: {shared: true}\n"
    (workspace / "services/web/environments/dev/environment.yaml").write_text(environment)
    assert gitops_gen(workspace, "generate").code == 0
    commit_all(workspace)
    before = findings(gitops_gen, workspace)
    git(workspace, "tag", "start")
    (workspace / "services/api/environments/dev/environment.yaml").write_text(environment)
    assert gitops_gen(workspace, "generate").code == 0

    everything = findings(gitops_gen, workspace) - before
    assert [rule for rule, _, _ in everything] == ["object-in-two-environments"]
    assert findings(gitops_gen, workspace, "--changed", "start") - before == everything


@pytest.mark.parametrize("seed", range(24))
def test_random_edits(seed: int, workspace: Path, gitops_gen: GitopsGen) -> None:
    before = findings(gitops_gen, workspace)
    git(workspace, "tag", "start")
    chance = random.Random(seed)
    names = chance.sample(sorted(EDITS), chance.randint(1, 3))
    for name in names:
        EDITS[name](workspace, chance)
    if chance.random() < 0.5:
        gitops_gen(workspace, "generate")
    commit_all(workspace)
    everything = findings(gitops_gen, workspace)
    changed = findings(gitops_gen, workspace, "--changed", "start")
    assert everything - before == changed - before, names
