"""Delimited text: encodings, separators, physical lines, malformed records."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.sources.base import SourceError
from pipelines.sources.text import blocks, read_delimited
from pipelines.sources.workbook import read_table


def test_null_is_not_empty_and_lines_are_physical():
    table = read_delimited('\ufeff"a";"b";"b"\r\n1;"x\r\ny";""\r\n\r\n2;3\r\n4;é;\r\n;;\r\n'.encode())
    assert (table.separator, table.encoding) == (";", "utf-8")
    assert table.frame.columns == ["a", "b", "b#2", "source_row"]
    assert table.frame.rows() == [("1", "x\ny", "", 2), ("4", "é", None, 6)]
    assert table.rejected.rows() == [(5, "malformed_row", None)]
    assert table.received == 3  # the two blank lines were never rows


@pytest.mark.parametrize("end", ["", "2;Oui;3,5\n4;\"5\n6\";7\n"], ids=["plain", "with a line break in a cell"])
def test_a_wording_with_more_commas_than_there_are_columns(end: str):
    text = f"id;Le matin, le soir, la nuit, ou encore ailleurs ?;Note\n1;Non, merci;2,5\n{end}"
    table = read_delimited(text.encode())
    assert table.separator == ";" and table.rejected.is_empty()
    assert table.frame.row(0) == ("1", "Non, merci", "2,5", 2)


def test_windows_1252_and_utf_16():
    assert read_delimited("a;b\n1;é\n".encode("cp1252")).frame["b"].to_list() == ["é"]
    assert read_delimited("a\tb\n1\té\n".encode("utf-16")).frame["b"].to_list() == ["é"]
    # Signs and capitals of Windows-1252 are not taken for another encoding.
    words = "l’été « œuvre » 5 € ŽIŽEK Žižek Škoda – … ‚cité‘"
    assert read_delimited(f"a;b\n1;{words}\n".encode("cp1252")).frame["b"].to_list() == [words]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        ("a;b\n1;x\n2;père\n".encode("mac_roman"), 3, "neither UTF-8 nor Windows-1252"),
        ("a;b\n1;Réponse\n".encode("mac_roman"), 2, "neither UTF-8 nor Windows-1252"),
        ("a;b\n1;Réponse\n".encode("cp850"), 2, "neither UTF-8 nor Windows-1252"),
        ("a;é\n1;x\n".encode() + "2;é\n".encode("cp1252"), 3, "mixes two encodings"),
    ],
)
def test_letters_are_refused_rather_than_read_wrong(data: bytes, line: int, words: str):
    with pytest.raises(SourceError) as refused:
        read_delimited(data)
    assert (refused.value.rule, refused.value.line) == ("unrecognised_file", line) and words in refused.value.message


def test_the_separator_a_spreadsheet_notes_above_the_header(tmp_path: Path):
    data = "\ufeffsep=;\r\na;b\r\n1;2\r\n3;4\r\n".encode()
    table = read_delimited(data)
    assert (table.header, table.frame.rows()) == (["a", "b"], [("1", "2", 3), ("3", "4", 4)])
    assert read_delimited(b"sep=,\na,b\n1,2\n").header == ["a", "b"]
    (tmp_path / "x.csv").write_bytes(data)
    parts = [(read_delimited(b.data).frame, b.shift) for b in blocks(tmp_path / "x.csv", size=20)]
    assert len(parts) > 1
    assert [(r[:2], r[2] + shift) for frame, shift in parts for r in frame.rows()] == [(("1", "2"), 3), (("3", "4"), 4)]


def test_a_truncated_file_sets_its_last_record_aside():
    table = read_delimited(b'a,b\n1,"x"\n2,"open')
    assert table.frame.rows() == [("1", "x", 2)]
    assert table.rejected.rows() == [(3, "malformed_row", None)]


@pytest.mark.parametrize(
    ("lines", "read", "aside"),
    [
        # One mark opens a cell that never ends: how many rows it holds is told, not that one row is bad.
        (['1;2;3', '"4;5;6', '7;8;9', '', '10;11;12'], [2], [3, 4, 6]),
        # Marks inside a quoted cell, text after it, or a separator between two marks of an unquoted one.
        (['1;"a "b" c";3', '4;5;6'], [3], [2]),
        (['1;"a"b;3', '4;5;6'], [3], [2]),
        (['1; "a;b";3', '4;5;6', '7;x"y\nz"t;9'], [3], [2, 4, 5]),
        # As letters of an unquoted cell they are read.
        (['1;12"N 9"W;3', '4;a"b"c"";6', '7;"a ""b"" c";9'], [2, 3, 4], []),
    ],
)  # fmt: skip
def test_marks_that_hold_no_whole_cell_set_their_lines_aside(lines: list[str], read: list[int], aside: list[int]):
    table = read_delimited("\n".join(["a;b;c", *lines, ""]).encode())
    assert table.frame["source_row"].to_list() == read and table.rejected["source_row"].to_list() == aside
    assert table.received == len(read) + len(aside)
    assert {len(c) for c in table.frame["a"]} <= {1}


def test_a_cell_that_has_swallowed_rows_is_told_line_by_line():
    # The second and the fourth line each have a stray mark in the same column: together they make one row of six cells.
    table = read_delimited(b'a;b;c;d;e;f\n1;2;3;4;5;6\n1;"x;3;4;5;6\n1;2;3;4;5;6\n1;y";3;4;5;6\n1;2;3;4;5;6\n')
    assert table.frame["source_row"].to_list() == [2, 6] and table.rejected["source_row"].to_list() == [3, 4, 5]
    words = read_delimited(b'a;b;c;d;e;f\n1;"deux; ou trois;\nlignes; de texte";3;4;5;6\n')
    assert words.frame.height == 1 and words.rejected.is_empty()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "empty_file"),
        (b" \n\n", "empty_file"),
        (b"a|b\n1|2\n", "wrong_delimiter"),
        (b"a,\0\n", "unrecognised_file"),
    ],
)
def test_files_refused(data: bytes, rule: str):
    with pytest.raises(SourceError) as refused:
        read_delimited(data)
    assert refused.value.rule == rule
    assert refused.value.action


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{i};{i}é;\n" for i in range(40)),
        "".join(f'{i};"ligne {i}\r\n;suite";x\r\n' for i in range(40)),
        "".join(f'{i};"ligne {i}\n";"suite\n"\n' for i in range(40)),
        "".join(f'{i};"ligne {i}\rsuite";x\r\n' for i in range(40)),
        "1;2;3\n" * 9 + "4;5\n" + "\n" * 7 + "6;7;8;9\n" + ";;\n" * 5 + '10;"11;12\n' + "13;14;15\n" * 9,
    ],
    ids=["plain", "quoted line breaks", "two cells with line breaks", "returns alone", "malformed"],
)
@pytest.mark.parametrize("size", [37, 64, 100])
def test_a_file_read_in_blocks_is_the_file_read_at_once(text: str, size: int, tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_bytes(("\ufeff\nun;deux;trois\n" + text).encode())
    whole = read_delimited(path.read_bytes())
    parts = list(blocks(path, size))
    assert len(parts) > 1
    read = [(read_delimited(b.data), b.shift) for b in parts]
    line = pl.col("source_row")
    assert_frame_equal(pl.concat(t.frame.with_columns(line + shift) for t, shift in read), whole.frame)
    assert_frame_equal(pl.concat(t.rejected.with_columns(line + shift) for t, shift in read), whole.rejected)
    assert sum(t.received for t, _ in read) == whole.received


@pytest.mark.parametrize("title", ["Suivi du temps\n\n", "Suivi du temps, mars\n", "Suivi;;;\n\n", "sep=;\n", ""])
def test_each_block_stands_below_the_header_and_what_is_above_it(title: str, tmp_path: Path):
    lines = "".join(f"{i};{i}é;x;y\n" for i in range(40))
    path = tmp_path / "x.csv"
    path.write_bytes((title + "un;deux;trois;quatre\n" + lines).encode())
    found = [(read_table(b.data, lambda header: "deux" in header), b.shift) for b in blocks(path, 100)]
    assert len(found) > 1 and all(t.header[2:] == ["trois", "quatre"] for t, _ in found)
    first = title.count("\n") + 2
    assert [r + shift for t, shift in found for r in t.frame["source_row"]] == list(range(first, first + 40))


def test_plain_text_with_a_short_and_a_long_record_is_not_taken_for_whole():
    table = read_delimited(b"a,b\n1\n2,3,4\n5,6\n")
    assert table.frame.rows() == [("5", "6", 4)]
    assert table.rejected["source_row"].to_list() == [2, 3]


@pytest.mark.parametrize(
    "text",
    [
        '"a";"b"\r\n"1";"x"\r\n"2";""\r\n"3";\r\n', '"a";"b"\n"1";"x"\n"2"', '"a";"b"\n"1";"x"\n\n\n',
        '"a";"b"\r\n"1";"x"\r\n\r\n', '"a";"b"\n"1";"x;y"\n"2";"z"\n', '"a;b";"c"\n"1";"x"\n', 'a;"b ""c"""\n1;2\n',
        '"a";"b"\n"1";"say ""x"""\n', '"a";"b"\n"1";"x\ny"\n"2";"z"\n', '"a";"b"\n"1"\n"2";"x"\n', '"a\nb";"c"\n1;2\n',
        '"a";"b"\n"1";"x";"y"\n"2";"z"\n', '"a";"b"\n"1";"x\n"2";"z"\n', '"a";"b"\r\n"1";"x"\n"2";"y\rz"\n',
        '"a";"b"\n\n"1";"x"\n',
        '\n"a";"b"\n"1";"x"\n', '"a";"b"\n1;x"\n2;y\n', '"a";"b"\n"1";"é\u00a0x"\n', '"a";"b"\n;\n',
        '"a";"b"\n', '"a";"b"', 'a;b\n1;"x\n', '"a";"b"\n"1" ;"x"\n',
    ],
)  # fmt: skip
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_reading_quoted_lines_at_once_changes_nothing(text: str, bom: str, monkeypatch: pytest.MonkeyPatch):
    def outcome() -> tuple[object, ...]:
        try:
            table = read_delimited((bom + text).encode())
        except SourceError as error:
            return error.rule, error.message
        told = (table.header, table.received, table.separator, table.encoding)
        return *told, table.frame.rows(), table.frame.schema, table.rejected.rows()

    at_once = outcome()
    monkeypatch.setattr("pipelines.sources.text._read_plain", lambda *_: None)
    assert at_once == outcome()
