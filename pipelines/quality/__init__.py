"""Contracts -> Great Expectations: every rule a table promises, checked inside DuckDB.

Belongs here: suites generated from contracts, the DuckDB engine, Data Docs (restricted). Does not belong here: rules
of their own (they are contracts), what happens to a row that breaks one.
"""

from pipelines.quality.validate import RuleResult
from pipelines.quality.worker import close, finish, validate, warm_up

__all__ = ["RuleResult", "close", "finish", "validate", "warm_up"]
