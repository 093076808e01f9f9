"""The page of `report` in a real browser: what it shows, that nothing in it acts, and that everybody can use it."""

import base64
import copy
import gzip
import html.parser
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gitops_gen.cli import run
from gitops_gen.output.report.data import web_url
from gitops_gen.output.report.page import START, report_page
from tests.conftest import GitopsGen, commit_all, copy_reference, git

VIEWS = ("environments", "promotion", "drift", "changes", "sync&env=dev", "secrets", "findings", "differences")
HOSTILE = "<img src=x onerror=alert(1)></script>\u202e@team"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a repository with two commits, a hostile subject, an edited file and an error."""
    folder = tmp_path_factory.mktemp("report") / "project"
    copy_reference(folder)
    commit_all(folder)
    settings = folder / "gitops.yaml"
    settings.write_text(
        re.sub("(?m)^repository: .*$", "repository: git@git.example.org:team/shop.git", settings.read_text())
    )
    assert run(["-C", str(folder), "--quiet", "generate"]) == 0
    commit_all(folder)
    assert run(["-C", str(folder), "--quiet", "set", "dev", "app.image.tag=9.9.9"]) == 0
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", HOSTILE)
    (folder / "environments/staging/values.yaml").unlink()
    target = folder / "page.html"
    assert run(["-C", str(folder), "--quiet", "report", "-o", str(target), "--compare", "HEAD~1", "HEAD"]) == 0
    return target


def data_of(page: str) -> Any:
    found = re.search(r'id="data">([^<]*)<', page)
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


class Elements(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.found.append(tag)


def test_no_text_is_markup(page_file: Path) -> None:
    text = page_file.read_text()
    elements = Elements()
    elements.feed(text)
    assert elements.found.count("script") == 2
    assert "img" not in elements.found
    assert not re.search(r"https?://", text)
    title = report_page(data_of(text) | {"project": "</title>{{ data }}"})
    assert "<title>&lt;/title&gt;{{ data }}: environments</title>" in title


def test_the_data_is_that_of_the_verbs(page_file: Path, gitops_gen: GitopsGen) -> None:
    data, folder = data_of(page_file.read_text()), page_file.parent
    waves = json.loads(gitops_gen(folder, "plan", "dev", "--output", "json").out)["plans"][0]
    assert data["plans"][0]["revert"] == waves["revert"]
    assert (
        data["secrets"][0]["keys"]
        == json.loads(gitops_gen(folder, "secrets", "dev", "--output", "json").out)["environments"][0]["keys"]
    )
    assert data["status"]["waiting"] == json.loads(gitops_gen(folder, "status", "--output", "json").out)["waiting"]
    assert (
        data["validation"]["findings"] == json.loads(gitops_gen(folder, "validate", "--output", "json").out)["findings"]
    )


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("https://git.example.org/team/shop.git", "https://git.example.org/team/shop"),
        ("git@git.example.org:team/shop.git", "https://git.example.org/team/shop"),
        ("file:///srv/shop", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_where_a_browser_finds_the_repository(repository: str, expected: str) -> None:
    assert web_url(repository) == expected


def test_only_a_page_is_replaced(good: Path, gitops_gen: GitopsGen) -> None:
    before = (good / "gitops.yaml").read_text()
    assert "choose another file" in gitops_gen(good, "report", "-o", "gitops.yaml").err
    assert (good / "gitops.yaml").read_text() == before
    for _ in range(2):
        assert gitops_gen(good, "report", "-o", ".").code == 0
    assert (good / "index.html").read_text().startswith(START)
    assert "choose a folder with write permission" in gitops_gen(good, "report", "-o", "missing/page.html").err


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.skip("no Chromium here: `apt-get install chromium`, then these tests run")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


class Tab:
    """A tab that keeps what went wrong in it, and what it asked for."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.page: Page = browser.new_page(**options)
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, file: Path, view: str) -> Page:
        self.page.goto("about:blank")
        self.page.goto(f"{file.as_uri()}#view={view}")
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", 360), ("dark", 1400)])
def test_everybody_can_use_every_view(theme: Any, width: int, page_file: Path, browser: Browser) -> None:
    tab = Tab(browser, viewport={"width": width, "height": 800}, color_scheme=theme)
    for view in VIEWS:
        page = tab.open(page_file, view)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{view} is wider than the window"
        assert page.locator("tbody tr").count() > 0
        found = Axe().run(page).response["violations"]
        assert [(view, item["id"], item["nodes"][0]["html"]) for item in found] == []
    assert tab.faults == []
    assert {url for url in tab.requests if not url.startswith(("file:", "about:"))} == set()


