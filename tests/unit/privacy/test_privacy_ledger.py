"""The ledger's rules, each on SQLite and on PostgreSQL."""

import datetime
import sqlite3
from fractions import Fraction

import psycopg
import pytest
from ledger_examples import (
    CAPS,
    CELLS,
    RELEASE,
    RESERVATION,
    draw,
    example_charge,
    signed,
)
from ledger_places import force, read_rows, rewrite, run_sql

from privacy.canonical import compute_sha256
from privacy.errors import PrivacyError
from privacy.ledger import ledger as ledger_module
from privacy.ledger.chain import BEGUN, CHARGE, DONE, DRAWN, GENESIS
from privacy.ledger.ledger import Ledger, Place

APPEND_ONLY = (sqlite3.IntegrityError, psycopg.errors.IntegrityConstraintViolation)


@pytest.fixture
def drawn(ledger: Ledger) -> Ledger:
    draw(ledger)
    return ledger


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert ledger.verify() == GENESIS
    assert ledger.read_entries() == ()


def test_a_ledger_is_never_made_over_another(drawn: Ledger, ledger_place: Place) -> None:
    with pytest.raises(PrivacyError, match="MS621"):
        Ledger.create(ledger_place)
    assert len(drawn.read_entries()) == 4


def test_a_missing_ledger_is_refused_and_not_replaced(empty_place: Place) -> None:
    for _ in range(2):
        with pytest.raises(PrivacyError, match="MS620"):
            Ledger(empty_place)


def test_each_entry_carries_the_hash_of_the_one_before(drawn: Ledger) -> None:
    entries = drawn.read_entries()
    assert [entry.kind for entry in entries] == [CHARGE, BEGUN, DRAWN, DONE]
    assert [entry.previous for entry in entries] == [GENESIS, *(e.hash for e in entries[:-1])]
    assert drawn.verify() == entries[-1].hash
    assert {entry.charge for entry in entries} == {example_charge()}
    assert [entry.payload for entry in entries] == [
        signed(),
        {"reservation": RESERVATION},
        CELLS,
        RELEASE,
    ]
    assert entries[0].at.endswith("+00:00")


def test_a_plan_is_charged_once_however_often_it_is_asked(ledger: Ledger) -> None:
    first = ledger.charge(example_charge(), CAPS, signed())
    assert ledger.charge(example_charge(), CAPS, signed()) == first
    ledger.check_charge(example_charge(), CAPS)
    assert len(ledger.read_entries()) == 1


def test_a_second_plan_for_a_quarter_is_refused(ledger: Ledger) -> None:
    ledger.charge(example_charge(rho=Fraction(1, 100)), CAPS, signed())
    with pytest.raises(PrivacyError, match="MS624"):
        ledger.charge(example_charge(plan="b", rho=Fraction(1, 100)), CAPS, signed("b"))


def test_a_charge_over_a_cap_is_refused_and_leaves_nothing(ledger: Ledger) -> None:
    over = example_charge(rho=Fraction(1, 8) + Fraction(1, 10**30))
    for refuse in (
        lambda: ledger.charge(over, CAPS, signed()),
        lambda: ledger.check_charge(over, CAPS),
    ):
        with pytest.raises(PrivacyError, match="MS625") as caught:
            refuse()
        assert caught.value.exit_code == 5
    assert ledger.read_entries() == ()


def test_the_same_amounts_are_counted_exactly_however_small(ledger: Ledger) -> None:
    tiny = Fraction(1, 3**70)
    ledger.charge(example_charge(rho=tiny), CAPS, signed())
    assert ledger.read_entries()[0].charge.rho == tiny


def test_a_step_cannot_be_taken_before_the_one_before_it(ledger: Ledger) -> None:
    charge = example_charge()
    for step, missing in (
        (lambda it: ledger.begin_draw(it, RESERVATION), "charge"),
        (lambda it: ledger.record_draw(it, CELLS), "draw_begun"),
        (lambda it: ledger.finish(it, RELEASE), "drawn"),
        (ledger.declare_lost, "draw_begun"),
    ):
        with pytest.raises(PrivacyError, match=rf"MS630.*follow a {missing} "):
            step(charge)
    assert ledger.read_entries() == ()


