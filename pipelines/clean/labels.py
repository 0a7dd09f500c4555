"""Labels of the exports -> codes of the study: processes, overheads, tools. An unknown label is a problem, not a null.

Looked up once per distinct label of a source. The study file's own mapping comes before the codes and labels of the
registers; labels are compared without case and with single spaces.
"""

import difflib
from collections.abc import Callable, Mapping
from typing import TypeVar

import polars as pl

from pipelines.clean.pseudonyms import normalise
from pipelines.contracts.rules import Problem
from pipelines.study.load import STUDY_FILE
from pipelines.study.models import Source

V = TypeVar("V")

WITHOUT_AI = ("sans ia", "sans", "aucun", "aucune", "without ai", "no ai", "none", "ohne ki")
SHOWN_LABELS = 12  # of more unknown labels than that, those met once may be free text, which nobody may quote

PROCESS_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(), "process_label": pl.String(), "process": pl.String(), "kind": pl.String(),
}  # fmt: skip
TOOL_SCHEMA: dict[str, pl.DataType] = {
    "source": pl.String(), "tool_label": pl.String(), "tool": pl.String(), "unknown_tools": pl.List(pl.String()),
    "several_tools": pl.Boolean(),
}  # fmt: skip


def process_codes(rows: pl.DataFrame, sources: list[Source], processes: pl.DataFrame) -> pl.DataFrame:
    """One row per (source, process_label) of `rows`: process, or kind of overhead, or both null when unknown."""
    register = _register_labels(processes, "process")
    found: list[dict[str, object]] = []
    for source in sources:
        known = {**register, **_keyed(source.processes)}
        overheads = _keyed(source.overheads)
        for label, key in _distinct(rows, source, "process_label"):
            kind = overheads.get(key)
            process = None if kind else known.get(key)
            found.append({"source": source.id, "process_label": label, "process": process, "kind": kind})
    return pl.DataFrame(found, schema=PROCESS_SCHEMA)


def tool_codes(rows: pl.DataFrame, sources: list[Source], tools: pl.DataFrame) -> pl.DataFrame:
    """One row per (source, tool_label) of `rows`: tool (null = without AI), the labels nobody knows, and whether more
    than one tool is named. A cell may hold several tags."""
    register = _register_labels(tools, "tool")
    found: list[dict[str, object]] = []
    for source in sources:
        known: dict[str, str | None] = {**dict.fromkeys(WITHOUT_AI), **register, **_keyed(source.tools)}
        for label, key in _distinct(rows, source, "tool_label"):
            # A label may hold a comma itself.
            tags = {key: label} if key in known else _tags(label)
            codes = sorted({c for k in tags if (c := known.get(k)) is not None})
            found.append({
                "source": source.id, "tool_label": label, "tool": codes[0] if len(codes) == 1 else None,
                "unknown_tools": [t for k, t in tags.items() if k not in known], "several_tools": len(codes) > 1,
            })  # fmt: skip
    return pl.DataFrame(found, schema=TOOL_SCHEMA)


def team_codes(texts: pl.Series, teams: pl.DataFrame) -> pl.Series:
    """The code of the team that each text names, by its code or its label; null when none does."""
    labels = pl.concat([teams.select("team", key="team"), teams.select("team", key="label")])
    labels = labels.with_columns(normalise(labels["key"])).unique("key", keep="first", maintain_order=True)
    return normalise(texts).replace_strict(labels["key"], labels["team"], default=None, return_dtype=pl.String)


def mapping_problems(sources: list[Source], processes: pl.DataFrame, tools: pl.DataFrame) -> list[Problem]:
    """Codes that study.yaml maps labels to and that no register holds."""
    problems = []
    for what, register in (("process", processes), ("tool", tools)):
        codes = set(register[what].to_list())
        for source in sources:
            mapped = source.processes if what == "process" else source.tools
            for label, code in mapped.items():
                if code is not None and code not in codes:
                    problems.append(Problem(
                        f"unmapped_{what}", STUDY_FILE,
                        f"Source {source.id} maps {label!r} to {code!r}, which its register does not hold.",
                        f"Write one of its codes: {', '.join(sorted(codes)) or 'none yet'}."))  # fmt: skip
    return problems


def label_problems(
    rows: pl.DataFrame, what: str, source: Source, register: pl.DataFrame, shown: Callable[[str], str]
) -> list[Problem]:
    """One problem per label of `rows` [label, column, source_file, source_row] that maps to nothing: where it is first
    met, how often, and the nearest label known. `shown`: how a label may be quoted. Of many labels those met once are
    one problem, without a quotation."""
    declared = {**source.processes, **source.overheads} if what == "process" else source.tools
    known = {**_register_originals(register, what), **_originals(declared)}
    counts = rows.group_by("label", "column").agg(pl.len(), pl.first("source_file", "source_row")).sort("label")
    setting = "processes" if what == "process" else "tools"
    problems = []
    once = counts.filter(pl.col("len") == 1)
    if counts.height > SHOWN_LABELS and once.height > 1:
        counts = counts.filter(pl.col("len") > 1)
        _, column, _, file, line = once.sort("source_file", "source_row").row(0)
        problems.append(Problem(
            f"unmapped_{what}", file, f"{once.height} different labels, met once each, are no known {what}.",
            f"Check that this column names the {what}; then add them under `{setting}:` of source {source.id} in "
            "study.yaml.", line, column))  # fmt: skip
    for label, column, count, file, line in counts.iter_rows():
        near = difflib.get_close_matches(_key(label), list(known), n=1)
        hint = f" Nearest known: {known[near[0]]!r}." if near else ""
        problems.append(Problem(
            f"unmapped_{what}", file,
            f"{shown(label)} is no known {what} ({count} row{'s' if count > 1 else ''}).{hint}",
            f"Add it under `{setting}:` of source {source.id} in study.yaml, or correct it at the source.",
            line, column))  # fmt: skip
    return problems


def _key(label: str) -> str:
    return str(normalise(pl.Series([label])).item())


def _keyed(mapping: Mapping[str, V]) -> dict[str, V]:
    return dict(zip(normalise(pl.Series(list(mapping), dtype=pl.String)).to_list(), mapping.values(), strict=True))


def _originals(mapping: Mapping[str, object]) -> dict[str, str]:
    return _keyed({label: label for label in mapping})


def _register_labels(register: pl.DataFrame, code: str) -> dict[str, str]:
    """Normalised label, and normalised code, -> code."""
    labels = dict(register.select("label", code).iter_rows())
    return {**_keyed(labels), **_keyed({c: c for c in labels.values()})}


def _register_originals(register: pl.DataFrame, code: str) -> dict[str, str]:
    return _originals(dict.fromkeys([*register[code].to_list(), *register["label"].to_list()]))


def _distinct(rows: pl.DataFrame, source: Source, column: str) -> list[tuple[str, str]]:
    """(label as received, normalised) of the source's distinct labels."""
    labels = rows.filter(pl.col("source") == source.id)[column].drop_nulls().unique().sort()
    return list(zip(labels.to_list(), normalise(labels).to_list(), strict=True))


def _tags(label: str) -> dict[str, str]:
    """Normalised tag -> tag as received."""
    tags = [t.strip() for t in label.split(",") if t.strip()]
    return dict(zip(normalise(pl.Series(tags, dtype=pl.String)).to_list(), tags, strict=True))
