"""What becomes of real files: recognised as what, how many rows, or refused and why.

The files kept with the tests, and those of the folder that BILAN_CORPUS names.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from pipelines.clean.ingest import formats
from pipelines.sources.base import SourceError
from pipelines.sources.lime_structure import read_structure
from pipelines.sources.workbook import read_table

TESTS = Path(__file__).parents[1]
OURS = ("lime_exports", "lime_structures", "messy_csv", "qualtrics", "clockify")
TABLES, STRUCTURES = (".csv", ".xlsx", ".tsv"), (".lss", ".lsg", ".lsq", ".txt")
SHOWN = 90


def real_files() -> list[Path]:
    """Every table and structure, in a fixed order."""
    folders = [TESTS / name for name in OURS]
    if corpus := os.environ.get("BILAN_CORPUS"):
        folders.append(Path(corpus))
    return sorted(p for f in folders for p in f.rglob("*") if p.suffix in (*TABLES, *STRUCTURES) and p.is_file())


def outcome(path: Path) -> str:
    """One line: what the file was taken for and how many rows it gave, or why it is refused."""
    data = path.read_bytes()
    try:
        if path.suffix in STRUCTURES:
            structure = read_structure(data)
            return f"structure of a survey: {structure.columns().height} columns"
        known = formats()
        table = read_table(data, lambda header: any(m.recognises(header) for m in known.values()))
    except SourceError as error:
        return f"refused ({error.rule}): {error.message}"[:SHOWN]
    taken = [name for name, module in known.items() if module.recognises(table.header)] or [
        "a table of no known format"
    ]
    aside = f", {table.rejected.height} of them set aside" if table.rejected.height else ""
    return f"{' or '.join(taken)}: {table.received} rows received{aside}"


def outcomes() -> Iterator[tuple[str, str]]:
    """(file, outcome) of every real file."""
    for path in real_files():
        yield "/".join(path.parts[-2:]), outcome(path)
