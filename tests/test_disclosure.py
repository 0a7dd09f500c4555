"""What is printed and what is not: thresholds, dominance, unanimity, small remainders. A hidden row holds nothing."""

import random

import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.contracts.indicators import DECIDED, RECORD
from pipelines.disclosure import disclose_distributions, disclose_estimates, disclose_participation
from pipelines.indicators.base import estimate_row
from pipelines.study.load import house_instruments
from pipelines.study.models import Calendar, Privacy, Study

STUDY = Study(
    study="essai", title="Essai", organisation="Valombre", instruments=house_instruments(),
    calendar=Calendar(measurement_start="2026-02-02", measurement_end="2026-06-29", as_of="2026-07-03"),
    privacy=Privacy(publish_named=True),
)  # fmt: skip
OPEN = STUDY.model_copy(update={"privacy": Privacy(publish_named=True, publish_team_wellbeing=True)})
INTERNAL = {"top1_share", "top2_share", "p_ratio", "unanimous", "n_minority"}
VALUES = [c.name for c in (*RECORD, *DECIDED) if c.name not in INTERNAL]
STEPS = ("effectif", "t0", "t1", "apparies", "temps_attendus", "temps_saisis")


def decision(**more: object) -> dict[str, object]:
    """A row of errors of one team that every rule lets through."""
    row = {
        "indicator": "errors", "estimand": "rate_ratio", "unit": "ratio", "scope": "team", "scope_key": "E1",
        "population": "agents", "window": None, "threshold": 0.9, "direction": "lower", "estimate": 0.8, "ci_low": 0.7,
        "ci_high": 0.9, "level": 0.95, "se": 0.1, "G": 10, "n_persons": 8, "n_obs": 50, "n_obs_read": 60,
        "model_id": "m", "reason": "r", "top1_share": 0.3, "top2_share": 0.5, "p_ratio": 1.0,
    }  # fmt: skip
    decided = {"evidence": "A", "evidence_reason": "x", "verdict": "atteint", "verdict_reason": None}
    given = {k: v for k, v in more.items() if k in decided}
    return estimate_row(**(row | {k: v for k, v in more.items() if k not in decided})) | decided | given


def disclosed(study: Study = STUDY, **more: object) -> dict[str, object]:
    frame = pl.DataFrame([decision(**more)], schema=table("indicators.decisions").polars_schema)
    return disclose_estimates(frame, study).row(0, named=True)


def is_shown(study: Study = STUDY, **more: object) -> bool:
    return disclosed(study, **more)["disclosure_status"] == "published"


def test_a_row_that_passes_keeps_its_values_and_loses_the_internal_ones():
    got = disclosed()
    assert got["disclosure_status"] == "published"
    assert (got["estimate"], got["n_persons"], got["evidence"], got["verdict"]) == (0.8, 5, "A", "atteint")
    assert INTERNAL.isdisjoint(got)


@pytest.mark.parametrize(("n", "low"), [(5, 5), (9, 5), (10, 10), (19, 10), (20, 20), (74, 20)])
def test_below_the_programme_sizes_are_classes_and_nothing_tells_them_again(n: int, low: int):
    got = disclosed(n_persons=n)
    assert got["n_persons"] == low and (got["se"], got["n_obs"], got["n_obs_read"]) == (None, None, None)
    whole = disclosed(n_persons=n, scope="programme", scope_key="programme")
    assert (whole["n_persons"], whole["se"], whole["n_obs"]) == (n, 0.1, 50)


def test_all_but_a_few_of_the_programme_is_hidden():
    rows = [decision(scope="programme", scope_key="programme", n_persons=30)]
    rows += [decision(scope="tool", scope_key=str(n), n_persons=n) for n in (25, 26, 29, 30)]
    got = disclose_estimates(pl.DataFrame(rows, schema=table("indicators.decisions").polars_schema), STUDY)
    shown = dict(got.filter(pl.col("scope") == "tool").select("scope_key", "disclosure_status").iter_rows())
    assert shown == {"25": "published", "26": "suppressed", "29": "suppressed", "30": "published"}


def test_a_study_that_names_no_team_publishes_no_team():
    unnamed = STUDY.model_copy(update={"privacy": Privacy()})
    assert not is_shown(unnamed, n_persons=30) and is_shown(unnamed, n_persons=30, scope="tool", scope_key="a")


