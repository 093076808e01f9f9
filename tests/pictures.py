"""The pictures of the documentation, from what the commands really print. `python -m tests.pictures` writes them to
docs/pictures; `--screenshots` also takes those of the pages, with a Chromium that is installed.
"""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY, commit_all, copy_reference
from tests.svg import arrow, bar, box, line, picture, terminal, text

PICTURES = REPOSITORY / "docs/pictures"
_SCALE = 12.0
"""Pixels of a minute."""
_LEFT, _RIGHT = 120, 700
"""Where the axis begins, and from where on a label is before its bar."""
_HASH = re.compile(r"(?<=[-(])[0-9a-f]{8}\b")
_THEMES = ("light", "dark")


def pictures(scratch: Path) -> dict[str, str]:
    """The drawn pictures by file name; `scratch` is a folder for the repositories that they show."""
    folder = scratch / "shop"
    copy_reference(folder)
    commit_all(folder)
    found = {"change.svg": change(), "layers.svg": layers(folder), "waves.svg": waves(folder)}
    found["plan.svg"] = recording("How Argo CD syncs dev, wave by wave", folder, "plan", "dev")
    run(folder, "--quiet", "set", "staging", "app.image.tag=1.1.0")  # stays for the pages
    found["diff.svg"] = recording("What a new image tag changes in the cluster", folder, "diff", "staging")
    file = folder / "environments/dev/environment.yaml"
    right = file.read_text(encoding="utf-8")
    file.write_text(right.replace("  app:\n", "  app:\n    replcas: 2\n", 1), encoding="utf-8")
    found["validate.svg"] = recording("A misspelt key, found before the push", folder, "validate", "dev")
    file.write_text(right, encoding="utf-8")
    return found


