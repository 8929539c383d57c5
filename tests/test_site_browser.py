"""The site in a real browser, from a folder, without a server: everything is clicked.

Skipped where there is no Chromium (``apt-get install chromium chromium-driver``).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import site_attacks

import mlskill
from mlskill.apps.site import Server
from mlskill.home import home
from mlskill.prover import plan
from mlskill.prover.versions import digest
from mlskill.reader import discover
from mlskill.site import Options, build
from mlskill.site.builder import jobs
from mlskill.site.proof import Proofs, Run

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(
        not (BROWSER and DRIVER), reason="needs Chromium: apt-get install chromium chromium-driver"
    ),
    # Selenium leaves the pipe to its driver to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

MODULE = "sub-skills/model-evaluation-testing.html"


class Browser:
    """Chromium without a window; what it logs and asks for is kept."""

    def __init__(self) -> None:
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu"):
            options.add_argument(f"--{word}")
        for word in ("disable-component-update", "disable-background-networking", "no-first-run"):
            options.add_argument(f"--{word}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_script_timeout(30)

    def open(self, address: Path | str, anchor: str = "") -> None:
        """Open a page; the one before it is gone, so that an anchor is gone to anew."""
        self.driver.get("about:blank")
        mark = f"#{anchor}" if anchor else ""
        self.driver.get((address.as_uri() if isinstance(address, Path) else address) + mark)

    def do(self, script: str, *given: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *given)

    def one(self, query: str) -> Any:
        """An element."""
        return self.driver.find_element("css selector", query)

    def all(self, query: str) -> list[Any]:
        """Elements."""
        return list(self.driver.find_elements("css selector", query))

    def until(self, true: Callable[[], Any], what: str = "") -> Any:
        """Wait until something holds."""
        end = time.monotonic() + 30
        while not (found := true()):
            assert time.monotonic() < end, f"not in 30 s: {what or true}"
            time.sleep(0.05)
        return found

    def type(self, text: str) -> None:
        """Type into the search."""
        from selenium.webdriver.common.keys import Keys

        box = self.one("input[type=search]")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(text or Keys.DELETE)

    def size(self, width: int, height: int) -> None:
        """Make the page this large; a window cannot be as small as a phone."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def settled(self) -> tuple[list[str], list[str]]:
        """What was logged since the last call, and every address that was asked for."""
        logged = [entry["message"] for entry in self.driver.get_log("browser")]
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        asked = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return logged, asked


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = Browser()
    found.size(1400, 900)
    yield found
    found.driver.quit()


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """No page logs a fault, and none asks for anything but files of its folder."""
    if "browser" not in request.fixturenames:
        yield
        return
    browser: Browser = request.getfixturevalue("browser")
    browser.settled()
    yield
    logged, asked = browser.settled()
    assert logged == []
    own = ("file:", "data:", "about:", "http://127.0.0.1:", "chrome:")
    assert [url for url in asked if not url.startswith(own)] == []


