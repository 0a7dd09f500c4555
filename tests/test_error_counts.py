"""Counts of errors and the sample checked blind: by hand, and what stands where a count is zero."""

import math
from datetime import date

import polars as pl
import pytest

from pipelines.estimators.counts import garwood, mid_p_ratio, newcombe
from pipelines.indicators import errors
from pipelines.indicators.base import Inputs
from pipelines.wording import Words
from pipelines.wording.companions import as_treated, calibrated, no_error
from tests.time_panel import PROCESSES, STUDY, cell, frame, teams, tools, week


def tables(*counts: tuple[int, int, int, int]) -> dict[str, pl.DataFrame]:
    """Per team: errors and items with the tool (week 1), errors and items before (week 0)."""
    cells = []
    for i, (x1, n1, x0, n0) in enumerate(counts):
        for number, x, n in ((0, x0, n0), (1, x1, n1)):
            live = {"deployed_tool": "x", "tool": "x"} if number else {}
            cells.append(cell(f"t{i}", f"p{i}", "mail", number, 1, minutes=9.0, items=n, errors=x, **live))
    deployed = [{"team": f"t{i}", "process": "mail", "tool": "x", "go_live": week(1)} for i in range(len(counts))]
    return {
        "model.time_cells": frame("model.time_cells", cells), "clean.tools": tools("x"), "clean.processes": PROCESSES,
        "clean.teams": teams(*(f"t{i}" for i in range(len(counts)))),
        "clean.deployments": frame("clean.deployments", deployed),
    }  # fmt: skip


def row(given: dict[str, pl.DataFrame], estimand: str, scope: str = "programme", key: str = "programme") -> dict:
    found = errors.compute(Inputs(STUDY, given))
    wanted = (pl.col("estimand") == estimand) & (pl.col("scope") == scope) & (pl.col("scope_key") == key)
    return found.row(by_predicate=wanted, named=True)


def test_counts_by_hand():
    given = tables((3, 50, 10, 100), (0, 30, 2, 60))
    before, after = row(given, "rate_untreated"), row(given, "rate_treated")
    assert (before["estimate"], after["estimate"]) == (pytest.approx(7.5), pytest.approx(3.75))
    assert (before["ci_low"], before["ci_high"]) == tuple(100 * bound for bound in garwood(12, 160))
    assert (before["n_obs"], before["G"], before["reason"], before["threshold"]) == (
        160, 2, "intervalle_de_comptage", None)  # fmt: skip
    ratio = row(given, "cell_ratio")
    assert ratio["estimate"] == pytest.approx(0.5)
    assert (ratio["ci_low"], ratio["ci_high"]) == mid_p_ratio(3, 80, 12, 160)
    exact = row(given, "cell_ratio_exact")
    assert exact["ci_low"] < ratio["ci_low"] < ratio["ci_high"] < exact["ci_high"]
    of_team = row(given, "rate_treated", "team", "t1")
    assert (of_team["estimate"], of_team["ci_low"]) == (0.0, 0.0)
    assert of_team["ci_high"] == pytest.approx(100 * 3.6889 / 30, abs=1e-3)  # minus log of .025


@pytest.mark.parametrize(
    ("counts", "reason"),
    [((0, 50, 0, 60), "aucune_erreur"), ((2, 50, 0, 60), "aucune_erreur_sans_outil"), ((2, 50, 0, 0), "non_estimable")],
)
def test_a_ratio_to_no_error_has_no_value(counts: tuple[int, int, int, int], reason: str):
    found = row(tables(counts), "cell_ratio", "team", "t0")
    assert (found["estimate"], found["ci_low"], found["reason"]) == (None, None, reason)


def samples(*rows: tuple[str, int, int, int, int]) -> pl.DataFrame:
    """(team, week, handled, checked, wrong)."""
    names = ("team", "date", "handled", "checked", "wrong")
    given = [dict(zip(names, (r[0], week(r[1]), *r[2:]), strict=True)) | {"process": "mail"} for r in rows]
    return frame("clean.checked_samples", given)


