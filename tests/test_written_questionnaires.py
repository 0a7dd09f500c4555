"""The questionnaires written from the instruments: nothing forgotten, importable, printable, and read back exactly."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner
from lxml import html as lxml_html

from pipelines.clean.pseudonyms import code_key, load_keys
from pipelines.clean.registers import read_registers
from pipelines.cli import main
from pipelines.defs.run import write_questionnaires
from pipelines.questionnaires import Lists, Survey, as_html, as_lss, as_tsv, build
from pipelines.sources.lime_structure import Structure, read_structure
from pipelines.study.instruments import Instruments
from pipelines.study.load import house_instruments, load_study
from tests.tables import tables_of

SCORES = Path(__file__).parents[1] / "pipelines" / "sql" / "scores.sql"
# What each questionnaire asks: the specification's codes, VOL04 to VOL07 left to the workshop; a question in two parts
# has a second code (FO1D its date, FO4N the level, PU6T and VOL10T the words).
WHO5, HUMAN = [f"BE{i}" for i in range(1, 6)], [f"DH{i}" for i in range(1, 8)]
TASK = ["TP1", "TP2", "ER1", "IR1", "CM1", "CM2", "CM3", "CM4"]
BOTH = ["CODE", "EQ", "PROC", *TASK, *WHO5, "QV1", "QV2", "QV3", "QV4", "SA1", *HUMAN, "AE1", "AE2", "AE3", "US0"]
ASKED = {
    "VOL": ["VOL01", "VOL02", "VOL03", "VOL08", "VOL09", "VOL10", "VOL10T", "VOL11", "VOL12"],
    "T0": [*BOTH, "AT1"],
    "PULSE": ["CODE", "EQ", "PU1", "PU2", "PU3", "PU4", "PU5", "PU6", "PU6T", "PU7"],
    "T1": [*BOTH, "UX1", "UX2", "SO1", "SO2", "SO3", "TG1", "TR1", "TR2", "TN1", "VE1", "DH8", "AE1R", "OV1"],
    "FORM": ["FO1", "FO1D", "FO2", "FO3", "FO4", "FO4N", *(f"FO{i}" for i in range(5, 12))],
}  # fmt: skip
TEAMS = [("T1", "Scolarité"), ("T2", "Finances & achats {sud}"), ("T3", "Accueil")]
PROCESSES = [("courriels", "Courriels", False), ("extraction", "Extraction", False), ("agendas", "Agendas", True)]
TOOLS = [("outila", "Assistant A"), ("outilb", "Assistant B")]
DEPLOYED = [("T1", "courriels", "outila"), ("T2", "extraction", "outilb")]  # T3: nothing known yet


def frame(columns: str, rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns.split(), orient="row")


def lists(**changes: pl.DataFrame) -> Lists:
    given = {
        "teams": frame("team label", TEAMS), "processes": frame("process label witness", PROCESSES),
        "tools": frame("tool label", TOOLS), "deployments": frame("team process tool", DEPLOYED),
    }  # fmt: skip
    return Lists(**{**given, **changes})


def surveys(instruments: Instruments | None = None, known: Lists | None = None) -> dict[str, Survey]:
    built, problems = build(instruments or house_instruments(), known or lists(), organisation="Université d'essai")
    assert problems == []
    return {s.form.questionnaire: s for s in built}


def changed(**parts: object) -> Instruments:
    """The house's instruments with fields of some items changed: CODE={"text": ...}."""
    items = tuple(i.model_copy(update=parts.get(i.item, {})) for i in house_instruments().items)
    return house_instruments().model_copy(update={"items": items})


# ------------------------------------------------------------------------------------------------ nothing forgotten
def test_every_item_is_asked_once_where_the_specification_asks_it():
    for code, survey in surveys().items():
        asked = [i.item for _, questions in survey.pages for q in questions for i in q.items]
        assert Counter(asked) == Counter(ASKED[code]), code
        assert survey.left_out == ()
    parts = {p.item for i in house_instruments().items for p in i.parts()}
    every = {i.item for i in house_instruments().items} - parts
    assert len(parts) > 10 and every == {code for codes in ASKED.values() for code in codes}


