"""Open tables: what a spreadsheet shows, what a machine reads, and the dictionary of both."""

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts import all_tables, table
from pipelines.publish.open_tables import inert, write_open
from pipelines.wording.words import LANGUAGES, Words
from pipelines.workbooks import Sheet, workbook


def _rows(path: Path, separator: str = ";") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=separator))


@pytest.fixture(scope="module")
def published(demo_run) -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_parquet(path) for path in (demo_run.published / "tables").glob("*.parquet")}


def test_a_spreadsheet_opens_what_was_published(demo_run, published: dict[str, pl.DataFrame]):
    folder = demo_run.published / "open"
    said = Words("fr").raw("open.tables")
    assert {p.name for p in folder.iterdir()} == {
        "dictionnaire.csv", "tables_ouvertes.xlsx", *(f"{t['file']}.csv" for t in said.values())}  # fmt: skip
    rows, true = _rows(folder / "estimations.csv"), published["estimates"]
    assert len(rows) == true.height
    for row, (value, status) in zip(rows, true.select("estimate", "disclosure_status").iter_rows(), strict=True):
        assert row["publication"] == {"published": "publié", "suppressed": "non publié"}[status]
        assert (float(row["valeur"].replace(",", ".")) if row["valeur"] else None) == value
    sheet = pl.read_excel(folder / "tables_ouvertes.xlsx", sheet_name="estimations", infer_schema_length=None)
    assert sheet["valeur"].to_list() == pytest.approx(true["estimate"].to_list(), nan_ok=True)


def test_the_dictionary_says_every_column_its_source_and_its_licence(demo_run):
    folder = demo_run.published / "open"
    dictionary = _rows(folder / "dictionnaire.csv")
    for path in sorted(folder.glob("*.csv")):
        if path.stem != "dictionnaire":
            heads = path.read_text(encoding="utf-8-sig").splitlines()[0].split(";")
            assert heads == [row["colonne"] for row in dictionary if row["table"] == path.stem]
    for row in dictionary:
        name, column = row["nom dans les tables pour machines"].split(".")
        assert table(f"published.{name}").column(column).name == column
        assert row["définition"] and row["type"] and row["source"] and row["licence"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_the_demonstration_has_its_words(language: str, published: dict[str, pl.DataFrame]):
    words = Words(language).raw("open.values")
    estimates = published["estimates"]
    for column in ("indicator", "estimand", "unit", "scope", "direction", "disclosure_status"):
        codes = {c for c in estimates[column].drop_nulls() if not c.startswith("event_")}
        assert codes <= set(words[column]), column
    assert set(published["participation"]["step"]) <= set(words["step"])


def test_the_tables_in_english(published: dict[str, pl.DataFrame], tmp_path: Path):
    english = pl.when(pl.col("setting") == "language").then(pl.lit("en")).otherwise("value").alias("value")
    write_open(tmp_path, published | {"study": published["study"].with_columns(english)})
    rows = _rows(tmp_path / "estimates.csv", ",")
    assert {"indicator", "quantity", "value", "publication"} <= set(rows[0])
    assert "." in next(r["value"] for r in rows if r["value"])
    # The labels of scales are as asked, in French: they serve only those that the dictionaries do not know.
    assert "Well-being" in {r["indicator"] for r in rows}


def test_the_data_package_describes_the_files_beside_it(demo_run):
    import hashlib

    folder = demo_run.published / "tables"
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert {r["name"] for r in package["resources"]} == {
        t.name for t in all_tables().values() if t.layer == "published"}  # fmt: skip
    for resource in package["resources"]:
        data = (folder / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}" and resource["bytes"] == len(data)
        heads = data.decode().splitlines()[0].split(",")
        assert heads == [field["name"] for field in resource["schema"]["fields"]]


def test_no_text_is_a_formula():
    texts = ["=1+1", "+33 1", "-5.0", "-5,0", "- x", "@SUM(A1)", "\t=1", "Équipe", None]
    said = inert(pl.DataFrame({"a": texts, "n": range(9)}))
    assert said["a"].to_list() == ["'=1+1", "'+33 1", "-5.0", "-5,0", "'- x", "'@SUM(A1)", "'\t=1", "Équipe", None]
    book = workbook([Sheet("S", pl.DataFrame({"a": ["=1+1", "http://x.org", "12"]}))])
    assert b"<f>" not in book and b"hyperlink" not in book
    assert pl.read_excel(book)["a"].to_list() == ["=1+1", "http://x.org", "12"]
    assert workbook([Sheet("S", pl.DataFrame({"a": ["12"]}))]) == workbook([Sheet("S", pl.DataFrame({"a": ["12"]}))])
