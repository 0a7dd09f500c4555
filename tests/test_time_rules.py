"""Entries past midnight, through a change of the clocks, whose duration is not end minus start: by hand, in Paris.

The clocks went from 2:00 to 3:00 on 29 March 2026 and from 3:00 back to 2:00 on 25 October 2026.
"""

from datetime import datetime

import pytest

from pipelines.sources import kimai, toggl
from tests.tracker_fixture import HOUSE_KEEPS, rows_of

KIMAI = "Date,From,To,Duration,User,Project,Activity,Tags\n"
TOGGL = "User,Project,Start date,Start time,End date,End time,Duration,Tags\n"


@pytest.mark.parametrize(
    ("line", "flags", "ended"),
    [
        ("2026-02-03,09:00,10:00,1:00", None, datetime(2026, 2, 3, 10)),
        ("2026-02-03,09:00,10:00,0:59", None, datetime(2026, 2, 3, 10)),  # seconds cut
        ("2026-02-03,09:00,10:00,0:45", "duration_differs", datetime(2026, 2, 3, 10)),  # a break
        ("2026-02-03,23:40,00:10,0:30", "past_midnight", datetime(2026, 2, 4, 0, 10)),
        ("2026-02-03,23:40,00:00,0:20", None, datetime(2026, 2, 4)),  # ends with the day
        ("2026-02-03,20:00,10:00,14:00", "over_12_hours,past_midnight", datetime(2026, 2, 4, 10)),
        ("2026-02-03,09:00,10:00,25:00", "over_12_hours,past_midnight", datetime(2026, 2, 4, 10)),
        ("2026-03-29,01:30,03:30,1:00", "clock_change", datetime(2026, 3, 29, 3, 30)),
        ("2026-03-29,01:30,03:30,2:00", None, datetime(2026, 3, 29, 3, 30)),  # a tracker that does not know
        ("2026-03-28,23:30,03:15,2:45", "past_midnight,clock_change", datetime(2026, 3, 29, 3, 15)),
        ("2026-03-29,01:30,03:30,0:30", "duration_differs", datetime(2026, 3, 29, 3, 30)),
        ("2026-10-25,01:30,03:30,3:00", "clock_change", datetime(2026, 10, 25, 3, 30)),
        ("2026-10-25,02:10,02:20,0:10", None, datetime(2026, 10, 25, 2, 20)),
        ("2026-10-25,02:10,02:20,1:10", "clock_change", datetime(2026, 10, 25, 2, 20)),
        ("2026-10-25,02:30,02:15,0:45", "clock_change", datetime(2026, 10, 25, 3, 15)),  # after the start by the clock
        ("2026-10-24,02:30,02:15,0:45", "duration_differs", datetime(2026, 10, 24, 3, 15)),
        ("2026-02-03,09:00,midi,3:00", None, datetime(2026, 2, 3, 12)),  # a time nobody can read: the duration counts
        ("2026-02-03,tôt,10:00,3:00", None, None),
    ],
)
def test_an_export_without_the_day_of_the_end(line: str, flags: str | None, ended: datetime | None):
    _, rows = rows_of(kimai, f"{KIMAI}{line},u,P,A,\n", kept=HOUSE_KEEPS | {"over_12_hours"})
    assert rows.select("rule", "flags", "ended_at").row(0) == (None, flags, ended)


@pytest.mark.parametrize(
    ("line", "flags", "ended"),
    [
        ("2026-02-03,09:00:00,2026-02-03,10:00:00,01:00:00", None, datetime(2026, 2, 3, 10)),
        ("2026-02-03,23:50:00,2026-02-04,00:20:00,00:30:00", "past_midnight", datetime(2026, 2, 4, 0, 20)),
        ("2026-02-03,09:00:00,2026-02-05,09:00:00,01:00:00", "past_midnight,duration_differs", datetime(2026, 2, 5, 9)),
        ("2026-02-03,09:00:00,2026-02-03,08:00:00,01:00:00", "duration_differs", datetime(2026, 2, 3, 10)),
        ("2026-03-29,01:59:00,2026-03-29,03:01:00,00:02:00", "clock_change", datetime(2026, 3, 29, 3, 1)),
    ],
)
def test_an_export_with_the_day_of_the_end(line: str, flags: str | None, ended: datetime):
    _, rows = rows_of(toggl, f"{TOGGL}u,P,{line},\n")
    assert rows.select("rule", "flags", "ended_at").row(0) == (None, flags, ended)


@pytest.mark.parametrize("rule", ["past_midnight", "clock_change", "duration_differs"])
def test_a_study_may_set_such_entries_aside(rule: str):
    lines = ["2026-02-03,23:40,00:10,0:30", "2026-03-29,01:30,03:30,1:00", "2026-02-03,09:00,10:00,0:45"]
    text = KIMAI + "".join(f"{line},u,P,A,\n" for line in lines)
    _, rows = rows_of(kimai, text, kept=HOUSE_KEEPS - {rule})
    assert rows["rule"].drop_nulls().to_list() == [rule]
    assert rows["flags"].drop_nulls().len() == 2


def test_where_the_clocks_do_not_change():
    _, rows = rows_of(kimai, KIMAI + "2026-03-29,01:30,03:30,1:00,u,P,A,\n", time_zone="Indian/Reunion")
    assert rows["flags"].to_list() == ["duration_differs"]
