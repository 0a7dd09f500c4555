"""Harvest, solidtime, Clockify's summary, trackers by declared columns, workbooks: values worked out by hand."""

import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from pydantic import ValidationError

from pipelines.sources import clockify, declared, harvest, kimai, solidtime, toggl
from pipelines.sources.base import SourceError
from tests.tracker_fixture import HOUSE_KEEPS, rows_of, source_of

HARVEST = "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,First Name,Last Name,Employee Id,Currency\n"
SOLIDTIME = "Description,Task,Project,Client,User,Start,End,Duration,Duration (decimal),Billable,Tags\n"
COLUMNS = {"Jour": "date", "Agent": "person", "Tâche": "process", "Durée": "duration"}


def test_harvest_with_the_decimals_of_a_european_account():
    lines = [
        '2026-02-03,C,P,P1,Courrier,x,"0,25",Yes,Ada,L,7,Euro - EUR',
        '2026-02-03,C,P,P1,Courrier,x,"0,25",Yes,Ada,L,7,Euro - EUR',  # no times: twice the same work
        '2026-02-04,C,P,,,x,"1.002,5",No,Ada,L,,Euro - EUR',
        '2026-02-04,C,P,,Courrier,x,"0,0",No,Ada,L,,Euro - EUR',
        "2026-02-04,C,P,,Courrier,x,une,No,Ada,L,,Euro - EUR",
        "2026-02-04,C,P,,Courrier,x,2,No,Ada,L,,Euro - EUR",  # whole hours, never seconds
    ]
    raw, rows = rows_of(harvest, HARVEST + "\n".join(lines))
    assert raw.frame["Person"].to_list() == ["Ada L"] * 6 and not {"First Name", "Last Name"} & set(raw.frame.columns)
    assert rows.select("date", "minutes", "process_label", "rule", "column").rows() == [
        (date(2026, 2, 3), 15.0, "Courrier", None, None),
        (date(2026, 2, 3), 15.0, "Courrier", None, None),
        (date(2026, 2, 4), 60150.0, None, "over_12_hours", "Hours"),
        (date(2026, 2, 4), 0.0, "Courrier", "zero_duration", "Hours"),
        (date(2026, 2, 4), None, "Courrier", "bad_duration", "Hours"),
        (date(2026, 2, 4), 120.0, "Courrier", None, None),
    ]
    assert rows["started_at"].null_count() == rows["tool_label"].null_count() == 6
    assert harvest.EQUAL_LINES_ARE_WORK


def test_harvest_may_name_a_tool_in_another_column():
    line = "2026-02-03,C,P,Assistant A,Courrier,x,0.5,Yes,Ada,L,7,EUR"
    _, rows = rows_of(harvest, HARVEST + line, tool_column="Project code", process_column="project")
    assert rows.select("process_label", "tool_label", "minutes").row(0) == ("P", "Assistant A", 30.0)


def test_solidtime_report_in_local_time():
    lines = [
        "x,,Courrier,,Ada,2026-02-03 09:00:00,2026-02-03 09:20:30,0:20:30,0.3416,No,Assistant A",
        "x,,Courrier,,Ada,2026-02-03 10:00:00,,,,No,",
    ]
    _, rows = rows_of(solidtime, SOLIDTIME + "\n".join(lines))
    assert rows.select("date", "started_at", "ended_at", "minutes", "rule", "column").rows() == [
        (date(2026, 2, 3), datetime(2026, 2, 3, 9), datetime(2026, 2, 3, 9, 20, 30), 20.5, None, None),
        (date(2026, 2, 3), datetime(2026, 2, 3, 10), None, None, "running_entry", "End"),
    ]


def test_solidtime_tables_in_utc_without_durations():
    header = "id,description,start,end,billable,type,user_id,project_id,task_id,tags\n"
    lines = [
        '1,x,2026-02-03T22:50:00Z,2026-02-03T23:30:00Z,false,work,u1,p1,,"[""t1"",""t2""]"',  # 23:50 to 0:30 in Paris
        "2,x,2026-07-03T22:50:00Z,2026-07-03T23:30:01Z,false,,u1,p1,,[]",  # 0:50 to 1:30:01 in summer
        "3,x,2026-02-03T11:00:00Z,2026-02-03T11:30:00Z,false,break,u1,,,[]",
        "4,x,2026-02-03T11:00:00Z,2026-02-03T10:30:00Z,false,work,u1,p1,,[]",
        "5,x,2026-02-03T11:00:00Z,bientôt,false,work,u1,p1,,[]",
    ]
    _, rows = rows_of(solidtime, header + "\n".join(lines))
    assert rows.select("date", "minutes", "tool_label", "rule", "column", "flags").rows() == [
        (date(2026, 2, 3), 40.0, "t1,t2", None, None, "past_midnight"),
        (date(2026, 7, 4), 2401 / 60, None, None, None, None),
        (date(2026, 2, 3), 30.0, None, "not_work", "Type", None),
        (date(2026, 2, 3), -30.0, None, "zero_duration", "End", None),
        (date(2026, 2, 3), None, None, "bad_date", "End", None),
    ]
    assert rows["started_at"].to_list()[:2] == [datetime(2026, 2, 3, 23, 50), datetime(2026, 7, 4, 0, 50)]
    _, abroad = rows_of(solidtime, header + lines[0], time_zone="Indian/Reunion")
    assert abroad["started_at"].item() == datetime(2026, 2, 4, 2, 50)  # four hours ahead of UTC


