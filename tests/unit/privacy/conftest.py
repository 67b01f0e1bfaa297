from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ledger_places import run_sql
from postgres import run_postgres

from privacy.ledger.ledger import Ledger, Place
from privacy.plan import Plan

if TYPE_CHECKING:
    from approval_examples import Office


@pytest.fixture(scope="session")
def plan() -> Plan:
    from privacy_examples import example_plan

    return example_plan()


@pytest.fixture
def office(tmp_path: Path) -> "Office":
    """An office that signed the plans of three quarters, the fourth with its year."""
    from approval_examples import Office
    from privacy_examples import approve_example

    office = Office(tmp_path)
    approve_example(office, "2025Q1", "2025Q2", "2025Q4")
    return office


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with run_postgres() as address:
        yield address


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """A PostgreSQL database without a ledger."""
    run_sql(
        postgres_server,
        "SET client_min_messages = error",
        "DROP SCHEMA IF EXISTS moshare_ledger CASCADE",
    )
    return postgres_server


@pytest.fixture(params=["sqlite", "postgres"])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place without a ledger, of each kind."""
    if request.param == "sqlite":
        return tmp_path / "ledger" / "ledger.sqlite"
    address: str = request.getfixturevalue("postgres")
    return address


@pytest.fixture
def ledger_place(empty_place: Place) -> Place:
    Ledger.create(empty_place)
    return empty_place


@pytest.fixture
def ledger(ledger_place: Place) -> Ledger:
    return Ledger(ledger_place)
