"""Proposals per process and tool in words: the proposal, the line, each input against its limit, the decision.

Rows are those of published.proposals; a condition reads `gain.low > 0`, as the rule of the study file writes it.
"""

from pipelines.contracts.proposals import INPUTS
from pipelines.wording.display import Row
from pipelines.wording.numbers import NBSP
from pipelines.wording.words import Words

LIMITS = {">=": "at_least", ">": "more_than", "<=": "at_most", "<": "less_than"}
UNITS = {column.name: column.unit for column in INPUTS}
SIGNED = ("irritation", "errors", "errors_low")
SEPARATOR = "; "


def proposal(row: Row, words: Words) -> str:
    """« Ajuster », or that it is too early."""
    code = row["proposal"]
    return words.text(f"proposals.words.{code}") if code else words.text("proposals.undecided")


def figure(name: str, value: float | str | None, words: Words, decimals: int = 1) -> str:
    """One value of an input in its unit: « 25,8 % », « −2 points », « A »; a ratio as a change in %. « » without value.
    """
    if value is None or isinstance(value, str):
        return value or ""
    unit = UNITS[name]
    if unit == "ratio":
        value, unit = 100 * (value - 1), "%"
    if unit not in ("%", "points"):
        return words.number(value)
    shown = words.number(value, decimals, signed=name in SIGNED)
    if unit == "points":
        plural = abs(value) >= 2 if words.language == "fr" else abs(value) != 1
        return f"{shown}{NBSP}{words.raw('proposals.points')[plural]}"
    return f"{shown}%" if words.language == "en" else f"{shown}{NBSP}%"


def known(row: Row, name: str, words: Words) -> str:
    """The value of an input, or why there is none."""
    base = name.removesuffix("_low").removesuffix("_high")
    if said := figure(name, row[name], words):
        return said
    source = "gain" if base == "evidence" else base
    if source in listed(row["not_published"]):
        return words.text("suppressed")
    return words.text("not_measured" if source in listed(row["not_measured"]) else "proposals.no_value")


def listed(names: str | None) -> list[str]:
    """The names a column of published.proposals holds."""
    return names.split(SEPARATOR) if names else []


def condition(row: Row, text: str, words: Words) -> str:
    """« gain de temps 25,8 % (au moins 15 %) »."""
    left, op, value = text.split(" ")
    name = left.replace(".", "_")
    if name == "evidence":
        limit = value
    else:
        number = float(value)
        # As many decimals as the study file gives the limit; a ratio is shown as a change in %.
        decimals = 0 if number == round(number) or UNITS[name] == "ratio" else 1
        limit = figure(name, number, words, decimals)
    return words.text(
        "proposals.condition", title=title(name, words), value=known(row, name, words),
        limit=words.text(f"proposals.{LIMITS[op]}", value=limit),
    )  # fmt: skip


def title(name: str, words: Words) -> str:
    """« gain de temps »."""
    return words.text(f"proposals.inputs.{name}")


def why(row: Row, words: Words) -> str:
    """The line that fired and the conditions it rests on; « » while it is too early."""
    if not row["proposal"]:
        return ""
    said = words.raw("semicolon").join(condition(row, text, words) for text in listed(row["reasons"]))
    return words.text(f"proposals.{row['basis']}", line=str(row["line"]), conditions=said) + "."


def missing(row: Row, words: Words) -> str:
    """The inputs that are withheld, then those nobody measured; « rien »."""
    parts = []
    for column in ("not_published", "not_measured"):
        if names := listed(row[column]):
            inputs = words.raw("comma").join(title(name, words) for name in names)
            parts.append(words.text(f"proposals.{column}", inputs=inputs))
    return words.print(words.raw("semicolon").join(parts)) or words.text("proposals.nothing_missing")


def decided(row: Row, decision: Row | None, words: Words) -> str:
    """What was decided, by whom, when; the reason where it differs from the proposal. « En attente » until then."""
    if decision is None:
        return words.text("proposals.pending")
    said = [words.text(
        "proposals.decided", decision=words.text(f"proposals.words.{decision['decision']}"),
        authority=words.print(decision["authority"]), date=words.day(decision["date"]),
    )]  # fmt: skip
    if decision["decision"] != row["proposal"]:
        given = words.print(decision["reason"]) if decision["reason"] else words.text("not_filled")
        said.append(words.text("proposals.reason", reason=given))
    if decision["csa_information"]:
        said.append(words.text("proposals.csa", date=words.day(decision["csa_information"])))
    return ". ".join(said) + "."


def console(row: Row, words: Words) -> str:
    """One line: the pair, the proposal, the line that fired."""
    line = f" ({words.text('proposals.line', line=row['line'])})" if row["line"] else ""
    return f"{row['proposal_id']}: {proposal(row, words).lower()}{line}"