def test_a_hidden_row_keeps_its_identity_and_nothing_else():
    got = disclosed(n_persons=4)
    assert got["disclosure_status"] == "suppressed"
    assert {name: got[name] for name in VALUES if got[name] is not None} == {}
    assert (got["indicator"], got["scope_key"], got["unit"], got["threshold"], got["direction"]) == (
        "errors", "E1", "ratio", 0.9, "lower"
    )  # fmt: skip


WELLBEING = {"indicator": "wellbeing", "estimand": "change", "top1_share": None, "top2_share": None, "p_ratio": None}
SHARE = WELLBEING | {"indicator": "satisfaction", "estimand": "share_satisfied", "scope": "programme"}


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"n_persons": 5}, True), ({"n_persons": 4}, False),
        ({"top1_share": 0.50}, True), ({"top1_share": 0.51}, False),
        ({"top2_share": 0.85}, True), ({"top2_share": 0.86}, False),
        ({"p_ratio": 0.10}, True), ({"p_ratio": 0.09}, False),
        ({"top1_share": None}, False),  # who weighs most is not known
        ({"n_persons": None}, False), ({"n_persons": None, "scope": "programme"}, False),
        (WELLBEING | {"scope": "programme", "n_persons": 9}, False),
        (WELLBEING | {"scope": "programme", "n_persons": 10}, True),
        (WELLBEING | {"scope": "team", "n_persons": 30}, False),
        (WELLBEING | {"scope": "family", "n_persons": 30, "G": 1}, False),
        (WELLBEING | {"scope": "family", "n_persons": 30, "G": 3}, True),
        (WELLBEING | {"indicator": "dehumanisation", "scope": "programme", "n_persons": 9}, False),
        (WELLBEING | {"indicator": "dh3", "scope": "programme", "n_persons": 9}, False),
        (WELLBEING | {"indicator": "job_satisfaction", "scope": "programme", "n_persons": 5}, True),
        (SHARE | {"estimate": 100.0, "unanimous": True, "n_persons": 9}, False),
        (SHARE | {"estimate": 100.0, "unanimous": True, "n_persons": 10}, True),
        (SHARE | {"estimate": 90.0, "unanimous": False, "n_persons": 9}, True),
        # two groups told apart by one figure, the smaller under the threshold of its indicator
        (SHARE | {"indicator": "qvct", "n_persons": 60, "n_minority": 4}, False),
        (SHARE | {"indicator": "qvct", "n_persons": 60, "n_minority": 5}, True),
        (SHARE | {"indicator": "qvct", "n_persons": 60, "n_minority": 0}, True),
        (SHARE | {"indicator": "wellbeing", "n_persons": 60, "n_minority": 9}, False),
        (SHARE | {"indicator": "verification", "n_persons": 9}, False),
        (SHARE | {"indicator": "redeployment", "n_persons": 9}, False),
        # totals of minutes: who weighs most must be known, and a share of agents has no total
        ({"indicator": "rework_share", "top1_share": None}, False),
        ({"indicator": "time_with_tool", "top1_share": 0.51}, False),
        (SHARE | {"indicator": "adoption", "n_persons": 30, "n_minority": 3}, False),
        (SHARE | {"indicator": "adoption", "n_persons": 30, "n_minority": 5}, True),
        # a pooled team estimate is drawn toward the others: what everyone answered counts, not what is printed
        (SHARE | {"scope": "team", "estimate": 78.7, "unanimous": True, "n_persons": 6}, False),
    ],
)  # fmt: skip
def test_rules_of_the_estimates(values: dict, shown: bool):
    assert is_shown(**values) == shown


def test_an_indicator_is_as_sensitive_as_the_item_it_rests_on():
    marked = [i.model_copy(update={"sensitive": i.item == "SO2"}) for i in STUDY.instruments.items]
    strict = STUDY.model_copy(update={"instruments": STUDY.instruments.model_copy(update={"items": tuple(marked)})})
    nine = SHARE | {"indicator": "recommendation", "n_persons": 9}
    assert is_shown(**nine) and not is_shown(strict, **nine)


def test_team_wellbeing_needs_the_switch_and_ten_people():
    assert is_shown(OPEN, **WELLBEING, n_persons=10)
    assert not is_shown(OPEN, **WELLBEING, n_persons=9)


def test_the_study_may_ask_for_more_people():
    strict = STUDY.model_copy(update={"privacy": Privacy(min_persons=9, publish_named=True)})
    assert not is_shown(strict, n_persons=8) and is_shown(strict, n_persons=9)


