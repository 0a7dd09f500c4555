"""The work lines as teams type them in their time sheet: workbooks, or CSV saved by a spreadsheet."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.demo.design import LEAVER_TO, PROCESSES, START, TOOL_LABELS, Roster
from pipelines.demo.files import delimited
from pipelines.demo.trackers import Export
from pipelines.demo.work import Work
from pipelines.workbooks import Sheet, workbook

OVERHEAD_LABELS = {"support": "Accompagnement du projet IA", "measurement": "Remplissage de la feuille"}
STATUS = {"noted": "J’ai noté", "nothing": "Rien à déclarer", "leave": "Congé"}
STRANGER = "XXXX-2222"  # a code nobody drew
RESENT_LINES = 6

HEADINGS = {
    "date": "Date",
    "sheet_code": "Mon code",
    "process": "Processus",
    "tool": "Outil (ou « sans IA »)",
    "occurrences": "Nombre de fois (1)",
    "minutes": "Durée totale en min, tout compris",
    "prompt": "dont consigne",
    "verification": "dont vérification et reprise",
    "gave_up": "Essai abandonné (oui/non)",
    "items": "Nombre d'éléments",
    "errors": "Reprises nécessaires",
}
MORE_HEADINGS = {
    "failed": "dont échec",
    "complexity": "complexité",
    "severity": "gravité",
    "new_task": "nouvelle tâche",
    "comment": "Commentaire",
}
WEEK_HEADINGS = {
    "monday": "Semaine (lundi)",
    "sheet_code": "Mon code",
    "status": "Ma semaine",
    "hours": "Heures travaillées",
}
HELP = (
    "Feuille de temps de l'équipe. Une ligne par tâche et par jour, une minute par jour suffit.",
    "Écrivez votre code, jamais votre nom. La durée comprend tout, même les essais abandonnés.",
    "Feuille « Semaines » : une ligne par semaine, même quand il n'y a rien à déclarer.",
)
# Rows added to the first and to the last file of each kind: rule -> rows.
XLSX_DEFECTS = (
    {"errors_over_items": 2, "missing_value": 1},
    {"bad_date": 1, "parts_over_total": 1, "zero_duration": 1},
)
CSV_DEFECTS = ({"unknown_person": 1, "outside_study": 1}, {"outside_roster": 2, "bad_duration": 1, "bad_number": 1})


def sheet_exports(rng: np.random.Generator, work: Work, roster: Roster) -> dict[str, Export]:
    """File name -> export, for every team that keeps the time sheet. The first CSV team sent its first lines twice."""
    exports: dict[str, Export] = {}
    for fmt, planted in (("sheet_xlsx", XLSX_DEFECTS), ("sheet_csv", CSV_DEFECTS)):
        numbers = [i for i, f in enumerate(roster.teams["format"]) if f == fmt]
        for team in numbers:
            defects = dict(planted[0]) if team == numbers[0] else {}
            defects |= planted[1] if team == numbers[-1] else {}
            code, write = roster.teams["team"][team], _write_xlsx if fmt == "sheet_xlsx" else _write_csv
            clean = _rows(rng, work.lines.filter(pl.col("team") == team), roster)
            weeks = _weeks(work.weeks.filter(pl.col("team") == team), roster)
            exports |= write(code, _with_defects(rng, clean, defects, roster), weeks, defects)
            if fmt == "sheet_csv" and team == numbers[0]:
                resent = clean.head(RESENT_LINES)
                again = {"reexported_row": resent.height}
                exports[f"feuille_{code}_renvoi.csv"] = Export(_entries_csv(resent), resent.height, again)
    return exports


def _rows(rng: np.random.Generator, lines: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """What people typed, every cell text but the date."""
    people = roster.people.select("person", "sheet_code", "name")
    rows = lines.join(people, on="person", how="left", maintain_order="left")
    labels = {p.process: p.label for p in PROCESSES}
    process = pl.coalesce(
        pl.col("process").replace_strict(labels, default=None, return_dtype=pl.String),
        pl.col("kind").replace_strict(OVERHEAD_LABELS, default=None, return_dtype=pl.String),
    )
    tool = pl.col("tool").replace_strict(TOOL_LABELS, default=None, return_dtype=pl.String).fill_null("sans IA")
    n, u = rows.height, pl.col("u")
    in_hours = (u < 0.02) & (pl.col("minutes") >= 60)
    past_the_hour = (pl.col("minutes") % 60).cast(pl.String).str.zfill(2)
    minutes = (
        pl.when(in_hours).then(pl.format("{}h{}", pl.col("minutes") // 60, past_the_hour))
        .when(u > 0.98).then(pl.format("{} min", "minutes"))
        .otherwise(pl.col("minutes").cast(pl.String))
    )  # fmt: skip
    other = rows["name"].gather((np.arange(n) + 5) % max(n, 1))
    with_ai = pl.col("tool").is_not_null() & pl.col("process").is_not_null()
    gave_up = pl.when(pl.col("failed") > 0).then(pl.lit("oui")).otherwise(pl.lit("non"))
    half = pl.when(u < 0.5).then(pl.format("{},5", "prompt")).otherwise(pl.col("prompt").cast(pl.String))
    return rows.with_columns(pl.Series("u", rng.random(n)), pl.Series("other", other)).select(
        "date", "sheet_code", "person", process.alias("process"), tool.alias("tool"),
        pl.col("occurrences").cast(pl.String), minutes.alias("minutes"),
        pl.when(with_ai).then(half).alias("prompt"),
        pl.when(with_ai).then("verification").cast(pl.String).alias("verification"),
        pl.when(with_ai).then(gave_up).alias("gave_up"),
        *(pl.col(c).cast(pl.String) for c in ("items", "errors")),
        pl.when(with_ai).then("failed").cast(pl.String).alias("failed"),
        *(pl.col(c).cast(pl.String) for c in ("complexity", "severity")),
        pl.when("new_task").then(pl.lit("oui")).alias("new_task"),
        pl.when((u > 0.4) & (u < 0.43)).then(pl.format("vu avec {}", "other")).alias("comment"),
    )  # fmt: skip


def _with_defects(
    rng: np.random.Generator, rows: pl.DataFrame, defects: dict[str, int], roster: Roster
) -> pl.DataFrame:
    """`rows` and copies of some of them, each spoilt to break one rule. `typed`: a date no calendar knows."""
    rows = rows.with_columns(pl.lit(None, pl.String).alias("typed"))
    spoil: dict[str, list[pl.Expr]] = {
        "errors_over_items": [pl.lit("5").alias("errors"), pl.lit("2").alias("items")],
        "missing_value": [pl.lit(None, pl.String).alias("minutes")],
        "bad_date": [pl.lit("31/02/2026").alias("typed")],
        "parts_over_total": [pl.lit("1400").alias("verification")],
        "zero_duration": [pl.lit("0").alias("minutes")],
        "unknown_person": [pl.lit(STRANGER).alias("sheet_code")],
        "outside_study": [pl.lit(date(2026, 1, 30)).alias("date")],
        "outside_roster": [pl.lit(LEAVER_TO + timedelta(days=10)).alias("date")],
        "bad_duration": [pl.lit("une bonne heure").alias("minutes")],
        "bad_number": [pl.lit("plusieurs").alias("items")],
    }
    leaver = roster.people.filter(pl.col("to_date").is_not_null())["person"].item()
    good = rows.filter(pl.col("errors").is_not_null())
    parts = [rows]
    for rule, count in defects.items():
        pool = good.filter((pl.col("person") == leaver) == (rule == "outside_roster"))
        copies = pool[np.sort(rng.choice(pool.height, size=count, replace=False))]
        parts.append(copies.with_columns(spoil[rule]).cast(rows.schema))
    return pl.concat(parts).sort("date", maintain_order=True)


def _weeks(weeks: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    people = roster.people.select("person", "sheet_code", "weekly_hours")
    hours = (pl.col("weekly_hours") * pl.col("open_days") / 5).round(1)
    return weeks.join(people, on="person", how="left", maintain_order="left").select(
        (pl.lit(START) + pl.duration(weeks=pl.col("week"))).cast(pl.Date).alias("monday"),
        "sheet_code",
        pl.col("status").replace_strict(STATUS, return_dtype=pl.String),
        pl.when(pl.col("status") != "leave").then(hours).alias("hours"),
    )


def _write_xlsx(code: str, rows: pl.DataFrame, weeks: pl.DataFrame, defects: dict[str, int]) -> dict[str, Export]:
    headings = HEADINGS | MORE_HEADINGS
    decimals = rows.with_columns(pl.col("prompt").str.replace(",", ".", literal=True))  # a spreadsheet keeps numbers
    if "bad_date" in defects:  # one typed date makes the column text; the others stay readable as such
        typed = pl.coalesce("typed", pl.col("date").dt.strftime("%d/%m/%Y"))
        decimals = decimals.with_columns(typed.alias("date"))
    data = workbook([
        Sheet("Aide", pl.DataFrame({"Aide": HELP})),
        Sheet("Saisie", decimals.select(headings.keys()), tuple(headings.values()), (f"Équipe {code} (fictive)",)),
        Sheet("Semaines", weeks, tuple(WEEK_HEADINGS.values())),
    ], text_to_numbers=True)  # fmt: skip
    return {f"feuille_{code}.xlsx": Export(data, rows.height + weeks.height, defects)}


def _write_csv(code: str, rows: pl.DataFrame, weeks: pl.DataFrame, defects: dict[str, int]) -> dict[str, Export]:
    hours = pl.col("hours").cast(pl.String).str.replace(".", ",", literal=True)
    typed = weeks.with_columns(pl.col("monday").dt.strftime("%d/%m/%Y"), hours)
    data = delimited(typed, ";", header=tuple(WEEK_HEADINGS.values()), newline="\r\n", encoding="cp1252")
    return {
        f"feuille_{code}.csv": Export(_entries_csv(rows), rows.height, defects),
        f"semaines_{code}.csv": Export(data, weeks.height, {}),
    }


def _entries_csv(rows: pl.DataFrame) -> bytes:
    """The template's own columns only, as a spreadsheet saves them in a French office."""
    typed = rows.select(HEADINGS.keys()).with_columns(pl.col("date").dt.strftime("%d/%m/%Y"))
    return delimited(typed, ";", header=tuple(HEADINGS.values()), newline="\r\n", encoding="cp1252")