def test_the_sample_checked_blind_by_hand():
    given = tables((3, 50, 10, 100), (0, 30, 2, 60)) | {
        "clean.checked_samples": samples(
            ("t0", 0, 100, 20, 4), ("t0", 1, 50, 10, 1), ("t1", 0, 60, 10, 3), ("t1", 1, 30, 6, 1)
        )
    }
    crude = row(given, "checked_difference")
    assert crude["estimate"] == pytest.approx(100 * (2 / 16 - 7 / 30))
    assert (crude["ci_low"], crude["ci_high"]) == tuple(100 * bound for bound in newcombe(2, 16, 7, 30))
    assert (crude["n_obs"], crude["n_obs_read"], crude["unit"]) == (46, 240, "points")
    within = row(given, "checked_difference_stratified")
    weights, differences = (20 * 10 / 30, 10 * 6 / 16), (1 / 10 - 4 / 20, 1 / 6 - 3 / 10)
    pooled = sum(w * d for w, d in zip(weights, differences, strict=True)) / sum(weights)
    assert within["estimate"] == pytest.approx(100 * pooled)
    assert (within["G"], within["model_id"]) == (2, "mantel_haenszel_jackknife") and within["ci_low"] is not None
    assert row(given, "checked_share_untreated")["estimate"] == pytest.approx(100 * 30 / 160)
    assert row(given, "checked_share_treated")["estimate"] == pytest.approx(20.0)


def test_more_checking_than_before_is_told():
    given = tables((3, 50, 10, 100)) | {"clean.checked_samples": samples(("t0", 0, 100, 10, 1), ("t0", 1, 50, 10, 2))}
    assert row(given, "checked_difference")["reason"] == "part_verifiee_change"
    assert row(given, "checked_difference")["estimate"] == pytest.approx(10.0)


def test_without_a_sample_the_rows_say_so():
    found = errors.compute(Inputs(STUDY, tables((3, 50, 10, 100))))
    found = found.filter(pl.col("estimand").str.starts_with("checked"))
    assert found["reason"].to_list() == ["non_mesure"] * 4 and found["estimate"].null_count() == 4


def test_no_error_is_said_with_what_it_is_compatible_with():
    most = 100 * garwood(0, 120)[1]
    shown = {"disclosure_status": "published", "estimate": 0.0, "ci_low": 0.0, "ci_high": most, "n_obs": 120}
    said = no_error(shown, Words("fr"))
    assert said.replace("\u00a0", " ") == "0 erreur sur 120 dossiers (taux compatible avec au plus 3,1 pour 100)"
    assert no_error(shown | {"estimate": 1.0}, Words("fr")) == ""
    assert no_error(shown | {"disclosure_status": "suppressed"}, Words("fr")) == ""


def test_sentences_of_the_companions():
    shown = {"disclosure_status": "published", "estimate": -31.4, "ci_low": -40.0, "ci_high": -20.0}
    said = as_treated(shown, Words("fr"))
    assert "−31\u00a0%" in said and said.endswith("ce chiffre n’est pas un effet causal.")
    declared = shown | {"estimate": 25.2}
    measured = shown | {"estimate": 14.0, "ci_low": 9.4, "ci_high": 19.7}
    assert calibrated(declared, measured, Words("fr")).replace("\u00a0", " ") == "Déclaré 25 min, calé 14 min [9 ; 20]"
    hidden = {"disclosure_status": "suppressed", "estimate": None}
    assert calibrated(declared, hidden, Words("fr")) == as_treated(hidden, Words("fr")) == ""


def test_dates_of_samples_are_compared_with_the_start_of_their_own_process():
    given = tables((3, 50, 10, 100))
    early = samples(("t0", 0, 10, 5, 1)).with_columns(date=pl.lit(date(2026, 2, 8)))  # the Sunday before
    late = samples(("t0", 1, 10, 5, 0))
    found = row(given | {"clean.checked_samples": pl.concat([early, late])}, "checked_difference")
    assert found["estimate"] == pytest.approx(-20.0) and math.isfinite(found["ci_low"])