def test_what_could_not_be_estimated_is_said_for_the_programme_only():
    nothing = {"estimate": None, "ci_low": None, "ci_high": None, "n_persons": 0, "top1_share": None}
    whole = disclosed(**nothing, scope="programme", scope_key="programme", reason="sans_equipe", verdict=None, n_obs=3)
    assert (whole["disclosure_status"], whole["reason"], whole["model_id"]) == ("published", "sans_equipe", "m")
    assert [whole[name] for name in ("n_persons", "n_obs", "n_obs_read", "G")] == [None] * 4
    assert not is_shown(**nothing)
    assert not is_shown(**(nothing | {"n_persons": 3}), scope="programme", scope_key="programme")


@pytest.mark.parametrize(("n_obs", "kept"), [(30, 30), (29, None), (26, None), (25, 30)])
def test_the_few_who_did_not_answer_again_are_not_counted(n_obs: int, kept: int | None):
    whole = WELLBEING | {"scope": "programme", "n_persons": n_obs, "n_obs": n_obs, "n_obs_read": 30}
    assert disclosed(**whole)["n_obs_read"] == kept
    lines = disclosed(scope="programme", scope_key="programme", n_obs=n_obs, n_obs_read=30)
    assert lines["n_obs_read"] == 30  # lines of a log, not people


def distribution(counts: list[int], item: str = "AE1", total: int | None = None) -> pl.DataFrame:
    n = sum(counts) if total is None else total
    return pl.DataFrame(
        [
            {"item": item, "wave": "T1", "scope": "programme", "scope_key": "programme", "value_code": str(k + 1),
             "rank": k, "label": str(k), "n_persons": c, "n_total": n, "share": c / n if n else None}
            for k, c in enumerate(counts)
        ],
        schema=table("indicators.distributions").polars_schema,
    )  # fmt: skip


def shown_counts(counts: list[int], item: str = "AE1") -> list[int | None]:
    got = disclose_distributions(distribution(counts, item), STUDY)
    hidden = got.filter(pl.col("disclosure_status") == "suppressed")
    assert hidden.select("n_persons", "n_total", "share").null_count().row(0) == (hidden.height,) * 3
    return got.sort("rank")["n_persons"].to_list()


@pytest.mark.parametrize(
    ("counts", "item", "expected"),
    [
        ([10, 20, 30, 5, 0], "AE1", [10, 20, 30, 5, 0]),
        # 3 is too few; alone it is 65 - the rest: the next rarest goes with it, 3 + 10 >= 5 + 2 - 1
        ([10, 20, 30, 3, 0], "AE1", [None, 20, 30, None, 0]),
        # 1 + 4 = 5 over two answers that were given leaves at most 4 each: a third one goes
        ([1, 4, 20, 30, 0], "AE1", [None, None, None, 30, 0]),
        ([2, 4, 20, 30, 0], "AE1", [None, None, 20, 30, 0]),
        # under ten people in all
        ([5, 4, 0, 0, 0], "AE1", [None] * 5),
        ([0, 0, 12, 0, 0], "AE1", [0, 0, 12, 0, 0]),
        # a sensitive item: one answer for all, and ten people per answer
        ([0, 0, 12, 0], "DH1", [None] * 4),
        ([9, 12, 30, 40], "DH1", [None, None, 30, 40]),
        # the share of satisfied (4 and 5) is published: 3 hides 10 on its own side, not 5 on the other
        ([10, 12, 3, 5, 20], "SO1", [None, 12, None, 5, 20]),
        # 20 satisfied, 3 of them with one answer: nothing on that side to hide it with but the other answer
        ([10, 12, 9, 3, 20], "SO1", [10, 12, 9, None, None]),
        # 3 satisfied in all: their share tells it, nothing can be shown
        ([10, 12, 9, 3, 0], "SO1", [None] * 5),
    ],
)
def test_rules_of_the_distributions(counts: list[int], item: str, expected: list[int | None]):
    assert shown_counts(counts, item) == expected


def test_waves_and_items_are_judged_apart():
    other = distribution([2, 2, 2, 2, 2], "AE2").with_columns(wave=pl.lit("T0"))
    got = disclose_distributions(pl.concat([distribution([10, 20, 30, 5, 0]), other]), STUDY)
    assert dict(got.group_by("item").agg((pl.col("disclosure_status") == "published").all()).iter_rows()) == {
        "AE1": True, "AE2": False
    }  # fmt: skip


