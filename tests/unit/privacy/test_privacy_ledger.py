import sqlite3
import stat
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest
from privacy_examples import CAPS, example_charge

from privacy.canonical import compute_sha256
from privacy.chain import GENESIS, Entry, sum_spent
from privacy.errors import PrivacyError
from privacy.ledger import Ledger
from privacy.policy import Caps


@pytest.fixture
def drawn(ledger: Ledger) -> Ledger:
    charge = example_charge()
    ledger.charge(charge, CAPS)
    ledger.begin_draw(charge)
    ledger.finish_draw(charge, {"tables": [1, 2, 3]})
    return ledger


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_new_ledger_is_empty_and_readable_by_its_owner_only(ledger_path: Path) -> None:
    assert Ledger(ledger_path).verify() == GENESIS
    assert stat.S_IMODE(ledger_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger_path.with_name("ledger.sqlite.lock").stat().st_mode) == 0o600


def test_a_ledger_is_never_made_over_another(drawn: Ledger, ledger_path: Path) -> None:
    with pytest.raises(PrivacyError, match="MS621"):
        Ledger.create(ledger_path)
    assert len(drawn.read_entries()) == 3


def test_a_ledger_half_made_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite.draft").write_text("half")
    assert Ledger.create(tmp_path / "ledger.sqlite").verify() == GENESIS


def test_a_ledger_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PrivacyError, match="MS627"):
        Ledger.create(tmp_path / "file" / "ledger.sqlite")


