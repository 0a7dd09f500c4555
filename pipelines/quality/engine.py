"""Great Expectations on DuckDB: one connection kept, as DuckDB's results die with theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Literal

import sqlalchemy
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """GX fetches after its connection went back to the pool, which closes DuckDB's result: keep the connection.

    `layer`: schema the tables are in. GX names them without it when it looks up their columns.
    """

    def __init__(self, *args: Any, layer: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # GX looks a dialect class up before it writes a regular expression; this one's spelling is DuckDB's too.
        self.dialect_module = SimpleNamespace(DremioDialect=True)  # type: ignore[assignment]

        @sqlalchemy.event.listens_for(self.engine, "connect")
        def _search_in_layer(connection: Any, _: Any) -> None:
            connection.execute(f"SET search_path = '{layer}'")

    @contextmanager
    def get_connection(self) -> Iterator[sqlalchemy.Connection]:
        """The one connection."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def close(self) -> None:
        """Let go of the file, so that the pipeline can write to it."""
        connection = getattr(self, "_connection", None)
        if connection is not None:
            connection.close()
            self._connection = None
        if hasattr(self, "engine"):
            self.engine.dispose()


_EngineType = type[SqlAlchemyExecutionEngine]  # inside the class below, `type` is a field


class DuckDBDatasource(SQLDatasource):
    """The tables of one layer of a DuckDB file."""

    type: Literal["duckdb_lake"] = "duckdb_lake"  # type: ignore[assignment]
    layer: str

    @property
    def execution_engine_type(self) -> _EngineType:
        """The engine that keeps its connection."""
        return DuckDBExecutionEngine

    def close(self) -> None:
        """Let go of the file."""
        self.get_execution_engine().close()
        self.get_engine().dispose()
