"""A published folder made by hand: every scope, suppressed rows, values whose printed form is known."""

from datetime import date
from typing import Any

import polars as pl

from pipelines.contracts import table

SETTINGS = {
    "study": "essai",
    "title": "L'IA dans six équipes",
    "organisation": "Université de démonstration",
    "organisation_unit": "direction générale des services",
    "fictional": "true",
    "language": "fr",
    "calendar.measurement_start": "2026-02-02",
    "calendar.measurement_end": "2026-06-29",
    "calendar.as_of": "2026-07-03",
    "privacy.min_persons": "5",
    "privacy.min_persons_sensitive": "10",
    "privacy.min_persons_distribution": "10",
    "privacy.publish_named": "true",
    "start_groups_drawn_by_lot": "true",
    "waves.T0.label": "avant",
    "waves.T0.role": "baseline",
    "waves.T0.opens": "2026-02-02",
    "waves.T1.label": "après",
    "waves.T1.role": "end",
    "waves.T1.opens": "2026-06-15",
    "satisfaction.item": "SO1",
    "satisfaction.satisfied_from": "4.0",
    "item.SO1.text": "Satisfaction à l'égard de [outil]",
}
TEAMS = {
    "eq1": "Bibliothèque",
    "eq2": "Finances",
    "eq3": "Logistique",
    "eq4": "Relations internationales",
    "eq5": "Scolarité",
    "eq6": "Vie étudiante",
}
IDENTITY = {  # indicator -> estimand, unit, threshold, direction
    "net_hours": ("net_hours", "h/agent/week", 0.5, "higher"),
    "errors": ("rate_ratio", "ratio", 0.90, "lower"),
    "wellbeing": ("change", "points", -5.0, "higher"),
    "satisfaction": ("share_satisfied", "%", 60.0, "higher"),
    "time_per_task": ("time_per_task", "%", -10.0, "lower"),
}


def estimate(indicator: str, scope: str = "programme", key: str = "programme", **values: Any) -> dict[str, Any]:
    """One row of published.estimates; without `estimate`, a row that gives its reason only."""
    estimand, unit, threshold, direction = IDENTITY[indicator]
    row = {
        "indicator": indicator,
        "estimand": estimand,
        "unit": unit,
        "scope": scope,
        "scope_key": key,
        "population": "agents_equipes",
        "window_start": date(2026, 3, 2),
        "window_end": date(2026, 6, 29),
        "threshold": threshold,
        "direction": direction,
        "model_id": "essai",
        "disclosure_status": "published",
    }
    if "estimate" in values:
        row |= {"level": 0.95, "G": 6, "n_persons": 66, "n_obs": 900, "n_obs_read": 950}
    return row | values


def suppressed(indicator: str, scope: str, key: str) -> dict[str, Any]:
    """A row whose values are hidden."""
    return estimate(indicator, scope, key, disclosure_status="suppressed")


def programme() -> list[dict[str, Any]]:
    """The four tiles: reached, cannot be settled, preserved, not reached; then the time per task and the waterfall."""
    level_b = {"evidence": "B"}
    errors = estimate(
        "errors",
        estimate=0.82,
        ci_low=0.66,
        ci_high=1.02,
        verdict="non_concluant",
        verdict_reason="seuil_dans_intervalle",
        **level_b,
    )
    parts = {
        "gross": 1000.0,
        "prompt": 120.0,
        "verification": 200.0,
        "rework": None,
        "failed": 30.0,
        "overheads": 50.0,
        "training": 100.0,
    }
    return [
        estimate("net_hours", estimate=1.43, ci_low=0.83, ci_high=2.01, verdict="atteint", evidence="A"),
        errors,
        errors | {"estimand": "rate_ratio_guardrail", "threshold": 1.15, "verdict": "atteint", "verdict_reason": None},
        estimate("wellbeing", estimate=2.1, ci_low=-2.9, ci_high=7.1, verdict="atteint", **level_b),
        estimate("satisfaction", estimate=51.0, ci_low=43.2, ci_high=58.7, verdict="non_atteint", **level_b),
        estimate("time_per_task", estimate=-21.4, ci_low=-27.3, ci_high=-15.2, verdict="atteint", evidence="A"),
        *(
            estimate("net_hours", estimate=hours)
            | {"estimand": part, "unit": "h", "threshold": None, "reason": "descriptif" if hours else "non_mesure"}
            for part, hours in parts.items()
        ),
    ]