SUMMARY = '"Date","User","Project","Client","Time (h)","Time (decimal)","Amount (EUR)"\n'


def test_clockify_summary_by_user_and_date_is_minutes_without_a_count():
    lines = ['"2026-02-03","Ada","Courrier","C","01:30:00","1.5000",""', '"2026-02-03","Ada","","C","00:00:00","0",""']
    _, rows = rows_of(clockify, SUMMARY + "\n".join(lines))
    assert rows.select("date", "minutes", "rule").rows() == [
        (date(2026, 2, 3), 90.0, "summed_entries"),
        (date(2026, 2, 3), 0.0, "zero_duration"),
    ]
    _, rows = rows_of(clockify, SUMMARY + lines[0], kept=HOUSE_KEEPS | {"summed_entries"})
    assert rows.select("minutes", "occurrences", "rule", "flags").row(0) == (90.0, 1, None, "summed_entries")
    with pytest.raises(SourceError) as refused:
        rows_of(clockify, SUMMARY.replace('"Date",', "") + lines[0].replace('"2026-02-03",', ""))
    assert "without Date" in refused.value.message


def test_clockify_counts_decimal_hours_only_where_they_are_alone():
    header = "Projet,Client,Utilisateur,Tags,Date de début,Heure de début,Date de fin,Heure de fin,Durée (décimal)\n"
    _, rows = rows_of(clockify, header + "Courrier,C,Ada,,13/02/2026,09:00,13/02/2026,09:20,0.33\n")
    assert rows["minutes"].to_list() == pytest.approx([19.8]) and rows["flags"].to_list() == [None]
    both = header.replace("Durée (décimal)", "Durée (décimal),Durée (h)")
    _, rows = rows_of(clockify, both + "Courrier,C,Ada,,13/02/2026,09:00,13/02/2026,09:20,0.33,00:20:00\n")
    assert rows["minutes"].to_list() == [20.0]


def test_a_duration_no_calendar_holds_is_a_duration_of_over_twelve_hours():
    header = "Project,User,Tags,Start Date,Start Time,End Date,End Time,Duration (h)\n"
    _, rows = rows_of(clockify, header + "P,Ada,,2026-02-03,12:00,,12:30,999999999999999999999999\n"
                      "P,Ada,,2026-02-03,12:00,2026-02-03,12:30,9999999999999999999:00\n")  # fmt: skip
    assert rows["rule"].to_list() == ["over_12_hours", "bad_duration"] and rows["minutes"].to_list()[1] is None


def test_clockify_breaks_are_not_work():
    header = "Project,User,Tags,Start Date,Start Time,End Date,End Time,Duration (h),Type\n"
    lines = [f"P,Ada,,2026-02-03,12:00,2026-02-03,12:30,00:30:00,{t}" for t in ("Regular", "Break", "Time off", "")]
    _, rows = rows_of(clockify, header + "\n".join(lines))
    assert rows["rule"].to_list() == [None, "not_work", "not_work", None]


