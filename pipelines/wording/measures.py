"""How a companion figure is put into characters: the scale and unit come from its row, the words from `measures:`.

Belongs here: what the rows beside the success indicators need to be printed. Does not belong here: sentences, HTML.
"""

from pipelines.wording import numbers
from pipelines.wording.display import Row, Scale, Shown, has_interval, is_published

# Decimals by unit of the row; a ratio is a change in %, but for what SHARES names.
_DECIMALS = {"%": 0, "points": 1, "min": 0, "weeks": 1, "h/agent/week": 1, "h": 0, "ratio": 0, "sd": 2,
             "coefficient": 2, "per 100 items": 1}  # fmt: skip
# Printed with their sign: changes. All else is a level.
_CHANGES = {
    "change", "change_paired", "change_weighted", "change_then_test", "response_shift", "net_up", "effect_size",
    "time_per_task", "two_way", "log_two_way", "trimmed", "staggered", "time_with_tool", "time_for_users", "witness",
    "net_hours", "net_hours_amortised", "net_hours_as_treated", "logged_hours", "rate_ratio", "cell_ratio",
    "cell_ratio_exact", "gain", "gain_90",
}  # fmt: skip
_SHARES = {("calibration", "calibration")}  # a ratio printed as a share


class Measure(Shown):
    """One row of estimates that is no success indicator; the same texts as Shown, `measures.<indicator>.<estimand>`."""

    @property
    def path(self) -> str:
        """Where its words are."""
        return f"measures.{self.row['indicator']}.{self.row['estimand']}"

    @property
    def indicator(self) -> str:
        """Id of the indicator."""
        return str(self.row["indicator"])

    @property
    def scale(self) -> Scale:
        """Decimals and sign, from the unit and the estimand of the row."""
        estimand, unit = str(self.row["estimand"]), str(self.row["unit"])
        signed = estimand in _CHANGES or estimand.startswith("event_")
        decimals = _DECIMALS.get(unit, 1)
        if unit == "%" and not signed and is_published(self.row) and _nearly_all(self.row["estimate"]):
            decimals = 1  # 99.7 % is not everybody
        return Scale(decimals, signed, ratio=unit == "ratio")

    def value(self, column: str) -> float | None:
        """The value of `column` on the printed scale; None if absent or suppressed."""
        if (self.row["indicator"], self.row["estimand"]) in _SHARES:
            raw = self.row.get(column) if is_published(self.row) else None
            return None if raw is None else 100 * float(raw)
        return super().value(column)

    @property
    def title(self) -> str:
        """« Calage du gain déclaré »; the id of the estimand when the dictionaries do not know it."""
        return self.words.text(self.path) if self.words.has(self.path) else f"{self.indicator} ({self.row['estimand']})"

    @property
    def phrase(self) -> str:
        """A measure has no phrase of its own: its title says what it is."""
        return ""

    def with_unit(self, text: str, value: float) -> str:
        """`text` followed by the unit of the row, in the number of `value`."""
        plural = abs(value) >= 2 if self.words.language == "fr" else abs(value) != 1
        one, many = self.words.raw("units").get(str(self.row["unit"]), ("", ""))
        unit = many if plural else one
        if not unit:
            return text
        return f"{text}%" if unit == "%" and self.words.language == "en" else f"{text}{numbers.NBSP}{unit}"


def _nearly_all(share: float | None) -> bool:
    """A share that would be rounded to nobody or everybody and is neither."""
    return share is not None and round(share) in (0, 100) and share not in (0.0, 100.0)


def side(row: Row) -> str:
    """better, worse, or open: where the whole interval stands against no change; « » without interval."""
    if not has_interval(row):
        return ""
    low, high = float(row["ci_low"]), float(row["ci_high"])
    none = 1.0 if row["unit"] == "ratio" else 0.0
    if low <= none <= high:
        return "open"
    return "better" if (low > none) == (row["direction"] == "higher") else "worse"
