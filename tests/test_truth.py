"""The truth of the pages: every number is in the published tables, hidden ones nowhere, counts and totals agree."""

import random
import re
from pathlib import Path

import polars as pl
import pytest
from lxml import html

from pipelines.charts.report import SECTIONS, Report
from pipelines.lake import places
from tests.conftest import DemoRun, SurveyRun
from tests.page_fixture import frames, survey_frames
from tests.page_truth import TICKS, Known, faults, known, outwards, plain, read, rounded, texts

# Pages whose numbers come from elsewhere than the published tables: the bench figures (tests/test_method_page.py).
ELSEWHERE = {"methode.html"}


def published(folder: Path) -> dict[str, pl.DataFrame]:
    """The published tables, as handed over."""
    return {path.stem: pl.read_parquet(path) for path in sorted((folder / "tables").glob("*.parquet"))}


def written(tables: dict[str, pl.DataFrame]) -> str:
    """The bilan of these tables as HTML."""
    report = Report(tables)
    made = report.opening() + "".join(report.section(name) for name in SECTIONS)
    made = re.sub(r"^## (.*) \{#([\w-]+)\}$", r'<h2 id="\2">\1</h2>', made, flags=re.M)
    return f"<main>{made.replace('```{=html}', '').replace('```', '')}</main>"


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return frames()


@pytest.fixture(scope="module")
def page(tables: dict[str, pl.DataFrame]) -> str:
    return written(tables)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_number_of_the_bilan_is_in_the_tables(language: str):
    told = frames(language=language)
    assert faults(written(told), told) == []


def test_every_number_of_a_survey_is_in_the_tables():
    told = survey_frames()
    assert faults(written(told), told) == []


def test_every_page_of_the_demonstration_tells_what_its_tables_hold(demo_run: DemoRun):
    told = published(demo_run.published)
    allowed = known(told)
    pages = [p for p in sorted(demo_run.page.parent.rglob("*.html")) if p.name not in ELSEWHERE]
    assert demo_run.page in pages
    found = {p.name: faults(p.read_text("utf-8"), told, allowed=allowed) for p in pages}
    assert {name: bad for name, bad in found.items() if bad} == {}


def test_the_page_of_the_public_survey_tells_what_its_tables_hold(survey_run: SurveyRun):
    assert faults(survey_run.page.read_text("utf-8"), published(survey_run.published)) == []


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("+1,4\u00a0h", "+1,5\u00a0h"),  # the number of a tile
        ("[+0,8\u00a0;\u00a0+2,1]", "[+0,8\u00a0;\u00a0+2,2]"),  # one bound
        ("très probablement entre 0,8 et 2,1", "très probablement entre 0,7 et 2,1"),  # in words
        (">\u221234<", ">\u221235<"),  # a bound in a drawing
        ("1\u202f000\u00a0h de gain brut", "1\u202f001\u00a0h de gain brut"),  # the waterfall
        ("28\u00a0juin\u00a02026", "27\u00a0juin\u00a02026"),
        ("84 agents invités", "83 agents invités"), ("94,0\u00a0%", "94,1\u00a0%"), (">940<", ">941<"),
        ("au moins 60\u00a0%", "au moins 61\u00a0%"),  # a threshold
    ],
)  # fmt: skip
def test_one_false_number_is_found(true: str, false: str, page: str, tables: dict[str, pl.DataFrame]):
    assert true in page
    assert faults(page.replace(true, false, 1), tables)


def test_most_numbers_cannot_be_changed_unseen(page: str, tables: dict[str, pl.DataFrame]):
    """The last number of sixty texts that hold a sign or a decimal, changed by its last digit."""
    allowed, draw = known(tables), random.Random(1)
    # The labels of an axis are no figures.
    spots = [m for m in re.finditer(r"(?<=>)[^<>]+(?=<)", page) if re.search(r"\d[.,]\d|[+−]\d", m[0])
             and TICKS not in page[page.rindex("<", 0, m.start()) : m.start()]]  # fmt: skip
    missed = []
    for spot in draw.sample(spots, 60):
        numbers = list(re.finditer(r"[+−]?\d+[.,]\d+|[+−]\d+", spot[0]))
        if not numbers:
            continue
        at = spot.start() + numbers[-1].end() - 1
        changed = page[:at] + str((int(page[at]) + 3) % 10) + page[at + 1 :]
        if not faults(changed, tables, allowed=allowed):
            missed.append(spot[0])
    assert len(missed) <= 9, missed