def test_a_missing_ledger_is_refused_and_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="MS620"):
        Ledger(tmp_path / "ledger.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_that_others_can_open_is_refused(ledger_path: Path) -> None:
    ledger_path.chmod(0o640)
    with pytest.raises(PrivacyError, match="MS623"):
        Ledger(ledger_path)


def test_a_ledger_moved_away_while_open_is_a_sentence(ledger: Ledger, ledger_path: Path) -> None:
    ledger_path.unlink()
    with pytest.raises(PrivacyError, match="MS627"):
        ledger.read_entries()


def test_a_lock_that_cannot_be_taken_is_a_sentence(ledger: Ledger, ledger_path: Path) -> None:
    lock = ledger_path.with_name("ledger.sqlite.lock")
    lock.unlink()
    lock.mkdir()
    with pytest.raises(PrivacyError, match="MS627"), ledger.lock():
        pytest.fail("the lock was taken")


def test_each_entry_carries_the_hash_of_the_one_before(drawn: Ledger) -> None:
    entries = drawn.read_entries()
    assert [entry.previous for entry in entries] == [GENESIS, entries[0].hash, entries[1].hash]
    assert drawn.verify() == entries[-1].hash
    assert entries[0].charge == example_charge()
    assert entries[-1].payload == {"tables": [1, 2, 3]}
    assert entries[0].at.endswith("+00:00")


def test_a_plan_is_charged_once_however_often_it_is_asked(ledger: Ledger) -> None:
    first = ledger.charge(example_charge(), CAPS)
    assert ledger.charge(example_charge(), CAPS) == first
    ledger.check_charge(example_charge(), CAPS)
    assert len(ledger.read_entries()) == 1


def test_a_second_plan_for_a_quarter_is_refused(ledger: Ledger) -> None:
    ledger.charge(example_charge(rho=Fraction(1, 100)), CAPS)
    with pytest.raises(PrivacyError, match="MS624"):
        ledger.charge(example_charge(plan="b", rho=Fraction(1, 100)), CAPS)


def test_the_quarters_cap_may_be_reached_and_not_passed(ledger: Ledger) -> None:
    over = Fraction(1, 8) + Fraction(1, 10**30)
    for refuse in (ledger.charge, ledger.check_charge):
        with pytest.raises(
            PrivacyError, match=r"MS625.*cap of 2025Q1.*0\.125000 is left"
        ) as caught:
            refuse(example_charge(rho=over), CAPS)
        assert caught.value.exit_code == 5
    ledger.charge(example_charge(), CAPS)
    assert sum_spent(ledger.read_entries())["2025Q1"] == Fraction(1, 8)


def test_the_years_cap_may_be_reached_and_not_passed(ledger: Ledger) -> None:
    caps = Caps(Fraction(1, 8), Fraction(3, 8))
    for number, plan in enumerate("abc", start=1):
        ledger.charge(example_charge(f"2025Q{number}", plan), caps)
    with pytest.raises(PrivacyError, match=r"MS625.*cap of 2025\. .*0\.000000 is left"):
        ledger.charge(example_charge("2025Q4", "d", Fraction(1, 10**30)), caps)
    ledger.charge(example_charge("2026Q1", "e"), caps)
    assert sum_spent(ledger.read_entries())["2025"] == Fraction(3, 8)


@pytest.mark.parametrize("period", ["2025Q3", "2031"])
def test_a_period_without_a_charge_has_spent_nothing(drawn: Ledger, period: str) -> None:
    assert sum_spent(drawn.read_entries())[period] == 0


def test_a_draw_cannot_begin_without_its_charge(ledger: Ledger) -> None:
    with pytest.raises(PrivacyError, match=r"MS630.*charge"):
        ledger.begin_draw(example_charge())


def test_a_draw_cannot_begin_under_a_charge_of_another_cost(ledger: Ledger) -> None:
    ledger.charge(example_charge(rho=Fraction(1, 100)), CAPS)
    with pytest.raises(PrivacyError, match="MS630"):
        ledger.begin_draw(example_charge(rho=Fraction(1, 8)))


def test_a_draw_cannot_begin_twice(ledger: Ledger) -> None:
    ledger.charge(example_charge(), CAPS)
    ledger.begin_draw(example_charge())
    with pytest.raises(PrivacyError, match=r"MS630.*already"):
        ledger.begin_draw(example_charge())
    with pytest.raises(PrivacyError, match="MS626"):
        ledger.find_drawn("2025Q1")


def test_a_draw_cannot_finish_before_it_began_or_twice(drawn: Ledger) -> None:
    with pytest.raises(PrivacyError, match=r"MS630.*already"):
        drawn.finish_draw(example_charge(), {})
    with pytest.raises(PrivacyError, match=r"MS630.*draw_begun"):
        drawn.finish_draw(example_charge("2025Q2", "b"), {})


def test_a_quarter_gives_back_its_own_draw(drawn: Ledger) -> None:
    found = drawn.find_drawn("2025Q1")
    assert found is not None
    assert found.payload == {"tables": [1, 2, 3]}
    assert drawn.find_drawn("2025Q2") is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = '{}' WHERE number = 1",
        "UPDATE entries SET number = 9 WHERE number = 3",
        "DELETE FROM entries WHERE number = 3",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries VALUES (3, 'draw_done', 'p', 'q', '{}', 'h')",
        "INSERT OR REPLACE INTO entries SELECT number, kind, plan, previous, '', hash FROM entries",
        "INSERT INTO entries SELECT 9, 'charge', 'p', hash, '', 'h' FROM entries WHERE number = 3",
        "INSERT INTO entries VALUES (4, 'charge', 'p', 'wrong', '{}', 'h')",
        "INSERT INTO entries SELECT 4, kind, plan, hash, body, 'h' FROM entries WHERE number = 3",
    ],
)
def test_the_database_itself_refuses_all_but_the_next_entry(
    drawn: Ledger, ledger_path: Path, statement: str
) -> None:
    before = drawn.read_entries()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        run_sql(ledger_path, statement)
    assert drawn.read_entries() == before