def test_every_column_is_one_item_and_one_process_or_tool():
    for code, survey in surveys().items():
        columns = read_structure(as_lss(survey, 0)).columns()["column"].to_list()
        assert len(columns) == len(set(columns))
        items = {re.match(r"(\w+)(?:\[(\w+)\])?$", c).groups() for c in columns}
        met = {q if q in ASKED[code] else sub for q, sub in items}
        assert met == set(ASKED[code]), code
    t0 = read_structure(as_lss(surveys()["T0"], 0)).columns()["column"].to_list()
    assert {"TP1[courriels]", "ER1[extraction]", "BE[BE1]", "QV[QV4]", "PROC[courriels]", "SA1"} <= set(t0)
    assert not any("agendas" in c for c in t0)  # a witness is followed in the time data only


def test_time_and_budgets():
    built = surveys()
    assert not any(s.over_budget for s in built.values())
    # CODE 8, EQ 6, PU1 7, PU6 7; used: PU2 9 + PU3 9 + PU4 7 + PU5 7 = 32, not used: PU7 12; the words are optional
    assert built["PULSE"].minutes == pytest.approx((8 + 6 + 7 + 7 + 32) / 60)
    assert (built["PULSE"].questions, built["PULSE"].follow_ups, built["PULSE"].optional) == (4, 5, 1)
    assert (built["VOL"].questions, built["VOL"].follow_ups) == (8, 1)
    assert built["T0"].optional == 4 and built["T1"].optional == 6  # CM1-4; AE1R, TN1
    # Two processes per person: TP1 9, TP2 12, ER1 10, IR1 7 and AT1 7 once more
    twice = surveys(changed(PROC={"max_choices": 2}))["T0"]
    assert twice.minutes - built["T0"].minutes == pytest.approx(45 / 60)
    assert surveys(changed(PU4={"seconds": 8}))["PULSE"].over_budget
    more = changed(VOL10T={"when": None})
    assert surveys(more)["VOL"].questions == 9 and surveys(more)["VOL"].over_budget


# ------------------------------------------------------------------------------------------------------- importable
@pytest.mark.parametrize("code", list(ASKED))
def test_both_structures_say_the_same_and_never_change(code: str):
    survey = surveys()[code]
    assert as_tsv(survey, 1) == as_tsv(surveys()[code], 1) and as_lss(survey, 1) == as_lss(surveys()[code], 1)
    assert read_structure(as_tsv(survey, 1)) == read_structure(as_lss(survey, 1))


@pytest.mark.parametrize("code", list(ASKED))
def test_the_xml_has_what_limesurvey_6_expects(code: str):
    root = ElementTree.fromstring(as_lss(surveys()[code], 2))
    rows = {t.tag: [{e.tag: e.text or "" for e in r} for r in t.iterfind("rows/row")] for t in root}
    assert (root.findtext("LimeSurveyDocType"), root.findtext("DBVersion")) == ("Survey", "641")
    assert [e.text for e in root.iterfind("languages/language")] == ["fr"]
    for table in root.iterfind("*[rows]"):
        assert [f.text for f in table.iterfind("fields/fieldname")] == [e.tag for e in table.find("rows/row")]
    assert {r["sid"] for r in rows["surveys"]} == {"910003"}
    asked = rows["questions"] + rows.get("subquestions", [])
    numbers = [r["qid"] for r in asked]
    assert len(numbers) == len(set(numbers)) and {r["qid"] for r in rows["question_l10ns"]} == set(numbers)
    assert {r["parent_qid"] for r in rows.get("subquestions", [])} <= {r["qid"] for r in rows["questions"]}
    assert {r["aid"] for r in rows["answers"]} == {r["aid"] for r in rows["answer_l10ns"]}
    required = [r["title"] for r in rows["questions"] if r["mandatory"] == "Y"]
    assert required == ["CODE"] * (code in ("T0", "T1", "PULSE"))
    privacy = ("ipaddr", "refurl", "savetimings", "publicstatistics", "listpublic", "usecookie")
    assert {rows["surveys"][0][name] for name in privacy} == {"N"}
    for row in asked:
        assert re.fullmatch(r"[A-Za-z0-9]{1,20}", row["title"])
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,5}", r["code"]) for r in rows["answers"])


def tsv_rows(code: str) -> list[dict[str, str]]:
    text = as_tsv(surveys()[code], 0).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


