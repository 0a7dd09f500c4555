"""Kimai, Toggl, Clockify: real header sets, real quirks, values worked out by hand."""

from datetime import date

import pytest

from pipelines.sources import clockify, declared, harvest, kimai, solidtime, toggl
from pipelines.sources.base import SourceError
from tests.tracker_fixture import rows_of

# The 25 columns of version 2.66; six custom fields share one heading.
KIMAI = (
    'Date,From,To,Duration,Currency,Price,"Internal price","Hourly price","Fixed price",Name,User,E-mail,'
    '"Staff number",Customer,Project,Activity,Description,Billable,Tags,Type,category,Account,"Project number",'
    'VAT-ID,"Order number","Working place","Working place"'
)
TOGGL = (
    "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,"
    "Amount ()"
)
CLOCKIFY = (
    '"Project","Client","Description","Task","User","Group","Email","Tags","Billable","Start Date","Start Time",'
    '"End Date","End Time","Duration (h)","Duration (decimal)","Billable Rate (USD)","Billable Amount (USD)"'
)


HARVEST = (
    "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,Invoiced?,Approved?,First Name,Last Name,Employee Id,"
    "Roles,Employee?,Billable Rate,Billable Amount,Cost Rate,Cost Amount,Currency,External Reference URL"
)
SOLIDTIME = "Description,Task,Project,Client,User,Start,End,Duration,Duration (decimal),Billable,Tags"


def kimai_line(day: str, start: str, end: str, duration: str, *, activity: str = "Courrier", tags: str = "") -> str:
    return (
        f'{day},{start},{end},{duration},EUR,0,0,0,0,"Ada L",ada,ada@example.org,7,"C, SA",P,{activity},'
        f'"deux\nlignes",1,"{tags}",timesheet,work,A1,N1,V1,O1,ici,là'
    )


def test_kimai_2_66_with_every_column():
    text = "\n".join([
        KIMAI,
        kimai_line("2026-02-03", "09:00", "10:30", "1:30", tags="Assistant A, urgent"),
        kimai_line("2026-02-03", "23:40", "00:10", "0:30"),  # past midnight: the day it started
        kimai_line("2026-02-04", "09:00", "", "0:00"),  # the timer runs
        kimai_line("2026-02-04", "09:00", "09:00", "0:00"),
        kimai_line("2026-02-04", "09:00", "08:00", "-1:15"),
        kimai_line("2026-02-04", "06:00", "19:00", "13:00"),
        kimai_line("2026-02-30", "09:00", "10:00", "1:00"),
        kimai_line("2026-02-05", "09:00", "10:00", "une heure"),
        "2026-02-05,09:00,too short",
    ])  # fmt: skip
    raw, rows = rows_of(kimai, text)
    assert raw.received == 9
    assert raw.rejected.rows() == [(18, "malformed_row", None)]  # each record before it holds a line break
    assert "Working place" not in raw.frame.columns  # a custom field may hold anything
    assert rows.select("source_row", "date", "minutes", "rule", "column").rows() == [
        (2, date(2026, 2, 3), 90.0, None, None),
        (4, date(2026, 2, 3), 30.0, None, None),
        (6, date(2026, 2, 4), 0.0, "running_entry", "To"),
        (8, date(2026, 2, 4), 0.0, "zero_duration", "Duration"),
        (10, date(2026, 2, 4), -75.0, "zero_duration", "Duration"),
        (12, date(2026, 2, 4), 780.0, "over_12_hours", "Duration"),
        (14, None, 60.0, "bad_date", "Date"),
        (16, date(2026, 2, 5), None, "bad_duration", "Duration"),
    ]
    first = rows.row(0, named=True)
    assert (first["process_label"], first["tool_label"], first["occurrences"]) == ("Courrier", "Assistant A, urgent", 1)
    assert first["prompt_minutes"] is None and first["items"] is None  # a tracker measures minutes only


