"""Sessions of one case summed into one time the task was done."""

from datetime import date, datetime

import polars as pl
import pytest
from pydantic import ValidationError

from pipelines.sources import sessions, toggl
from pipelines.sources.time_rows import TIME_ROWS, conform
from tests.tracker_fixture import rows_of, source_of

DAY = date(2026, 2, 3)


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    base: dict[str, object] = {"source": "t", "source_file": "a.csv", "person_time": "p", "process_label": "Courrier",
                               "date": DAY, "occurrences": 1, "new_task": False}  # fmt: skip
    return conform(pl.DataFrame([{**base, "source_row": i, **row} for i, row in enumerate(rows, 2)],
                                schema_overrides=TIME_ROWS, infer_schema_length=None), TIME_ROWS)  # fmt: skip


def test_sessions_of_one_person_process_and_case_are_one_time():
    rows = frame(
        {"case_key": 1, "minutes": 10.0, "started_at": datetime(2026, 2, 3, 14), "tool_label": "B", "flags": "overlap"},
        {"case_key": 2, "minutes": 1.0},
        {"case_key": 1, "minutes": 20.0, "started_at": datetime(2026, 2, 3, 9), "tool_label": "A", "errors": 1,
         "ended_at": datetime(2026, 2, 3, 10)},
        {"case_key": 1, "minutes": 5.0, "process_label": "Relecture"},
        {"case_key": 1, "minutes": 5.0, "person_time": "q"},
        {"case_key": 1, "minutes": 5.0, "rule": "running_entry"},
        {"case_key": None, "minutes": 7.0},
        {"case_key": None, "minutes": 7.0},
        {"case_key": 1, "minutes": 30.0, "source_file": "b.csv", "date": date(2026, 2, 9), "errors": 2,
         "flags": "overlap", "failed_attempt": True},
    )  # fmt: skip
    out, merged = sessions.summed(rows)
    assert out.select("source_row", "minutes").rows() == [
        (3, 1.0), (4, 60.0), (5, 5.0), (6, 5.0), (7, 5.0), (8, 7.0), (9, 7.0),
    ]  # fmt: skip
    assert merged.rows() == [("t", "a.csv", 1), ("t", "b.csv", 1)]
    assert out.height + merged["rows"].sum() == rows.height
    whole = out.row(1, named=True)
    assert (whole["date"], whole["started_at"]) == (DAY, datetime(2026, 2, 3, 9))  # the day it was begun
    assert (whole["tool_label"], whole["flags"], whole["occurrences"]) == ("A, B", "overlap", 1)
    assert (whole["errors"], whole["items"], whole["failed_attempt"]) == (3, None, True)  # null: not measured


def test_sessions_may_be_told_apart_by_the_code_of_the_process():
    rows = frame({"case_key": 1, "minutes": 1.0}, {"case_key": 1, "minutes": 2.0, "process_label": "courriers"})
    assert sessions.summed(rows).rows.height == 2
    out, _ = sessions.summed(rows.with_columns(process=pl.lit("C1")), "process")
    assert out.select("minutes", "process").rows() == [(3.0, "C1")]


def test_nothing_to_sum():
    rows = frame({"minutes": 1.0}, {"case_key": 1, "minutes": 2.0})
    out, merged = sessions.summed(rows)
    assert out.equals(rows) and merged.is_empty()


def test_a_tracker_of_sessions_names_the_case_and_keeps_no_word_of_it():
    header = "User,Project,Description,Start date,Start time,End date,End time,Duration,Tags\n"
    cases = [("Dossier Dupont", "09"), ("dossier  dupont", "10"), ("Dossier Martin", "11"), ("", "12")]
    lines = [f"u,Courrier,{case},2026-02-03,{h}:00:00,2026-02-03,{h}:20:00,00:20:00,\n" for case, h in cases]
    raw, rows = rows_of(toggl, header + "".join(lines), entry_is="session", case_column="description")
    assert "upont" not in "".join(raw.frame["Case"].drop_nulls())
    keys = rows["case_key"].to_list()
    assert keys[0] == keys[1] != keys[2] and keys[3] is None
    assert rows.select("rule", "column").rows()[2:] == [(None, None), ("missing_value", "Case")]
    out, merged = sessions.summed(rows)
    assert out["minutes"].to_list() == [40.0, 20.0, 20.0] and merged["rows"].to_list() == [1]


@pytest.mark.parametrize("settings", [{"entry_is": "session"}, {"case_column": "Task"}])
def test_sessions_and_their_case_go_together(settings: dict[str, str]):
    with pytest.raises(ValidationError, match="go together"):
        source_of("toggl", **settings)


def test_a_time_sheet_has_no_sessions():
    with pytest.raises(ValidationError, match="is for trackers"):
        source_of("time_sheet", entry_is="session", case_column="Processus")
