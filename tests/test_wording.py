"""Numbers as printed, the two dictionaries, and words that follow from the row they describe."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import pipelines
from pipelines.wording import Words, numbers, summary_line
from pipelines.wording.display import Shown
from pipelines.wording.sentences import by_key, guardrail, lede, lede_sentence, position, unknowns
from pipelines.wording.words import LANGUAGES, _dictionary
from tests.page_fixture import estimate, programme, suppressed

FR = Words("fr")
N, T = numbers.NBSP, numbers.NNBSP


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "printed"),
    [(1.43, 1, True, "+1,4"), (-2.0, 1, True, "−2,0"), (-0.04, 1, True, "0"), (0.04, 1, False, "0,0"),
     (0.25, 1, False, "0,3"), (12345.6, 0, False, f"12{T}346"), (-18.0, 0, True, "−18")],
)  # fmt: skip
def test_a_number_has_its_comma_its_minus_and_its_thin_space(value: float, decimals: int, signed: bool, printed: str):
    assert numbers.number(value, decimals, signed=signed) == printed


def test_an_interval_is_rounded_outwards_and_never_breaks():
    assert numbers.interval(0.83, 2.01, 1, signed=True) == f"[+0,8{N};{N}+2,1]"
    assert numbers.interval(43.2, 58.7) == f"[43{N};{N}59]"
    assert numbers.interval(0.8, 2.0, 1, language="en") == f"[0.8,{N}2.0]"
    assert numbers.outwards(-2.9, 7.1, 1) == (-2.9, 7.1)


def test_people_are_printed_by_class():
    assert [numbers.size_class(n) for n in (5, 9, 10, 19, 20)] == [
        f"5{N}à{N}9", f"5{N}à{N}9", f"10{N}à{N}19", f"10{N}à{N}19", f"20{N}ou plus"]  # fmt: skip


def test_typography_is_french_and_idempotent():
    once = numbers.typography("L'outil « Essai » : 51 % ; fini ? -5 points et 12 345 lignes, OMS-5, 2026-02-02")
    assert once == (
        f"L’outil «{N}Essai{N}»{N}: 51{N}%{T}; fini{T}? −5{N}points et 12{T}345 lignes, OMS-5, 2026-02-02"
    )  # fmt: skip
    assert numbers.typography(once) == once


def test_dates_and_counts():
    assert FR.day(date(2026, 3, 1)) == f"1er{N}mars{N}2026"
    assert FR.days("2026-02-02", "2026-06-28") == f"2{N}février – 28{N}juin{N}2026"
    assert Words("en").day("2026-03-01") == f"1{N}March{N}2026"
    assert (FR.count("header.teams", 0), FR.count("header.teams", 2)) == (f"0{N}équipe", f"2{N}équipes")
    assert Words("en").count("header.teams", 0) == f"0{N}teams"


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, inner in node.items():
            yield from _leaves(inner, f"{path}.{key}")
    else:
        yield path, node


def test_both_languages_have_the_same_keys_and_the_same_placeholders():
    french, english = (dict(_leaves(_dictionary(language))) for language in LANGUAGES)
    assert sorted(french) == sorted(english)
    for path, text in french.items():
        assert sorted(re.findall(r"\{\w+\}", str(text))) == sorted(re.findall(r"\{\w+\}", str(english[path]))), path
        assert isinstance(text, type(english[path])), path
        assert not isinstance(text, list) or len(text) == len(english[path]), path


def test_no_entry_is_a_yaml_accident():
    for language in LANGUAGES:
        for path, text in _leaves(_dictionary(language)):
            for one in text if isinstance(text, list) else [text]:
                assert isinstance(one, str | list), (language, path, one)


def test_words_to_avoid_are_nowhere():
    forbidden = re.compile(
        r"productivit|significati|\bETP\b|anonym|performance|[Nn]on concluant|pulse|sans effet(?! »)"
    )
    for path, text in _leaves(_dictionary("fr")):
        assert not forbidden.search(str(text)), path


def test_an_estimate_is_printed_in_its_unit():
    rows = by_key(programme())
    shown = Shown(rows["net_hours", "net_hours"], FR)
    assert (shown.estimate, shown.interval, shown.threshold) == (f"+1,4{N}h", f"[+0,8{N};{N}+2,1]", f"0,5{N}h")
    errors = Shown(rows["errors", "rate_ratio"], FR)  # a ratio of 0.82 is 18 % less; its bounds .66 and 1.02
    assert (errors.estimate, errors.interval, errors.threshold) == (f"−18{N}%", f"[−34{N};{N}+2]", f"−10{N}%")
    assert errors.goal == f"une baisse d’au moins 10{N}%"
    wellbeing = Shown(rows["wellbeing", "change"], FR)
    assert (wellbeing.estimate, wellbeing.threshold) == (f"+2,1{N}points", f"−5{N}points")
    assert Shown(rows["satisfaction", "share_satisfied"], Words("en")).estimate == "51%"


def test_a_verdict_has_the_words_of_its_indicator():
    rows = by_key(programme())
    said = [Shown(rows[key], FR).verdict for key in (("net_hours", "net_hours"), ("errors", "rate_ratio"),
            ("wellbeing", "change"), ("satisfaction", "share_satisfied"))]  # fmt: skip
    assert said == ["Atteint", f"Baisse{N}: on ne peut pas trancher", "Préservé", "Non atteint"]
    assert guardrail(rows["errors", "rate_ratio_guardrail"], FR) == f"Pas d’aggravation de plus de 15{N}%."


def test_a_suppressed_row_says_so_and_nothing_else():
    row = suppressed("satisfaction", "team", "eq1") | {
        "estimate": 51.0,
        "ci_low": 43.0,
        "ci_high": 58.0,
        "evidence": "B",
    }
    shown = Shown(row, FR)
    assert (shown.estimate, shown.interval, shown.evidence, shown.drawn) == ("", "", "", None)
    assert shown.verdict == "Non publié"
    assert "51" not in summary_line(row, "fr")


def test_below_evidence_a_the_tools_are_not_said_to_save_time():
    row = by_key(programme())["net_hours", "net_hours"]
    assert lede_sentence(Shown(row, FR)).startswith("Les outils font gagner **1,4")
    assert lede_sentence(Shown(row, FR)).endswith(f"entre 0,8 et 2,1{N}h).")
    for level in ("A-", "B", "C"):
        assert "On observe" in lede_sentence(Shown(row | {"evidence": level}, FR))


def test_the_answer_follows_the_verdicts():
    said = " ".join(lede(by_key(programme()), FR))
    assert "on ne peut pas trancher" in said and "préservé" in said and "sous l’objectif de 60" in said
    assert "Non mesuré" not in said
    bare = lede(by_key([estimate("satisfaction", estimate=65.1, reason="sans_equipe")]), FR)
    assert bare[0] == f"**65{N}% des répondants sont satisfaits.**"
    assert bare[1].startswith(f"Non mesuré ou non estimé dans cette étude{N}: temps gagné net, erreurs et bien-être")
    assert lede({}, FR) == ["Aucun des quatre indicateurs n’a pu être publié."]


def test_an_interval_clear_of_the_threshold_is_not_said_to_contain_it():
    row = estimate("net_hours", estimate=1.4, ci_low=0.9, ci_high=1.9, verdict="non_concluant",
                   verdict_reason="moins_de_5_equipes")  # fmt: skip
    assert position(Shown(row, FR)) == "Moins de cinq équipes."
    assert position(Shown(row | {"ci_low": 0.2}, FR)) == "L’intervalle contient le seuil."


def test_what_is_open_is_listed():
    rows = by_key([*programme(), estimate("net_hours", reason="non_estimable")])
    said = unknowns(rows, FR)
    assert any(s.startswith(f"Erreurs{N}: on ne peut pas trancher") for s in said)
    assert any(s.startswith(f"Temps gagné net{N}: non estimé. Les données") for s in said)
    early = [r | {"verdict": None, "verdict_reason": None} for r in programme()]
    assert "La période de mesure n’est pas terminée" in " ".join(unknowns(by_key(early), FR))


def test_the_console_line_is_one_line():
    rows = by_key(programme())
    assert summary_line(rows["net_hours", "net_hours"]) == (
        f"Net time gained: +1.4{N}h per person and week [+0.8,{N}+2.1], threshold 0.5{N}h – reached, level A"
    )
    assert summary_line(rows["net_hours", "gross"]) == f"Net time gained, gross gain: 1,000{N}h – no verdict"
    assert summary_line(rows["net_hours", "rework"]) == "Net time gained, rework: not estimated (not measured)"
    line = summary_line(rows["errors", "rate_ratio_guardrail"])
    assert line.startswith("Errors (guard-rail): −18%") and "threshold +15%" in line
    assert line.endswith("no increase of more than 15%, level B")
    assert all("\n" not in summary_line(row, language) for row in rows.values() for language in LANGUAGES)


def _reason_codes() -> set[str]:
    """Codes that the estimators, the indicators and the decisions can write, read from their source."""
    house = Path(pipelines.__file__).parent
    begins = "trop|non|sans|moins|une|variance|departs?|vagues|aucune|repondants|apparies|population|mois"
    written = re.compile(rf'"((?:{begins})_\w+)"|Evidence\([^,]+, "(\w+)"')
    sources = (p for room in ("estimators", "indicators", "decisions") for p in sorted((house / room).glob("*.py")))
    found = {code for path in sources for match in written.findall(path.read_text("utf-8")) for code in match if code}
    return found - {"non_atteint", "non_concluant", "non_conforme", "non_evalue"}  # verdicts, opinions on a tool


def test_every_reason_the_house_writes_has_words():
    codes = _reason_codes()
    assert {"departs_tires_au_sort", "non_estimable", "moins_de_5_equipes"} <= codes
    assert sorted(c for c in codes if not FR.has(f"reasons.{c}")) == []


def test_an_unknown_indicator_or_reason_still_reads():
    row = estimate("net_hours", estimate=3.0) | {"indicator": "nouveau", "estimand": "nouveau"}
    assert summary_line(row).startswith("nouveau: 3.0")
    assert FR.reason("code_inconnu") == "motif détaillé dans les tableaux ouverts"
    assert FR.reason("non_mesure, sans_equipe") == "non mesuré, étude sans équipes, donc sans intervalle ni verdict"
