"""Merges of pull requests: where the inputs of two branches merge line by line, so do the generated files, and give
what `generate` makes of the merged inputs.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from gitops_gen.errors import ProblemsError
from gitops_gen.generate.desired import desired_tree
from gitops_gen.git.versions import merge_texts
from gitops_gen.project.opening import open_project
from gitops_gen.yaml.editing.document import set_value
from tests.conftest import GitopsGen, commit_all, git

pytestmark = pytest.mark.slow

PAIRS = 200
ALREADY_SET = 30
Texts: TypeAlias = dict[str, str]

KEYS: dict[tuple[str, ...], tuple[Any, ...]] = {
    ("app", "replicas"): (2, 4, 5),
    ("app", "logLevel"): ("INFO", "WARNING"),
    ("app", "environment"): ("test", "production"),
    ("app", "env", "FEATURE_A"): ("on", "off"),
    ("app", "env", "FEATURE_B"): ("on", "off"),
    ("app", "resources", "requests", "cpu"): ("100m", "250m"),
    ("app", "resources", "limits", "memory"): ("512Mi", "1Gi"),
    ("worker", "replicas"): (2, 3),
    ("worker", "resources", "requests", "cpu"): ("100m", "250m"),
    ("postgresql", "persistence", "data", "size"): ("3Gi", "5Gi"),
    ("postgresql", "persistence", "backups", "size"): ("6Gi", "8Gi"),
    ("redis", "persistence", "data", "size"): ("2Gi", "3Gi"),
    ("redis", "enabled"): (True,),
    ("temporal", "web", "enabled"): (True, False),
    ("networkPolicy", "enabled"): (False,),
    ("smokeTest", "enabled"): (False,),
    ("ingress", "host"): ("a.example.com", "b.example.com"),
}
LABELS = ("team", "cost-center", "tier", "owner")


def changed(texts: Texts, path: str, key: tuple[str | int, ...], value: Any) -> None:
    texts[path] = set_value(texts[path], key, value, path)


def set_in_environment(texts: Texts, chance: random.Random) -> None:
    key, values = chance.choice(list(KEYS.items()))
    changed(texts, f"environments/{some(chance)}/environment.yaml", ("values", *key), chance.choice(values))


def bump(texts: Texts, chance: random.Random) -> None:
    key = chance.choice([("app", "image", "tag"), ("app", "image", "tag"), ("worker", "image", "tag")])
    path = f"environments/{some(chance)}/release.yaml"
    changed(texts, path, ("values", *key), f"{chance.randint(1, 9)}.{chance.randint(0, 99)}.0")


def add_environment(texts: Texts, chance: random.Random) -> None:
    name = f"dev-{chance.choice('abcdefgh')}"
    for file in ("environment.yaml", "release.yaml"):
        texts[f"environments/{name}/{file}"] = texts[f"environments/dev/{file}"]


def edit_chart(texts: Texts, chance: random.Random) -> None:
    path = "helm/api-forge/values.yaml"
    lines = texts[path].splitlines(keepends=True)
    lines.insert(chance.randrange(len(lines)), f"# {chance.random()}\n")
    texts[path] = "".join(lines)


def set_default(texts: Texts, chance: random.Random) -> None:
    key, values = chance.choice(list(KEYS.items()))
    place = chance.choice([("defaults",), ("stages", 0, "defaults"), ("stages", 2, "defaults")])
    changed(texts, "gitops.yaml", (*place, "values", *key), chance.choice(values))


def label(texts: Texts, chance: random.Random) -> None:
    path, place = chance.choice([("gitops.yaml", ("defaults",)), (f"environments/{some(chance)}/environment.yaml", ())])
    kind = chance.choice(
        [("namespaceLabels",), ("namespaceAnnotations",), ("argocd", "application", "metadata", "labels")]
    )
    changed(texts, path, (*place, *kind, chance.choice(LABELS)), chance.choice(["x", "y"]))


def sync_setting(texts: Texts, chance: random.Random) -> None:
    path, place = chance.choice([("gitops.yaml", ("defaults",)), (f"environments/{some(chance)}/environment.yaml", ())])
    window = {"kind": "deny", "schedule": f"0 {chance.randint(0, 23)} * * *", "duration": "8h", "manualSync": True}
    key, value = chance.choice(
        [("windows", [window]), ("prune", False), ("selfHeal", False), ("options", ["Validate=false"])]
    )
    changed(texts, path, (*place, "sync", key), value)


EDITS: dict[Callable[[Texts, random.Random], None], int] = {
    set_in_environment: 30,
    bump: 30,
    add_environment: 5,
    edit_chart: 10,
    set_default: 10,
    label: 8,
    sync_setting: 7,
}
"""What a branch does, and how often of a hundred."""


def some(chance: random.Random) -> str:
    return chance.choice(["dev", "dev", "staging", "production"])


def read(folder: Path) -> Texts:
    files = [folder / "gitops.yaml", folder / "helm/api-forge/values.yaml", *folder.glob("environments/*/*.yaml")]
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in files
        if file.name != "values.yaml" or "helm" in file.parts
    }


def write(folder: Path, texts: Mapping[str, str]) -> None:
    shutil.rmtree(folder / "environments")
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def merge(base: Texts, ours: Texts, theirs: Texts) -> Texts | None:
    """What git's merge gives; None when there is a conflict."""
    merged: Texts = {}
    for path in sorted({*base, *ours, *theirs}):
        one = merge_texts(base.get(path, ""), ours.get(path, ""), theirs.get(path, ""))
        if one is None:
            return None
        merged[path] = one
    return {path: text for path, text in merged.items() if text}


