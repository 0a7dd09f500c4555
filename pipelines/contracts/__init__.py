"""Every table of the lake as code: columns, types, units, keys, allowed values, descriptions.

Belongs here: what a table promises. GX suites, the comments in the lake, the column schema shown by Dagster
and the open-data dictionary are generated from these contracts.
Does not belong here: how a table is computed.
"""

from pipelines.contracts.registry import all_tables, table

__all__ = ["all_tables", "table"]
