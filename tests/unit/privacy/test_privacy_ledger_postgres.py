"""What is particular to a ledger on a PostgreSQL server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from ledger_examples import CAPS, draw, example_charge, signed
from ledger_places import run_sql

from privacy.errors import PrivacyError
from privacy.ledger.ledger import Ledger

STRANGER = "a_stranger"
QUIET_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NULL; END'
"""


@pytest.fixture
def drawn(postgres: str) -> Ledger:
    ledger = Ledger.create(postgres)
    draw(ledger)
    return ledger


def test_emptying_the_table_is_refused(drawn: Ledger, postgres: str) -> None:
    before = drawn.read_entries()
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        run_sql(postgres, "TRUNCATE entries")
    assert drawn.read_entries() == before


def test_a_replacement_is_a_change(drawn: Ledger, postgres: str) -> None:
    statement = (
        "INSERT INTO entries SELECT * FROM entries WHERE number = 1 "
        "ON CONFLICT (number) DO UPDATE SET body = ''"
    )
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        run_sql(postgres, statement)
    assert len(drawn.read_entries()) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER entries_are_never_changed ON entries",
        "ALTER TABLE entries DISABLE TRIGGER entries_follow_the_last",
        "ALTER TABLE entries ALTER COLUMN body TYPE varchar",
        "ALTER TABLE entries DROP CONSTRAINT entries_kind_plan_key",
        "CREATE RULE quiet AS ON DELETE TO entries DO INSTEAD NOTHING",
        QUIET_FUNCTION,
    ],
)
def test_tables_and_triggers_that_were_changed_are_found(
    drawn: Ledger, postgres: str, statement: str
) -> None:
    run_sql(postgres, statement)
    with pytest.raises(PrivacyError, match=r"MS622.*triggers"):
        drawn.verify()


def test_a_ledger_that_everybody_can_open_is_refused(drawn: Ledger, postgres: str) -> None:
    run_sql(postgres, "GRANT SELECT ON entries TO PUBLIC")
    with pytest.raises(PrivacyError, match="MS623"):
        drawn.verify()


def test_a_user_without_rights_is_told_in_a_sentence(drawn: Ledger, postgres: str) -> None:
    run_sql(postgres, f"DROP ROLE IF EXISTS {STRANGER}", f"CREATE ROLE {STRANGER} LOGIN")
    with pytest.raises(PrivacyError, match="MS627"):
        Ledger(postgres.replace("ledger@", f"{STRANGER}@"))


@pytest.mark.parametrize("address", ["postgresql://nobody@/none?host=/nowhere", "no address"])
def test_a_server_that_does_not_answer_is_a_sentence_without_its_address(address: str) -> None:
    with pytest.raises(PrivacyError, match="MS627") as caught:
        Ledger(address)
    assert address not in caught.value.sentence
    assert caught.value.__cause__ is None


def test_a_database_that_answers_otherwise_is_a_sentence(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.ledger.postgres._READ_STANDING", "SELECT no_such_column")
    with pytest.raises(PrivacyError, match=r"MS622.*PostgreSQL"):
        Ledger(postgres)


@contextmanager
def careless(address: str, setting: str) -> Iterator[None]:
    run_sql(address, f"ALTER SYSTEM SET {setting} = off", "SELECT pg_reload_conf()")
    try:
        wait_for(address, setting, "off")
        yield
    finally:
        run_sql(address, f"ALTER SYSTEM RESET {setting}", "SELECT pg_reload_conf()")
        wait_for(address, setting, "on")


def wait_for(address: str, setting: str, value: str) -> None:
    while run_sql(address, f"SHOW {setting}") != [(value,)]:
        pass


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_a_commit_is_refused(
    drawn: Ledger, postgres: str, setting: str
) -> None:
    with careless(postgres, setting), pytest.raises(PrivacyError, match="MS631"):
        drawn.charge(example_charge("2025Q2", "b"), CAPS, signed("b"))
    assert len(drawn.read_entries()) == 4


def test_a_commit_waits_for_the_disk_whatever_the_server_prefers(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger.create(postgres)
    run_sql(postgres, "ALTER ROLE ledger SET synchronous_commit = off")
    seen: list[object] = []
    read = "SELECT current_setting('synchronous_commit')"
    try:
        with ledger._store._connect() as connection:  # type: ignore[attr-defined]
            seen = connection.execute(read).fetchall()
        assert run_sql(postgres, read) == [("off",)]
    finally:
        run_sql(postgres, "ALTER ROLE ledger RESET synchronous_commit")
    assert seen == [("on",)]


def test_a_table_held_by_another_session_is_a_sentence(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger.create(postgres)
    monkeypatch.setattr("privacy.ledger.postgres._PATIENCE_SECONDS", 1)
    with psycopg.connect(postgres) as other:
        other.execute("LOCK TABLE moshare_ledger.entries IN EXCLUSIVE MODE")
        with pytest.raises(PrivacyError, match="MS627"):
            ledger.charge(example_charge(), CAPS, signed())
    assert ledger.read_entries() == ()


def test_one_process_waits_until_another_lets_go_of_the_lock(postgres: str) -> None:
    ledger = Ledger.create(postgres)
    order: list[str] = []

    def second() -> None:
        with ledger.lock():
            order.append("second")

    waiting = threading.Thread(target=second)
    with ledger.lock():
        waiting.start()
        while not run_sql(postgres, "SELECT 1 FROM pg_locks WHERE NOT granted"):
            pass
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