def test_a_step_cannot_be_taken_under_a_charge_of_another_cost(ledger: Ledger) -> None:
    ledger.charge(example_charge(rho=Fraction(1, 100)), CAPS, signed())
    with pytest.raises(PrivacyError, match="MS630"):
        ledger.begin_draw(example_charge(rho=Fraction(1, 8)), RESERVATION)


def test_a_step_cannot_be_taken_twice(drawn: Ledger) -> None:
    charge = example_charge()
    for step in (
        lambda it: drawn.begin_draw(it, RESERVATION),
        lambda it: drawn.record_draw(it, CELLS),
        lambda it: drawn.finish(it, RELEASE),
    ):
        with pytest.raises(PrivacyError, match=r"MS630.*already"):
            step(charge)
    assert len(drawn.read_entries()) == 4


def test_a_draw_declared_lost_is_never_recorded_and_its_plan_never_charged_again(
    ledger: Ledger,
) -> None:
    charge = example_charge()
    ledger.charge(charge, CAPS, signed())
    ledger.begin_draw(charge, RESERVATION)
    ledger.declare_lost(charge)
    for step in (lambda it: ledger.record_draw(it, CELLS), ledger.declare_lost):
        with pytest.raises(PrivacyError, match=r"MS630.*lost of this plan is already recorded"):
            step(charge)
    with pytest.raises(PrivacyError, match=r"MS626.*moshare recover"):
        ledger.check_charge(charge, CAPS)


def test_a_recorded_draw_cannot_be_declared_lost(drawn: Ledger) -> None:
    with pytest.raises(PrivacyError, match=r"MS630.*drawn of this plan is already recorded"):
        drawn.declare_lost(example_charge())


def test_an_entry_is_never_dated_before_the_one_before_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SetBack(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return datetime.datetime(2001, 1, 1, tzinfo=tz)

    first = ledger.charge(example_charge(), CAPS, signed())
    monkeypatch.setattr(ledger_module.datetime, "datetime", SetBack)
    assert ledger.begin_draw(example_charge(), RESERVATION).at == first.at


def test_a_plan_gives_back_its_own_draw_and_then_its_own_release(ledger: Ledger) -> None:
    charge = example_charge()
    ledger.charge(charge, CAPS, signed())
    assert ledger.find_draw(charge.plan) is None
    ledger.begin_draw(charge, RESERVATION)
    ledger.record_draw(charge, CELLS)
    found = ledger.find_draw(charge.plan)
    assert found is not None
    assert (found.kind, found.payload) == (DRAWN, CELLS)
    assert ledger.find_release("2025Q1") is None
    ledger.finish(charge, RELEASE)
    found = ledger.find_draw(charge.plan)
    assert found == ledger.find_release("2025Q1")
    assert found is not None
    assert (found.kind, found.payload) == (DONE, RELEASE)
    assert ledger.find_release("2025Q2") is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = '{}' WHERE number = 1",
        "UPDATE entries SET number = 9 WHERE number = 3",
        "DELETE FROM entries WHERE number = 4",
        "DELETE FROM entries",
        "INSERT INTO entries SELECT 9, 'charge', 'p', hash, '', 'h' FROM entries WHERE number = 4",
        "INSERT INTO entries VALUES (5, 'charge', 'p', 'wrong', '{}', 'h')",
        "INSERT INTO entries VALUES (NULL, 'charge', 'p', 'wrong', '{}', 'h')",
    ],
)
def test_the_database_itself_refuses_all_but_the_next_entry(
    drawn: Ledger, ledger_place: Place, statement: str
) -> None:
    before = drawn.read_entries()
    with pytest.raises(APPEND_ONLY, match="append-only"):
        run_sql(ledger_place, statement)
    assert drawn.read_entries() == before


def test_an_entry_cannot_be_taken_twice_even_by_hand(drawn: Ledger, ledger_place: Place) -> None:
    again = "INSERT INTO entries SELECT 5, kind, plan, hash, body, 'h' FROM entries WHERE number=4"
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)):
        run_sql(ledger_place, again)
    assert len(drawn.read_entries()) == 4