@pytest.mark.parametrize("code", list(ASKED))
def test_conditions_only_name_what_was_asked_before(code: str):
    structure = tsv_rows(code)
    met, question = set(), ""
    for row in structure:
        if row["class"] == "Q":
            question = row["name"]
            met.add(question)
        elif row["class"] == "SQ":
            met.add(f"{question}_{row['name']}")
        if row["class"] in ("Q", "SQ"):
            assert row["relevance"]
            assert set(re.findall(r"(\w+)\.NAOK", row["relevance"])) <= met, row
    if code == "PULSE":
        shown = {(a["name"], b["name"]): b["relevance"] for a, b in pairwise(structure) if b["class"] == "SQ"}
        # T3 has no deployment yet: it sees every tool
        assert shown["PU1", "outila"] == '(EQ.NAOK == "T1" or EQ.NAOK == "T3")'
        used = '(PU1_outila.NAOK == "2" or PU1_outila.NAOK == "3" or PU1_outila.NAOK == "4")'
        assert shown["PU2", "outila"] == f'(EQ.NAOK == "T1" or EQ.NAOK == "T3") and {used}'
        (why,) = [r["relevance"] for r in structure if r["name"] == "PU7"]
        assert why == '(PU1_outila.NAOK == "1" or PU1_outilb.NAOK == "1")'


def test_one_process_is_chosen_and_the_others_are_not_shown():
    rows = tsv_rows("T0")
    by = {r["name"]: r for r in rows if r["class"] == "Q"}
    assert (by["PROC"]["type/scale"], by["PROC"]["max_answers"]) == ("M", "1")
    after = [r for r in rows[rows.index(by["TP2"]) + 1 :] if r["class"] == "SQ"][:2]
    assert [r["relevance"] for r in after] == ['PROC_courriels.NAOK == "Y"', 'PROC_extraction.NAOK == "Y"']
    assert (by["TP2"]["type/scale"], by["TP2"]["max_num_value_n"]) == ("K", "1440")
    assert by["CM1"]["text"].endswith(" (facultatif)") and by["CM1"]["help"].startswith("0 = très faible")
    (points,) = [r for r in tsv_rows("T1") if r["name"] == "TR1"]
    assert (points["type/scale"], points["equals_num_value"]) == ("K", "100")


def test_first_screen_and_declining():
    built = surveys()
    for code, survey in built.items():
        welcome = as_tsv(survey, 0).decode("utf-8-sig")
        told = "Participer est libre, refuser ou arrêter est sans conséquence, sans motif à donner." in welcome
        assert told == (code in ("T0", "PULSE", "T1"))
    answers = read_structure(as_lss(built["T1"], 0)).answers()
    declining = answers.filter(pl.col("label") == "Je préfère ne pas répondre")["column"].to_list()
    assert declining == [f"BE[{c}]" for c in WHO5] + [f"DH[{c}]" for c in HUMAN] + ["DH8", "US0"]


def test_words_never_shown_to_participants():
    banned = re.compile(r"occurrence|inversé|malaise|anonym|déshumanis|productivité|\[processus\]|\[outil\]", re.I)
    for code, survey in surveys().items():
        said = [r["text"] + r["help"] for r in tsv_rows(code) if r["class"] != "S"]
        assert not banned.search(as_html(survey).decode()) and not banned.search(" ".join(said))


def test_codes_limesurvey_would_change_are_refused():
    long = lists(teams=frame("team label", [("scolarite", "Scolarité")]),
                 tools=frame("tool label", [("outil_a", "A")]))  # fmt: skip
    _, problems = build(house_instruments(), long, organisation="o")
    told = [str(p) for p in problems]
    assert any("no answer called 'scolarite' (EQ): at most 5" in t for t in told)
    assert any("no row called 'outil_a' (PU1): at most 20" in t for t in told)


def test_without_registers_what_needs_them_is_left_out():
    none = lists(**{n: getattr(lists(), n).clear() for n in ("teams", "processes", "tools", "deployments")})
    built = surveys(known=none)
    assert built["PULSE"].left_out == ("EQ", "PU1", "PU2", "PU3", "PU4", "PU5", "PU7")
    assert built["T0"].left_out[:3] == ("EQ", "PROC", "TP1") and "SA1" not in built["T0"].left_out
    assert built["VOL"].left_out == ()


