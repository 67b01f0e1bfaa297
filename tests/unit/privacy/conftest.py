from pathlib import Path

import pytest
from privacy_examples import example_plan

from privacy.ledger import Ledger
from privacy.plan import Plan


@pytest.fixture(scope="session")
def plan() -> Plan:
    return example_plan()


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger" / "ledger.sqlite"
    Ledger.create(path)
    return path


@pytest.fixture
def ledger(ledger_path: Path) -> Ledger:
    return Ledger(ledger_path)
