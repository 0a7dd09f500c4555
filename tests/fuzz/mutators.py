"""How files are spoilt: what leaves their meaning alone, what loses rows, what may do anything.

Belongs here: one function per kind of damage, each deterministic for one generator. What must hold afterwards is in
judge.py.
"""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

import numpy as np

from tests.fuzz.grid import SEPARATORS, Cell, Grid, Record, parse, workbook
from tests.fuzz.subjects import Subject, subjects

Kind = Literal["same", "local", "loses", "any"]
Rng = np.random.Generator
_KINDS: tuple[Kind, ...] = ("same", "local", "loses", "any")
_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre")  # fmt: skip


@dataclass(frozen=True)
class Damage:
    """What was done. `kind`: `same` meaning; `local`: only `touched` records changed, none was taken out; `loses`:
    records were taken out too; `any`. `moved`: lines or rows stand elsewhere; `added`: more rows, that repeat others.
    `refused`: the house always refuses it, which is as good."""

    kind: Kind = "same"
    moved: bool = False
    added: bool = False
    touched: int = 0
    block: int | None = None

    def then(self, other: "Damage") -> "Damage":
        """Both, one after the other."""
        worse = max(self.kind, other.kind, key=_KINDS.index)
        return Damage(worse, self.moved or other.moved, self.added or other.added, self.touched + other.touched,
                      other.block or self.block)  # fmt: skip


OnGrid = Callable[[Rng, Grid, Subject], tuple[Grid, Damage] | None]
OnBytes = Callable[[Rng, bytes, Subject], tuple[bytes, Damage] | None]
SAME, MOVED = Damage(), Damage(moved=True)
TABLES: dict[str, OnGrid] = {}  # columns, rows and cells
LINES: dict[str, OnGrid] = {}  # lines that are no rows
WRITING: dict[str, OnGrid] = {}  # encoding, separators, quotes
BYTES: dict[str, OnBytes] = {}
BOOKS: dict[str, OnBytes] = {}  # workbooks


def _in(stage: dict[str, Callable]) -> Callable[[Callable], Callable]:  # type: ignore[type-arg]
    def add(function: Callable) -> Callable:  # type: ignore[type-arg]
        stage[function.__name__] = function
        return function

    return add