def participation(counts: tuple[int, ...], scope: str = "team") -> pl.DataFrame:
    n = dict(zip(STEPS, counts, strict=True))
    against = dict(zip(STEPS, (None, "effectif", "effectif", "t0", None, "temps_attendus"), strict=True))
    return pl.DataFrame(
        [
            {"rank": rank, "step": s, "scope": scope, "scope_key": "E1", "n_persons": n[s],
             "n_reference": n[against[s]] if against[s] else None}
            for rank, s in enumerate(STEPS)
        ],
        schema=table("indicators.participation").polars_schema,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((20, 15, 15, 10, 20, 20), [20, 15, 15, 10, 20, 20]),
        ((4, 4, 4, 4, 4, 4), [None] * 6),
        # 2 of 8 did not answer t0: that row goes, and with it the one that repeats its count
        ((8, 6, 8, 6, 5, 5), [8, None, 8, None, 5, 5]),
        # 4 of those who answered t0 did not come back
        ((20, 14, 15, 10, 20, 15), [20, 14, 15, None, 20, 15]),
        # 3 answered t1 only
        ((20, 15, 13, 10, 20, 19), [20, 15, 13, None, 20, None]),
        ((10, 0, 5, 0, 0, 0), [10, None, 5, None, None, None]),
    ],
)
def test_rules_of_the_participation(counts: tuple[int, ...], expected: list[int | None]):
    got = disclose_participation(participation(counts), STUDY).sort("rank")
    assert got["n_persons"].to_list() == expected
    assert got.filter(pl.col("disclosure_status") == "suppressed")["n_reference"].is_null().all()


def test_no_row_under_five_people_is_ever_published():
    """Random rows of every kind: whatever they hold, nobody is seen in a group of fewer than five."""
    rng = random.Random(5)
    indicators = ("errors", "net_hours", "time_per_task", "wellbeing", "satisfaction", "job_satisfaction", "other")
    rows = [
        decision(
            indicator=rng.choice(indicators), scope=rng.choice(("programme", "family", "team", "tool")),
            scope_key=str(k), n_persons=rng.choice([None, *range(12)]), estimate=rng.choice([None, 0.0, 50.0]),
            top1_share=rng.choice([None, 0.2, 0.9]), G=rng.choice([None, 1, 8]), verdict=rng.choice([None, "atteint"]),
        )
        for k in range(2000)
    ]  # fmt: skip
    decisions = pl.DataFrame(rows, schema=table("indicators.decisions").polars_schema)
    for study in (STUDY, OPEN):
        got = disclose_estimates(decisions, study)
        assert got.height == 2000
        shown, hidden = (got.filter(pl.col("disclosure_status") == s) for s in ("published", "suppressed"))
        assert shown.height > 100 and hidden.height > 100
        assert shown["n_persons"].drop_nulls().min() >= 5
        assert shown.filter(pl.col("n_persons").is_null())["estimate"].null_count() == shown["n_persons"].null_count()
        assert hidden.select(VALUES).null_count().row(0) == (hidden.height,) * len(VALUES)


def test_a_reader_of_a_distribution_cannot_find_a_group_under_five():
    """What is printed always leaves, for each hidden count of one to four, at least one possible value of five."""
    rng = random.Random(6)
    for _ in range(300):
        counts = [rng.choice((0, 1, 2, 3, 4, 5, 8, 20)) for _ in range(5)]
        seen = shown_counts(counts)
        small = [c for c, s in zip(counts, seen, strict=True) if s is None and 0 < c < 5]
        assert all(c == 0 or c >= 5 for c in seen if c is not None)
        if small and any(s is not None for s in seen):
            n_hidden, rest = seen.count(None), sum(counts) - sum(s for s in seen if s is not None)
            assert rest - (n_hidden - 1) >= 5  # the others gave at least one answer each


@pytest.mark.parametrize(
    ("function", "source"),
    [(disclose_estimates, "decisions"), (disclose_distributions, "distributions"),
     (disclose_participation, "participation")],
)  # fmt: skip
def test_nothing_in_gives_an_empty_published_table(function: object, source: str):
    published = {"decisions": "estimates"}.get(source, source)
    got = function(table(f"indicators.{source}").empty(), STUDY)
    assert got.schema == table(f"published.{published}").polars_schema
