"""Delimited text: encodings, separators, physical lines, malformed records."""

import pytest

from pipelines.sources.base import SourceError
from pipelines.sources.text import read_delimited


def test_null_is_not_empty_and_lines_are_physical():
    table = read_delimited('\ufeff"a";"b";"b"\r\n1;"x\r\ny";""\r\n\r\n2;3\r\n4;é;\r\n;;\r\n'.encode())
    assert (table.separator, table.encoding) == (";", "utf-8")
    assert table.frame.columns == ["a", "b", "b#2", "source_row"]
    assert table.frame.rows() == [("1", "x\ny", "", 2), ("4", "é", None, 6)]
    assert table.rejected.rows() == [(5, "malformed_row", None)]
    assert table.received == 3  # the two blank lines were never rows


def test_windows_1252_and_utf_16():
    assert read_delimited("a;b\n1;é\n".encode("cp1252")).frame["b"].to_list() == ["é"]
    assert read_delimited("a\tb\n1\té\n".encode("utf-16")).frame["b"].to_list() == ["é"]


def test_a_truncated_file_sets_its_last_record_aside():
    table = read_delimited(b'a,b\n1,"x"\n2,"open')
    assert table.frame.rows() == [("1", "x", 2)]
    assert table.rejected.rows() == [(3, "malformed_row", None)]


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
