"""Companions of time: planted effects found by the other models, shares and hours by hand, rows that only say why."""

import json
import math
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.estimators import as_treated
from pipelines.estimators.house_interval import house_interval, interval_of
from pipelines.indicators import (
    abandonment,
    adoption,
    calibration,
    distribution_of_gains,
    net_hours,
    net_hours_as_treated,
    payback_weeks,
    redeployment,
    retention,
    rework_share,
    time_for_users,
    time_per_task,
    time_with_tool,
    witness,
)
from pipelines.indicators.base import Inputs
from pipelines.study.models import Wave
from tests.conftest import DemoRun
from tests.time_panel import GO_LIVE, PROCESSES, START, STUDY, cell, frame, panel, teams, tools, week

KNOWN = Path(__file__).parent / "known_answers"
R = json.loads((KNOWN / "expected_R.json").read_text("utf-8"))["ka1b"]
MODULES = (
    abandonment, adoption, calibration, distribution_of_gains, net_hours_as_treated, payback_weeks, redeployment,
    retention, rework_share, time_for_users, time_with_tool, witness,
)  # fmt: skip


def row(found: pl.DataFrame, estimand: str, scope: str = "programme", key: str = "programme") -> dict[str, object]:
    wanted = {"estimand": estimand, "scope": scope, "scope_key": key}
    return found.row(by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in wanted.items()), named=True)


def holds(one: dict[str, object], percent: float) -> bool:
    """Within three standard errors, on the log scale."""
    return abs(math.log1p(one["estimate"] / 100) - math.log1p(percent / 100)) < 3 * one["se"]


# --- Known answers: the ratio with and without the tool, and the hours made from it


def ka1b() -> tuple[pl.DataFrame, pl.DataFrame]:
    cells = pl.read_csv(KNOWN / "ka1_time.csv").with_columns(
        pl.col("tool").cast(pl.Boolean).alias("used"), occurrences=pl.lit(1)
    )
    spent = pl.read_csv(KNOWN / "ka1_overhead.csv")
    return cells, spent.with_columns(pl.sum_horizontal("^.*_min$").alias("minutes"))


def test_the_ratio_with_and_without_the_tool_is_that_of_r():
    refits = as_treated.log_ratio(ka1b()[0], ("person", "process"))
    assert refits[0] == pytest.approx(R["ppml_beta"], abs=1e-9)
    assert math.exp(refits[0]) == pytest.approx(R["ppml_ratio"], abs=1e-9)
    assert list(refits[1].values()) == pytest.approx(R["ppml_jackknife"], abs=1e-9)
    assert interval_of(refits).se == pytest.approx(R["ppml_se_house"], abs=1e-8)


def test_net_hours_as_treated_are_those_of_r():
    cells, spent = ka1b()
    refits = as_treated.log_ratio(cells, ("person", "process"))

    def hours(ratio: float, kept: pl.Expr) -> float:
        gross = as_treated.gross_minutes(cells.filter(kept, "used")["minutes"].sum(), ratio)
        own = spent.filter(kept)
        return as_treated.net_hours(gross, own["minutes"].sum(), own.height)

    gross = as_treated.gross_minutes(cells.filter("used")["minutes"].sum(), refits[0])
    assert gross == pytest.approx(R["gross_minutes_saved"], abs=1e-6)
    assert (spent["minutes"].sum(), spent.height) == (R["overhead_minutes"], R["agent_weeks"])
    deleted = [hours(ratio, pl.col("team") != team) for team, ratio in refits[1].items()]
    found = house_interval(hours(refits[0], pl.lit(True)), deleted)
    assert hours(refits[0], pl.lit(True)) == pytest.approx(R["net_hours_per_agent_week"], abs=1e-9)
    assert deleted == pytest.approx(R["net_hours_jackknife"], abs=1e-9)
    assert (found.low, found.high) == pytest.approx(R["net_hours_ci_house"], abs=1e-8)
    assert as_treated.net_hours(1.0, 0.0, 0) is None


