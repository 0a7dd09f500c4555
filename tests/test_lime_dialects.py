"""One survey as LimeSurvey writes it and as tools leave it: always the same answers."""

import io
from pathlib import Path

import polars as pl
import pytest

from pipelines.clean.accounts import build_accounts, unbalanced
from pipelines.clean.ingest import RawResult, read_surveys
from pipelines.clean.pseudonyms import Keys
from pipelines.clean.registers import read_registers
from pipelines.clean.responses import ResponseTables, build_responses
from pipelines.contracts import table
from pipelines.study.load import LoadedStudy, house_instruments
from pipelines.study.models import Study

CODES = ["id", "submitdate", "lastpage", "startlanguage", "CODE", "BE1", "TP1[courriels]", "SO1[assistanta]", "OV1"]
FRENCH = ["ID de la réponse", "Date de soumission", "Dernière page", "Langue de départ", "Votre code ?", "Énoncé 1",
          "Combien de fois ? [Courriels]", "Content ? [Assistant A]", "Un mot ?"]  # fmt: skip
GERMAN = ["Antwort ID", "Datum Abgeschickt", "Letzte Seite", "Start-Sprache", *FRENCH[4:]]
ENGLISH = ["Response ID", "Date submitted", "Last page", "Start language", *FRENCH[4:]]
TEXTS = {"Énoncé 1": "BE1", "Combien de fois ? [Courriels]": "TP1:courriels",
         "Content ? [Assistant A]": "SO1:assistanta", "Un mot ?": "OV1"}  # fmt: skip
AS_TEXT = {"person": "Votre code ?", "columns": TEXTS}
ROWS = [
    ["1", "2026-02-03 10:00:00", "6", "fr", "MA07X12", "3", "12", "4", "=2+2; \"oui\"\nencore"],
    ["2", "", "2", "fr", "JO21E45", "99", "", "", None],
    ["3", "2026-02-14 18:30:00", "6", "fr", "ZO11A11", "0", "7.5", "5", "é"],
]  # fmt: skip
BE1 = {"3": "Plus de la moitié du temps", "99": "Je préfère ne pas répondre", "0": "Jamais"}
SO1 = {"4": "Satisfait", "5": "Très satisfait", "": ""}
LABELS = [[*r[:5], BE1[str(r[5])], r[6], SO1[str(r[7])], r[8]] for r in ROWS]
EXPECTED = [
    (1, "BE1", 3.0, True), (1, "SO1", 4.0, True), (1, "TP1", 12.0, True), (2, "BE1", None, False),
    (3, "BE1", 0.0, True), (3, "SO1", 5.0, True), (3, "TP1", 7.5, True),
]  # fmt: skip


def text(header: list[str], rows: list[list[str | None]], sep: str = ",", end: str = "\r\n", quote: bool = True) -> str:
    def cell(value: str | None) -> str:
        if value is None:
            return ""
        always = quote or any(s in value for s in (sep, '"', "\n"))
        return '"' + value.replace('"', '""') + '"' if always else value

    return "".join(sep.join(map(cell, row)) + end for row in (header, *rows))


def bom(content: str) -> bytes:
    return b"\xef\xbb\xbf" + content.encode()


def changed(rows: list[list[str | None]], **by: dict[str | None, str | None]) -> list[list[str | None]]:
    """The rows with some values of some columns written otherwise."""
    at = {name: CODES.index(name) for name in by}
    return [[next((by[n].get(v, v) for n in by if at[n] == i), v) for i, v in enumerate(row)] for row in rows]


def workbook(header: list[str], rows: list[list[object]]) -> bytes:
    book = io.BytesIO()
    pl.DataFrame(rows, schema=header, orient="row", infer_schema_length=None).write_excel(book)
    return book.getvalue()


