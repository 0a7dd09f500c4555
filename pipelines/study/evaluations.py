"""Published evaluations as data: what others found, how, and what to beware of (`evaluations.yaml`).

Belongs here: reading and checking that file. Does not belong here: our own figures, and how they are set side by side.
"""

from pathlib import Path
from typing import Literal

from pipelines.study.base import Code, Frozen

FILE = Path(__file__).with_name("evaluations.yaml")


class Evaluation(Frozen):
    """One published evaluation; texts in French, and in English where they differ."""

    evaluation: Code
    organisation: str
    period: str
    period_en: str
    people: int | None = None
    measure: Literal["minutes_per_day", "time_per_task", "none"]
    value: float | None = None
    is_maximum: bool = False
    kind: Literal["declared", "compared", "drawn"]
    design: str
    design_en: str
    caveat: str
    caveat_en: str
    source: str
    source_en: str


def evaluations(language: str) -> list[dict[str, object]]:
    """Rows of published.evaluations, in the order of the file, texts in `language`."""
    from ruamel.yaml import YAML

    translated = ("period", "design", "caveat", "source")
    rows: list[dict[str, object]] = []
    for rank, given in enumerate(YAML(typ="safe").load(FILE.read_text(encoding="utf-8")), start=1):
        found = Evaluation.model_validate(given).model_dump()
        english = {c: found.pop(f"{c}_en") for c in translated}
        rows.append({"rank": rank} | found | (english if language == "en" else {}))
    return rows