def estimates() -> pl.DataFrame:
    """Programme, six teams of which one is hidden everywhere, three tools, two processes."""
    rows = programme()
    shift = {"net_hours": (1.1, 0.6), "errors": (0.85, 0.2), "satisfaction": (50.0, 9.0), "time_per_task": (-20.0, 8.0)}
    for indicator, (centre, half) in shift.items():
        for n, team in enumerate(TEAMS):
            if team == "eq3":
                rows.append(suppressed(indicator, "team", team))
                continue
            value = centre * (1 + 0.05 * n)
            rows.append(
                estimate(
                    indicator, "team", team, estimate=value, ci_low=value - half, ci_high=value + half, evidence="A"
                )
            )
            rows[-1]["n_persons"] = 5 + 3 * n
        for n, tool in enumerate(("aa", "ab", "ac")):
            value = centre * (1 + 0.1 * n)
            verdict = {"verdict": "atteint" if n == 0 else "non_concluant", "evidence": "A"}
            rows.append(
                estimate(indicator, "tool", tool, estimate=value, ci_low=value - half, ci_high=value + half, **verdict)
            )
    rows += [suppressed("wellbeing", "team", team) for team in TEAMS]
    rows += [
        estimate(
            "time_per_task",
            "process",
            "courriels",
            estimate=-30.0,
            ci_low=-38.0,
            ci_high=-21.0,
            verdict="atteint",
            evidence="A",
        ),
        estimate(
            "time_per_task",
            "process",
            "extraction",
            estimate=1.0,
            ci_low=-9.0,
            ci_high=12.0,
            verdict="non_concluant",
            evidence="A",
        ),
    ]
    return table("published.estimates").conform(pl.DataFrame(rows, infer_schema_length=None))


def _distributions() -> pl.DataFrame:
    rows = []
    labels = ["Pas du tout satisfait", "Peu satisfait", "Ni satisfait ni insatisfait", "Satisfait", "Très satisfait"]
    for rank, (label, n) in enumerate(zip(labels, (6, 12, 14, 30, 8), strict=True), start=1):
        rows.append(
            {
                "item": "SO1",
                "wave": "T1",
                "scope": "programme",
                "scope_key": "programme",
                "value_code": str(rank),
                "rank": rank,
                "label": label,
                "n_persons": n,
                "n_total": 70,
                "share": n / 70,
                "disclosure_status": "published",
            }
        )
    rows.append(
        {
            **rows[0],
            "item": "DH8",
            "label": "Beaucoup diminué",
            "n_persons": None,
            "n_total": None,
            "share": None,
            "disclosure_status": "suppressed",
        }
    )
    return table("published.distributions").conform(pl.DataFrame(rows, infer_schema_length=None))


def _participation() -> pl.DataFrame:
    steps = [
        ("effectif", 84, None),
        ("t0", 79, 84),
        ("t1", 71, 84),
        ("apparies", 66, 79),
        ("temps_attendus", 84, None),
        ("temps_saisis", 80, 84),
    ]
    rows: list[dict[str, Any]] = [
        {
            "rank": n,
            "step": s,
            "scope": "programme",
            "scope_key": "programme",
            "n_persons": p,
            "n_reference": r,
            "disclosure_status": "published",
        }
        for n, (s, p, r) in enumerate(steps)
    ]
    for team in TEAMS:
        hidden = team == "eq3"
        rows.append(
            {
                "rank": 0,
                "step": "effectif",
                "scope": "team",
                "scope_key": team,
                "n_persons": None if hidden else 14,
                "n_reference": None,
                "disclosure_status": "suppressed" if hidden else "published",
            }
        )
    return table("published.participation").conform(pl.DataFrame(rows, infer_schema_length=None))


def proposal(process: str, tool: str, proposed: str | None, line: str | None, basis: str | None, reasons: str | None,
             **inputs: Any) -> dict[str, Any]:  # fmt: skip
    """One row of published.proposals."""
    return {
        "proposal_id": f"{process}:{tool}", "process": process, "tool": tool, "family": "écrit", "proposal": proposed,
        "line": line, "basis": basis, "reasons": reasons, "human_incidents": 0, "escaped_errors": 0, **inputs,
    }  # fmt: skip


