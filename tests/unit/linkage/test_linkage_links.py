from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from linkage.errors import LinkageError
from linkage.links import CHILDREN, LINKS, EqualTokenLinker, write_links
from linkage.order_key import ensure_order_key

MARKER = "Xyzzymarker"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as writer:
        writer.execute("create table victims (victim_key varchar, token varchar)")
        writer.execute(
            "create table children (child_id varchar, token varchar, first_report_date date)"
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
    children: str = "select child_id, token, first_report_date from children",
    quarter: str = "2025Q1",
    released: Sequence[Path] = (),
    epochs: str = "select ['k'] as epochs",
) -> Path:
    """Link a quarter and give its folder."""
    order_key = tmp_path / "keys" / "order_key.parquet"
    ensure_order_key(order_key)
    folder = tmp_path / "linkage" / quarter
    write_links(
        warehouse,
        victims=victims,
        children=children,
        epochs=epochs,
        released=released,
        quarter_start=date(2025, 3 * int(quarter[-1]) - 2, 1),
        order_key_path=order_key,
        folder=folder,
        linker=EqualTokenLinker(k),
    )
    return folder


def rows(folder: Path) -> list[tuple[object, ...]]:
    return duckdb.read_parquet(str(folder / LINKS)).order("victim_key").fetchall()


def noted(folder: Path) -> list[tuple[object, ...]]:
    """The children that a quarter noted, without the quarter."""
    found = duckdb.read_parquet(str(folder / CHILDREN))
    return found.project("child_id, token, first_report_date").fetchall()


def linked(folder: Path) -> dict[str, str]:
    """Victim key to child, of the records that have a place."""
    found = duckdb.read_parquet(str(folder / LINKS)).filter("has_place and child_id is not null")
    return dict(found.project("victim_key, child_id").fetchall())


def children(*rows: tuple[str, str, str]) -> str:
    """SELECT of children: id, token, and day of the first report."""
    return " union all ".join(
        f"select '{child}' as child_id, '{token}' as token, date '{day}' as first_report_date"
        for child, token, day in rows
    )


NOBODY = "select * from children where false"
NOTHING = "select * from victims where false"
JANUARY, APRIL = "2025-01-01", "2025-04-01"