def run(folder: Path, *arguments: str) -> str:
    """What a command prints; it must not fail."""
    command = [sys.executable, "-m", "gitops_gen", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def recording(title: str, folder: Path, *arguments: str) -> str:
    """What a command prints in a terminal, with one hash for all: they change with every edit of the chart."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "gitops_gen", *arguments]
    settings = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
    with subprocess.Popen(command, cwd=folder, stdout=follower, stderr=subprocess.DEVNULL, env=settings):
        os.close(follower)
        printed = _HASH.sub("1a2b3c4d", b"".join(iter(lambda: _read(leader), b"")).decode())
    os.close(leader)
    return terminal(title, [f"\x1b[1m$ gitops-gen {' '.join(arguments)}\x1b[0m", *printed.splitlines()])


def _read(terminal_end: int) -> bytes:
    try:
        return os.read(terminal_end, 65536)
    except OSError:  # how Linux says that the program has closed its end
        return b""


def change() -> str:
    """The life of a change."""
    steps = [
        ("1  Edit", "environment.yaml,", "release.yaml; or", "set, promote"),
        ("2  Generate", "values, Application,", "AppProject, root;", "the same every time"),
        ("3  Check", "validate: what fails", "plan: it ends", "diff: what restarts"),
        ("4  Review", "one pull request", "with inputs, files", "and the difference"),
        ("5  Sync", "Argo CD applies", "wave after wave and", "waits for each"),
    ]
    width, gap = 158, 24
    lefts = [20 + index * (width + gap) for index in range(len(steps))]
    end = lefts[-1] + width
    drawn = [box(x, 50, width, step) for x, step in zip(lefts, steps, strict=True)]
    drawn += [arrow(x + width + 3, 94, dx=gap - 6) for x in lefts[:-1]]
    back = [line(f"{end - 79},142 {end - 79},170 99,170"), arrow(99, 170, dy=-26)]
    label = text(270, 190, "git revert: applied after the longest wait that plan computed, or sooner")
    above = [
        text(20, 32, "your machine and CI: no cluster, no network", "faint"),
        text(lefts[-1], 32, "the cluster", "faint"),
    ]
    return picture(
        end + 20, 206, "The life of a change: edit, generate, check, review, sync", [*above, *drawn, *back, label]
    )


def layers(folder: Path) -> str:
    """Where values of dev come from, as `explain` tells."""
    found = json.loads(run(folder, "explain", "dev", "app", "--output", "json"))["keys"]
    shown = [key for key in found if key["key"] in {"app.image.tag", "app.replicas", "app.logLevel", "app.environment"}]
    columns = ["chart", "defaults", "cluster", "stage", "environment", "release"]
    drawn = [text(20, 30, "Later layers win. The last column is what the templates read.", "faint")]
    drawn += [text(150 + 115 * index, 62, title, "strong") for index, title in enumerate([*columns, "result"])]
    for row, key in enumerate(shown):
        y = 96 + 34 * row
        drawn += [line(f"20,{y - 22} 940,{y - 22}"), text(20, y, key["key"].removeprefix("app."), "strong")]
        drawn += [
            text(150 + 115 * columns.index(origin["layer"]), y, json.dumps(origin["value"]), "code faint")
            for origin in key["origins"]
        ]
        drawn.append(text(150 + 115 * len(columns), y, json.dumps(key["value"]), "code"))
    return picture(960, 96 + 34 * len(shown), "The layers of the values of dev", drawn)


def waves(folder: Path) -> str:
    """The longest later sync of production: what each wave waits for, one after the other."""
    plan = json.loads(run(folder, "plan", "production", "--output", "json"))["plans"][0]
    rows = list(_bars(plan["waves"]))
    end = max(start + seconds for _, _, start, seconds in rows)
    limit = plan["revert"]["laterSync"]["syncTimeout"]
    bottom = 66 + 24 * len(rows)
    x = _LEFT + limit / 60 * _SCALE
    drawn = [line(f"{x:g},40 {x:g},{bottom}", "line limit")]
    drawn.append(text(x - 40, bottom + 36, f"sync timeout, {limit / 60:g}m: a revert never waits longer"))
    drawn += [text(20, 28, f"{plan['application']}: the longest wait of each wave, in minutes", "strong")]
    for row, (wave, name, start, seconds) in enumerate(rows):
        x, y = _LEFT + start / 60 * _SCALE, 48 + 24 * row
        label = f"{name}, {seconds / 60:g}m"
        drawn += [text(20, y + 11, wave, "faint"), bar(x, y, seconds / 60 * _SCALE)]
        right = x + seconds / 60 * _SCALE + 8
        drawn.append(text(right, y + 11, label) if right < _RIGHT else text(x - 8 - 7.6 * len(label), y + 11, label))
    for minute in range(0, int(end / 60) + 6, 5):
        x = _LEFT + minute * _SCALE
        drawn += [line(f"{x:g},{bottom - 8} {x:g},{bottom - 2}"), text(x - 6, bottom + 14, str(minute), "faint")]
    return picture(_LEFT + end / 60 * _SCALE + 60, bottom + 50, "The waves of a sync on a time axis", drawn)


def _bars(found: list[dict[str, Any]]) -> Iterator[tuple[str, str, float, float]]:
    """Wave, object, start and seconds of everything that a later sync waits for until a deadline."""
    start = 0.0
    for wave in found:
        gates = [gate for gate in wave["gates"] if gate["seconds"] and not gate["firstSyncOnly"]]
        for index, gate in enumerate(gates):
            yield (
                f"wave {wave['wave']}" if not index else "",
                _HASH.sub("", gate["object"]).strip("-"),
                start,
                gate["seconds"],
            )
        start += max((gate["seconds"] for gate in gates), default=0)


def screenshots(scratch: Path) -> None:
    """The page of `report` and the difference as HTML, in both themes."""
    from playwright.sync_api import sync_playwright

    folder = scratch / "shop"
    report, difference = scratch / "report.html", scratch / "diff.html"
    run(folder, "--quiet", "report", "-o", str(report))
    command = [sys.executable, "-m", "gitops_gen", "diff", "staging", "--output", "html"]
    difference.write_bytes(subprocess.run(command, check=False, cwd=folder, stdout=subprocess.PIPE).stdout)
    pages = {"report": f"{report.as_uri()}#view=sync&env=production", "diff-page": difference.as_uri()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for theme in _THEMES:
            page = browser.new_page(viewport={"width": 1100, "height": 720}, color_scheme=theme)  # type: ignore[arg-type]
            for name, address in pages.items():
                page.goto(address)
                page.wait_for_timeout(500)
                page.screenshot(path=PICTURES / f"{name}-{theme}.png")
        browser.close()


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name, drawn in pictures(Path(scratch)).items():
            (PICTURES / name).write_text(drawn, encoding="utf-8")
        if "--screenshots" in sys.argv:
            screenshots(Path(scratch))


if __name__ == "__main__":
    main()
