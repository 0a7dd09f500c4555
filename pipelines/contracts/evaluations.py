"""Table of the published evaluations printed beside the study's own figure."""

import polars as pl

from pipelines.contracts.base import Column, Table

S, I, F, B = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()

PUBLISHED_EVALUATIONS = Table(
    "evaluations", "published", "What published evaluations of AI at the office found, with their design and what to beware of; facts of the project, none of the study.",
    (
        Column("rank", I, "order in which they are printed", minimum=1),
        Column("evaluation", S, "id"),
        Column("organisation", S, "who evaluated"),
        Column("period", S, "when"),
        Column("people", I, "people equipped", unit="people", nullable=True, minimum=1),
        Column("measure", S, "what the figure is", allowed=("minutes_per_day", "time_per_task", "none")),
        Column("value", F, "minutes saved per agent and working day, or change of the time per task in %", nullable=True),
        Column("is_maximum", B, "the figure is the highest reported, not a mean"),
        Column("kind", S, "declared, compared with people without the tool, or drawn by lot", allowed=("declared", "compared", "drawn")),
        Column("design", S, "how it was measured"),
        Column("caveat", S, "what to beware of"),
        Column("source", S, "publication"),
    ),
    key=("evaluation",), order_by=("rank",),
)  # fmt: skip