def made(path: str, output: Path, options: Options | None = None, **more: Any) -> Path:
    build(jobs((path, root) for root in discover(path)), output, options, **more)
    return output


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged skill, its blocks said to have run."""
    skill = mlskill.load(contents=True)
    blocks = [
        {
            "program": program.name,
            "place": {"path": task.place.path, "line": task.place.line},
            "status": "ran" if task.action == "run" else "checked",
            "seconds": 1.0,
            "digest": digest(task.block.text),
        }
        for program in plan(skill).programs
        for task in program.tasks
    ]
    run = Run.model_validate({"date": "2026-11-26T10:00:00Z", "python": "3.11", "blocks": blocks})
    return made(str(home()), tmp_path_factory.mktemp("site"), proofs=Proofs({str(home()): run}))


SYMPTOMS = [
    ("LightGBM worthless after a refactoring", MODULE, "pitfalls"),
    ("loss jumps after resume", "sub-skills/model-training-optimization.html", "use-when"),
    ("CV score is nan", MODULE, "pitfalls"),
]


@pytest.mark.parametrize(("symptom", "page", "anchor"), SYMPTOMS)
def test_search_finds_a_pitfall_by_its_symptom(
    browser: Browser, site: Path, symptom: str, page: str, anchor: str
) -> None:
    browser.open(site / "resources" / "versions.html")
    browser.type(symptom)
    first = browser.until(lambda: browser.all(".results a"))[0]
    first.click()
    browser.until(lambda: browser.driver.current_url.endswith(f"/{page}#{anchor}"))
    assert browser.do("return document.querySelector(':target').getBoundingClientRect().top") >= 0


def test_search_by_the_keyboard(browser: Browser, site: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(site / "index.html")
    browser.one("body").send_keys("/")
    browser.driver.switch_to.active_element.send_keys("drift")
    browser.until(lambda: browser.all(".results a"))
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    browser.until(lambda: "index.html" not in browser.driver.current_url)
    browser.type("zzzzqqqq")
    browser.until(lambda: browser.all(".results p"), "nothing found")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not browser.one(".results").is_displayed()


@pytest.mark.parametrize("query", ["is +0.3 % real or noise", "p99 explodes", "feature skew"])
def test_anchors_of_the_search_command_open_the_right_place(
    browser: Browser, site: Path, query: str
) -> None:
    for hit in mlskill.search(mlskill.load(), query, limit=3):
        page = "index.html" if hit.path == "SKILL.md" else hit.path[:-3] + ".html"
        browser.open(site / page, hit.anchor)
        target = browser.one(":target")
        assert target.text == " ".join(hit.title.split())
        assert 0 <= target.rect["y"] - browser.do("return scrollY") < 400


def test_every_link_of_a_page_opens(browser: Browser, site: Path) -> None:
    browser.open(site / MODULE)
    links = browser.do("return [...document.querySelectorAll('main a, nav a')].map(a => a.href)")
    own = sorted({link for link in links if link.startswith("file:")})
    assert len(own) > 30
    for link in own:
        browser.driver.get(link)
        if "#" in link:
            assert browser.all(":target"), link
        assert browser.one("h1").text, link


def test_copy_gives_the_block_that_runs(browser: Browser, site: Path) -> None:
    skill = mlskill.load(contents=True)
    page = MODULE.removesuffix(".html") + ".md"
    texts = [t.block.text for p in plan(skill, only=page).programs for t in p.tasks]
    browser.open(site / MODULE)
    copied = []
    for button in browser.all("figure.code .copy"):
        browser.do("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        browser.until(lambda button=button: button.text == "Copied")
        copied.append(_clipboard(browser))
    assert copied == texts
    for text in copied:
        if text in {t.block.text for p in plan(skill, only=page).executed for t in p.runs}:
            compile(text, page, "exec")


def _clipboard(browser: Browser) -> str:
    """What a user would get by pasting."""
    from selenium.webdriver.common.keys import Keys

    browser.do(
        "const area = document.createElement('textarea'); area.className = 'pasted';"
        "document.body.prepend(area); area.focus()"
    )
    browser.one(".pasted").send_keys(Keys.CONTROL, "v")
    text = browser.do("const a = document.querySelector('.pasted'); a.remove(); return a.value")
    return str(text)


def test_theme(browser: Browser, site: Path) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    browser.open(site / "index.html")
    before = browser.do(ground)
    browser.one("button.theme").click()
    after = browser.do(ground)
    assert before != after
    browser.open(site / MODULE)
    assert browser.do(ground) == after
    browser.one("button.theme").click()
    assert browser.do(ground) == before


PAGES = ["index.html", "map.html", MODULE, "resources/pieces/ab_test.py.html"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [360, 768, 1400])
def test_width(browser: Browser, site: Path, page: str, width: int) -> None:
    browser.size(width, 800)
    browser.open(site / page)
    assert browser.do("return document.documentElement.scrollWidth") <= width


def test_menu_of_a_phone(browser: Browser, site: Path) -> None:
    browser.size(360, 740)
    browser.open(site / "index.html")
    assert not browser.one("nav.tree").is_displayed()
    browser.one(".menu").click()
    assert browser.one("nav.tree").is_displayed()
    browser.all("nav.tree a")[2].click()
    browser.until(lambda: "index.html" not in browser.driver.current_url)
    browser.size(1400, 900)


def test_the_picture_can_be_clicked(browser: Browser, site: Path) -> None:
    browser.open(site / "map.html")
    assert len(browser.all("figure.graph circle")) == len(mlskill.load().documents)
    browser.all("figure.graph a")[3].click()
    browser.until(lambda: "map.html" not in browser.driver.current_url)
    assert browser.one("h1").text == mlskill.load().documents[3].title


def test_proof_stands_at_the_block(browser: Browser, site: Path) -> None:
    browser.open(site / MODULE)
    proof = browser.all("figure.code details.proof")[0]
    assert proof.text.startswith("ran in 1.0 s")
    proof.find_element("css selector", "summary").click()
    assert "November 26, 2026 · Python 3.11" in proof.text


def test_catalogue(browser: Browser, tmp_path: Path) -> None:
    for number in range(300):
        fault = "[x](absent.md)" if number % 3 == 0 else ""
        folder = tmp_path / "skills" / f"skill-{number}"
        folder.mkdir(parents=True)
        head = f"---\nname: skill-{number}\ndescription: Work number {number} on pears.\n---\n"
        (folder / "SKILL.md").write_text(f"{head}# Skill\n\n{fault}\n", "utf-8")
    out = made(str(tmp_path / "skills"), tmp_path / "out")
    browser.open(out / "index.html")
    status = browser.one(".count")
    assert status.text == "300 skills"
    browser.type("number 217")
    browser.until(lambda: status.text == "1 skill of 300")
    browser.type("")
    browser.do(
        "const only = document.querySelector('.only'); only.value = 'faulty';"
        "only.dispatchEvent(new Event('input'))"
    )
    browser.until(lambda: status.text == "100 skills of 300")
    browser.do("scrollTo(0, document.body.scrollHeight)")
    browser.until(lambda: len(browser.all(".card")) == 100)
    browser.do("scrollTo(0, 0)")
    browser.all(".card a")[0].click()
    browser.until(lambda: browser.all("nav.tree"))
    for width in (1400, 360):  # and back, on a phone too
        browser.size(width, 800)
        browser.one(".brand .all").click()
        browser.until(lambda: browser.all(".cards"))
        browser.driver.back()
        browser.until(lambda: browser.all("nav.tree"))
    browser.size(1400, 900)


def test_nothing_of_the_attacks_runs(browser: Browser, tmp_path: Path) -> None:
    root = tmp_path / "skills" / "attack"
    for path, text in site_attacks.FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    (tmp_path / "skills" / "other").mkdir()
    (tmp_path / "skills" / "other" / "SKILL.md").write_text("---\nname: b\n---\n")
    out = made(str(tmp_path / "skills"), tmp_path / "out")
    pages = sorted(out.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        browser.open(page)
        # Whatever can be clicked, focused, hovered or opened, is.
        browser.do(
            "for (const e of document.querySelectorAll('main *')) {"
            "  for (const n of ['mouseover', 'focus', 'toggle', 'load', 'error', 'submit'])"
            "    e.dispatchEvent(new Event(n));"
            "  if (e.tagName === 'DETAILS') e.open = true;"
            "  if (e.matches('a[href^=\"#\"], button, summary')) e.click(); }"
        )
        assert browser.do("return window.attacked") is None, page
        assert browser.do("return document.scripts.length") in (2, 4), page
        if browser.all(".search input"):
            for query in ("script", "onerror", "proto"):
                browser.type(query)
                browser.until(lambda: browser.all(".results > *"))
            assert browser.do("return window.attacked") is None, page
            assert not browser.all(".results :not(a, b, small, span, mark, p)")


def test_served_pages_follow_the_files(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "a" / "SKILL.md"
    page.parent.mkdir()
    page.write_text("---\nname: a\ndescription: b\n---\n# Before\n")
    live = Options(live=True)
    out = made(str(page.parent), tmp_path / "out", live)
    server = Server(out, 0)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        browser.open(server.address)
        assert browser.one("h1").text == "Before"
        page.write_text("---\nname: a\ndescription: b\n---\n# After\n")
        made(str(page.parent), out, live)
        server.changed()
        browser.until(
            lambda: browser.do("return document.querySelector('h1').innerText") == "After"
        )
    finally:
        browser.driver.get("about:blank")
        server.close()


def test_a_page_without_script_can_be_read(browser: Browser, site: Path) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(site / MODULE)
        assert browser.one("h1").is_displayed()
        assert not browser.one(".copy").is_displayed()
        browser.one(".more a").click()
        browser.until(lambda: "map.html" in browser.driver.current_url)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