def frames(**settings: str) -> dict[str, pl.DataFrame]:
    """Every published table of the study, by name; `settings` (dots written as __) replace those of the study."""
    told = SETTINGS | {k.replace("__", "."): v for k, v in settings.items()}
    compliance = ("compliance_transfers", "compliance_training", "compliance_processor", "compliance_sensitive")
    tools = [
        {
            "tool": code,
            "label": label,
            "provider": "Éditeur fictif",
            "hosting": "France",
            **dict.fromkeys(compliance, "conforme"),
            "compliance_processor": worst,
        }
        for code, label, worst in (
            ("aa", "Assistant A", "conforme"),
            ("ab", "Assistant B", "reserve"),
            ("ac", "Assistant C", "non_conforme"),
        )
    ]
    made: dict[str, Any] = {
        "study": {"setting": list(told), "value": list(told.values())},
        "teams": [
            {
                "team": c,
                "label": label,
                "family": "Services",
                "start_group": 1 + (n % 2),
                "go_live": date(2026, 3, 2) if n % 2 == 0 else date(2026, 5, 4),
            }
            for n, (c, label) in enumerate(TEAMS.items())
        ],
        "tools": tools,
        "processes": [
            {"process": "courriels", "label": "Réponses aux courriels", "family": "écrit", "witness": False},
            {"process": "extraction", "label": "Extraction de données", "family": "données", "witness": False},
            {"process": "temoin", "label": "Standard téléphonique", "family": "accueil", "witness": True},
        ],
        "deployments": [{"team": "eq1", "process": "courriels", "tool": "aa", "go_live": date(2026, 3, 2)}],
        "recommendations": [
            {
                "recommendation": 1,
                "finding": "Le temps de réponse baisse.",
                "action": "Étendre l'Assistant A.",
                "owner": "DGS",
                "due": "septembre 2026",
                "indicator": "net_hours",
            }
        ],
        "accounts": [
            {
                "source": "temps",
                "format": "kimai",
                "files": 2,
                "received": 1000,
                "accepted": 940,
                "set_aside": 40,
                "duplicates": 20,
            }
        ],
        "set_aside": [
            {"source": "temps", "rule": "zero_duration", "status": "set_aside", "rows": 40},
            {"source": "temps", "rule": "duplicate_row", "status": "duplicate", "rows": 20},
        ],
        "incidents": [
            {
                "tool": "ac",
                "kind": "erreur",
                "severity": 2,
                "incidents": 3,
                "confirmed": 1,
                "open": 0,
                "left_service": 1,
                "escaped": 0,
            }
        ],
        "proposals": [
            proposal("courriels", "aa", "generaliser", "2", "met", "gain >= 15; gain.low > 0; evidence >= B",
                     gain=25.84, gain_low=22.3, gain_high=29.3, evidence="A", umux_lite=72.3,
                     not_published="irritation"),
            proposal("courriels", "ab", "ajuster", "1a", "answered", "not_compliant >= 1", not_compliant=1),
            proposal("extraction", "aa", "ajuster", "4", "unmet", "irritation <= -2", irritation=-0.2),
            proposal("extraction", "ac", "preuve_insuffisante", "4", "unknown", "gain.high < 5; umux_lite >= 60",
                     not_published="gain", not_measured="umux_lite; abandonment"),
            proposal("extraction", "ab", "ne_pas_poursuivre", "1d", "met", "errors.low > 1.15", errors=1.4,
                     errors_low=1.254),
        ],
        "provenance": [
            {"kind": "input", "name": "temps/a.csv", "fingerprint": "ab" * 32},
            {"kind": "study", "name": "study.yaml", "fingerprint": "cd" * 32},
            {"kind": "code", "name": "pipelines", "fingerprint": "ef" * 32},
        ],
    }
    found = {
        n: table(f"published.{n}").conform(pl.DataFrame(rows, infer_schema_length=None)) for n, rows in made.items()
    }
    return found | {"estimates": estimates(), "distributions": _distributions(), "participation": _participation()}


def survey_frames() -> dict[str, pl.DataFrame]:
    """A study without teams: a satisfaction without interval, one distribution, accounts, and nothing else."""
    told = {
        "study": "enquete",
        "title": "Enquête",
        "organisation": "Société savante",
        "fictional": "false",
        "language": "fr",
        "calendar.measurement_start": "2017-01-02",
        "calendar.measurement_end": "2017-12-25",
        "calendar.as_of": "2018-01-15",
        "satisfaction.item": "affSat3",
        "satisfaction.satisfied_from": "4",
        "item.affSat3.text": "I am satisfied",
        "waves.W1.label": "2017",
        "attribution": "Auteurs, licence libre",
    }
    whole = frames()
    rows = [
        estimate(
            "satisfaction", estimate=65.1, ci_low=None, ci_high=None, reason="sans_equipe", n_persons=215, evidence="C"
        )
    ]
    rows += [estimate(i, reason="sans_equipe") for i in ("net_hours", "errors", "wellbeing", "time_per_task")]
    answers = (
        whole["distributions"]
        .filter(pl.col("item") == "SO1")
        .with_columns(pl.lit("affSat3").alias("item"), pl.lit("W1").alias("wave"))
    )
    return {
        "study": pl.DataFrame({"setting": list(told), "value": list(told.values())}),
        "estimates": table("published.estimates").conform(pl.DataFrame(rows, infer_schema_length=None)),
        "distributions": answers,
        "accounts": whole["accounts"],
        "provenance": whole["provenance"],
    }