@pytest.mark.parametrize(
    "absent",
    [
        {"E-mail"},  # summer 2025
        {"Currency", "Price", "Internal price", "Hourly price", "Fixed price"},  # the exporter may not see rates
        {"Name", "User", "E-mail"},
        {"Working place", "Order number", "category", "Type", "Description"},
    ],
)
def test_kimai_with_fewer_columns(absent: set[str]):
    header = KIMAI.replace('"', "").split(",")
    cells = dict(zip(header, range(len(header)), strict=False)) | {
        "Date": "2026-02-03", "From": "09:00", "To": "10:30", "Duration": "1:30", "category": "work"}  # fmt: skip
    kept = [h for h in header if h not in absent]
    raw, rows = rows_of(kimai, ",".join(kept) + "\n" + ",".join(str(cells[h]) for h in kept))
    assert set(raw.frame.columns) == {*kept, "source_row"} - {"Working place"}
    assert rows.select("minutes", "rule", "flags").row(0) == (90.0, None, None)


SHORT = "Date,From,To,Duration,Name,User,Project,Activity,Tags\n"


@pytest.mark.parametrize(
    ("durations", "minutes"),
    [
        (["0:06", "10:30"], [6.0, 630.0]),
        (["0:06:40", "1:00:30"], [400 / 60, 60.5]),
        (["0.11", "1.50"], [6.6, 90.0]),
        (["0.11", "2"], [6.6, 120.0]),  # a spreadsheet cut the zeros: still hours
        (["3600", "7200"], [60.0, 120.0]),  # whole seconds, as start and end confirm
        (["1:00", "7200"], [60.0, None]),  # a number among H:MM means nothing
    ],
)
def test_kimai_durations(durations: list[str], minutes: list[float | None]):
    ends = ("10:00", "11:00")
    lines = [f"2026-02-03,09:00,{e},{d},N,u,P,A," for e, d in zip(ends, durations, strict=True)]
    _, rows = rows_of(kimai, SHORT + "\n".join(lines))
    assert rows["minutes"].to_list() == pytest.approx(minutes)


def test_kimai_refuses_whole_numbers_that_are_not_seconds():
    lines = "2026-02-03,09:00,10:00,60,N,u,P,A,\n2026-02-03,10:00,11:30,90,N,u,P,A,\n"
    with pytest.raises(SourceError) as refused:
        rows_of(kimai, SHORT + lines)
    assert refused.value.rule == "unrecognised_file" and refused.value.column == "Duration"


@pytest.mark.parametrize(
    "header",
    [
        "Date;De;À;Durée;Nom;Nom d'utilisateur;Client;Projet;Activité;Description;Facturable;Mots-clés",
        "Datum;Von;Bis;Dauer;Name;Benutzer;Kunde;Projekt;Tätigkeit;Beschreibung;Abrechenbar;Schlagworte",
    ],
)
def test_kimai_in_french_and_german(header: str):
    line = "03/02/2026;09:00;09:20;0,33;N;u;C;P;Courrier;x;1;Assistant A"
    raw, rows = rows_of(kimai, f"{header}\n{line}\n", date_order="dmy")
    assert raw.frame.columns == [
        "Date", "From", "To", "Duration", "Name", "User", "Customer", "Project", "Activity", "Description", "Billable",
        "Tags", "source_row",
    ]  # fmt: skip
    assert rows.select("date", "process_label", "tool_label").row(0) == (date(2026, 2, 3), "Courrier", "Assistant A")
    assert rows["minutes"].to_list() == pytest.approx([19.8])


def test_kimai_process_may_come_from_another_column():
    header = "Date,From,To,Duration,User,Project,Activity,Lieu,Tags\n"
    line = "2026-02-03,09:00,10:00,1:00,u,P,A,Annexe,\n"
    _, rows = rows_of(kimai, header + line, process_column="Projet")
    assert rows["process_label"].to_list() == ["P"]
    raw, rows = rows_of(kimai, header + line, process_column="lieu")
    assert rows["process_label"].to_list() == ["Annexe"] and "lieu" in raw.frame.columns
    with pytest.raises(SourceError) as refused:
        rows_of(kimai, header + line, tool_column="Outil")
    assert (refused.value.rule, refused.value.column) == ("missing_column", "Outil")


