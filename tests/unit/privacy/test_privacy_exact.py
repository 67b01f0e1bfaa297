import copy
import json
import logging
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from frame_examples import example_frame, fill
from privacy_examples import PROVENANCE, example_exact

from privacy.engine.exact import ExactCells, ExactCounts, ExactFrame, ExactRelease, ExactRows
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Coded
from privacy.errors import PrivacyError
from privacy.plan import Plan
from privacy.released import Provenance

AGENCIES = ("dss", "hotline", "mshp")
MARKER = "Zq7-marker"
CLAY = {"county": ["Clay"]}


def all_kinds() -> list[ExactFrame | ExactRelease]:
    frames = [fill(example_frame(kind), [0, 3, 5]) for kind in (ROWS, AGGREGATE, LINKED)]
    return [*frames, ExactRelease(frames[:1], PROVENANCE)]


REFUSED: dict[str, Callable[[object], object]] = {
    "format": lambda exact: f"{exact:}",
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "hash": hash,
    "length": len,  # type: ignore[dict-item]
    "iteration": list,  # type: ignore[dict-item]
    "index": lambda exact: exact[0],  # type: ignore[index]
    "membership": lambda exact: 1 in exact,  # type: ignore[operator]
    "equality": lambda exact: exact == 1,
    "inequality": lambda exact: exact != 1,
}


