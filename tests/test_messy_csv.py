"""Files made to break CSV readers: read right, held to their authors' values and to Python's csv module, or refused
with a true reason. Their provenance and licences are beside them."""

import csv
import io
import json
from pathlib import Path

import pytest

from pipelines.sources.base import SourceError
from pipelines.sources.text import SOURCE_ROW, TextTable, read_delimited

FOLDER = Path(__file__).parent / "messy_csv"
SPECTRUM = sorted((FOLDER / "csv_spectrum").glob("*.csv"))

# (separator, encoding, rows read, rows set aside), or what the refusal says.
ONE_COLUMN, NOT_TEXT, OTHER_LETTERS = "header is a single column", "not text", "neither UTF-8 nor Windows-1252"
OUTCOMES: dict[str, tuple[str, str, int, int] | str] = {
    "duckdb/backslash_escape.csv": ONE_COLUMN,  # pipes
    "duckdb/decimal_separators.csv": (";", "utf-8", 5, 0),
    "duckdb/dirty_line.csv": ONE_COLUMN,  # words above the header: workbook.read_table finds a header it knows
    "duckdb/duplicate_header_collision.csv": (",", "utf-8", 2, 0),
    "duckdb/empty_header.csv": (",", "utf-8", 2, 0),
    "duckdb/empty_space_start_value.csv": (",", "utf-8", 3, 1),  # a space, then a quote: letters, but for « Hi, Mom! »
    "duckdb/latin1.csv.gz": NOT_TEXT,
    "duckdb/mock_duckdb_test_data.csv": (",", "utf-8", 7, 2),
    "duckdb/only_latin1.csv": (",", "windows-1252", 5, 0),
    "duckdb/only_utf16.csv": (",", "utf-16", 5, 0),
    "duckdb/semicolon_escape.csv": (";", "utf-8", 2, 0),
    "duckdb/shift_jis.csv": OTHER_LETTERS,
    "duckdb/simple_comma.csv": (",", "utf-8", 3, 3),  # comments are no CSV: no format recognises its header
    "duckdb/single_value.csv": ONE_COLUMN,
    "duckdb/skip_row.csv": ONE_COLUMN,
    "duckdb/tab_single_quote.csv": ("\t", "utf-8", 1, 1),  # a single quote is a letter
    "duckdb/utf8bom.csv": (",", "utf-8", 2, 0),
    "duckdb/varchar_multi_line.csv": (",", "utf-8", 1, 0),
    "frictionless/carets.csv": ONE_COLUMN,
    "frictionless/inconsistent-column-number.csv": (",", "utf-8", 1, 1),
    "frictionless/iso8859.csv": (",", "windows-1252", 5, 0),
    "frictionless/missing-values.csv": (",", "utf-8", 2, 0),
    "frictionless/semicolon.csv": (";", "utf-8", 2, 0),
    "frictionless/tab.tsv": ("\t", "utf-8", 2, 0),
    "frictionless/various-characters.csv": (",", "utf-8", 5, 0),
    "frictionless/western-macos-roman.csv": OTHER_LETTERS,
}


def values(table: TextTable) -> list[list[str]]:
    return [[cell or "" for cell in row] for row in table.frame.drop(SOURCE_ROW).iter_rows()]


@pytest.mark.parametrize("path", SPECTRUM, ids=lambda p: p.stem)
def test_the_values_its_authors_expect(path: Path):
    table = read_delimited(path.read_bytes())
    expected = json.loads(path.with_suffix(".json").read_text("utf-8"))
    if path.stem == "location_coordinates":  # its twin holds another phone number than the file
        expected = [{**expected, "Contact Phone Number": "2095257564"}]
    # A line break inside a cell is LF, whatever the file's own.
    expected = [{k: v.replace("\r\n", "\n") for k, v in row.items()} for row in expected]
    assert [dict(zip(table.header, row, strict=True)) for row in values(table)] == expected
    assert table.rejected.is_empty()


@pytest.mark.parametrize("name", OUTCOMES)
def test_read_right_or_refused_with_a_true_reason(name: str):
    data, outcome = (FOLDER / name).read_bytes(), OUTCOMES[name]
    if isinstance(outcome, str):
        with pytest.raises(SourceError) as refused:
            read_delimited(data)
        assert outcome in refused.value.message and refused.value.action
        return
    table = read_delimited(data)
    assert (table.separator, table.encoding, table.frame.height, table.rejected.height) == outcome
    text = io.StringIO(data.decode("utf-8-sig" if table.encoding == "utf-8" else table.encoding), newline="")
    records = [r for r in csv.reader(text, delimiter=table.separator) if r]
    assert table.header == records[0]
    assert values(table) == [r for r in records[1:] if len(r) == len(records[0])]


def test_every_file_has_its_outcome():
    files = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*.*") if p.suffix in (".csv", ".tsv", ".gz")}
    assert files == {*OUTCOMES, *(p.relative_to(FOLDER).as_posix() for p in SPECTRUM)}