class Branches:
    """A project in use, branches of it, and what is generated from each; the chart is loaded once."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.workspace = open_project(folder)
        self.base = read(folder)
        for _ in range(ALREADY_SET):
            set_in_environment(self.base, chance)
        self.made = self.generated(self.base)

    def generated(self, inputs: Texts) -> Texts:
        write(self.folder, inputs)
        return desired_tree(self.workspace).files

    def branch(self) -> Texts:
        texts = dict(self.base)
        for _ in range(self.chance.randint(1, 2)):
            self.chance.choices(list(EDITS), list(EDITS.values()))[0](texts, self.chance)
        return texts

    def pair(self) -> tuple[Texts, Texts, Texts]:
        """What is generated from two branches that go together: from each alone, and from their merged inputs."""
        while True:
            branches = self.branch(), self.branch()
            inputs = merge(self.base, *branches)
            if inputs is None or self.base in branches:
                continue
            with suppress(ProblemsError):
                ours, theirs = map(self.generated, branches)
                return ours, theirs, self.generated(inputs)


def outcome(base: Texts, ours: Texts, theirs: Texts, wanted: Texts) -> str:
    """What becomes of the generated files: as wanted, a conflict that git tells, or what `--check` tells."""
    outputs = merge(base, ours, theirs)
    if outputs is None:
        return "conflict"
    return "same" if outputs == wanted else "stale"


def test_generated_files_of_200_pairs_of_branches_merge_as_their_inputs_do(reference: Path) -> None:
    branches = Branches(reference, random.Random(12))
    outcomes = Counter(outcome(branches.made, *branches.pair()) for _ in range(PAIRS))
    assert outcomes["same"] >= PAIRS * 0.95, outcomes


def test_git_merges_what_touches_one_environment(reference: Path, gitops_gen: GitopsGen) -> None:
    """The pull requests of one day: a release, values of the same environment, a comment in the chart, a default."""
    sides = {
        "release": [("set", "dev", "app.image.tag=7.0.0")],
        "values": [("set", "dev", "app.environment=test"), ("set", "dev", "postgresql.persistence.data.size=9Gi")],
        "other": [("set", "staging", "app.image.tag=7.0.1")],
    }
    for branch, commands in sides.items():
        git(reference, "switch", "-q", "-c", branch, "main")
        for command in commands:
            assert gitops_gen(reference, *command, "--commit").code == 0
    git(reference, "switch", "-q", "-c", "chart", "main")
    chart = reference / "helm/api-forge/values.yaml"
    chart.write_text(f"# a remark\n{chart.read_text()}")
    assert gitops_gen(reference, "generate").out == ""
    commit_all(reference)
    git(reference, "switch", "-q", "main")
    for branch in (*sides, "chart"):
        git(reference, "merge", "-q", "--no-edit", "--no-ff", branch)
        check = gitops_gen(reference, "generate", "--check")
        assert (check.code, check.out) == (0, "")
    values = (reference / "environments/dev/values.yaml").read_text()
    assert all(text in values for text in ("tag: 7.0.0", "environment: test", "size: 9Gi"))


def test_a_merge_that_leaves_files_behind_stops_ci(good: Path, gitops_gen: GitopsGen) -> None:
    git(good, "switch", "-q", "-c", "environment")
    clone = ("env", "clone", "dev", "testing", "--host", "dev.example.com=t.example.com", "--commit")
    assert gitops_gen(good, *clone).code == 0
    git(good, "switch", "-q", "main")
    project = good / "gitops.yaml"
    project.write_text(project.read_text().replace("  cluster: eu\n", "  cluster: eu\n  protect: true\n"))
    assert gitops_gen(good, "generate").code == 0
    commit_all(good)
    git(good, "merge", "-q", "--no-edit", "environment")
    check = gitops_gen(good, "generate", "--check")
    assert check.code == 1
    assert check.out == "stale  argocd/applications/testing.yaml\nstale  argocd/projects/testing.yaml\n"
    assert gitops_gen(good, "generate").code == 0
    assert gitops_gen(good, "generate", "--check").code == 0
