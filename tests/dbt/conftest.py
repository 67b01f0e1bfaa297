"""Vaults that dbt has worked in; each is made once, for dbt takes seconds to start."""

from __future__ import annotations

import copy
import shutil
from dataclasses import dataclass
from typing import Any

import pytest
from dbt_records import deliver_first_quarter, deliver_second_quarter
from dbt_vault import EVERYTHING, Rows, Vault, release_rows


@dataclass(frozen=True)
class History:
    """A vault after two quarters, and what the release tables held on the way.

    Attributes:
        vault: The vault at the end.
        first: Rows of the first quarter, when it was built in time.
        second: Rows of the second quarter.
        first_untouched: Rows of the first quarter after the second was built.
        first_again: Rows of the first quarter, built again with late records.
        events: Quarter and key of each event after the second quarter was built.
        second_withdrawn: Rows of the second quarter after the Patrol replaced it by a nil delivery.
        events_withdrawn: Quarter and key of each event after that.
    """

    vault: Vault
    first: Rows
    second: Rows
    first_untouched: Rows
    first_again: Rows
    events: list[tuple[Any, ...]]
    second_withdrawn: Rows
    events_withdrawn: list[tuple[Any, ...]]


RELEASED = ("2025Q3",)
EVENTS = "select quarter_start, event_id from core.child_events"


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Build 2025Q3 in three steps, 2025Q4 after its release, and 2025Q4 after a nil delivery.

    In a copy, 2025Q3 is built again, as it could be if it had not been released.
    """
    vault = Vault(tmp_path_factory.mktemp("dbt") / "vault")
    deliver_first_quarter(vault)
    vault.build("resource_type:seed", "path:models/intermediate", quarter="2025Q3")
    vault.build("path:models/core", quarter="2025Q3")
    vault.build("path:models/release_input", quarter="2025Q3")
    first = release_rows(vault, "2025-07-01")
    deliver_second_quarter(vault)
    vault.build(*EVERYTHING, quarter="2025Q4", released=RELEASED)
    second, first_untouched = release_rows(vault, "2025-10-01"), release_rows(vault, "2025-07-01")
    events = vault.rows(EVENTS)
    other = copy.copy(vault)
    other.folder = vault.folder.with_name("other")
    shutil.copytree(vault.folder, other.folder)
    other.build("path:models/core", "path:models/release_input", quarter="2025Q3")
    first_again = release_rows(other, "2025-07-01")
    vault.deliver("mshp", "2025Q4", 2, "nil")
    vault.build("resource_type:model", quarter="2025Q4", released=RELEASED)
    return History(
        vault=vault,
        first=first,
        second=second,
        first_untouched=first_untouched,
        first_again=first_again,
        events=events,
        second_withdrawn=release_rows(vault, "2025-10-01"),
        events_withdrawn=vault.rows(EVENTS),
    )
