"""Every history of a police incident is worth what the FBI's specification says it is.

Forty histories as real files build them, in three deliveries, each with its right count; and random
ones against a plain model of the actions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from nibrs_hub import Counts, Hub, text_of
from nibrs_lines import report, segment
from nibrs_model import compare, make_histories

NONE = (0, 0, 0)


class Case(NamedTuple):
    """A history: lines of the first quarter, of its correction, of the next quarter, and its worth.

    right: incidents with a child victim, child victims and arrests known in the first quarter.
    """

    why: str
    first: list[str]
    second: list[str]
    later: list[str]
    right: tuple[int, int, int]


def again(number: str, *ages: str, **options: Any) -> list[str]:
    """A deletion and a report: how a correction is sent."""
    return [segment("1", number, "D"), *report(number, *ages, **options)]


def case(
    why: str, first: list[str], *right: int, second: list[str] | None = None, **rest: list[str]
) -> Case:
    incidents, victims, arrests = right
    return Case(why, first, second or [], rest.get("later", []), (incidents, victims, arrests))


def make_cases() -> dict[str, Case]:
    """The histories, each under its own incident number."""
    twice = [line for line in report("C18", arrests=["64A"]) for _ in range(1 + (line[4] == "6"))]
    swapped = report("C27")
    swapped[1:3] = swapped[2:0:-1]
    window = [line.replace("I", "W", 1) for line in report("C13", date="20140501", arrests=["64A"])]
    return {
        "C01": case("plain", report("C01"), 1, 1, 0),
        "C02": case("D then I", again("C02"), 1, 1, 0),
        "C03": case("I, D, I", [*report("C03"), *again("C03")], 1, 1, 0),
        "C04": case(
            "I, D, I with other victims", [*report("C04"), *again("C04", "13", "14")], 1, 2, 0
        ),
        "C05": case("D in a delta", report("C05"), 0, 0, 0, second=[segment("1", "C05", "D")]),
        "C06": case("D then I in the next quarter", report("C06"), 1, 1, 0, later=again("C06")),
        "C07": case(
            "R brings a victim",
            report("C07"),
            1,
            2,
            0,
            second=report("C07", "15", "16", action="R"),
        ),
        "C08": case("clearance only", report("C08"), 1, 1, 0, second=[segment("1", "C08", "M")]),
        "C09": case(
            "M gives an age", report("C09", "00"), 1, 1, 0, second=[segment("4", "C09", "M")]
        ),
        "C10": case("A adds an arrest", report("C10"), 1, 1, 1, second=[segment("6", "C10", "A")]),
        "C11": case(
            "A adds a victim",
            report("C11"),
            *(1, 2, 0),
            second=[segment("4", "C11", "A", victim_sequence_number="002")],
        ),
        "C12": case(
            "D takes a victim away",
            report("C12", "15", "16"),
            *(1, 1, 0),
            second=[segment("4", "C12", "D", victim_sequence_number="002")],
        ),
        "C13": case("time window", window, 0, 0, 1),
        "C14": case("repeated in the next quarter", report("C14"), 1, 1, 0, later=report("C14")),
        "C15": case("late", report("C15", date="20241230"), 1, 1, 0),
        "C16": case(
            "foster child", report("C16", l4_relationship_of_victim_to_offender_1="FC"), 1, 1, 0
        ),
        "C17": case(
            "first offence slot empty",
            report("C17", offences=["64A", "11A"], l4_ucr_offense_code_connection_2="64A"),
            *(1, 1, 0),
        ),
        "C18": case("repeated arrest", twice, 1, 1, 1),
        "C19": case("ranges of age, before a broken line", report("C19", "1517", "1621"), 1, 1, 0),
        "C20": case("ORI in lower case", report("C20", ori="mo0950000"), 0, 0, 0),
        "C21": case("two reports", [*report("C21"), *report("C21", "13", "12")], 1, 1, 0),
        "C22": case("dated in the future", report("C22", date="20310115"), 0, 0, 0),
        "C23": case("report date", report("C23", l1_report_date_indicator="R"), 1, 1, 0),
        "C25": case("I replaces", report("C25", "15", "16"), 1, 1, 0, second=report("C25")),
        "C26": case("sex X", report("C26", l4_sex_of_victim="X"), 1, 1, 0),
        "C27": case("victim before offence", swapped, 1, 1, 0),
        "C28": case("the Patrol's own ORI", report("C28", ori="MOMHP0000"), 1, 1, 0),
        "C31": case(
            "D in the next quarter", report("C31"), 1, 1, 0, later=[segment("1", "C31", "D")]
        ),
        "C32": case("two arrests", report("C32", arrests=["64A", "64A"]), 1, 1, 2),
        "C33": case(
            "R in the next quarter",
            report("C33"),
            *(1, 1, 0),
            later=report("C33", "15", "16", action="R"),
        ),
        "C34": case("repeated offence", report("C34", offences=["64A", "64A"]), 1, 1, 0),
        "C35": case("repeated victim", [*report("C35")[:3], *report("C35")[2:]], 1, 1, 0),
        "C36": case("two agencies", [*report("C36"), *report("C36", ori="MO0480100")], 2, 2, 0),
        "C37": case(
            "no offender known",
            report(
                "C37",
                l4_offender_number_related_1="00",
                l4_relationship_of_victim_to_offender_1="",
                l5_offender_sequence_number="00",
            ),
            *(1, 1, 0),
        ),
        "C38": case(
            "M of an arrest",
            report("C38", arrests=["90Z"]),
            1,
            1,
            1,
            second=[segment("6", "C38", "M")],
        ),
        "C39": case(
            "D of an arrest",
            report("C39", arrests=["64A"]),
            1,
            1,
            0,
            second=[segment("6", "C39", "D")],
        ),
        "C40": case("D, I, D, I", again("C40") * 2, 1, 1, 0),
        "C41": case(
            "cohabitant", report("C41", l4_relationship_of_victim_to_offender_1="CO"), 1, 1, 0
        ),
        "C42": case(
            "clearance in the same file",
            [*report("C42"), segment("1", "C42", "M", cleared_exceptionally="B")],
            *(1, 1, 0),
        ),
        "C43": case("broad only", report("C43", offences=["40A"]), 1, 1, 0),
    }


CASES = make_cases()


class Told(NamedTuple):
    """What was counted for each quarter, and the numbers in the receipt of the first delivery."""

    first: Counts
    later: Counts
    codes: set[str]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    hub = Hub(tmp_path_factory.mktemp("histories"))

    def put(part: str) -> bytes:
        lines = [line for case in CASES.values() for line in getattr(case, part)]
        ordinary = [line for n in range(100) for line in report(f"F{n}", "30", offences=["13A"])]
        return text_of([*lines, *ordinary])

    receipt = hub.deliver(put("first"))
    hub.deliver(put("second"), sequence=2, kind="delta")
    hub.build()
    first = hub.count()
    hub.deliver(put("later"), quarter="2025Q2")
    hub.build()
    return Told(first, hub.count("2025Q2"), {problem.code for problem in receipt.problems})


@pytest.mark.parametrize("number", CASES)
def test_a_history_is_worth_what_its_last_report_says(told: Told, number: str) -> None:
    assert told.first.get(number, NONE) == CASES[number].right, CASES[number].why


def test_only_what_a_later_quarter_adds_is_news_in_it(told: Told) -> None:
    assert told.later == {"C33": (1, 1, 0)}


def test_what_was_not_counted_is_named(told: Told) -> None:
    assert {"MS306", "MS322", "MS327", "MS330"} <= told.codes


def test_random_histories_stand_as_a_plain_model_says(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    histories = make_histories(60, seed=20)
    for delivery in histories.deliveries:
        hub.deliver(text_of(delivery.lines), **delivery.said)
    hub.build()
    assert compare(hub, histories) == []
