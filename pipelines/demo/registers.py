"""The registers of the demonstration study: teams, people, tools, processes, deployments, training, incidents."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.demo import truths
from pipelines.demo.design import GO_LIVE, PROCESSES, TOOLS, Roster
from pipelines.demo.files import register
from pipelines.workbooks import Sheet, workbook

COMMON_SESSION, TOOL_SESSION = ("Repères", 45), ("Prise en main", 60)  # name, minutes

INCIDENTS = (
    ("I1", "2026-03-18", "assistantc", "courriels", "souverainete", 2, "oui", "non", "2026-04-02"),
    ("I2", "2026-04-09", "assistanta", "comptesrendus", "erreur", 1, "oui", "non", "2026-04-15"),
    ("I3", "2026-05-19", "assistantc", "extraction", "donnees", 2, "oui", "non", ""),
    ("I5", "2026-05-27", "assistantb", "courriels", "part_humaine", 2, "oui", "non", ""),
    ("I4", "2026-06-03", "assistantb", "courriels", "erreur", 1, "non", "non", "2026-06-10"),
)
RECOMMENDATIONS = (
    ("Les réponses aux courriels récurrents prennent nettement moins de temps, relecture comprise.",
     "Étendre cet usage aux équipes qui traitent les mêmes demandes, avec des modèles de réponse relus par métier.",
     "Direction générale des services", "À la rentrée de septembre", "time_per_task", "process", "courriels"),
    ("Les comptes rendus ne prennent pas moins de temps qu'avant : la relecture absorbe le gain de rédaction.",
     "Suspendre l'extension de cet usage, tester un autre mode de prise de notes avec deux équipes volontaires.",
     "Direction des ressources humaines", "Avant la fin de l'année", "time_per_task", "process", "comptesrendus"),
    ("L'un des outils envoie des données hors de l'Union européenne sans garantie suffisante.",
     "Ne pas le proposer à d'autres équipes sans avis favorable du délégué à la protection des données.",
     "Direction du numérique", "Immédiatement", "", "", ""),
    ("Les erreurs ne sont relevées que par les équipes qui tiennent la feuille de temps.",
     "Organiser un contrôle d'échantillons à l'aveugle pour pouvoir conclure sur la qualité.",
     "Direction générale des services", "Au premier trimestre de l'année suivante", "errors", "", ""),
)  # fmt: skip


def register_files(roster: Roster, training: pl.DataFrame) -> dict[str, bytes]:
    """File name -> bytes of each register."""
    code = pl.col("team").replace_strict(np.arange(roster.teams.height), roster.teams["team"])
    teams = roster.teams.drop("format")
    people = roster.people.with_columns(code)
    envelopes = roster.envelopes.with_columns(code)
    deployments = roster.deployments.with_columns(code, pl.lit("").alias("end_date"))
    tools = pl.DataFrame(TOOLS, orient="row", schema=[
        "tool", "label", "provider", "model", "hosting", "compliance_transfers", "compliance_training",
        "compliance_processor", "compliance_sensitive"])  # fmt: skip
    processes = pl.DataFrame(
        [(p.process, p.label, p.family, "oui" if p.witness else "non") for p in PROCESSES],
        schema=["process", "label", "family", "witness"], orient="row",
    )  # fmt: skip
    incidents = pl.DataFrame(INCIDENTS, orient="row", schema=[
        "incident", "date", "tool", "process", "kind", "severity", "confirmed", "left_service", "closed_on",
    ])  # fmt: skip
    recommendations = pl.DataFrame(
        [(i + 1, *r) for i, r in enumerate(RECOMMENDATIONS)], orient="row",
        schema=["recommendation", "finding", "action", "owner", "due", "indicator", "scope", "scope_key"],
    )  # fmt: skip
    return {
        "teams.csv": register(teams),
        "people_time.xlsx": workbook([Sheet("Agents", people.drop("person"))], text_to_numbers=True),
        "people_survey.csv": register(envelopes),
        "tools.csv": register(tools),
        "processes.csv": register(processes),
        "deployments.csv": register(deployments),
        "training.csv": register(training),
        "incidents.csv": register(incidents),
        "recommendations.csv": register(recommendations),
    }


def training_register(rng: np.random.Generator, roster: Roster) -> pl.DataFrame:
    """session, date, minutes, tool, email, attended: one common session per start group, one per tool and group."""
    groups = [g for g in (1, 2) if g in roster.teams["start_group"]]
    sessions: list[tuple[str, date, int, str | None, int]] = []
    for group in groups:
        go_live = GO_LIVE[group - 1]
        sessions.append((f"{COMMON_SESSION[0]} {group}", go_live + timedelta(days=1), COMMON_SESSION[1], None, group))
        for i, tool in enumerate(t[0] for t in TOOLS):
            day = go_live + timedelta(days=7 + i)
            sessions.append((f"{TOOL_SESSION[0]} {tool[-1].upper()}{group}", day, TOOL_SESSION[1], tool, group))
    plan = pl.DataFrame(
        sessions, orient="row",
        schema={"session": pl.String, "date": pl.Date, "minutes": pl.Int64, "tool": pl.String, "start_group": pl.Int64},
    )  # fmt: skip
    groups_of = roster.teams.select(pl.int_range(pl.len()).alias("team"), "start_group")
    people = roster.people.join(groups_of, on="team", how="left", maintain_order="left")
    owned = roster.deployments.select("team", "tool").unique(maintain_order=True)
    tagged = people.join(owned, on="team").join(plan, on=["start_group", "tool"])
    common = people.join(plan.filter(pl.col("tool").is_null()), on="start_group")
    invited = pl.concat([common.select(tagged.columns), tagged]).sort("date", "session", "person")
    here = (pl.col("from_date") <= pl.col("date")).fill_null(True)
    invited = invited.filter(here)
    came = pl.Series(rng.random(invited.height) < truths.ATTENDANCE)
    attended = pl.when(came).then(pl.lit("oui")).otherwise(pl.lit("non")).alias("attended")
    return invited.with_columns(attended).select("session", "date", "minutes", "tool", "email", "attended")
