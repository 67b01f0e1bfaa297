"""The year's table of children in care, built by dbt from deliveries where a policy measures it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from dbt_vault import EVERYTHING, SEEDS, Vault
from test_dbt_care import Tables, child, removal, report, setting

from bench.switched_on import load_switched_on
from orchestration.guards.bounds import read_bounds
from orchestration.guards.counted_tables import RULES_VARIABLE, list_rules
from orchestration.hub.settings import Settings

TABLE = "children_in_care_in_year"
INTERMEDIATE = "path:models/intermediate"
RAN, TOLD = "RAN_________", "TOLD________"


def open_vault(folder: Path) -> Vault:
    """A vault whose policy has every table switched on."""
    vault, policy = Vault(folder), load_switched_on()
    rules = list_rules(policy, Settings(folder.parent))
    vault.variables |= {**read_bounds(policy), RULES_VARIABLE: rules}
    return vault


def tell(*gone: str, during: str = "1") -> tuple[Tables, Tables]:
    """The two half-years of the federal year 2025: one child ran away, one was trafficked."""

    def leave_out(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in rows if row["e4_child_record_number"] not in gone]

    first = {
        "children": leave_out([child(RAN), child(TOLD)]),
        "removals": leave_out([removal("20241101", number=RAN), removal("20230101", number=TOLD)]),
        "living_arrangements": leave_out(
            [
                setting("20241101", "20241101", number=RAN),
                setting("20241101", "20250110", "12", RAN),
                setting("20230101", "20230101", number=TOLD),
            ]
        ),
    }
    second = {
        **first,
        "children": leave_out([child(RAN), child(TOLD, during=during)]),
        "reports_in_care": leave_out([report("1", "20250801", TOLD, in_care=True)]),
    }
    return first, second


def build_year(vault: Vault, quarter: str, *released: str) -> list[tuple[Any, ...]]:
    vault.build(SEEDS, INTERMEDIATE, TABLE, quarter=quarter, released=released)
    return vault.rows(
        "select year(quarter_start), unit_id, care_absence, care_report "  # noqa: S608
        f"from release_input.{TABLE}"
    )


OF_2025 = [
    (2025, RAN, "absent_other", "not_trafficked"),
    (2025, TOLD, "never_absent", "reported"),
]


def test_a_year_stays_as_it_was_released_whatever_a_later_file_retells(tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "vault")
    for quarter, tables in zip(("2025Q1", "2025Q3"), tell(), strict=True):
        vault.deliver("care", quarter, 1, "full", tables)
    assert build_year(vault, "2025Q4") == OF_2025
    vault.deliver("care", "2025Q3", 2, "full", tell(RAN, during="0")[1])
    vault.deliver("care", "2026Q3", 1, "full", tell(RAN, during="0")[1])
    assert build_year(vault, "2026Q4", "2025Q4") == [
        *OF_2025,
        (2026, TOLD, "never_absent", "not_trafficked"),
    ]


def test_a_child_more_or_less_in_the_files_is_one_row_and_moves_no_other(tmp_path: Path) -> None:
    for gone, left in ((RAN, OF_2025[1:]), (TOLD, OF_2025[:1])):
        vault = open_vault(tmp_path / gone / "vault")
        for quarter, tables in zip(("2025Q1", "2025Q3"), tell(gone), strict=True):
            vault.deliver("care", quarter, 1, "full", tables)
        assert build_year(vault, "2025Q4") == left


def test_no_exact_row_is_made_where_the_policy_has_the_table_switched_off(tmp_path: Path) -> None:
    """And a year to which nothing was delivered has no rows where it is switched on."""
    off = Vault(tmp_path / "off" / "vault")
    for agency in ("dss", "mshp", "hotline"):
        off.deliver(agency, "2025Q4", 1, "nil")
    off.deliver("care", "2025Q3", 1, "full", tell()[1])
    off.link("2025Q4", {})
    outcome = off.build(*EVERYTHING, quarter="2025Q4")
    assert not [node for node in outcome if TABLE in node]
    with duckdb.connect(str(off.warehouse), read_only=True) as connection:
        made = connection.execute("select table_name from information_schema.tables").fetchall()
    assert (TABLE,) not in made
    assert build_year(open_vault(tmp_path / "on" / "vault"), "2025Q4") == []
