from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
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
            "create table children (child_id varchar, token varchar, first_quarter_start date)"
        )
        writer.execute(
            "insert into victims values ('v1', 'a'), ('v2', 'a'), ('v3', 'a'), ('v4', 'b'), "
            "('v5', null), ('v6', 'nobody')"
        )
        writer.execute(
            "insert into children values ('c1', 'a', '2025-01-01'), ('c2', 'b', '2025-01-01'), "
            "('c3', 'b', '2024-10-01'), ('c4', null, '2025-01-01')"
        )
    with duckdb.connect(str(path), read_only=True) as reader:
        yield reader


def link(
    warehouse: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    *,
    k: int = 2,
    victims: str = "select victim_key, token from victims",
    children: str = "select child_id, token, first_quarter_start from children",
    quarter: str = "2025Q1",
    earlier: Sequence[Path] = (),
) -> Path:
    order_key = tmp_path / "keys" / "order_key.parquet"
    ensure_order_key(order_key)
    out = tmp_path / "linkage" / quarter / "links.parquet"
    write_links(
        warehouse,
        victims=victims,
        children=children,
        earlier=earlier,
        quarter_start=date(2025, 3 * int(quarter[-1]) - 2, 1),
        order_key_path=order_key,
        out_parquet=out,
        linker=ExactTokenLinker(k),
    )
    return out


def rows(path: Path) -> list[tuple[object, ...]]:
    return duckdb.read_parquet(str(path)).order("victim_key").fetchall()


def linked(path: Path) -> dict[str, str]:
    """Victim key to child, of the records that have a place."""
    found = duckdb.read_parquet(str(path)).filter("has_place and child_id is not null")
    return dict(found.project("victim_key, child_id").fetchall())


def test_links_are_made_by_equal_tokens_and_at_most_k_records_take_one_child(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = rows(link(warehouse, tmp_path))
    assert {(row[0], row[5]) for row in found} == {(date(2025, 1, 1), "exact_token")}
    assert [row[1] for row in found] == ["v1", "v2", "v3", "v4", "v5", "v6"]
    assert [row[3] for row in found] == ["c1", "c1", "c1", "c3", None, None]
    assert sum(row[4] for row in found[:3]) == 2


def test_a_token_stands_for_the_child_that_was_known_first(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert linked(link(warehouse, tmp_path))["v4"] == "c3"
    children = "select child_id, token, date '2025-01-01' as first_quarter_start from children"
    owner = linked(link(warehouse, tmp_path, children=children))["v4"]
    assert linked(link(warehouse, tmp_path, children=f"{children} order by 1 desc"))["v4"] == owner


def test_records_of_earlier_quarters_keep_their_places(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path)
    later = "select unnest(['v7', 'v8']) as victim_key, unnest(['a', 'b']) as token"
    second = link(warehouse, tmp_path, victims=later, quarter="2025Q2", earlier=[first])
    assert [row[1:5] for row in rows(second)] == [
        ("v7", "a", "c1", False),
        ("v8", "b", "c3", True),
    ]


def test_a_record_uses_its_place_whether_or_not_a_child_is_known(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    nobody = "select * from children where false"
    first = link(warehouse, tmp_path, children=nobody)
    assert sum(row[4] for row in rows(first) if row[2] == "a") == 2
    later = "select 'v7' as victim_key, 'a' as token"
    second = link(warehouse, tmp_path, victims=later, quarter="2025Q2", earlier=[first])
    assert "v7" not in linked(second)


def test_a_record_of_an_earlier_quarter_is_matched_when_its_child_becomes_known(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path, children="select * from children where false")
    children = "select 'c9' as child_id, 'b' as token, date '2025-04-01' as first_quarter_start"
    nothing = "select * from victims where false"
    second = link(
        warehouse,
        tmp_path,
        victims=nothing,
        children=children,
        quarter="2025Q2",
        earlier=[first],
    )
    assert [row[1:5] for row in rows(second)] == [("v4", "b", "c9", True)]
    third = link(
        warehouse,
        tmp_path,
        victims=nothing,
        children=children,
        quarter="2025Q3",
        earlier=[first, second],
    )
    assert rows(third) == []


def test_a_child_that_came_late_for_an_earlier_quarter_takes_records_as_any_other(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Else it would keep them from a child known after it, and leave them to none."""
    first = link(warehouse, tmp_path, children="select * from children where false")
    late = "select 'c1' as child_id, 'a' as token, date '2025-01-01' as first_quarter_start"
    second = link(
        warehouse,
        tmp_path,
        quarter="2025Q2",
        victims="select * from victims where false",
        children=f"{late} union all select 'c9', 'a', date '2025-04-01'",
        earlier=[first],
    )
    assert {row[1]: row[3] for row in rows(second)} == {"v1": "c1", "v2": "c1", "v3": "c1"}
    assert len(linked(second)) == 2


def test_a_record_that_an_earlier_quarter_has_is_not_linked_anew(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path)
    assert rows(link(warehouse, tmp_path, quarter="2025Q2", earlier=[first])) == []


def test_a_token_never_goes_to_a_second_child_when_its_own_is_withdrawn(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    three = (
        "select unnest(['c1', 'c2', 'c3']) as child_id, 'a' as token, "
        "date '2025-01-01' as first_quarter_start"
    )
    files = [link(warehouse, tmp_path, children=three)]
    [owner] = set(linked(files[0]).values())
    left = f"select * from ({three}) where child_id <> '{owner}'"  # noqa: S608 - of this test
    found = {owner}
    for quarter in ("2025Q2", "2025Q3"):
        new = f"select 'v{quarter}' as victim_key, 'a' as token"
        files.append(
            link(warehouse, tmp_path, victims=new, children=left, quarter=quarter, earlier=[*files])
        )
        found |= {str(row[3]) for row in rows(files[-1])}
    assert found == {owner}


def test_a_child_that_is_given_another_token_later_takes_no_records_of_that_one(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path)
    assert set(linked(first).values()) == {"c1", "c3"}
    children = "select 'c1' as child_id, 'd' as token, date '2025-01-01' as first_quarter_start"
    victims = "select 'v7' as victim_key, 'd' as token union all select 'v8', 'a'"
    second = link(
        warehouse,
        tmp_path,
        quarter="2025Q2",
        victims=victims,
        children=f"{children} union all select 'c5', 'd', date '2025-04-01'",
        earlier=[first],
    )
    assert {row[1]: row[3:5] for row in rows(second)} == {"v7": ("c5", True), "v8": ("c1", False)}


def test_the_columns_are_those_that_dbt_reads(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    relation = duckdb.read_parquet(str(link(warehouse, tmp_path)))
    assert list(zip(relation.columns, map(str, relation.types), strict=True)) == [
        ("quarter_start", "DATE"),
        ("victim_key", "VARCHAR"),
        ("token", "VARCHAR"),
        ("child_id", "VARCHAR"),
        ("has_place", "BOOLEAN"),
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
    children = (
        "select 'c1' as child_id, unnest(['a', 'b']) as token, "
        "date '2025-01-01' as first_quarter_start"
    )
    assert sorted(linked(link(warehouse, tmp_path, k=9, children=children))) == ["v1", "v2", "v3"]


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
            children="select child_id, token, first_quarter_start from children",
            earlier=[],
            quarter_start=date(2025, 1, 1),
            order_key_path=tmp_path / "nowhere.parquet",
            out_parquet=tmp_path / "links.parquet",
            linker=ExactTokenLinker(2),
        )


def test_a_bound_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ExactTokenLinker(0)
