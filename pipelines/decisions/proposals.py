"""One proposal per process and tool by the rule of the study file, from published tables alone (indicators.md, 10).

The machine proposes, people decide. A condition is met, not met, or not known: its input is not published, not
measured, or its interval too wide to tell. Only what is known to be met makes a line fire, so that absence of proof
never becomes a stop; a line that might have fired makes the last one ask for more measure.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.contracts import table
from pipelines.contracts.proposals import INPUTS, LAST_LINE, PAIR
from pipelines.study.proposals import LEVELS, Condition, Line, Proposals

RULE = "proposals"  # setting of published.study that holds the rule, as JSON
READS = ("estimates", "tools", "processes", "deployments", "incidents", "actions", "study")
SEVERE = 3
BLOCKING = ("compliance_transfers", "compliance_training", "compliance_processor", "compliance_sensitive")
SEPARATOR = "; "
# input -> where it is read: indicator, estimand, the columns of the pair that are the key of its scope.
SOURCES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "gain": ("process_tool_gain", "gain_90", ("process", "tool")),
    "irritation": ("irritation", "change", ("process",)),
    "umux_lite": ("umux_lite", "mean", ("tool",)),
    "wish_to_continue": ("wish_to_continue", "share_continue", ("tool",)),
    "abandonment": ("abandonment", "abandonment", ("process", "tool")),
    "errors": ("errors", "rate_ratio_guardrail", ("tool",)),
}
_OPS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt,
}  # fmt: skip


def propose(published: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """published.proposals from the tables of READS, by name. Before the end wave nothing is proposed."""
    settings = dict(published["study"].select("setting", "value").iter_rows())
    rule = Proposals.model_validate_json(settings[RULE])
    found = decide_lines(inputs_of(published), rule, published["actions"])
    over = pl.lit(settings["calendar.as_of"] >= settings["calendar.measurement_end"])
    return table("published.proposals").conform(
        found.with_columns(pl.when(over).then(pl.col("proposal", "line", "basis", "reasons")))
    )


def inputs_of(published: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """[proposal_id, process, tool, family, INPUTS, not_published, not_measured], one row per process x tool deployed.

    An input is read at the finest level it is published at: the pair, else the tool or the process.
    """
    pair = pl.concat_str("process", "tool", separator=PAIR).alias("proposal_id")
    pairs = (
        published["deployments"].select("process", "tool").unique().sort("process", "tool").with_columns(pair)
        .join(published["processes"].select("process", "family"), on="process", how="left", maintain_order="left")
    )  # fmt: skip
    for name, (indicator, estimand, keys) in SOURCES.items():
        pairs = _with_estimate(pairs, published["estimates"], name, indicator, estimand, keys)
    pairs = _with_compliance(pairs, published["tools"])
    of_the_tool = (pl.col("severity") >= SEVERE) & pl.col("tool").is_not_null()
    for name, kind, wanted, n in (
        ("human_incidents", "part_humaine", pl.lit(True), "confirmed"),
        ("escaped_errors", "erreur", of_the_tool, "escaped"),
    ):
        concerned = published["incidents"].filter(pl.col("kind") == kind, wanted).rename({n: "n"})
        pairs = pairs.with_columns(pl.Series(name, _concerning(pairs, concerned), pl.Int64))
    hidden = {name: pl.col(f"{name} hidden") for name in SOURCES}
    missing = {name: pl.col(name).is_null() & ~hidden[name] for name in SOURCES}
    missing["not_compliant"] = pl.col("not_compliant").is_null()
    return pairs.with_columns(_listed(hidden).alias("not_published"), _listed(missing).alias("not_measured")).drop(
        *(f"{name} hidden" for name in SOURCES)
    )


def _with_estimate(
    pairs: pl.DataFrame, estimates: pl.DataFrame, name: str, indicator: str, estimand: str, keys: tuple[str, ...]
) -> pl.DataFrame:
    known = {column.name for column in INPUTS}
    columns = [pl.col("estimate").alias(name)]
    columns += [pl.col(f"ci_{side}").alias(f"{name}_{side}") for side in ("low", "high") if f"{name}_{side}" in known]
    columns += [pl.col("evidence")] if name == "gain" else []
    hidden = (pl.col("disclosure_status") == "suppressed").alias(f"{name} hidden")
    rows = estimates.filter(
        pl.col("indicator") == indicator, pl.col("estimand") == estimand, pl.col("scope") == "_".join(keys)
    ).select(pl.col("scope_key").alias("key"), *columns, hidden)
    key = pl.concat_str(*keys, separator=PAIR).alias("key")
    return (
        pairs.with_columns(key).join(rows, on="key", how="left", maintain_order="left").drop("key")
        .with_columns(pl.col(f"{name} hidden").fill_null(False))
    )  # fmt: skip


def _with_compliance(pairs: pl.DataFrame, tools: pl.DataFrame) -> pl.DataFrame:
    """How many blocking criteria the tool fails, and how many nobody assessed; null for a tool without a card."""
    counts = [pl.sum_horizontal(pl.col(c) == opinion for c in BLOCKING).cast(pl.Int64).alias(name)
              for name, opinion in (("not_compliant", "non_conforme"), ("not_assessed", "non_evalue"))]  # fmt: skip
    return pairs.join(tools.select("tool", *counts), on="tool", how="left", maintain_order="left")


def _concerning(pairs: pl.DataFrame, rows: pl.DataFrame) -> list[int]:
    """For each pair the sum of `n` of the incidents about it; one that names no tool or no process is about all."""
    about = pairs.select("proposal_id", "process", "tool").join(rows, how="cross", suffix="_about")
    own = about.filter(
        (pl.col("process_about") == pl.col("process")).fill_null(True),
        (pl.col("tool_about") == pl.col("tool")).fill_null(True),
    )
    counts = dict(own.group_by("proposal_id").agg(pl.col("n").sum()).iter_rows())
    return [counts.get(key, 0) for key in pairs["proposal_id"]]


def decide_lines(inputs: pl.DataFrame, rule: Proposals, actions: pl.DataFrame) -> pl.DataFrame:
    """`inputs` with proposal, line, basis and reasons.

    `actions`: published.actions; an open one answers the gate it names.
    """
    gates = [line for line in rule.lines if line.gate]
    others = [line for line in rule.lines if not line.gate]
    rows = inputs.with_columns(_answered(inputs, actions, gate).alias(f"answered {gate.line}") for gate in gates)
    cases = [_Case(_fires(g) & ~pl.col(f"answered {g.line}"), g.line, g.proposal, "met", _met(g)) for g in gates]
    cases += [_Case(_fires(g), g.line, "ajuster", "answered", _met(g)) for g in gates]
    cases += [_Case(_fires(line), line.line, line.proposal, "met", _met(line)) for line in others]
    waited = _waited_for(others)
    unsettled = pl.any_horizontal(pl.lit(False), *(_all(alternative).is_null() for alternative in waited))
    cases.append(_Case(unsettled, LAST_LINE, "preuve_insuffisante", "unknown", _unknown(waited)))
    unmet = _unmet([line for line in others if line.proposal == "generaliser"])
    cases.append(_Case(pl.lit(True), LAST_LINE, "ajuster", "unmet", unmet))
    return rows.with_columns(
        *(pl.coalesce(pl.when(c.holds).then(pl.lit(getattr(c, name))) for c in cases).alias(name)
          for name in ("proposal", "line", "basis")),
        pl.coalesce(pl.when(c.holds).then(c.reasons) for c in cases).alias("reasons"),
    ).drop(f"answered {gate.line}" for gate in gates)


@dataclass(frozen=True)
class _Case:
    """The first case that holds says what is proposed."""

    holds: pl.Expr
    line: str
    proposal: str
    basis: str
    reasons: pl.Expr


def holds(condition: Condition) -> pl.Expr:
    """True, False, or null where it is not known.

    A bound on the wrong side is no disproof when the estimate itself is on the right one: more measure could tell. A
    level of evidence too low disproves nothing either.
    """
    met_by = _OPS[condition.op]
    value = pl.col(condition.column)
    if condition.input == "evidence":
        rank = value.replace_strict(LEVELS, default=None, return_dtype=pl.Int64)
        return pl.when(met_by(rank, condition.value)).then(True)
    met = met_by(value, condition.value)
    if condition.bound is None:
        return met
    too_wide = met_by(pl.col(condition.input), condition.value)
    return pl.when(met).then(True).when(~too_wide & value.is_not_null()).then(False)


def _all(alternative: Iterable[Condition]) -> pl.Expr:
    return pl.all_horizontal(holds(c) for c in alternative)


def _fires(line: Line) -> pl.Expr:
    """Some alternative is known to be met."""
    return pl.any_horizontal(_all(alternative).fill_null(False) for alternative in line.alternatives)


def _met(line: Line) -> pl.Expr:
    """The conditions of the first alternative that is met."""
    return pl.coalesce(
        pl.when(_all(a).fill_null(False)).then(pl.lit(SEPARATOR.join(c.text for c in a))) for a in line.alternatives
    )


def _unmet(lines: Sequence[Line]) -> pl.Expr:
    """What generalising lacks."""
    return _texts((c, ~holds(c)) for line in lines for alternative in line.alternatives for c in alternative)


def _waited_for(lines: Sequence[Line]) -> list[tuple[Condition, ...]]:
    """Alternatives that rest on the gain: when one is not known, more measure is asked for.

    What only stops (people who gave up) is not waited for: it may never be published.
    """
    return [a for line in lines for a in line.alternatives if any(c.input == "gain" for c in a)]


def _unknown(alternatives: Iterable[tuple[Condition, ...]]) -> pl.Expr:
    """What would have to be known to settle them."""
    return _texts((c, holds(c).is_null() & _all(a).is_null()) for a in alternatives for c in a)


def _texts(conditions: Iterable[tuple[Condition, pl.Expr]]) -> pl.Expr:
    """The conditions for which the expression holds, each told once."""
    by_text: dict[str, pl.Expr] = {}
    for condition, said in conditions:
        by_text[condition.text] = by_text.get(condition.text, pl.lit(False)) | said.fill_null(False)
    return _listed(by_text)


def _listed(said: Mapping[str, pl.Expr]) -> pl.Expr:
    """Names whose expression holds, separated; null when none does."""
    parts = [pl.when(expression).then(pl.lit(name)) for name, expression in said.items()]
    joined = pl.concat_str(parts, separator=SEPARATOR, ignore_nulls=True) if parts else pl.lit("")
    return pl.when(joined != "").then(joined)


def _answered(inputs: pl.DataFrame, actions: pl.DataFrame, gate: Line) -> pl.Series:
    """Whether an open action answers the gate for each pair."""
    open_ones = actions.filter(pl.col("line") == gate.line, pl.col("closed_on").is_null())
    concerned = set(open_ones.select("tool", "process").iter_rows())
    pairs = inputs.select("tool", "process").iter_rows()
    return pl.Series([bool(concerned & {(tool, process), (tool, None)}) for tool, process in pairs], dtype=pl.Boolean)


def told(row: Mapping[str, Any], rule: Proposals) -> list[tuple[Line, list[list[tuple[Condition, bool | None]]]]]:
    """Every line of the rule, with what each condition of each alternative is worth for one row of proposals."""
    frame = pl.DataFrame([dict(row)], schema={c.name: c.dtype for c in INPUTS})
    return [
        (line, [[(c, frame.select(holds(c)).item()) for c in alternative] for alternative in line.alternatives])
        for line in rule.lines
    ]