# --- Planted effects


@pytest.fixture(scope="module")
def part_used() -> Inputs:
    """Six occurrences in ten through the tool, each 40 % shorter."""
    return panel(21, effect=-0.40, use=0.6)


def test_the_effect_of_use_is_found_by_the_instrument_and_diluted_on_all_the_work(part_used: Inputs):
    found = time_for_users.compute(part_used)
    users, share = row(found, "time_for_users"), row(found, "share_of_use")
    assert holds(users, -40.0) and users["ci_high"] < -30
    assert share["estimate"] == pytest.approx(60, abs=3 * share["se"])
    assert users["model_id"] == "instrument_mois_jackknife"
    by_model = time_per_task.compute(part_used)
    for model in ("time_per_task", "two_way", "trimmed"):
        assert holds(row(by_model, model), -24.0), model  # 0.6 x -40 % of the mean
    for model in ("log_two_way", "staggered"):
        assert holds(row(by_model, model), 100 * (0.6**0.6 - 1)), model  # of the geometric mean
    assert holds(row(time_with_tool.compute(part_used), "time_with_tool"), -40.0)


def test_hours_as_treated_find_the_same_gain_when_use_is_chosen_at_random(part_used: Inputs):
    found = net_hours_as_treated.compute(part_used)
    treated, logged = row(found, "net_hours_as_treated"), row(found, "logged_hours")
    measured = row(net_hours.compute(part_used), "net_hours")
    assert abs(treated["estimate"] - measured["estimate"]) < 3 * treated["se"]
    assert treated["model_id"] == "usage_heures_jackknife" and treated["n_persons"] == measured["n_persons"]
    # Nothing else fills the time: what is logged falls by the gain, expenses being logged elsewhere.
    spent = (90 + 15) / 60 * 80 / part_used.table("model.agent_weeks").filter("treated").height
    assert logged["estimate"] == pytest.approx(-(measured["estimate"] + spent), abs=3 * logged["se"])


def test_periods_since_the_start_are_there_when_starts_are_identified(part_used: Inputs):
    found = time_per_task.compute(part_used).filter(pl.col("estimand").str.starts_with("event_"))
    # Early teams start in week 5, late ones in week 11: weeks 0 and 1 to 4 before, 5 to 8 and 9 to 10 after.
    assert found["estimand"].to_list() == ["event_-2", "event_0", "event_1"]
    lead = row(found, "event_-2")
    assert holds(lead, 0.0)
    assert row(found, "event_1")["ci_high"] < 0
    assert row(found, "event_0")["window_end"] == week(9)


def test_without_identified_starts_the_row_says_why():
    common = panel(22, n_teams=4, n_persons=3)
    rows = common.table("clean.deployments").with_columns(go_live=pl.lit(week(5)))
    one_start = Inputs(STUDY, {**common.tables, "clean.deployments": rows})
    assert row(time_per_task.compute(one_start), "staggered")["reason"] == "depart_commun"
    assert row(time_per_task.compute(common), "staggered")["reason"] == "vagues_trop_petites_ou_trop_proches"


def test_the_two_way_form_is_refused_where_effects_grow():
    steady = panel(23, effect=0.0, n_persons=4)
    cells = steady.table("model.time_cells")
    even = pl.col("team").str.slice(1).cast(pl.Int64) % 2 == 0
    start = pl.when(even).then(GO_LIVE["early"]).otherwise(GO_LIVE["late"])
    since = (pl.col("week") - pl.lit(START)).dt.total_days() // 7 - start
    shorter = pl.when("treated").then((-0.08 * since).exp()).otherwise(1.0)
    growing = cells.with_columns(
        pl.col("minutes") * shorter, log_minutes=pl.col("log_minutes") + pl.col("occurrences") * shorter.log()
    )
    found = row(time_per_task.compute(Inputs(STUDY, {**steady.tables, "model.time_cells": growing})), "two_way")
    assert (found["estimate"], found["ci_low"], found["reason"]) == (None, None, "ecart_avec_imputation")
    assert row(time_per_task.compute(panel(23, n_persons=4)), "two_way")["reason"] is None


