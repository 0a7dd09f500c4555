"""What a number of teams can detect, in words: the values of a chart, the lines of a console, the advice.

Rows are those of the table of power: one per indicator and number of teams.
"""

from collections.abc import Sequence

from pipelines.wording.display import Row
from pipelines.wording.numbers import NBSP
from pipelines.wording.words import Words

ADVISED = "net_hours"  # the gain that a further lot is ordered for
LOTS = (10, 15, 20)
DECIMALS = {"net_hours": 1, "errors": 0, "wellbeing": 1, "satisfaction": 0}


def effect(row: Row, words: Words) -> str:
    """« 0,8 h », or why there is none."""
    return _value(row, "detectable", words) or words.text("power.unknown")


def bare(row: Row, words: Words) -> str:
    """« 0,8 », for the mark of a chart whose title holds the unit."""
    return words.number(row["detectable"], DECIMALS.get(str(row["indicator"]), 1))


def described(rows: Sequence[Row], words: Words) -> str:
    """The values of the chart as one text."""
    said = []
    for row in rows:
        title, teams = words.text(f"indicators.{row['indicator']}.title"), words.text("power.teams")
        said.append(f"{title}, {row['n_teams']} {teams}{words.raw('colon')}{effect(row, words)}")
    return words.print(" ; ".join(said) + ".")


def console(rows: Sequence[Row]) -> list[str]:
    """The table as lines of English text: per indicator, the effect detected and the value needed, by teams."""
    words = Words("en")
    numbers = sorted({int(row["n_teams"]) for row in rows})
    table = [["", "", *(f"{n} teams" for n in numbers)]]
    for indicator in dict.fromkeys(str(row["indicator"]) for row in rows):
        own = {int(row["n_teams"]): row for row in rows if row["indicator"] == indicator}
        title = words.text(f"indicators.{indicator}.title")
        table.append([title, "detects", *(effect(own[n], words) for n in numbers)])
        table.append(["", "objective shown from", *(_value(own[n], "to_reach", words) or "-" for n in numbers)])
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    sides = (str.ljust, str.ljust, *(str.rjust for _ in numbers))
    return ["  ".join(map(lambda side, cell, w: side(cell, w), sides, line, widths)).rstrip() for line in table]


def advice(rows: Sequence[Row], words: Words) -> str:
    """What one lot of five teams more would change, then a second one (methods.md, section 7)."""
    own = {int(row["n_teams"]): row for row in rows if row["indicator"] == ADVISED}
    if not all(n in own and own[n]["detectable"] for n in LOTS):
        return words.text("power.no_advice")
    now, one, two = (own[n] for n in LOTS)

    def change(after: Row, before: Row) -> str:
        value = words.number(100 * (after["detectable"] / before["detectable"] - 1), signed=True)
        return f"{value}{'%' if words.language == 'en' else f'{NBSP}%'}"

    return words.text(
        "power.advice", now=_precise(now, words), one=_precise(one, words), two=_precise(two, words),
        fall=change(one, now), second=change(two, one),
    )  # fmt: skip


def _precise(row: Row, words: Words) -> str:
    """One more decimal: five teams change the second digit."""
    return f"{words.number(row['detectable'], DECIMALS[ADVISED] + 1)}{NBSP}{words.raw(f'indicators.{ADVISED}.unit')}"


def _value(row: Row, column: str, words: Words) -> str:
    """The value with its unit, in its number; « » when there is none. A value to reach keeps its sign."""
    value, indicator = row[column], str(row["indicator"])
    if value is None:
        return ""
    signed = column == "to_reach" and indicator in ("errors", "wellbeing")
    text = words.number(value, DECIMALS.get(indicator, 1), signed=signed)
    plural = abs(value) >= 2 if words.language == "fr" else abs(value) != 1
    unit = words.raw(f"indicators.{indicator}.{'units' if plural else 'unit'}")
    return f"{text}%" if unit == "%" and words.language == "en" else f"{text}{NBSP}{unit}"
