"""Sentences of the figures that stand beside the primary ones, each with the warning it must not go without.

A row that is hidden, or has nothing to say, gives « ».
"""

from pipelines.wording.display import Row, has_interval, is_published
from pipelines.wording.numbers import NBSP, interval
from pipelines.wording.words import Words


def as_treated(row: Row, words: Words) -> str:
    """What tasks done with the tool took against the others, and that it is no effect (time_with_tool)."""
    if not is_published(row) or row["estimate"] is None:
        return ""
    value = words.number(row["estimate"], signed=True)
    return words.text("companions.as_treated", estimate=f"{value}{'%' if words.language == 'en' else f'{NBSP}%'}")


def calibrated(declared: Row, measured: Row, words: Words) -> str:
    """« Déclaré 25 min, calé 14 min [9 ; 20] », from the rows declared_saving and calibrated_saving."""
    if not (has_interval(measured) and is_published(declared)) or declared["estimate"] is None:
        return ""
    said, found = (f"{words.number(row['estimate'])}{NBSP}min" for row in (declared, measured))
    bounds = interval(measured["ci_low"], measured["ci_high"], language=words.language)
    return words.text("companions.calibrated", declared=said, calibrated=found, interval=bounds)


def no_error(row: Row, words: Words) -> str:
    """« 0 erreur sur 120 dossiers (taux compatible avec au plus 3,1 pour 100) », from a rate per 100 items of 0."""
    if not has_interval(row) or row["estimate"] != 0 or row.get("n_obs") is None:
        return ""
    return words.text("companions.no_error", n=words.number(row["n_obs"]), most=words.number(row["ci_high"], 1))
