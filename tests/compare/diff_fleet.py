"""A fleet of four environments with a chart of five templates, in its own git repository, and commits that change
it.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Test"), ("EMAIL", "test@example.com"), ("DATE", "2026-01-01T00:00:00Z"))
}
_GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", **_WHO}


def git(folder: Path, *arguments: str) -> str:
    argv = ["git", "-c", "init.defaultBranch=main", *arguments]
    return subprocess.run(argv, cwd=folder, env=os.environ | _GIT, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Fleet:
    """The repository, and edits that commits are made of."""

    folder: Path

    def replace(self, path: str, old: str, new: str) -> "Fleet":
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new))
        return self

    def commit(self, tag: str) -> "Fleet":
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", tag)
        git(self.folder, "tag", tag)
        return self


def make_fleet(folder: Path) -> Fleet:
    """The fleet, committed with the tag `start`."""
    shutil.copytree(HERE / "fleet", folder)
    git(folder, "init", "--quiet", "--template=")
    return Fleet(folder).commit("start")


def one_image(fleet: Fleet) -> None:
    fleet.replace("environments/production-eu/release.yaml", "shop:1.0.0", "shop:1.1.0")


def chart_version(fleet: Fleet) -> None:
    fleet.replace("chart/Chart.yaml", "1.0.0", "1.1.0")


def greeting_for_all(fleet: Fleet) -> None:
    fleet.replace("chart/values.yaml", "Nothing is urgent.", "Nothing is urgent today.")


def smaller_volume(fleet: Fleet) -> None:
    fleet.replace("chart/values.yaml", "10Gi", "5Gi")


def selector(fleet: Fleet) -> None:
    fleet.replace("chart/templates/deployment.yaml", "matchLabels: {", "matchLabels: {tier: web, ")


def object_removed(fleet: Fleet) -> None:
    (fleet.folder / "chart/templates/volume.yaml").unlink()
    (fleet.folder / "chart/templates/service.yaml").unlink()


def several_at_once(fleet: Fleet) -> None:
    one_image(fleet)
    greeting_for_all(fleet)
    smaller_volume(fleet)


def environment_added(fleet: Fleet) -> None:
    shutil.copytree(fleet.folder / "environments/dev", fleet.folder / "environments/test")


def environments_removed(fleet: Fleet) -> None:
    shutil.rmtree(fleet.folder / "environments/dev")
    shutil.rmtree(fleet.folder / "environments/production-us")


def longer_deadline(fleet: Fleet) -> None:
    fleet.replace("chart/templates/deployment.yaml", "DeadlineSeconds: 300", "DeadlineSeconds: 400")


def does_not_render(fleet: Fleet) -> None:
    fleet.replace("chart/templates/service.yaml", "port: 80", "port: {{ fail `no port today` }}")


def namespace_moved(fleet: Fleet) -> None:
    with (fleet.folder / "environments/dev/environment.yaml").open("a") as file:
        file.write("namespace: elsewhere\n")


CASES: dict[str, Callable[[Fleet], None]] = {
    case.__name__: case
    for case in (
        one_image,
        chart_version,
        greeting_for_all,
        smaller_volume,
        selector,
        object_removed,
        several_at_once,
        environment_added,
        environments_removed,
        longer_deadline,
        does_not_render,
        namespace_moved,
    )
}


def changed(fleet: Fleet, case: str) -> None:
    """The fleet with the case's change, committed under its name."""
    CASES[case](fleet)
    fleet.commit(case)
