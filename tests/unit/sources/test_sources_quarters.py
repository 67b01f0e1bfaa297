from datetime import date

import pytest

from sources.errors import SourcesError
from sources.quarters import Quarter


def test_a_quarter_is_keyed_by_its_first_day() -> None:
    firsts = [Quarter.parse(f"2025Q{number}").first_day for number in (1, 2, 3, 4)]
    assert firsts == [date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1)]


def test_quarters_follow_each_other_across_years() -> None:
    assert str(Quarter.parse("2024Q4").next()) == "2025Q1"
    assert str(Quarter.parse("2025Q1").previous()) == "2024Q4"
    assert Quarter.parse("2025Q2").previous() == Quarter.parse("2024Q4").next()
    assert Quarter.parse("2024Q4") < Quarter.parse("2025Q1")


@pytest.mark.parametrize("text", ["2025Q5", "2025Q0", "2025q1", "25Q1", " 2025Q1", "2025Q1\n", ""])
def test_any_other_text_is_wrong_usage(text: str) -> None:
    with pytest.raises(SourcesError) as caught:
        Quarter.parse(text)
    assert (caught.value.code, caught.value.exit_code) == ("MS118", 2)
