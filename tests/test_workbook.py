"""What spreadsheets save: the table found wherever it stands, every cell as text, what cannot be read said in words."""

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter

from pipelines.sources.base import SourceError
from pipelines.sources.text import TextTable
from pipelines.sources.workbook import read_sheets, read_table, with_dates

HEADER = ["Équipe", "Jour", "Durée"]


def recognises(header: list[str]) -> bool:
    return set(HEADER) <= set(header)


def workbook(*sheets: dict[str, Any], **options: object) -> bytes:
    """A workbook; a sheet is {name, hidden, merge, cells: {(row, column): value or (value, number format)}}."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        for described in sheets:
            sheet = book.add_worksheet(described.get("name"))
            for where in described.get("merge", ()):
                sheet.merge_range(*where)
            for (row, column), value in described["cells"].items():
                if isinstance(value, tuple):
                    sheet.write(row, column, value[0], book.add_format({"num_format": value[1]}))
                elif isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(row, column, value, None, "#DIV/0!")
                else:
                    sheet.write(row, column, value)
            if described.get("hidden"):
                sheet.hide()
    return buffer.getvalue()


def rows(start: int, *lines: list[object]) -> dict[tuple[int, int], object]:
    return {(start + i, j): v for i, line in enumerate(lines) for j, v in enumerate(line)}


def read(data: bytes) -> TextTable:
    table = read_table(data, recognises)
    assert table.received == table.frame.height + table.rejected.height
    return table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5, "5"), (2.5, "2.5"), (0.1 + 0.2, "0.3"), (1234567890123456, "1234567890123456"), (True, "true"),
        ((datetime(2026, 3, 2), "dd/mm/yyyy"), "2026-03-02"),
        ((datetime(2026, 3, 2, 9, 5), "hh:mm"), "2026-03-02 09:05:00"),
        ((0.375, "hh:mm"), "9:00:00"), ((1.25 / 24, "[h]:mm"), "1:15:00"), ((30 / 24, "[h]:mm"), "30:00:00"),
        ((-0.5 / 24, "[h]:mm"), "-0:30:00"), ((0.0104, "mm:ss"), "0:14:59"), ((0.25, "0%"), "0.25"),
        (" a\u00a0", " a\u00a0"),
        ("=1/0", "#DIV/0!"),
    ],
)  # fmt: skip
def test_a_cell_as_text(value: object, shown: str):
    data = workbook({"cells": {**rows(3, HEADER, ["A", None, "1"]), (4, 1): value}})
    assert read(data).frame.rows() == [("A", shown, "1", 5)]


def test_durations_of_a_workbook_that_counts_days_from_1904():
    cells = {
        **rows(0, HEADER, ["A", None, None]),
        (1, 1): (datetime(2026, 3, 2), "dd/mm/yyyy"),
        (1, 2): (1.5 / 24, "[h]:mm"),
    }
    assert read(workbook({"cells": cells}, date_1904=True)).frame.rows() == [("A", "2026-03-02", "1:30:00", 2)]


def test_the_header_stands_below_a_merged_title_and_a_notice_among_other_sheets():
    cells = {
        (3, 0): "À rendre le 5",
        **rows(6, [None, *HEADER, None, "Note"], [], [None, "A", "x", "1"], [], [None, "B", "y", "2"]),
    }
    data = workbook(
        {"name": "Aide", "cells": rows(0, ["Comment", "remplir"], ["a", "b"])},
        {"name": "Saisie", "merge": [(0, 0, 1, 4, "Feuille de l'équipe")], "cells": cells},
        {"name": "Listes", "hidden": True, "cells": rows(0, ["oui"], ["non"])},
    )
    table = read(data)
    assert table.header == [*HEADER, "Note"]  # the columns without heading and value are left out
    assert table.frame.rows() == [("A", "x", "1", None, 9), ("B", "y", "2", None, 11)]
    assert list(read_sheets(data, recognises)) == ["Saisie"]


def test_a_header_nobody_recognises_is_the_first_row_that_is_no_title_of_the_only_table():
    data = workbook(
        {"cells": {(0, 0): "Un titre", **rows(2, ["a", "b", "c"], [1, None, 2])}}, {"cells": {(0, 0): "Rien"}}
    )
    assert read(data).header == ["a", "b", "c"] and read(data).frame.rows() == [("1", None, "2", 4)]


def test_bare_numbers_are_dates_in_the_date_columns_of_a_workbook_only():
    table = read(
        workbook({"cells": rows(0, HEADER, [46083, 46083, 1], ["A", 46083.375, 1], ["B", 12, 1], ["C", "3/2", 1])})
    )
    assert with_dates(table, ["Jour"]).frame["Jour"].to_list() == ["2026-03-02", "2026-03-02 09:00:00", "12", "3/2"]
    assert with_dates(table, ["Jour"]).frame["Équipe"][0] == "46083"
    text = read(";".join(HEADER).encode() + b"\nA;46083;1\n")
    assert with_dates(text, ["Jour"]).frame["Jour"].to_list() == ["46083"]


def ods() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office:document-content/>")
    return buffer.getvalue()


GOOD = workbook({"name": "Mars", "cells": rows(0, HEADER, ["A", 1, 2])})
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512
REFUSED = {
    "two sheets": (workbook({"name": "Mars", "cells": rows(0, HEADER, [1])}, {"name": "Copie", "hidden": True,
                    "cells": rows(0, HEADER, [2])}), "« Mars » and « Copie (hidden) » have the same headings"),
    "no sheet of the two": (workbook({"name": "A", "cells": rows(0, ["a", "b"])},
                                     {"name": "B", "cells": rows(0, ["c", "d"])}),
                            "None of the sheets « A » and « B »"),
    "nothing": (workbook({"name": "A", "cells": {}}), "No sheet"),
    "a password": (OLD + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    "an old workbook": (OLD, "old .xls format"),
    "another workbook": (ods(), ".ods"),
    "an archive": (ods().replace(b"opendocument", b"another_kind"), "an archive, not a workbook"),
    "cut short": (GOOD[: len(GOOD) // 2], "damaged or cut short"),
    "commas in decimals": (",".join(HEADER).encode() + b"\nA,02/03/2026,1,5\nB,02/03/2026,2,5\nC,02/03/2026,3\n",
                           "both between the columns and in the decimals"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_said_in_words(what: str):
    data, words = REFUSED[what]
    with pytest.raises(SourceError) as refused:
        read(data)
    assert words in refused.value.message and refused.value.action


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    "above", ["sep=;", "Suivi du temps;;", 'Suivi du temps : mars, avril\r\n\r\n"Une notice\r\nsur deux lignes";;']
)
def test_text_with_something_above_its_header(above: str, encoding: str):
    text = "\r\n".join([above, ";".join(HEADER), "A;02/03/2026;1,5", ";;", "B;03/03/2026;2", ""])
    table = read(text.encode(encoding))
    first = above.count("\n") + 3
    assert table.header == HEADER
    assert table.frame.rows() == [("A", "02/03/2026", "1,5", first), ("B", "03/03/2026", "2", first + 2)]


def test_text_with_a_title_above_a_header_nobody_recognises():
    assert read(b"Titre;;\n\na;b;c\n1;2;3\n").frame.rows() == [("1", "2", "3", 4)]
    # Questions above their parts are no title: the reader of that format puts the two rows together.
    assert read(b"Q1;;Q2;\na;b;c;d\n1;2;3;4\n").header == ["Q1", "", "Q2", ""]
