"""The typed rows every time format ends in, before anything is known of the study's teams and codes."""

from collections.abc import Sequence

import polars as pl

TEXT, WHOLE, NUMBER, FLAG, DAY = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean(), pl.Date()
HASH, MOMENT = pl.UInt64(), pl.Datetime("us")

# `rule`, `column`: the first rule the row breaks, null when it breaks none; `flags`: rules it breaks and is accepted
# all the same (fields.py). `natural_key`: equal for rows that say the same thing twice; `row_key`: equal for two
# versions of one row in two exports; `case_key`: equal for the sessions of one person's case (sessions.py), null when
# rows are no sessions. All are 64-bit hashes (two rows out of ten million meet by chance once in 300,000 studies), null
# when the person is not known. `started_at`, `ended_at`: local time, null in a format without times.
TIME_ROWS: dict[str, pl.DataType] = {
    "source": TEXT, "source_file": TEXT, "source_row": WHOLE, "person_time": TEXT, "process_label": TEXT,
    "tool_label": TEXT, "date": DAY, "minutes": NUMBER, "occurrences": WHOLE, "prompt_minutes": NUMBER,
    "verification_minutes": NUMBER, "failed_minutes": NUMBER, "failed_attempt": FLAG, "items": WHOLE, "errors": WHOLE,
    "severity": WHOLE, "new_task": FLAG, "complexity": WHOLE, "started_at": MOMENT, "ended_at": MOMENT,
    "natural_key": HASH, "row_key": HASH, "case_key": HASH, "rule": TEXT, "column": TEXT, "flags": TEXT,
}  # fmt: skip

WEEK_ROWS: dict[str, pl.DataType] = {
    "source": TEXT, "source_file": TEXT, "source_row": WHOLE, "person_time": TEXT, "week": DAY, "logged": FLAG,
    "worked_hours": NUMBER, "rule": TEXT, "column": TEXT,
}  # fmt: skip

Rules = Sequence[tuple[str, str | pl.Expr | None, pl.Expr]]


def first_rule(rules: Rules) -> list[pl.Expr]:
    """Columns `rule` and `column`: of the first (rule, column, condition) whose condition holds, else null.

    The column is a name, an expression that gives it, or None for the whole row.
    """
    broken = [condition.fill_null(False) for _, _, condition in rules]
    names = [pl.when(b).then(pl.lit(r)) for b, (r, _, _) in zip(broken, rules, strict=True)]
    # A rule about the whole row has no column: '' keeps its place in the chain.
    columns = [c if isinstance(c, pl.Expr) else pl.lit(c or "") for _, c, _ in rules]
    column = pl.coalesce([pl.when(b).then(c) for b, c in zip(broken, columns, strict=True)])
    return [pl.coalesce(names).alias("rule"), pl.when(column != "").then(column).alias("column")]


def hash_of(*parts: str | pl.Expr) -> pl.Expr:
    """One 64-bit number per combination of values (texts whatever their case); null when the person is not known."""
    person = pl.col("person_time").cast(pl.String)  # an Enum would be hashed by its position
    return pl.when(person.is_not_null()).then(pl.struct(person, *parts).hash())


def conform(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """`frame` with exactly the columns of `schema`; those it lacks are null. A text may be the Enum of a part."""
    have = frame.schema
    return frame.select(
        pl.col(c) if t == TEXT and isinstance(have.get(c), pl.Enum)
        else (pl.col(c) if c in have else pl.lit(None)).cast(t).alias(c) for c, t in schema.items()
    )  # fmt: skip
