"""A Parquet file is read as the plain file that its rows would make, by the same rules."""

import io
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources_builders import (
    QUARTER,
    child_line,
    child_lines,
    counts_lines,
    deliver,
    description,
    incident,
    make_zones,
    refuse,
    text_of,
)

from sources.errors import SourcesError
from sources.ingest import ingest
from sources.layout import load_ncands_layout
from sources.zones import Zones

MARK = "XQZJ"
KEPT = 36


def cut(lines: list[str]) -> pa.Table:
    """The fields of records as columns, without the blanks at their end."""
    return pa.table(
        {
            field.name: [line[field.start - 1 : field.end].rstrip() or None for line in lines]
            for field in load_ncands_layout().fields
        }
    )


def split(lines: list[str]) -> pa.Table:
    header, *rows = [line.split(",") for line in lines]
    return pa.table(dict(zip(header, map(list, zip(*rows, strict=True)), strict=True)))


def pack(table: pa.Table, **how: object) -> bytes:
    written = io.BytesIO()
    pq.write_table(table, written, **how)
    return written.getvalue()


def read_raw(zones: Zones, agency: str, table: str) -> list[tuple[object, ...]]:
    path = zones.vault.raw(agency, QUARTER) / "0001" / f"{table}.parquet"
    return duckdb.sql(f"SELECT * FROM '{path}' ORDER BY line_number").fetchall()  # noqa: S608


def test_columns_and_plain_file_give_the_same_tables_and_the_same_receipt(tmp_path: Path) -> None:
    spoilt = [child_line(rptid="REPORT000099", rptdt="13452025"), child_line(chsex="5")]
    lines = [*child_lines(60), *spoilt, child_line(chid="CHILD0000077", chage="7")]
    tokens = ["record_key,token", *(f"C{n},{n:064x}" for n in range(40))]
    plain, packed = make_zones(tmp_path / "plain"), make_zones(tmp_path / "packed")
    plain_files = {"child_file": ("c.txt", text_of(lines)), "tokens": ("t.csv", text_of(tokens))}
    packed_files = {
        "child_file": ("c.parquet", pack(cut(lines))),
        "tokens": ("t.parquet", pack(split(tokens))),
    }
    receipts = []
    for zones, files in ((plain, plain_files), (packed, packed_files)):
        deliver(zones, "dss", files)
        receipts.append(ingest(zones, "dss", QUARTER))
    for table in ("child_file", "tokens"):
        rows = read_raw(plain, "dss", table)
        assert len(rows) >= 40
        assert read_raw(packed, "dss", table) == rows
    told = [
        [(one.code, one.field, one.lines, one.total) for one in receipt.problems]
        for receipt in receipts
    ]
    assert told[0]
    assert told[0] == told[1]
    assert [file.file for file in receipts[1].files] == ["c.parquet", "t.parquet"]


def test_totals_of_the_hotline_may_come_in_columns(tmp_path: Path) -> None:
    import json

    zones = make_zones(tmp_path)
    said = description()
    said["resources"][0]["path"] = "counts.parquet"
    files = {
        "datapackage": ("datapackage.json", json.dumps(said).encode()),
        "counts": ("counts.parquet", pack(split(counts_lines()))),
    }
    deliver(zones, "hotline", files)
    receipt = ingest(zones, "hotline", QUARTER)
    assert receipt.status == "accepted"
    assert receipt.is_clean


def test_a_row_of_nulls_is_a_blank_line(tmp_path: Path) -> None:
    zones = make_zones(tmp_path)
    table = pa.concat_tables([cut(child_lines(3)), cut([""]), cut([child_line(chage="XX",
        chbdate="", rptid="REPORT000099")])], promote_options="permissive")  # fmt: skip
    deliver(zones, "dss", {"child_file": ("c.parquet", pack(table))})
    receipt = ingest(zones, "dss", QUARTER)
    assert [(file.lines_read, file.lines_quarantined) for file in receipt.files] == [(4, 1)]
    assert [one.lines for one in receipt.problems if not one.is_note] == [(5,)]


@pytest.mark.parametrize("odd", ["é", "\n", "\r\n", "\t", "\x00", "’"])
def test_one_odd_character_costs_its_row_and_shifts_no_other(tmp_path: Path, odd: str) -> None:
    zones = make_zones(tmp_path)
    table = cut(child_lines(60)).to_pylist()
    table[30]["chid"] = f"C{odd}D"
    schema = pa.schema([(field.name, pa.string()) for field in load_ncands_layout().fields])
    packed = pack(pa.Table.from_pylist(table, schema=schema))
    deliver(zones, "dss", {"child_file": ("c.parquet", packed)})
    receipt = ingest(zones, "dss", QUARTER)
    assert [(one.code, one.lines, one.total) for one in receipt.problems] == [("MS131", (31,), 1)]


