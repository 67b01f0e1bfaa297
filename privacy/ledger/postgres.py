"""The ledger's rows in a schema of their own in a PostgreSQL database.

Durability: every commit waits for the server's log to reach the disk; a server that is set up to
answer before that is refused (MS631). Everything, the lock too, lives inside one open transaction
that sets all that it depends on, so that neither a pooler that hands sessions on between
transactions nor the settings of a role or database change anything. Does not belong here: what the
rows mean, and the server.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from privacy.errors import PrivacyError
from privacy.ledger.chain import Row
from privacy.ledger.waiting import DOOR_SECONDS, STEP_SECONDS, name_process, wait_for

if TYPE_CHECKING:
    from psycopg import Connection

_NAME = "moshare_ledger"
_LOCK = 0x4D6F5368617265
_CONNECT_SECONDS = 30
_SETTINGS = {
    "search_path": "pg_catalog, pg_temp",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    "client_encoding": "UTF8",
    "row_security": "off",
    "synchronous_commit": "on",
    "statement_timeout": "0",
    "lock_timeout": f"{STEP_SECONDS}s",
    "idle_in_transaction_session_timeout": "0",
    "transaction_timeout": "0",  # from PostgreSQL 17 on
}
"""What a session depends on, set for one transaction."""

_SCHEMA = """
CREATE SCHEMA moshare_ledger;
REVOKE ALL ON SCHEMA moshare_ledger FROM PUBLIC;
CREATE TABLE moshare_ledger.entries (
    number bigint PRIMARY KEY,
    kind text NOT NULL,
    plan text NOT NULL,
    previous text NOT NULL,
    body text NOT NULL,
    hash text NOT NULL,
    UNIQUE (kind, plan)
);
REVOKE ALL ON moshare_ledger.entries FROM PUBLIC;
CREATE FUNCTION moshare_ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $body$;
CREATE FUNCTION moshare_ledger.refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.number IS DISTINCT FROM (SELECT count(*) + 1 FROM moshare_ledger.entries)
    OR NEW.previous IS DISTINCT FROM coalesce(
        (SELECT hash FROM moshare_ledger.entries ORDER BY number DESC LIMIT 1), repeat('0', 64)
    ) THEN
        RAISE EXCEPTION 'the ledger is append-only'
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $body$;
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE
ON moshare_ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION moshare_ledger.refuse_change();
CREATE TRIGGER entries_follow_the_last BEFORE INSERT
ON moshare_ledger.entries FOR EACH ROW EXECUTE FUNCTION moshare_ledger.refuse_gap();
"""

_FUNCTIONS = {
    name: _SCHEMA.partition(f"FUNCTION moshare_ledger.{name}()")[2].split("$body$")[1]
    for name in ("refuse_change", "refuse_gap")
}
_SHAPE = [
    *(
        ("column", name, kind)
        for name, kind in (
            ("number", "bigint"),
            ("kind", "text"),
            ("plan", "text"),
            ("previous", "text"),
            ("body", "text"),
            ("hash", "text"),
        )
    ),
    ("constraint", "p", "PRIMARY KEY (number)"),
    ("constraint", "u", "UNIQUE (kind, plan)"),
    # 58 and 7 say when a trigger fires: before any change, and before each added row.
    ("trigger", "entries_are_never_changed", "O 58 moshare_ledger.refuse_change"),
    ("trigger", "entries_follow_the_last", "O 7 moshare_ledger.refuse_gap"),
    *(("function", name, source) for name, source in _FUNCTIONS.items()),
]
_READ_SHAPE = """
SELECT what, name, detail FROM (
    SELECT 1, attnum::text, 'column', attname::text, format_type(atttypid, atttypmod)
    FROM pg_attribute
    WHERE attrelid = 'moshare_ledger.entries'::regclass AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT 2, contype::text, 'constraint', contype::text, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE conrelid = 'moshare_ledger.entries'::regclass AND contype <> 'n'
    UNION ALL
    SELECT 3, tgname, 'trigger', tgname, format('%s %s %s', tgenabled, tgtype, tgfoid::regproc)
    FROM pg_trigger WHERE tgrelid = 'moshare_ledger.entries'::regclass AND NOT tgisinternal
    UNION ALL
    SELECT 4, proname, 'function', proname, prosrc
    FROM pg_proc WHERE pronamespace = 'moshare_ledger'::regnamespace
    UNION ALL
    SELECT 5, rulename, 'rule', rulename, ''
    FROM pg_rewrite WHERE ev_class = 'moshare_ledger.entries'::regclass
) AS shape (part, place, what, name, detail) ORDER BY part, place
"""
_SET = """
SELECT pg_catalog.set_config(name, value, true)
FROM ROWS FROM (
    pg_catalog.unnest(%s::pg_catalog.text[]), pg_catalog.unnest(%s::pg_catalog.text[])
) AS wanted (name, value)
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_settings AS known
    WHERE known.name OPERATOR(pg_catalog.=) wanted.name
)
"""
_FIND_HOLDER = """
SELECT format(
    '%%s, session %%s of user %%s, since %%s',
    coalesce(nullif(application_name, ''), 'a program without a name'), pid, usename,
    coalesce((coalesce(xact_start, backend_start) AT TIME ZONE 'UTC')::timestamp(0)::text || ' UTC',
    'a time that this user may not see'))
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE granted AND pid <> pg_backend_pid() AND CASE locktype
    WHEN 'advisory' THEN objsubid = 1 AND classid::bigint << 32 | objid::bigint = %(lock)s
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ELSE mode LIKE '%%Exclusive%%' AND relation = to_regclass('moshare_ledger.entries') END
"""
_READ_STANDING = """
SELECT
    to_regclass('moshare_ledger.entries') IS NOT NULL,
    current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
