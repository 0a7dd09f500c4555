"""Published tables of studies that go badly, or large: what the pages must still make sense of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.charts.report import SECTIONS, Report
from pipelines.contracts import table
from tests.page_fixture import TEAMS, estimate, frames, survey_frames

Tables = dict[str, pl.DataFrame]
TIMED = ["net_hours", "errors", "time_per_task", "process_tool_gain"]
# Sixty letters, as registers hold them.
LONG = "Service commun de la documentation et des archives, accueil"


def conformed(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of published.estimates."""
    return table("published.estimates").conform(pl.DataFrame(rows, infer_schema_length=None))


def companion(indicator: str, estimand: str, unit: str, **values: Any) -> dict[str, Any]:
    """One programme row of a figure that stands beside."""
    return estimate("net_hours", **values) | {"indicator": indicator, "estimand": estimand, "unit": unit,
                                              "threshold": None}  # fmt: skip


def with_companions() -> Tables:
    """The fixture with every figure that stands beside: one value of each kind, one not measured."""
    told = frames()
    share = {"evidence": "C", "evidence_reason": "descriptif"}
    rows = [
        companion("adoption", "weekly_users", "%", estimate=81.6, ci_low=70.1, ci_high=92.9, **share),
        companion("adoption", "share_of_tasks", "%", estimate=44.2, ci_low=31.0, ci_high=57.4, **share),
        companion("retention", "retention", "%", estimate=100.0, reason="variance_nulle", **share),
        companion("umux_lite", "mean", "points", estimate=71.6, ci_low=61.8, ci_high=81.3, evidence="B"),
        companion("wish_to_continue", "share_continue", "%", estimate=92.7, ci_low=87.6, ci_high=97.8, evidence="B"),
        companion("qvct", "change", "points", estimate=-0.4, ci_low=-4.2, ci_high=4.1, evidence="B"),
        companion("self_efficacy", "change", "points", estimate=1.3, ci_low=0.8, ci_high=1.8, evidence="B"),
        companion("workload", "change", "points", reason="non_mesure", evidence="D"),
        companion("irritation", "change", "points", estimate=1.2, ci_low=0.4, ci_high=2.0, evidence="B")
        | {"direction": "lower"},
        companion("calibration", "declared_saving", "min", estimate=25.2, ci_low=20.0, ci_high=30.0, evidence="A"),
        companion("calibration", "calibrated_saving", "min", estimate=14.3, ci_low=9.2, ci_high=19.6, evidence="A"),
        companion("calibration", "calibration", "ratio", estimate=0.57, ci_low=0.3, ci_high=0.8, evidence="A"),
        companion("distribution_of_gains", "share_slower", "%", estimate=9.4, ci_low=0.0, ci_high=27.2, evidence="A"),
        companion("payback_weeks", "payback_weeks", "weeks", estimate=2.2, ci_low=1.0, ci_high=4.1, evidence="A"),
        companion("time_with_tool", "time_with_tool", "%", estimate=-31.4, ci_low=-37.6, ci_high=-24.6, **share),
        companion("time_for_users", "time_for_users", "%", estimate=-31.2, ci_low=-41.0, ci_high=-19.9, evidence="A"),
        companion("time_per_task", "two_way", "%", estimate=-20.9, ci_low=-29.1, ci_high=-11.9, evidence="A"),
        companion("redeployment", "share_useful", "%", estimate=83.0, ci_low=74.0, ci_high=92.0, evidence="C"),
        *(companion("redeployment", f"share_{name}", "%", estimate=value, ci_low=value - 5, ci_high=value + 5,
                    evidence="C") for name, value in
          {"usagers": 31.0, "attente": 27.0, "qualite": 18.0, "rythme": 7.0, "demandes": 10.0, "aucun": 7.0}.items()),
    ]  # fmt: skip
    steps = {"gross": 20.5, "prompt": 2.8, "checking": 4.3, "net": 13.4}
    pair = {"scope": "process_tool", "scope_key": "courriels:aa"}
    rows += [companion("minutes_per_task", name, "min", estimate=v, reason="descriptif", evidence="A") | pair
             for name, v in steps.items()]  # fmt: skip
    gain = companion("process_tool_gain", "gain", "%", estimate=25.84, ci_low=21.6, ci_high=29.9, evidence="A")
    told["estimates"] = pl.concat([told["estimates"], conformed([*rows, gain | pair])])
    return told


def one_wave() -> Tables:
    """A survey asked once, without teams."""
    return survey_frames()


def no_time() -> Tables:
    """Questionnaires only: everything that rests on time is there without a value, and says why."""
    told = frames()
    nulls = ["estimate", "ci_low", "ci_high", "evidence", "verdict", "n_persons", "n_obs", "n_obs_read"]
    rows = told["estimates"].filter(~pl.col("indicator").is_in(TIMED) | (pl.col("scope") == "programme"))
    timed = pl.col("indicator").is_in(TIMED)
    told["estimates"] = rows.with_columns(
        *(pl.when(~timed).then(pl.col(c)).alias(c) for c in nulls),
        pl.when(timed).then(pl.lit("aucune_mesure")).otherwise("reason").alias("reason"),
    )
    return told | {"proposals": told["proposals"].clear()}


