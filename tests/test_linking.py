"""Who answered: codes known, codes with one mistyped element, and those of which nobody can tell whose they are."""

import random
from pathlib import Path

import polars as pl
import pytest

from pipelines.charts.report import Report
from pipelines.clean.linking import CODE, link, link_respondents, linking_table
from pipelines.clean.pseudonyms import code_key, pseudonymise
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.disclosure.linking import disclose_linking
from pipelines.study.load import StudyError, load_study
from pipelines.study.models import Linking, Study
from tests.page_fixture import frames

KEY = b"s" * 32
ANSWERS = ("wave", "team", "code")
KNOWN = pl.DataFrame({"team": ["A", "A", "A", "B", None], "code": ["4c4q", "4c4r", "zk82", "zk82x", "9999"]})


def linked(*answers: tuple[str | None, str], known: pl.DataFrame = KNOWN, linking: Linking = "envelope") -> list[str]:
    """`link` or the known code meant, of (team, code) answers to one wave."""
    rows = pl.DataFrame([("T1", t, c) for t, c in answers], schema=dict.fromkeys(ANSWERS, pl.String), orient="row")
    found = link(rows, known, linking, whatever_team=True)
    assert found.select("wave", "team", "code").equals(rows)
    return [meant if said == "mistyped" else said for meant, said in found.select("meant", "link").iter_rows()]


def test_a_code_is_read_without_case_spaces_dashes_and_accents():
    codes = pl.Series(["4C4Q-K3SW", " 4c4q k3sw", "4c4q‑k3sw", "é1-ü", "O0lI", "", None])
    assert code_key(codes).to_list() == ["4c4qk3sw", "4c4qk3sw", "4c4qk3sw", "e1u", "o0li", "", None]


@pytest.mark.parametrize(
    ("team", "code", "said"),
    [
        ("A", "4c4q", "exact"),
        ("B", "4c4q", "exact"),  # the register says whose it is
        ("A", "zk83", "zk82"),
        ("B", "zk83", "unknown"),  # likeness counts inside a team only
        ("B", "zk82y", "zk82x"),
        (None, "zk83", "unknown"),
        ("A", "zk283", "unknown"),  # a character more is not one element mistyped
        ("A", "zk28", "unknown"),  # nor are two that changed places
        ("A", "4c4x", "ambiguous"),  # as near to 4c4q as to 4c4r
        ("A", "9998", "unknown"),  # nobody knows the team of 9999
        ("A", "", "none"),
    ],
)
def test_one_code_at_a_time(team: str | None, code: str, said: str):
    assert linked((team, code)) == [said]


def test_somebody_who_answered_is_nobody_elses_mistyped_code():
    assert linked(("A", "zk82"), ("A", "zk83")) == ["exact", "ambiguous"]
    assert linked(("B", "zk82"), ("A", "zk83")) == ["exact", "ambiguous"]


def test_two_codes_near_the_same_one_are_both_refused_and_one_code_typed_twice_is_not():
    assert linked(("A", "zk83"), ("A", "zk92")) == ["ambiguous", "ambiguous"]
    assert linked(("A", "zk83"), ("A", "zk83")) == ["zk82", "zk82"]


def test_each_wave_is_on_its_own():
    rows = pl.DataFrame({"wave": ["T0", "T1"], "team": ["A", "A"], "code": ["zk82", "zk83"]})
    assert link(rows, KNOWN, "envelope", whatever_team=True)["link"].to_list() == ["exact", "mistyped"]


SELF_MADE = pl.DataFrame({"team": ["A", "A", "B"], "code": ["ma07x12", "jo21e45", "ma07x12"]})


@pytest.mark.parametrize(
    ("team", "code", "said"),
    [
        ("A", "ly07x12", "ma07x12"),  # both letters are one element
        ("A", "ma31x12", "ma07x12"),
        ("A", "ma07y12", "ma07x12"),
        ("A", "ma07x99", "ma07x12"),
        ("A", "ma08x13", "unknown"),  # two elements
        ("B", "jo21e45", "unknown"),
        ("B", "jo21e44", "unknown"),
        ("A", "m07x12", "unknown"),  # not made as the question asks
    ],
)
def test_the_four_elements_of_a_self_made_code(team: str, code: str, said: str):
    rows = pl.DataFrame({"wave": ["T1"], "team": [team], "code": [code]})
    found = link(rows, SELF_MADE, "self_made", whatever_team=False)
    assert [found["meant"].item() if found["link"].item() == "mistyped" else found["link"].item()] == [said]


