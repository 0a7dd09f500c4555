"""The flow of agents, from the roster to both questionnaires, and from those expected to log time to those who did."""

import polars as pl

from pipelines.contracts import table
from pipelines.indicators.base import Inputs
from pipelines.indicators.scopes import PROGRAMME

TABLE = "indicators.participation"
INPUTS = ("clean.teams", "clean.people_survey", "clean.people_time", "clean.responses", "model.agent_weeks")
# step -> the step it is compared with, in the order they are read
STEPS: dict[str, str | None] = {
    "effectif": None, "t0": "effectif", "t1": "effectif", "apparies": "t0", "temps_attendus": None,
    "temps_saisis": "temps_attendus",
}  # fmt: skip


def compute(inputs: Inputs) -> pl.DataFrame:
    """indicators.participation for the programme and every team; supervisors are left out.

    A step is there when the study has it: a roster, a wave of that role, a time log.
    """
    steps = {name: people for name, people in _people(inputs).items() if people is not None}
    if not steps:
        return table(TABLE).empty()
    teams = pl.concat([inputs.table("clean.teams")["team"], *(p["team"] for p in steps.values())])
    scopes = pl.concat([
        pl.DataFrame({"scope": [PROGRAMME], "scope_key": [PROGRAMME]}),
        teams.drop_nulls().unique().sort().to_frame("scope_key").select(pl.lit("team").alias("scope"), "scope_key"),
    ])  # fmt: skip
    counts = pl.concat([_count(name, people) for name, people in steps.items()])
    ranks = pl.DataFrame(
        [(rank, step, reference) for rank, (step, reference) in enumerate(STEPS.items()) if step in steps],
        schema={"rank": pl.Int64, "step": pl.String, "reference": pl.String}, orient="row",
    )  # fmt: skip
    keys = ["scope", "scope_key", "step"]
    every = scopes.join(ranks, how="cross").join(counts, on=keys, how="left").with_columns(pl.col("n").fill_null(0))
    compared = every.select("scope", "scope_key", pl.col("step").alias("reference"), pl.col("n").alias("n_reference"))
    rows = every.join(compared, on=["scope", "scope_key", "reference"], how="left")
    return table(TABLE).conform(rows.select("rank", *keys, pl.col("n").alias("n_persons"), "n_reference"))


def _people(inputs: Inputs) -> dict[str, pl.DataFrame | None]:
    """[person, team] of each step, one row per agent; None when the study does not have the step."""
    study, is_agent = inputs.study, pl.col("role") == "agent"
    roster = inputs.table("clean.people_survey").filter(is_agent).select(person="person_survey", team="team")
    responses = inputs.table("clean.responses").filter(is_agent)
    roles = {"t0": "baseline", "t1": "end"}
    waves = {step: study.wave_of_role(role) for step, role in roles.items()}
    answered = {
        step: responses.filter(pl.col("wave") == wave).select(person="person_survey", team="team").unique()
        if wave
        else None
        for step, wave in waves.items()
    }
    both = None
    if answered["t0"] is not None and answered["t1"] is not None:
        both = answered["t0"].join(answered["t1"], on="person", how="semi")
    # The register says who is expected; the log itself, when the study has no register of people.
    weeks = inputs.table("model.agent_weeks").select("logged", person="person_time", team="team")
    people_time = inputs.table("clean.people_time")
    if not people_time.is_empty():
        agents = people_time.filter(is_agent)["person_time"]
        weeks = weeks.filter(pl.col("person").is_in(agents.implode()))
    expected = weeks.select("person", "team").unique()
    logged = weeks.filter("logged").select("person", "team").unique()
    return {
        "effectif": None if roster.is_empty() else roster, **answered, "apparies": both,
        "temps_attendus": None if expected.is_empty() else expected,
        "temps_saisis": None if expected.is_empty() else logged,
    }  # fmt: skip


def _count(step: str, people: pl.DataFrame) -> pl.DataFrame:
    """[scope, scope_key, step, n]: distinct people, of each team and of the programme."""
    n = pl.col("person").n_unique().cast(pl.Int64).alias("n")
    whole = people.select(pl.lit("programme").alias("scope"), pl.lit(PROGRAMME).alias("scope_key"), n)
    teams = people.filter(pl.col("team").is_not_null()).group_by(pl.col("team").alias("scope_key")).agg(n)
    return pl.concat([whole, teams.select(pl.lit("team").alias("scope"), "scope_key", "n")]).select(
        "scope", "scope_key", pl.lit(step).alias("step"), "n"
    )