def test_witness_processes_do_not_change():
    found = row(witness.compute(panel(24)), "witness")
    assert found["ci_low"] < 0 < found["ci_high"]
    # From the month after the last start on no untreated witness tells the season.
    assert (found["window_start"], found["window_end"]) == (week(8), week(13))
    one = row(witness.compute(panel(24)), "witness", "process", "witness")
    assert one["estimate"] == found["estimate"]
    absent = panel(24, n_teams=4, n_persons=2, witness=False)
    processes = PROCESSES.filter(~pl.col("witness"))
    found = row(witness.compute(Inputs(STUDY, {**absent.tables, "clean.processes": processes})), "witness")
    assert (found["estimate"], found["reason"]) == (None, "sans_temoin")


def test_use_that_is_too_rare_gives_no_effect_of_use():
    never = panel(25, n_teams=5, n_persons=3, use=0.0)
    found = time_for_users.compute(never)
    assert (row(found, "time_for_users")["estimate"], row(found, "time_for_users")["reason"]) == (
        None, "usage_trop_faible"
    )  # fmt: skip
    for module, estimand in ((time_with_tool, "time_with_tool"), (net_hours_as_treated, "net_hours_as_treated")):
        assert row(module.compute(never), estimand)["reason"] == "moins_de_30_usages"
    assert row(time_with_tool.compute(never), "time_with_tool", "tool", "tool0")["reason"] == "moins_de_30_usages"


# --- By hand


def small(**changed: pl.DataFrame) -> Inputs:
    """Teams a, b, c with one agent each, live from week 2 of 8, no witness: a task took 10, 20 and 30 minutes.

    From week 2 it takes 8, 15 and 33; weeks 2 to 4 are learning. a checks 1 minute of each, b loses 3, c measures
    nothing. Training of 30 minutes each; a tracks one week of support.
    """
    cells, weeks, spent = [], [], []
    parts = {"a": {"verification_minutes": 1.0, "prompt_minutes": 0.5}, "b": {"failed_minutes": 3.0}, "c": {}}
    for team, before, after in (("a", 10.0, 8.0), ("b", 20.0, 15.0), ("c", 30.0, 33.0)):
        for n in range(8):
            live = n >= 2
            more = {"deployed_tool": "x", "tool": "x", **parts[team]} if live else {}
            cells.append(cell(team, f"{team}1", "mail", n, 2, minutes=after if live else before, **more))
            weeks.append({"person_time": f"{team}1", "team": team, "week": week(n), "logged": True, "treated": live})
        spent.append({"person_time": f"{team}1", "team": team, "week": week(1), "kind": "training", "treated": False,
                      "minutes": 30.0})  # fmt: skip
    support = {"team": "a", "week": week(3), "kind": "support", "treated": True, "minutes": 6.0}
    spent.append({"person_time": "a1", **support})
    deployed = [{"team": t, "process": "mail", "tool": "x", "go_live": week(2)} for t in "abc"]
    return Inputs(STUDY, {
        "model.time_cells": frame("model.time_cells", cells), "model.agent_weeks": frame("model.agent_weeks", weeks),
        "model.overhead_cells": frame("model.overhead_cells", spent), "clean.teams": teams("a", "b", "c"),
        "clean.tools": tools("x"), "clean.processes": PROCESSES,
        "clean.deployments": frame("clean.deployments", deployed), **changed,
    })  # fmt: skip


