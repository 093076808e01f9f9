"""How fast the page of `report` for 1,000 environments opens and filters in a real browser.

`python -m bench.report`, exit code 1 when a limit does not hold. The figures are milliseconds, as a person waits for
them: measure on an idle machine. Chromium must be on PATH.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import fleet
from gitops_gen.cli import run

ENVIRONMENTS = 1_000
OPENING = 1_000
"""Milliseconds until the page can be used, at most."""
FILTERING = 100
"""Milliseconds until the rows of a filter are shown, at most."""
RUNS = 5
FILTER = "() => { const start = performance.now(); filter('env-0099'); return performance.now() - start; }"


def page_file(folder: Path) -> Path:
    """The page of `ENVIRONMENTS` environments in `folder`."""
    project = fleet.make(folder / "project", ENVIRONMENTS)
    for words in (["generate"], ["report", "-o", str(folder / "page.html")]):
        if code := run(["-C", str(project), "--quiet", *words]):
            raise SystemExit(code)
    return folder / "page.html"


def opening(page: Page, file: Path) -> float:
    """Milliseconds from the request of `file` until the page can be used."""
    page.goto("about:blank")
    page.goto(f"{file.as_uri()}#view=environments")
    page.wait_for_selector("html[data-ready]", state="attached")
    return float(page.evaluate("performance.now()"))


def main() -> bool:
    """Print both figures with their limits; whether they hold."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        raise SystemExit("no Chromium on PATH: `apt-get install chromium`")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = page_file(Path(folder))
        page = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"]).new_page()
        figures = {
            "open": (statistics.median(opening(page, file) for _ in range(RUNS)), OPENING),
            "filter": (statistics.median(float(page.evaluate(FILTER)) for _ in range(RUNS)), FILTERING),
        }
    for name, (spent, limit) in figures.items():
        print(f"{name:8} {spent:8.0f} ms, limit {limit}")
    return all(spent <= limit for spent, limit in figures.values())


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