def three_teams() -> Tables:
    """Too few teams for a verdict."""
    told = frames()
    few = pl.col("scope_key").is_in(["eq1", "eq2", "eq4"]) | (pl.col("scope") != "team")
    judged = (pl.col("scope") != "team") & pl.col("verdict").is_not_null()
    told["estimates"] = told["estimates"].filter(few).with_columns(
        pl.when(judged).then(pl.lit("non_concluant")).alias("verdict"),
        pl.when(judged).then(pl.lit("moins_de_5_equipes")).alias("verdict_reason"), pl.lit(3, pl.Int64).alias("G"),
    )  # fmt: skip
    told["teams"] = told["teams"].filter(pl.col("team").is_in(["eq1", "eq2", "eq4"]))
    told["participation"] = told["participation"].filter(few)
    return told


def many_teams(n: int = 60, *, label: str = "Équipe") -> Tables:
    """Sixty teams; `label` may be long."""
    told = with_companions()
    first = told["estimates"].filter(pl.col("scope") == "team", pl.col("scope_key") == "eq1")
    others = told["estimates"].filter(pl.col("scope") != "team")
    codes = [f"t{i:02d}" for i in range(1, n + 1)]
    copies = [first.with_columns(pl.lit(code).alias("scope_key")) for code in codes]
    team = told["teams"].head(1)
    told["estimates"] = pl.concat([others, *copies])
    told["teams"] = pl.concat([team.with_columns(pl.lit(c).alias("team"), pl.lit(f"{label} {c}").alias("label"))
                               for c in codes])  # fmt: skip
    flow = told["participation"].filter(pl.col("scope_key") == "eq1")
    told["participation"] = pl.concat([
        told["participation"].filter(pl.col("scope") != "team"),
        *(flow.with_columns(pl.lit(c).alias("scope_key")) for c in codes),
    ])  # fmt: skip
    return told


def long_labels() -> Tables:
    """Teams, tools and processes with sixty letters."""
    told = many_teams(8, label=LONG)
    for name in ("tools", "processes"):
        told[name] = told[name].with_columns(pl.concat_str(pl.lit(f"{LONG}, "), "label").alias("label"))
    return told


def wide_interval() -> Tables:
    """One team whose interval is fifty times those of the others."""
    told = frames()
    wide = (pl.col("scope") == "team") & (pl.col("scope_key") == "eq2")
    told["estimates"] = told["estimates"].with_columns(
        pl.when(wide).then(pl.col("estimate") - 30).otherwise("ci_low").alias("ci_low"),
        pl.when(wide).then(pl.col("estimate") + 30).otherwise("ci_high").alias("ci_high"),
    )
    return told


def all_hidden() -> Tables:
    """Nothing may be printed."""
    told = frames()
    values = ("estimate", "ci_low", "ci_high", "level", "G", "n_persons", "n_obs", "n_obs_read", "reason", "evidence",
              "verdict", "verdict_reason")  # fmt: skip
    told["estimates"] = told["estimates"].with_columns(
        *(pl.lit(None, told["estimates"].schema[c]).alias(c) for c in values),
        pl.lit("suppressed").alias("disclosure_status"),
    )
    for name, columns in (("distributions", ("n_persons", "n_total", "share")),
                          ("participation", ("n_persons", "n_reference"))):  # fmt: skip
        told[name] = told[name].with_columns(
            *(pl.lit(None, told[name].schema[c]).alias(c) for c in columns),
            pl.lit("suppressed").alias("disclosure_status"),
        )
    return told | {"proposals": told["proposals"].clear(), "accounts": told["accounts"].clear()}


CASES: dict[str, Callable[[], Tables]] = {
    "companions": with_companions, "one_wave": one_wave, "no_time": no_time, "three_teams": three_teams,
    "sixty_teams": many_teams, "long_labels": long_labels, "wide_interval": wide_interval, "all_hidden": all_hidden,
}  # fmt: skip
assert len(TEAMS) == 6


def standalone(tables: Tables) -> str:
    """The bilan as a page with the stylesheet of the house, without the renderer."""
    css = (Path(__file__).parents[1] / "reports" / "theme.css").read_text("utf-8")
    report = Report(tables)
    parts = [report.opening()]
    for name, (anchor, make) in SECTIONS.items():
        title = report.page.words.text(f"sections.{name}")
        parts.append(f'<section id="{anchor}" class="level2"><h2>{title}</h2>{make(report.page)}</section>')
    body = "".join(parts).replace("```{=html}", "").replace("```", "")
    return (f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Bilan</title><style>{css}</style>'
            f'<meta name="viewport" content="width=device-width"></head><body><main class="page"><h1>Bilan</h1>{body}'
            "</main></body></html>")  # fmt: skip
