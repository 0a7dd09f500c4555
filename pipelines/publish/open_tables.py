"""Published tables -> open tables for people (CSV and a workbook that a French spreadsheet opens) and for machines.

Belongs here: headings, words of the codes, the dictionary, the data package. Does not belong here: any value that is
not in a published table. Which columns are opened is said in wording/<language>/open.yaml.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines.charts.context import Page
from pipelines.contracts import table
from pipelines.contracts.base import Column, Table
from pipelines.contracts.proposals import PAIR
from pipelines.wording.proposals import proposal
from pipelines.wording.words import Words
from pipelines.workbooks import Sheet, workbook

FOLDER, PACKAGE = "open", "datapackage.json"
_SEPARATORS = {"fr": (";", True), "en": (",", False)}  # between cells; whether decimals have a comma
_KINDS = {pl.String(): "text", pl.Int64(): "whole", pl.Float64(): "number", pl.Date(): "date", pl.Boolean(): "flag"}
# Types of the Table Schema (specs.frictionlessdata.io).
_TYPES = {pl.String(): "string", pl.Int64(): "integer", pl.Float64(): "number", pl.Date(): "date",
          pl.Boolean(): "boolean"}  # fmt: skip
# What a spreadsheet takes for a formula (OWASP, « CSV injection »), unless it is a plain number.
_FORMULA, _NUMBER = r"^[=+\-@\t\r]", r"^[+-]?\d+([.,]\d+)?$"


def inert(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every text that a spreadsheet would run as a formula behind an apostrophe."""
    texts = [pl.col(name) for name, dtype in frame.schema.items() if dtype == pl.String]
    return frame.with_columns(
        pl.when(text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)).then("'" + text).otherwise(text)
        .alias(text.meta.output_name()) for text in texts
    )  # fmt: skip


def write_open(folder: Path, frames: Mapping[str, pl.DataFrame]) -> None:
    """Write the open tables of `frames` (published tables by short name) into `folder`.

    One CSV per table and a workbook of them all, headings and words in the language of the study; the dictionary as a
    sheet and as a CSV.
    """
    page = Page(frames)
    words = page.words
    tables = {name: _readable(page, name) for name in words.raw("open.tables") if name in frames}
    dictionary = _dictionary(page, list(tables))
    folder.mkdir(parents=True, exist_ok=True)
    separator, decimal_comma = _SEPARATORS[words.language]
    for name, frame in {**tables, "": dictionary}.items():
        flat = frame.with_columns(
            pl.col(name).replace_strict([False, True], words.raw("open.flags"), return_dtype=pl.String)
            for name, dtype in frame.schema.items() if dtype == pl.Boolean
        )  # fmt: skip
        inert(flat).write_csv(
            folder / f"{_file(words, name)}.csv", separator=separator, decimal_comma=decimal_comma, include_bom=True)
    sheets = [
        Sheet(words.text("open.readme_sheet"), pl.DataFrame(), above=_readme(page)),
        Sheet(words.text("open.dictionary_sheet"), dictionary, for_reading=True),
        *(Sheet(_file(words, name), frame, for_reading=True) for name, frame in tables.items()),
    ]
    (folder / f"{words.raw('open.workbook')}.xlsx").write_bytes(workbook(sheets))


def _file(words: Words, name: str) -> str:
    return str(words.raw(f"open.tables.{name}.file" if name else "open.dictionary"))


def _readable(page: Page, name: str) -> pl.DataFrame:
    """The opened columns of one table, codes in words, under their headings."""
    words, frame = page.words, page.frame(name)
    columns: dict[str, list[str]] = words.raw(f"open.tables.{name}.columns")
    return frame.select(_in_words(page, frame, column).alias(head) for column, (head, _) in columns.items())


def _in_words(page: Page, frame: pl.DataFrame, column: str) -> pl.Series:
    values = frame[column]
    words = page.words
    if column == "scope_key":
        return _objects(page, frame)
    if column == "reason":
        said = {code: words.reason(code) for code in values.drop_nulls().unique()}
    elif column == "proposal":
        said = {code: proposal({"proposal": code}, words) for code in values.drop_nulls().unique()}
    elif column in ("tool", "process") and "label" not in frame.columns:
        said = page.labels(column)
    elif words.has(f"open.values.{column}"):
        said = words.raw(f"open.values.{column}")
    else:
        return values
    if column == "indicator":  # a scale that the study added
        said = {k.removesuffix(".label"): v for k, v in page.under("scale").items()} | said
    return values.replace_strict(said, default=values, return_dtype=pl.String) if said else values


