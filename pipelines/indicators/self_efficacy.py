"""« Sentiment de maîtrise »: change of AE1 to AE3, 0 to 10, and how people judge their own start afterwards."""

import polars as pl

from pipelines.estimators.change import paired_change
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.changes import change_row, change_rows, of_pairs
from pipelines.indicators.composites import TABLES, withheld
from pipelines.indicators.scopes import Record
from pipelines.indicators.surveys import agent_scores

INDICATOR = Indicator(
    "self_efficacy",
    ("model.scores", "clean.teams", "clean.processes", *TABLES),
    "Change of the feeling of mastering AI tools, in points of 10, corrected like well-being; then-test on AE1.",
    scale="self_efficacy",
)
NOW, LOOKING_BACK = "AE1", "AE1R"  # the same question, about today and, asked at the end, about the start


def compute(inputs: Inputs) -> pl.DataFrame:
    """The programme: change (points) and net_up (%) of the scale; change_then_test and response_shift (points)."""
    rows = withheld(inputs, INDICATOR.scale, change_rows(inputs, INDICATOR, direction="higher"))
    return estimates(rows + then_test(inputs))


def then_test(inputs: Inputs) -> list[Record]:
    """change_then_test: AE1 at the end less the level people now say they started from (AE1R, asked the same day).

    response_shift: that level less AE1 as answered at the start; what they have learnt to doubt is negative.
    """
    start, end = inputs.study.wave_of_role("baseline"), inputs.study.wave_of_role("end")
    then = agent_scores(inputs, LOOKING_BACK, end)
    return [
        _row(inputs, "change_then_test", _both(then, agent_scores(inputs, NOW, end))),
        _row(inputs, "response_shift", _both(agent_scores(inputs, NOW, start), then)),
    ]


def _both(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """[person_survey, team, process, before, after] of the agents with both scores."""
    return first.select("person_survey", "team", "process", before="score").join(
        second.select("person_survey", after="score"), on="person_survey", maintain_order="left"
    )


def _row(inputs: Inputs, estimand: str, pairs: pl.DataFrame) -> Record:
    values = of_pairs(inputs, pairs, paired_change)
    return change_row(inputs, INDICATOR, estimand, pairs, values, direction="higher", model_id="apparie_jackknife")