def test_training_amortised_by_hand():
    found = net_hours.compute(small())
    # 6 x (2 + 5 - 3) = 24 minutes gained, 6 of support; 90 of training, of which 6 weeks of 26 are borne.
    assert row(found, "net_hours")["estimate"] == pytest.approx((24 - 6 - 90) / 60 / 18)
    amortised = row(found, "net_hours_amortised")
    assert amortised["estimate"] == pytest.approx((24 - 6 - 90 * 6 / 26) / 60 / 18)
    assert (amortised["n_persons"], amortised["G"], amortised["threshold"]) == (3, 3, None)


def test_rework_share_by_hand():
    found = row(rework_share.compute(small()), "rework_share")
    # Teams a and b: (6 + 18) minutes back of a gross of 6 x (2 + .5 + 1) + 6 x (5 + 3).
    assert found["estimate"] == pytest.approx(100 * 24 / 69)
    expected = house_interval(100 * 24 / 69, [100 * 18 / 48, 100 * 6 / 21])
    assert (found["se"], found["G"], found["n_persons"]) == (pytest.approx(expected.se), 2, 2)
    loss = small().table("model.time_cells").with_columns(minutes=pl.col("minutes") + pl.col("treated") * 100)
    assert row(rework_share.compute(small(**{"model.time_cells": loss})), "rework_share")["reason"] == "sans_gain_brut"
    blind = small().table("model.time_cells").with_columns(
        pl.lit(None, pl.Float64).alias(c) for c in ("verification_minutes", "rework_minutes", "failed_minutes")
    )
    found = row(rework_share.compute(small(**{"model.time_cells": blind})), "rework_share", "tool", "x")
    assert (found["estimate"], found["reason"]) == (None, "non_mesure")


def test_payback_by_hand():
    found = row(payback_weeks.compute(small()), "payback_weeks")
    # (96 spent - 3 x 4 gained in the learning weeks) / 3 agents, over 3 x 4 minutes gained in 3 x 3 agent-weeks.
    assert found["estimate"] == pytest.approx((96 - 12) / 3 / (12 / 9))
    assert (found["ci_low"], found["reason"]) == (None, "gain_incertain")  # c loses time
    after = pl.col("team").replace_strict({"a": 6.5, "b": 16.0, "c": 26.0})
    gains = small().table("model.time_cells").with_columns(minutes=pl.when("treated").then(after).otherwise("minutes"))
    sure = row(payback_weeks.compute(small(**{"model.time_cells": gains})), "payback_weeks")
    assert sure["ci_low"] is not None and sure["estimate"] == pytest.approx((96 - 34.5) / 3 / (34.5 / 9))
    loss = small().table("model.time_cells").with_columns(minutes=pl.col("minutes") + pl.col("treated") * 9)
    none = row(payback_weeks.compute(small(**{"model.time_cells": loss})), "payback_weeks")
    assert (none["estimate"], none["reason"]) == (None, "sans_gain")


def test_distribution_of_gains_by_hand():
    found = row(distribution_of_gains.compute(small()), "share_slower")
    assert found["estimate"] == pytest.approx(100 / 3)
    assert (found["n_persons"], found["n_minority"], found["unanimous"], found["G"]) == (3, 1, False, 3)
    boss = pl.DataFrame({"person_time": ["c1"], "team": ["c"], "role": ["encadrant"]})
    alone = row(distribution_of_gains.compute(small(**{"clean.people_time": boss})), "share_slower")
    assert (alone["estimate"], alone["n_persons"], alone["unanimous"]) == (0.0, 2, True)


def used_in(*patterns: str) -> Inputs:
    """One agent per pattern and team: a week of equipped work per letter, u = with the tool, n = without."""
    cells = [
        cell(f"t{i}", f"p{i}", "mail", k, 0, minutes=5.0, deployed_tool="x", tool="x" if letter == "u" else None)
        for i, pattern in enumerate(patterns) for k, letter in enumerate(pattern)
    ]  # fmt: skip
    deployed = [{"team": f"t{i}", "process": "mail", "tool": "x", "go_live": week(0)} for i in range(len(patterns))]
    return Inputs(STUDY, {
        "model.time_cells": frame("model.time_cells", cells), "clean.tools": tools("x", "y"),
        "clean.teams": teams(*(f"t{i}" for i in range(len(patterns)))),
        "clean.deployments": frame("clean.deployments", deployed),
    })  # fmt: skip