def _objects(page: Page, frame: pl.DataFrame) -> pl.Series:
    """Names of what each row is about; of a pair, both."""
    tools, processes = page.labels("tool"), page.labels("process")
    known = {scope: page.labels(scope) for scope in ("team", "family", "tool", "process")}
    known["programme"] = {"programme": page.words.text("programme")}
    pairs = frame.filter(pl.col("scope") == "process_tool")["scope_key"].unique().sort()
    known["process_tool"] = {
        pair: f"{processes.get(p, p)} – {tools.get(t, t)}" for pair in pairs for p, t in [pair.split(PAIR, 1)]
    }
    rows = [(s, key, label) for s, labels in known.items() for key, label in labels.items()]
    key = ["scope", "scope_key"]
    labels = pl.DataFrame(rows, schema=dict.fromkeys([*key, "said"], pl.String), orient="row")
    named = frame.select(key).join(labels, on=key, how="left", maintain_order="left")
    return named.select(pl.coalesce("said", "scope_key")).to_series()


def _rights(page: Page) -> tuple[str, str]:
    """(source, licence) of the tables."""
    words = page.words
    source = page.setting("attribution") or f"{page.setting('organisation')}{words.raw('comma')}{page.setting('title')}"
    return words.print(source), page.setting("open_licence") or words.text("open.no_licence")


def _readme(page: Page) -> list[str]:
    words = page.words
    source, licence = _rights(page)
    lines = [line.format(
        title=page.setting("title"), organisation=page.setting("organisation"), source=source, licence=licence,
        as_of=words.day(page.setting("calendar.as_of"))) for line in words.raw("open.readme")]  # fmt: skip
    return [words.print(line) for line in ([words.raw("open.fictional")] if page.fictional else []) + lines]


def _dictionary(page: Page, names: list[str]) -> pl.DataFrame:
    """One row per opened column: table, heading, type, unit, definition, source, licence, name for machines."""
    words = page.words
    source, licence = _rights(page)
    rows = []
    for name in names:
        contract = table(f"published.{name}")
        for column, (head, meaning) in words.raw(f"open.tables.{name}.columns").items():
            declared = contract.column(column)
            kind, unit = words.raw(f"open.types.{_KINDS[declared.dtype]}"), _unit(words, declared)
            rows.append((_file(words, name), head, kind, unit, meaning, source, licence, f"{name}.{column}"))
    return pl.DataFrame(rows, schema=words.raw("open.dictionary_heads"), orient="row", infer_schema_length=None)


def _unit(words: Words, column: Column) -> str | None:
    return words.raw("open.units").get(column.unit, column.unit) if column.unit else None


def data_package(page: Page, digests: Mapping[str, tuple[int, str]]) -> str:
    """`datapackage.json` of the tables for machines (Data Package, specs.frictionlessdata.io), from the contracts.

    `digests`: short name of a table -> (bytes, sha256) of its CSV.
    """
    source, _ = _rights(page)
    resources = [
        {
            "name": name, "path": f"{name}.csv", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
            "description": table(f"published.{name}").description, "bytes": size, "hash": f"sha256:{digest}",
            "schema": _schema(table(f"published.{name}")),
        }
        for name, (size, digest) in sorted(digests.items())
    ]  # fmt: skip
    package = {
        "name": page.setting("study"), "title": page.setting("title"),
        "licenses": [{"name": page.setting("open_licence")}] if page.setting("open_licence") else [],
        "sources": [{"title": source}], "resources": resources,
    }  # fmt: skip
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def _schema(contract: Table) -> dict[str, object]:
    return {
        "fields": [
            {
                "name": c.name, "type": _TYPES[c.dtype],
                "description": c.description + (f" [{c.unit}]" if c.unit else ""),
                **({"constraints": found} if (found := _constraints(c)) else {}),
            }
            for c in contract.columns
        ],
        **({} if any(contract.column(c).nullable for c in contract.key) else {"primaryKey": list(contract.key)}),
        "missingValues": [""],
    }


def _constraints(column: Column) -> dict[str, object]:
    found: dict[str, object] = {} if column.nullable else {"required": True}
    if column.allowed:
        found["enum"] = list(column.allowed)
    found |= {k: v for k, v in (("minimum", column.minimum), ("maximum", column.maximum)) if v is not None}
    return found