def _random_study(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Three teams, codes of three letters out of four, so that likeness is everywhere; and answers to two waves."""
    draw = random.Random(seed)
    code = lambda: "".join(draw.choices("abcd", k=3))  # noqa: E731
    known = pl.DataFrame([(draw.choice("ABC"), code()) for _ in range(12)], schema=["team", "code"], orient="row")
    known = known.unique("code", maintain_order=True)
    answers = [(draw.choice(["T0", "T1"]), draw.choice(["A", "B", "C", None]), code()) for _ in range(40)]
    return known, pl.DataFrame(answers, schema=["wave", "team", "code"], orient="row")


@pytest.mark.parametrize("whatever_team", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_never_across_teams_never_twice_whatever_the_order(seed: int, whatever_team: bool):
    known, answers = _random_study(seed)
    found = link(answers, known, "envelope", whatever_team=whatever_team)
    team_of = dict(known.select("code", "team").iter_rows())
    mistyped = found.filter(pl.col("link") == "mistyped")
    for team, code, meant in mistyped.select("team", "code", "meant").iter_rows():
        assert team_of[meant] == team
        assert sum(a != b for a, b in zip(code, meant, strict=True)) == 1
    # One author, one wave: never by an exact code and a mistyped one, nor by two mistyped ones.
    own = ["wave", "meant"] if whatever_team else ["wave", "team", "meant"]
    by_code = found.drop_nulls("meant").group_by(own).agg(pl.col("code").n_unique())
    assert by_code["code"].max() == 1
    # What was recognised is recognised again, in the same way.
    again = answers.with_columns(pl.coalesce(found["meant"], found["code"]).alias("code"))
    second = link(again, known, "envelope", whatever_team=whatever_team)
    assert second["meant"].equals(found["meant"])
    assert second["link"].equals(found["link"].replace("mistyped", "exact"))
    # Whatever the order of the responses, and of the codes known.
    order = random.Random(seed).sample(range(answers.height), answers.height)
    shuffled = link(answers[order], known.reverse(), "envelope", whatever_team=whatever_team)
    assert shuffled.equals(found[order])


def study(*, registered: bool, **settings: object) -> Study:
    return Study.model_validate({
        "study": "essai", "title": "t", "organisation": "o",
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
        "waves": [{"wave": w, "label": w, "role": role, "opens": "2026-02-02", "closes": "2026-06-26"}
                  for w, role in (("T0", "baseline"), ("P1", "pulse"), ("T1", "end"))],
        "registers": {"people_survey": "codes.csv"} if registered else {},
        "linking": "envelope" if registered else "self_made",
        "sources": [{"id": w, "format": "limesurvey", "files": [f"{w}.csv"], "wave": w, "person": "CODE"}
                    for w in ("T0", "P1", "T1")],
        **settings,
    })  # fmt: skip


def registers(codes: dict[str, str]) -> Registers:
    """Two teams, and the register of codes (code -> team)."""
    teams = pl.DataFrame({"team": ["A", "B"], "label": ["Achats", "Budget"]}).with_columns(
        service=pl.lit("s"), family=pl.lit("f"), headcount=9)  # fmt: skip
    identities = pl.DataFrame({"identifier": list(codes)}, schema={"identifier": pl.String})
    identities = identities.with_columns(pseudonymise(identities["identifier"], KEY).alias("person_survey"))
    people = pl.DataFrame({"person_survey": identities["person_survey"], "team": list(codes.values())},
                          schema={"person_survey": pl.String, "team": pl.String})  # fmt: skip
    tables = {"teams": table("clean.teams").conform(teams), "people_survey": people}
    none = table("clean.rejected_registers").empty()
    return Registers(tables, none, none, none, [], none, identities, survey_key=KEY)


def raw(*rows: tuple[str, str | None, str | None]) -> dict[str, pl.DataFrame]:
    return {"limesurvey": pl.DataFrame(rows, schema=["source", "Team", CODE], orient="row")}


def test_the_register_names_the_person_and_codes_are_gone():
    known = registers({"4c4q": "A", "zk82": "A", "ww11": "B"})
    given = raw(("T0", "achats", "4C-4Q"), ("T0", None, "zk-82"), ("T1", "Achats", "zk83"), ("T1", "B", "zk83"),
                ("T1", "A", None), ("T1", "A", "4c4q"))  # fmt: skip
    found = link_respondents(given, study(registered=True), known)["limesurvey"]
    first, second = pseudonymise(pl.Series(["4c4q", "zk82"]), KEY)
    assert found["person_survey"].to_list() == [first, second, second, None, None, first]
    assert found["link"].to_list() == ["exact", "exact", "mistyped", "unknown", "none", "exact"]
    assert CODE not in found.columns and "zk" not in found.write_csv()


def test_without_register_later_waves_are_held_against_the_baseline_wave_of_the_team():
    given = raw(("T0", "A", "MA07X12"), ("T0", "B", "MA07X12"), ("T1", "A", "ma 07 x 13"), ("T1", "A", "JO21E45"),
                ("P1", "A", "jo21e45"), ("P1", "B", "ma07x12"))  # fmt: skip
    found = link_respondents(given, study(registered=False), registers({}))["limesurvey"]
    ada, other, ada_again, new, new_again, other_again = found["person_survey"]
    assert found["link"].to_list() == ["exact", "exact", "mistyped", "unknown", "unknown", "exact"]
    # The same code in another team is somebody else; a code that appears later is one new person.
    assert ada == ada_again and other == other_again and new == new_again and len({ada, other, new}) == 3


def test_tables_of_every_format_are_linked_together():
    tables = raw(("T0", "A", "ma07x12")) | {"forms": pl.DataFrame({"source": ["T1"], "Team": ["A"], CODE: ["ma07x13"]})}
    found = link_respondents(tables, study(registered=False), registers({}))
    assert found["forms"]["person_survey"].item() == found["limesurvey"]["person_survey"].item()


def test_counts_by_wave_and_pairs_of_agents():
    links = ["exact"] * 3 + ["exact", "mistyped", "ambiguous", "unknown"]
    rows = pl.DataFrame({"source": ["T0"] * 3 + ["T1"] * 4, "source_row": range(2, 9), "link": links})
    rows = rows.with_columns(source_file=pl.lit("f.csv"))
    again = rows.tail(1).with_columns(source_file=pl.lit("later.csv"))  # the same response, in two exports
    rows = pl.concat([rows, again])
    rejected = again.select("source", "source_file", "source_row", rule=pl.lit("reexported_row"))
    answers = [("T0", "ada", "agent"), ("T0", "bob", "agent"), ("T0", "cy", "encadrant"), ("T1", "ada", "agent"),
               ("T1", "ada", "agent"), ("T1", "cy", "encadrant"), ("T1", "zoé", "agent")]  # fmt: skip
    responses = pl.DataFrame(answers, schema=["wave", "person_survey", "role"], orient="row")
    found = linking_table(rows, rejected, responses, study(registered=True))
    columns = ["wave", "responses", "exact", "mistyped", "ambiguous", "answered", "paired", "baseline"]
    assert found.select(columns).rows() == [("T0", 3, 3, 0, 0, 2, None, None), ("T1", 4, 1, 1, 1, 2, 1, 2)]
    pulse = {"label": "Point", "role": "pulse", "opens": "2026-02-02", "closes": "2026-06-26"}
    waves = [{"wave": w, **pulse} for w in ("T0", "T1")]
    sources = [{"id": w, "format": "limesurvey", "files": ["f.csv"], "wave": w, "person": "CODE"} for w in ("T0", "T1")]
    unpaired = linking_table(rows, rejected, responses, study(registered=True, waves=waves, sources=sources))
    assert unpaired["paired"].to_list() == unpaired["baseline"].to_list() == [None, None]
    alone = [{**source, "person": None} for source in sources]
    assert linking_table(rows, rejected, responses, study(registered=True, waves=waves, sources=alone)).is_empty()


def test_codes_that_are_handed_out_need_their_register(tmp_path: Path):
    text = """\
study: essai
title: t
organisation: o
calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}
waves: [{wave: T0, label: Avant, role: baseline, opens: 2026-02-02, closes: 2026-02-20}]
sources:
  - id: q
    format: limesurvey
    files: [t0.csv]
    wave: T0
    person: CODE
