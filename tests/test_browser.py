"""The published page in a real browser: accessible, no request, no overflow, the essential on one printed page."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DEMO, DemoRun, SurveyRun

CHROMIUM = next((p for name in ("chromium", "chromium-browser") if (p := shutil.which(name))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium (apt-get install chromium)"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (320, 390, 768, 1024, 1280, 1440)


@pytest.fixture(scope="module")
def browser(demo_run: DemoRun, survey_run: SurveyRun) -> Iterator[Any]:  # the pages first: they run an event loop too
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                  "--disable-background-networking", "--disable-component-update"],
        )  # fmt: skip
        yield browser
        browser.close()


def _open(browser: Any, path: Path, width: int = 1280) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    return page


def _violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    return [f"{v['id']}: {n['html'][:120]}" for v in found for n in v["nodes"]]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("opened", [False, True], ids=["closed", "open"])
def test_axe_finds_nothing(browser: Any, demo_run: DemoRun, width: int, opened: bool):
    page = _open(browser, demo_run.page, width)
    if opened:
        page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    assert _violations(page) == []
    page.close()


def test_axe_finds_nothing_on_the_survey(browser: Any, survey_run: SurveyRun):
    page = _open(browser, survey_run.page, 390)
    assert _violations(page) == []
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_method_page_is_accessible_fits_and_asks_nothing(browser: Any, demo_run: DemoRun, width: int):
    asked: list[str] = []
    path = demo_run.page.with_name("methode.html")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="networkidle")
    page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    assert (_violations(page), asked) == ([], [path.as_uri()])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_questionnaires_to_print_are_accessible_and_ask_nothing(browser: Any, tmp_path: Path, width: int):
    from pipelines.defs.run import write_questionnaires

    folder, surveys = write_questionnaires(DEMO, tmp_path)
    for survey in surveys:
        asked: list[str] = []
        path = folder / f"{survey.form.questionnaire}.html"
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri(), wait_until="networkidle")
        assert (_violations(page), asked) == ([], [path.as_uri()])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


def test_the_page_asks_nothing_and_runs_nothing(browser: Any, demo_run: DemoRun):
    asked: list[str] = []
    told: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto(demo_run.page.as_uri(), wait_until="networkidle")
    assert asked == [demo_run.page.as_uri()]
    assert told == []
    assert page.evaluate("document.scripts.length") == 0
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_and_one_drawing_of_each_pair_shows(browser: Any, demo_run: DemoRun, width: int):
    page = _open(browser, demo_run.page, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide, narrow = (page.locator(f"svg.{css}").evaluate_all(
        "all => all.filter(s => s.getBoundingClientRect().width > 0).length") for css in ("wd", "nw"))  # fmt: skip
    assert (wide == 0) != (narrow == 0)
    assert wide + narrow == page.locator("svg.wd").count()
    page.close()


def test_keyboard_reaches_the_content_first_and_shows_where_it_is(browser: Any, demo_run: DemoRun):
    page = _open(browser, demo_run.page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#contenu"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#contenu"
    page.close()


def test_every_entry_of_the_contents_leads_somewhere(browser: Any, demo_run: DemoRun):
    page = _open(browser, demo_run.page)
    targets = page.eval_on_selector_all("nav a[href^='#']", "all => all.map(a => a.getAttribute('href'))")
    assert len(targets) >= 10
    assert [t for t in targets if page.locator(t).count() != 1] == []
    page.close()


def test_printed_on_a4_the_essential_stands_alone_on_page_one(browser: Any, demo_run: DemoRun, tmp_path: Path):
    page = _open(browser, demo_run.page)
    pdf = tmp_path / "bilan.pdf"
    page.pdf(path=pdf, format="A4", print_background=True)
    page.close()
    if shutil.which("pdftotext") is None:
        pytest.skip("needs Debian's package poppler-utils")
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    pages = text.split("\f")
    for word in ("Temps gagné net", "Erreurs", "Bien-être", "Satisfaction", "Actions proposées"):
        assert word in pages[0], word
    assert "La demande et les questions" not in pages[0]
    assert "La demande et les questions" in pages[1]


def test_the_page_is_light(demo_run: DemoRun):
    assert demo_run.page.stat().st_size < 1_500_000


def test_a_screenshot_holds_colour_and_ink(browser: Any, demo_run: DemoRun, tmp_path: Path):
    from PIL import Image

    page = _open(browser, demo_run.page)
    page.screenshot(path=tmp_path / "top.png")
    page.close()
    colours = Image.open(tmp_path / "top.png").convert("RGB").getcolors(maxcolors=1 << 24) or []
    blank = max(count for count, _ in colours) / (1280 * 900)
    assert 0.5 < blank < 0.97
    assert any(b > r + 40 and count > 200 for count, (r, _, b) in colours), "the interval bars are drawn in blue"
