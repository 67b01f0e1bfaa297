import pytest

from sources.layout import (
    Field,
    RecordLayout,
    load_ncands_layout,
    load_nibrs_codes,
    load_nibrs_layout,
)


def field(name: str, start: int, end: int) -> Field:
    return Field(name, start, end, "", mandatory=False)


def test_the_child_file_has_152_fields_that_fill_338_characters() -> None:
    layout = load_ncands_layout()
    assert len(layout.fields) == 152
    assert layout.lengths == (312, 338)
    assert layout.field("inciddt").end == 312
    assert (layout.field("chmal1").start, layout.field("mal1lev").end) == (88, 90)


def test_every_segment_of_nibrs_has_a_layout_that_fills_its_longest_record() -> None:
    lengths = {level: layout.lengths for level, layout in load_nibrs_layout().items()}
    assert lengths == {
        "0": (43,),
        "1": (87, 88),
        "2": (63, 71),
        "3": (307,),
        "4": (129, 141),
        "5": (45, 46),
        "6": (110,),
        "7": (66,),
    }


def test_codes_with_a_meaning_become_the_code_list() -> None:
    layout = load_ncands_layout()
    assert layout.field("chsex").code_list == {"1", "2", "9"}
    assert {"7", "9"} < layout.field("chmal1").code_list
    assert layout.field("rptdt").code_list == frozenset()


def test_the_offence_list_holds_both_trafficking_offences() -> None:
    assert {"64A", "64B", "40A", "40B", "40C", "370"} < load_nibrs_codes()["OffenseCode"]


@pytest.mark.parametrize(
    ("fields", "lengths", "complaint"),
    [
        ((field("a", 1, 2), field("b", 4, 5)), (5,), "hole or overlaps"),
        ((field("a", 1, 2), field("b", 2, 5)), (5,), "hole or overlaps"),
        ((field("a", 1, 2), field("b", 3, 2)), (2,), "hole or overlaps"),
        ((field("a", 1, 2),), (3,), "do not fill"),
        ((field("a", 1, 2), field("a", 3, 3)), (3,), "used twice"),
    ],
)
def test_a_layout_with_a_hole_or_an_overlap_is_refused(
    fields: tuple[Field, ...], lengths: tuple[int, ...], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        RecordLayout("test", lengths, fields)


def test_a_field_that_the_layout_lacks_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_ncands_layout().field("name_of_child")
