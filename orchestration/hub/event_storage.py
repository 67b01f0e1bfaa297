"""Dagster's storage of events on SQLite, with connections that are kept.

Dagster opens a connection for each statement, and a quarter tells it some hundreds of events: two
seconds of processor for each quarter were spent on opening. What is stored, where, and when it is
committed are Dagster's own. Does not belong here: how Dagster is set up (see `instance`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine

_KEPT = 4
"""Databases kept open: the one of all runs, that of the run, and those of runs just looked at."""


class KeptEventLogStorage(SqliteEventLogStorage):
    """Dagster's event storage, one database for each run and one for all, each opened once."""

    _engines: dict[str, Engine] | None = None

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptEventLogStorage:
        """Give the storage that `dagster.yaml` names."""
        return cls(inst_data=inst_data, **config_value)

    def dispose(self) -> None:
        """Close what is open."""
        with self._db_lock:
            for engine in (self._engines or {}).values():
                engine.dispose()
            self._engines = None
        super().dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._open(shard).connect() as connection, connection.begin():
            yield connection

    def _open(self, shard: str) -> Engine:
        """Give the engine of a database, the one asked for last being the last to be closed."""
        engines = self._engines = self._engines or {}
        engine = engines.pop(shard, None)
        if engine is None:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
            )
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
        engines[shard] = engine
        while len(engines) > _KEPT:
            engines.pop(next(iter(engines))).dispose()
        return engine
