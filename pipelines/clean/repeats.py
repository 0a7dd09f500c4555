"""Rows met more than once: in one file, in another export of the same source, in a later version.

Belongs here: what becomes of a row when other files hold it too. The decision rests on what files hold, never on their
names, their order or their dates on the disk. Does not belong here: what makes two rows equal (the readers say).
"""

from dataclasses import dataclass

import polars as pl

from pipelines.contracts.rules import Problem

# `group`: rows of different groups never meet (a format). `content`: equal for rows that say the same. `row_key`: equal
# for two versions of one row. `person`, `day`: what an export covers; a null is covered by every export of its source.
ROWS: dict[str, pl.DataType] = {
    "source": pl.String(), "source_file": pl.String(), "source_row": pl.Int64(), "content": pl.UInt64(),
    "row_key": pl.UInt64(), "person": pl.String(), "day": pl.Date(),
}  # fmt: skip
FOUND: dict[str, pl.DataType] = {"source_file": pl.String(), "source_row": pl.Int64(), "rule": pl.String()}
# Two hand-made files are versions of one another when half of the smaller one stands in the other: less may be chance.
SHARED_BY_VERSIONS = 0.5
# What another export may say of a row that is refused: that it holds it too, or holds it mended.
OF_REFUSED = ("reexported_row", "superseded_row")
_FILE = ["source", "source_file"]


@dataclass(frozen=True)
class Repeats:
    """`found` [source_file, source_row, rule]: rows that count once elsewhere (duplicate_row, reexported_row,
    superseded_row) or that a later export no longer holds (vanished_row). `problems`: exports that contradict each
    other when nothing says which is later."""

    found: pl.DataFrame
    problems: list[Problem]


def find_repeats(rows: pl.DataFrame, *, equal_lines_differ: bool) -> Repeats:
    """Rows (ROWS, one format, only rows that break no rule, in file and line order) that repeat or replace others.

    `equal_lines_differ`: two equal lines of one file are two things (a time sheet), not one said twice (a tracker);
    then files are taken for versions of one another only when they share half of the smaller one.

    Of two exports of a source the later is the one that holds the latest day, then the one with more rows. A row stands
    in several files: the latest counts (`reexported_row`; across sources `duplicate_row`). The latest export that
    covers a row's person and day holds another version of it: `superseded_row`; no version of it: `vanished_row`.
    """
    if rows.is_empty():
        return Repeats(pl.DataFrame(schema=FOUND), [])
    rows = rows.with_columns(pl.int_range(pl.len()).over("source_file", "content").alias("nth"))
    within = rows.filter(pl.lit(not equal_lines_differ) & (pl.col("nth") > 0))
    rows = rows.filter(pl.lit(equal_lines_differ) | (pl.col("nth") == 0))
    files = rows.group_by(_FILE).agg(pl.col("day").max().alias("last"), pl.len().alias("height")).sort(
        "last", "height", "source_file", descending=True, nulls_last=True)  # fmt: skip
    files = files.with_row_index("age")
    found = [_named(within, "duplicate_row")]
    problems: list[Problem] = []
    if files.height > 1:
        rows = rows.join(files.select("source_file", "age"), on="source_file", maintain_order="left")
        related = _related(rows, files, equal_lines_differ)
        for age in range(1, files.height):
            more, contradictions = _against_later(rows, files, related, age)
            found += more
            problems += contradictions
    return Repeats(pl.concat(found).sort("source_file", "source_row"), problems)


def _related(rows: pl.DataFrame, files: pl.DataFrame, by_content: bool) -> pl.DataFrame:
    """[age, later]: pairs of files of one source that are versions of one another."""
    side = files.select("source", "age", "height")
    pairs = side.join(side, on="source", suffix="_later").filter(pl.col("age") > pl.col("age_later"))
    if by_content:
        met = rows.filter(pl.col("age").n_unique().over("content", "nth") > 1).select("content", "nth", "age")
        shared = met.join(met, on=["content", "nth"], suffix="_later").group_by("age", "age_later").len("shared")
        pairs = pairs.join(shared, on=["age", "age_later"]).filter(
            pl.col("shared") >= SHARED_BY_VERSIONS * pl.min_horizontal("height", "height_later"))  # fmt: skip
    return pairs.select("age", later="age_later").sort("age", "later")