def test_use_by_hand():
    # Always; then stops; never; late; too short to say.
    inputs = used_in("uuuuuuuu", "uuuunnnn", "nnnnnnnn", "nnnnunnu", "uuun")
    found = adoption.compute(inputs)
    assert row(found, "adoption")["estimate"] == pytest.approx(80.0)
    weekly, tasks = (row(found, name)["estimate"] for name in ("weekly_users", "share_of_tasks"))
    assert weekly == tasks == pytest.approx(1700 / 36)
    assert (row(found, "adoption")["n_persons"], row(found, "adoption")["n_minority"]) == (5, 1)
    still, gone = row(retention.compute(inputs), "retention"), row(abandonment.compute(inputs), "abandonment")
    # Early users of eight weeks or more: the first two, of whom one still uses. Users of before the last four weeks:
    # the first two again; one has stopped.
    assert (still["estimate"], still["n_persons"]) == (50.0, 2)
    assert (gone["estimate"], gone["n_persons"], gone["G"]) == (50.0, 2, 2)
    pair = row(abandonment.compute(inputs), "abandonment", "process_tool", "mail:x")
    assert pair["estimate"] == gone["estimate"]
    unused = row(adoption.compute(inputs), "adoption", "tool", "y")
    assert (unused["estimate"], unused["reason"]) == (None, "non_estimable")


def test_a_tool_that_was_withdrawn_is_not_abandoned():
    inputs = used_in("uuuuunnnn")
    ended = inputs.table("clean.deployments").with_columns(end_date=week(5) - timedelta(days=1))
    found = row(abandonment.compute(Inputs(STUDY, {**inputs.tables, "clean.deployments": ended})), "abandonment")
    assert (found["estimate"], found["n_persons"]) == (0.0, 1)
    assert row(abandonment.compute(inputs), "abandonment")["estimate"] == 100.0


def test_people_with_too_few_weeks_are_told():
    found = row(retention.compute(used_in("uuu", "unu")), "retention")
    assert (found["estimate"], found["n_persons"], found["reason"]) == (None, 0, "trop_peu_de_semaines")


def test_supervisors_do_not_enter_a_share_of_agents():
    inputs = used_in("uuuuuuuu", "nnnnnnnn")
    boss = pl.DataFrame({"person_time": ["p1"], "team": ["t1"], "role": ["encadrant"]})
    found = row(adoption.compute(Inputs(STUDY, {**inputs.tables, "clean.people_time": boss})), "adoption")
    assert (found["estimate"], found["n_persons"]) == (100.0, 1)


# --- Where the questionnaires meet the log

WAVES = (
    Wave(wave="T0", label="avant", role="baseline", opens=START, closes=date(2026, 2, 13)),
    Wave(wave="T1", label="après", role="end", opens=date(2026, 6, 1), closes=date(2026, 6, 12)),
)
ASKED = STUDY.model_copy(update={"waves": WAVES})


def declared(minutes: dict[str, tuple[float, float]]) -> pl.DataFrame:
    """model.scores of TP2: team -> minutes before and after, said by one agent about mail."""
    rows = [
        {"person_survey": f"s{team}", "team": team, "role": "agent", "wave": wave, "scale": "TP2", "process": "mail",
         "n_answered": 1, "score": value, "complete": True}
        for team, values in minutes.items() for wave, value in zip(("T0", "T1"), values, strict=True)
    ]  # fmt: skip
    return frame("model.scores", rows)


