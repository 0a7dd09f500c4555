"""The figures of other evaluations beside ours: the same unit, the method beside each."""

import polars as pl
import pytest

from pipelines.charts.comparison import comparison
from pipelines.charts.context import Page
from pipelines.contracts import table
from pipelines.study.evaluations import evaluations
from tests.page_fixture import estimate


def _page(rows: list[dict[str, object]], language: str = "fr") -> Page:
    estimates, others = table("published.estimates"), table("published.evaluations")
    found = estimates.conform(pl.DataFrame(rows, infer_schema_length=None)) if rows else estimates.empty()
    told = others.conform(pl.DataFrame(evaluations(language), infer_schema_length=None))
    settings = pl.DataFrame([("language", language)], schema=["setting", "value"], orient="row")
    return Page({"estimates": found, "evaluations": told, "study": settings})


def test_our_hours_per_week_are_read_in_minutes_per_day():
    html = comparison(_page([estimate("net_hours", estimate=1.0, ci_low=0.5, ci_high=1.54)]))
    # One hour a week is 12 min a day of five; 1.54 h are 18.48 min, rounded outwards.
    assert "+12 min gagnées par agent et par jour" in html.replace("\u00a0", " ") and "[+6 ; +19]" in html.replace(
        "\u00a0", " "
    )
    assert html.index("Cette étude") < html.index("Government Digital Service")


def test_what_has_no_interval_is_not_compared():
    html = comparison(_page([]))
    for said in ("Cette étude ne donne pas de temps", "+26", "Jusqu’à +60", "Pas de chiffre"):
        assert said in html


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_evaluation_has_its_method_its_caveat_and_its_source(language: str):
    rows = evaluations(language)
    html = comparison(_page([], language))
    assert len(rows) == len({r["evaluation"] for r in rows}) >= 5
    for row in rows:
        assert row["design"] and row["caveat"] and str(row["source"]).split(",")[0] in html.replace("’", "'")
        assert (row["value"] is None) == (row["measure"] == "none")