def test_kimai_in_italian_with_seconds():
    names = "Data Da A Durata Nome Utente Cliente Progetto Attività Descrizione Esportate Etichette"
    header = ",".join(f'"{n}"' for n in names.split()) + "\n"
    lines = ['"2026-02-03","09:00","13:00","14400","Ada L","ada","C","P","Corrispondenza","x","0","Assistente A"',
             '"2026-02-03","14:00","14:30","1800","Ada L","ada","C","P","Corrispondenza","x","0",""']  # fmt: skip
    _, rows = rows_of(kimai, header + "\n".join(lines))
    assert rows.select("minutes", "process_label", "tool_label", "flags").rows() == [
        (240.0, "Corrispondenza", "Assistente A", None), (30.0, "Corrispondenza", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(("unit", "minutes"), [("minutes", [60.0, 90.0]), ("hours", [3600.0, 5400.0])])
def test_whole_numbers_count_what_is_declared(unit: str, minutes: list[float]):
    text = "Date,From,To,Duration,User,Project,Activity,Tags\n2026-02-03,,x,60,u,P,A,\n2026-02-03,,x,90,u,P,A,\n"
    assert rows_of(kimai, text, duration_unit=unit)[1]["minutes"].to_list() == minutes


def test_declared_columns_of_any_export():
    columns = {
        "Jour": "date", "Début": "start", "Fin": "end", "Durée": "duration", "AGENT": "person", "Tâche": "process",
        "Outil": "tool", "Nb": "occurrences", "Pièces": "items", "Retours": "errors",
    }  # fmt: skip
    text = (
        "Service;Agent;Jour;Début;Fin;Durée;Tâche;Outil;Nb;Pièces;Retours;Start\n"
        "S;Ada;13/02/2026;9h;10h30;1h30;Courrier;Assistant A;3;12;1;2020-01-01\n"
        "S;Ada;14/02/2026;9h05;9h50;45 min;Courrier;;;;;\n"
        "S;Ada;14/02/2026;10h;;10 min;Courrier;;;;;\n"
        "S;Ada;15/02/2026;9h;10h;1:00;Courrier;;0;;;\n"
        "S;Ada;15/02/2026;9h;10h;1:00;Courrier;;2;douze;;\n"
    )
    raw, rows = rows_of(declared, text.encode("cp1252"), columns=columns)
    assert "Service" not in raw.frame.columns and "2020-01-01" not in raw.frame["Start"].to_list()
    assert rows.select("date", "minutes", "tool_label", "occurrences", "items", "errors", "rule", "column").rows() == [
        (date(2026, 2, 13), 90.0, "Assistant A", 3, 12, 1, None, None),
        (date(2026, 2, 14), 45.0, None, 1, None, None, None, None),
        (date(2026, 2, 14), 10.0, None, 1, None, None, "running_entry", "End"),
        (date(2026, 2, 15), 60.0, None, 0, None, None, "bad_value", "Occurrences"),
        (date(2026, 2, 15), 60.0, None, 2, None, None, "bad_number", "Items"),
    ]
    assert rows["ended_at"][0] == datetime(2026, 2, 13, 10, 30)


@pytest.mark.parametrize(("unit", "minutes"), [("hours", 90.0), ("minutes", 1.5), ("seconds", 0.025)])
def test_a_plain_number_counts_what_is_declared(unit: str, minutes: float):
    text = "Jour;Agent;Tâche;Durée\n2026-02-03;Ada;Courrier;1,5\n"
    _, rows = rows_of(declared, text, columns=COLUMNS, duration_unit=unit)
    assert rows["minutes"].to_list() == pytest.approx([minutes]) and rows["started_at"].item() is None
    with pytest.raises(SourceError) as refused:
        rows_of(declared, text, columns=COLUMNS)
    assert "duration_unit" in refused.value.action and refused.value.column == "Durée"


def test_a_column_nobody_declares_is_not_read_even_if_it_has_our_name():
    text = "Process;Jour;Agent;Tâche;Durée;Dossier\nX;2026-02-03;Ada;Courrier;1:00;Dupont\n"
    settings = {"entry_is": "session", "case_column": "Dossier"}
    raw, rows = rows_of(declared, text, columns=COLUMNS, **settings)
    assert rows["process_label"].to_list() == ["Courrier"] and rows["case_key"].null_count() == 0
    assert raw.frame.columns == ["Date", "Person", "Process", "Duration", "Case", "source_row"]
    raw, _ = rows_of(declared, text, columns=COLUMNS)
    assert raw.frame.columns == ["Date", "Person", "Process", "Duration", "source_row"]


def test_declared_moments_with_their_zone_and_no_duration():
    columns = {"worker": "person", "begin": "start", "finish": "end", "what": "process"}
    text = "worker,begin,finish,what\nAda,20260203T080000Z,2026-02-03T10:30:00+02:00,Courrier\n"
    _, rows = rows_of(declared, text, columns=columns)
    assert rows.select("started_at", "ended_at", "minutes").row(0) == (
        datetime(2026, 2, 3, 9), datetime(2026, 2, 3, 9, 30), 30.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"date": "Jour"}, "write `heading: role`"),
        ({**COLUMNS, "Date": "date"}, "two columns are the date"),
        ({"Jour": "date", "Durée": "duration"}, "a column for person, process"),
        ({"A": "person", "T": "process", "D": "duration"}, "date (or start"),
        ({"A": "person", "T": "process", "D": "date", "S": "start"}, "duration (or start and end)"),
    ],
)
def test_a_declaration_that_cannot_be_followed(columns: dict[str, str], words: str):
    with pytest.raises(ValidationError) as refused:
        source_of("tracker", columns=columns)
    assert words in str(refused.value)


