"""A tracker's export read as ingestion does, for the tests of the readers."""

from types import ModuleType

import polars as pl

from pipelines.contracts.rules import RULES
from pipelines.sources.base import RawTable
from pipelines.study.models import Source

HOUSE_KEEPS = frozenset(name for name, rule in RULES.items() if rule.treatment == "keep")


def source_of(fmt: str, **settings: object) -> Source:
    return Source.model_validate({"id": "essai", "format": fmt, "files": ["x.csv"], **settings})


def rows_of(
    module: ModuleType, text: str | bytes, kept: frozenset[str] = HOUSE_KEEPS, **settings: object
) -> tuple[RawTable, pl.DataFrame]:
    """The raw table, and the typed rows as they come out once the person is a pseudonym."""
    source = source_of(module.FORMAT, **settings)
    (raw,) = module.read_tables(text.encode() if isinstance(text, str) else text, source=source).values()
    assert raw.received == raw.frame.height + raw.rejected.height
    hidden = [c for c in raw.frame.columns if c.split("#")[0] in (*module.IDENTIFIERS, *module.FREE_TEXT)]
    frame = raw.frame.drop(hidden).with_columns(
        source=pl.lit("essai"), source_file=pl.lit("x.csv"), person_time=pl.lit("p")
    )
    reading = module.decide(frame.lazy(), source=source)
    return raw, module.interpret(frame, source=source, reading=reading, kept=kept)
