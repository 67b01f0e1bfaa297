"""In which column each field of a case record stands."""

from pathlib import Path

import pytest
from test_sources_case_records import HEADER, record, write_csv, write_workbook

from sources.case_records import read_case_records
from sources.errors import SourcesError


@pytest.mark.parametrize("twice", ["prs_Gender", "PRS gender"])
def test_a_field_in_two_columns_is_refused_with_the_places_of_both(
    tmp_path: Path, twice: str
) -> None:
    header = [*HEADER, twice]
    rows = [[*record(), "MARKER"]]
    columns = f"{HEADER.index('prs_Gender') + 1}, {len(header)}"
    for path in (
        write_csv(tmp_path / "cases.csv", rows, header),
        write_workbook(tmp_path / "cases.xlsx", [header, *rows]),
    ):
        with pytest.raises(SourcesError, match=f"MS185: .* in several columns: {columns}") as found:
            read_case_records(path)
        assert "MARKER" not in str(found.value)


def test_a_column_that_was_named_may_not_stand_twice(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "cases.csv", [[*record(), "1", "2"]], [*HEADER, "Number", "Number"])
    with pytest.raises(SourcesError, match="MS185"):
        read_case_records(path, person="Number")
    assert read_case_records(path).records
