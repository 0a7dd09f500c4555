"""Numbers, dates and typography as printed: the only place that knows commas, thin spaces and minus signs.

Belongs here: turning one value into characters. Does not belong here: sentences, units of an indicator, HTML.
"""

import math
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

NBSP, NNBSP, MINUS = "\u00a0", "\u202f", "\u2212"
_EPSILON = 1e-9  # 0.1 + 0.2 must not push a bound one step outwards


def number(value: float, decimals: int = 0, *, signed: bool = False, language: str = "fr") -> str:
    """`value` rounded half up: « 1 234,5 », « −3 », « +2,0 » if signed; a signed zero is « 0 »."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    if rounded == 0 and signed:
        return "0"
    text = f"{abs(rounded):,f}"
    if language == "fr":
        text = text.replace(",", NNBSP).replace(".", ",")
    sign = MINUS if rounded < 0 else "+" if signed else ""
    return sign + text


def outwards(low: float, high: float, decimals: int) -> tuple[float, float]:
    """Bounds rounded away from the estimate, so that a printed interval never claims more than was found."""
    step = 10**decimals
    return math.floor(low * step + _EPSILON) / step, math.ceil(high * step - _EPSILON) / step


def bounds(
    low: float, high: float, decimals: int = 0, *, signed: bool = False, language: str = "fr"
) -> tuple[str, str]:
    """The two bounds as text, rounded outwards."""
    down, up = outwards(low, high, decimals)
    return (
        number(down, decimals, signed=signed, language=language),
        number(up, decimals, signed=signed, language=language),
    )


def interval(low: float, high: float, decimals: int = 0, *, signed: bool = False, language: str = "fr") -> str:
    """« [+0,8 ; +2,0] » with non-breaking spaces inside, rounded outwards."""
    down, up = bounds(low, high, decimals, signed=signed, language=language)
    return f"[{down}{NBSP};{NBSP}{up}]" if language == "fr" else f"[{down},{NBSP}{up}]"


def percent(share: float, decimals: int = 0, *, language: str = "fr") -> str:
    """A share between 0 and 1 as « 94 % »."""
    return number(100 * share, decimals, language=language) + (f"{NBSP}%" if language == "fr" else "%")


def size_class(persons: int, *, language: str = "fr") -> str:
    """People by class, so that no count can be found by difference: « 5 à 9 », « 10 à 19 », « 20 ou plus »."""
    fr = language == "fr"
    if persons < 10:
        return f"5{NBSP}à{NBSP}9" if fr else f"5{NBSP}to{NBSP}9"
    if persons < 20:
        return f"10{NBSP}à{NBSP}19" if fr else f"10{NBSP}to{NBSP}19"
    return f"20{NBSP}ou plus" if fr else f"20{NBSP}or more"


def day(value: date, months: list[str], *, language: str = "fr") -> str:
    """« 1er mars 2026 », « 2 March 2026 »; `months` are the names of the twelve months."""
    first = "1er" if language == "fr" and value.day == 1 else str(value.day)
    return f"{first}{NBSP}{months[value.month - 1]}{NBSP}{value.year}"


def day_range(first: date, last: date, months: list[str], *, language: str = "fr") -> str:
    """« 2 février – 28 juin 2026 »: the year once when both days share it."""
    start, end = (day(d, months, language=language) for d in (first, last))
    if first.year == last.year:
        start = start.removesuffix(f"{NBSP}{first.year}")
    return f"{start} – {end}"


def plural(count: int, one: str, many: str, *, language: str = "fr") -> str:
    """« 1 équipe », « 10 équipes »: zero is singular in French, plural in English."""
    singular = abs(count) < 2 if language == "fr" else abs(count) == 1
    return f"{number(count, language=language)}{NBSP}{one if singular else many}"


_FR_RULES = (
    (re.compile(r"(?<=\w)'(?=\w)"), "’"),
    (re.compile(r"«\s*"), f"«{NBSP}"),
    (re.compile(r"\s*»"), f"{NBSP}»"),
    (re.compile(r"[ \u00a0](?=:(?:\s|$))"), NBSP),
    (re.compile(r" (?=[;!?](?:\s|$))"), NNBSP),
    (re.compile(r"(?<=\d)[ \u00a0](?=%|h\b|points?\b|min\b)"), NBSP),
    (re.compile(r"(?<=\d) (?=\d{3}\b)"), NNBSP),
    (re.compile(r"(?<![\w\u2212-])-(?=\d)"), MINUS),
)  # fmt: skip


def typography(text: str, language: str = "fr") -> str:
    """`text` with the characters of print: apostrophes, « », thin spaces before ; ! ? and minus signs. Idempotent.

    Text only: never run it on HTML, code or addresses. English only gets its apostrophes.
    """
    for pattern, new in _FR_RULES if language == "fr" else _FR_RULES[:1]:
        text = pattern.sub(new, text)
    return text
