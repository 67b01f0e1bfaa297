"""What is particular to a ledger on a PostgreSQL server."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import psycopg
import pytest
from ledger_examples import CAPS, draw, example_charge, signed
from ledger_places import run_sql
from transaction_pooler import run_pooler

from privacy.errors import PrivacyError
from privacy.ledger.ledger import Ledger
from privacy.ledger.postgres import _name_holder

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


SETTINGS = {
    "synchronous_commit": "off",
    "search_path": "moshare_ledger",
    "quote_all_identifiers": "on",
    "client_encoding": "SQL_ASCII",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "serializable",
    "standard_conforming_strings": "off",
    "statement_timeout": "200",
    "lock_timeout": "200",
    "idle_in_transaction_session_timeout": "200",
    "transaction_timeout": "200",
}
"""What whoever owns a role may have set for it, each at odds with a ledger."""


@pytest.mark.parametrize(("setting", "value"), SETTINGS.items())
def test_a_ledger_is_the_same_whatever_its_role_has_set(
    drawn: Ledger, postgres: str, setting: str, value: str
) -> None:
    before = drawn.read_entries()
    run_sql(postgres, f"ALTER ROLE ledger SET {setting} = '{value}'")
    try:
        assert Ledger(postgres).read_entries() == before
        with drawn.lock():
            time.sleep(0.5)
            drawn.charge(example_charge("2025Q2", "b", Fraction(1, 100)), CAPS, signed("b"))
    finally:
        calm = " ".join(f"-c {name}=0" for name in SETTINGS if name.endswith("_timeout"))
        with psycopg.connect(
            postgres, options=f"{calm} -c default_transaction_read_only=off"
        ) as other:
            other.execute(f"ALTER ROLE ledger RESET {setting}")
    assert len(drawn.read_entries()) == 5


def test_a_commit_waits_for_the_disk_whatever_the_server_prefers(postgres: str) -> None:
    ledger = Ledger.create(postgres)
    run_sql(postgres, "ALTER ROLE ledger SET synchronous_commit = off")
    seen: list[object] = []
    read = "SELECT current_setting('synchronous_commit')"
    try:
        with ledger._store._transaction() as connection:  # type: ignore[attr-defined]
            seen = connection.execute(read).fetchall()
        assert run_sql(postgres, read) == [("off",)]
    finally:
        run_sql(postgres, "ALTER ROLE ledger RESET synchronous_commit")
    assert seen == [("on",)]


def test_a_server_that_takes_no_writes_is_a_sentence(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise psycopg.errors.FeatureNotSupported

    monkeypatch.setattr(psycopg.Connection, "execute", refuse)
    with pytest.raises(PrivacyError, match=r"MS627.*takes writes"):
        Ledger.create(postgres)


@pytest.mark.parametrize("mode", ["EXCLUSIVE", "ACCESS EXCLUSIVE"])
def test_a_table_held_by_another_session_is_a_sentence_that_names_it(
    postgres: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger.create(postgres)
    monkeypatch.setattr("privacy.ledger.postgres.STEP_SECONDS", 0)
    with psycopg.connect(postgres, application_name="a nosy program") as other:
        other.execute(f"LOCK TABLE moshare_ledger.entries IN {mode} MODE")
        [[session]] = other.execute("SELECT pg_backend_pid()").fetchall()
        with pytest.raises(PrivacyError, match=rf"MS633.*nosy program, session {session} of user"):
            ledger.charge(example_charge(), CAPS, signed())
    assert ledger.read_entries() == ()


def test_who_waits_for_another_session_is_told_at_once_for_whom(
    postgres: str, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger.create(postgres)
    order: list[str] = []

    def second() -> None:
        with ledger.lock():
            order.append("second")

    waiting = threading.Thread(target=second)
    with ledger.lock():
        waiting.start()
        while not caplog.messages:
            time.sleep(0.01)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert f"is held by moshare, process {os.getpid()} on " in caplog.text
    assert "since" in caplog.text


def test_a_lock_that_is_not_let_go_of_is_a_sentence_that_names_its_holder(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger.create(postgres)
    monkeypatch.setattr("privacy.ledger.postgres.DOOR_SECONDS", 0)
    with (
        ledger.lock(),
        pytest.raises(PrivacyError, match=rf"MS633.*process {os.getpid()} on .*Run again"),
        ledger.lock(),
    ):
        pytest.fail("two have the lock")


def test_a_lock_holds_behind_a_pooler_that_hands_sessions_on_between_transactions(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_pooler(postgres, tmp_path) as address:
        ledger = Ledger.create(address)
        for number in range(4):
            with ledger.lock():
                ledger.charge(
                    example_charge(f"2025Q{number + 1}", str(number), Fraction(1, 100)),
                    CAPS,
                    signed(str(number)),
                )
        monkeypatch.setattr("privacy.ledger.postgres.DOOR_SECONDS", 0)
        with (
            ledger.lock(),
            pytest.raises(PrivacyError, match="MS633"),
            Ledger(postgres).lock(),
        ):
            pytest.fail("two have the lock")
        assert len(Ledger(postgres).read_entries()) == len(ledger.read_entries()) == 4


def test_a_holder_that_has_just_let_go_is_told_as_such(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        assert _name_holder(connection) == "a session that has just let go"
