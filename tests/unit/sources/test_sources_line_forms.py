"""Forms found for many lines at once, against the same rules field by field."""

import pyarrow as pa
import pytest

from sources.line_forms import find_formed

CODES = {1: ["1", "2"], 2: ["1", "2"], 3: ["07", " 7", "7 "]}


@pytest.mark.parametrize(
    ("line", "has_form"),
    [
        ("120702281999", True),
        ("  7 01312025", True),
        ("12          ", True),
        ("320702281999", False),
        ("130702281999", False),
        ("128 02281999", False),
        ("120702291999", False),
        ("120713011999", False),
        ("120700011999", False),
        ("120701001999", False),
        ("120704311999", False),
        ("120701011899", False),
        ("12070101 999", False),
        ("1207010119990", False),
    ],
)
def test_a_line_has_its_form_where_codes_are_listed_and_dates_are_days(
    line: str, has_form: bool
) -> None:
    lines = pa.array(["120701011999", line, "120701011999"])
    has_forms, _ = find_formed(lines, 12, CODES, [5])
    assert has_forms.tolist() == [True, has_form, True]


def test_a_date_of_a_line_with_its_form_is_a_number_and_none_is_nought() -> None:
    lines = pa.array(["120702281999", "12          ", "120712312025"])
    _, (days,) = find_formed(lines, 12, CODES, [5])
    assert days.tolist() == [19990228, 0, 20251231]


def test_no_line_has_no_form() -> None:
    has_forms, days = find_formed(pa.array([], pa.string()), 12, CODES, [5])
    assert [has_forms.tolist(), *(day.tolist() for day in days)] == [[], []]