@pytest.mark.parametrize("use", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("exact", all_kinds(), ids=["rows", "counts", "cells", "release"])
def test_exact_values_refuse_to_leave_their_container(
    exact: object, use: Callable[[object], object]
) -> None:
    with pytest.raises(PrivacyError, match="MS608"):
        use(exact)


@pytest.mark.parametrize("exact", all_kinds(), ids=["rows", "counts", "cells", "release"])
def test_exact_values_show_a_name_and_nothing_else(
    exact: object, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger(__name__).warning("%s %r", exact, exact)
    texts = {repr(exact), str(exact), "%s" % exact}  # noqa: UP031
    assert all(text.endswith(": withheld>") for text in texts)
    assert caplog.messages == [f"{exact!s} {exact!r}"]
    assert not hasattr(exact, "__dict__")
    with pytest.raises(TypeError):
        json.dumps(exact)


def test_the_size_of_a_container_says_nothing_about_its_rows() -> None:
    frame = example_frame()
    assert sys.getsizeof(fill(frame, [0])) == sys.getsizeof(fill(frame, [0] * 500))


def test_rows_are_held_as_leaf_numbers_without_their_units() -> None:
    columns = {"age": ["x", "old"], "sex": ["m", "f"], "county": ["Dade", "Adair"]}
    rows = ExactRows(example_frame(), ["a", "b"], columns)
    assert rows.hand_over_to_noise().tolist() == [23, 0]


def test_no_rows_are_rows() -> None:
    rows = ExactRows(example_frame(), (), {"age": (), "sex": (), "county": ()})
    assert rows.hand_over_to_noise().tolist() == []


def test_rows_come_as_codes_and_numbers_of_units_too() -> None:
    columns = {
        "age": Coded(np.array([1, 0]), ("old", "x")),
        "sex": Coded(np.array([0, 1], dtype=np.uint8), ("m", "f")),
        "county": Coded(np.array([0, 1], dtype=np.int32), ("Dade", "Adair")),
    }
    rows = ExactRows(example_frame(), np.array([7, 2**64 - 1], dtype=np.uint64), columns)
    assert rows.hand_over_to_noise().tolist() == [23, 0]


@pytest.mark.parametrize(
    ("exact_type", "kind"), [(ExactRows, ROWS), (ExactCells, LINKED)], ids=["rows", "cells"]
)
class TestRowsThatAreRefused:
    def test_a_unit_with_two_rows(self, exact_type: type[ExactRows], kind: str) -> None:
        with pytest.raises(PrivacyError, match="MS606") as caught:
            exact_type(
                example_frame(kind),
                [MARKER, MARKER],
                {"county": ["Clay"] * 2, "sex": ["f", "f"], "age": ["x", "x"]},
            )
        assert MARKER not in caught.value.sentence

    def test_a_row_without_a_unit(self, exact_type: type[ExactRows], kind: str) -> None:
        for unit in ("", None):
            with pytest.raises(PrivacyError, match="MS607"):
                exact_type(example_frame(kind), [unit], {**CLAY, "sex": ["f"], "age": ["x"]})  # type: ignore[list-item]

    def test_numbers_of_units_that_are_zero_broken_or_given_twice(
        self, exact_type: type[ExactRows], kind: str
    ) -> None:
        columns = {"county": ["Clay"] * 2, "sex": ["f", "f"], "age": ["x", "x"]}
        for units, code in (([5, 0], "MS607"), ([1.0, 2.0], "MS607"), ([4, 4], "MS606")):
            with pytest.raises(PrivacyError, match=code):
                exact_type(example_frame(kind), np.array(units), columns)

    def test_a_key_that_only_the_data_holds_is_refused_unnamed(
        self, exact_type: type[ExactRows], kind: str
    ) -> None:
        with pytest.raises(PrivacyError, match=r"MS605.*column age") as caught:
            exact_type(example_frame(kind), ["a"], {**CLAY, "sex": ["f"], "age": [MARKER]})
        assert MARKER not in caught.value.sentence
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    def test_an_absent_key(self, exact_type: type[ExactRows], kind: str) -> None:
        with pytest.raises(PrivacyError, match="MS605"):
            exact_type(example_frame(kind), ["a"], {**CLAY, "sex": ["f"], "age": [None]})  # type: ignore[list-item]

    def test_columns_of_unlike_length(self, exact_type: type[ExactRows], kind: str) -> None:
        with pytest.raises(PrivacyError, match="MS607"):
            exact_type(example_frame(kind), ["a"], {**CLAY, "sex": ["f"], "age": ["x", "x"]})

    def test_a_missing_column(self, exact_type: type[ExactRows], kind: str) -> None:
        with pytest.raises(PrivacyError, match=r"MS607.*county, sex, age"):
            exact_type(example_frame(kind), ["a"], {"sex": ["f"], "age": ["x"]})

    def test_a_frame_of_another_kind(self, exact_type: type[ExactRows], kind: str) -> None:
        assert kind != AGGREGATE
        with pytest.raises(PrivacyError, match=r"MS607.*aggregate"):
            exact_type(example_frame(AGGREGATE), ["a"], {**CLAY, "sex": ["f"], "age": ["x"]})


def test_a_listed_cell_without_a_count_is_zero() -> None:
    counts = ExactCounts(example_frame(AGGREGATE), {**CLAY, "sex": ["m"], "age": ["old"]}, [9])
    values = counts.hand_over_to_noise().tolist()
    assert values == [9 if leaf == 2 * 6 + 3 else 0 for leaf in range(24)]


@pytest.mark.parametrize("count", [-1, 1.0, True, None, 2**53, "3"])
def test_a_count_that_is_no_whole_number_from_zero_up_is_refused(count: object) -> None:
    with pytest.raises(PrivacyError, match="MS607"):
        ExactCounts(example_frame(AGGREGATE), {**CLAY, "sex": ["m"], "age": ["x"]}, [count])  # type: ignore[list-item]


def test_a_cell_counted_twice_is_refused() -> None:
    columns = {"county": ["Clay"] * 2, "sex": ["m", "m"], "age": ["x", "x"]}
    with pytest.raises(PrivacyError, match=r"MS607.*twice"):
        ExactCounts(example_frame(AGGREGATE), columns, [1, 2])


def test_a_frame_given_twice_is_refused() -> None:
    rows = fill(example_frame(), [0])
    with pytest.raises(PrivacyError, match=r"MS609.*twice"):
        ExactRelease([rows, rows], PROVENANCE)


def test_a_release_that_fits_its_plan_is_accepted(plan: Plan) -> None:
    frames = [planned.frame for planned in plan.frames]
    example_exact(plan).require(frames, AGENCIES)


def test_a_frame_that_the_plan_does_not_name_is_refused() -> None:
    with pytest.raises(PrivacyError, match=r"MS609.*children is not in the plan"):
        ExactRelease([fill(example_frame(), [0])], PROVENANCE).require([], AGENCIES)


def test_a_missing_frame_is_refused() -> None:
    with pytest.raises(PrivacyError, match=r"MS609.*children is missing"):
        ExactRelease([], PROVENANCE).require([example_frame()], AGENCIES)


def test_a_frame_made_for_another_bound_is_refused() -> None:
    with pytest.raises(PrivacyError, match=r"MS609.*another plan"):
        ExactRelease([fill(example_frame(), [0])], PROVENANCE).require(
            [example_frame(bound=2)], AGENCIES
        )


def test_whether_all_was_made_up_is_public_and_not_assumed() -> None:
    assert not ExactRelease([], PROVENANCE).is_made_up
    assert ExactRelease([], PROVENANCE, is_made_up=True).is_made_up


def test_who_delivered_is_public_and_can_be_read(plan: Plan) -> None:
    assert example_exact(plan).provenance == PROVENANCE


@pytest.mark.parametrize(
    ("agencies", "words"),
    [
        (("dss", "mshp"), "hotline is no source of the plan"),
        ((*AGENCIES, "fbi"), "fbi has not delivered"),
    ],
)
def test_other_agencies_than_those_of_the_plan_are_refused(
    agencies: tuple[str, ...], words: str
) -> None:
    with pytest.raises(PrivacyError, match=f"MS614.*{words}"):
        ExactRelease([], PROVENANCE).require([], agencies)


def test_only_an_agency_for_which_no_quarter_waits_may_be_told_to_have_delivered_nothing() -> None:
    told = replace(PROVENANCE, deliveries=tuple((agency, "none") for agency in sorted(AGENCIES)))
    exact = ExactRelease([], told)
    with pytest.raises(PrivacyError, match=r"MS614.*mshp has not delivered"):
        exact.require([], AGENCIES, (), set(AGENCIES) - {"mshp"})
    exact.require([], AGENCIES, (), AGENCIES)


@pytest.mark.parametrize(
    "provenance",
    [
        None,
        Provenance((), None),  # type: ignore[arg-type]
        Provenance((), 1),  # type: ignore[arg-type]
        Provenance([("dss", "full")], True),  # type: ignore[arg-type]
        Provenance((["dss", "full"],), True),  # type: ignore[arg-type]
        Provenance((("dss",),), True),  # type: ignore[arg-type]
        Provenance((("", "full"),), True),
        Provenance(((None, "full"),), True),  # type: ignore[arg-type]
        Provenance((("dss", ""),), True),
        Provenance((("dss", None),), True),  # type: ignore[arg-type]
        Provenance((("dss", MARKER),), True),
        Provenance((("mshp", "full"), ("dss", "full")), True),
        Provenance((("dss", "full"), ("dss", "nil")), True),
        Provenance((), True, 3),  # type: ignore[arg-type]
        Provenance((), True, (3,)),  # type: ignore[arg-type]
        Provenance((), True, (True, 3)),
        Provenance((), True, (MARKER, 3)),  # type: ignore[arg-type]
        Provenance((), True, (-1, 3)),
        Provenance((), True, (4, 3)),
        Provenance((), True, (0, 0)),
    ],
)
def test_provenance_in_another_form_is_refused_before_anything_is_charged(
    provenance: Provenance,
) -> None:
    with pytest.raises(PrivacyError, match="MS614") as caught:
        ExactRelease([], provenance)
    assert MARKER not in caught.value.sentence
