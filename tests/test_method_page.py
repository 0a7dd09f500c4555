"""The method page: every model has its words, prose holds no number, the dictionaries are those of the code."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from lxml import html

from pipelines.charts.method import LAYERS, Method
from pipelines.contracts import all_tables, table
from pipelines.indicators.base import discover
from pipelines.publish.tables import _codebook
from pipelines.wording import Words
from pipelines.wording.page import method_metadata
from tests import bench_stats, truths
from tests.conftest import DemoRun
from tests.page_fixture import frames

QMD = Path(__file__).parents[1] / "reports" / "methode.qmd"
FIGURES = QMD.parent


def _page(method: Method) -> html.HtmlElement:
    made = method.opening() + "".join(method.section(name) for name in method.sections)
    return html.fromstring(f"<div>{made}</div>")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_section_is_made_with_and_without_figures(language: str, tmp_path: Path):
    made = Method(frames(language=language), FIGURES)
    page = _page(made)
    assert len(page.xpath("//details")) == sum(t.layer in LAYERS for t in all_tables().values())
    without = _page(Method(frames(language=language), tmp_path))
    none = Words(language).text("methode.bench.none")
    assert none not in page.text_content() and none in without.text_content()
    report = QMD.read_text(encoding="utf-8")
    assert re.findall(r'section\("(\w+)"\)', report) == list(made.sections)


def _prose(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, inner in node.items():
            # A source is cited by its year; a refusal is a code, whose words are those of the bilan.
            yield from () if key in ("source", "refuses") else _prose(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _prose(inner)
    else:
        yield str(node)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_prose_holds_no_number(language: str):
    assert [text for text in _prose(Words(language).raw("methode")) if re.search(r"\d", text)] == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_reason_scenario_and_planted_effect_has_its_words(language: str):
    words = Words(language)
    for entry in words.raw("methode.formulas").values():
        assert [r for r in entry["refuses"] if not words.has(f"reasons.{r}")] == []
    assert list(words.raw("methode.bench.scenarios")) == list(bench_stats.SCENARIOS)
    assert list(words.raw("methode.truths.planted")) == list(truths.NAMES)


def test_the_bench_is_printed_as_measured():
    rows = html.fromstring(Method(frames(), FIGURES).section("bench")).xpath("//tbody/tr")
    figures = bench_stats.read_figures()
    assert len(rows) == figures.height
    assert {len(row) for row in rows} == {len(Words().raw("methode.bench.heads"))}
    for row, r in zip(rows, figures.iter_rows(named=True), strict=True):
        cells = [c.text_content() for c in row]
        assert cells[0] == Words().text(f"methode.bench.scenarios.{r['scenario']}")
        assert cells[4].startswith(Words().number(100 * r["coverage"], 1))
        assert cells[3] == Words().text(f"methode.bench.status.{r['status']}")


def test_the_codebook_names_and_never_values():
    estimates = table("indicators.decisions").conform(pl.DataFrame({
        "indicator": ["net_hours", "net_hours", "own_scale"], "estimand": ["net_hours", "net_hours", "change"],
        "unit": ["h", "h", "points"], "scope": ["tool", "programme", "programme"], "scope_key": ["a", "p", "p"],
        "population": "x", "direction": "higher", "estimate": [7.7777, 7.7777, 7.7777],
        "model_id": ["imputation_pooling", "imputation_jackknife", "part_jackknife"],
    }))  # fmt: skip
    whole = table("published.codebook").conform(_codebook(estimates))
    assert set(whole["indicator"]) == {*discover(), "own_scale"}
    found = whole.drop_nulls("estimand")
    assert found.select("indicator", "scopes", "models").rows() == [
        ("net_hours", "programme, tool", "imputation_jackknife, imputation_pooling"),
        ("own_scale", "programme", "part_jackknife"),
    ]
    assert found["description"].to_list() == [discover()["net_hours"].INDICATOR.description, None]
    assert "7.7777" not in found.write_csv()


@pytest.mark.parametrize(
    ("model_id", "said", "interval"),
    [("imputation_sans_mois_jackknife", "imputation_sans_mois", "jackknife"),
     ("log_mois_jackknife", "log", "jackknife"), ("part_wilson", "part_wilson", "own"),
     ("ajuste_t0_regle_t", "ajuste_t0", "regle_t"), ("avant_apres", "avant_apres", "own")],
)  # fmt: skip
def test_a_model_is_read_from_its_id(model_id: str, said: str, interval: str):
    words = Words("en")
    what, how = Method(frames(language="en"), FIGURES).model(model_id)
    months = words.raw("methode.models.months") if "_mois_jack" in model_id and "sans_mois" not in model_id else ""
    assert what == words.text(f"methode.models.bases.{said}") + months
    assert how == words.text(f"methode.models.intervals.{interval}")


def test_the_title_is_the_page_and_the_study_stands_under_it():
    told = {"lang": "en", "title": "Method", "subtitle": "Trial"}
    assert method_metadata({"language": "en", "title": "Trial"}) == told
    assert method_metadata({}) == {"lang": "fr", "title": "Méthode"}


def test_the_demonstration_has_its_method_page(demo_run: DemoRun):
    page = html.parse(str(demo_run.page.with_name("methode.html"))).getroot()
    assert page.findtext(".//h1") == "Méthode"
    text = page.text_content()
    assert [i for i in demo_run.identities if i in text] == []
    codes = {c.text_content() for c in page.xpath("//section[@id='dictionnaire']//tbody/tr/th/code")}
    assert codes == set(discover())
