"""Studies that lack something, from their tables to what is published: every row is there, and says what it lacks.

Each case spoils the tables of the demonstration study in one way and makes every indicator again.
"""

from collections.abc import Callable, Mapping
from functools import cache

import polars as pl
import pytest

from pipelines.decisions import decide
from pipelines.disclosure import disclose_estimates
from pipelines.indicators.base import Inputs, discover
from pipelines.lake import places
from pipelines.study.load import load_study
from tests.conftest import DEMO, DemoRun

Tables = dict[str, pl.DataFrame]
KEY = ["indicator", "estimand", "scope", "scope_key"]


@pytest.fixture(scope="module")
def sound(demo_run: DemoRun) -> Inputs:
    study = load_study(DEMO).study
    lake = places(study.study, demo_run.out).lake
    wanted = sorted({name for m in discover().values() for name in m.INDICATOR.inputs} | {"clean.people_survey"})
    return Inputs(study, lake.read_all([name for name in wanted if name in lake.tables()]))


@pytest.fixture(scope="module")
def decided(sound: Inputs) -> Callable[[str], pl.DataFrame]:
    """The decided rows of a case; « sound » is the study as it is. Each is computed once."""

    @cache
    def of_case(case: str) -> pl.DataFrame:
        tables = dict(sound.tables)
        inputs = Inputs(sound.study, CASES[case][0](tables) if case in CASES else tables)
        return decide(pl.concat([module.compute(inputs) for module in discover().values()]), inputs)

    return of_case


def _kept(tables: Mapping[str, pl.DataFrame], column: str, keep: Callable[[pl.Expr], pl.Expr]) -> Tables:
    """Every table that has `column`, less the rows that `keep` refuses."""
    return {
        name: frame.filter(keep(pl.col(column)).fill_null(True)) if column in frame.columns else frame
        for name, frame in tables.items()
    }


def few_teams(tables: Tables) -> Tables:
    return _kept(tables, "team", lambda team: team.is_in(["E01", "E02", "E04"]))


def one_team(tables: Tables) -> Tables:
    return _kept(tables, "team", lambda team: team == "E01")


def wellbeing_not_asked(tables: Tables) -> Tables:
    asked = _kept(tables, "item", lambda item: ~item.str.starts_with("BE"))
    return _kept(asked, "scale", lambda scale: scale != "wellbeing")


def end_without_answers(tables: Tables) -> Tables:
    return _kept(tables, "wave", lambda wave: wave != "T1")


def no_error(tables: Tables) -> Tables:
    zero = [c for c in ("errors", "severe_errors") if c in tables["model.time_cells"].columns]
    cells = tables["model.time_cells"].with_columns(pl.when(pl.col(c).is_not_null()).then(0).alias(c) for c in zero)
    return tables | {"model.time_cells": cells}


def tool_nobody_used(tables: Tables) -> Tables:
    """Deployed for a team, on the register, and in no line of any log."""
    cells = tables["model.time_cells"]
    never = pl.when(pl.col("tool") != "assistantb").then("tool").alias("tool")
    return tables | {"model.time_cells": cells.with_columns(never)}


CASES: dict[str, tuple[Callable[[Tables], Tables], dict[tuple[str, str], str]]] = {
    "few_teams": (few_teams, {}),
    "one_team": (one_team, {
        ("time_per_task", "time_per_task"): "une_seule_equipe", ("net_hours", "net_hours"): "une_seule_equipe",
        ("satisfaction", "share_satisfied"): "une_seule_equipe", ("wellbeing", "change"): "une_seule_equipe"}),
    "wellbeing_not_asked": (wellbeing_not_asked, {("wellbeing", "change"): "non_mesure"}),
    "end_without_answers": (end_without_answers, {
        ("wellbeing", "change"): "non_mesure", ("satisfaction", "share_satisfied"): "non_estimable",
        ("calibration", "calibration"): "non_mesure"}),
    "no_error": (no_error, {("errors", "rate_ratio"): "trop_peu_d_erreurs"}),
    "tool_nobody_used": (tool_nobody_used, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_row_is_there_and_what_has_no_interval_says_why(
    case: str, sound: Inputs, decided: Callable[[str], pl.DataFrame]
):
    reasons, found = CASES[case][1], decided(case)
    whole = pl.col("scope") == "programme"
    # The months since the start are those that the teams left identify.
    expected = decided("sound").filter(whole, ~pl.col("estimand").str.starts_with("event_")).select(KEY)
    assert expected.join(found, on=KEY, how="anti").rows() == []
    assert found.filter(pl.col("ci_low").is_null() != pl.col("ci_high").is_null()).is_empty()
    assert found.filter(pl.col("ci_low").is_null(), pl.col("reason").is_null()).select(KEY).rows() == []
    assert (found["ci_low"] < found["ci_high"]).fill_null(True).all()
    told = {(i, e): (low, why) for i, e, low, why in
            found.filter(whole).select("indicator", "estimand", "ci_low", "reason").iter_rows()}  # fmt: skip
    assert {key: told[key] for key in reasons} == {key: (None, why) for key, why in reasons.items()}
    published = disclose_estimates(found, sound.study)
    assert published.height == found.height  # what is withheld keeps its row too


def test_too_few_teams_conclude_nothing(decided: Callable[[str], pl.DataFrame]):
    found = decided("few_teams").filter(pl.col("verdict").is_not_null())
    assert found.height and set(found["verdict"]) == {"non_concluant"}
    hours = found.row(by_predicate=(pl.col("indicator") == "net_hours") & (pl.col("scope") == "programme"), named=True)
    assert (hours["G"], hours["verdict_reason"], hours["p_value"]) == (3, "moins_de_5_equipes", None)
    assert hours["ci_low"] < hours["estimate"] < hours["ci_high"]


def test_a_tool_nobody_used_has_its_rows(decided: Callable[[str], pl.DataFrame]):
    """Intention to treat goes on; what rests on use says that there was none."""
    found = decided("tool_nobody_used")
    own = found.filter(pl.col("scope") == "tool", pl.col("scope_key") == "assistantb")
    rows = {(r["indicator"], r["estimand"]): r for r in own.iter_rows(named=True)}
    assert rows["time_per_task", "time_per_task"]["estimate"] is not None
    used = rows["time_with_tool", "time_with_tool"]
    assert (used["estimate"], used["ci_low"]) == (None, None) and used["reason"] is not None
    pairs = found.filter(pl.col("scope") == "process_tool", pl.col("scope_key").str.ends_with(":assistantb"))
    assert pairs.filter(pl.col("indicator") == "abandonment")["reason"].null_count() == 0
