"""A hub whose operator names Spark releases what DuckDB would have; nothing else changes.

The quarter follows one that was released on DuckDB.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from pipeline_runs import run_approved, run_here
from poisoned_records import TRACES, put_poisoned_quarter, traces_of
from small_deliveries import AGENCIES, child_record, put, write_lines, write_tokens

from orchestration.hub.settings import ENGINE_VARIABLE, Settings
from orchestration.steps.dbt_steps import read_test_outcomes, read_tested_digest
from orchestration.steps.delivering import Delivery, deliver
from portal.verify import verify
from sources.ingest import ingest
from sources.quarters import Quarter

QUARTER = Quarter(2025, 2)

_TABLES = """
select table_schema || '.' || table_name from information_schema.tables
where table_type = 'BASE TABLE' order by 1
"""


def read_tables(settings: Settings) -> dict[str, list[str]]:
    """All rows of all tables, as texts in order; a whole number is one whatever its width."""
    with duckdb.connect(str(settings.vault.warehouse), read_only=True) as connection:
        names = [name for (name,) in connection.execute(_TABLES).fetchall()]
        rows = {}
        for name in names:
            columns = ", ".join(sorted(connection.table(name).columns))
            found = connection.execute(f"select {columns} from {name}").fetchall()  # noqa: S608
            rows[name] = sorted(map(repr, found))
        return rows


def read_links(settings: Settings) -> dict[str, list[str]]:
    return {
        path.name: sorted(map(repr, duckdb.read_parquet(str(path)).fetchall()))
        for path in sorted(settings.vault.links(str(QUARTER)).glob("*.parquet"))
    }


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def homes(
    engines: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, Settings, str]]:
    """A quarter that each engine released after the same one, and what was printed."""
    folder = tmp_path_factory.mktemp("homes")
    ours = Settings(folder / "duckdb")
    before = os.environ.get(ENGINE_VARIABLE)
    put_poisoned_quarter(ours, folder / "made")
    assert run_approved("whole_quarter", ours).sentences == ()
    children = [child_record(rptid="R00000000777", chid="C00000000777", rptdt="05102025")]
    lines = write_lines(folder / "next" / "child_file.txt", children)
    tokens = write_tokens(folder / "next" / "tokens.csv", {"C00000000777": "ef" * 32})
    put(ours, "dss", str(QUARTER), {"child_file": lines, "tokens": tokens})
    for agency, contract in (("mshp", ""), ("hotline", "hotline/1")):
        nothing = Delivery(
            *(agency, str(QUARTER), "nil", 1, QUARTER.next().first_day),
            simulated=True,
            contract=contract,
        )
        deliver(ours.landing / "inbox", nothing, {})
    for agency in AGENCIES:
        ingest(ours.zones, agency, str(QUARTER))
    shutil.copytree(ours.home, folder / "spark")
    theirs = Settings(folder / "spark", engine="spark")
    said = []
    for settings in (ours, theirs):
        outcome = run_approved("whole_quarter", settings, QUARTER)
        assert outcome.sentences == ()
        said.append(repr(outcome))
    yield ours, theirs, "".join(said)
    os.environ.pop(ENGINE_VARIABLE, None)
    if before is not None:
        os.environ[ENGINE_VARIABLE] = before


def test_a_hub_on_spark_ends_in_a_signed_release(homes: tuple[Settings, Settings, str]) -> None:
    _, theirs, _ = homes
    assert verify(theirs.releases / str(QUARTER)).passed
    assert (theirs.releases / str(QUARTER) / "release.json.minisig").exists()


def test_the_warehouse_and_links_of_both_engines_are_the_same_row_for_row(
    homes: tuple[Settings, Settings, str],
) -> None:
    ours, theirs, _ = homes
    one, other = read_tables(ours), read_tables(theirs)
    assert list(one) == list(other)
    assert [name for name in one if one[name] != other[name]] == []
    assert any(one[name] for name in one if name.startswith("release_input."))
    assert read_links(ours) == read_links(theirs)
    tested = [read_tested_digest(QUARTER, settings) for settings in (ours, theirs)]
    assert tested[0] == tested[1] != ""
    assert read_test_outcomes(QUARTER, ours) == read_test_outcomes(QUARTER, theirs)


def test_the_types_of_release_input_are_the_same_on_both_engines(
    homes: tuple[Settings, Settings, str],
) -> None:
    types = """
        select table_name, column_name, data_type, is_nullable, ordinal_position
        from information_schema.columns where table_schema = 'release_input' order by all
    """
    found = []
    for settings in homes[:2]:
        with duckdb.connect(str(settings.vault.warehouse), read_only=True) as connection:
            found.append(connection.execute(types).fetchall())
    assert found[0] == found[1]


def test_nothing_of_a_record_leaves_the_vault_when_spark_builds(
    homes: tuple[Settings, Settings, str],
) -> None:
    _, theirs, said = homes
    assert traces_of(TRACES, theirs, said) == []


def test_nothing_of_spark_stays_in_the_vault(homes: tuple[Settings, Settings, str]) -> None:
    _, theirs, _ = homes
    assert not theirs.vault.spark_stores.exists()


def test_a_quarter_that_was_drawn_on_one_engine_is_given_again_on_the_other(
    homes: tuple[Settings, Settings, str],
) -> None:
    _, theirs, _ = homes
    before, rows = bytes_of(theirs.releases / str(QUARTER)), read_tables(theirs)
    outcome = run_here("whole_quarter", replace(theirs, engine="duckdb"), QUARTER)
    assert outcome.sentences == ()
    assert bytes_of(theirs.releases / str(QUARTER)) == before
    assert read_tables(theirs) == rows
