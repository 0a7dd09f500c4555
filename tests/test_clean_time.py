"""Raw time rows -> entries, overheads, presence: every rule, every row in one place, values worked out by hand."""

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from pipelines.clean import time
from pipelines.clean.ingest_time import part_key, time_formats
from pipelines.clean.presence import expected_weeks
from pipelines.contracts import table
from pipelines.parts import Parts, as_texts
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Calendar, Study

CALENDAR = {"measurement_start": "2026-02-02", "measurement_end": "2026-03-02", "as_of": "2026-03-31"}
KIMAI_SOURCE = {
    "id": "suivi", "format": "kimai", "files": ["k/*.csv"], "processes": {"Courrier entrant": "courrier"},
    "tools": {"urgent": None}, "overheads": {"Support outil": "support", "Saisie du temps": "measurement"},
}  # fmt: skip
SHEET_SOURCE = {"id": "feuilles", "format": "time_sheet", "files": ["f/*.csv"]}
COMPLIANT = {f"compliance_{c}": "conforme" for c in ("transfers", "training", "processor", "sensitive")}


def registers(**changes: pl.DataFrame) -> Any:
    tables = {
        "teams": pl.DataFrame([
            {"team": t, "label": t, "service": "s", "family": "f", "headcount": 5, "withdrawn_on": w}
            for t, w in (("T1", None), ("T2", date(2026, 2, 13)))
        ]),
        "people_time": pl.DataFrame([
            {"person_time": p, "team": t, "role": r, "from_date": since, "to_date": until}
            for p, t, r, since, until in (
                ("ada", "T1", "agent", None, None),
                ("bob", "T1", "agent", date(2026, 2, 9), date(2026, 2, 20)),
                ("eve", "T2", "encadrant", None, None),
            )
        ]),
        "processes": pl.DataFrame([
            {"process": p, "label": label, "family": "f", "witness": False}
            for p, label in (("courrier", "Courrier"), ("relecture", "Relecture"))
        ]),
        "tools": pl.DataFrame([{"tool": t, "label": f"Assistant {t.upper()}", **COMPLIANT} for t in ("a", "b")]),
    }  # fmt: skip
    frames = {name: table(f"clean.{name}").conform(frame) for name, frame in {**tables, **changes}.items()}
    return SimpleNamespace(tables=frames, shown=repr)


def loaded(*sources: dict[str, object], **calendar: object) -> LoadedStudy:
    study = {"study": "essai", "title": "t", "organisation": "o", "calendar": {**CALENDAR, **calendar}}
    return LoadedStudy(Study.model_validate({**study, "sources": list(sources)}), Path("/study"), "0")


