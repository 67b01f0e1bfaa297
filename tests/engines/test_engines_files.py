"""What files of Parquet hold for each engine, and that what we store is read alike."""

import uuid
from datetime import date, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

NINE_THIRTY = 34_200 * 10**9

TYPES_OF_BOTH = {
    pa.string(),
    pa.int32(),
    pa.int64(),
    pa.date32(),
    pa.timestamp("us"),
    pa.bool_(),
    pa.list_(pa.field("element", pa.string())),
}
"""Types of Parquet that both engines read as the same values."""


def write(folder: Path, **files: Any) -> Path:
    """Write one Parquet file for each array, its column named x."""
    for name, values in files.items():
        path = folder / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"asked": [1] * len(values), "x": values}), path)
    return folder


def read_both(pattern: Path, duck: Any, spark: Any, columns: str = "x") -> tuple[Any, Any]:
    """Rows of files on both engines, as the project's sources name them."""
    ours = f"read_parquet('{pattern}', union_by_name = true)"
    return (
        duck(f"select {columns} from {ours} order by 1"),  # noqa: S608 - our own
        spark(f"select {columns} from parquet.`{pattern}` order by 1"),  # noqa: S608 - our own
    )


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["029", "", None]),
        pa.array([1, None], pa.int32()),
        pa.array([2**40], pa.int64()),
        pa.array([date(1900, 1, 1), date(9999, 12, 31)]),
        pa.array([1735720200123456], pa.timestamp("us")),
        pa.array([True, False, None]),
    ],
    ids=str,
)
def test_a_type_that_we_store_is_read_alike(
    values: Any, tmp_path: Path, duck: Any, spark: Any
) -> None:
    assert values.type in TYPES_OF_BOTH
    folder = write(tmp_path, only=values)
    ours, theirs = read_both(folder / "*.parquet", duck, spark)
    assert sorted(map(str, theirs)) == sorted(map(str, ours))
    assert len(ours) == len(values)


def test_lists_of_tokens_are_read_alike(tmp_path: Path, duck: Any, spark: Any) -> None:
    folder = write(tmp_path, only=pa.array([["a", "b"], [], None], pa.list_(pa.string())))
    ours, theirs = read_both(folder / "*.parquet", duck, spark)
    assert sorted(map(str, theirs)) == sorted(map(str, ours))


def test_files_that_lack_a_column_are_read_by_name(tmp_path: Path, duck: Any, spark: Any) -> None:
    write(tmp_path, later=pa.array(["b"]))
    pq.write_table(pa.table({"asked": [1]}), tmp_path / "earlier.parquet")
    ours, theirs = read_both(tmp_path / "*.parquet", duck, spark)
    assert sorted(map(str, ours)) == sorted(map(str, theirs)) == ["('b',)", "(None,)"]


def test_a_first_file_of_numbers_fixes_the_type_on_spark(
    tmp_path: Path, duck: Any, spark: Any
) -> None:
    """So a code is stored as text, also where every one of a delivery is a number."""
    folder = write(tmp_path, a=pa.array([7], pa.int32()), b=pa.array(["029"]))
    ours, theirs = read_both(folder / "*.parquet", duck, spark)
    assert ours == [("029",), ("7",)]
    assert isinstance(theirs, str)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([time(9, 30)], pa.time64("us")),
        pa.array([NINE_THIRTY], pa.time64("ns")),
        pa.array([NINE_THIRTY], pa.timestamp("ns")),
        pa.array([uuid.UUID(int=7).bytes], pa.uuid()),
    ],
    ids=["time", "time in nanoseconds", "nanoseconds", "uuid"],
)
def test_one_column_of_another_type_closes_a_whole_file_to_spark(
    values: Any, tmp_path: Path, duck: Any, spark: Any
) -> None:
    """Whatever column is asked for; so none of these types is stored."""
    assert values.type not in TYPES_OF_BOTH
    folder = write(tmp_path, only=values)
    ours, theirs = read_both(folder / "*.parquet", duck, spark, columns="asked")
    assert ours == [(1,)]
    assert theirs in {"UNSUPPORTED_TIME_TYPE", "PARQUET_TYPE_ILLEGAL"}


def test_a_folder_named_by_a_code_loses_its_zeros_on_spark(
    tmp_path: Path, duck: Any, spark: Any
) -> None:
    """So folders are named by quarters alone, and a code is a column."""
    write(tmp_path / "county=029", only=pa.array(["a"]))
    ours = duck(f"select county from read_parquet('{tmp_path}/*/*.parquet')")  # noqa: S608
    theirs = spark(f"select county from parquet.`{tmp_path}`")  # noqa: S608 - our own
    assert (ours, theirs) == ([("029",)], [(29,)])
