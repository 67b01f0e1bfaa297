from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.normalise import normalise_birth_date, normalise_name


@pytest.mark.parametrize(
    "written",
    ["Zelina O'Fenwick", "O'FENWICK, ZELINA", "  ofenwick   zelina. ", "Zelína O’Fenwick"],
)
def test_order_case_accents_and_apostrophes_do_not_matter(written: str) -> None:
    assert normalise_name(written) == "ofenwick zelina"


def test_a_hyphen_parts_a_name_as_a_space_does() -> None:
    assert normalise_name("Ina Tall-Beck") == normalise_name("beck tall, INA")


def test_different_names_stay_different() -> None:
    assert normalise_name("Ina Beck") != normalise_name("Ina Becks")


@pytest.mark.parametrize("written", ["", "   ", "-", "123", "?, ?"])
def test_a_name_without_letters_is_no_name(written: str) -> None:
    assert normalise_name(written) == ""


@given(st.text(max_size=30))
def test_normalising_twice_changes_nothing(written: str) -> None:
    once = normalise_name(written)
    assert normalise_name(once) == once


@given(st.text(max_size=30), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_the_way_in_which_a_system_stores_letters_does_not_matter(written: str, form: str) -> None:
    stored = unicodedata.normalize(form, written)  # type: ignore[arg-type]
    assert normalise_name(stored) == normalise_name(written)


@given(st.dates())
def test_a_birth_date_keeps_its_day(day: object) -> None:
    assert normalise_birth_date(f" {day} ") == str(day)


@pytest.mark.parametrize(
    "written", ["2011-2-3", "02032011", "20110203", "2011-02-30", "٢٠١١-٠٢-٠٣", "2011-W05-4"]
)
def test_another_form_of_date_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        normalise_birth_date(written)
