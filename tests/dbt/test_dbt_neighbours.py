"""How far one child or victim more or less moves what is counted of others."""

from __future__ import annotations

import copy
import shutil
from datetime import date
from pathlib import Path

from dbt_records import JACKSON, Submission, report
from dbt_vault import EVERYTHING, Record, Vault

from privacy.policy.policy import load_policy

CHILDREN = "select unit_id from release_input.children_reported where quarter_start = '2025-07-01'"
OTHERS = [report(f"R{n}", f"C{n}", "05152025") for n in range(3)]


def make_replaced_quarter(folder: Path) -> Vault:
    """A vault in which 2025Q2 and 2025Q3 tell of the same reports, before 2025Q2 is replaced.

    2025Q2 is not released, so its children count in 2025Q3 too.
    """
    vault = Vault(folder)
    vault.deliver("dss", "2025Q2", 1, "full", {"child_file": OTHERS})
    vault.deliver("mshp", "2025Q2", 1, "nil")
    vault.deliver("hotline", "2025Q2", 1, "nil")
    vault.link("2025Q2", {})
    vault.deliver("dss", "2025Q3", 1, "full", {"child_file": OTHERS})
    vault.build(*EVERYTHING, quarter="2025Q3")
    return vault


def count_after_a_replacement(vault: Vault, replacement: list[Record]) -> set[str]:
    """Count the children of 2025Q3 after the delivery of 2025Q2 was replaced."""
    vault.deliver("dss", "2025Q2", 2, "full", {"child_file": replacement})
    counted = ("children_counted", "children_reported")
    vault.build("path:models/intermediate", "path:models/core", *counted, quarter="2025Q3")
    return {unit for (unit,) in vault.rows(CHILDREN)}


def test_a_child_of_an_earlier_quarter_moves_no_other_child(tmp_path: Path) -> None:
    one = report("R9", "C9", "05202025")
    first = make_replaced_quarter(tmp_path / "with")
    second = copy.copy(first)
    second.folder = tmp_path / "without"
    shutil.copytree(first.folder, second.folder)
    with_one = count_after_a_replacement(first, [one])
    without = count_after_a_replacement(second, [])
    assert without == {"C0", "C1", "C2"}
    assert with_one == {*without, "C9"}


INCIDENTS = "select quarter_start, unit_id from release_input.incidents_known_to_police"
INCIDENT_MODELS = ("path:models/intermediate", "path:models/core", "incidents_known_to_police")


def test_an_incident_moves_between_as_many_quarters_as_the_policy_says(tmp_path: Path) -> None:
    """A second victim's age and its day come later, in two incidents that are otherwise alike."""
    vault = Vault(tmp_path / "vault")
    first_victim = {"WITH": "15  ", "WITHOUT": "30  "}
    released: list[str] = []
    for quarter, day, second in (("2025Q3", "20250710", "30  "), ("2025Q4", "20251010", "15  ")):
        for agency in ("dss", "hotline"):
            vault.deliver(agency, quarter, 1, "nil")
        police = Submission()
        for number, first in first_victim.items():
            police.incident(JACKSON, number, day, "64A", first, second)
        vault.deliver("mshp", quarter, 1, "full", police.tables)
        vault.build("resource_type:seed", *INCIDENT_MODELS, quarter=quarter, released=released)
        released.append(quarter)
    counted = {number: set[date]() for number in first_victim}
    for quarter_start, unit in vault.rows(INCIDENTS):
        counted[unit.partition(":")[2]].add(quarter_start)
    assert counted == {"WITH": {date(2025, 7, 1)}, "WITHOUT": {date(2025, 10, 1)}}
    frame = load_policy().frames["incidents_known_to_police"]
    assert len(counted["WITH"] ^ counted["WITHOUT"]) == frame.quarters