# -------------------------------------------------------------------------------------------------------- printable
@pytest.mark.parametrize("code", list(ASKED))
def test_the_printed_page(code: str):
    survey = surveys()[code]
    data = as_html(survey)
    page = lxml_html.document_fromstring(data)
    text = page.text_content().replace("\u00a0", " ")
    assert page.get("lang") == "fr" and page.findtext(".//title").startswith(survey.form.title)
    assert len(page.findall(".//h1")) == 1
    assert [h.text_content() for h in page.findall(".//h2")] == [title for title, _ in survey.pages]
    questions = [q for _, asked in survey.pages for q in asked]
    numbers = [h.text_content().split(".")[0] for h in page.findall(".//h3")]
    assert numbers == [str(n) for n in range(1, len(questions) + 1)]
    lower = data.lower()
    assert not re.search(rb"<script|http|url\(|@import|<img|<link|javascript", lower)
    ids = [e.get("id") for e in page.iterfind(".//*[@id]")]
    assert all(t.get("aria-labelledby") in ids for t in page.iterfind(".//table"))
    assert f"Durée estimée : {max(1, round(survey.minutes))} min" in text and "prévu : " in text
    assert ("Ne pas diffuser" in text) == bool(survey.to_paste)
    for question in questions:
        assert question.text in text


def test_paper_says_of_whom_a_question_is_asked():
    pulse = lxml_html.document_fromstring(as_html(surveys()["PULSE"])).text_content().replace("\u00a0", " ")
    assert "Seulement si vous avez répondu « Non » à la question 3." in pulse
    assert "Répondez seulement pour les outils de votre équipe." in pulse
    t0 = lxml_html.document_fromstring(as_html(surveys()["T0"])).text_content().replace("\u00a0", " ")
    assert "Pour le processus choisi à la question 3." in t0 and "Finances & achats {sud}" in t0


# ------------------------------------------------------------------------------------------------------- read back
STUDY = """\
study: essai
title: Un essai
organisation: Université d'essai
calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}
waves:
  - {wave: T0, label: Avant, role: baseline, opens: 2026-02-02, closes: 2026-02-20}
  - {wave: P1, label: Point, role: pulse, opens: 2026-03-16, closes: 2026-03-20}
  - {wave: T1, label: Fin, role: end, opens: 2026-06-15, closes: 2026-06-26}
registers:
  {teams: teams.csv, processes: processes.csv, tools: tools.csv, deployments: deployments.csv, people_survey: codes.csv}
sources:
  - {id: t0, format: limesurvey, wave: T0, files: [T0.csv], person: CODE, team: EQ}
  - {id: p1, format: limesurvey, wave: P1, files: [PULSE.csv], person: CODE, team: EQ}
  - {id: t1, format: limesurvey, wave: T1, files: [T1.csv], person: CODE, team: EQ}
"""
PASTED = """\
instruments:
  arrays: [{array: BE, text: 'Au cours des dernières semaines'}]
  items:
    - {item: BE1, text: Un}
    - {item: BE2, text: Deux}
    - {item: BE3, text: Trois}
    - {item: BE4, text: Quatre}
    - {item: BE5, text: Cinq}
"""
PEOPLE = [("AB12-CD34", "T1"), ("EF56-GH78", "T2"), ("JK90-LM12", "T3")]
DATES = {"T0": "2026-02-03", "PULSE": "2026-03-17", "T1": "2026-06-16"}
SECRET = "Zoé Durand a dit\nque tout va bien ; \"vraiment\""