Change = Callable[[pa.Table], pa.Table]
CHANGES: list[tuple[str, str, Change]] = [
    ("MS166", "chage is missing", lambda table: table.drop_columns(["chage"])),
    ("MS166", "column number 153", lambda table: table.append_column(MARK, table["chage"])),
    ("MS166", "column number 153", lambda table: table.append_column("chage", table["chage"])),
    ("MS166", "", lambda table: table.rename_columns([n.upper() for n in table.column_names])),
    ("MS167", "column chage", lambda table: put(table, pa.array([15] * len(table)))),
    ("MS167", "column chage", lambda table: put(table, pa.array([["15"]] * len(table)))),
    ("MS167", "more than 2", lambda table: put(table, pa.array(["150"] * len(table)))),
    ("MS167", "more than 2", lambda table: put(table, pa.array([MARK] * len(table)))),
]


def put(table: pa.Table, values: pa.Array) -> pa.Table:
    place = table.column_names.index("chage")
    return table.set_column(place, "chage", values)


@pytest.mark.parametrize(("code", "words", "change"), CHANGES)
def test_columns_of_another_name_type_or_width_are_refused_by_name(
    tmp_path: Path, code: str, words: str, change: Change
) -> None:
    zones = make_zones(tmp_path)
    packed = pack(change(cut(child_lines(9))))
    with pytest.raises(SourcesError, match=code) as caught:
        deliver(zones, "dss", {"child_file": ("c.parquet", packed)})
    assert words in caught.value.sentence
    assert MARK not in caught.value.sentence


@pytest.mark.parametrize("name", ["c.parquet", "C.PARQUET"])
@pytest.mark.parametrize("damage", [lambda _: b"", lambda _: text_of(child_lines(3)),
                                    lambda whole: whole[:-9], lambda whole: whole[:4] + bytes(
                                    len(whole) - 300) + whole[-296:]])  # fmt: skip
def test_a_damaged_file_of_columns_is_refused(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    zones = make_zones(tmp_path)
    with pytest.raises(SourcesError, match=r"MS164|MS157"):
        deliver(zones, "dss", {"child_file": (name, damage(pack(cut(child_lines(9)))))})


def test_columns_without_their_ending_are_called_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match="MS138"):
        deliver(make_zones(tmp_path), "dss", {"child_file": ("c.txt", pack(cut(child_lines(3))))})


def test_a_format_of_several_kinds_of_lines_has_no_columns(tmp_path: Path) -> None:
    packed = pack(pa.table({"line": incident()}))
    with pytest.raises(SourcesError, match="MS164"):
        deliver(make_zones(tmp_path), "mshp", {"nibrs": ("n.parquet", packed)})


def test_one_long_value_that_is_repeated_fills_no_memory(tmp_path: Path) -> None:
    long = put(cut(child_lines(3)), pa.array(["X" * 60_000_000] * 3).dictionary_encode())
    with pytest.raises(SourcesError, match="MS167"):
        deliver(make_zones(tmp_path), "dss", {"child_file": ("c.parquet", pack(long))})


def test_columns_of_many_blanks_are_taken_however_small_they_are(tmp_path: Path) -> None:
    table = cut(child_lines(1))
    alike = pa.concat_tables([table] * 60_000).combine_chunks()
    packed = pack(alike)
    assert max(16 << 20, 200 * len(packed)) < 60_000 * 339
    folder = deliver(make_zones(tmp_path), "dss", {"child_file": ("c.parquet", packed)})
    assert '"rows": 60000' in (folder / "manifest.json").read_text()


def test_case_records_in_columns_are_refused_and_nothing_of_them_is_kept(tmp_path: Path) -> None:
    from sources_builders import edit_manifest

    zones = make_zones(tmp_path)
    folder = deliver(zones, "dss", {"child_file": ("c.parquet", pack(cut(child_lines(9))))})
    names = ["prs_FirstName", "prs_Gender", "vic_TypeOfExploitation"]
    packed = pack(pa.table({name: [MARK] for name in names}))
    (folder / "c.parquet").write_bytes(packed)
    edit_manifest(folder, lambda said: said["files"][0].update(measure(packed)))
    assert refuse(zones).code == "MS413"
    assert not list(zones.vault.folder.rglob("c.parquet"))


def measure(content: bytes) -> dict[str, object]:
    import hashlib

    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": 1}


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view()])
def test_text_is_text_however_a_program_holds_it(tmp_path: Path, kind: pa.DataType) -> None:
    table = cut(child_lines(9))
    other = table.cast(pa.schema([field.with_type(kind) for field in table.schema]))
    zones = make_zones(tmp_path)
    deliver(zones, "dss", {"child_file": ("c.parquet", pack(other))})
    assert ingest(zones, "dss", QUARTER).files[0].lines_stored == 9
