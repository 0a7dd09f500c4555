"""Answers to the questionnaires, and the LimeSurvey exports that hold them.

T0 and the weekly points are exported with answer codes, T1 with full labels and headings `code. text`.
"""

from datetime import datetime, time, timedelta

import numpy as np
import polars as pl

from pipelines.demo import truths
from pipelines.demo.answers import answers_t0_t1, pulse_answers
from pipelines.demo.design import CODE_LETTERS, PROCESSES, TOOL_LABELS, WAVES, Roster, Wave
from pipelines.demo.files import delimited
from pipelines.demo.trackers import Export
from pipelines.study.load import house_instruments

UNDATED = "1980-01-01 00:00:00"  # what an anonymised survey writes instead of a date
ADMIN_FR = {
    "id": "ID de la réponse", "submitdate": "Date de soumission", "lastpage": "Dernière page",
    "startlanguage": "Langue de départ", "seed": "Tête de série", "startdate": "Date de lancement",
    "datestamp": "Date de la dernière action", "ipaddr": "Adresse IP", "refurl": "URL référente",
}  # fmt: skip
LAST_PAGE = 6
# T0 numbers its subquestions; study.yaml maps each to a process. Elsewhere the code of the process is the subquestion.
T0_PER_PROCESS = ("TP1", "TP2", "ER1", "IR1")
T0_SUBQUESTIONS = {p.process: f"SQ{i + 1:03d}" for i, p in enumerate(PROCESSES) if not p.witness}

# Rows added to the first file that has them: rule -> rows.
DEFECTS: dict[str, dict[str, int]] = {
    "T0": {"no_code": 1, "duplicate_response": 2},
    "T1": {"no_code": 1, "unknown_person": 1, "duplicate_response": 1},
}
OPINIONS = (
    "garder : le tri des demandes\nchanger : les modèles de réponse",
    "à garder, d'après {name} : les comptes rendus ; à changer : la vitesse",
    "arrêter l'extraction, elle \"invente\" des lignes",
    "",
)


def questionnaire_exports(rng: np.random.Generator, roster: Roster) -> dict[str, Export]:
    """File name -> export of each wave."""
    t0, t1 = answers_t0_t1(rng, roster)
    exports: dict[str, Export] = {}
    for wave in WAVES:
        if wave.role == "pulse":
            answered = _respondents(rng, roster, pulse_answers(rng, roster, wave.opens), wave, truths.RESPONSE_PULSE)
            rows = _still_in(_admin(rng, answered, wave, dated=False), wave, roster)
            exports[f"point_{wave.wave.lower()}.csv"] = Export(_coded(rows, ","), rows.height, {})
            continue
        answers, rate = (t0, truths.RESPONSE_T0) if wave.role == "baseline" else (t1, truths.RESPONSE_T1)
        rows = _admin(rng, _respondents(rng, roster, answers, wave, rate), wave, dated=True)
        rows = _with_defects(_still_in(rows, wave, roster), DEFECTS[wave.wave])
        data = _coded(_renamed_t0(rows), ",") if wave.role == "baseline" else _labelled(rng, rows, roster)
        name = f"resultats_{wave.wave.lower()}.csv"
        exports[name] = Export(data, rows.height, DEFECTS[wave.wave])
    return exports


def t0_columns() -> dict[str, str]:
    """Headings of the T0 export -> item:process, as study.yaml declares them."""
    return {f"{i}[{sq}]": f"{i}:{process}" for i in T0_PER_PROCESS for process, sq in T0_SUBQUESTIONS.items()}


def _respondents(
    rng: np.random.Generator, roster: Roster, answers: pl.DataFrame, wave: Wave, rate: float
) -> pl.DataFrame:
    """The envelopes on the roster that answered, in the order they did, with the code in front."""
    people = roster.envelopes.with_row_index("envelope").select("envelope", "code", "team", "from_date", "to_date")
    teams = roster.teams.select(pl.int_range(pl.len()).alias("team"), pl.col("team").alias("EQ"))
    rows = people.join(teams, on="team", how="left", maintain_order="left").with_columns(
        pl.Series("drawn", rng.random(people.height)), pl.Series("turn", rng.random(people.height)))  # fmt: skip
    here = (pl.col("from_date") <= wave.opens).fill_null(True) & (pl.col("to_date") >= wave.closes).fill_null(True)
    rows = rows.filter(here & (pl.col("drawn") < rate)).join(answers, on="envelope", maintain_order="left")
    return rows.sort("turn").drop("envelope", "team", "from_date", "to_date", "drawn", "turn").rename({"code": "CODE"})


