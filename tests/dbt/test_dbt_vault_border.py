"""What dbt may not do: reach outside the vault, or fail or speak because of a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt_records import deliver_first_quarter
from dbt_vault import EVERYTHING, FIELDS, Vault, copy_project, release_rows

MARKER = "PoisonQ7'; select"


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """A built vault in which a second delivery adds a record with a marker in every field."""
    vault = Vault(tmp_path_factory.mktemp("poison") / "vault")
    deliver_first_quarter(vault)
    for agency in ("dss", "mshp", "hotline"):
        tables = {
            table: [dict.fromkeys(names, MARKER)]
            + [dict.fromkeys(names, " ")]
            + [usable_keys(names) | {name: MARKER} for name in names]
            for (owner, table), names in FIELDS.items()
            if owner == agency
        }
        vault.deliver(agency, "2025Q3", 2, "delta", tables)
    vault.build(*EVERYTHING, quarter="2025Q3")
    children = dict.fromkeys(("C1", "C2", "C3"), "dss_only")
    vault.link("2025Q4", {}, children)
    vault.build("path:models/release_input", quarter="2025Q4", released=["2025Q3"])
    return vault


def usable_keys(names: list[str]) -> dict[str, str]:
    """Key fields that let a record through to interpretation."""
    usable = {
        "rptid": "R99",
        "chid": "C99",
        "rptdt": "07012025",
        "ori": "MO0480600",
        "incident_number": "I99",
        "victim_sequence_number": "001",
        "arrestee_sequence_number": "01",
        "quarter": "2025Q3",
        "measure": "signals",
        "relationship_group": "all",
        "record_key": "C99",
    }
    return {name: value for name, value in usable.items() if name in names}


def test_a_bad_value_in_any_field_stops_nothing_and_adds_nothing(poisoned: Vault) -> None:
    quarter, year = (release_rows(poisoned, start) for start in ("2025-07-01", "2025-10-01"))
    assert {table: len(found) for table, found in quarter.items() if found} == {
        "reports_to_childrens_division": 3,
        "children_reported": 3,
        "incidents_known_to_police": 4,
        "arrests": 2,
        "hotline_cases": 1,
        "hotline_children": 4,
    }
    assert {table: len(found) for table, found in year.items() if found} == {
        "children_reported_in_year": 3,
        "juvenile_victim_records_in_year": 5,
        "children_by_agency_in_year": 3,
        "report_lag_in_year": 5,
    }


def test_a_bad_value_is_neither_printed_nor_written_outside_the_vault(poisoned: Vault) -> None:
    assert "PoisonQ7" not in poisoned.said
    written = poisoned.folder / "dbt"
    spoken = [path for path in written.rglob("*") if path.is_file() and _holds_marker(path)]
    assert spoken == []
    beside = [path for path in poisoned.folder.parent.iterdir() if path != poisoned.folder]
    assert beside == []


def _holds_marker(path: Path) -> bool:
    return b"PoisonQ7" in path.read_bytes()


def test_an_unreadable_hotline_count_fails_a_check_and_is_not_read_as_zero(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    deliver_first_quarter(vault)
    cell = {"quarter": "2025Q3", "measure": "cases", "relationship_group": "all", "count": MARKER}
    vault.deliver("hotline", "2025Q3", 2, "delta", {"counts": [cell]})
    outcome = vault.dbt(
        "build", "--select", "+hotline_cases", "--exclude-resource-type", "unit_test"
    )
    assert outcome["test.moshare." + _find(outcome, "rules_of_int_hotline__counts")] == "fail"
    assert outcome["model.moshare.hotline_cases"] == "skipped"


def _find(outcome: dict[str, str], words: str) -> str:
    [node] = [node for node in outcome if words in node]
    return node.removeprefix("test.moshare.")


def _probes(inside: Path, outside: Path, written: Path) -> dict[str, str]:
    statements = {
        "write_outside": f"copy (select 1) to '{written}'",
        "attach_outside": f"attach '{written}' as other",
        "open_again": "set enable_external_access = true",
        "widen": "set allowed_directories = ['/']",
        "unlock": "set lock_configuration = false",
    }
    reads = {"read_inside": inside, "read_outside": outside}
    return {
        name: f"select 1 from read_text('{file}') where false"  # noqa: S608 - a path of our own
        for name, file in reads.items()
    } | {
        name: '{% do run_query("' + statement + '") %} select 1 where false'
        for name, statement in statements.items()
    }


def test_dbt_reads_and_writes_inside_the_vault_only_and_cannot_undo_that(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    deliver_first_quarter(vault)
    inside, outside = vault.folder / "inside.txt", tmp_path / "outside.txt"
    for file in (inside, outside):
        file.write_text("text", encoding="utf-8")
    written = tmp_path / "written.bin"
    probes = _probes(inside, outside, written)
    project = copy_project(tmp_path)
    for name, query in probes.items():
        (project / "tests" / f"probe_{name}.sql").write_text(query, encoding="utf-8")
    outcome = vault.dbt("test", "--select", "probe_*", project=project)
    found = {node.split(".")[2]: how for node, how in outcome.items() if "probe_" in node}
    assert found == {
        f"probe_{name}": "pass" if name == "read_inside" else "error" for name in probes
    }
    assert vault.said.count("Permission Error") == 3
    assert vault.said.count("the configuration has been locked") == 3
    assert not written.exists()
