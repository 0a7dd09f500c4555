"""Alpha, omega, floor and ceiling: against R, by hand, and what is said when they cannot be told."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.disclosure import disclose_estimates
from pipelines.estimators.reliability import cronbach_alpha, omega_total, one_factor_loadings, share_at
from pipelines.estimators.share import wilson
from pipelines.indicators import qvct, reliability, wellbeing
from pipelines.indicators.base import Inputs
from tests.test_decisions import decide
from tests.test_questionnaires import SINGLE, STUDY, frame, ka3_people, score

HERE = Path(__file__).parent / "known_answers"
KA3 = json.loads((HERE / "expected_R.json").read_text("utf-8"))["ka3"]
WHO5 = [f"w{i}" for i in range(1, 6)]


def ka3_items() -> pl.DataFrame:
    return pl.read_csv(HERE / "ka3_questionnaire.csv").filter(pl.col("wave") == 0).select(WHO5)


def test_alpha_omega_and_loadings_of_the_reference():
    items = ka3_items()
    assert cronbach_alpha(items) == pytest.approx(KA3["alpha"], abs=1e-9)
    assert items.drop_nulls().height == KA3["n_alpha"]
    assert omega_total(items) == pytest.approx(KA3["omega_total_std_ml"], abs=1e-3)
    correlations = np.corrcoef(items.drop_nulls().to_numpy(), rowvar=False)
    assert one_factor_loadings(correlations) == pytest.approx(KA3["ml_loadings"], abs=1e-3)


def test_the_ends_and_the_counting_interval_of_the_reference():
    scores = ka3_people().filter(pl.col("wave") == 0)["score"]
    assert [100 * share_at(scores, end) for end in (0, 100)] == [KA3["floor_pct"], KA3["ceiling_pct"]]
    assert share_at(pl.Series([0.0, 100.0, 100.0, 50.0]), 100) == 0.5
    assert share_at(pl.Series([], dtype=pl.Float64), 0) is None
    values, expected = KA3["top2"]["values"], KA3["top2"]["wilson"]
    assert wilson(sum(v >= 4 for v in values) / len(values), len(values)) == pytest.approx(expected, abs=1e-9)
    assert (wilson(0.0, 30)[0], wilson(1.0, 30)[1]) == pytest.approx((0.0, 1.0))


def test_loadings_by_hand():
    # three items, one factor: r = l x l'; l1 = sqrt(r12 r13 / r23)
    exact = np.array([0.9, 0.8, 0.5])
    correlations = np.outer(exact, exact) + np.diag(1 - exact**2)
    assert one_factor_loadings(correlations) == pytest.approx(exact, abs=1e-6)


def test_alpha_by_hand():
    # variances 1, 1, of the sum 4 (they are the same item): 2 x (1 - 2/4) = 1; opposite items: their sum never moves
    same = pl.DataFrame({"a": [1.0, 2.0, 3.0, None], "b": [1.0, 2.0, 3.0, 2.0]})
    assert cronbach_alpha(same) == pytest.approx(1.0)
    assert cronbach_alpha(same.with_columns(b=4 - pl.col("a"))) is None


@pytest.mark.parametrize(
    "correlations",
    [
        np.array([[1.0, 0.5], [0.5, 1.0]]),  # two items
        np.ones((3, 3)),  # one and the same item
        # l1 would be sqrt(.7 x .8 / .3) > 1
        np.array([[1.0, 0.7, 0.8], [0.7, 1.0, 0.3], [0.8, 0.3, 1.0]]),
    ],
    ids=["two items", "singular", "improper"],
)
def test_no_loadings_rather_than_wrong_ones(correlations: np.ndarray):
    assert one_factor_loadings(correlations) is None


@pytest.mark.parametrize(
    "items",
    [{"a": [1.0, 2.0, 3.0]}, {"a": [1.0], "b": [2.0]}, {"a": [1.0, 2.0, 3.0], "b": [4.0, 4.0, 4.0]}, {}],
    ids=["one item", "one row", "an item that does not vary", "nothing"],
)
def test_no_coefficient_of_what_cannot_have_one(items: dict):
    assert cronbach_alpha(pl.DataFrame(items)) is None and omega_total(pl.DataFrame(items)) is None


def key(scale: str, items: dict[str, bool], low: float = 1.0, high: float = 5.0) -> pl.DataFrame:
    """clean.scale_items of one scale; item -> reversed."""
    return frame(
        "clean.scale_items", [{"item": i, "reversed": r} for i, r in items.items()], scale=scale, minimum=low,
        maximum=high, out_minimum=0.0, out_maximum=100.0, n_items=len(items), sensitive=False,
    )  # fmt: skip


def answers(values: dict[str, list[float]], wave: str) -> pl.DataFrame:
    """clean.responses: item -> answers of p0, p1..."""
    rows = [
        {"person_survey": f"p{i}", "team": f"E{i % 6}", "item": item, "value_number": v}
        for item, given in values.items() for i, v in enumerate(given)
    ]  # fmt: skip
    return frame("clean.responses", rows, role="agent", wave=wave, value_code="x", complete=True, source_file="q.csv",
                 source_row=1)  # fmt: skip


QVCT = {f"QV{i}": False for i in range(1, 5)}


def survey(n: int, noise: float, wave: str = "T0") -> dict[str, pl.DataFrame]:
    """n agents whose four answers follow one latent value; `noise` = 1: nothing but chance."""
    rng = np.random.default_rng(4)
    latent = rng.normal(size=(n, 1)) * (1 - noise) + rng.normal(size=(n, 4)) * noise
    given = np.clip(np.rint(3 + 1.5 * latent), 1, 5)
    scores = 25 * (given - 1).mean(axis=1)
    rows = [score(f"p{i}", f"E{i % 6}", w, "qvct", s + (w == "T1")) for i, s in enumerate(scores) for w in ("T0", "T1")]
    return {
        "clean.responses": answers({q: given[:, k].tolist() for k, q in enumerate(QVCT)}, wave),
        "clean.scale_items": key("qvct", QVCT), "model.scores": frame("model.scores", rows),
    }  # fmt: skip


def rows_of(tables: dict[str, pl.DataFrame], scale: str = "qvct", study=STUDY) -> dict[str, dict]:
    got = reliability.compute(Inputs(study, tables)).filter(pl.col("indicator") == scale)
    return {r["estimand"]: r for r in got.iter_rows(named=True)}


def test_rows_of_a_scale():
    tables = survey(60, 0.3)
    got = rows_of(tables)
    assert list(got) == ["alpha", "ceiling", "floor", "omega"]
    items = tables["clean.responses"].pivot("item", index="person_survey", values="value_number").drop("person_survey")
    assert got["alpha"]["estimate"] == pytest.approx(cronbach_alpha(items))
    assert got["omega"]["estimate"] == pytest.approx(omega_total(items), abs=1e-6)
    assert (got["alpha"]["reason"], got["alpha"]["ci_low"], got["alpha"]["n_persons"]) == ("descriptif", None, 60)
    low, high = wilson(got["floor"]["estimate"] / 100, 60)
    assert (got["floor"]["ci_low"], got["floor"]["ci_high"]) == pytest.approx((100 * low, 100 * high))
    # every scale of several items has its rows, asked or not
    every = reliability.compute(Inputs(STUDY, tables))
    assert set(every["indicator"]) == {"wellbeing", "qvct", "self_efficacy", "umux_lite", "workload"}
    assert set(every.filter(pl.col("indicator") != "qvct")["reason"]) == {"non_mesure"}


def test_a_reversed_item_is_turned_round_before_it_is_compared():
    tables = survey(60, 0.3)
    turned = tables["clean.responses"].with_columns(
        value_number=pl.when(pl.col("item") == "QV4").then(6 - pl.col("value_number")).otherwise("value_number")
    )
    as_reversed = tables | {"clean.responses": turned, "clean.scale_items": key("qvct", QVCT | {"QV4": True})}
    assert rows_of(as_reversed)["alpha"]["estimate"] == pytest.approx(rows_of(tables)["alpha"]["estimate"])


def test_thirty_people_at_least_and_supervisors_are_not_among_them():
    assert rows_of(survey(30, 0.3))["alpha"]["estimate"] is not None
    few = rows_of(survey(29, 0.3))
    assert {r["reason"] for r in few.values()} == {"moins_de_30_repondants"} and few["alpha"]["n_persons"] == 29
    tables = survey(30, 0.3)
    role = pl.when(pl.col("person_survey") == "p0").then(pl.lit("encadrant")).otherwise("role")
    led = tables | {"clean.responses": tables["clean.responses"].with_columns(role=role)}
    assert rows_of(led)["alpha"]["reason"] == "moins_de_30_repondants"


def test_a_scale_asked_at_the_end_only_is_read_there():
    assert rows_of(survey(60, 0.3, wave="T1"))["alpha"]["estimate"] is not None
    assert rows_of(survey(60, 0.3), study=SINGLE)["alpha"]["window_start"] == SINGLE.waves[0].opens


@pytest.mark.parametrize(
    ("noise", "alert"), [(0.3, ""), (0.57, ", fidelite_a_surveiller"), (0.95, ", fidelite_insuffisante")]
)
def test_a_low_coefficient_says_so(noise: float, alert: str):
    assert rows_of(survey(60, noise))["alpha"]["reason"] == f"descriptif{alert}"


def test_scores_stuck_at_an_end_are_told_and_few_people_there_are_hidden():
    def stuck(n: int) -> dict[str, dict]:
        tables = survey(60, 0.3)
        low = pl.col("person_survey").is_in([f"p{i}" for i in range(n)])
        score_ = pl.when(low).then(0.0).otherwise(pl.col("score").clip(1, 99))
        return rows_of(tables | {"model.scores": tables["model.scores"].with_columns(score=score_)})

    assert stuck(9)["floor"]["reason"] == "intervalle_de_comptage"  # 15 % exactly
    assert stuck(10)["floor"]["reason"] == "intervalle_de_comptage, effet_plancher"
    assert stuck(10)["ceiling"]["estimate"] == 0.0
    for people, status in ((0, "published"), (1, "suppressed"), (4, "suppressed"), (5, "published")):
        row = stuck(people)["floor"]
        assert row["n_minority"] == people
        decided = decide(frame("indicators.estimates", [row]), Inputs(STUDY, {}))
        assert disclose_estimates(decided, STUDY)["disclosure_status"].item() == status, people


def test_a_composite_that_does_not_hold_together_is_not_published():
    held, loose = (qvct.compute(Inputs(STUDY, survey(60, noise))) for noise in (0.57, 0.95))
    assert held.filter(pl.col("estimand") == "change")["estimate"].item() == pytest.approx(1.0)
    assert set(loose.select("estimate", "ci_low", "reason").rows()) == {(None, None, "fidelite_insuffisante")}
    # under thirty people the coefficient says too little to hide anything
    few = qvct.compute(Inputs(STUDY, survey(29, 0.95)))
    assert few.filter(pl.col("estimand") == "change")["estimate"].item() == pytest.approx(1.0)


def test_well_being_obeys_the_same_rule():
    tables = survey(60, 0.95)
    tables["clean.scale_items"] = key("wellbeing", QVCT)
    tables["model.scores"] = tables["model.scores"].with_columns(scale=pl.lit("wellbeing"))
    got = wellbeing.compute(Inputs(STUDY, tables))
    assert set(got["reason"]) == {"fidelite_insuffisante"} and got["estimate"].null_count() == got.height
