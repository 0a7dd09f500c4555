"""What stands beside the ratio of error rates: plain counts with their intervals, and the sample checked blind.

An interval of a count ignores that one person's items resemble each other: it describes, and never gives a verdict.
"""

from collections.abc import Callable

import polars as pl

from pipelines.estimators.counts import LEVEL, exact_ratio, garwood, mantel_haenszel, mid_p_ratio, newcombe
from pipelines.estimators.house_interval import jackknife
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import Companion, Record, house

COUNTED, DESCRIBED = "intervalle_de_comptage", "descriptif"
POPULATION = "agents_comptant_les_erreurs"
SAMPLE = "echantillon_verifie"  # population: the items drawn
MORE_CHECKING = 0.20  # a share of checked items that changes by more may find more errors by itself
Interval = Callable[[int, float, int, float], tuple[float, float]]
STRATA = ["team", "process"]


def counts(cells: pl.DataFrame) -> list[tuple[Companion, Record]]:
    """The error rates without and with the tool, per 100 items, and their ratio with two intervals: mid-p, exact.

    `cells`: [team, treated, items, errors].
    """
    arms = {arm: cells.filter(pl.col("treated") == arm) for arm in (False, True)}
    x0, x1 = (int(arm["errors"].sum()) for arm in arms.values())
    n0, n1 = (int(arm["items"].sum()) for arm in arms.values())
    found: list[tuple[str, str, Record]] = [
        ("rate_untreated", "per 100 items", _rate(x0, n0)),
        ("rate_treated", "per 100 items", _rate(x1, n1)),
        ("cell_ratio", "ratio", {"model_id": "comptage_mi_p", **_ratio(x1, n1, x0, n0, mid_p_ratio)}),
        ("cell_ratio_exact", "ratio", {"model_id": "comptage_exact", **_ratio(x1, n1, x0, n0, exact_ratio)}),
    ]
    items = {"rate_untreated": n0, "rate_treated": n1}
    n_teams = cells["team"].n_unique()
    return [
        (Companion("errors", name, unit, "lower", POPULATION), {**values, "G": n_teams, "n_obs": n, "n_obs_read": n})
        for name, unit, values in found for n in [items.get(name, n0 + n1)]
    ]  # fmt: skip


def _rate(errors: int, items: int) -> Record:
    counted: Record = {"model_id": "comptage_garwood"}
    if not items:
        return {**counted, "reason": "non_estimable"}
    low, high = garwood(errors, items)
    return {
        **counted, "estimate": 100 * errors / items, "ci_low": 100 * low, "ci_high": 100 * high, "level": LEVEL,
        "reason": COUNTED,
    }  # fmt: skip


def _ratio(x1: int, n1: int, x0: int, n0: int, interval: Interval) -> Record:
    """A ratio to nothing has no value: without errors on either side, or on the side it is compared with."""
    if not (n1 and n0):
        return {"reason": "non_estimable"}
    if not x0:
        return {"reason": "aucune_erreur_sans_outil" if x1 else "aucune_erreur"}
    low, high = interval(x1, n1, x0, n0)
    bounds = {"ci_low": low, "ci_high": high, "level": LEVEL, "reason": COUNTED}
    return {"estimate": (x1 / n1) / (x0 / n0), **bounds}


def checked(inputs: Inputs) -> list[Record]:
    """Rows of the programme on the sample checked blind: share of wrong items with the tool less without, in points,
    pooled (Newcombe) and within team and process (Mantel-Haenszel, house interval); share of items checked, in %."""
    samples = _samples(inputs)
    before, after = (samples.filter(pl.col("treated") == arm) for arm in (False, True))
    shares = _percent_checked(before), _percent_checked(after)
    changed = None not in shares and abs(shares[1] - shares[0]) > MORE_CHECKING * shares[0]  # type: ignore[operator]
    flag: Record = {"reason": "part_verifiee_change"} if changed else {}
    stratified = house(jackknife(samples, _stratified))
    found: list[tuple[str, str, Record]] = [
        ("checked_difference", "points", {"model_id": "comptage_newcombe", **_difference(after, before), **flag}),
        ("checked_difference_stratified", "points", {"model_id": "mantel_haenszel_jackknife", **stratified, **flag}),
        ("checked_share_untreated", "%", {"model_id": DESCRIBED, "estimate": shares[0], "reason": DESCRIBED}),
        ("checked_share_treated", "%", {"model_id": DESCRIBED, "estimate": shares[1], "reason": DESCRIBED}),
    ]
    items = {"n_obs": int(samples["checked"].sum())}
    absent: Record = {"reason": "non_mesure"} if samples.is_empty() else {}
    worked = inputs.table("model.time_cells").join(samples, on=STRATA, how="semi")
    handled = int(samples["handled"].sum())
    return [
        Companion("errors", name, unit, "lower", SAMPLE).row(inputs, worked, handled, {**items, **values, **absent})
        for name, unit, values in found
    ]


def _samples(inputs: Inputs) -> pl.DataFrame:
    """clean.checked_samples with `treated`, as for the time log."""
    starts = inputs.table("clean.deployments").group_by(STRATA).agg(pl.col("go_live").min())
    rows = inputs.table("clean.checked_samples").join(starts, on=STRATA, how="left")
    live = (pl.col("date") >= pl.col("go_live")).fill_null(False)
    return rows.with_columns(live.alias("treated")).sort(*STRATA, "date")


def _difference(treated: pl.DataFrame, untreated: pl.DataFrame) -> Record:
    (x1, n1), (x0, n0) = ((int(arm["wrong"].sum()), int(arm["checked"].sum())) for arm in (treated, untreated))
    if not (n1 and n0):
        return {"reason": "non_estimable"}
    low, high = newcombe(x1, n1, x0, n0)
    bounds = {"ci_low": 100 * low, "ci_high": 100 * high, "level": LEVEL, "reason": COUNTED}
    return {"estimate": 100 * (x1 / n1 - x0 / n0), **bounds}


def _stratified(samples: pl.DataFrame) -> float | None:
    arms = ((f"{c}_{int(arm)}", c, arm) for arm in (True, False) for c in ("wrong", "checked"))
    sums = [pl.col(c).filter(pl.col("treated") == arm).sum().alias(name) for name, c, arm in arms]
    found = mantel_haenszel(list(samples.group_by(STRATA).agg(sums).sort(STRATA).drop(STRATA).iter_rows()))
    return None if found is None else 100 * found


def _percent_checked(samples: pl.DataFrame) -> float | None:
    handled = int(samples["handled"].sum())
    return 100 * int(samples["checked"].sum()) / handled if handled else None
