"""Several statements read together: probabilities of decided rows, Holm, Benjamini-Hochberg, and the words for them."""

import math

import polars as pl
import pytest
from scipy.stats import t as student

from pipelines.charts.context import Page
from pipelines.charts.results import teams, tools
from pipelines.decisions.multiplicity import with_probabilities
from pipelines.wording import Words
from pipelines.wording.sentences import by_key
from pipelines.wording.together import objectives, retained, spread
from tests.page_fixture import IDENTITY, estimate, frames

FR = Words()


def decided(**rows: dict) -> pl.DataFrame:
    """Rows of the programme by indicator, ten teams each, in the order given."""
    made = []
    for name, values in rows.items():
        indicator = values.pop("indicator", name)
        estimand, unit, threshold, direction = IDENTITY[indicator]
        made.append({
            "indicator": indicator, "estimand": estimand, "unit": unit, "threshold": threshold, "direction": direction,
            "scope": "programme", "df": 9.0, "verdict": "non_concluant", "verdict_reason": None, **values,
        })  # fmt: skip
    schema = {**dict.fromkeys(("estimate", "se", "df"), pl.Float64),
              **dict.fromkeys(("verdict", "verdict_reason"), pl.String)}  # fmt: skip
    return pl.DataFrame(made, schema_overrides=schema)


def test_holm_over_the_four_objectives():
    """Each 1, 2, 3 and 0 standard errors beyond: p = P(t9 > 1), P(t9 > 2)...; Holm multiplies by 4, 3, 2, 1."""
    found = with_probabilities(decided(
        net_hours={"estimate": 0.6, "se": 0.1}, errors={"estimate": 0.90 * math.exp(-0.2), "se": 0.1},
        wellbeing={"estimate": -2.0, "se": 1.0}, satisfaction={"estimate": 60.0, "se": 3.0},
    ))  # fmt: skip
    p = [float(student.sf(beyond, 9)) for beyond in (1, 2, 3, 0)]
    assert found["p_value"].to_list() == pytest.approx(p, abs=0.001)
    assert (found["p_value"] >= pl.Series(p) - 1e-9).all()  # rounded up, never down
    holm = [2 * p[0], 3 * p[1], 4 * p[2], 0.5]
    assert found["q_value"].to_list() == pytest.approx(holm, abs=0.001)


def test_the_probability_is_below_two_and_a_half_percent_where_the_interval_is_beyond():
    t = float(student.ppf(0.975, 9))
    for beyond, under in ((t + 0.01, True), (t - 0.01, False)):
        up = decided(net_hours={"estimate": 0.5 + 0.2 * beyond, "se": 0.2})
        down = decided(time_per_task={"estimate": 100 * math.expm1(math.log(0.9) - 0.03 * beyond), "se": 0.03})
        for rows in (up, down):
            assert (with_probabilities(rows)["p_value"].item() <= 0.025) is under


def test_an_objective_that_cannot_be_judged_counts_among_the_four():
    few = {"estimate": 0.9, "se": 0.1, "verdict_reason": "moins_de_5_equipes"}
    found = with_probabilities(decided(
        net_hours={"estimate": 0.7, "se": 0.1}, errors=few, wellbeing={"estimate": None, "se": None, "verdict": None},
        satisfaction={"estimate": 61.0, "se": 0.0},
    ))  # fmt: skip
    p = float(student.sf(2, 9))
    assert found["p_value"].to_list() == [pytest.approx(p, abs=0.001), None, None, None]
    assert found["q_value"].to_list() == [pytest.approx(4 * p, abs=0.001), None, None, None]


def test_everything_else_is_explored_together():
    """Three tools, pooled (normal) at z = 3, 2, 1, and a secondary of the programme: BH over four, apart from Holm."""
    pooled = {"indicator": "net_hours", "scope": "tool", "df": None, "se": 0.1}
    found = with_probabilities(decided(
        net_hours={"estimate": 0.5, "se": 0.1}, a=pooled | {"estimate": 0.8}, b=pooled | {"estimate": 0.7},
        c=pooled | {"estimate": 0.6}, time_per_task={"estimate": -10.0, "se": 0.1},
    ))  # fmt: skip
    assert found["p_value"].to_list() == pytest.approx([0.5, 0.00135, 0.02275, 0.15866, 0.5], abs=0.001)
    bh = [4 * 0.00135, 4 / 2 * 0.02275, 4 / 3 * 0.15866, 0.5]
    assert found["q_value"].to_list() == pytest.approx([0.5, *bh], abs=0.002)


def _programme(**changed: dict) -> dict:
    rows = {i: {"verdict": "atteint", "q_value": 0.001} | changed.get(i, {})
            for i in ("net_hours", "errors", "wellbeing", "satisfaction")}  # fmt: skip
    return by_key([estimate(i, estimate=1.0, **values) for i, values in rows.items()])


def test_what_follows_for_the_four_objectives():
    open_ = {"verdict": "non_concluant", "q_value": 0.3}
    assert objectives(_programme(), FR) == FR.text("together.all")
    assert objectives(_programme(errors=open_), FR) == FR.text("together.one")
    every = dict.fromkeys(("net_hours", "errors", "wellbeing", "satisfaction"), open_)
    # Reached alone, at 2 %, and no longer once four are counted.
    alone = every | {"net_hours": {"verdict": "atteint", "q_value": 0.08}}
    assert objectives(_programme(**every), FR) == objectives(_programme(**alone), FR) == FR.text("together.none")
    nothing = {"verdict": None, "q_value": None}
    assert objectives(_programme(**dict.fromkeys(every, nothing)), FR) == ""


def test_a_row_is_retained_in_a_word_and_a_hidden_one_says_nothing():
    row = estimate("net_hours", "tool", "aa", estimate=0.9, verdict="atteint", q_value=0.09)
    assert retained(row, FR) == "retenu"
    assert retained(row | {"q_value": 0.11}, FR) == retained(row | {"verdict": "non_concluant"}, FR) == "non retenu"
    assert retained(row | {"q_value": None}, FR) == retained(row | {"disclosure_status": "suppressed"}, FR) == ""


def test_the_spread_between_teams_in_the_unit_of_each():
    """exp(0.10) - 1 = 10.5 % for a ratio; hours as they are."""
    hours = estimate("net_hours", "team", "eq1", estimate=1.0, tau=0.42)
    errors = estimate("errors", "team", "eq1", estimate=0.8, tau=0.10)
    said = spread([hours, errors, {}], FR).replace("\u00a0", " ").replace("\u202f", " ")
    assert "0,4 h (temps gagné net)" in said and "11 % (erreurs)" in said
    assert spread([hours | {"tau": None}, errors | {"disclosure_status": "suppressed"}], FR) == ""


def test_the_pages_print_them():
    made = frames()
    rows = made["estimates"].with_columns(
        pl.when(pl.col("scope") == "tool", pl.col("verdict").is_not_null()).then(0.04).alias("q_value"),
        pl.when(pl.col("scope") == "team", pl.col("estimate").is_not_null()).then(0.2).alias("tau"))  # fmt: skip
    page = {**made, "estimates": rows}
    assert "les équipes diffèrent de leur moyenne" in teams(Page(page)).replace("\u00a0", " ")
    assert "les équipes diffèrent" not in teams(Page(made))
    shown = tools(Page(page)).replace("\u00a0", " ")
    assert "lecture exploratoire</th>" in shown and "retenu</td>" in shown and "10" in shown
    assert "lecture exploratoire</th>" not in tools(Page(made)).lower()
