"""Free questions in SQL, answered by DuckDB (the extra `query`); the only place that imports it.

The rows are the view `rows` of a database in memory. The statement may come from anywhere: the
engine reads no file, opens no connection, loads no extension and keeps its settings
(https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow.dataset as ds

from provenance.audit.parts import SCHEMA
from provenance.audit.results import Results
from provenance.errors import ArgumentError, ConfigError

_BATCH: Final = 10_000
_MEMORY: Final = "2GB"
#: What keeps a statement to the rows. In this order: the last one locks the others.
_LOCKS: Final = (
    ("python_enable_replacements", "false"),
    ("autoinstall_known_extensions", "false"),
    ("autoload_known_extensions", "false"),
    ("allow_community_extensions", "false"),
    ("temp_directory", "''"),
    ("memory_limit", f"'{_MEMORY}'"),
    ("enable_external_access", "false"),
    ("lock_configuration", "true"),
)


def query(results: Results, statement: str) -> Iterator[dict[str, Any]]:
    """The rows that a statement selects.

    Args:
        results: the run; its rows are `rows`.
        statement: one statement in DuckDB's SQL.

    Raises:
        ConfigError: DuckDB is not installed.
        ArgumentError: DuckDB refuses the statement, or it needs too much memory.
    """
    try:
        import duckdb
    except ImportError as error:
        raise ConfigError(
            "SQL needs DuckDB", hint="pip install 'provenance[query]', or ask by name"
        ) from error
    files = ds.dataset([str(path) for path in results.paths], schema=SCHEMA, format="parquet")
    connection = duckdb.connect(":memory:")
    try:
        connection.register("rows", files)
        for name, value in _LOCKS:
            connection.execute(f"SET {name} = {value}")
        yield from _answer(connection, statement)
    except duckdb.Error as error:
        raise ArgumentError(f"the statement is refused: {str(error).splitlines()[0]}") from error
    finally:
        connection.close()


def _answer(connection: Any, statement: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    cursor = connection.execute(statement)
    names = [column[0] for column in cursor.description or ()]
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            yield dict(zip(names, row, strict=True))