def test_toggl_detailed_report():
    text = "\ufeff" + "\n".join([
        TOGGL,
        "Ada,ada@example.org,C,Courrier,,x,No,2026-02-03,09:00:00,2026-02-03,09:10:40,00:10:40,Assistant A,",
        "Ada,ada@example.org,C,Courrier,,x,No,2026-02-03,23:50:00,2026-02-04,00:20:00,00:30:00,,",
        "Ada,ada@example.org,C,Courrier,,x,No,2026-02-04,09:00:00,,,00:00:00,,",
        "Ada,ada@example.org,C,Courrier,,x,No,2026-02-04,09:00:00,2026-02-04,09:00:00,00:00:00,,",
        "Ada,ada@example.org,C,,,x,No,2026-02-04,09:00:00,2026-02-05,11:30:00,26:30:00,,",
        "Ada,ada@example.org,C,,,x,No,2026-02-04,10:00:00,2026-02-04,10:30:00,00:25:00,,",  # a pause: duration counts
    ])  # fmt: skip
    raw, rows = rows_of(toggl, text)
    assert raw.received == 6 and "Amount ()" not in raw.frame.columns
    assert rows.select("source_row", "date", "minutes", "process_label", "rule", "column").rows() == [
        (2, date(2026, 2, 3), 640 / 60, "Courrier", None, None),
        (3, date(2026, 2, 3), 30.0, "Courrier", None, None),
        (4, date(2026, 2, 4), 0.0, "Courrier", "running_entry", "End time"),
        (5, date(2026, 2, 4), 0.0, "Courrier", "zero_duration", "Duration"),
        (6, date(2026, 2, 4), 1590.0, None, "over_12_hours", "Duration"),
        (7, date(2026, 2, 4), 25.0, None, None, None),
    ]


def test_toggl_newest_headings_and_dashes():
    text = (
        '"Description","Duration","Member","Email","Project","Tags","Start date","Start time","Stop date","Stop time"\n'
        '"x","0:20:00","Ada","ada@example.org","-","-","2026-02-03","09:00:00","2026-02-03","09:20:00"\n'
    )
    raw, rows = rows_of(toggl, text)
    assert {"User", "End date", "End time"} <= set(raw.frame.columns)
    assert rows.select("process_label", "tool_label", "minutes").row(0) == (None, None, 20.0)


def clockify_line(day: str, start: str = "10:23:52 AM", end: str = "10:53:52 AM", duration: str = "00:30:00") -> str:
    cells = ["Courrier", "C", "x", "", "Ada", "", "ada@example.org", "Assistant A", "No", day, start, day, end]
    return ",".join(f'"{c}"' for c in [*cells, duration, "0.50", "0", "0"])


@pytest.mark.parametrize(
    ("days", "order", "expected"),
    [
        (["01/21/2026", "02/03/2026"], None, [date(2026, 1, 21), date(2026, 2, 3)]),
        (["21/01/2026", "02/03/2026"], None, [date(2026, 1, 21), date(2026, 3, 2)]),
        (["2026-02-03"], None, [date(2026, 2, 3)]),
        (["03.02.2026"], None, [date(2026, 2, 3)]),
        (["02/03/2026"], "mdy", [date(2026, 2, 3)]),
        (["02/03/2026"], "dmy", [date(2026, 3, 2)]),
    ],
)
def test_clockify_dates_are_decided_for_the_whole_file(days: list[str], order: str | None, expected: list[date]):
    text = "\r\n".join([CLOCKIFY, *map(clockify_line, days)]) + "\r\n"
    _, rows = rows_of(clockify, text, date_order=order)
    assert rows["date"].to_list() == expected
    assert rows["minutes"].to_list() == [30.0] * len(days)
    assert rows["rule"].to_list() == [None] * len(days)


