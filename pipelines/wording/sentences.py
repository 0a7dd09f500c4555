"""Sentences computed from rows, so that they never contradict the figures beside them.

Belongs here: which sentence a row deserves. Does not belong here: HTML, charts, thresholds (they are in the rows).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.wording.display import PRIMARY, Row, Shown, has_interval, headline, is_published
from pipelines.wording.words import Words, small_first


def by_key(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """(indicator, estimand) -> row, for rows of one scope."""
    return {(str(r["indicator"]), str(r["estimand"])): r for r in rows}


def lede(rows: Mapping[tuple[str, str], Row], words: Words) -> list[str]:
    """The answer, one sentence per primary indicator that was measured, then what was not. `**x**` = strong."""
    said, missing = [], []
    for indicator in PRIMARY:
        row = rows.get((indicator, headline(indicator)))
        shown = Shown(row, words) if row is not None else None
        if shown is None or shown.value("estimate") is None:
            missing.append(words.text(f"indicators.{indicator}.title").lower())
            continue
        said.append(lede_sentence(shown))
    if not said:
        said.append(words.text("lede.nothing"))
    elif missing:
        said.append(words.text("lede.missing", titles=words.listing(missing)))
    return said


def lede_sentence(shown: Shown) -> str:
    """One sentence on one primary indicator; « font gagner » only at evidence A with the objective reached."""
    verdict = shown.row.get("verdict")
    if not has_interval(shown.row):
        case = "bare"
    elif verdict is None:
        case = "early"
    elif verdict == "atteint" and shown.row.get("evidence") == "A":
        case = "A"
    else:
        case = str(verdict)
    low, high = shown.bounds
    value = shown.value("estimate") or 0.0
    if shown.indicator == "net_hours" and (shown.value("ci_low") or 0.0) > 0:
        low, high = low.removeprefix("+"), high.removeprefix("+")  # « gagner entre 0,8 et 2,0 h »
    gain = shown.words.number(value, shown.scale.decimals, signed=shown.scale.signed and value < 0)
    return shown.words.text(
        f"lede.{shown.indicator}.{case}",
        estimate=shown.with_unit(gain, value) if shown.indicator == "net_hours" else shown.estimate,
        phrase=shown.phrase,
        low=low,
        high=_last(shown, high),
        threshold=shown.goal_value,
    )


def _last(shown: Shown, bound: str) -> str:
    """The upper bound with the unit, as it ends the sentence."""
    return shown.with_unit(bound, shown.value("ci_high") or 0.0) if bound else ""


def span(shown: Shown) -> tuple[str, str]:
    """The two bounds as they stand in « entre a et b h »: the unit once, at the end."""
    low, high = shown.bounds
    return low, _last(shown, high)


def guardrail(row: Row | None, words: Words) -> str:
    """What the guard-rail on errors says: « Pas d'aggravation de plus de 15 %. », or « »."""
    if row is None or not is_published(row) or row.get("verdict") is None:
        return ""
    shown = Shown(row, words)
    return words.text(f"guardrail.{row['verdict']}", margin=shown.goal_value)


def position(shown: Shown) -> str:
    """Where the interval stands against the threshold; « » without a verdict."""
    if shown.kind not in ("ok", "ko", "nc") or not has_interval(shown.row):
        return ""
    if shown.kind == "nc" and not _contains(shown):
        # The interval is clear of the threshold but the design does not allow a verdict: say why instead.
        return shown.words.capital("tile.because", reason=shown.words.reason(shown.row.get("verdict_reason")))
    return shown.words.text(f"position.{shown.row['verdict']}")


def _contains(shown: Shown) -> bool:
    low, high, threshold = (shown.value(c) for c in ("ci_low", "ci_high", "threshold"))
    return low is not None and high is not None and threshold is not None and low <= threshold <= high


def detectable(shown: Shown) -> str:
    """The smallest effect this study could find, beside a figure it could not conclude on; « » elsewhere."""
    effect = shown.row.get("detectable") if is_published(shown.row) else None
    if shown.kind != "nc" or effect is None:
        return ""
    value = float(effect)
    text = shown.words.number(value, shown.scale.decimals)
    return shown.words.text("detectable", effect=shown.with_unit(text, value))


def unknowns(rows: Mapping[tuple[str, str], Row], words: Words) -> list[str]:
    """What the programme rows leave open: no conclusion, no estimate, or weak evidence."""
    said: list[str] = []
    programme: list[tuple[str, Row]] = [
        (i, rows[(i, headline(i))]) for i in (*PRIMARY, "time_per_task") if (i, headline(i)) in rows
    ]
    for _, row in programme:
        shown = Shown(row, words)
        if not is_published(row):
            continue
        if row.get("estimate") is None:
            said.append(words.text("unknowns.missing", title=shown.title, reason=_sentence(shown.why_missing)))
        elif row.get("verdict") == "non_concluant" and has_interval(row):
            low, high = span(shown)
            values = {"estimate": shown.estimate, "low": low, "high": high}
            open_question = words.text("unknowns.inconclusive", title=shown.title, **values)
            said.append(" ".join(filter(None, [open_question, detectable(shown)])))
        elif row.get("evidence") in ("C", "D"):
            weak = {"evidence": small_first(shown.evidence),
                    "reason": _sentence(shown.evidence_reason or shown.why_missing)}  # fmt: skip
            said.append(words.text("unknowns.weak", title=shown.title, **weak))
    known = [r for _, r in programme if r.get("estimate") is not None]
    if known and all(r.get("verdict") is None for r in known):
        said.append(words.text("unknowns.early"))
    return said


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def summary_line(row: Mapping[str, Any], language: str = "en") -> str:
    """One console line for one estimate: indicator, estimate, interval, threshold, verdict, evidence.

    `row` holds the columns of published.estimates; a suppressed row says so and nothing else.
    """
    words = Words(language)
    shown = Shown(row, words)
    estimand = str(row["estimand"])
    title = shown.title if shown.indicator != "other" else str(row["indicator"])
    if shown.is_part:
        title = f"{title}, {words.text(f'waterfall.{estimand}').lower()}"
    elif estimand.endswith("guardrail"):
        title = f"{title} ({words.text('summary.guardrail')})"
    if shown.value("estimate") is None:
        reason = words.text("summary.reason", reason=shown.why_missing) if is_published(row) else ""
        return words.text("summary.bare", title=title, verdict=shown.verdict.lower()) + reason
    return words.text(
        "summary.line",
        title=title,
        estimate=shown.estimate,
        phrase=f" {shown.phrase}" if shown.phrase and not shown.is_part else "",
        interval=f" {shown.interval}" if shown.interval else "",
        threshold=words.text("summary.threshold", threshold=shown.threshold) if shown.threshold else "",
        verdict=shown.verdict.lower(),
        evidence=words.text("summary.evidence", level=str(row["evidence"])) if row.get("evidence") else "",
    )