"""
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as refused:
        load_study(tmp_path)
    (fault,) = refused.value.problems
    assert fault.startswith("study.yaml, line 11: people are linked by a code") and "`linking: self_made`" in fault
    (tmp_path / "study.yaml").write_text(text + "linking: self_made\n", encoding="utf-8")
    assert load_study(tmp_path).study.linking == "self_made"


# responses, exact, mistyped, ambiguous, answered, paired, baseline -> what is printed of a wave
DISCLOSED = {
    "in full": ((40, 25, 6, 9, 30, 20, 40), (40, 31, 6, 9, None, 0.5)),
    "nobody mistyped": ((40, 34, 0, 0, 30, 20, 40), (40, 34, 0, 0, None, 0.5)),
    "few mistyped": ((40, 30, 2, 0, 30, 20, 40), (40, 32, None, None, None, 0.5)),
    "few not linked": ((40, 30, 6, 1, 30, 20, 40), (40, None, None, None, True, 0.5)),
    "few linked": ((40, 3, 0, 0, 30, 20, 40), (40, None, None, None, False, 0.5)),
    "few responses": ((4, 4, 0, 0, 30, 20, 40), (None, None, None, None, None, 0.5)),
    "few of the baseline missing": ((40, 40, 0, 0, 40, 37, 40), (40, 40, 0, 0, None, None)),
    "few newcomers": ((40, 40, 0, 0, 22, 20, 40), (40, 40, 0, 0, None, None)),
    "everybody found again": ((40, 40, 0, 0, 40, 40, 40), (40, 40, 0, 0, None, 1.0)),
    "the baseline wave": ((40, 40, 0, 0, 40, None, None), (40, 40, 0, 0, None, None)),
}


@pytest.mark.parametrize("case", DISCLOSED)
def test_no_few_responses_or_people_can_be_counted(case: str):
    counts, printed = DISCLOSED[case]
    names = ["responses", "exact", "mistyped", "ambiguous", "answered", "paired", "baseline"]
    schema = dict.fromkeys(names, pl.Int64)
    linking = pl.DataFrame([counts], schema=schema, orient="row").with_columns(rank=1, wave=pl.lit("T1"))
    found = disclose_linking(linking, study(registered=True))
    assert found.drop("rank", "wave", "disclosure_status").row(0) == printed
    nothing = all(v is None for v in printed)
    assert found["disclosure_status"].item() == ("suppressed" if nothing else "published")


def test_a_wave_of_which_nothing_may_be_told_is_suppressed():
    schema = ["rank", "wave", "responses", "exact", "mistyped", "ambiguous", "answered", "paired", "baseline"]
    linking = pl.DataFrame([(1, "T1", 4, 4, 0, 0, 4, 4, 30)], schema=schema, orient="row")
    found = disclose_linking(linking, study(registered=True))
    assert found.row(0) == (1, "T1", None, None, None, None, None, None, "suppressed")


def test_the_page_says_in_one_line_how_waves_were_linked():
    shown = {"disclosure_status": "published"}
    rows = [
        {"rank": 1, "wave": "T0", "responses": 72, "linked": 66, "mistyped": 6, "ambiguous": 6, **shown},
        {"rank": 2, "wave": "T1", "responses": 63, "all_but_few": True, "paired_share": 0.806, **shown},
        {"rank": 3, "wave": "P1", "disclosure_status": "suppressed"},
    ]
    told = table("published.linking").conform(pl.DataFrame(rows, infer_schema_length=None))
    for language, line in (
        ("fr", "par un code personnel : avant, 66 sur 72 (dont 6 malgré un élément mal tapé) ; après, 63 sauf moins de "
               "5 (81 % des agents de la première vague retrouvés) ; P1, non publié."),
        ("en", "by a personal code: avant, 66 out of 72 (6 of them despite a mistyped element); après, 63 but for "
               "fewer than 5 (81% of the people of the first wave found again); P1, not published."),
    ):  # fmt: skip
        page = Report(frames(language=language) | {"linking": told}).section("quality")
        assert line in page.replace("\u00a0", " ").replace("\u202f", " ")
    assert "code personnel" not in Report(frames()).section("quality")
