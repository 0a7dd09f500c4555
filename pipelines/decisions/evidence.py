"""The level of evidence: computed from the design of the study, never typed in (indicators.md, section 9)."""

from dataclasses import dataclass

import polars as pl

from pipelines.estimators.staggered import MIN_GROUPS, are_apart, start_groups
from pipelines.indicators.base import Indicator, Inputs, discover
from pipelines.indicators.surveys import agent_scores, level_wave, live_deployments, two_waves

MIN_TEAMS_ANSWERING = 5
MIN_TIMES_A, MIN_TIMES_B, MIN_PERSONS_B = 30, 15, 5
MAX_ATTRITION = 0.40
MIN_SHARE = 0.60
# Models that compare nothing, or count only.
DESCRIBES = "^(comptage_|descriptif$|part_usage_|part_declaree_|part_reponse_)"
PHASES = ("avant", "regime")  # the phases an effect compares


@dataclass(frozen=True)
class Evidence:
    """Level (A, A-, B, C or D) and the code of its reason."""

    level: str
    reason: str


def with_evidence(estimates: pl.DataFrame, inputs: Inputs) -> pl.DataFrame:
    """`estimates` with evidence and evidence_reason: one level per indicator, lower where a row says less.

    An estimate that cannot tell the season from the tool is at most B. At most C: what only describes (well-being by
    tool, counts, use, what people say of their time), and what compares tasks that people chose.
    """
    by_indicator = {i: evidence_of(i, inputs) for i in estimates["indicator"].unique().sort()}
    levels = pl.DataFrame(
        [(i, e.level, e.reason) for i, e in by_indicator.items()],
        schema={"indicator": pl.String, "evidence": pl.String, "evidence_reason": pl.String}, orient="row",
    )  # fmt: skip
    model, level = pl.col("model_id"), pl.col("evidence")
    no_season = model.str.contains("^(avant_apres|imputation_sans_mois.*|(poisson|log|instrument|lineaire)_jackknife)$")
    before_after = no_season & level.is_in(["A", "A-"])
    by_tool = (pl.col("indicator") == "wellbeing") & (pl.col("scope") == "tool")
    described = (by_tool | model.str.contains(DESCRIBES)) & level.is_in(["A", "A-", "B"])
    chosen = model.str.contains("^usage_") & level.is_in(["A", "A-", "B"])

    def lowered(column: str, season: str, describes: str, chose: str) -> pl.Expr:
        return (
            pl.when(chosen).then(pl.lit(chose)).when(described).then(pl.lit(describes))
            .when(before_after).then(pl.lit(season)).otherwise(column)
        )  # fmt: skip

    return estimates.join(levels, on="indicator", how="left", maintain_order="left").with_columns(
        lowered("evidence", "B", "C", "C").alias("evidence"),
        lowered("evidence_reason", "avant_apres", "descriptif", "usage_choisi").alias("evidence_reason"),
    )


def evidence_of(indicator: str, inputs: Inputs) -> Evidence:
    """Level of one indicator: by measured work, by a level asked once, or by a change between two questionnaires.

    An id that no module claims is a scale of the study: judged as a change where it was asked at the start.
    """
    module = discover().get(indicator)
    what = module.INDICATOR if module else Indicator(indicator, (), "", scale=indicator)
    if "model.time_cells" in what.inputs:
        return of_measured_work(inputs)
    if what.level:
        return of_level(inputs, what.scale, what.level)
    asked_at_start = not two_waves(inputs, what.scale).is_empty()
    return of_change(inputs, what.scale) if module or asked_at_start else of_level(inputs, what.scale)


