"""Primary rules: too few people, one or two people who weigh too much, a group seen as a whole (methods.md, 8.1).

A hidden row keeps its identity (what, unit, where, threshold) and nothing else: every value, count, reason, level of
evidence and verdict is null, whatever the rule that hid it.
"""

import polars as pl

from pipelines.contracts import table
from pipelines.contracts.indicators import DECIDED, RECORD
from pipelines.indicators.base import discover
from pipelines.indicators.participation import STEPS
from pipelines.study.models import Study

# Beyond the scales the study marks as sensitive.
SENSITIVE = ("wellbeing", "dehumanisation", "verification", "redeployment")
# Totals of minutes, items or errors: who weighs most must be known before anything is printed.
WEIGHED = ("time_per_task", "process_tool_gain", "net_hours", "errors", "time_with_tool", "time_for_users",
           "net_hours_as_treated", "witness", "rework_share", "calibration", "payback_weeks")  # fmt: skip
# Below the programme: lower bounds of the classes of people, and what would tell the exact number again.
CLASSES = (5, 10, 20)
TELLS_SIZE = ("se", "n_obs", "n_obs_read")
KEY = ["item", "wave", "scope", "scope_key"]
# step -> the steps it is part of: their difference is a group of people too.
WITHIN = {
    "t0": ("effectif",), "t1": ("effectif",), "apparies": ("effectif", "t0", "t1"),
    "temps_saisis": ("temps_attendus",),
}  # fmt: skip


def disclose_estimates(decisions: pl.DataFrame, study: Study) -> pl.DataFrame:
    """indicators.decisions -> published.estimates.

    A row without estimate stays for the programme, with its reason and no count; elsewhere it is hidden like any other.
    `n_obs_read` goes where it would tell that 1 to threshold - 1 people did not answer again; below the programme
    people are counted by class, and what tells their number is null.
    """
    contract = table("published.estimates")
    values = [c.name for c in (*RECORD, *DECIDED) if c.name in contract.polars_schema]
    counts = [name for name in values if name in ("G", "n_persons", "n_obs", "n_obs_read")]
    nobody = pl.col("n_persons").fill_null(0) == 0
    lost = pl.col("n_obs_read") - pl.col("n_obs")
    few_lost = ~pl.col("indicator").is_in(WEIGHED) & lost.is_between(1, study.privacy.min_persons - 1)
    nothing_to_hide = (pl.col("scope") == "programme") & pl.col("estimate").is_null() & nobody
    programme = decisions.filter(pl.col("scope") == "programme")
    whole = programme.group_by("indicator", "estimand").agg(pl.col("n_persons").max().alias("n_whole"))
    below = pl.col("scope") != "programme"
    classes = pl.coalesce(
        pl.when(pl.col("n_persons") >= low).then(pl.lit(low, pl.Int64)) for low in sorted(CLASSES, reverse=True))
    hidden = ~nothing_to_hide & _hides(study)
    return contract.conform(
        decisions.join(whole, on=["indicator", "estimand"], how="left", maintain_order="left")
        .with_columns(_status(hidden), nothing_to_hide.alias("empty"))
        .with_columns(pl.when(~pl.col("empty")).then(pl.col(counts)))
        .with_columns(pl.when(~few_lost.fill_null(False)).then("n_obs_read").alias("n_obs_read"))
        .with_columns(_shown(values))
        .with_columns(
            pl.when(below).then(classes).otherwise("n_persons").alias("n_persons"),
            pl.when(~below).then(pl.col(TELLS_SIZE)),
        )
        .drop("empty", "n_whole", "top1_share", "top2_share", "p_ratio", "unanimous", "n_minority")
    )


def _hides(study: Study) -> pl.Expr:
    """True for a row of estimates that may not be printed."""
    privacy = study.privacy
    is_sensitive = pl.col("indicator").is_in(sorted(_sensitive(study)))
    least = pl.when(is_sensitive).then(privacy.min_persons_sensitive).otherwise(privacy.min_persons)
    too_few = pl.col("n_persons").fill_null(0) < least
    top1, top2, p = pl.col("top1_share"), pl.col("top2_share"), pl.col("p_ratio")
    dominated = (
        (top1 > privacy.top1_share).fill_null(False) | (top2 > privacy.top2_share).fill_null(False)
        | (p < privacy.p_percent / 100).fill_null(False)
    )  # fmt: skip
    not_weighed = pl.col("indicator").is_in(WEIGHED) & top1.is_null()
    of_one_team = (pl.col("scope") == "team") | (pl.col("scope").is_in(["family", "tool"]) & (pl.col("G") < 2))
    team_wellbeing = (
        pl.lit(not privacy.publish_team_wellbeing) & (pl.col("indicator") == "wellbeing") & of_one_team.fill_null(True)
    )
    unanimous = pl.col("unanimous") & (is_sensitive | (pl.col("n_persons") < privacy.min_persons_distribution))
    # Two groups told apart by one figure: the smaller may be a few people.
    few_apart = pl.col("n_minority").is_between(1, least - 1)
    # All but a few of the whole: the few could be found by difference.
    rest = pl.col("n_whole") - pl.col("n_persons")
    all_but_few = (pl.col("scope") != "programme") & (rest > 0) & (rest < least)
    named = pl.lit(not privacy.publish_named) & (pl.col("scope") == "team")
    reasons = (dominated, not_weighed, team_wellbeing, unanimous, few_apart, all_but_few, named)
    return pl.any_horizontal(too_few, *(r.fill_null(False) for r in reasons))