"""
_READ_OPENNESS = """
SELECT has_table_privilege('public', 'moshare_ledger.entries', 'SELECT, INSERT, UPDATE, DELETE')
"""


class PostgresStore:
    """Rows in the schema `moshare_ledger`; raises MS620 to MS623, MS627, MS631 or MS633."""

    name = _NAME

    def __init__(self, address: str) -> None:
        self._address = address

    def create(self) -> None:
        """Make an empty ledger, whole or not at all; raises MS621 if one exists."""
        with self.lock(), self._transaction() as connection:
            if self._check_standing(connection):
                raise PrivacyError("MS621", file=_NAME)
            connection.execute(_SCHEMA)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the ledger for one open transaction alone."""
        with self._transaction() as connection:
            name = [name_process()]
            connection.execute("SELECT set_config('application_name', left(%s, 63), true)", name)
            wait_for(
                lambda: _ask(connection, "SELECT pg_try_advisory_xact_lock(%s)", [_LOCK]),
                lambda: _name_holder(connection),
                _NAME,
                DOOR_SECONDS,
            )
            yield

    @contextmanager
    def reading(self) -> Iterator["_PostgresRows"]:
        """Open the ledger to read."""
        with self._open("ACCESS SHARE") as connection:
            yield _PostgresRows(connection)

    @contextmanager
    def writing(self) -> Iterator["_PostgresRows"]:
        """Open one transaction that keeps other writers out."""
        with self._open("EXCLUSIVE") as connection:
            yield _PostgresRows(connection)

    @contextmanager
    def _open(self, mode: str) -> Iterator["Connection"]:
        with self._transaction() as connection:
            if not self._check_standing(connection):
                raise PrivacyError("MS620", file=_NAME)
            if _ask(connection, _READ_OPENNESS):
                raise PrivacyError("MS623", file=_NAME)
            wait_for(
                lambda: _try_table(connection, mode),
                lambda: _name_holder(connection),
                _NAME,
                STEP_SECONDS,
            )
            yield connection

    def _check_standing(self, connection: "Connection") -> bool:
        """Return whether the ledger is there; refuse a server that may lose a commit."""
        [[is_there, is_durable]] = connection.execute(_READ_STANDING).fetchall()
        if not is_durable:
            raise PrivacyError("MS631", file=_NAME)
        return bool(is_there)

    @contextmanager
    def _transaction(self) -> Iterator["Connection"]:
        import psycopg

        try:
            connection = psycopg.connect(
                self._address,
                autocommit=True,
                connect_timeout=_CONNECT_SECONDS,
                prepare_threshold=None,
            )
        except psycopg.Error:
            raise PrivacyError("MS627", file=_NAME) from None
        connection.read_only = False
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        try:
            with connection, connection.transaction():
                connection.execute(_SET, [[*_SETTINGS], [*_SETTINGS.values()]])
                yield connection
        except (
            psycopg.OperationalError,
            psycopg.NotSupportedError,  # a server that takes no writes
            psycopg.errors.InsufficientPrivilege,
        ):
            raise PrivacyError("MS627", file=_NAME) from None
        except psycopg.Error:
            problem = "PostgreSQL cannot read it as the tables that were written"
            raise PrivacyError("MS622", file=_NAME, problem=problem) from None


class _PostgresRows:
    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    def read(self) -> list[Row]:
        if self._connection.execute(_READ_SHAPE).fetchall() != _SHAPE:
            problem = "Its tables or its append-only triggers were changed"
            raise PrivacyError("MS622", file=_NAME, problem=problem)
        return self._connection.execute(
            "SELECT number, kind, plan, previous, body, hash "
            "FROM moshare_ledger.entries ORDER BY number"
        ).fetchall()

    def append(self, row: Row) -> None:
        self._connection.execute(
            "INSERT INTO moshare_ledger.entries (number, kind, plan, previous, body, hash) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            row,
        )


def _ask(connection: "Connection", question: str, values: Sequence[object] = ()) -> bool:
    [[answer]] = connection.execute(question, values).fetchall()
    return bool(answer)


def _try_table(connection: "Connection", mode: str) -> bool:
    """Lock the table for the rest of the transaction, if nobody is in the way."""
    import psycopg

    try:
        with connection.transaction():
            connection.execute(f"LOCK TABLE moshare_ledger.entries IN {mode} MODE NOWAIT")
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def _name_holder(connection: "Connection") -> str:
    holders = connection.execute(_FIND_HOLDER, {"lock": _LOCK}).fetchall()
    return "; ".join(holder for (holder,) in holders) or "a session that has just let go"