@pytest.mark.slow
def test_filter_sort_and_links(page_file: Path, browser: Browser) -> None:
    tab = Tab(browser)
    page = tab.open(page_file, "environments")
    page.keyboard.press("/")
    page.keyboard.type("stag")
    expect(page.locator("#count")).to_have_text("1 of 3")
    expect(page).to_have_url(re.compile("#view=environments&q=stag$"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    for names in (["dev", "production", "staging"], ["staging", "production", "dev"]):
        page.get_by_role("button", name="Environment").press("Enter")
        expect(page.locator("tbody th")).to_have_text(names)
    linked = tab.open(page_file, "environments&sort=-Environment&stage=production")
    expect(linked.locator("tbody th")).to_have_text(["production"])
    linked.get_by_role("link", name="production").click()
    expect(linked.locator("ol.waves")).to_have_count(2)
    linked.go_back()
    expect(linked.locator("#count")).to_have_text("1 of 3")
    assert tab.faults == []


@pytest.mark.slow
def test_what_the_views_show(page_file: Path, browser: Browser) -> None:
    tab = Tab(browser)
    assert "1.1.0 → 9.9.9" in tab.open(page_file, "changes").inner_text("#content")
    shown = tab.page.inner_text("#content")
    assert "<img src=x onerror=alert(1)></script>\\u202e@team" in shown
    link = tab.page.locator("tbody a code").first.locator("..").get_attribute("href")
    assert re.fullmatch("https://git.example.org/team/shop/commit/[0-9a-f]{40}", link or "")
    assert "environments/staging/values.yaml" in tab.open(page_file, "drift").inner_text("#content")
    assert "Deployment/app" in tab.open(page_file, "differences").inner_text("#content")
    assert "generated-file-differs" in tab.open(page_file, "findings").inner_text("#content")
    assert "ClusterSecretStore/vault" in tab.open(page_file, "secrets&env=production").inner_text("#content")
    assert tab.faults == []


@pytest.mark.slow
def test_the_services_of_a_workspace(workspace: Path, gitops_gen: GitopsGen, browser: Browser) -> None:
    assert gitops_gen(workspace, "--quiet", "set", "services/api/dev", "image.tag=9.9.9").code == 0
    assert gitops_gen(workspace, "report").code == 0
    tab = Tab(browser, viewport={"width": 360, "height": 800})
    page = tab.open(workspace / "report.html", "services")
    assert page.locator("thead th").all_inner_texts() == ["Service", "dev", "staging", "production"]
    assert page.locator("tbody tr").all_inner_texts() == [
        "services/api\t9.9.9\t1.0.0\t1.0.0",
        "services/web\t1.0.0\t1.0.0\t1.0.0",
    ]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("link", name="9.9.9").click()
    expect(page).to_have_url(re.compile("env=services%2Fapi%2Fdev$"))
    later, first = page.locator("ol.waves").all()
    expect(later).to_contain_text("wave 0: at most 10 min")
    expect(first).to_contain_text("wave 0: no wait")  # nothing is pruned after the last wave
    assert tab.faults == []


@pytest.mark.slow
def test_a_thousand_environments(page_file: Path, browser: Browser, tmp_path: Path) -> None:
    large = tmp_path / "large.html"
    large.write_text(repeated(page_file.read_text(), 1000))
    assert large.stat().st_size < 2_000_000
    page = Tab(browser).open(large, "environments")
    page.evaluate("filter('environment-99')")
    expect(page.locator("#count")).to_have_text("11 of 1000")


def repeated(page: str, count: int) -> str:
    """The page with its environments again and again, `count` of them with new names."""
    data = data_of(page)
    for rows in (data["environments"], data["plans"], data["secrets"], data["status"]["environments"]):
        rows[:] = [_renamed(rows[index % 3], f"environment-{index}") for index in range(count)]
    return report_page(data)


def _renamed(row: Any, name: str) -> Any:
    return json.loads(
        json.dumps(copy.deepcopy(row))
        .replace(f'"{row["name"]}"', json.dumps(name))
        .replace(f"/{row['name']}/", f"/{name}/")
    )
