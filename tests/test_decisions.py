"""Evidence from the design, verdict from the whole interval."""

from datetime import date, timedelta

import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.contracts.indicators import EVIDENCE, VERDICTS
from pipelines.decisions import decide
from pipelines.decisions.evidence import Evidence, of_change, of_level, of_measured_work, with_evidence
from pipelines.indicators.base import Inputs, estimate_row, estimates
from pipelines.study.models import Calendar, Study, Wave

START = date(2026, 2, 2)
WAVES = (
    Wave(wave="T0", label="avant", role="baseline", opens=START, closes=date(2026, 2, 13)),
    Wave(wave="T1", label="après", role="end", opens=date(2026, 6, 15), closes=date(2026, 6, 26)),
)
STUDY = Study(
    study="essai", title="Essai", organisation="Valombre", waves=WAVES, start_groups_drawn_by_lot=True,
    calendar=Calendar(measurement_start=START, measurement_end=date(2026, 6, 29), as_of=date(2026, 7, 3)),
)  # fmt: skip


def frame(name: str, rows: list[dict], **common: object) -> pl.DataFrame:
    if not rows:
        return table(name).empty()
    return table(name).conform(pl.DataFrame([common | r for r in rows], schema_overrides=table(name).polars_schema))


def time_tables(
    weeks: tuple[int, ...] = (4,) * 5 + (13,) * 5, *, times: int = 40, people: int = 6, witness: bool = False,
    gone: float = 0.0,
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """One team per start (weeks after the first Monday); `times` tasks per phase in all; part `gone` stops logging."""
    teams = [(f"E{j}", START + timedelta(weeks=w)) for j, w in enumerate(weeks)]
    zero = {"log_minutes": 2.0, "items": 0, "errors": 0, "severe_errors": 0, "n_entries_without_items": 1}
    cells = [
        {"person_time": f"p{i}", "team": "E0", "process": "c", "week": START, "month": START, "witness": False,
         "treated": phase == "regime", "phase": phase, "n_entries": 1, "minutes": 9.0,
         "occurrences": times // people + (i < times % people)}
        for i in range(people) for phase in ("avant", "regime") if times // people + (i < times % people)
    ]  # fmt: skip
    if witness:
        cells.append(cells[0] | {"process": "temoin", "witness": True, "week": START + timedelta(weeks=5)})
    logs = [(f"p{i}", treated) for i in range(20) for treated in (False, True) if not (treated and i < 20 * gone)]
    deployed = [{"team": t, "go_live": d} for t, d in teams]
    return {
        "model.time_cells": frame("model.time_cells", cells, **zero),
        "model.agent_weeks": frame("model.agent_weeks", [{"person_time": p, "treated": t} for p, t in logs],
                                   team="E0", week=START, logged=True),
        "clean.deployments": frame("clean.deployments", deployed, process="c", tool="a"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("design", "study", "expected"),
    [
        ({}, {}, Evidence("A", "departs_tires_au_sort")),
        ({}, {"start_groups_drawn_by_lot": False}, Evidence("A", "departs_decales")),
        ({}, {"start_groups_chosen_by_teams": True}, Evidence("A-", "departs_choisis_par_les_equipes")),
        ({"weeks": (4,) * 10}, {}, Evidence("B", "depart_commun")),
        ({"weeks": (4,) * 10, "witness": True}, {}, Evidence("A-", "depart_commun_temoin")),
        # two late teams are under three, three teams two weeks later are under four weeks, and week 3 leaves three
        # weeks of measurement before
        ({"weeks": (4,) * 8 + (13,) * 2}, {}, Evidence("B", "vagues_trop_petites_ou_trop_proches")),
        ({"weeks": (4,) * 5 + (6,) * 5}, {}, Evidence("B", "vagues_trop_petites_ou_trop_proches")),
        ({"weeks": (3,) * 5 + (13,) * 5}, {}, Evidence("B", "vagues_trop_petites_ou_trop_proches")),
        ({"weeks": (4,) * 8 + (13,) * 2, "witness": True}, {}, Evidence("A", "departs_tires_au_sort")),
        # a witness last seen in week 5 says nothing of a start in week 8
        ({"weeks": (8,) * 10, "witness": True}, {}, Evidence("B", "depart_commun")),
        ({"times": 29}, {}, Evidence("B", "moins_de_30_fois_par_phase")),
        ({"times": 14}, {}, Evidence("D", "moins_de_15_fois_par_phase")),
        ({"people": 4}, {}, Evidence("D", "moins_de_5_personnes")),
        ({"gone": 0.40}, {}, Evidence("B", "attrition")),
        ({"gone": 0.35}, {}, Evidence("A", "departs_tires_au_sort")),
        ({"times": 0}, {}, Evidence("D", "aucune_mesure")),
    ],
)
def test_evidence_of_measured_work(design: dict, study: dict, expected: Evidence):
    assert of_measured_work(Inputs(STUDY.model_copy(update=study), time_tables(**design))) == expected


def scores(answered: dict[str, int], scale: str = "wellbeing", teams: int = 5) -> pl.DataFrame:
    """The first n agents of each wave answered, spread over the teams."""
    rows = [
        {"person_survey": f"p{i}", "team": f"E{i % teams}", "wave": wave}
        for wave, n in answered.items() for i in range(n)
    ]  # fmt: skip
    return frame("model.scores", rows, scale=scale, role="agent", n_answered=5, score=50.0, complete=True)


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ({"T0": 20, "T1": 12}, Evidence("B", "apparies_60")),
        ({"T0": 20, "T1": 11}, Evidence("C", "moins_de_60_apparies")),
        ({"T0": 20}, Evidence("C", "non_apparie")),
        ({"T1": 20}, Evidence("D", "aucune_mesure")),
    ],
)
def test_evidence_of_a_change(answered: dict[str, int], expected: Evidence):
    assert of_change(Inputs(STUDY, {"model.scores": scores(answered)}), "wellbeing") == expected


@pytest.mark.parametrize(
    ("n", "teams", "roster", "expected"),
    [
        (12, 5, 20, Evidence("B", "repondants_60")),
        (11, 5, 20, Evidence("C", "moins_de_60_repondants")),
        (16, 4, 20, Evidence("C", "moins_de_5_equipes")),
        (16, 5, 0, Evidence("C", "population_inconnue")),
        (0, 5, 20, Evidence("D", "aucune_mesure")),
    ],
)
def test_evidence_of_a_level(n: int, teams: int, roster: int, expected: Evidence):
    people = [{"person_survey": f"p{i}", "team": f"E{i % teams}", "role": "agent"} for i in range(roster)]
    # a supervisor and a team never equipped are not expected to answer
    others = [{"person_survey": "chef", "team": "E0", "role": "encadrant"},
              {"person_survey": "z", "team": "E9", "role": "agent"}]  # fmt: skip
    answers = scores({"T1": n}, "SO1", teams) if n else table("model.scores").empty()
    tables = time_tables((4,) * 5) | {
        "model.scores": answers, "clean.people_survey": frame("clean.people_survey", people + others)
    }  # fmt: skip
    assert of_level(Inputs(STUDY, tables)) == expected


def row(**more: object) -> dict:
    """A programme row of net_hours, clearly over its threshold."""
    values = {
        "indicator": "net_hours", "estimand": "net_hours", "unit": "h", "scope": "programme",
        "scope_key": "programme", "population": "agents", "window": None, "threshold": 0.5, "direction": "higher",
        "estimate": 1.0, "ci_low": 0.6, "ci_high": 1.4, "level": 0.95, "G": 10, "n_persons": 60, "model_id": "m",
    }  # fmt: skip
    return estimate_row(**(values | more))


def verdict(study: Study = STUDY, **more: object) -> tuple[str | None, str | None]:
    got = decide(estimates([row(**more)]), Inputs(study, time_tables()))
    return got.select("verdict", "verdict_reason").row(0)


UNDECIDED = ("non_concluant", "seuil_dans_intervalle")


@pytest.mark.parametrize(
    ("direction", "low", "high", "expected"),
    [
        ("higher", 0.5, 0.9, ("atteint", None)), ("higher", 0.1, 0.49, ("non_atteint", None)),
        ("higher", 0.1, 0.5, UNDECIDED), ("higher", 0.4, 0.6, UNDECIDED),
        ("lower", 0.1, 0.5, ("atteint", None)), ("lower", 0.51, 0.9, ("non_atteint", None)),
        ("lower", 0.5, 0.9, UNDECIDED), ("lower", 0.4, 0.6, UNDECIDED),
    ],
)  # fmt: skip
def test_the_whole_interval_decides(direction: str, low: float, high: float, expected: tuple):
    assert verdict(direction=direction, ci_low=low, ci_high=high, threshold=0.5) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ci_low": None, "ci_high": None, "reason": "variance_nulle"}, ("non_concluant", "variance_nulle")),
        ({"ci_low": None, "ci_high": None}, ("non_concluant", "sans_intervalle")),
        ({"G": 4}, ("non_concluant", "moins_de_5_equipes")),
        ({"G": 5}, ("atteint", None)),
        ({"G": None}, ("non_concluant", "moins_de_5_equipes")),
        ({"threshold": None}, (None, None)),
        ({"scope": "team", "scope_key": "E1"}, (None, None)),
        ({"scope": "team_tool", "scope_key": "E1.a"}, (None, None)),
        ({"scope": "tool", "scope_key": "a"}, ("atteint", None)),
        # nothing was answered: evidence D
        ({"indicator": "wellbeing"}, ("non_concluant", "preuve_d")),
    ],
)
def test_when_no_conclusion_may_be_drawn(values: dict, expected: tuple):
    assert verdict(**values) == expected


