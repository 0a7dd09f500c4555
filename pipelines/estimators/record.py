"""What an estimator returns for one estimate: the RECORD columns of the indicator contract."""

import polars as pl

from pipelines.contracts.indicators import RECORD

RECORD_SCHEMA: dict[str, pl.DataType] = {c.name: c.dtype for c in RECORD}


def record(**values: object) -> dict[str, object]:
    """All RECORD columns, those not given as None. Raises KeyError on a name the contract does not have."""
    if unknown := sorted(set(values) - set(RECORD_SCHEMA)):
        raise KeyError(f"not columns of a record: {', '.join(unknown)}")
    return {name: values.get(name) for name in RECORD_SCHEMA}