def raw_table(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """raw.<name>: text everywhere, rows on lines 2, 3, 4..."""
    frame = pl.DataFrame(rows, infer_schema_length=None).cast(pl.String).with_row_index("source_row", offset=2)
    return table(f"raw.{name}").conform(frame)


def kimai(*rows: dict[str, object]) -> pl.DataFrame:
    """raw.kimai rows; each of `rows` changes the same good one (line 2 on, as given)."""
    good = {
        "source": "suivi", "source_file": "k/a.csv", "person_time": "ada", "Date": "2026-02-03", "From": "09:00",
        "To": "09:30", "Duration": "0:30", "Project": "P", "Activity": "Courrier entrant", "Tags": "",
    }  # fmt: skip
    return raw_table("kimai", [{**good, **row} for row in rows])


def sheet(*rows: dict[str, object]) -> pl.DataFrame:
    good = {
        "source": "feuilles", "source_file": "f/a.csv", "person_time": "ada", "Date": "03/02/2026",
        "Process": "Courrier", "Tool": "sans IA", "Occurrences": "1", "Minutes": "20",
        "Prompt minutes": None, "Verification minutes": None, "Items": None, "Errors": None,
    }  # fmt: skip
    return raw_table("time_sheet", [{**good, **row} for row in rows])


def weeks(*rows: tuple[str | None, str, str]) -> pl.DataFrame:
    same = {"source": "feuilles", "source_file": "f/s.csv", "Worked hours": "35"}
    return raw_table("time_sheet_weeks", [{**same, "person_time": p, "Week": w, "Status": s} for p, w, s in rows])


@dataclass(frozen=True)
class Built(time.TimeTables):
    """What build_time gives, and the entries that it left in parts."""

    time_entries: pl.DataFrame


def build_time(raw: dict[str, pl.DataFrame], registers: Any, loaded: LoadedStudy) -> Built:
    """build_time on raw rows put where reading the files would have left them, two rows a part."""
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(Path(folder))
        received = []
        for fmt, module in time_formats().items():
            for name in module.TABLES:
                parts.clear(f"raw.{name}")
                rows = raw.get(name, table(f"raw.{name}").empty())
                for (source, file), own in rows.group_by("source", "source_file", maintain_order=True):
                    for half in own.iter_slices(2):
                        parts.append(f"raw.{name}", part_key(source, file), half)
                    settings = next(s for s in loaded.study.sources if s.id == source)
                    reading = module.decide(own.lazy(), source=settings) if name == fmt else time.Reading()
                    received.append({"source": source, "source_file": file, "format": fmt, **vars(reading)})
        files = pl.DataFrame(received, schema=table("raw.files").polars_schema)
        built = time.build_time(parts, files, registers, loaded)
        entries = [as_texts(pl.read_parquet(p, hive_partitioning=False)) for p in parts.paths(time.ENTRIES)]
        return Built(**vars(built), time_entries=pl.concat([table(time.ENTRIES).empty(), *entries]))


def rules(tables: time.TimeTables) -> list[tuple[object, ...]]:
    return tables.rejected.select("source_row", "rule", "column", "status").rows()


def assert_balanced(tables: time.TimeTables, received: int) -> None:
    kept = tables.accepted["rows"].sum()
    assert kept + tables.rejected.height == received
    assert tables.rejected.select("source_file", "source_row").is_unique().all()


def test_every_rule_of_a_tracker_row():
    raw = kimai(
        {},  # line 2: kept
        {"To": None, "Duration": "0:00"},
        {"Duration": "0:00"},
        {"Duration": "12:01"},
        {"Date": "2026-02-31"},
        {"Date": "2026-02-01"},
        {"Date": "2026-03-02"},
        {"person_time": None},
        {"person_time": "stranger"},
        {"person_time": "bob", "Date": "2026-02-08"},
        {"person_time": "bob", "Date": "2026-02-21"},
        {"person_time": "eve", "Date": "2026-02-14"},
        {"Activity": None},
        {"Tags": "Assistant A, Assistant B"},
        {"Duration": "une demi-heure"},
        {"From": "9:00"},  # line 17: the same moment as line 2
        {"From": "10:00", "To": "10:30"},
        {"From": "10:00", "To": "10:30", "Activity": "Relecture"},  # two entries that overlap are both real
        {"person_time": "bob", "Date": "2026-02-20"},
    )
    built = build_time({"kimai": raw}, registers(), loaded(KIMAI_SOURCE))
    assert not built.problems
    assert rules(built) == [
        (3, "running_entry", "To", "set_aside"),
        (4, "zero_duration", "Duration", "set_aside"),
        (5, "over_12_hours", "Duration", "set_aside"),
        (6, "bad_date", "Date", "set_aside"),
        (7, "outside_study", None, "set_aside"),
        (8, "outside_study", None, "set_aside"),
        (9, "unknown_person", None, "set_aside"),
        (10, "unknown_person", None, "set_aside"),
        (11, "outside_roster", None, "set_aside"),
        (12, "outside_roster", None, "set_aside"),
        (13, "outside_roster", None, "set_aside"),  # its team left the study the day before
        (14, "missing_project", "Activity", "set_aside"),
        (15, "bad_value", "Tags", "set_aside"),
        (16, "bad_duration", "Duration", "set_aside"),
        (17, "duplicate_row", None, "duplicate"),
    ]
    assert built.time_entries.select("source_row", "team", "process", "week", "minutes", "tool").rows() == [
        (2, "T1", "courrier", date(2026, 2, 2), 30.0, None),
        (18, "T1", "courrier", date(2026, 2, 2), 30.0, None),
        (19, "T1", "relecture", date(2026, 2, 2), 30.0, None),
        (20, "T1", "courrier", date(2026, 2, 16), 30.0, None),
    ]
    assert_balanced(built, raw.height)


def test_nothing_is_accepted_after_the_day_the_data_are_read_as_of():
    raw = kimai({}, {"Date": "2026-02-12"})
    built = build_time({"kimai": raw}, registers(), loaded(KIMAI_SOURCE, as_of="2026-02-11"))
    assert rules(built) == [(3, "outside_study", None, "set_aside")]
    assert built.presence["week"].unique().to_list() == [date(2026, 2, 2)]


def test_labels_become_codes_and_overheads_leave_the_entries():
    raw = kimai(
        {"Activity": "COURRIER  entrant", "Tags": "urgent, Assistant A"},
        {"Activity": "relecture", "Tags": "b"},
        {"Activity": "Support outil", "Tags": "Assistant A", "From": "11:00"},
        {"Activity": "Saisie du temps", "From": "12:00"},
    )
    built = build_time({"kimai": raw}, registers(), loaded(KIMAI_SOURCE))
    assert not built.problems
    assert built.time_entries.select("process", "tool").rows() == [("courrier", "a"), ("relecture", "b")]
    assert built.overheads.select("source_row", "kind", "tool", "minutes", "week").rows() == [
        (4, "support", "a", 30.0, date(2026, 2, 2)),
        (5, "measurement", None, 30.0, date(2026, 2, 2)),
    ]
    assert built.accepted.rows() == [("suivi", "k/a.csv", 4)]
    assert_balanced(built, raw.height)


def test_unknown_labels_are_problems_with_their_place_and_the_nearest_known():
    raw = kimai(
        {"Activity": "Courier entrant"},
        {"Activity": "Courier entrant", "Tags": "Assistant Z, Assitant A"},
        {"Activity": "Congés", "Date": "2025-12-24"},  # outside the study: nobody needs to map it
    )
    built = build_time({"kimai": raw}, registers(), loaded(KIMAI_SOURCE))
    process, typo, tool = built.problems
    assert (process.rule, process.file, process.line, process.column) == ("unmapped_process", "k/a.csv", 2, "Activity")
    assert "'Courier entrant'" in process.message and "2 rows" in process.message
    assert "'Courrier entrant'" in process.message.split("Nearest known")[1]
    assert (tool.rule, tool.line, tool.column) == ("unmapped_tool", 3, "Tags")
    assert "'Assistant Z'" in typo.message and "'Assitant A'" in tool.message
    assert [r for _, r, _, _ in rules(built)] == ["unknown_code", "unknown_code", "outside_study"]
    assert_balanced(built, raw.height)


def test_labels_met_once_among_many_may_be_free_text_and_are_not_quoted():
    said = [{"Activity": f"Courrier de Mme {n}"} for n in range(12)]
    built = build_time({"kimai": kimai(*said, {"Activity": "Congés"}, {"Activity": "Congés"})}, registers(),
                       loaded(KIMAI_SOURCE))  # fmt: skip
    together, often = built.problems
    assert together.message == "12 different labels, met once each, are no known process." and together.line == 2
    assert "'Congés' is no known process (2 rows)" in often.message


def test_a_mapping_to_a_code_that_does_not_exist_is_a_problem_of_the_study_file():
    source = {**KIMAI_SOURCE, "processes": {"Courrier entrant": "courier"}, "tools": {"Assistant A": "z"}}
    built = build_time({}, registers(), loaded(source))
    assert [(p.rule, p.file) for p in built.problems] == [
        ("unmapped_process", "study.yaml"),
        ("unmapped_tool", "study.yaml"),
    ]


def test_the_same_export_twice_counts_once_and_equal_sheet_lines_count_twice():
    again = {"source_file": "k/b.csv"}
    tracker = kimai({}, {"From": "10:00"}, {**again}, {**again, "From": "10:00"}, {**again, "From": "11:00"})
    lines = sheet({}, {}, {"source_file": "f/b.csv"}, {"source_file": "f/b.csv"}, {"source_file": "f/b.csv"})
    built = build_time(
        {"kimai": tracker, "time_sheet": lines}, registers(), loaded(KIMAI_SOURCE, SHEET_SOURCE)
    )
    assert built.rejected.select("source_file", "source_row", "rule", "status").rows() == [
        ("f/a.csv", 2, "reexported_row", "duplicate"),
        ("f/a.csv", 3, "reexported_row", "duplicate"),
        ("k/a.csv", 2, "reexported_row", "duplicate"),
        ("k/a.csv", 3, "reexported_row", "duplicate"),
    ]
    assert built.accepted.rows() == [("feuilles", "f/b.csv", 3), ("suivi", "k/b.csv", 3)]
    assert_balanced(built, tracker.height + lines.height)


def test_sheet_lines_carry_their_parts_and_break_their_own_rules():
    lines = sheet(
        {"Tool": "Assistant A", "Occurrences": "3", "Prompt minutes": "5", "Verification minutes": "15", "Items": "4",
         "Errors": "4"},
        {"Prompt minutes": "5", "Verification minutes": "15,5"},
        {"Items": "4", "Errors": "5"},
        {"Minutes": "13h"},  # only a timer can be forgotten
        {"Process": " "},
    )  # fmt: skip
    built = build_time({"time_sheet": lines}, registers(), loaded(SHEET_SOURCE))
    assert rules(built) == [
        (3, "parts_over_total", "Minutes", "set_aside"),
        (4, "errors_over_items", "Errors", "set_aside"),
        (6, "missing_project", "Process", "set_aside"),
    ]
    assert built.time_entries.select(
        "source_row", "tool", "occurrences", "minutes", "prompt_minutes", "verification_minutes", "rework_minutes",
        "failed_minutes", "items", "errors",
    ).rows() == [
        (2, "a", 3, 20.0, 5.0, 15.0, None, None, 4, 4),
        (5, None, 1, 780.0, None, None, None, None, None, None),
    ]  # fmt: skip
    assert_balanced(built, lines.height)


def test_presence_says_logged_away_or_missing():
    lines = sheet({"Date": "25/02/2026"}, {"person_time": "bob", "Date": "13/02/2026"})
    declared = weeks(
        ("ada", "02/02/2026", "j'ai noté"),
        ("ada", "09/02/2026", "rien à déclarer"),
        ("ada", "16/02/2026", "congé"),
        ("ada", "02/02/2026", "j'ai noté"),  # line 5: said twice
        (None, "02/02/2026", "j'ai noté"),
        ("ada", "02/03/2026", "j'ai noté"),
        ("bob", "23/02/2026", "congé"),
    )
    raw = {"time_sheet": lines, "time_sheet_weeks": declared}
    built = build_time(raw, registers(), loaded(SHEET_SOURCE))
    assert rules(built) == [
        (5, "duplicate_row", None, "duplicate"),
        (6, "unknown_person", None, "set_aside"),
        (7, "outside_study", None, "set_aside"),
        (8, "outside_roster", None, "set_aside"),
    ]
    presence = built.presence.sort("person_time", "week").select("person_time", "week", "logged", "worked_hours")
    assert presence.rows() == [
        ("ada", date(2026, 2, 2), True, 35.0),
        ("ada", date(2026, 2, 9), True, 35.0),
        ("ada", date(2026, 2, 16), False, 35.0),
        ("ada", date(2026, 2, 23), True, None),  # an entry, no weekly line
        ("bob", date(2026, 2, 9), True, None),
        ("bob", date(2026, 2, 16), False, None),  # on the roster, nothing said
        ("eve", date(2026, 2, 2), False, None),
        ("eve", date(2026, 2, 9), False, None),  # her team leaves that Friday: nothing expected afterwards
    ]
    assert_balanced(built, lines.height + declared.height)


def test_of_two_lines_about_a_week_the_one_that_logged_counts():
    declared = weeks(("ada", "02/02/2026", "congé"), ("ada", "04/02/2026", "j'ai noté"))
    built = build_time({"time_sheet_weeks": declared}, registers(), loaded(SHEET_SOURCE))
    assert rules(built) == [(2, "duplicate_row", None, "duplicate")]
    assert built.presence.filter(person_time="ada")["logged"].to_list() == [True, False, False, False]


def test_weeks_expected_are_measured_over_and_open():
    calendar = {
        **CALENDAR,
        "measured_weeks": ["2026-02-02", "2026-02-16", "2026-02-23"],
        "closures": [{"first": "2026-02-14", "last": "2026-02-22", "label": "vacances"}],
    }
    assert expected_weeks(Calendar.model_validate(calendar)) == [date(2026, 2, 2), date(2026, 2, 23)]
    early = Calendar.model_validate({**calendar, "as_of": "2026-02-26"})
    assert expected_weeks(early) == [date(2026, 2, 2)]


def test_nothing_at_all_gives_empty_tables_that_honour_their_contracts():
    built = build_time({}, SimpleNamespace(tables={}, shown=repr), loaded(KIMAI_SOURCE, SHEET_SOURCE))  # type: ignore[arg-type]
    frames = (built.time_entries, built.overheads, built.presence, built.rejected)
    contracts = ("clean.time_entries", "clean.overheads", "clean.presence", "raw.rejected")
    for name, frame in zip(contracts, frames, strict=True):
        assert frame.is_empty() and dict(frame.schema) == table(name).polars_schema


def test_a_fault_mended_in_a_later_export_needs_no_consent_and_one_that_stays_is_counted_once():
    old = {"source_file": "k/a.csv"}
    new = {"source_file": "k/b.csv"}
    running, unknown = {"To": None, "Duration": "0:00"}, {"person_time": None, "From": "14:00"}
    raw = kimai(
        {**old, **running}, {**old, "From": "11:00", "Activity": None}, {**old, **unknown},
        {**new, "Duration": "1:00", "To": "10:00"}, {**new, "From": "11:00", "Activity": None}, {**new, **unknown},
        {**new, "Date": "2026-02-05"},
    )  # fmt: skip
    built = build_time({"kimai": raw}, registers(), loaded(KIMAI_SOURCE))
    assert built.rejected.select("source_file", "source_row", "rule", "status").rows() == [
        ("k/a.csv", 2, "superseded_row", "duplicate"),
        ("k/a.csv", 3, "reexported_row", "duplicate"),
        ("k/a.csv", 4, "reexported_row", "duplicate"),
        ("k/b.csv", 6, "missing_project", "set_aside"),
        ("k/b.csv", 7, "unknown_person", "set_aside"),
    ]
    assert built.time_entries["source_row"].to_list() == [5, 8]
    assert_balanced(built, raw.height)


def test_what_only_a_later_export_can_tell_is_flagged_and_counts():
    raw = kimai({}, {"Date": "2026-02-04"}, {"source_file": "k/b.csv"}, {"source_file": "k/b.csv", "From": "09:10"},
                {"source_file": "k/b.csv", "Date": "2026-02-05"})  # fmt: skip
    built = build_time({"kimai": raw}, registers(), loaded(KIMAI_SOURCE))
    assert built.flagged.select("source_row", "rule").rows() == [
        (3, "vanished_row"), (4, "overlap"), (5, "duration_differs"), (5, "overlap")]  # fmt: skip
    assert built.time_entries["source_row"].to_list() == [3, 4, 5, 6]
    study = loaded(KIMAI_SOURCE)
    strict = study.study.model_copy(update={"treatments": {"overlap": "set_aside", "vanished_row": "set_aside"}})
    built = build_time({"kimai": raw}, registers(), LoadedStudy(strict, study.root, "0"))
    assert [r[1] for r in rules(built)] == ["reexported_row", "vanished_row", "overlap", "overlap"]
    assert built.time_entries["source_row"].to_list() == [6]
    assert_balanced(built, raw.height)
