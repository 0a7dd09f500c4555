"""« Calage »: what a minute declared saved is worth in minutes measured (« déclaré 25 min, calé 14 min [9 ; 20] »).

Time data and questionnaires meet here as totals of a team and process, never person by person.
"""

import math

import polars as pl

from pipelines.estimators.house_interval import Refits
from pipelines.estimators.imputation import reference
from pipelines.indicators.base import Indicator, Inputs, estimates
from pipelines.indicators.scopes import REGIME, Companion, Record, count_agents, house, model_of
from pipelines.indicators.surveys import two_waves

INDICATOR = Indicator(
    "calibration",
    ("model.time_cells", "model.scores", "clean.teams", "clean.people_time"),
    "Minutes saved per task, measured over declared, summed over the teams and processes that have both.",
)
POPULATION = "equipes_x_processus"
FACTOR = Companion("calibration", "calibration", "ratio", "higher", POPULATION)
DECLARED = Companion("calibration", "declared_saving", "min", "higher", POPULATION)
MEASURED = Companion("calibration", "calibrated_saving", "min", "higher", POPULATION)
DECLARATION = "TP2"  # minutes of the last time the task was done, asked in both waves
MIN_PAIRS = 5
PAIR = ["team", "process"]


def compute(inputs: Inputs) -> pl.DataFrame:
    """Programme: the factor, and the mean saving per task declared, then measured, in minutes."""
    ref = reference(inputs.table("model.time_cells"))
    said = declared(inputs)
    pairs = _pairs(ref.identified, said)
    without = {
        team: _pairs(ref.without[team], said.filter(pl.col("team") != team))
        for team in pairs["team"].unique().sort().to_list()
    }
    used = ref.identified.filter(REGIME).join(pairs, on=PAIR, how="semi")
    respondents = _both_waves(inputs).join(pairs, on=PAIR, how="semi")["person_survey"].n_unique()
    n_persons = min(respondents, count_agents(used["person_time"], inputs))
    reason = _why_not(said, pairs)

    def row(what: Companion, statistic: str) -> Record:
        refits: Refits = _value(pairs, statistic), {team: _value(kept, statistic) for team, kept in without.items()}
        values: Record = {"reason": reason} if reason else house(refits)
        shared = {"model_id": f"{model_of(ref)}_jackknife", "n_persons": n_persons, "n_obs": pairs.height}
        return what.row(inputs, used, said.height, {**values, **shared})

    return estimates([row(FACTOR, "factor"), row(DECLARED, "declared"), row(MEASURED, "measured")])


def declared(inputs: Inputs) -> pl.DataFrame:
    """[team, process, declared]: mean over agents of the minutes of a task before less those after."""
    saved = (pl.col("before") - pl.col("after")).sort().mean()
    return _both_waves(inputs).group_by(PAIR).agg(saved.alias("declared")).sort(PAIR)


def _both_waves(inputs: Inputs) -> pl.DataFrame:
    return two_waves(inputs, DECLARATION).filter(pl.col("after").is_not_null(), pl.col("team").is_not_null())


def measured(cells: pl.DataFrame) -> pl.DataFrame:
    """[team, process, measured]: minutes saved per task from the fourth week on; null where nothing identifies them."""
    sums = cells.filter(REGIME).group_by(PAIR).agg(
        pl.col("minutes", "mu0").sort().sum(), pl.col("occurrences").sum(), pl.col("mu0").null_count().alias("unknown")
    )
    known = pl.when(pl.col("unknown") == 0).then((pl.col("mu0") - pl.col("minutes")) / pl.col("occurrences"))
    return sums.select(*PAIR, known.alias("measured")).sort(PAIR)


def _pairs(cells: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    return measured(cells).join(said, on=PAIR).sort(PAIR)


def _why_not(said: pl.DataFrame, pairs: pl.DataFrame) -> str | None:
    if said.is_empty():
        return "non_mesure"
    if pairs.height < MIN_PAIRS:
        return "moins_de_5_couples"
    return None if math.fsum(pairs["declared"]) > 0 else "sans_gain_declare"


def _value(pairs: pl.DataFrame, statistic: str) -> float | None:
    """Mean saving declared or measured, in minutes, or the ratio of the second to the first."""
    if pairs.is_empty() or pairs["measured"].null_count():
        return None
    means = {name: math.fsum(pairs[name]) / pairs.height for name in ("declared", "measured")}
    if statistic != "factor":
        return means[statistic]
    return means["measured"] / means["declared"] if means["declared"] > 0 else None