def _admin(rng: np.random.Generator, rows: pl.DataFrame, wave: Wave, *, dated: bool) -> pl.DataFrame:
    """`rows` behind LimeSurvey's own columns. The last but two stopped half-way: no submission, later pages unseen."""
    n = rows.height
    opens = datetime.combine(wave.opens, time(8, 0))
    span = int((wave.closes - wave.opens).days * 24 * 60 + 9 * 60)
    started = [opens + timedelta(minutes=int(m)) for m in np.sort(rng.integers(0, span, n))]
    ended = [s + timedelta(seconds=int(d)) for s, d in zip(started, rng.integers(240, 900, n), strict=True)]
    admin = pl.DataFrame({
        "id": np.arange(n) + 11, "start": started, "last": ended,
        "seed": rng.integers(10**8, 10**9, n), "host": rng.integers(1, 255, n),
    }).with_columns((pl.int_range(pl.len()) == n - 3).alias("stopped"))  # fmt: skip
    stamp = "%Y-%m-%d %H:%M:%S"
    last = pl.col("last").dt.strftime(stamp) if dated else pl.lit(UNDATED)
    own = [
        pl.col("id").cast(pl.String), pl.when(~pl.col("stopped")).then(last).alias("submitdate"),
        pl.when("stopped").then(pl.lit("2")).otherwise(pl.lit(str(LAST_PAGE))).alias("lastpage"),
        pl.lit("fr").alias("startlanguage"), pl.col("seed").cast(pl.String),
    ]  # fmt: skip
    if dated:
        own += [
            pl.col("start").dt.strftime(stamp).alias("startdate"), pl.col("last").dt.strftime(stamp).alias("datestamp"),
            pl.format("192.0.2.{}", "host").alias("ipaddr"), pl.lit("https://enquete.example.org/").alias("refurl"),
        ]  # fmt: skip
    later = [c for c in rows.columns[2:] if not c.startswith(("TP", "ER", "IR", "PU1"))]
    unseen = [pl.when(~pl.col("stopped")).then(pl.col(c)).alias(c) for c in later]
    whole = pl.concat([admin, rows], how="horizontal").with_columns(unseen)
    return whole.select(*own, *rows.columns)


def _still_in(rows: pl.DataFrame, wave: Wave, roster: Roster) -> pl.DataFrame:
    """`rows` without the team withdrawn by then, cut once all is drawn: the others answer as they would have."""
    gone = roster.teams.filter(pl.col("withdrawn_on") < wave.closes)["team"]
    return rows.filter(~pl.col("EQ").is_in(gone.to_list()))


def _with_defects(rows: pl.DataFrame, defects: dict[str, int]) -> pl.DataFrame:
    """Further rows at the end of the export, as later submissions: the last complete one of a person is kept."""
    spoil: dict[str, list[pl.Expr]] = {
        "no_code": [pl.lit("").alias("CODE")],
        "unknown_person": [pl.lit(CODE_LETTERS[:4] + "-" + CODE_LETTERS[:4]).alias("CODE")],
        "duplicate_response": [],
    }
    parts, at = [rows], 3
    for rule, count in defects.items():
        parts.append(rows.slice(at, count).with_columns(spoil[rule]).select(rows.columns))
        at += count
    ids = (pl.int_range(pl.len()) + 11).cast(pl.String).alias("id")
    return pl.concat(parts).with_columns(ids).select(rows.columns)


def _renamed_t0(rows: pl.DataFrame) -> pl.DataFrame:
    renamed = {f"{i}[{p}]": f"{i}[{sq}]" for c in rows.columns if "[" in c
               for i, p in [c.rstrip("]").split("[")] if (sq := T0_SUBQUESTIONS.get(p))}  # fmt: skip
    return rows.rename(renamed)


def _coded(rows: pl.DataFrame, separator: str) -> bytes:
    return delimited(rows, separator, quoting="all", newline="\r\n", encoding="utf-8-sig")


def _labelled(rng: np.random.Generator, rows: pl.DataFrame, roster: Roster) -> bytes:
    """Answers as labels, headings as code and text, and a free text that names somebody."""
    instruments = house_instruments()
    names = rng.choice(roster.people["name"].to_numpy(), rows.height)
    words = rng.choice(np.array(OPINIONS, dtype=object), rows.height)
    opinion = [w.replace("{name}", n) for w, n in zip(words, names, strict=True)]
    rows = rows.with_columns(pl.Series("OV1", opinion))
    teams = dict(roster.teams.select("team", "label").iter_rows())
    labels = {p.process: p.label for p in PROCESSES} | TOOL_LABELS
    header, cells = [], [pl.col("EQ").replace_strict(teams)]
    for column in rows.columns:
        code, _, about = column.rstrip("]").partition("[")
        item = instruments.item(code)
        if item is None:
            header.append(f"{column}. {ADMIN_FR[column]}")
            continue
        header.append(f"{column}. {item.text}" + (f" [{labels[about]}]" if about else ""))
        if item.kind == "choice":
            cells.append(pl.col(column).replace_strict({a.code: a.label for a in item.answers}))
    return delimited(rows.with_columns(cells), ";", header=header, quoting="all", newline="\r\n", encoding="utf-8-sig")