DATED = {"2026-02-03 10:00:00": "03/02/2026 10:00", "2026-02-14 18:30:00": "14/02/2026 18:30"}
SAVED = changed(LABELS, submitdate=DATED)
R_HEADINGS = [c.replace("[", ".").replace("]", ".") for c in CODES]
NA = [["NA" if v in ("", None) else v for v in row] for row in ROWS]
PANDAS = [[str(i), f"{r[0]}.0", r[1], f"{r[2]}.0", *r[3:5], f"{r[5]}.0", *r[6:]] for i, r in enumerate(ROWS)]
DIALECTS: dict[str, tuple[bytes, dict[str, object]]] = {
    "as LimeSurvey writes it": (bom(text(CODES, ROWS)), {}),
    "semicolons, and a blank line at the end": (bom(text(CODES, ROWS, ";")) + b"\r\n", {}),
    "tabs": (text(CODES, ROWS, "\t").encode(), {}),
    "columns in another order": (
        bom(text(CODES[::-1], [r[::-1] for r in ROWS])), {}),
    "everything quoted, as older versions do": (bom(text(CODES, [[v or "" for v in r] for r in ROWS])), {}),
    "labels under French headings": (bom(text(FRENCH, LABELS)), AS_TEXT),
    "labels under German headings": (bom(text(GERMAN, LABELS, ";")), AS_TEXT),
    "labels under English headings": (bom(text(ENGLISH, LABELS)), AS_TEXT),
    "codes and labels in one column": (bom(text(CODES, [ROWS[0], *LABELS[1:]])), {}),
    "saved by a French spreadsheet": (text(FRENCH, SAVED, ";", quote=False).encode("cp1252"), AS_TEXT),
    "saved as Unicode text": (text(CODES, changed(ROWS, submitdate=DATED), "\t").encode("utf-16"), {}),
    "decimal commas": (bom(text(CODES, changed(ROWS, **{"TP1[courriels]": {"7.5": "7,5"}}), ";")), {}),
    "saved by pandas": (text(["", *CODES], PANDAS, end="\n", quote=False).encode(), {}),
    "saved by R": (text(R_HEADINGS, NA, end="\n").encode(), {}),
    "codes of the expression manager": (
        bom(text([c.replace("[", "_").replace("]", "") for c in CODES], ROWS)), {}),
    "spaces as underscores": (
        bom(text([f"{c}. {t.replace(' ', '_')}" for c, t in zip(CODES, FRENCH, strict=True)], LABELS)), {}),
    "masked equations, HTML and a stray byte order mark": (
        bom(text(CODES, changed(LABELS, BE1={"Jamais": "\ufeffJamais"}, OV1={"é": "'=A1"}, **{
            "SO1[assistanta]": {"Satisfait": "<b>Satisfait</b>", "Très satisfait": "Tr&egrave;s satisfait"}}))), {}),
    "a question that was not shown": (
        bom(text(CODES, changed(LABELS, **{"SO1[assistanta]": {"": "N/A"}, "TP1[courriels]": {"": "N/A"}}))), {}),
    "timings, seed, address, participant": (
        bom(text([*CODES, "seed", "ipaddr", "token", "interviewtime", "groupTime12", "BE1Time"],
                 [[*r, "1", "192.0.2.1", "jeton", "61.5", "60", "3.2"] for r in ROWS])), {}),
    "a workbook": (workbook(CODES, [[int(r[0] or 0), *r[1:]] for r in ROWS]), {}),
    "question on one row, subquestion on the next": (
        bom(text([*FRENCH[:6], "Combien de fois ?", "", "Un mot ?"],
                 [["", "", "", "", "", "", "Courriels", "Messages", ""], *LABELS], ";", quote=False)),
        {**AS_TEXT, "columns": {"Énoncé 1": "BE1", "Combien de fois ? [Courriels]": "TP1:courriels",
                                "Combien de fois ? [Messages]": "SO1:assistanta", "Un mot ?": "OV1"}}),
}  # fmt: skip


REGISTERS = {
    "codes.csv": "code;team;role\nMA07X12;;agent\nJO21E45;;agent\nZO11A11;;agent\n",
    "processes.csv": "process;label;family;witness\ncourriels;Courriels;f;non\n",
    "tools.csv": "tool;label;compliance_transfers;compliance_training;compliance_processor;compliance_sensitive\n"
                 "assistanta;Assistant A;conforme;conforme;conforme;conforme\n",
}  # fmt: skip


def read(folder: Path, data: bytes, **settings: object) -> tuple[RawResult, ResponseTables]:
    """The clean answers of one file of a small study; every row must be accounted for."""
    (folder / "export").write_bytes(data)
    for name, content in REGISTERS.items():
        (folder / name).write_text(content, encoding="utf-8")
    instruments = settings.pop("instruments", {})
    study = Study.model_validate({
        "study": "essai", "title": "t", "organisation": "o",
        "registers": {"people_survey": "codes.csv", "processes": "processes.csv", "tools": "tools.csv"},
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
        "waves": [{"wave": "T0", "label": "T0", "role": "baseline", "opens": "2026-02-02", "closes": "2026-02-15"}],
        "sources": [{"id": "q", "format": "limesurvey", "files": ["export"], "wave": "T0", "person": "CODE"}
                    | settings],
        "instruments": instruments,
    })  # fmt: skip
    house = house_instruments()
    merged = house.model_copy(update={"items": (*study.instruments.items, *house.items)})
    loaded = LoadedStudy(study.model_copy(update={"instruments": merged}), folder, "0")
    registers = read_registers(loaded, Keys(b"t" * 32, b"s" * 32))
    assert registers.problems == []
    raw = read_surveys(loaded, registers)
    built = build_responses(raw.tables["limesurvey"], registers, loaded)
    aside = pl.concat([raw.rejected, built.rejected])
    assert unbalanced(build_accounts(raw.received, aside, built.accepted)).is_empty()
    assert table("clean.responses").conform(built.responses).equals(built.responses)
    return raw, built


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_answers(tmp_path: Path, dialect: str):
    data, settings = DIALECTS[dialect]
    raw, built = read(tmp_path, data, **settings)
    assert raw.problems == [] and built.problems == [] and built.rejected.is_empty()
    ids = raw.tables["limesurvey"].select("source_file", "source_row", pl.col("id").cast(pl.Int64))
    rows = built.responses.join(ids, on=["source_file", "source_row"]).sort("id", "item")
    assert rows.select("id", "item", "value_number", "complete").rows() == EXPECTED
    stored = raw.tables["limesurvey"].write_csv().lower()
    assert not [w for w in ("ma07x12", "192.0.2", "jeton", "encore", "=a1") if w in stored]
