"""A simulated quarter of the Patrol says the same in XML as in the flat file."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulator.simulate import simulate
from simulator.xml_twin import write_xml_twin
from sources.contracts import current_contract
from sources.nibrs import SEGMENT_TABLES, read_segments
from sources.nibrs_period import Circumstances
from sources.quarters import Quarter
from sources.workbench import open_workbench

QUARTER = Quarter(2025, 1)
OFFENCES = [f"ucr_offense_code_connection_{number}" for number in range(1, 11)]


def stage(folder: Path, path: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table without line numbers; XML has no empty place before an offence."""
    folder.mkdir()
    connection = open_workbench(folder)
    file = current_contract("mshp").file_of("nibrs")
    read_segments(connection, path, file, Circumstances(QUARTER, date(2025, 4, 20)))
    tables = {}
    for table in SEGMENT_TABLES:
        found = connection.sql(
            f"SELECT * EXCLUDE (line_number) FROM rows_{table} ORDER BY line_number"  # noqa: S608
        )
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        for row in rows if table == "victim" else []:
            codes = sorted((row[name] for name in OFFENCES), key=lambda code: not code.strip())
            row.update(zip(OFFENCES, codes, strict=True))
        tables[table] = rows
    connection.close()
    return tables


@pytest.mark.parametrize("seed", range(3))
def test_a_simulated_world_is_staged_alike_from_both_forms(tmp_path: Path, seed: int) -> None:
    few = {"dss_child_rows": 1, "police_victims": 150, "children_in_care": 0}
    simulate(tmp_path, [QUARTER], seed, children_per_year=200, **few)
    flat = tmp_path / "prepared/mshp/2025Q1/nibrs.txt"
    write_xml_twin(flat, tmp_path / "nibrs.xml")
    from_flat = stage(tmp_path / "flat", flat)
    from_xml = stage(tmp_path / "xml", tmp_path / "nibrs.xml")
    assert from_flat["victim"]
    for table in SEGMENT_TABLES:
        assert from_xml[table] == from_flat[table], table