def test_a_change_behind_the_triggers_is_found(drawn: Ledger, ledger_place: Place) -> None:
    force(ledger_place, "UPDATE entries SET body = replace(body, '1/8', '1/9') WHERE number = 1")
    with pytest.raises(PrivacyError, match=r"MS622.*entry 1"):
        drawn.verify()


def test_an_entry_removed_behind_the_triggers_is_found(drawn: Ledger, ledger_place: Place) -> None:
    force(ledger_place, "DELETE FROM entries WHERE number = 2")
    with pytest.raises(PrivacyError, match=r"MS622.*entry 2"):
        drawn.verify()


def test_a_rewritten_entry_with_its_own_hash_made_anew_breaks_the_chain(
    drawn: Ledger, ledger_place: Place
) -> None:
    body = read_rows(ledger_place)[0][4].replace("1/8", "1/9")
    rewrite(ledger_place, 1, body=body, hash=compute_sha256(body))
    with pytest.raises(PrivacyError, match=r"MS622.*entry 2"):
        drawn.verify()


@pytest.mark.parametrize("column", ["kind", "plan", "previous", "hash"])
def test_a_column_that_disagrees_with_its_entry_is_found(
    drawn: Ledger, ledger_place: Place, column: str
) -> None:
    rewrite(ledger_place, 3, **{column: "x"})
    with pytest.raises(PrivacyError, match=r"MS622.*entry 3"):
        drawn.verify()


def test_every_character_of_every_entry_is_guarded(drawn: Ledger, ledger_place: Place) -> None:
    for number, *_, body, _ in read_rows(ledger_place):
        for place in range(0, len(body), 29):
            changed = body[:place] + chr(ord(body[place]) ^ 1) + body[place + 1 :]
            rewrite(ledger_place, number, body=changed)
            with pytest.raises(PrivacyError, match=rf"MS622.*entry {number}"):
                drawn.verify()
        rewrite(ledger_place, number, body=body)
    assert len(drawn.read_entries()) == 4


def test_an_entry_in_another_form_is_refused_though_its_hash_fits(
    drawn: Ledger, ledger_place: Place
) -> None:
    for body in ("no JSON", "[]", '{"parts":[]}', '{"parts":[{"rho":"1/8"}]}'):
        rewrite(ledger_place, 1, body=body, hash=compute_sha256(body))
        with pytest.raises(PrivacyError, match=r"MS622.*entry 1"):
            drawn.verify()


def test_entries_written_before_quarters_could_be_paid_for_once_more_are_read(
    ledger: Ledger, ledger_place: Place
) -> None:
    ledger.charge(example_charge(), CAPS, signed())
    body = read_rows(ledger_place)[0][4].replace('"recovers":null,', "")
    rewrite(ledger_place, 1, body=body, hash=compute_sha256(body))
    assert ledger.read_entries()[0].charge == example_charge()


def test_an_older_copy_put_back_is_found_by_the_head_in_a_release(drawn: Ledger) -> None:
    head = drawn.verify()
    assert drawn.verify([head]) == head
    with pytest.raises(PrivacyError, match="MS628"):
        drawn.verify([head, "f" * 64])


def test_a_head_may_be_shortened_to_sixteen_digits_and_no_further(drawn: Ledger) -> None:
    head = drawn.verify()
    assert drawn.verify([head[:16], GENESIS]) == head
    for wrong in (head[:15], "", "f" * 16):
        with pytest.raises(PrivacyError, match="MS628"):
            drawn.verify([wrong])


@pytest.mark.parametrize("kept", [{}, {"plan": "another"}, {"plan": 7}])
def test_a_charge_kept_with_another_plan_than_its_own_is_found(
    ledger: Ledger, kept: dict[str, object]
) -> None:
    ledger.charge(example_charge(), CAPS, kept)
    with pytest.raises(PrivacyError, match=r"MS622.*entry 1"):
        ledger.verify()


def test_an_entry_that_does_not_read_back_is_never_reported_as_written(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "read_entry", lambda _: None)
    with pytest.raises(TypeError):
        ledger.charge(example_charge(), CAPS, signed())
    assert ledger.read_entries() == ()