def test_what_is_hidden_is_nowhere(demo_run: DemoRun):
    """Estimate and interval of each hidden row, in the forms they would be printed in."""
    told = published(demo_run.published)
    allowed: Known = known(told)
    keys = ["indicator", "estimand", "scope", "scope_key"]
    hidden = told["estimates"].filter(pl.col("disclosure_status") == "suppressed").select(keys)
    secret = set()
    whole = places("demo", demo_run.out).lake.read("indicators.decisions")
    for row in whole.join(hidden, on=keys).drop_nulls(["ci_low", "ci_high"]).iter_rows(named=True):
        for d in (0, 1, 2):
            low, high, estimate = row["ci_low"], row["ci_high"], row["estimate"]
            if row["unit"] == "ratio":
                low, high, estimate = (100 * (v - 1) for v in (low, high, estimate))
            pair = outwards(low, high, d)
            if pair not in allowed.pairs and pair[0] != pair[1]:
                secret |= {pair}
            secret |= {(rounded(estimate, d), *pair)} - allowed.triples
    assert len(secret) > 50
    interval = re.compile(r"([+−]?\d+(?:,\d+)?)[^\d\[]{0,12}\[([+−]?\d+(?:,\d+)?) ; ([+−]?\d+(?:,\d+)?)\]")
    said = [plain(t) for t in texts(html.parse(str(demo_run.page)).getroot())]
    printed = {tuple(read(g) for g in m.groups()) for t in said for m in interval.finditer(t)}
    assert printed and not printed & secret and not {p[1:] for p in printed} & secret


def _section(page: str, anchor: str) -> html.HtmlElement:
    """The part of a page under one heading."""
    body = html.fromstring(page)
    (start,) = body.xpath(f'//*[@id="{anchor}"]')
    holder = start if start.tag == "section" else html.fromstring("<div></div>")
    if holder is not start:
        for element in start.itersiblings():
            if element.tag == "h2":
                break
            holder.append(element)
    return holder


def _said(element: html.HtmlElement) -> str:
    return plain(" ".join(element.itertext()))


def test_counts_in_prose_are_those_of_the_tables(demo_run: DemoRun):
    told, page = published(demo_run.published), demo_run.page.read_text("utf-8")
    hidden = told["estimates"].filter(pl.col("disclosure_status") == "suppressed")
    in_teams = hidden.filter(pl.col("scope") == "team").height
    assert f"{in_teams} résultats d'équipe comptent" in _said(_section(page, "equipes"))
    assert f"{hidden.height} estimations ne sont pas publiées" in _said(_section(page, "inconnues"))
    groups = told["teams"]["start_group"].drop_nulls().n_unique()
    teams = told["teams"].height
    assert f"{teams} équipes ont participé, réparties en {groups} vagues" in _said(_section(page, "protocole"))
    proposed = told["proposals"]["proposal"].value_counts()
    words = {"generaliser": "généraliser", "ajuster": "ajuster", "ne_pas_poursuivre": "ne pas poursuivre en l'état",
             "preuve_insuffisante": "prolonger la mesure"}  # fmt: skip
    essential = _said(_section(page, "essentiel"))
    for code, n in proposed.iter_rows():
        assert f"{n} × {words[code]}" in essential
    incidents = told["incidents"].select(pl.col("incidents", "confirmed", "open").sum()).row(0)
    told_of_them = re.compile(r"(\d+) incidents? déclarés? ; (\d+) confirmés? ; (\d+) encore")
    found = told_of_them.search(_said(_section(page, "vigilance")))
    assert found and tuple(map(int, found.groups())) == incidents
    sheets = _section(page, "fiches").xpath('.//div[@class="sheet"]')
    assert len(sheets) == told["proposals"].height


def test_totals_are_the_sum_of_their_parts(demo_run: DemoRun):
    page = html.parse(str(demo_run.page)).getroot()
    (rows,) = [t for t in page.xpath("//table") if "Lignes reçues et utilisées" in _said(t.xpath("caption")[0])]
    lines = [[_said(c) for c in tr] for tr in rows.xpath("tbody/tr")]
    for column in range(2, 7):
        values = [read(line[column]) for line in lines]
        assert sum(values[:-1]) == values[-1], column
    assert all(read(li[3]) == read(li[4]) + read(li[5]) + read(li[6]) for li in lines)
    for table in page.xpath("//table"):
        lines = [[_said(c) for c in tr] for tr in table.xpath("tbody/tr")]
        if lines and lines[0][0] == "Gain brut":  # closes but for the rounding of each step
            steps = [read(re.sub(r" ?(?:h|min)$", "", li[1])) for li in lines if re.search(r"\d", li[1])]
            unit = 1.0 if lines[0][1].endswith("h") else 0.1
            assert abs(sum(steps[:-1]) - steps[-1]) <= unit * len(steps) / 2 + 1e-9


def test_the_same_tables_give_the_same_bytes(page: str, tables: dict[str, pl.DataFrame]):
    assert written(tables) == page
    shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=1) for name, frame in tables.items()}
    assert written(shuffled) == page