def test_evidence_c_never_concludes():
    tables = {"model.scores": scores({"T0": 20, "T1": 5})}
    got = decide(estimates([row(indicator="wellbeing")]), Inputs(STUDY, tables))
    assert got.select("evidence", "verdict", "verdict_reason").row(0) == ("C", "non_concluant", "preuve_c")


def test_no_verdict_before_the_end_wave():
    early = STUDY.calendar.model_copy(update={"as_of": date(2026, 6, 28)})
    assert verdict(STUDY.model_copy(update={"calendar": early})) == (None, None)


def test_rows_that_say_less_than_the_design():
    rows = [
        row(indicator="time_per_task", scope="team", scope_key="E1", model_id="avant_apres"),
        row(indicator="wellbeing", scope="tool", scope_key="a"), row(indicator="wellbeing"),
        *(row(indicator=indicator, model_id=model) for indicator, model in (
            ("time_with_tool", "usage_poisson_mois_jackknife"), ("errors", "comptage_garwood"),
            ("adoption", "part_usage_jackknife"), ("redeployment", "part_declaree_jackknife"),
            ("time_for_users", "instrument_jackknife"), ("witness", "imputation_jackknife"))),
    ]  # fmt: skip
    tables = time_tables() | {"model.scores": scores({"T0": 20, "T1": 20})}
    got = with_evidence(estimates(rows), Inputs(STUDY, tables))
    assert set(got.select("indicator", "scope", "evidence", "evidence_reason").rows()) == {
        ("time_per_task", "team", "B", "avant_apres"), ("wellbeing", "tool", "C", "descriptif"),
        ("wellbeing", "programme", "B", "apparies_60"),
        ("time_with_tool", "programme", "C", "usage_choisi"), ("errors", "programme", "C", "descriptif"),
        ("adoption", "programme", "C", "descriptif"), ("redeployment", "programme", "C", "descriptif"),
        ("time_for_users", "programme", "B", "avant_apres"), ("witness", "programme", "A", "departs_tires_au_sort"),
    }  # fmt: skip


def test_decisions_honour_their_contract_whatever_the_rows():
    for frame_ in (estimates([]), estimates([row(), row(scope="team", scope_key="E1")])):
        got = decide(frame_, Inputs(STUDY, {}))
        assert got.schema == table("indicators.decisions").polars_schema and got.height == frame_.height
        assert set(got["evidence"]) <= set(EVIDENCE) and set(got["verdict"]) <= {*VERDICTS, None}