def test_an_entry_changed_behind_the_triggers_is_found(drawn: Ledger, ledger_path: Path) -> None:
    with closing(sqlite3.connect(ledger_path)) as connection:
        (trigger,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'entries_are_never_changed'"
        ).fetchone()
    run_sql(
        ledger_path,
        "DROP TRIGGER entries_are_never_changed",
        "UPDATE entries SET body = replace(body, '1/8', '1/9') WHERE number = 1",
    )
    with pytest.raises(PrivacyError, match=r"MS622.*triggers"):
        drawn.verify()
    run_sql(ledger_path, trigger)
    with pytest.raises(PrivacyError, match="MS622"):
        drawn.verify()


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert content.count(old)
    path.write_bytes(content.replace(old, new))


def test_a_rewritten_entry_with_its_own_hash_made_anew_breaks_the_chain(
    drawn: Ledger, ledger_path: Path
) -> None:
    with closing(sqlite3.connect(ledger_path)) as connection:
        body, digest = connection.execute(
            "SELECT body, hash FROM entries WHERE number = 1"
        ).fetchone()
    forged = body.replace("1/8", "1/9")
    rewrite(ledger_path, body.encode(), forged.encode())
    content = ledger_path.read_bytes()
    position = content.index(forged.encode()) + len(forged)
    assert content[position : position + 64] == digest.encode()
    anew = compute_sha256(forged).encode()
    ledger_path.write_bytes(content[:position] + anew + content[position + 64 :])
    with pytest.raises(PrivacyError, match=r"MS622.*entry 2"):
        drawn.verify()


def test_a_column_that_disagrees_with_its_entry_is_found(drawn: Ledger, ledger_path: Path) -> None:
    rewrite(ledger_path, b"charge" + b"a" * 64 + b"0", b"charge" + b"b" * 64 + b"0")
    with pytest.raises(PrivacyError, match=r"MS622.*entry 1"):
        drawn.verify()


def reads_as(ledger: Ledger, expected: tuple[Entry, ...]) -> bool:
    """Whether the ledger is believed; it must then say what was written."""
    try:
        entries = ledger.read_entries()
    except PrivacyError:
        return False
    assert entries == expected
    return True


def test_any_byte_changed_is_refused_or_changes_nothing_that_is_read(
    drawn: Ledger, ledger_path: Path
) -> None:
    whole = ledger_path.read_bytes()
    expected = drawn.read_entries()
    used = [position for position, byte in enumerate(whole) if byte]
    refused = 0
    for position in (*used[::3], *range(0, len(whole), 211)):
        ledger_path.write_bytes(
            whole[:position] + bytes([whole[position] ^ 0x21]) + whole[position + 1 :]
        )
        refused += not reads_as(drawn, expected)
    assert refused > len(used) / 6


def test_every_byte_of_an_entry_is_guarded(drawn: Ledger, ledger_path: Path) -> None:
    whole = ledger_path.read_bytes()
    start = whole.index(b'{"at":')
    for position in range(start, start + 200):
        ledger_path.write_bytes(
            whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
        )
        with pytest.raises(PrivacyError, match="MS622"):
            drawn.verify()


def test_a_file_that_is_no_database_is_refused(ledger: Ledger, ledger_path: Path) -> None:
    ledger_path.write_bytes(b"not a database" * 100)
    with pytest.raises(PrivacyError, match="MS622"):
        ledger.verify()


def test_an_older_copy_put_back_is_found_by_the_head_in_a_release(
    drawn: Ledger, ledger_path: Path
) -> None:
    older = ledger_path.read_bytes()
    head = drawn.charge(example_charge("2025Q2", "b"), CAPS).hash
    assert drawn.verify([head]) == head
    ledger_path.write_bytes(older)
    with pytest.raises(PrivacyError, match="MS628"):
        drawn.verify([head])


def test_a_ledger_held_by_another_program_is_a_sentence(
    ledger: Ledger, ledger_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.ledger._PATIENCE_SECONDS", 0)
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PrivacyError, match="MS627"):
            ledger.charge(example_charge(), CAPS)
    assert ledger.read_entries() == ()
