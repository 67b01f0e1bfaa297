import dataclasses
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.hub.settings import Settings, load_settings
from orchestration.steps.releasing import _read_frame, _read_provenance
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Frame, Level, Query
from privacy.engine.noise import FrameMechanism
from privacy.errors import PrivacyError
from sources.agency_roster import RosterAgency
from sources.manifest import write_manifest
from sources.quarters import Quarter
from sources.receipts import Receipt

STATE = Level("state", ("Missouri",), ())
REGION = Level("region", ("North", "South"), (0, 0))
QUARTER = Quarter(2025, 1)
SOURCES = ("dss", "hotline", "mshp")


def make_frame(name: str, kind: str, *, is_state: bool = False, bound: int = 1) -> Frame:
    levels = (STATE,) if is_state else (STATE, REGION)
    columns = () if is_state else ("sex",)
    return Frame(name, kind, levels, columns, (("f", "m"),)[: len(columns)], bound)


CHILDREN = make_frame("children", ROWS)
PAIRS = make_frame("pairs", LINKED, bound=5)
CALLS = make_frame("hotline_children", AGGREGATE, is_state=True)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(
            """
            create schema release_input;
            create schema intermediate;
            create table release_input.children (
                quarter_start date, unit_id varchar, region varchar, sex varchar, other integer
            );
            create view release_input.pairs as select * from release_input.children;
            create table release_input.hotline_children (
                quarter_start date, state varchar, relationship_group varchar, child_count integer
            );
            create table intermediate.int_deliveries (
                agency varchar, delivery_kind varchar, delivery_sequence integer,
                delivery_quarter_start date, is_current boolean
            );
            """
        )
        yield opened


def add_children(connection: duckdb.DuckDBPyConnection, *rows: tuple[object, ...]) -> None:
    connection.executemany("insert into release_input.children values (?, ?, ?, ?, 1)", rows)


def find_leaves(connection: duckdb.DuckDBPyConnection, frame: Frame) -> list[int]:
    exact = _read_frame(connection, frame, QUARTER)
    return np.asarray(exact.hand_over_to_noise()).tolist()


@pytest.mark.parametrize("frame", [CHILDREN, PAIRS])
def test_rows_of_the_quarter_are_read_by_unit_level_and_dimensions(connection, frame) -> None:
    add_children(
        connection,
        ("2025-01-01", "a", "South", "f"),
        ("2025-01-01", "b", "North", "m"),
        ("2025-01-01", "c", "South", "f"),
        ("2025-04-01", "d", "North", "f"),
    )
    assert sorted(find_leaves(connection, frame)) == [1, 2, 2]


def test_a_quarter_without_rows_gives_an_empty_frame(connection) -> None:
    assert find_leaves(connection, CHILDREN) == []
    mechanism = FrameMechanism(CHILDREN, [Query("children", CHILDREN.whole, 9.0)])
    cells = mechanism.draw(_read_frame(connection, CHILDREN, QUARTER))
    assert len(cells["children"]) == 4


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("2025-01-01", "a", "North", "m"), "MS606"),
        (("2025-01-01", "", "North", "m"), "MS607"),
        (("2025-01-01", None, "North", "m"), "MS607"),
        (("2025-01-01", "b", "East", "m"), "MS605"),
        (("2025-01-01", "b", "North", None), "MS605"),
    ],
)
def test_rows_that_break_the_promise_of_a_frame_are_refused(connection, row, code) -> None:
    add_children(connection, ("2025-01-01", "a", "South", "f"), row)
    with pytest.raises(PrivacyError, match=code) as caught:
        _read_frame(connection, CHILDREN, QUARTER)
    assert "East" not in caught.value.sentence


def test_delivered_counts_are_summed_over_columns_that_the_plan_leaves_out(connection) -> None:
    connection.execute(
        """
        insert into release_input.hotline_children values
        ('2025-01-01', 'Missouri', 'family', 3), ('2025-01-01', 'Missouri', 'known', 4),
        ('2024-10-01', 'Missouri', 'known', 9)
        """
    )
    assert find_leaves(connection, CALLS) == [7]


def test_a_quarter_without_delivered_counts_is_zero(connection) -> None:
    assert find_leaves(connection, CALLS) == [0]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(load_settings(), home=tmp_path)


def stage(connection, *rows: tuple[object, ...]) -> None:
    connection.executemany("insert into intermediate.int_deliveries values (?, ?, ?, ?, ?)", rows)


def accept(settings: Settings, agency: str, sequence: int, *, simulated: bool) -> None:
    folder = settings.vault.raw(agency, "2025Q1") / f"{sequence:04d}"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"simulated": [simulated]}), folder / "deliveries.parquet")