def test_links_are_made_by_equal_tokens_and_at_most_k_records_take_one_child(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = rows(link(warehouse, tmp_path))
    assert {(row[0], row[6]) for row in found} == {(date(2025, 1, 1), "equal_token")}
    assert [row[1] for row in found] == ["v1", "v2", "v3", "v4", "v5", "v6"]
    assert [row[3] for row in found[:3]] == ["c1", "c1", "c1"]
    assert found[3][3] in ("c2", "c3")
    assert [row[3] for row in found[4:]] == [None, None]
    assert sum(bool(row[4]) for row in found[:3]) == 2
    assert not found[4][4]


def test_a_link_tells_the_day_of_the_first_report_that_was_noted_with_the_token(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path, victims=NOTHING, children=children(("c1", "a", JANUARY)))
    second = link(
        warehouse,
        tmp_path,
        quarter="2025Q2",
        children=children(("c1", "a", APRIL)),
        released=[first],
    )
    assert {row[5] for row in rows(second) if row[3] == "c1"} == {date(2025, 1, 1)}


def test_a_token_belongs_to_the_child_that_a_released_quarter_noted_first(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Though no record was linked, and though an earlier report of another child came since."""
    for owner, other in (("c1", "c2"), ("c2", "c1")):
        first = link(warehouse, tmp_path, victims=NOTHING, children=children((owner, "b", APRIL)))
        both = children((owner, "b", APRIL), (other, "b", JANUARY))
        second = link(warehouse, tmp_path, quarter="2025Q2", children=both, released=[first])
        assert linked(second)["v4"] == owner


def test_of_two_children_that_one_quarter_notes_the_same_one_always_owns_the_token(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    owner = linked(link(warehouse, tmp_path))["v4"]
    backwards = "select * from children order by child_id desc"
    assert linked(link(warehouse, tmp_path, children=backwards))["v4"] == owner
    other_days = children(("c2", "b", JANUARY), ("c3", "b", APRIL))
    assert linked(link(warehouse, tmp_path, children=other_days))["v4"] == owner


def test_records_of_released_quarters_keep_their_places(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path)
    later = "select unnest(['v7', 'v8']) as victim_key, unnest(['a', 'b']) as token"
    second = link(warehouse, tmp_path, victims=later, quarter="2025Q2", released=[first])
    assert [row[1:5] for row in rows(second)] == [
        ("v7", "a", "c1", False),
        ("v8", "b", linked(first)["v4"], True),
    ]


def test_a_quarter_that_was_not_released_takes_no_places_and_notes_nobody(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    passed_over = link(warehouse, tmp_path)
    second = link(warehouse, tmp_path, quarter="2025Q2")
    assert [row[1:] for row in rows(second)] == [row[1:] for row in rows(passed_over)]
    assert noted(second) == noted(passed_over)


def test_a_record_uses_its_place_whether_or_not_a_child_is_known(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path, children=NOBODY)
    assert sum(bool(row[4]) for row in rows(first) if row[2] == "a") == 2
    later = "select 'v7' as victim_key, 'a' as token"
    second = link(warehouse, tmp_path, victims=later, quarter="2025Q2", released=[first])
    assert "v7" not in linked(second)


def test_a_record_of_a_released_quarter_is_matched_when_its_child_becomes_known(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path, children=NOBODY)
    known = children(("c9", "b", APRIL))
    second = link(
        warehouse,
        tmp_path,
        victims=NOTHING,
        children=known,
        quarter="2025Q2",
        released=[first],
    )
    assert [row[1:6] for row in rows(second)] == [("v4", "b", "c9", True, date(2025, 4, 1))]
    third = link(
        warehouse,
        tmp_path,
        victims=NOTHING,
        children=known,
        quarter="2025Q3",
        released=[first, second],
    )
    assert rows(third) == []


def test_a_record_keeps_the_token_with_which_it_was_noted(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path, children=NOBODY)
    corrected = "select 'v4' as victim_key, 'd' as token union all select 'v5', 'd'"
    second = link(
        warehouse,
        tmp_path,
        quarter="2025Q2",
        victims=corrected,
        children=children(("c9", "d", APRIL), ("c8", "b", APRIL)),
        released=[first],
    )
    assert [row[1:5] for row in rows(second)] == [("v4", "b", "c8", True)]


def test_a_record_that_a_released_quarter_noted_is_not_linked_anew(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path)
    assert rows(link(warehouse, tmp_path, quarter="2025Q2", released=[first])) == []


def test_a_token_never_goes_to_a_second_child_when_its_own_is_withdrawn(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    three = children(*((f"c{n}", "a", JANUARY) for n in (1, 2, 3)))
    folders = [link(warehouse, tmp_path, children=three)]
    [owner] = set(linked(folders[0]).values())
    left = f"select * from ({three}) where child_id <> '{owner}'"  # noqa: S608 - of this test
    found = {owner}
    for quarter in ("2025Q2", "2025Q3"):
        new = f"select 'v{quarter}' as victim_key, 'a' as token"
        made = link(
            warehouse, tmp_path, victims=new, children=left, quarter=quarter, released=[*folders]
        )
        folders.append(made)
        found |= {str(row[3]) for row in rows(made)}
    assert found == {owner}


def test_a_child_that_is_given_another_token_later_takes_no_records_of_that_one(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path)
    victims = "select 'v7' as victim_key, 'd' as token union all select 'v8', 'a'"
    second = link(
        warehouse,
        tmp_path,
        quarter="2025Q2",
        victims=victims,
        children=children(("c1", "d", JANUARY), ("c5", "d", APRIL)),
        released=[first],
    )
    assert {row[1]: row[3:5] for row in rows(second)} == {"v7": ("c5", True), "v8": ("c1", False)}
    assert noted(second) == [("c5", "d", date(2025, 4, 1))]


def test_a_quarter_notes_each_child_that_has_a_token_and_that_none_before_it_noted(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = link(warehouse, tmp_path)
    assert noted(first) == [
        ("c1", "a", date(2025, 1, 1)),
        ("c2", "b", date(2025, 1, 1)),
        ("c3", "b", date(2024, 10, 1)),
    ]
    known = "select child_id, coalesce(token, 'e') as token, first_report_date from children"
    second = link(warehouse, tmp_path, quarter="2025Q2", children=known, released=[first])
    assert noted(second) == [("c4", "e", date(2025, 1, 1))]


def test_the_columns_are_those_that_dbt_reads(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    relation = duckdb.read_parquet(str(link(warehouse, tmp_path) / LINKS))
    assert list(zip(relation.columns, map(str, relation.types), strict=True)) == [
        ("quarter_start", "DATE"),
        ("victim_key", "VARCHAR"),
        ("token", "VARCHAR"),
        ("child_id", "VARCHAR"),
        ("has_place", "BOOLEAN"),
        ("first_report_date", "DATE"),
        ("rule", "VARCHAR"),
    ]


def test_the_same_warehouse_gives_the_same_bytes(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = [(link(warehouse, tmp_path) / name).read_bytes() for name in (LINKS, CHILDREN)]
    again = link(warehouse, tmp_path)
    assert [(again / name).read_bytes() for name in (LINKS, CHILDREN)] == first


def test_a_quarter_without_records_has_a_file_with_no_rows(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert rows(link(warehouse, tmp_path, victims=NOTHING)) == []


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
    both = children(("c1", "a", JANUARY), ("c1", "b", JANUARY))
    assert sorted(linked(link(warehouse, tmp_path, k=9, children=both))) == ["v1", "v2", "v3"]


def test_a_failure_names_the_quarter_quotes_nothing_and_leaves_no_links(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(LinkageError) as failure:
        link(warehouse, tmp_path, victims=f"select error('{MARKER}') as victim_key, 'a' as token")
    assert failure.value.code == "MS809"
    assert "2025-01-01" in failure.value.sentence
    assert MARKER not in failure.value.sentence
    assert failure.value.__suppress_context__
    left = {path.name for path in (tmp_path / "linkage").rglob("*") if path.is_file()}
    assert left <= {CHILDREN}


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
            children="select child_id, token, first_report_date from children",
            epochs="select ['k'] as epochs",
            released=[],
            quarter_start=date(2025, 1, 1),
            order_key_path=tmp_path / "nowhere.parquet",
            folder=tmp_path / "linkage",
            linker=EqualTokenLinker(2),
        )


def test_a_bound_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        EqualTokenLinker(0)
