"""`make bench`: ten million time entries into the clean table, beside a bare DuckDB `read_csv` of the same file.

One time sheet of a French office: `;`, decimal commas, dd/mm/yyyy, Windows-1252. Printed as a ratio, never asserted.
"""

import math
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

ENTRIES, PEOPLE = 10_000_000, 2_000
_HEADINGS = ("Date", "Mon code", "Processus", "Outil (ou « sans IA »)", "Nombre de fois (1)",
             "Durée totale en min, tout compris", "dont consigne", "dont vérification et reprise",
             "Essai abandonné (oui/non)", "Nombre d'éléments", "Reprises nécessaires")  # fmt: skip
_STUDY = """\
study: banc
title: Banc d'essai
organisation: Université de démonstration
fictional: true
public_pseudonym_key: true
calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}
registers: {teams: teams.csv, people_time: people.csv, tools: tools.csv, processes: processes.csv}
sources:
  - {id: feuille, format: time_sheet, files: [feuille.csv]}
"""


def write_study(folder: Path, entries: int = ENTRIES) -> None:
    """A study whose one time sheet has that many lines, written a million at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(_STUDY, encoding="utf-8")
    (folder / "teams.csv").write_text(
        "team;label;service;family;headcount\n" + "".join(f"E{i};Équipe {i};s;f;9\n" for i in range(200)),
        "utf-8")  # fmt: skip
    (folder / "people.csv").write_text(
        "sheet_code;team;role\n" + "".join(f"C{i:05};E{i % 200};agent\n" for i in range(PEOPLE)), "utf-8")
    (folder / "processes.csv").write_text(
        "process;label;family;witness\ncourriels;Courriels récurrents;f;non\nextraction;Extraction;f;non\n", "utf-8")
    allowed = ";".join(["conforme"] * 4)
    (folder / "tools.csv").write_text(
        "tool;label;compliance_transfers;compliance_training;compliance_processor;compliance_sensitive\n"
        f"assistanta;Assistant A;{allowed}\n", "utf-8")  # fmt: skip
    draw = np.random.default_rng(1)
    days = pl.date_range(pl.date(2026, 2, 2), pl.date(2026, 6, 26), eager=True).dt.strftime("%d/%m/%Y")
    people = pl.Series([f"C{i:05}" for i in range(PEOPLE)])
    with (folder / "feuille.csv").open("wb") as file:
        file.write((";".join(_HEADINGS) + "\r\n").encode("cp1252"))
        for start in range(0, entries, 1_000_000):
            n = min(1_000_000, entries - start)
            halves = pl.Series(draw.integers(20, 480, n) / 2).cast(pl.String).str.replace(".", ",", literal=True)
            columns = [
                days.gather(draw.integers(0, days.len(), n)), people.gather(draw.integers(0, PEOPLE, n)),
                pl.Series(["Courriels récurrents", "Extraction"]).gather(draw.integers(0, 2, n)),
                pl.Series(["sans IA", "Assistant A"]).gather(draw.integers(0, 2, n)), draw.integers(1, 6, n), halves,
                draw.integers(0, 4, n), draw.integers(0, 5, n),
                pl.Series(["non", "oui"]).gather(draw.integers(0, 2, n)),
                draw.integers(5, 30, n), draw.integers(0, 2, n),
            ]  # fmt: skip
            lines = pl.DataFrame([pl.Series(str(i), c) for i, c in enumerate(columns)])
            text = lines.write_csv(separator=";", include_header=False, line_terminator="\r\n")
            file.write(text.encode("cp1252"))


def ingest(folder: Path, out: Path) -> int:
    """The way of `bilan run` from the file to the clean table; entries accepted."""
    from pipelines.clean.build import build_clean, build_raw
    from pipelines.clean.pseudonyms import load_keys
    from pipelines.clean.registers import read_registers
    from pipelines.contracts import all_tables
    from pipelines.lake import places
    from pipelines.study.load import load_study

    loaded, where = load_study(folder), places("banc", out)
    registers = read_registers(loaded, load_keys(loaded))
    raw = build_raw(loaded, registers, where.parts)
    clean = build_clean(loaded, registers, raw.tables, where.parts)
    assert not raw.problems and not clean.problems, [*raw.problems, *clean.problems][:3]
    where.lake.write_all({**raw.tables, **clean.tables})
    where.lake.show_parts([t for t in all_tables().values() if t.in_parts], where.parts)
    return clean.entries


def bare_duckdb(folder: Path, out: Path) -> int:
    """What DuckDB alone does: the file into a table; rows."""
    import duckdb

    out.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(out / "bare.duckdb")) as connection:
        connection.execute(
            f"CREATE TABLE entries AS FROM read_csv('{folder / 'feuille.csv'}', delim = ';', header = true, "
            "quote = '\"', encoding = 'latin-1', dateformat = '%d/%m/%Y', decimal_separator = ',')")  # fmt: skip
        return int(connection.sql("SELECT count(*) FROM entries").fetchall()[0][0])


def main() -> None:
    """Print seconds and peak memory of each way, in a process of its own."""
    from tests.bench import REPEATS, run

    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder / "study", entries)
        size = (folder / "study" / "feuille.csv").stat().st_size / 1e6
        print(f"{entries:,} time entries, {size:,.0f} MB of Windows-1252")
        taken: dict[str, float] = {}

        def once(way: str, *, watch: bool) -> tuple[float, float]:
            shutil.rmtree(folder / way, ignore_errors=True)
            call = f"b.{way}(Path({str(folder / 'study')!r}), Path({name!r}) / {way!r})"
            code = f"from pathlib import Path; from tests import bench_ingest as b; {call}"
            return run([sys.executable, "-c", code], watch=watch)

        for way in ("bare_duckdb", "ingest") * REPEATS:  # watching the memory takes time of its own
            taken[way] = min(taken.get(way, math.inf), once(way, watch=False)[0])
        for way, seconds in taken.items():
            print(f"{way:<28}{seconds:>10.1f} s{once(way, watch=True)[1]:>10.0f} MB")
        print(f"{'ratio (target: at most 2)':<28}{taken['ingest'] / taken['bare_duckdb']:>10.2f}")


if __name__ == "__main__":
    main()
