"""What several rows say read together: the four objectives, rows explored side by side, the spread between teams.

Belongs here: sentences and words from p_value, q_value and tau. Does not belong here: how they are computed.
"""

import math
from collections.abc import Iterable, Mapping

from pipelines.contracts.indicators import LOG_OF_PERCENT
from pipelines.wording.display import PRIMARY, Row, Shown, headline, is_published
from pipelines.wording.words import Words, small_first

ONE_SIDED = 0.025  # as the verdict of one indicator alone
FALSE_FINDINGS = 0.10
ON_LOGS = ("errors", *LOG_OF_PERCENT)  # indicators whose spread is that of a ratio


def objectives(rows: Mapping[tuple[str, str], Row], words: Words) -> str:
    """Whether all four objectives are reached, or one at least; « » when none could be judged."""
    found = [row for i in PRIMARY if (row := rows.get((i, headline(i)))) is not None]
    if len(found) == len(PRIMARY) and all(row.get("verdict") == "atteint" for row in found):
        return words.text("together.all")
    known = [q for row in found if (q := row.get("q_value")) is not None]
    if not known:
        return ""
    return words.text("together.one" if min(known) <= ONE_SIDED else "together.none")


def retained(row: Row, words: Words) -> str:
    """Whether a verdict reached by one of many rows stands once their number is counted; « » without verdict."""
    q = row.get("q_value")
    if q is None or not is_published(row):
        return ""
    stands = row.get("verdict") == "atteint" and q <= FALSE_FINDINGS
    return words.text(f"together.{'retained' if stands else 'not_retained'}")


def spread(rows: Iterable[Row], words: Words) -> str:
    """How far teams are from one another beyond chance, for each indicator that tells; « » when none does."""
    said = []
    for row in rows:
        tau = row.get("tau")
        if tau is None or not is_published(row):
            continue
        shown = Shown(row, words)
        value = 100 * math.expm1(tau) if shown.indicator in ON_LOGS else float(tau)
        text = words.number(value, 1 if shown.scale.decimals else 0)
        unit = words.raw("together.units").get(shown.indicator, "points")
        amount = words.text("together.amount", value=text, unit=unit)
        said.append(words.text("together.of", amount=amount, title=small_first(shown.title)))
    return words.text("together.spread", amounts=words.listing(said)) if said else ""