def of_measured_work(inputs: Inputs) -> Evidence:
    """Time and errors: A with staggered starts or a witness, B before-after, D under 15 times per phase."""
    cells = inputs.table("model.time_cells")
    live = live_deployments(inputs)
    worked = cells.join(live.select("team", "process").unique(), on=["team", "process"], how="semi")
    times = {phase: int(worked.filter(pl.col("phase") == phase)["occurrences"].sum()) for phase in PHASES}
    if not any(times.values()):
        return Evidence("D", "aucune_mesure")
    if min(times.values()) < MIN_TIMES_B:
        return Evidence("D", "moins_de_15_fois_par_phase")
    persons = min(worked.filter(pl.col("phase") == phase)["person_time"].n_unique() for phase in PHASES)
    if persons < MIN_PERSONS_B:
        return Evidence("D", "moins_de_5_personnes")
    if min(times.values()) < MIN_TIMES_A:
        return Evidence("B", "moins_de_30_fois_par_phase")
    if _attrition(inputs.table("model.agent_weeks")) >= MAX_ATTRITION:
        return Evidence("B", "attrition")
    # A witness says something of the season only once somebody is equipped.
    witness = cells.filter("witness").filter(pl.col("week") >= live["go_live"].min())
    return _of_starts(inputs, has_witness=not witness.is_empty())


def _of_starts(inputs: Inputs, *, has_witness: bool) -> Evidence:
    starts = live_deployments(inputs).group_by("team").agg(pl.col("go_live").min())
    apart = are_apart(start_groups(starts, inputs.study.calendar.measurement_start))
    if starts["go_live"].n_unique() < MIN_GROUPS:
        return Evidence("A-", "depart_commun_temoin") if has_witness else Evidence("B", "depart_commun")
    if not (apart or has_witness):
        return Evidence("B", "vagues_trop_petites_ou_trop_proches")
    if inputs.study.start_groups_chosen_by_teams:
        return Evidence("A-", "departs_choisis_par_les_equipes")
    drawn = inputs.study.start_groups_drawn_by_lot
    return Evidence("A", "departs_tires_au_sort" if drawn else "departs_decales")


def _attrition(weeks: pl.DataFrame) -> float:
    """Part of the people who logged before their team went live and did not after; 1 when nobody logged before."""
    logged = weeks.filter("logged")
    before = logged.filter(~pl.col("treated"))["person_time"].unique()
    after = logged.filter("treated")["person_time"].unique()
    return 1.0 - int(before.is_in(after.implode()).sum()) / len(before) if len(before) else 1.0


def of_change(inputs: Inputs, scale: str) -> Evidence:
    """A change between two questionnaires: B when at least 60 % of those of the first answered the second."""
    people = two_waves(inputs, scale)
    if people.is_empty():
        return Evidence("D", "aucune_mesure")
    paired = people["after"].count()
    if not paired:
        return Evidence("C", "non_apparie")
    enough = paired / people.height >= MIN_SHARE
    return Evidence("B", "apparies_60") if enough else Evidence("C", "moins_de_60_apparies")


def of_level(inputs: Inputs, scale: str = "", role: str = "end") -> Evidence:
    """A level asked once: B when at least 60 % of equipped agents answered, in at least five teams.

    Of the item that says who is satisfied, unless `scale` names another.
    """
    study = inputs.study
    answered = agent_scores(inputs, scale or study.satisfaction.item, level_wave(study, role))
    if answered.is_empty():
        return Evidence("D", "aucune_mesure")
    equipped = inputs.table("clean.people_survey").filter(
        (pl.col("role") == "agent") & pl.col("team").is_in(live_deployments(inputs)["team"].unique().implode())
    )
    if equipped.is_empty():
        return Evidence("C", "population_inconnue")
    reached = equipped.filter(pl.col("person_survey").is_in(answered["person_survey"].implode()))
    if reached["team"].n_unique() < MIN_TEAMS_ANSWERING:
        return Evidence("C", "moins_de_5_equipes")
    enough = reached.height / equipped.height >= MIN_SHARE
    return Evidence("B", "repondants_60") if enough else Evidence("C", "moins_de_60_repondants")