@pytest.mark.parametrize(
    ("days", "order"),
    [(["02/03/2026"], None), (["01/21/2026", "21/01/2026"], None), (["01/21/2026"], "dmy"), (["21/01/2026"], "mdy")],
)
def test_clockify_refuses_dates_it_cannot_decide(days: list[str], order: str | None):
    with pytest.raises(SourceError) as refused:
        rows_of(clockify, "\n".join([CLOCKIFY, *map(clockify_line, days)]), date_order=order)
    assert refused.value.rule == "ambiguous_dates" and refused.value.action


def test_clockify_quirks():
    text = "\n".join([
        CLOCKIFY,
        clockify_line("01/21/2026", "11:50:00 PM", "12:10:00 AM", "00:20:00"),
        '"Courrier","","","","Ada","","a@example.org","","No","01/21/2026","08:00:00 AM","","","00:00:00","0","0","0"',
        clockify_line("01/45/2026"),
    ])  # fmt: skip
    _, rows = rows_of(clockify, text)
    assert rows.select("minutes", "rule", "column").rows() == [
        (20.0, None, None),
        (0.0, "running_entry", "End Time"),
        (30.0, "bad_date", "Start Date"),
    ]


def test_clockify_same_moment_in_two_profiles_is_the_same_row():
    am_pm = rows_of(clockify, "\n".join([CLOCKIFY, clockify_line("01/21/2026", "01:05:00 PM", "01:35:00 PM")]))[1]
    day_24 = rows_of(clockify, "\n".join([CLOCKIFY, clockify_line("21/01/2026", "13:05:00", "13:35:00")]))[1]
    assert am_pm["natural_key"].to_list() == day_24["natural_key"].to_list()
    other = rows_of(clockify, "\n".join([CLOCKIFY, clockify_line("21/01/2026", "01:05:00", "01:35:00")]))[1]
    assert other["natural_key"].to_list() != day_24["natural_key"].to_list()


def test_clockify_in_german_without_rates():
    text = (
        "Projekt;Kunde;Beschreibung;Aufgabe;Benutzer;Gruppe;Email;Tags;Abrechenbar;Startdatum;Startzeit;Enddatum;"
        "Endzeit;Dauer (h);Dauer (dezimal)\n"
        "Courrier;;;;Ada;;a@example.org;;Nein;21.01.2026;09:00;21.01.2026;09:15;00:15:00;0,25\n"
    )
    _, rows = rows_of(clockify, text)
    assert rows.select("date", "minutes").row(0) == (date(2026, 1, 21), 15.0)


def test_each_tracker_knows_only_its_own_header():
    headers = {
        kimai: KIMAI.replace('"', "").split(","),
        toggl: TOGGL.split(","),
        clockify: CLOCKIFY.replace('"', "").split(","),
        harvest: HARVEST.split(","),
        solidtime: SOLIDTIME.split(","),
    }
    assert not any(declared.recognises(h) for h in headers.values())
    for module in headers:
        assert [m.FORMAT for m, h in headers.items() if module.recognises(h)] == [module.FORMAT]


def test_the_summary_report_is_refused_with_its_reason():
    text = (
        '"Date","Project","Client","Description","Time (h)","Time (decimal)"\n'
        '"2026-02-03","P","C","x","00:38:20","0.6389"\n'
    )
    with pytest.raises(SourceError) as refused:
        rows_of(clockify, text)
    assert refused.value.rule == "unrecognised_file"
    assert "summary report" in refused.value.message and "detailed" in refused.value.action
    assert "without Email or User" in refused.value.message


def test_a_foreign_file_is_refused_with_what_it_lacks():
    with pytest.raises(SourceError) as refused:
        rows_of(toggl, "a,b\n1,2\n")
    assert "Start date" in refused.value.message and "Email or User" in refused.value.message
