"""Contract -> expectations, one group per kind of rule."""

from typing import Any

from pipelines.contracts.base import Table

KINDS = ("columns", "not_null", "allowed", "range", "key", "references")


def kinds_of(contract: Table) -> tuple[str, ...]:
    """The kinds of rules this contract holds, in a fixed order; needs no Great Expectations."""
    columns = contract.columns
    held = {
        "columns": True,
        "not_null": any(not c.nullable for c in columns),
        "allowed": any(c.allowed for c in columns),
        "range": any(c.minimum is not None or c.maximum is not None for c in columns),
        "key": bool(contract.key),
        "references": any(c.references for c in columns),
    }
    return tuple(k for k in KINDS if held[k])


def expectations(contract: Table) -> list[Any]:
    """The expectations of a contract; each carries its kind in `meta`. Sample values are never asked for."""
    import great_expectations.expectations as gxe

    found: list[Any] = []
    names = [c.name for c in contract.columns]
    found.append(gxe.ExpectTableColumnsToMatchSet(
        column_set=names, exact_match=not contract.open_columns, meta={"kind": "columns"}))  # fmt: skip
    if filled := [c.name for c in contract.columns if not c.nullable]:
        # One query for all columns: an expectation each would be most of the time validation takes.
        counts = " UNION ALL ".join(
            f"""SELECT '{name}' AS "column", count(*) - count("{name}") AS "rows" FROM {{batch}}""" for name in filled)
        found.append(gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=f'SELECT * FROM ({counts}) WHERE "rows" > 0',
            description=f"never null: {', '.join(filled)}", meta={"kind": "not_null"}))  # fmt: skip
    for column in contract.columns:
        if column.allowed:
            found.append(gxe.ExpectColumnValuesToBeInSet(
                column=column.name, value_set=list(column.allowed), meta={"kind": "allowed"}))  # fmt: skip
        if column.minimum is not None or column.maximum is not None:
            found.append(gxe.ExpectColumnValuesToBeBetween(
                column=column.name, min_value=column.minimum, max_value=column.maximum,
                meta={"kind": "range"}))  # fmt: skip
        if column.references:
            layer, table, target = column.references.split(".")
            found.append(gxe.UnexpectedRowsExpectation(
                unexpected_rows_query=f'SELECT 1 FROM {{batch}} WHERE "{column.name}" IS NOT NULL AND "{column.name}"'
                f' NOT IN (SELECT "{target}" FROM "{layer}"."{table}")',
                description=f"{column.name} exists in {column.references}", meta={"kind": "references"}))  # fmt: skip
    if contract.key:
        key = ", ".join(f'"{k}"' for k in contract.key)
        # GROUP BY takes two nulls for equal, as a key with « common to all tools » needs.
        found.append(gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=f"SELECT count(*) AS n FROM {{batch}} GROUP BY {key} HAVING count(*) > 1",
            description=f"{', '.join(contract.key)}: unique", meta={"kind": "key"}))  # fmt: skip
    return found