def five_teams(said: dict[str, tuple[float, float]]) -> Inputs:
    """Teams a to e: mail took 10 minutes and takes 8 from week 2 on."""
    cells = [
        cell(t, f"{t}1", "mail", n, 2, minutes=8.0 if n >= 2 else 10.0, deployed_tool="x" if n >= 2 else None)
        for t in "abcde" for n in range(8)
    ]  # fmt: skip
    return Inputs(ASKED, {"model.time_cells": frame("model.time_cells", cells), "clean.teams": teams(*"abcde"),
                          "model.scores": declared(said)})  # fmt: skip


def test_calibration_by_hand():
    said = {"a": (10.0, 5.0), "b": (10.0, 6.0), "c": (10.0, 4.0), "d": (10.0, 7.0), "e": (10.0, 3.0)}
    found = calibration.compute(five_teams(said))
    # Two minutes measured in each team; 5, 4, 6, 3 and 7 declared.
    assert row(found, "declared_saving")["estimate"] == pytest.approx(5.0)
    assert row(found, "calibrated_saving")["estimate"] == pytest.approx(2.0)
    factor = row(found, "calibration")
    assert factor["estimate"] == pytest.approx(0.4)
    without = [2 / (25 - d) * 4 for d in (5, 4, 6, 3, 7)]
    expected = house_interval(0.4, without)
    assert (factor["ci_low"], factor["ci_high"]) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (factor["n_obs"], factor["n_persons"], factor["G"]) == (5, 5, 5)
    # An agent who answers about two processes is one person.
    notes = [{**r, "process": "notes"} for r in declared(said).to_dicts()]
    twice = pl.concat([declared(said), frame("model.scores", notes)])
    both = calibration.compute(Inputs(ASKED, {**five_teams(said).tables, "model.scores": twice}))
    assert row(both, "calibration")["n_persons"] == 5
    assert row(found, "calibrated_saving")["reason"] == "variance_nulle"  # never a zero-width interval


@pytest.mark.parametrize(
    ("said", "reason"),
    [({}, "non_mesure"), ({"a": (10.0, 5.0), "z": (10.0, 5.0)}, "moins_de_5_couples"),
     (dict.fromkeys("abcde", (5.0, 9.0)), "sans_gain_declare")],
)  # fmt: skip
def test_nothing_to_calibrate(said: dict[str, tuple[float, float]], reason: str):
    found = calibration.compute(five_teams(said))
    assert found["reason"].unique().to_list() == [reason] and found["estimate"].null_count() == 3


def test_redeployment_by_hand():
    points = {"s1": ("a", {"usagers": 60, "rythme": 20, "aucun": 20}), "s2": ("b", {"usagers": 30, "demandes": 30}),
              "s3": ("c", {"aucun": 100})}  # fmt: skip
    answers = [
        {"person_survey": who, "team": team, "role": "agent", "wave": "T1", "item": f"TR1_{name}", "value_code": str(n),
         "value_number": float(n), "complete": True, "source_file": "f", "source_row": 1}
        for who, (team, given) in points.items() for name, n in given.items()
    ]  # fmt: skip
    inputs = small(**{"clean.responses": frame("clean.responses", answers)})
    gains = inputs.table("model.time_cells").with_columns(minutes=pl.when("treated").then(0.1).otherwise("minutes"))
    found = redeployment.compute(Inputs(ASKED, {**inputs.tables, "model.time_cells": gains}))
    # s2 shared out 60 points: 50 % each.
    assert row(found, "share_usagers")["estimate"] == pytest.approx((60 + 50 + 0) / 3)
    assert row(found, "share_useful")["estimate"] == pytest.approx((80 + 50 + 0) / 3)
    assert row(found, "share_rythme")["n_minority"] == 1
    hours = (6 * (9.9 + 19.9 + 29.9) - 96) / 60 / 18
    useful = row(found, "useful_hours")
    assert useful["estimate"] == pytest.approx(hours * 130 / 300)
    assert (useful["n_persons"], useful["G"]) == (3, 3) and useful["ci_low"] is not None
    assert row(redeployment.compute(Inputs(ASKED, inputs.tables)), "useful_hours")["reason"] == "sans_gain"
    assert redeployment.compute(Inputs(ASKED, small().tables))["reason"].unique().to_list() == ["non_mesure"]


