from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from linkage.errors import LinkageError
from linkage.links import ExactTokenLinker, write_links
from linkage.order_key import ensure_order_key

MARKER = "Xyzzymarker"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as writer:
        writer.execute("create table victims (victim_key varchar, token varchar)")
        writer.execute(
            "create table children (child_id varchar, token varchar, is_reported boolean)"
        )
        writer.execute(
            "insert into victims values ('v1', 'a'), ('v2', 'a'), ('v3', 'a'), ('v4', 'b'), "
            "('v5', null), ('v6', 'nobody')"
        )
        writer.execute(
            "insert into children values ('c1', 'a', true), ('c2', 'b', false), ('c3', 'b', true), "
            "('c4', null, true)"
        )
    with duckdb.connect(str(path), read_only=True) as reader:
        yield reader


def link(
    warehouse: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    *,
    k: int = 2,
    victims: str = "select victim_key, token from victims",
    children: str = "select child_id, token, is_reported from children",
) -> Path:
    order_key = tmp_path / "keys" / "order_key.parquet"
    ensure_order_key(order_key)
    out = tmp_path / "linkage" / "2025Q1" / "links.parquet"
    write_links(
        warehouse,
        victims=victims,
        children=children,
        quarter_start=date(2025, 1, 1),
        order_key_path=order_key,
        out_parquet=out,
        linker=ExactTokenLinker(k),
    )
    return out


def rows(path: Path) -> list[tuple[object, ...]]:
    return duckdb.read_parquet(str(path)).order("victim_key").fetchall()


def test_links_are_made_by_equal_tokens_and_at_most_k_records_take_one_child(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = rows(link(warehouse, tmp_path))
    assert [(row[0], row[3]) for row in found] == [(date(2025, 1, 1), "exact_token")] * 3
    pairs = [(row[1], row[2]) for row in found]
    assert pairs[-1] == ("v4", "c3")
    assert {child for _, child in pairs[:-1]} == {"c1"}


def test_the_columns_are_those_that_dbt_reads(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    relation = duckdb.read_parquet(str(link(warehouse, tmp_path)))
    assert list(zip(relation.columns, map(str, relation.types), strict=True)) == [
        ("quarter_start", "DATE"),
        ("victim_key", "VARCHAR"),
        ("child_id", "VARCHAR"),
        ("rule", "VARCHAR"),
    ]


def test_the_same_warehouse_gives_the_same_bytes(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path).read_bytes()
    assert link(warehouse, tmp_path).read_bytes() == first


def test_a_quarter_without_records_has_a_file_with_no_rows(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert rows(link(warehouse, tmp_path, victims="select * from victims where false")) == []


def test_the_order_of_the_rows_does_not_change_the_links(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = rows(link(warehouse, tmp_path))
    again = rows(
        link(
            warehouse,
            tmp_path,
            victims="select * from victims order by victim_key desc",
            children="select * from children order by child_id desc",
        )
    )
    assert again == first


def test_a_record_or_child_given_twice_counts_once(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = rows(link(warehouse, tmp_path))
    doubled = rows(
        link(
            warehouse,
            tmp_path,
            victims="select * from victims union all select * from victims",
            children="select * from children union all select * from children",
        )
    )
    assert doubled == first


def test_a_child_with_two_tokens_takes_the_records_of_one(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    children = "select 'c1' as child_id, unnest(['a', 'b']) as token, true as is_reported"
    found = rows(link(warehouse, tmp_path, k=9, children=children))
    assert [row[1] for row in found] == ["v1", "v2", "v3"]


def test_a_failure_names_the_quarter_quotes_nothing_and_leaves_no_file(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(LinkageError) as failure:
        link(warehouse, tmp_path, victims=f"select error('{MARKER}') as victim_key, 'a' as token")
    assert failure.value.code == "MS809"
    assert "2025-01-01" in failure.value.sentence
    assert MARKER not in failure.value.sentence
    assert failure.value.__suppress_context__
    assert [path for path in (tmp_path / "linkage").rglob("*") if path.is_file()] == []


def test_an_order_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "order_key.parquet"
    ensure_order_key(path)
    before = path.read_bytes()
    ensure_order_key(path)
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["order_key.parquet"]
    ((key,),) = duckdb.read_parquet(str(path)).fetchall()
    assert len(key) == 64


def test_an_order_key_file_with_two_keys_is_refused(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "keys" / "order_key.parquet"
    path.parent.mkdir()
    duckdb.sql("select unnest(['x', 'y']) as order_key").write_parquet(str(path))
    with pytest.raises(LinkageError, match="MS811"):
        link(warehouse, tmp_path)


def test_a_missing_order_key_is_refused(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(LinkageError, match="MS809"):
        write_links(
            warehouse,
            victims="select victim_key, token from victims",
            children="select child_id, token, is_reported from children",
            quarter_start=date(2025, 1, 1),
            order_key_path=tmp_path / "nowhere.parquet",
            out_parquet=tmp_path / "links.parquet",
            linker=ExactTokenLinker(),
        )


def test_a_bound_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ExactTokenLinker(0)
