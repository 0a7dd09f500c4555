"""How one row of `estimates` is put into characters: scale, decimals, sign, unit, verdict word, evidence.

Belongs here: the words and numbers of one estimate. Does not belong here: whole sentences, HTML, statistics.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.contracts.indicators import PRIMARY as OBJECTIVES
from pipelines.wording import numbers
from pipelines.wording.words import Words

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scale:
    """How an indicator is printed: `ratio` estimates become a change in %, `signed` ones carry their +."""

    decimals: int
    signed: bool
    ratio: bool = False


# Decimals and sign by indicator (mock/design.md, section 5); one that is not here is printed with one decimal.
SCALES = {
    "net_hours": Scale(1, True),
    "errors": Scale(0, True, ratio=True),
    "wellbeing": Scale(1, True),
    "satisfaction": Scale(0, False),
    "time_per_task": Scale(0, True),
    "job_satisfaction": Scale(1, True),
}
PRIMARY = tuple(OBJECTIVES)
HEADLINE = {**OBJECTIVES, "job_satisfaction": "change"}
# Parts of the waterfall of hours: rows of net_hours in plain hours over the whole period.
PARTS = ("gross", "prompt", "verification", "rework", "failed", "overheads", "training")
KINDS = {"atteint": "ok", "non_atteint": "ko", "non_concluant": "nc"}


def headline(indicator: str) -> str:
    """The estimand printed first for an indicator."""
    return HEADLINE.get(indicator, indicator)


def is_published(row: Row) -> bool:
    """The row may be printed: not suppressed."""
    return row.get("disclosure_status", "published") == "published"


def has_interval(row: Row) -> bool:
    """The row may be printed and holds an estimate with its interval."""
    return is_published(row) and all(row.get(c) is not None for c in ("estimate", "ci_low", "ci_high"))


@dataclass(frozen=True)
class Shown:
    """One estimate ready to print. Texts are « » when the row holds no such value; numbers are in the printed scale."""

    row: Row
    words: Words

    @property
    def indicator(self) -> str:
        """Id of the indicator, or `other` when the dictionaries do not know it."""
        name = str(self.row["indicator"])
        return name if self.words.has(f"indicators.{name}") else "other"

    @property
    def is_part(self) -> bool:
        """The row is one part of the waterfall, in hours."""
        return self.row["indicator"] == "net_hours" and self.row["estimand"] in PARTS

    @property
    def scale(self) -> Scale:
        """Decimals, sign and transformation."""
        if self.is_part:
            return Scale(0, False)
        return SCALES.get(str(self.row["indicator"]), Scale(1, False))

    def value(self, column: str) -> float | None:
        """The value of `column` on the printed scale (a ratio as a change in %); None if absent or suppressed."""
        raw = self.row.get(column)
        if raw is None or (not is_published(self.row) and column != "threshold"):
            return None
        return 100 * (raw - 1) if self.scale.ratio else float(raw)

    @property
    def title(self) -> str:
        """« Temps gagné net »."""
        return self.words.text(f"indicators.{self.indicator}.title")

    @property
    def phrase(self) -> str:
        """« par agent et par semaine »."""
        return self.words.text(f"indicators.{self.indicator}.phrase")

    def with_unit(self, text: str, value: float) -> str:
        """`text` followed by its unit, in the number of `value`."""
        plural = abs(value) >= 2 if self.words.language == "fr" else abs(value) != 1
        unit = self.words.raw(f"indicators.{self.indicator}.{'units' if plural else 'unit'}")
        if not unit:
            return text
        return f"{text}%" if unit == "%" and self.words.language == "en" else f"{text}{numbers.NBSP}{unit}"

    @property
    def estimate(self) -> str:
        """« +1,4 h »."""
        value = self.value("estimate")
        if value is None:
            return ""
        return self.with_unit(self.words.number(value, self.scale.decimals, signed=self.scale.signed), value)

    @property
    def bare(self) -> str:
        """The estimate without its unit, for columns of a table."""
        value = self.value("estimate")
        return "" if value is None else self.words.number(value, self.scale.decimals, signed=self.scale.signed)

    @property
    def bounds(self) -> tuple[str, str]:
        """The two bounds, rounded outwards."""
        low, high = self.value("ci_low"), self.value("ci_high")
        if low is None or high is None:
            return "", ""
        return numbers.bounds(low, high, self.scale.decimals, signed=self.scale.signed, language=self.words.language)

    @property
    def drawn(self) -> tuple[float, float, float] | None:
        """(estimate, low, high) as printed, for a chart: coordinates must not tell more digits than the text does."""
        estimate, low, high = (self.value(c) for c in ("estimate", "ci_low", "ci_high"))
        if estimate is None or low is None or high is None:
            return None
        return round(estimate, self.scale.decimals), *numbers.outwards(low, high, self.scale.decimals)

    @property
    def interval(self) -> str:
        """« [+0,8 ; +2,0] »."""
        low, high = self.value("ci_low"), self.value("ci_high")
        if low is None or high is None:
            return ""
        return numbers.interval(low, high, self.scale.decimals, signed=self.scale.signed, language=self.words.language)

    @property
    def threshold(self) -> str:
        """The threshold with its unit and without useless decimals: « 0,5 h », « −5 points »."""
        return self._goal(signed=True)

    @property
    def goal(self) -> str:
        """« gagner au moins 0,5 h »: the threshold said as an objective, without a sign."""
        return self.words.text(f"indicators.{self.indicator}.goal", threshold=self._goal(signed=False))

    @property
    def goal_value(self) -> str:
        """The threshold without its sign: « 10 % »."""
        return self._goal(signed=False)

    def _goal(self, *, signed: bool) -> str:
        value = self.value("threshold")
        if value is None:
            return ""
        value = round(value, 6)
        decimals = next((d for d in range(3) if round(value, d) == value), 2)
        text = self.words.number(value if signed else abs(value), decimals, signed=signed and self.scale.ratio)
        return self.with_unit(text, value)

    @property
    def level(self) -> str:
        """« 95 % »: the level of the interval."""
        return self.words.percent(self.row.get("level") or 0.95)

    @property
    def kind(self) -> str:
        """What the mark and the chip look like: ok, ko, nc, np (not published) or early (no verdict given)."""
        if not is_published(self.row):
            return "np"
        if self.row.get("estimate") is None:
            return "none"
        return KINDS.get(self.row.get("verdict") or "", "early")

    @property
    def verdict(self) -> str:
        """The verdict in the words of this indicator: « Préservé », « Baisse »; never empty."""
        kind = self.kind
        if kind in ("np", "none"):
            return self.words.text("verdicts.suppressed" if kind == "np" else "verdicts.missing")
        if kind == "early":
            team = self.row.get("scope") == "team" or self.row.get("threshold") is None
            return self.words.text("verdicts.no_verdict" if team else "verdicts.early")
        if str(self.row["estimand"]).endswith("guardrail"):
            return self.words.text(f"guardrail.{self.row['verdict']}", margin=self.goal_value).rstrip(".")
        group = self.indicator if self.words.has(f"verdicts.{self.indicator}") else "default"
        return self.words.text(f"verdicts.{group}.{self.row['verdict']}")

    @property
    def evidence(self) -> str:
        """« Niveau A, comparaison », or « »."""
        level = self.row.get("evidence") if is_published(self.row) else None
        if not level:
            return ""
        return self.words.text("evidence.level", level=str(level), word=self.evidence_word)

    @property
    def evidence_word(self) -> str:
        """« comparaison »; a level asked once (satisfaction) is not a « avant-après »."""
        level = self.row["evidence"]
        own = f"evidence_of.{self.indicator}.{level}"
        return self.words.text(own if self.words.has(own) else f"evidence.{level}")

    @property
    def evidence_reason(self) -> str:
        """Why that level, in words, or « »."""
        code = self.row.get("evidence_reason")
        return self.words.reason(code) if code and is_published(self.row) else ""

    @property
    def why_missing(self) -> str:
        """Why there is no estimate, no interval or no conclusion, in words."""
        return self.words.reason(self.row.get("reason") or self.row.get("verdict_reason"))