def study(folder: Path, text: str = STUDY + PASTED) -> Path:
    compliance = ";conforme" * 4
    files = {
        "study.yaml": text,
        "teams.csv": ["team;label;service;family;headcount", *(f"{t};{label};s;f;9" for t, label in TEAMS)],
        "processes.csv": ["process;label;family;witness", *(f"{p};{n};f;{('non', 'oui')[w]}" for p, n, w in PROCESSES)],
        "tools.csv": ["tool;label;compliance_transfers;compliance_training;compliance_processor;compliance_sensitive",
                      *(f"{t};{label}{compliance}" for t, label in TOOLS)],
        "deployments.csv": ["team;process;tool;go_live;end_date", *(";".join(d) + ";2026-03-02;" for d in DEPLOYED)],
        "codes.csv": ["code;team;role", *(f"{c};{t};agent" for c, t in PEOPLE)],
    }  # fmt: skip
    for name, lines in files.items():
        (folder / name).write_text(lines if isinstance(lines, str) else "\n".join(lines) + "\n", encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Fabricated:
    """An export, and the answer codes it holds: (row, column) -> code. Numbers count as codes; no text is in it."""

    data: bytes
    answers: dict[tuple[int, str], str]


def fabricate(structure: Structure, day: str, *, labels: bool, texts: bool) -> Fabricated:
    """What LimeSurvey would export of three people, from the structure alone. The last was shown nothing about the
    second process and tool; the boxes, dates and words are there too."""
    columns, options = structure.columns(), {}
    for column, code, label in structure.answers().iter_rows():
        options.setdefault(column, []).append((code, label))
    held: dict[tuple[int, str], str] = {}
    rows = []
    for row, (person, team) in enumerate(PEOPLE):
        cells: list[str | None] = [str(row + 1), f"{day} 10:00:0{row}", "5", "fr"]
        for place, (column, kind) in enumerate(columns.select("column", "type").iter_rows()):
            number = (row * 5 + place * 3) % 11
            if column == "CODE":
                cells.append(person)
            elif column == "EQ":
                cells.append(dict(options[column])[team] if labels else team)
            elif row == 2 and re.search(r"\[(extraction|outilb)\]", column):
                cells.append("N/A" if labels else None)
            elif column in options:
                given = options[column]
                code, label = given[number % len(given)]
                # A box left empty is `""` in codes.
                cells.append(label if labels else "" if (kind, code) == ("M", "N") else code)
                held[row, column] = code
            elif kind in ("N", "K"):
                cells.append(str(number))
                held[row, column] = str(number)
            else:
                cells.append("2026-06-01 00:00:00" if kind == "D" else SECRET)
        rows.append(cells)
    said = {"id": "ID de la réponse", "submitdate": "Date de soumission", "lastpage": "Dernière page",
            "startlanguage": "Langue de départ", **dict(columns.select("column", "text").iter_rows())}  # fmt: skip
    header = [f"{name}. {text}" if texts else name for name, text in said.items()]

    def line(cells: list[str | None]) -> str:
        return ",".join("" if c is None else '"' + c.replace('"', '""') + '"' for c in cells)

    text = "\ufeff" + "\r\n".join(line(r) for r in [header, *rows]) + "\r\n"
    return Fabricated(text.encode("utf-8"), held)


def expected(survey: Survey, made: Fabricated) -> set[tuple]:
    """(row, item, process, tool, code, value) of the closed questions of an export."""
    items = {i.item: i for _, questions in survey.pages for q in questions for i in q.items}
    found = set()
    for (row, column), code in made.answers.items():
        question, sub = re.match(r"(\w+)(?:\[(\w+)\])?$", column).groups()
        item = items[question if question in items else sub]
        if parts := {p.item: p for p in item.parts()}:  # a box, or a share of 100 points
            item, sub = parts[f"{question}_{sub}"], None
        if item.kind == "choice":
            value = next(a.value for a in item.answers if a.code == code)
        elif item.kind == "number":
            value = float(code)
        else:
            continue
        about = {"process": (sub, None), "tool": (None, sub), "person": (None, None)}[item.per]
        found.add((row, item.item, *about, code, value))
    return found


@pytest.mark.parametrize("texts", [False, True], ids=["codes as headings", "code and text as headings"])
@pytest.mark.parametrize("labels", [False, True], ids=["answer codes", "answer labels"])
def test_an_export_fabricated_from_the_structure_is_read_back_exactly(tmp_path: Path, labels: bool, texts: bool):
    root = study(tmp_path)
    folder, written = write_questionnaires(root, tmp_path / "out")
    by = {s.form.questionnaire: s for s in written}
    made: dict[str, Fabricated] = {}
    for code, day in DATES.items():
        structure = read_structure((folder / f"{code}.{'txt' if labels else 'lss'}").read_bytes())
        made[code] = fabricate(structure, day, labels=labels, texts=texts)
        (root / f"{code}.csv").write_bytes(made[code].data)

    loaded = load_study(root)
    registers = read_registers(loaded, load_keys(loaded, create=False))
    raw, clean = tables_of(loaded, registers)
    assert (registers.problems, raw.problems, clean.problems) == ([], [], [])
    assert clean.tables["clean.rejected_responses"].is_empty()
    responses = clean.tables["clean.responses"]
    persons = dict(registers.survey_identities.iter_rows())
    keys = code_key(pl.Series([code for code, _ in PEOPLE]))
    order = {persons[key]: row for row, key in enumerate(keys)}
    responses = responses.with_columns(pl.col("person_survey").replace_strict(order).alias("row"))
    assert set(responses.select("row", "team").unique().rows()) == {(i, t) for i, (_, t) in enumerate(PEOPLE)}
    for code, wave in (("T0", "T0"), ("PULSE", "P1"), ("T1", "T1")):
        got = responses.filter(pl.col("wave") == wave)
        got = got.select("row", "item", "process", "tool", "value_code", "value_number").rows()
        assert len(got) == len(set(got)) and set(got) == expected(by[code], made[code]), code
    everything = [f.write_csv() for f in (*raw.tables.values(), *clean.tables.values())]
    assert not any("Zoé" in text or PEOPLE[0][0] in text for text in everything)
    _scores_agree(clean.tables, order, made["T1"])


def _scores_agree(tables: dict[str, pl.DataFrame], order: dict[str, int], made: Fabricated) -> None:
    """Scales of T1 worked out from the fabricated codes: five items of WHO-5 times twenty, DH7 turned round."""
    con = duckdb.connect()
    con.execute("create schema clean")
    for name in ("responses", "scale_items"):
        con.register("frame", tables[f"clean.{name}"])
        con.execute(f"create table clean.{name} as from frame")
    scores = con.sql(SCORES.read_text("utf-8")).pl().filter(pl.col("wave") == "T1")
    for person, row in order.items():
        got = {s: v for p, s, v in scores.select("person_survey", "scale", "score").iter_rows() if p == person}
        given = [made.answers[row, f"BE[{c}]"] for c in WHO5]
        known = [int(g) for g in given if g != "99"]
        assert got["wellbeing"] == (pytest.approx(20 * sum(known) / len(known)) if len(known) >= 3 else None)
        seven = made.answers[row, "DH[DH7]"]
        assert got["dh7"] == (None if seven == "99" else pytest.approx(100 * (4 - int(seven)) / 3))


# ---------------------------------------------------------------------------------------------------- the command
def run(folder: Path, *more: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["questionnaires", str(folder), "--out", str(folder / "out"), *more])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_writes_everything_and_says_what_is_missing(tmp_path: Path):
    code, said, told = run(study(tmp_path, STUDY))
    assert code == 1 and "official wording of BE, BE1, BE2, BE3, BE4, BE5 is missing, and marked in T0, T1" in told
    names = {p.name for p in (tmp_path / "out" / "questionnaires").iterdir()}
    assert names == {f"{c}.{ending}" for c in ASKED for ending in ("txt", "lss", "html")}
    assert "T0      3.6 min, 29 questions (at most 8 min)" in said and "EXCEEDED" not in said
    assert "<mark>" in (tmp_path / "out" / "questionnaires" / "T0.html").read_text("utf-8")


def test_wording_pasted_in_the_study_file_is_all_it_takes(tmp_path: Path):
    code, _, told = run(study(tmp_path))
    assert (code, told) == (0, "")
    page = (tmp_path / "out" / "questionnaires" / "T0.html").read_text("utf-8")
    assert "Au cours des dernières semaines" in page and "<mark>" not in page and "Tout le temps" in page
    item = load_study(tmp_path).study.instruments.item("BE3")
    assert item.text == "Trois" and item.sensitive and len(item.answers) == 7  # the rest is the house's


def test_a_register_that_cannot_be_used_stops_the_command(tmp_path: Path):
    root = study(tmp_path)
    (root / "tools.csv").write_text("tool;label\n;Assistant A\n", encoding="utf-8")
    code, _, told = run(root)
    assert code == 1 and "tools.csv" in told and not (root / "out").exists()


def test_a_questionnaire_of_the_study_only_asks_items_that_exist(tmp_path: Path):
    form = "{questionnaire: X, title: Essai, pages: [{title: Une, asks: [SA1, SA9]}]}"
    code, _, told = run(study(tmp_path, f"{STUDY}instruments:\n  questionnaires: [{form}]\n"))
    assert code == 1 and "study.yaml, line 16: no instrument holds the item `SA9`. Did you mean `SA1`?" in told


def test_items_of_one_table_share_their_answers(tmp_path: Path):
    own = "instruments:\n  arrays:\n    - {array: QV, text: Et, items: [QV1, SA1]}\n"
    code, _, told = run(study(tmp_path, STUDY + own))
    assert code == 1 and "line 16: the items of the array `QV` must be choices of one person" in told
