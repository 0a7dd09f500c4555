"""The sentences of every verdict: all combinations of indicator, verdict, evidence, sign and number, as composed."""

import itertools
import re

import pytest

from pipelines.wording import Words
from pipelines.wording.display import PRIMARY, Shown
from pipelines.wording.measures import Measure, side
from pipelines.wording.numbers import NBSP
from pipelines.wording.sentences import detectable, guardrail, lede_sentence, position, span
from tests.page_fixture import IDENTITY, estimate
from tests.page_typography import typography_faults

FR = Words("fr")
VERDICTS = ("atteint", "non_atteint", "non_concluant", None)
LEVELS = ("A", "A-", "B", "C", "D")
# Estimate and half-width on the scale of the row: one and several units, both signs, zero.
VALUES = {
    "net_hours": [(1.0, 0.4), (1.96, 0.3), (2.4, 0.5), (-0.3, 0.2), (0.0, 0.6)],
    "errors": [(0.82, 0.1), (0.99, 0.05), (1.2, 0.1), (1.0, 0.3)],
    "wellbeing": [(1.0, 0.5), (2.1, 3.0), (-1.0, 0.9), (-12.5, 3.0), (0.0, 2.0)],
    "satisfaction": [(1.0, 0.9), (51.0, 8.0), (75.4, 9.0), (100.0, 0.0)],
    "time_per_task": [(-22.1, 5.0), (1.0, 0.5), (0.0, 9.0)],
}  # fmt: skip
GOOD = {"lower": -1, "higher": 1}


def _rows(indicator: str):
    for verdict, level, (value, half) in itertools.product(VERDICTS, LEVELS, VALUES[indicator]):
        yield estimate(
            indicator, estimate=value, ci_low=value - half, ci_high=value + half, verdict=verdict, evidence=level,
            verdict_reason="seuil_dans_intervalle" if verdict == "non_concluant" else None,
        ) | {"detectable": half if verdict == "non_concluant" else None}  # fmt: skip


@pytest.mark.parametrize("indicator", PRIMARY)
def test_every_sentence_of_every_combination_is_well_composed(indicator: str):
    faults = []
    for row in _rows(indicator):
        shown = Shown(row, FR)
        said = [lede_sentence(shown), position(shown), detectable(shown), shown.verdict, shown.goal, shown.evidence,
                shown.estimate, f"entre {' et '.join(span(shown))}", shown.interval, shown.threshold]  # fmt: skip
        if indicator == "errors":
            said.append(guardrail(row | {"threshold": 1.15, "estimand": "rate_ratio_guardrail"}, FR))
        faults += [f for text in said if text for f in typography_faults(text.replace("**", ""))]
        assert not re.search(r"\{|\}|None|nan", " ".join(said)), said
    assert faults == []


@pytest.mark.parametrize("indicator", PRIMARY)
def test_a_sentence_says_its_verdict_and_never_another(indicator: str):
    told = {}
    for row in _rows(indicator):
        shown = Shown(row, FR)
        text = lede_sentence(shown)
        open_words = "trancher" in text
        assert open_words == (row["verdict"] == "non_concluant"), text
        assert ("trop tôt" in text or "à ce stade" in text) == (row["verdict"] is None), text
        gains = bool(re.search(r"font gagner", text))
        assert gains == (indicator == "net_hours" and row["verdict"] == "atteint" and row["evidence"] == "A"), text
        told.setdefault((row["verdict"], row["evidence"] == "A"), text)
    assert len({t for (v, _), t in told.items()}) >= 4  # each verdict has a sentence of its own


def test_a_unit_is_in_the_number_of_its_value():
    point = [Shown(estimate("wellbeing", estimate=v, ci_low=v - 1, ci_high=v + 1), FR).estimate
             for v in (0.0, 1.0, 1.9, 2.0, -1.0, -2.0)]  # fmt: skip
    assert [p.split(NBSP)[1] for p in point] == ["point", "point", "point", "points", "point", "points"]
    weeks = [Measure(estimate("net_hours", estimate=v) | {"indicator": "payback_weeks", "estimand": "payback_weeks",
             "unit": "weeks"}, FR).estimate for v in (1.0, 2.2)]  # fmt: skip
    assert weeks == [f"1,0{NBSP}semaine", f"2,2{NBSP}semaines"]


@pytest.mark.parametrize("direction", ["higher", "lower"])
@pytest.mark.parametrize("unit", ["points", "ratio"])
def test_the_side_of_an_interval_follows_the_favourable_direction(direction: str, unit: str):
    none = 1.0 if unit == "ratio" else 0.0
    for at, expected in ((0.5, 1), (-0.5, -1)):
        row = estimate("wellbeing", estimate=none + at, ci_low=none + at - 0.2, ci_high=none + at + 0.2)
        row |= {"unit": unit, "direction": direction}
        assert side(row) == ("better" if expected == GOOD[direction] else "worse")
    assert side(row | {"ci_low": none - 0.1, "ci_high": none + 0.1}) == "open"
    assert side(row | {"disclosure_status": "suppressed"}) == ""


def test_a_share_that_is_not_everybody_is_not_rounded_to_everybody():
    row = estimate("satisfaction", estimate=99.7, ci_low=99.3, ci_high=100.0)
    row |= {"indicator": "adoption", "estimand": "weekly_users"}
    assert Measure(row, FR).estimate == f"99,7{NBSP}%"
    assert Measure(row | {"estimate": 100.0}, FR).estimate == f"100{NBSP}%"
    assert Measure(row | {"estimate": 76.4}, FR).estimate == f"76{NBSP}%"


@pytest.mark.parametrize(
    "wrong",
    ["Erreurs : 3 %", "fini ?", "« mot »", "l'outil", f"-5{NBSP}points", "3.5", "12 h", "1 équipes", "3 équipe",
     "deux  espaces", "le outil", "la productivité", f"Fini{NBSP}?", "non concluant"],
)  # fmt: skip
def test_the_checker_finds_what_is_wrong(wrong: str):
    assert typography_faults(wrong)


def test_the_checker_lets_good_composition_pass():
    assert typography_faults(FR.print("L'outil « Essai » : 51 % ; fini ? -5 points, 2 équipes et 1,5 h, OMS-5.")) == []
    assert IDENTITY["errors"][3] == "lower"
