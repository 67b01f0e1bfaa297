"""One child more or less moves no other child to another quarter."""

from __future__ import annotations

from pathlib import Path

from dbt_records import report
from dbt_vault import EVERYTHING, Record, Vault

CHILDREN = "select unit_id from release_input.children_reported where quarter_start = '2025-10-01'"
OTHERS = [report(f"R{n}", f"C{n}", "08152025") for n in range(3)]


def count_after_a_replaced_delivery(folder: Path, replacement: list[Record]) -> set[str]:
    """Count the children of 2025Q4, where reports stand in two deliveries and one is replaced."""
    vault = Vault(folder)
    vault.deliver("dss", "2025Q3", 1, "full", {"child_file": OTHERS})
    vault.deliver("mshp", "2025Q3", 1, "nil")
    vault.deliver("hotline", "2025Q3", 1, "nil")
    vault.link("2025Q3", {})
    vault.deliver("dss", "2025Q4", 1, "full", {"child_file": OTHERS})
    vault.build(*EVERYTHING, quarter="2025Q4")
    vault.deliver("dss", "2025Q3", 2, "full", {"child_file": replacement})
    selection = ("path:models/staging", "path:models/core", "children_reported")
    vault.build(*selection, quarter="2025Q4")
    return {unit for (unit,) in vault.rows(CHILDREN)}


def test_a_child_of_an_earlier_quarter_moves_no_other_child(tmp_path: Path) -> None:
    one = report("R9", "C9", "08202025")
    with_one = count_after_a_replaced_delivery(tmp_path / "with", [one])
    without = count_after_a_replaced_delivery(tmp_path / "without", [])
    assert with_one == without == {"C0", "C1", "C2"}
