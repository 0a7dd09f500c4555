"""Files: delimited text beside the csv module, blocks beside the whole file, parts and registers beside what was put
into them."""

import csv
import io
from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.parts import Parts, as_texts
from pipelines.sources.base import SourceError
from pipelines.sources.registers import read_register
from pipelines.sources.text import SOURCE_ROW, TextTable, blocks, read_delimited, unique_headings
from pipelines.sources.workbook import read_table
from tests.fuzz.grid import Cell, Grid, workbook
from tests.properties import bounded

LETTERS = st.sampled_from([*list("ab1é Œ,;\t\"'.\n"), "œuvre", "l’été", "12,5"])
CELLS = st.builds("".join, st.lists(LETTERS, max_size=4))
HEADINGS = st.builds("{}{}".format, st.sampled_from("abcé"), st.text(st.sampled_from('abé ,;"\n'), max_size=3))


@st.composite
def grids(draw: st.DrawFn, rows: int = 8, narrowest: int = 2) -> Grid:
    """A well-formed file in any dialect. Nothing at all, and what is empty, are told apart by quotes."""
    width = draw(st.integers(narrowest, 5))
    header = tuple(Cell(draw(HEADINGS)) for _ in range(width))
    kinds = st.tuples(CELLS, st.booleans())
    body = [tuple(Cell(*draw(kinds)) for _ in range(width)) for _ in range(draw(st.integers(0, rows)))]
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    newline, quoting = draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from(["received", "all", "needed"]))
    grid = Grid((header, *body), draw(st.sampled_from(",;\t")), encoding, newline, quoting)
    signs = ["".join(t for i, t in enumerate(line.split('"')) if i % 2 == 0).count(s) for s in ",;\t"
             for line in [replace(grid, records=(header,)).bytes().decode(grid.encoding)]]  # fmt: skip
    assume(signs[",;\t".index(grid.separator)] == max(signs) and signs.count(max(signs)) == 1)
    return grid


def plain(table: TextTable) -> list[list[str]]:
    return [[cell or "" for cell in row] for row in table.frame.drop(SOURCE_ROW).rows()]