# --- Rows that exist whatever happens


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.INDICATOR.id)
@pytest.mark.parametrize("n_teams", [None, 0, 1, 2, 5])
def test_a_row_is_always_there_and_honours_the_contract(module, n_teams: int | None):
    tables = {} if n_teams is None else {"clean.teams": teams("a")} if n_teams == 0 else None
    inputs = Inputs(STUDY, tables) if tables is not None else panel(26, n_teams=n_teams, n_persons=3, use=0.7)
    found = module.compute(inputs)
    contract = table("indicators.estimates")
    assert found.schema == contract.polars_schema and found.select(contract.key).is_unique().all()
    assert not found.filter(pl.col("scope") == "programme").is_empty()
    assert found.filter(pl.col("ci_low").is_null() & pl.col("reason").is_null()).is_empty()
    assert (found["ci_low"] < found["ci_high"]).fill_null(True).all()
    assert found["threshold"].null_count() == found.height
    for column in contract.columns:
        values = found[column.name].drop_nulls()
        assert column.dtype != pl.Float64() or values.is_finite().all(), column.name
        assert column.minimum is None or (values >= column.minimum).all(), column.name
        assert column.maximum is None or (values <= column.maximum).all(), column.name
    if not n_teams:
        assert found["estimate"].null_count() == found.height
    if n_teams == 1:
        assert found["ci_low"].null_count() == found.height


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.INDICATOR.id)
def test_same_bits_whatever_the_order_of_rows(module):
    inputs = panel(27, n_teams=6, n_persons=3, n_tools=2, use=0.7)
    shuffled = {k: t.sample(fraction=1.0, shuffle=True, seed=1) for k, t in inputs.tables.items()}
    assert module.compute(inputs).equals(module.compute(Inputs(STUDY, shuffled)))


# --- The demonstration study


def test_the_companions_of_the_demonstration_hold_what_was_planted(demo_run: DemoRun):
    planted = json.loads((KNOWN.parent / "truths_demo.json").read_text("utf-8"))
    truth = planted["realised"]["time_per_task_percent"]["programme"]
    published = pl.read_parquet(demo_run.published / "tables" / "estimates.parquet")
    published = published.filter(pl.col("scope") == "programme")
    rows = {(r["indicator"], r["estimand"]): r for r in published.iter_rows(named=True)}

    def holds_between(indicator: str, estimand: str, value: float) -> bool:
        return rows[indicator, estimand]["ci_low"] <= value <= rows[indicator, estimand]["ci_high"]

    for model in ("two_way", "trimmed"):
        assert holds_between("time_per_task", model, truth), model
    assert holds_between("witness", "witness", 0.0)
    # Three occurrences in four go through the tool: the effect of using it is that much stronger.
    assert holds_between("time_for_users", "time_for_users", truth / 0.75)
    assert holds_between("time_for_users", "share_of_use", 75.0) and holds_between("adoption", "share_of_tasks", 75.0)
    assert holds_between("net_hours_as_treated", "net_hours_as_treated", planted["realised"]["net_hours"])
    assert holds_between("errors", "cell_ratio", planted["planted"]["error_ratio"])
    # Declared twice the measured gain on one process, and half as much again of what another lost.
    assert holds_between("calibration", "calibration", planted["realised"]["calibration"])
    assert rows["calibration", "calibration"]["ci_high"] < 1
    assert rows["redeployment", "useful_hours"]["reason"] == "non_mesure"  # not asked
    assert rows["errors", "checked_difference"]["reason"] == "non_mesure"
    evidence = {r["indicator"]: r["evidence"] for r in rows.values()}
    assert (evidence["witness"], evidence["time_with_tool"], evidence["adoption"]) == ("A", "C", "C")