def _sensitive(study: Study) -> set[str]:
    """Indicators that need the higher threshold: sensitive themselves, or resting on a sensitive scale or item."""
    items = {i.item for i in study.instruments.items if i.sensitive}
    scales = {s.scale for s in study.instruments.scales if s.sensitive or items.intersection(s.items)}
    rests_on = {name: module.INDICATOR.scale for name, module in discover().items()}
    rests_on["satisfaction"] = study.satisfaction.item
    return {*SENSITIVE, *scales, *(name for name, scale in rests_on.items() if scale in items | scales)}


def disclose_distributions(frame: pl.DataFrame, study: Study) -> pl.DataFrame:
    """indicators.distributions -> published.distributions.

    Under the threshold of respondents, or with one answer for all on a sensitive item, the whole distribution goes.
    An answer given by too few is hidden together with the next rarest ones, until what is left cannot tell them apart:
    k answers hidden hold threshold + k - 1 people at least. The satisfied and the others are held apart, because their
    share is published too; where that is not possible the whole distribution goes.
    """
    limits = pl.DataFrame(
        [(code, *_limits(study, code)) for code in frame["item"].unique().sort()],
        schema={"item": pl.String, "least": pl.Int64, "one_answer_hides": pl.Boolean}, orient="row",
    )  # fmt: skip
    codes = [(a.code, a.value) for a in getattr(study.instruments.item(study.satisfaction.item), "answers", ())]
    satisfied = [code for code, value in codes if value is not None and value >= study.satisfaction.satisfied_from]
    is_satisfied = (pl.col("item") == study.satisfaction.item) & pl.col("value_code").is_in(satisfied)

    part, n = [*KEY, "satisfied"], pl.col("n_persons")
    ranked = (
        frame.join(limits, on="item", how="left", maintain_order="left")
        .with_columns(is_satisfied.alias("satisfied"), (n > 0).alias("given"))
        .sort([*part, "n_persons", "rank"])
        .with_columns(
            pl.col("given").cum_sum().over(part).cast(pl.Int64).alias("k"), n.cum_sum().over(part).alias("held"),
            (pl.col("given") & (n < pl.col("least"))).sum().over(part).cast(pl.Int64).alias("rare"),
        )
    )  # fmt: skip
    safe = pl.col("given") & (pl.col("k") >= pl.col("rare"))
    safe &= pl.col("held") >= pl.col("least") + pl.col("k") - 1
    first_safe = pl.col("k").filter(safe).min().over(part)
    has_rare = pl.col("rare") > 0
    too_few = pl.col("n_total").fill_null(0) < study.privacy.min_persons_distribution
    one_answer = pl.col("one_answer_hides") & (pl.col("given").sum().over(KEY) == 1)
    whole = (too_few | one_answer | (has_rare & first_safe.is_null())).any().over(KEY)
    rare = has_rare & pl.col("given") & (pl.col("k") <= first_safe).fill_null(True)
    return table("published.distributions").conform(
        ranked.with_columns(_status(whole | rare))
        .with_columns(_shown(["n_persons", "n_total", "share"]))
        .drop("least", "one_answer_hides", "satisfied", "given", "k", "held", "rare")
    )


def _limits(study: Study, code: str) -> tuple[int, bool]:
    """Fewest people one answer may show, and whether one answer for all hides the distribution."""
    item = study.instruments.item(code)
    sensitive = bool(item and item.sensitive) or any(s.sensitive and code in s.items for s in study.instruments.scales)
    return (study.privacy.min_persons_sensitive if sensitive else study.privacy.min_persons), sensitive


def disclose_participation(frame: pl.DataFrame, study: Study) -> pl.DataFrame:
    """indicators.participation -> published.participation.

    Hidden: teams of a study that names none; fewer people than the threshold, or 1 to threshold - 1 people missing from
    a step it is part of; and a row compared with a hidden one, since it repeats its count.
    """
    least = study.privacy.min_persons
    where = ["scope", "scope_key"]
    pairs = pl.DataFrame(
        [(step, other) for step, others in WITHIN.items() for other in others],
        schema={"step": pl.String, "other": pl.String}, orient="row",
    )  # fmt: skip
    others = frame.select(*where, pl.col("step").alias("other"), pl.col("n_persons").alias("n_other"))
    missing = pl.col("n_other") - pl.col("n_persons")
    tells = missing.abs().is_between(1, least - 1) | (pl.col("n_other") < least)
    small_rest = (
        frame.join(pairs, on="step").join(others, on=[*where, "other"])
        .group_by(*where, "step").agg(tells.any().alias("small_rest"))
    )  # fmt: skip
    few = pl.col("n_persons").fill_null(0) < least
    few |= pl.lit(not study.privacy.publish_named) & (pl.col("scope") == "team")
    rows = frame.join(small_rest, on=[*where, "step"], how="left", maintain_order="left").with_columns(
        (few | pl.col("small_rest").fill_null(False)).alias("hidden")
    )
    hidden_counts = rows.select(*where, pl.col("step").alias("reference"), pl.col("hidden").alias("reference_hidden"))
    reference = pl.col("step").replace_strict(STEPS, default=None, return_dtype=pl.String).alias("reference")
    rows = rows.with_columns(reference).join(
        hidden_counts, on=[*where, "reference"], how="left", maintain_order="left"
    )
    hidden = pl.col("hidden") | pl.col("reference_hidden").fill_null(False)
    return table("published.participation").conform(
        rows.with_columns(_status(hidden)).with_columns(_shown(["n_persons", "n_reference"]))
        .drop("small_rest", "hidden", "reference", "reference_hidden")
    )  # fmt: skip


def _status(hidden: pl.Expr) -> pl.Expr:
    return pl.when(hidden).then(pl.lit("suppressed")).otherwise(pl.lit("published")).alias("disclosure_status")


def _shown(columns: list[str]) -> pl.Expr:
    """The columns, null where the row is hidden."""
    return pl.when(pl.col("disclosure_status") == "published").then(pl.col(columns))
