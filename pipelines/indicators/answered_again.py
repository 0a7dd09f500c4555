"""« Réponse aux deux questionnaires »: who answered again, by size of team and by how they felt at first (methods 3.2).

What is missing at the end is told where it is missing; no verdict, no team.
"""

import polars as pl

from pipelines.indicators.base import Indicator, Inputs, estimate_row, estimates
from pipelines.indicators.scopes import PROGRAMME, Record
from pipelines.indicators.surveys import over_teams, two_waves, waves_window

INDICATOR = Indicator(
    "answered_again",
    ("model.scores", "clean.teams"),
    "Among agents who answered the first questionnaire on well-being, those who answered the last one, in %.",
    scale="wellbeing",
)
LARGE = 10  # people of a team
# estimand -> the kind of groups it is one of: together they hold everybody
GROUPS = {"teams_under_10": "size", "teams_of_10_or_more": "size", "lowest_third": "score", "middle_third": "score",
          "highest_third": "score"}  # fmt: skip


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme: one estimand per group. The groups of one kind are shown together or not at all: with the whole known,
    the one that is missing could be worked out.

    Thirds of the first score: equal scores stay together.
    """
    people = _grouped(inputs, two_waves(inputs, INDICATOR.scale))
    counts = {
        group: (own.height, own["after"].count()) for group, kind in GROUPS.items()
        if (own := people.filter(pl.col(kind) == group)).height
    }  # fmt: skip
    rows: list[Record] = []
    for group, kind in GROUPS.items():
        own = people.filter(pl.col(kind) == group)
        found = over_teams(inputs, own, _share)
        others = [counts[g] for g, k in GROUPS.items() if k == kind and g in counts]
        least = min((few for n, again in others for few in (n, again, n - again) if few), default=None)
        if found["estimate"] is None:
            found |= {"reason": found.get("reason") if people.is_empty() else "aucune_mesure"}
        rows.append(estimate_row(
            indicator=INDICATOR.id, estimand=group, unit="%", scope=PROGRAMME, scope_key=PROGRAMME,
            population="agents_t0", window=waves_window(inputs.study, "baseline", "end"), threshold=None,
            direction="higher", model_id="part_reponse_jackknife", n_minority=least,
            **{"n_persons": own.height, "n_obs": own.height, "n_obs_read": own.height, **found},
        ))  # fmt: skip
    return estimates(rows)


def _grouped(inputs: Inputs, people: pl.DataFrame) -> pl.DataFrame:
    """`people` with the groups they belong to; those of no team known have no size."""
    sizes = inputs.table("clean.teams").select("team", "headcount")
    low, high = (pl.col("before").quantile(share, "linear") for share in (1 / 3, 2 / 3))
    third = (
        pl.when(pl.col("before") <= low).then(pl.lit("lowest_third"))
        .when(pl.col("before") <= high).then(pl.lit("middle_third")).otherwise(pl.lit("highest_third"))
    )  # fmt: skip
    size = pl.when(pl.col("headcount") < LARGE).then(pl.lit("teams_under_10")).when(
        pl.col("headcount") >= LARGE).then(pl.lit("teams_of_10_or_more"))  # fmt: skip
    return people.join(sizes, on="team", how="left", maintain_order="left").with_columns(
        size.alias("size"), third.alias("score")
    )


def _share(people: pl.DataFrame) -> float | None:
    return 100.0 * people["after"].count() / people.height if people.height else None
