"""Staggered starts: values of R and of did2s, refits that lose a comparison, and which designs are identified."""

import json
import math
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.estimators.house_interval import interval_of
from pipelines.estimators.linear import products
from pipelines.estimators.staggered import are_apart, imputed, start_groups

KNOWN = Path(__file__).parent / "known_answers"
R = json.loads((KNOWN / "expected_R.json").read_text("utf-8"))["ka5"]
LAST = 6  # the last start: from that month on nobody is untreated
TREATED = {"att": pl.col("treated")}


def ka5(before: int = LAST) -> pl.DataFrame:
    panel = pl.read_csv(KNOWN / "ka5_panel.csv").with_columns(pl.col("treat").cast(pl.Boolean).alias("treated"))
    rel = pl.when(pl.col("start") < LAST).then(pl.col("month") - pl.col("start"))
    return panel.filter(pl.col("month") < before).with_columns(rel.alias("rel"))


def fit(rows: pl.DataFrame, groups: dict[str, pl.Expr] = TREATED) -> dict[str, tuple]:
    return imputed(rows, unit="team", effects=["month"], y="y", groups=groups)


def test_the_effect_and_its_refits_are_those_of_r():
    refits = fit(ka5())["att"]
    assert refits[0] == pytest.approx(R["imputation_att"], abs=1e-9)
    assert list(refits[1].values()) == pytest.approx(R["jackknife"], abs=1e-9)
    found = interval_of(refits)
    without_house = found.se * 8 / 9
    assert without_house == pytest.approx(R["se_jackknife_std"], abs=1e-9)
    half = (found.high - refits[0]) * 8 / 9
    assert [refits[0] - half, refits[0] + half] == pytest.approx(R["ci_std"], abs=1e-8)


@pytest.mark.parametrize(("before", "expected"), [(7, "twfe_allmonths"), (LAST, "twfe_identified_window")])
def test_the_two_way_form_is_that_of_r_and_falls_short_of_growing_effects(before: int, expected: str):
    rows = ka5(before)
    found = products(rows, unit="team", effects=["month"], variables=["treated", "y"]).slope("y", "treated")[0]
    assert found == pytest.approx(R[expected], abs=1e-9)
    assert abs(found) < abs(R["imputation_att"])


@pytest.mark.filterwarnings("ignore::Warning:pyfixest")
def test_leads_and_lags_are_those_of_did2s():
    import pyfixest

    rows = ka5()
    known = pl.col("rel").is_not_null() & (pl.col("rel") != -1)
    panel = rows.with_columns(rel=pl.when(known).then("rel").otherwise(-1)).to_pandas()
    expected = pyfixest.did2s(
        panel, yname="y", first_stage="~0|team+month", second_stage="~i(rel, ref=-1)", treatment="treat", cluster="team"
    ).coef()
    found = fit(rows, {f"rel::{k}": pl.col("rel") == k for k in (-3, -2, 0, 1, 2)})
    assert {name: refits[0] for name, refits in found.items()} == pytest.approx(dict(expected), abs=1e-9)


def test_the_mean_of_the_lags_is_the_effect():
    rows = ka5()
    found = fit(rows, {str(k): pl.col("treated") & (pl.col("rel") == k) for k in range(3)} | TREATED)
    sizes = {str(k): rows.filter(pl.col("treated"), pl.col("rel") == k).height for k in range(3)}
    mean = math.fsum(found[k][0] * n for k, n in sizes.items()) / sum(sizes.values())
    assert found["att"][0] == pytest.approx(mean, abs=1e-12)


def test_weights_count_a_cell_as_many_times():
    rows = ka5().with_columns(w=pl.col("month") % 2 + 1)
    twice = pl.concat([rows, rows.filter(pl.col("w") == 2)])
    one = imputed(rows, unit="team", effects=["month"], y="y", groups=TREATED, weight="w")["att"]
    assert one[0] == pytest.approx(fit(twice)["att"][0], abs=1e-12)
    assert list(one[1].values()) == pytest.approx(list(fit(twice)["att"][1].values()), abs=1e-12)


def test_a_month_that_only_one_team_tells_makes_its_refit_impossible():
    # Without team 9 nobody is untreated in month 5.
    rows = ka5().filter((pl.col("month") < 5) | (pl.col("start") < LAST) | (pl.col("team") == 9))
    att = fit(rows)["att"]
    assert att[0] is not None
    assert att[1][9] is None and all(att[1][t] is not None for t in range(1, 9))
    assert interval_of(att).reason == "non_identifie_sans_equipe"


def test_teams_never_seen_untreated_are_left_out():
    late = pl.DataFrame({"month": [4, 5], "team": [10, 10], "start": [1, 1], "treat": [1, 1], "y": [9.0, 9.0]})
    more = late.with_columns(treated=pl.lit(True), rel=pl.col("month") - pl.col("start"))
    found = fit(pl.concat([ka5(), more.select(ka5().columns)]))["att"]
    assert found[0] == pytest.approx(R["imputation_att"], abs=1e-9)


@pytest.mark.parametrize("keep", [pl.lit(False), pl.col("treated"), ~pl.col("treated")])
def test_nothing_to_learn_from_or_to_measure(keep: pl.Expr):
    found = fit(ka5().filter(keep))["att"]
    assert found[0] is None and set(found[1].values()) <= {None}


def _starts(*weeks: int) -> pl.DataFrame:
    first = date(2026, 2, 2)
    days = [first + timedelta(weeks=w) for w in weeks]
    return pl.DataFrame({"team": [f"t{i}" for i in range(len(days))], "go_live": days})


@pytest.mark.parametrize(
    ("weeks", "identified"),
    [((4,) * 3 + (8,) * 3, True), ((4,) * 3 + (7,) * 3, False), ((4,) * 3 + (8,) * 2, False), ((4,) * 6, False),
     ((3,) * 3 + (8,) * 3, False), ((3,) * 3 + (4,) * 3 + (8,) * 3, True), ((), False)],
)  # fmt: skip
def test_two_groups_of_three_teams_four_weeks_apart_and_measured_before(weeks: tuple[int, ...], identified: bool):
    assert are_apart(start_groups(_starts(*weeks), date(2026, 2, 2))) is identified