def test_the_latest_current_delivery_of_each_agency_is_told(connection, settings) -> None:
    stage(
        connection,
        ("mshp", "full", 1, "2025-01-01", True),
        ("dss", "full", 1, "2025-01-01", True),
        ("dss", "delta", 2, "2025-01-01", True),
        ("dss", "nil", 3, "2025-04-01", True),
        ("hotline", "nil", 4, "2025-01-01", False),
    )
    provenance, _ = _read_provenance(connection, SOURCES, QUARTER, settings)
    assert provenance.deliveries == (("dss", "delta"), ("mshp", "full"))


def test_an_optional_agency_is_told_by_the_last_quarter_of_its_rhythm(connection, settings) -> None:
    stage(connection, ("care", "full", 1, "2025-01-01", True))
    sources = (*SOURCES, "care")
    for quarter, told in ((1, "full"), (2, "full"), (3, "none"), (4, "none")):
        provenance, _ = _read_provenance(connection, sources, Quarter(2025, quarter), settings)
        assert provenance.deliveries == (("care", told),)


def test_an_agency_that_no_table_counts_is_told_nowhere(connection, settings) -> None:
    stage(connection, ("care", "full", 1, "2025-01-01", True))
    assert _read_provenance(connection, SOURCES, QUARTER, settings)[0].deliveries == ()


def test_that_an_agency_has_no_record_at_all_is_not_told(connection, settings) -> None:
    stage(connection, ("hotline", "nil", 1, "2025-01-01", True))
    provenance, _ = _read_provenance(connection, SOURCES, QUARTER, settings)
    assert provenance.deliveries == (("hotline", "full"),)


@pytest.mark.parametrize(
    ("dss", "mshp", "told"),
    [
        (True, True, (True, True)),
        (True, False, (True, False)),
        (False, False, (False, False)),
    ],
)
def test_one_real_delivery_makes_a_release_no_demo(connection, settings, dss, mshp, told) -> None:
    accept(settings, "dss", 1, simulated=dss)
    accept(settings, "mshp", 1, simulated=mshp)
    provenance, is_made_up = _read_provenance(connection, SOURCES, QUARTER, settings)
    assert (provenance.is_simulated, is_made_up) == told


def test_a_real_delivery_that_was_replaced_still_makes_a_release_no_demo(
    connection, settings
) -> None:
    """Release input may have been built before the delivery that replaced it."""
    accept(settings, "dss", 1, simulated=False)
    accept(settings, "dss", 2, simulated=True)
    stage(connection, ("dss", "full", 2, "2025-01-01", True))
    provenance, is_made_up = _read_provenance(connection, SOURCES, QUARTER, settings)
    assert (provenance.is_simulated, is_made_up) == (True, False)


def test_no_delivery_at_all_is_no_demo(connection, settings) -> None:
    provenance, is_made_up = _read_provenance(connection, SOURCES, QUARTER, settings)
    assert (provenance.deliveries, provenance.is_simulated, is_made_up) == ((), False, False)


def carry(settings: Settings, sequence: int, *reporting: bool) -> None:
    """Put an accepted delivery of the Patrol into the vault, with a roster where it has one."""
    months = QUARTER.months
    folder = settings.vault.deliveries("mshp", str(QUARTER)) / f"{sequence:04d}"
    folder.mkdir(parents=True)
    write_manifest(
        folder,
        agency="mshp",
        quarter=str(QUARTER),
        sequence=sequence,
        kind="nil",
        as_of=date(2025, 4, 5),
        simulated=True,
        files={},
        agency_roster=[
            RosterAgency(
                ori=f"MO{number:07d}", reporting={**dict.fromkeys(months, True), months[1]: whole}
            )
            for number, whole in enumerate(reporting)
        ],
    )
    receipt = Receipt("mshp", str(QUARTER), sequence, "", "nil", True, "accepted", "", (), ())
    (folder / "receipt.json").write_text(receipt.to_json())


def test_the_newest_roster_says_how_many_police_agencies_report(connection, settings) -> None:
    assert _read_provenance(connection, SOURCES, QUARTER, settings)[0].police_agencies is None
    carry(settings, 1, True, True, True)
    carry(settings, 2, True, False, True)
    carry(settings, 3)
    assert _read_provenance(connection, SOURCES, QUARTER, settings)[0].police_agencies == (2, 3)
    other = Quarter(2025, 2)
    assert _read_provenance(connection, SOURCES, other, settings)[0].police_agencies is None