def spoil(names: tuple[str, ...], seed: int, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """`data` after these mutators, in the order they stand in below; None when one has nothing to work on."""
    rng = np.random.default_rng([seed, *(sum(map(ord, n)) for n in names)])
    damage = SAME
    if on_grid := [mutate for stage in (TABLES, LINES, WRITING) for n, mutate in stage.items() if n in names]:
        grid = parse(data)
        for mutate in on_grid:
            if (done := mutate(rng, grid, subject)) is None:
                return None
            grid, more = done
            damage = damage.then(more)
        try:
            data = grid.bytes()
        except UnicodeEncodeError:  # its encoding has no such sign
            return None
    for change in (change for n, change in {**BYTES, **BOOKS}.items() if n in names):
        if (changed := change(rng, data, subject)) is None:
            return None
        data, more = changed
        damage = damage.then(more)
    return data, damage


def _header(grid: Grid, subject: Subject) -> int:
    return 1 + subject.below


def _pick(rng: Rng, grid: Grid, subject: Subject, most: int = 1) -> list[int]:
    """Positions of some rows, at least one."""
    first, last = _header(grid, subject), len(grid.records)
    n = int(rng.integers(1, most + 1))
    return sorted({int(i) for i in rng.integers(first, last, n)})


def _with(record: Record, at: int, text: str) -> Record:
    return (*record[:at], record[at]._replace(text=text), *record[at + 1 :])


def _cell(rng: Rng, grid: Grid, row: int, *, filled: bool = True) -> int | None:
    cells = [j for j, c in enumerate(grid.records[row]) if c.text.strip() or not filled]
    return int(rng.choice(cells)) if cells else None


# -------------------------------------------------------------------------------------------- columns, rows and cells
@_in(TABLES)
def columns_shuffled(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    fixed = subject.fixed
    free = np.arange(fixed, len(grid.header))
    if subject.below or len({h.strip().lower() for h in grid.header}) < len(grid.header):
        return None  # headings that repeat, or span columns, are known by their order
    order = [*range(fixed), *map(int, rng.permutation(free))]
    return grid.with_records(*(tuple(r[i] for i in order) for r in grid.records)), SAME


@_in(TABLES)
def rows_shuffled(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    if subject.fixed:
        return None  # numbers of rows in order are how such a column is known
    n = _header(grid, subject)
    rows = [grid.records[n + int(i)] for i in rng.permutation(len(grid.records) - n)]
    return grid.with_records(*grid.records[:n], *rows), MOVED


@_in(TABLES)
def empty_columns(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    if subject.below:
        return None  # a column without heading belongs to the question on its left
    more = (Cell(""),) * int(rng.integers(1, 4))
    return grid.with_records(*(r + more for r in grid.records)), SAME


@_in(TABLES)
def spaces(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    """No-break spaces for spaces, and spaces around what is written."""

    def padded(cell: Cell) -> Cell:
        if not cell.text.strip() or cell.text == "-99":  # Qualtrics' own sign
            return cell
        inside = cell.text.replace(" ", "\u00a0" if rng.random() < 0.5 else " ")
        return cell._replace(text=str(rng.choice(["", " ", "\u00a0"])) + inside + str(rng.choice(["", " ", "\u00a0 "])))

    n = subject.fixed
    return grid.with_records(*((*r[:n], *map(padded, r[n:])) for r in grid.records)), SAME


@_in(TABLES)
def dates_respelt(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    """Every date of the file in another spelling of the same days."""
    at = {i: subject.dates[h] for i, h in enumerate(grid.header) if h in subject.dates}
    if not at:
        return None
    spellings = ["iso", "dmy", "words", "slashes", "short", *([] if subject.declared else ["mdy"])]
    spelling = str(rng.choice(spellings))

    def respelt(record: Record) -> Record:
        for i, order in at.items():
            if i < len(record) and (day := _day(record[i].text, order)) is not None:
                record = _with(record, i, _written(day, spelling))
        return record

    return grid.with_records(grid.records[0], *map(respelt, grid.records[1:])), SAME


def _day(text: str, order: str) -> date | None:
    found = re.fullmatch(r"(\d{1,4})[-/](\d{1,2})[-/](\d{1,4})", text)
    if not found:
        return None
    a, b, c = map(int, found.groups())
    try:
        return date(a, b, c) if order == "ymd" else date(c, b, a)
    except ValueError:
        return None


def _written(day: date, spelling: str) -> str:
    return {
        "iso": f"{day:%Y-%m-%d}", "dmy": f"{day:%d/%m/%Y}", "mdy": f"{day.month}/{day.day}/{day.year}",
        "words": f"{day.day} {_MONTHS[day.month - 1]} {day.year}", "slashes": f"{day:%Y/%m/%d}",
        "short": f"{day.day}.{day.month}.{day:%y}",
    }[spelling]  # fmt: skip


@_in(TABLES)
def numbers_respelt(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    """Decimal points for commas and back."""
    at = [i for i, h in enumerate(grid.header) if h in subject.numbers]
    if not at:
        return None

    def respelt(record: Record) -> Record:
        for i in at:
            if i < len(record) and re.fullmatch(r"\d+[.,]\d+", record[i].text):
                record = _with(record, i, record[i].text.translate(str.maketrans(",.", ".,")))
            elif i < len(record) and record[i].text.isdecimal():
                record = _with(record, i, record[i].text + str(rng.choice([",0", ".0", ""])))
        return record

    return grid.with_records(grid.records[0], *map(respelt, grid.records[1:])), SAME


@_in(TABLES)
def minutes_respelt(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    """Minutes of a sheet as hands write them."""
    at = [i for i, h in enumerate(grid.header) if h in subject.minutes]
    if not at:
        return None

    def respelt(record: Record) -> Record:
        for i in at:
            if record[i].text.isdecimal():
                hours, rest = divmod(int(record[i].text), 60)
                said = [f"{hours}h{rest:02}", f"{hours}:{rest:02}", f"{record[i].text} min", f"{record[i].text}'",
                        f"{hours} h {rest}", f"{record[i].text},0", f"{hours} heures et {rest} minutes"]  # fmt: skip
                record = _with(record, i, str(rng.choice(said)))
        return record

    return grid.with_records(grid.records[0], *map(respelt, grid.records[1:])), SAME


@_in(TABLES)
def rows_repeated(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    n = _header(grid, subject)
    a = int(rng.integers(n, len(grid.records)))
    again = grid.records[a : a + int(rng.integers(1, 6))]
    same = not (subject.counted_twice or subject.alone)
    done = Damage("same" if same else "any", moved=True, added=True)
    return grid.with_records(*grid.records, *again), done


@_in(TABLES)
def unknown_column(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    """A column of the office's own, with something nobody may read."""
    at = int(rng.integers(subject.fixed, len(grid.header) + 1))
    cells = [Cell("Suivi interne"), *(Cell(f"secret {i}") for i in range(len(grid.records) - 1))]
    return grid.with_records(*((*r[:at], c, *r[at:]) for r, c in zip(grid.records, cells, strict=True))), SAME


@_in(TABLES)
def rows_dropped(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    n = _header(grid, subject)
    kept = [r for r in grid.records[n:] if rng.random() < 0.7]
    return grid.with_records(*grid.records[:n], *kept), Damage("loses", moved=True)


@_in(TABLES)
def cells_swapped(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    records = list(grid.records)
    rows = _pick(rng, grid, subject, 3)
    for i in rows:
        a, b = (int(j) for j in rng.integers(0, len(records[i]), 2))
        cells = list(records[i])
        cells[a], cells[b] = cells[b], cells[a]
        records[i] = tuple(cells)
    return grid.with_records(*records), Damage("local", touched=len(rows))


@_in(TABLES)
def cells_lost_or_added(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    records = list(grid.records)
    rows = _pick(rng, grid, subject, 3)
    for i in rows:
        at = int(rng.integers(0, len(records[i])))
        more = (Cell("x"),) if rng.random() < 0.5 else ()
        records[i] = (*records[i][:at], *more, *records[i][at + (not more) :])
    return grid.with_records(*records), Damage("local", touched=len(rows))


_STRANGE = (
    "0", "-1", "1e308", "1e400", "999999999999999999999999", "-0", "NaN", "inf", "٣٤", "１２", "½", "1.2.3",
    "1,2,3", "--",
    "#N/A", "=1+1", "25:61", "24:00", "-1:15", "99999:00", "1h75", "0001-01-01", "9999-12-31", "2026-02-30",
    "31/12/99999", "00/00/0000", "2026-03-29 02:30:00", "1 000 000", "1\u00a0000", "0x1F", "1_000", "²", "\u200b",
    "\ufeff", "\u202e12", "null", "None", "true", "N/A", "-oth-", "'=A1", "<b>12</b>", "&#49;&#50;", "<!--", "<script",
    "12\n34", "a\tb", "a;b,c", '"', "''", "\\", "%s", "{0}", "${x}", "\x1b[31m", "Total", "Date", "é" * 40,
)  # fmt: skip


@_in(TABLES)
def strange_cells(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    records = list(grid.records)
    rows = _pick(rng, grid, subject, 4)
    for i in rows:
        records[i] = _with(records[i], int(rng.integers(0, len(records[i]))), str(rng.choice(_STRANGE)))
    return grid.with_records(*records), Damage("local", touched=len(rows))


@_in(TABLES)
def strange_column(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    """Every cell of a column says the same strange thing, or one of several."""
    at, said = int(rng.integers(0, len(grid.header))), rng.choice(_STRANGE, int(rng.integers(1, 4)))
    rows = [_with(r, at, str(rng.choice(said))) if at < len(r) else r for r in grid.records[1:]]
    return grid.with_records(grid.records[0], *rows), Damage("any")


@_in(TABLES)
def huge_cell(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    records = list(grid.records)
    i = int(rng.integers(0, len(records)))
    pattern = str(
        rng.choice(["x", "9", "a b ", "<b>", "<script", "<!--", "a.b..", "l'été ", "1,", "é;", "&amp;", "[", "{"])
    )
    at = int(rng.integers(0, len(records[i])))
    records[i] = _with(records[i], at, pattern * int(rng.integers(1_000, 60_000)))
    return grid.with_records(*records), Damage("any" if i < _header(grid, subject) else "local", touched=1)


@_in(TABLES)
def dates_swapped(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    """Day and month the other way round in some rows, as a spreadsheet does."""
    at = {i for i, h in enumerate(grid.header) if h in subject.dates}
    if not at:
        return None
    touched = 0

    def swapped(record: Record) -> Record:
        nonlocal touched
        for i in at:
            if i < len(record) and rng.random() < 0.2:
                said = re.sub(r"^(\d{4})-(\d\d)-(\d\d)", r"\1-\3-\2", record[i].text)
                touched += 1
                record = _with(record, i, re.sub(r"^(\d\d?)/(\d\d?)/", r"\2/\1/", said))
        return record

    return grid.with_records(grid.records[0], *map(swapped, grid.records[1:])), Damage("local", touched=touched)


@_in(TABLES)
def columns_dropped(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    kept = [i for i in range(len(grid.header)) if rng.random() < 0.85]
    return grid.with_records(*(tuple(r[i] for i in kept if i < len(r)) for r in grid.records)), Damage("any")


@_in(TABLES)
def column_repeated(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    i = int(rng.integers(0, len(grid.header)))
    return grid.with_records(*((*r, r[i]) for r in grid.records)), Damage("any")


@_in(TABLES)
def headings_shuffled(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    """Headings no longer above their columns."""
    header = [grid.records[0][int(i)] for i in rng.permutation(len(grid.header))]
    return grid.with_records(tuple(header), *grid.records[1:]), Damage("any")


@_in(TABLES)
def two_headings_swapped(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    header = list(grid.records[0])
    a, b = (int(i) for i in rng.integers(0, len(header), 2))
    header[a], header[b] = header[b], header[a]
    return grid.with_records(tuple(header), *grid.records[1:]), Damage("any")


@_in(TABLES)
def header_lost(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    return grid.with_records(*grid.records[1:]), Damage("any")


@_in(TABLES)
def headings_respelt(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    """Headings in capitals, cut, or mangled as R does."""
    way = int(rng.integers(0, 4))
    changes: list[Callable[[str], str]] = [
        str.upper,
        lambda h: h[:3],
        lambda h: re.sub(r"\W", ".", h),
        lambda h: h + "." + str(int(rng.integers(1, 4))),
    ]
    header = tuple(c._replace(text=changes[way](c.text)) if rng.random() < 0.5 else c for c in grid.records[0])
    return grid.with_records(header, *grid.records[1:]), Damage("any")


@_in(TABLES)
def pasted_below(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    """Another file of somebody's at the end of this one."""
    others = [d for s in subjects().values() for f, d in s.files.items() if f.endswith(".csv") and f in s.spoilt]
    other = parse(others[int(rng.integers(0, len(others)))])
    return grid.with_records(*grid.records, *other.records), Damage("any")


# --------------------------------------------------------------------------------------------- lines that are no rows
@_in(LINES)
def header_repeated(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    at = int(rng.integers(_header(grid, subject), len(grid.records) + 1))
    records = (*grid.records[:at], grid.records[0], *grid.records[at:])
    return grid.with_records(*records), Damage(moved=True, added=True)


@_in(LINES)
def totals_below(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    if not subject.study.sources or subject.study.sources[0].is_survey or subject.name == "registers":
        return None
    total = [Cell("")] * len(grid.header)
    total[0] = Cell("Total")
    if "Date" in grid.header:
        total[0], total[grid.header.index("Date")] = Cell(""), Cell("Total")
    return grid.with_records(*grid.records, tuple(total)), Damage("any", added=True)


@_in(LINES)
def blank_lines(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    blank, wide = (Cell(""),), (Cell(""),) * len(grid.header)
    records: list[Record] = [blank] * int(rng.integers(0, 3))
    for i, record in enumerate(grid.records):
        records.append(record)
        if rng.random() < 0.3:
            records += [blank if rng.random() < 0.5 or i < subject.below + 1 else wide] * int(rng.integers(1, 3))
    return grid.with_records(*records), MOVED


@_in(LINES)
def title_above(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    if subject.below:
        return None
    above: list[Record] = [(Cell("Export du 3 mars 2026"),), (Cell(""),)]
    wide = (Cell("Relevé"), *(Cell(""),) * (len(grid.header) - 1))
    return grid.with_records(*(above if rng.random() < 0.5 else [wide]), *grid.records), MOVED


# -------------------------------------------------------------------------------------------------- how it is written
@_in(WRITING)
def encoding(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    return replace(grid, encoding=str(rng.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))), SAME


@_in(WRITING)
def newline(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    to = str(rng.choice(["\n", "\r\n", "\r"]))
    # Lines inside cells count too, once every line break is the same sign.
    return replace(grid, newline=to), SAME


@_in(WRITING)
def quoting(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    return replace(grid, quoting=str(rng.choice(["all", "needed"]))), SAME


@_in(WRITING)
def separator(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    return replace(grid, separator=str(rng.choice(list(SEPARATORS.replace(grid.separator, ""))))), SAME


@_in(WRITING)
def separator_line(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage]:
    return grid.with_records((Cell(f"sep={grid.separator}"),), *grid.records), MOVED


@_in(WRITING)
def as_workbook(rng: Rng, grid: Grid, subject: Subject) -> tuple[Grid, Damage] | None:
    """The same table saved as text cells of a workbook, with another sheet or not."""
    if grid.records[0][0].text.startswith("sep="):
        return None
    return replace(grid, book="Feuil1" if rng.random() < 0.5 else "Feuil1, Aide"), MOVED


# ------------------------------------------------------------------------------------------------------------- bytes
@_in(BYTES)
def in_blocks(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage]:
    return data, Damage(block=int(rng.choice([64, 65, 100, 255, 1024, int(rng.integers(64, 5000))])))


@_in(BYTES)
def end_of_file(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    if data.startswith((b"\xff\xfe", b"PK")):
        return None
    more = [b"", b"\n\n\n", b"\r\n\r\n", b"\n" * 300]
    return data.rstrip(b"\r\n") + more[int(rng.integers(0, len(more)))], SAME


@_in(BYTES)
def cut(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage]:
    at = int(rng.integers(0, len(data)))
    return data[:at], Damage("loses", touched=1)


@_in(BYTES)
def cut_at_a_page(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage]:
    """As a full disk does."""
    page = int(rng.choice([512, 1024, 2048]))
    return data[: max(1, len(data) // page) * page], Damage("loses", touched=1)


@_in(BYTES)
def hole(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """A piece out of the middle."""
    first = data.find(b"\n") + 1
    if not 0 < first < len(data) - 2 or subject.below:
        return None
    a, b = sorted(int(i) for i in rng.integers(first, len(data), 2))
    return data[:a] + data[b:], Damage("loses", touched=1, moved=True)


def _somewhere(rng: Rng, data: bytes) -> int:
    """A byte below the header."""
    first = data.find(b"\n") + 1
    return int(rng.integers(first, len(data))) if first < len(data) else 0


@_in(BYTES)
def bytes_flipped(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage]:
    changed = bytearray(data)
    for _ in range(n := int(rng.integers(1, 4))):
        at = int(rng.integers(0, len(data)))
        changed[at] ^= 1 << int(rng.integers(0, 8))
    return bytes(changed), Damage("any", touched=2 * n)


@_in(BYTES)
def signs_changed(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """Signs that mean something put in or taken out below the header."""
    if data.startswith((b"PK", b"\xff\xfe")) or subject.below:
        return None
    at = _somewhere(rng, data)
    sign = [b'"', b";", b",", b"\n", b"\r", b"\t", b" ", b"'", b"\xe9", b"\xc3\xa9", b"0", b"-"]
    taken = int(rng.integers(0, 2))
    new = sign[int(rng.integers(0, len(sign)))] if not taken or rng.random() < 0.5 else b""
    return data[:at] + new + data[at + taken :], Damage("local", touched=2, moved=True)


@_in(BYTES)
def quote_unbalanced(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """A quotation mark at the start of a cell, at its end, or inside."""
    signs = [m.start() for m in re.finditer(rb"[,;\t\n]", data)][1:]
    if not signs or data.startswith((b"PK", b"\xff\xfe")) or subject.below:
        return None
    below = [s for s in signs if s >= data.find(b"\n")]
    at = int(rng.choice(below or signs)) + int(rng.integers(0, 2))
    return data[:at] + b'"' + data[at:], Damage("local", touched=2, moved=True)


@_in(BYTES)
def nul(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage]:
    at = int(rng.integers(0, len(data)))
    return data[:at] + b"\0" * int(rng.integers(1, 4)) + data[at:], Damage("any")


@_in(BYTES)
def mark_inside(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage]:
    at = int(rng.integers(0, len(data)))
    return data[:at] + b"\xef\xbb\xbf" + data[at:], Damage("any")


@_in(BYTES)
def mixed_encodings(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """Some lines in another encoding, as when two files are pasted together."""
    if data.startswith((b"PK", b"\xff\xfe")):
        return None
    lines, changed = data.split(b"\n"), []
    for line in lines:
        try:
            other = line.decode().encode("cp1252") if rng.random() < 0.3 else line
        except UnicodeError:
            other = line.decode("cp1252", errors="replace").encode()
        changed.append(other)
    return b"\n".join(changed), Damage("any")


@_in(BYTES)
def read_as_another(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """Saved once under a wrong idea of its encoding: é for é, or letters of a Macintosh."""
    if data.startswith((b"PK", b"\xff\xfe")):
        return None
    try:
        text = data.decode()
    except UnicodeError:
        text = data.decode("cp1252", errors="replace")
    way = int(rng.integers(0, 4))
    try:
        return [
            lambda: text.encode().decode("cp1252", errors="replace").encode(), lambda: text.encode("mac_roman"),
            lambda: text.encode("cp850"), lambda: text.encode("utf-16-le"),
        ][way](), Damage("any")  # fmt: skip
    except UnicodeError:
        return None


@_in(BYTES)
def spliced(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage]:
    """The start of this file, then the end of another."""
    others = [d for s in subjects().values() for d in s.files.values()]
    other = others[int(rng.integers(0, len(others)))]
    return data[: int(rng.integers(0, len(data)))] + other[int(rng.integers(0, len(other))) :], Damage("any")


# --------------------------------------------------------------------------------------------------------- workbooks
@_in(BOOKS)
def zip_cut(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    return (data[: int(rng.integers(1, len(data)))], Damage("any")) if data.startswith(b"PK") else None


@_in(BOOKS)
def zip_flipped(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    if not data.startswith(b"PK"):
        return None
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        changed[int(rng.integers(0, len(data)))] = int(rng.integers(0, 256))
    return bytes(changed), Damage("any")


@_in(BOOKS)
def part_spoilt(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """One part of the workbook cut, flipped, emptied, repeated or taken out, in an archive that is whole."""
    if not data.startswith(b"PK"):
        return None
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = {n: book.read(n) for n in book.namelist()}
    wanted = [n for n in parts if re.search(r"sheet\d|sharedStrings|styles|workbook", n)]
    name = str(rng.choice(wanted))
    text = parts[name]
    a, b = sorted(int(i) for i in rng.integers(0, len(text), 2))
    numbers = [m.span() for m in re.finditer(rb"\d+", text)]
    at = numbers[int(rng.integers(0, len(numbers)))]
    other = str(rng.choice(["0", "-1", "4294967296", "1048577", "99999999999999999999", "x", "1e999"])).encode()
    ways = [text[:a], text[:a] + text[b:], b"", text[:b] + text[a:], text[: at[0]] + other + text[at[1] :],
            text[: at[0]] + other + text[at[1] :], text[: at[0]] + other + text[at[1] :]]  # fmt: skip
    way = int(rng.integers(0, len(ways) + 1))
    parts = {n: t for n, t in parts.items() if n != name or way < len(ways)}
    if way < len(ways):
        parts[name] = ways[way]
    return _zipped(parts), Damage("any")


@_in(BOOKS)
def attributes_changed(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """Types and references of cells changed."""
    if not data.startswith(b"PK"):
        return None
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        parts = {n: book.read(n) for n in book.namelist()}
    name = str(rng.choice([n for n in parts if re.search(r"worksheets/sheet\d", n)]))
    olds = [b't="s"', b' s="1"', b'r="A', b'r="B', b"<v>", b"</c>", b"<row ", b"dimension ref=", b"</row>"]
    news = [b't="n"', b't="d"', b't="b"', b't="e"', b't="inlineStr"', b't="str"', b' s="99"', b'r="XFD', b'r="',
            b"<v>-", b"<v>1e999", b"", b"<v></v><v>"]  # fmt: skip
    text = parts[name].replace(olds[int(rng.integers(0, len(olds)))], news[int(rng.integers(0, len(news)))],
                               int(rng.integers(1, 30)))  # fmt: skip
    return _zipped({**parts, name: text}), Damage("any")


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


@_in(BOOKS)
def sheets_changed(rng: Rng, data: bytes, subject: Subject) -> tuple[bytes, Damage] | None:
    """The same sheets in another order, below a title, beside others, with rows and columns left blank."""
    if subject.name != "typed_sheet":
        return None
    sheets = dict(subject.sheets)
    names = [str(n) for n in rng.permutation(list(sheets))]
    title: list[list[object]] = [["Relevé de l'équipe"], []] if rng.random() < 0.5 else []
    blank: list[object] = [None] if rng.random() < 0.5 else []
    found: dict[str, list[list[object]]] = {}
    for name in names:
        rows: list[list[object]] = []
        for row in sheets[name]:
            rows += [[], row] if rng.random() < 0.1 else [row]
        found[name] = [*title, *([*blank, *row] for row in rows)]
    return workbook({**found, "Brouillon": [["à faire", datetime(2026, 3, 2)], [1, 2]]}), MOVED
