"""Each rule on token sidecars and hotline counts, provoked once."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from sources_builders import CELLS, COUNTS_HEADER, counts_lines, text_of

from sources.errors import SourcesError


def test_tokens_are_read_with_or_without_quotes(bench: Any) -> None:
    token = "0a" * 32
    content = f'"record_key","token"\r\n"CHILD1","{token}"\r\nCHILD2,{token}\r\n'
    reading = bench.read("tokens", content.encode())
    assert (reading.lines_read, reading.lines_stored) == (2, 2)
    assert [
        (row["line_number"], row["record_key"], row["token"]) for row in bench.rows("tokens")
    ] == [
        (2, "CHILD1", token),
        (3, "CHILD2", token),
    ]


@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("MS131", "CHÏLD2," + "0a" * 32),
        ("MS142", "CHILD2"),
        ("MS142", "," + "0a" * 32),
        ("MS142", "CHILD2,"),
        ("MS142", "CHILD2," + "0a" * 32 + ",more"),
        ("MS143", "CHILD2," + "0A" * 32),
        ("MS143", "CHILD2," + "0a" * 31),
        ("MS143", "CHILD2," + "0a" * 8 + (":" + "0a" * 16) * 8),
        ("MS143", "CHILD2," + "0a" * 8 + ":" * 8),
        ("MS144", "CHILD1," + "0b" * 32),
    ],
)
def test_a_bad_token_row_is_set_aside_alone(bench: Any, code: str, row: str) -> None:
    good = "0a" * 32
    reading = bench.read(
        "tokens", text_of(["record_key,token", f"CHILD1,{good}", row, f"CHILD3,{good}"])
    )
    assert [(item[0], item[2]) for item in bench.problems()] == [(code, (3,))]
    assert (reading.lines_read, reading.lines_quarantined) == (3, 1)
    assert [row["record_key"] for row in bench.rows("tokens")] == ["CHILD1", "CHILD3"]


def test_tokens_of_the_first_recipe_and_of_the_one_with_types_are_read(bench: Any) -> None:
    full, dateless = "0a" * 8 + (":" + "0b" * 16) * 10, "0a" * 8 + ":" * 7 + "0b" * 16
    tokens = ("0a" * 32, full, dateless)
    lines = [f"CHILD{number},{token}" for number, token in enumerate(tokens)]
    assert bench.read("tokens", text_of(["record_key,token", *lines])).lines_stored == len(tokens)
    assert tuple(row["token"] for row in bench.rows("tokens")) == tokens


@pytest.mark.parametrize("content", [b"", b"token,record_key\n", b"record_key,token,name\n", b"\n"])
def test_a_token_file_with_another_header_is_refused(bench: Any, content: bytes) -> None:
    with pytest.raises(SourcesError) as caught:
        bench.read("tokens", content)
    assert caught.value.code == "MS141"


def test_hotline_counts_are_read_in_the_order_of_the_file(bench: Any) -> None:
    reading = bench.read("counts", text_of(counts_lines()))
    assert (reading.lines_read, reading.lines_stored) == (len(CELLS), len(CELLS))
    first, *others = bench.rows("counts")
    assert (first["measure"], first["relationship_group"], first["count"]) == ("cases", "all", "5")
    assert [row["relationship_group"] for row in others[:4]] == [
        "family",
        "known",
        "stranger",
        "unknown",
    ]


@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("MS131", "2025Q1,children,unknown,\x002"),
        ("MS402", "2025Q1,children,unknown"),
        ("MS402", "2025Q1,children,unknown,2,2"),
        ("MS403", "2024Q4,children,unknown,2"),
        ("MS404", "2025Q1,signals,unknown,2"),
        ("MS404", "2025Q1,children,neighbour,2"),
        ("MS404", "2025Q1,children,all,2"),
        ("MS404", "2025Q1,cases,family,2"),
        ("MS405", "2025Q1,children,unknown,-2"),
        ("MS405", "2025Q1,children,unknown,2.0"),
        ("MS405", "2025Q1,children,unknown,"),
        ("MS405", "2025Q1,children,unknown,1234567890"),
        ("MS406", "2025Q1,children,stranger,2"),
    ],
)
def test_a_bad_count_is_set_aside_with_its_code(bench: Any, code: str, row: str) -> None:
    bench.read("counts", text_of([*counts_lines()[:-1], row]))
    assert (code, (len(CELLS) + 1,)) in [(item[0], item[2]) for item in bench.problems()]


def test_tables_of_the_same_children_have_one_sum(bench: Any) -> None:
    more = [line.replace("by_sex,male,1", "by_sex,male,2") for line in counts_lines()]
    with pytest.raises(SourcesError) as caught:
        bench.read("counts", text_of(more))
    assert caught.value.code == "MS417"


def test_a_missing_cell_is_never_read_as_zero(bench: Any) -> None:
    with pytest.raises(SourcesError) as caught:
        bench.read("counts", text_of(counts_lines()[:-1]))
    assert caught.value.code == "MS407"


@pytest.mark.parametrize("header", ["", "measure,relationship_group,count", COUNTS_HEADER + ",x"])
def test_a_counts_file_with_another_header_is_refused(bench: Any, header: str) -> None:
    with pytest.raises(SourcesError) as caught:
        bench.read("counts", text_of([header, *counts_lines()[1:]]))
    assert caught.value.code == "MS401"


def test_the_workbench_can_neither_leave_its_folder_nor_load_an_extension(
    bench: Any, tmp_path: Path
) -> None:
    outside = tmp_path.parent / "outside.csv"
    outside.write_text("a\n1\n")
    read_outside = f"SELECT * FROM read_csv('{outside}')"  # noqa: S608
    for statement in (read_outside, "LOAD httpfs", "INSTALL httpfs"):
        with pytest.raises(duckdb.Error):
            bench.connection.execute(statement)