def _against_later(
    rows: pl.DataFrame, files: pl.DataFrame, related: pl.DataFrame, age: int
) -> tuple[list[pl.DataFrame], list[Problem]]:
    """What becomes of the rows of one file beside all later files."""
    mine = rows.filter(pl.col("age") == age)
    same = ["content", "nth"]
    again = mine.join(rows.filter(pl.col("age") < age), on=same, how="semi", maintain_order="left")
    later = related.filter(pl.col("age") == age)["later"]
    versions = rows.filter(pl.col("age").is_in(later.implode()))
    reexported = again.join(versions, on=same, how="semi", maintain_order="left")
    copied = again.join(versions, on=same, how="anti", maintain_order="left")
    left = mine.join(again, on="source_row", how="anti", maintain_order="left")
    held = _held_by_latest(left, mine, versions)
    # As many of the leftover rows of one key as the later export has rows of that key to spare are older versions.
    to_spare = pl.col("held") - pl.col("matched")
    rank = pl.int_range(pl.len()).over("row_key")
    superseded = held.filter(rank < to_spare)
    vanished = held.filter(rank >= to_spare)
    found = [
        _named(reexported, "reexported_row"), _named(copied, "duplicate_row"), _named(superseded, "superseded_row"),
        _named(vanished, "vanished_row"),
    ]  # fmt: skip
    return found, _contradictions(superseded, files, age)


def _held_by_latest(left: pl.DataFrame, mine: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """The rows of `left` that a later version covers, with `by` (the latest that does), `held` (its rows of the same
    key) and `matched` (those of them that equal a row of `mine`)."""
    reach = versions.group_by("age").agg(pl.col("day").min().alias("since"), pl.col("day").max().alias("until"))
    people = versions.select("person", "age").unique().join(reach, on="age").rename({"age": "by"})
    covered = left.join(people, on="person", nulls_equal=True, maintain_order="left").filter(
        pl.col("day").is_null() | pl.col("day").is_between("since", "until"),
    )  # fmt: skip
    latest = covered.filter(pl.col("by") == pl.col("by").min().over("source_row"))
    key = ["row_key", "by"]
    of_key = versions.rename({"age": "by"})
    held = of_key.group_by(key).agg(pl.len().cast(pl.Int64).alias("held"))
    equal = of_key.join(mine, on=["content", "nth"], how="semi")
    matched = equal.group_by(key).agg(pl.len().cast(pl.Int64).alias("matched"))
    counted = latest.join(held, on=key, how="left", maintain_order="left").join(
        matched, on=key, how="left", maintain_order="left")  # fmt: skip
    return counted.with_columns(pl.col("held", "matched").fill_null(0))


def _contradictions(superseded: pl.DataFrame, files: pl.DataFrame, age: int) -> list[Problem]:
    """One problem per later file that is no later by anything it holds."""
    by_age = {row["age"]: row for row in files.iter_rows(named=True)}
    own = by_age[age]
    found = []
    for (by,), rows in superseded.group_by("by", maintain_order=True):
        other = by_age[by]
        if (own["last"], own["height"]) == (other["last"], other["height"]):
            found.append(Problem(
                "contradicting_exports", own["source_file"],
                f"{rows.height} row{'s' if rows.height > 1 else ''} of it differ in {other['source_file']}, and "
                "nothing in the two files says which is later.",
                "Remove the older of the two files.", int(rows["source_row"].min())))  # type: ignore[arg-type]  # fmt: skip
    return found


def _named(rows: pl.DataFrame, rule: str) -> pl.DataFrame:
    return rows.select("source_file", "source_row", pl.lit(rule).alias("rule"))
