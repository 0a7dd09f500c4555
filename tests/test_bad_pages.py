"""Studies that go badly, or large: the page makes sense, says why something is missing, and does not overflow."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from lxml import html

from pipelines.charts.intervals import drawn_range, panel
from pipelines.charts.layout import wrapped
from pipelines.wording import Words
from tests.page_cases import CASES, LONG, all_hidden, many_teams, no_time, standalone, three_teams, wide_interval
from tests.page_fixture import estimate
from tests.page_truth import faults, plain
from tests.page_typography import typography_faults

CHROMIUM = next((p for name in ("chromium", "chromium-browser") if (p := shutil.which(name))), None)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every case as a page."""
    return {name: standalone(make()) for name, make in CASES.items()}


def said(page: str, anchor: str) -> str:
    """The words of one section, drawings left out."""
    (section,) = html.fromstring(page).xpath(f'//section[@id="{anchor}"]')
    for drawing in section.xpath(".//svg"):
        drawing.drop_tree()
    return plain(" ".join(section.itertext()))


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_every_section_and_true_numbers(case: str, pages: dict[str, str]):
    page = pages[case]
    assert faults(page, CASES[case]()) == []
    assert not re.search(r">\s*(?:None|nan|null)\s*<|\{\w+\}", page)
    for section in html.fromstring(page).xpath("//section"):
        assert len(plain(" ".join(section.itertext()))) > 40, section.get("id")
    ids = html.fromstring(page).xpath("//@id")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("case", ["companions", "all_hidden", "three_teams"])
def test_every_text_of_a_case_is_well_composed(case: str, pages: dict[str, str]):
    root = html.fromstring(pages[case])
    for dropped in root.xpath("//code|//style|//title"):
        dropped.drop_tree()
    found = [f for e in root.xpath("//p|//li|//h3|//h4|//dd|//td|//caption|//summary|//desc")
             for f in typography_faults("".join(e.itertext()).strip())]  # fmt: skip
    assert found == []


def test_without_time_the_page_says_so_and_gives_the_rest(pages: dict[str, str]):
    page = pages["no_time"]
    assert "aucune mesure reçue" in said(page, "essentiel") and "51 %" in said(page, "essentiel")
    assert "ne mesure pas où le temps est allé" in said(page, "temps")
    assert no_time()["estimates"].filter(indicator="net_hours")["estimate"].is_null().all()


def test_one_wave_without_teams_is_told_from_a_study_that_hides(pages: dict[str, str]):
    assert "ne suit pas la participation" in said(pages["one_wave"], "participation")
    assert "ne sont pas publiées, pour protéger les personnes" in said(pages["all_hidden"], "participation")
    assert "n'est pas publié, pour protéger les personnes" in said(pages["all_hidden"], "temps")


def test_everything_hidden_gives_no_figure_and_no_verdict(pages: dict[str, str]):
    page = pages["all_hidden"]
    text = said(page, "essentiel")
    assert "Aucun des quatre indicateurs n'a pu être publié" in text and text.count("Non publié") == 4
    assert "<svg class=" not in page.replace('<svg class="ic"', "")
    assert "Lire une tuile" not in text and "pas terminée" not in said(page, "inconnues")
    assert all_hidden()["estimates"]["estimate"].is_null().all()


def test_three_teams_give_no_verdict_and_say_why(pages: dict[str, str]):
    text = said(pages["three_teams"], "essentiel")
    assert "Moins de cinq équipes" in text and "Atteint" not in text and "Préservé" not in text
    assert three_teams()["teams"].height == 3


def test_sixty_teams_are_all_there_once_in_their_order(pages: dict[str, str]):
    rows = html.fromstring(pages["sixty_teams"]).xpath('//figure[@id="figure-2"]//tbody/tr/th/text()')
    assert [plain(r) for r in rows[:-1]] == [f"Équipe t{n:02d}" for n in range(1, 61)]
    assert len(pages["sixty_teams"].encode()) < 1_500_000
    assert many_teams()["teams"].height == 60


def test_long_labels_keep_the_end_that_tells_them_apart():
    short = [wrapped(f"{LONG}, Assistant {letter}", 200) for letter in "AB"]
    assert all(len(lines) == 2 and max(map(len, lines)) <= 30 for lines in short)
    assert short[0][0] == short[1][0] and short[0][1].endswith("Assistant A") and short[1][1].endswith("Assistant B")
    assert wrapped("Scolarité", 200) == ["Scolarité"]


def test_an_interval_far_wider_than_the_others_is_cut_with_an_arrow(pages: dict[str, str]):
    lines = [(str(n), estimate("net_hours", "team", str(n), estimate=1.0 + n / 10, ci_low=0.5, ci_high=1.7))
             for n in range(4)]  # fmt: skip
    wide = ("x", estimate("net_hours", "team", "x", estimate=1.0, ci_low=-29.0, ci_high=31.0))
    (low, high), limits = drawn_range(panel([*lines, wide], Words("fr")))
    assert -3 < low <= limits[0] + 1 and limits[1] - 1 <= high < 5
    (plain_low, plain_high), plain_limits = drawn_range(panel(lines, Words("fr")))
    assert plain_limits[0] <= 0.5 and plain_limits[1] >= 1.7 and plain_low < 0.5 < 1.7 < plain_high
    section = pages["wide_interval"]
    assert re.search(r"\[−\d\d,\d\s;\s\+\d\d,\d\]", section), "the table and the text still give the whole interval"
    assert wide_interval()["estimates"].filter(pl.col("ci_low") < -25).height > 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium (apt-get install chromium)")
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("case", ["sixty_teams", "long_labels"])
def test_the_heaviest_cases_do_not_overflow(
    browser: Any, pages: dict[str, str], tmp_path: Path, case: str, width: int
):
    path = tmp_path / f"{case}.html"
    path.write_text(pages[case], encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(path.as_uri())
    page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