def test_a_declared_column_must_be_there():
    with pytest.raises(SourceError) as refused:
        rows_of(declared, "Jour;Agent;Tâche\n2026-02-03;Ada;C\n", columns=COLUMNS)
    assert (refused.value.rule, refused.value.column) == ("missing_column", "Durée")


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValidationError, match="Europe/Paris"):
        source_of("kimai", time_zone="Paris")


def test_headings_repeated_and_totals_are_no_entries():
    header = "Date,From,To,Duration,User,Project,Activity,Tags"
    text = "\n".join([
        header, "2026-02-03,09:00,10:00,1:00,u,P,A,", header, "2026-02-03,10:00,11:00,1:00,u,P,A,",
        "Total,,,2:00,,,,", ",,,2:00,,,,", ",,,2:00,u,,,",
    ])  # fmt: skip
    raw, rows = rows_of(kimai, text)
    assert raw.rejected.rows() == [(3, "repeated_header", None), (5, "total_row", None), (6, "total_row", None)]
    assert rows.select("source_row", "rule", "column").rows() == [
        (2, None, None), (4, None, None), (7, "missing_value", "Date"),
    ]  # fmt: skip


def test_a_workbook_of_kimai():
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    day, clock, length = (book.add_format({"num_format": f}) for f in ("dd/mm/yyyy", "hh:mm", "[hh]:mm"))
    sheet.write_row(0, 0, ["Date", "De", "À", "Durée", "Nom d'utilisateur", "Projet", "Activité", "Mots-clés"])
    for row, (start, end, minutes) in enumerate([(9, 10.5, 90), (23, 0.5, 90)], 1):
        sheet.write_datetime(row, 0, datetime(2026, 2, 3), day)
        sheet.write_number(row, 1, start / 24, clock)
        sheet.write_number(row, 2, end / 24, clock)
        sheet.write_number(row, 3, timedelta(minutes=minutes) / timedelta(days=1), length)
        sheet.write_row(row, 4, ["ada", "P", "Courrier"])
    sheet.write_formula(3, 3, "=SUBTOTAL(9,D2:D3)", length, 3 / 24)
    book.close()
    raw, rows = rows_of(kimai, buffer.getvalue())
    assert raw.rejected.rows() == [(4, "total_row", None)]
    assert rows.select("date", "started_at", "ended_at", "minutes", "rule", "flags").rows() == [
        (date(2026, 2, 3), datetime(2026, 2, 3, 9), datetime(2026, 2, 3, 10, 30), 90.0, None, None),
        (date(2026, 2, 3), datetime(2026, 2, 3, 23), datetime(2026, 2, 4, 0, 30), 90.0, None, "past_midnight"),
    ]


def test_json_is_refused_for_what_it_is():
    text = '[\n{"id":1,"start":"20240101T093000Z","tags":["courrier"]}\n]\n'
    with pytest.raises(SourceError) as refused:
        rows_of(toggl, text)
    assert "JSON" in refused.value.message and "format: tracker" in refused.value.action


def test_a_detailed_report_of_clockify_without_a_single_day_is_no_summary():
    header = "Project,User,Tags,Start Date,Start Time,End Date,End Time,Duration (h)\n"
    _, rows = rows_of(clockify, header + "P,Ada,,,09:00,,10:00,01:00:00\n")
    assert rows.select("rule", "column").row(0) == ("missing_value", "Start Date")


def test_a_real_summary_report_is_refused_without_the_person_and_read_with_it():
    data = (Path(__file__).parent / "clockify" / "summary.csv").read_bytes()
    with pytest.raises(SourceError) as refused:
        rows_of(clockify, data)
    assert "summary report" in refused.value.message and "without Email or User" in refused.value.message
    header, *lines = data.decode("utf-8-sig").splitlines()
    by_user = "\n".join([f'"User",{header}', *(f'"Ada",{line}' for line in lines)])
    raw, rows = rows_of(clockify, by_user)
    assert (raw.received, rows.height) == (99, 99) and set(rows["rule"]) == {"summed_entries"}
    # The file says each time twice: H:MM:SS, and hours rounded to four decimals.
    decimal = [float(line.rsplit('"', 2)[1]) * 60 for line in lines]
    assert rows["minutes"].to_list() == pytest.approx(decimal, abs=0.0031)
    assert rows["minutes"].sum() == pytest.approx(sum(decimal), abs=0.1)