def records(grid: Grid) -> tuple[list[list[str]], list[int]]:
    """What the csv module reads below the header, rows that say nothing left out, and the lines they start on."""
    text = grid.bytes().decode(grid.encoding).replace("\r\n", "\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=grid.separator)
    found, line = [], 1
    for row in reader:
        if row and any(row):
            found.append((row, line))
        line = reader.line_num + 1
    return [row for row, _ in found[1:]], [line for _, line in found[1:]]


@given(grids())
@bounded(150)
def test_a_well_formed_file_is_read_as_the_csv_module_reads_it(grid: Grid):
    table = read_delimited(grid.bytes())
    rows, lines = records(grid)
    assert (table.header, table.separator) == (grid.header, grid.separator)
    assert plain(table) == rows and table.frame[SOURCE_ROW].to_list() == lines and table.rejected.is_empty()
    assert table.frame.columns == [*unique_headings(grid.header), SOURCE_ROW] and table.received == len(rows)
    # Empty between quotes is not nothing at all.
    kept = [r for r in grid.records[1:] if any(c.text for c in r)]
    assert table.frame.drop(SOURCE_ROW).rows() == [
        tuple(c.text if c.text or c.quoted else None for c in r) for r in kept
    ]


DAMAGED = st.builds(
    "".join, st.lists(st.sampled_from(["a", "1", ";", ";", '"', '"', "\n", "\n", "é", "\r\n"]), max_size=40)
)


@given(DAMAGED, st.integers(2, 7))
@bounded(250)
def test_no_row_of_a_damaged_file_is_read_otherwise_than_by_the_csv_module(body: str, width: int):
    header = "abcdefg"[:width]
    text = ";".join(header) + "\n" + body
    table = read_delimited(text.encode())
    assert table.header == list(header) and table.received == table.frame.height + table.rejected.height
    lines = text.replace("\r\n", "\n").split("\n")
    for *cells, line in table.frame.rows():
        below = io.StringIO("\n".join(lines[line - 1 :]), newline="")
        assert [c or "" for c in cells] == next(csv.reader(below, delimiter=";"))
    # Every line that is not blank is read, set aside, or stands in a cell of a row read.
    at = sorted([*table.frame[SOURCE_ROW], *table.rejected["source_row"], len(lines) + 1])
    inside = {n for a, b in pairwise(at) for n in range(a, b)}
    skipped = {n for n, said in enumerate(lines, 1) if n > 1 and said.strip(';"')} - inside
    assert not skipped and len(set(at)) == len(at)


@given(st.one_of(grids(rows=20, narrowest=3).map(lambda g: (g.bytes(), g.header)), st.tuples(
    DAMAGED.map(lambda b: ("a;b;c\n" + b * 4).encode()), st.just(["a", "b", "c"]))), st.integers(64, 300),
    st.sampled_from([b"", b"sep=;\n", b"\n\n", b"Titre\n"]))  # fmt: skip
@bounded(120)
def test_blocks_of_a_file_are_the_file(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[bytes, list[str]], size: int, above: bytes
):
    data, header = made
    assume(not (above and (data.startswith((b"\xff\xfe", b"\xef\xbb\xbf")) or b";" not in data.split(b"\n")[0])))
    path = tmp_path_factory.mktemp("blocks") / "x.csv"
    path.write_bytes(above + data)

    def outcome(part: bytes, shift: int) -> tuple[list, list] | str:
        try:
            table = read_table(part, lambda found: found == header)
        except SourceError as error:
            return error.rule
        moved = pl.col(SOURCE_ROW) + shift
        return table.frame.with_columns(moved).rows(), table.rejected.with_columns(moved).rows()

    whole = outcome(above + data, 0)
    assume(not isinstance(whole, str))
    parts = [outcome(b.data, b.shift) for b in blocks(path, size)]
    assert all(not isinstance(p, str) for p in parts), parts
    assert ([r for p in parts for r in p[0]], [r for p in parts for r in p[1]]) == whole


FRAMES = st.lists(st.fixed_dictionaries({
    "text": st.one_of(st.none(), st.sampled_from(["a", "b", "", "é"])), "day": st.one_of(st.none(), st.dates()),
    "n": st.one_of(st.none(), st.integers(-5, 5)), "x": st.one_of(st.none(), st.floats(allow_nan=False)),
}), max_size=6)  # fmt: skip
SCHEMA = {"text": pl.String, "day": pl.Date, "n": pl.Int64, "x": pl.Float64}


@given(st.lists(st.tuples(st.sampled_from(["f", "g", "é/h.csv"]), FRAMES), min_size=1, max_size=6))
@bounded(40)
def test_parts_give_back_what_was_put_into_them(tmp_path_factory: pytest.TempPathFactory, written: list):
    parts = Parts(tmp_path_factory.mktemp("parts"))
    parts.clear("t")
    for file, rows in written:
        parts.append("t", file, pl.DataFrame(rows, schema=SCHEMA))
    files = list(dict.fromkeys(file for file, _ in written))
    assert parts.files("t") == files
    for file in files:
        expected = [tuple(row[c] for c in SCHEMA) for own, rows in written if own == file for row in rows]
        assert [r for _, frame in parts.of_file("t", file) for r in as_texts(frame).rows()] == expected
        scanned = parts.scan_file("t", file)
        assert scanned is not None and scanned.collect().rows() == expected
    digest = parts.digest("t")
    parts.clear("t")
    for file, rows in written:
        parts.append("t", file, pl.DataFrame(rows, schema=SCHEMA))
    assert parts.digest("t") == digest and parts.scan_file("t", "nowhere") is None


NAMES = ["team", "label", "headcount", "withdrawn_on"]
HEADED = {"team": ["team", "Team", " TEAM "], "label": ["label", "Label"], "headcount": ["headcount", "Headcount"],
          "withdrawn_on": ["withdrawn_on", "Withdrawn on", "withdrawn-on"]}  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["E1", "E2"]), st.sampled_from(["Scolarité", "Achats, ventes"]),
                          st.integers(1, 99).map(str), st.sampled_from(["", "2026-04-15"])), min_size=1, max_size=6),
       st.permutations(NAMES), st.sampled_from(["csv", "book"]), st.sampled_from([0, 1, 3]), st.data())  # fmt: skip
@bounded(50)
def test_a_register_in_any_dress_is_the_same_register(
    rows: list, order: list[str], dress: str, above: int, data: st.DataObject
):
    header = [data.draw(st.sampled_from(HEADED[n])) for n in order]
    body = [[row[NAMES.index(n)] for n in order] for row in rows]
    if dress == "book":
        title: list[list[object]] = [["Équipes"], *[[]] * (above - 1)] if above else []
        content = workbook({"Notes": [["à jour"]], "Équipes": [*title, header, *body]})  # type: ignore[list-item]
    else:
        cells = [tuple(map(Cell, r)) for r in ([["Équipes", "", "", ""]] * bool(above) + [header, *body])]
        encoding = data.draw(st.sampled_from(["utf-8-sig", "cp1252", "utf-16"]))
        content = Grid(tuple(cells), data.draw(st.sampled_from(",;\t")), encoding, "\r\n").bytes()
    table = read_register(content, lambda names: {"team", "label"} <= names, ["withdrawn_on"])
    assert sorted(table.header) == sorted(NAMES) and table.received == len(rows) and table.rejected.is_empty()
    assert [tuple(c or "" for c in row) for row in table.frame.select(NAMES).rows()] == rows
