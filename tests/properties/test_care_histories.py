"""One child in care moves the year's table by one row a year, in four years, whatever is retold.

The model's own SQL is run over made-up records that are made up anew for each build, so that every
retelling is among them. `python -m bench.histories` searches many more.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date

import jinja2
import pytest

from bench.histories import __main__ as printed
from bench.histories import care, replay
from bench.histories.care import TABLE, Told, play
from orchestration.guards.bounds import read_bounds
from privacy.policy.policy import Policy, load_policy


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


def draw_from(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - worlds, no secret


@pytest.mark.parametrize("seed", range(3))
def test_no_child_moves_the_table_further_than_the_policy_says(seed: int, policy: Policy) -> None:
    moved = care.search(draw_from(seed), 60, policy)
    assert moved.rows == 1
    assert printed.print_care(moved, policy)


def test_the_years_of_the_bound_are_reached_so_it_cannot_be_lowered(policy: Policy) -> None:
    moved = care.search(draw_from(1), 60, policy)
    assert moved.quarters == policy.stated_frames[TABLE].quarters == 4


def test_the_search_finds_a_model_that_counts_a_child_in_more_years(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is checked above can fail."""
    more = read_bounds(policy) | {"bound_care_years": 5}
    monkeypatch.setattr(replay, "read_bounds", lambda _: more)
    assert not printed.print_care(care.search(draw_from(1), 60, policy), policy)


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (
            "where {{ is_counted_in_fewer_quarters(",
            "where true or {{ is_counted_in_fewer_quarters(",
        ),
        (
            "group by record_number\n),\n\nin_care",
            "group by record_number, is_trafficked\n),\n\nin_care",
        ),
        ("select distinct record_number", "select record_number"),
        (
            "when children.is_reported then",
            "when rank() over (order by children.record_number) % 2 = 1 then",
        ),
    ],
    ids=["no limit of years", "a row for each answer", "a row for each absence", "by the others"],
)
def test_the_search_finds_a_model_that_lacks_a_rule(
    rule: str, broken: str, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = replay._read_model.__wrapped__

    def read_broken(folder: str, name: str) -> jinja2.Template:
        model = (replay.PROJECT / "models" / folder / f"{name}.sql").read_text("utf-8")
        assert rule in model
        from_string = jinja2.Environment.from_string
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                jinja2.Environment,
                "from_string",
                lambda self, text: from_string(self, text.replace(rule, broken)),
            )
            return read(folder, name)

    monkeypatch.setattr(replay, "_read_model", read_broken)
    assert not printed.print_care(care.search(draw_from(1), 60, policy), policy)


KEY = "0:c0"
IN_CARE = (KEY, date(2023, 5, 1), None, False, False)


def telling(quarter: date, *answers: bool | None) -> tuple[object, ...]:
    return (KEY, quarter, *answers)


def count(told: list[Told], policy: Policy, *, released: bool = True) -> Counter[str]:
    """Count the rows of one world whose years are built in order, by the year's fourth quarter."""
    cells = play(told, [(year, released) for year in range(len(told))], policy)
    return Counter({quarter: number for (_, quarter, _), number in cells.items()})


def test_what_a_later_file_retells_of_an_earlier_year_is_counted_nowhere(policy: Policy) -> None:
    """The year was released without the child, and the next counts its own half-years alone."""
    first = Told([], [IN_CARE], [])
    retold = Told([telling(date(2024, 1, 1), True, True, None, None)], [IN_CARE], [])
    assert count([first, retold], policy) == {}


def test_a_child_counts_in_a_year_once_however_often_the_year_is_built(policy: Policy) -> None:
    told = Told([telling(date(2024, 7, 1), True, True, None, None)], [IN_CARE, IN_CARE], [])
    cells = play([told, told, told], [(0, False), (0, False), (0, True)], policy)
    assert list(cells.values()) == [1]


def test_years_that_were_not_released_count_towards_no_limit(policy: Policy) -> None:
    told = [Told([telling(date(2024 + year, 1, 1), None, None, None, None)
                  for year in range(8)], [IN_CARE], [])] * 8  # fmt: skip
    assert len(count(told, policy)) == 4
    passed = [(year, year >= 5) for year in range(8)]
    assert {quarter for _, quarter, _ in play(told, passed, policy)} == {
        "2029-10-01",
        "2030-10-01",
        "2031-10-01",
    }


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((True, True, False, None), "reported"),
        ((True, False, True, True), "reported"),
        ((True, False, True, False), "not_reported"),
        ((True, False, True, None), "not_known"),
        ((True, None, False, None), "not_known"),
        ((False, None, True, False), "not_reported"),
        ((False, True, None, True), "not_trafficked"),
        ((None, None, None, None), "not_trafficked"),
    ],
)
def test_a_child_is_reported_where_any_of_its_trafficking_is(
    answers: tuple[bool | None, ...], expected: str, policy: Policy
) -> None:
    told = Told([telling(date(2024, 1, 1), *answers)], [IN_CARE], [])
    ((_, _, row),) = play([told], [(0, True)], policy)
    assert row == f"{KEY}/The state/never_absent/{expected}"


def test_what_either_half_year_says_holds_for_the_year(policy: Policy) -> None:
    halves = [
        telling(date(2024, 1, 1), False, None, True, True),
        telling(date(2024, 7, 1), False, None, False, None),
    ]
    ((_, _, row),) = play([Told(halves, [IN_CARE], [])], [(0, True)], policy)
    assert row.endswith("/reported")


@pytest.mark.parametrize(
    ("removal", "absence", "expected"),
    [
        ((date(2023, 5, 1), None, False, False), None, "never_absent"),
        ((date(2023, 5, 1), date(2023, 10, 1), False, False), None, "never_absent"),
        ((date(2023, 5, 1), date(2023, 9, 30), False, False), None, None),
        ((date(2024, 10, 1), None, False, False), None, None),
        ((date(2024, 9, 30), None, False, False), None, "never_absent"),
        ((date(2023, 5, 1), None, True, False), None, None),
        ((date(2023, 5, 1), date(2024, 2, 1), False, True), None, "absent_other"),
        ((date(2023, 5, 1), date(2024, 11, 1), False, True), None, "never_absent"),
        ((date(2023, 5, 1), None, False, False), (date(2024, 9, 30), None), "absent_other"),
        ((date(2023, 5, 1), None, False, False), (date(2024, 10, 1), None), "never_absent"),
        (
            (date(2023, 5, 1), None, False, False),
            (date(2023, 6, 1), date(2023, 10, 1)),
            "never_absent",
        ),
        (
            (date(2023, 5, 1), None, False, False),
            (date(2023, 6, 1), date(2023, 10, 2)),
            "absent_other",
        ),
    ],
)
def test_a_child_counts_if_it_was_in_care_and_absent_on_a_day_of_the_federal_year(
    removal: tuple[object, ...],
    absence: tuple[object, ...] | None,
    expected: str | None,
    policy: Policy,
) -> None:
    """October 2023 to September 2024, in the fourth quarter of 2024."""
    told = Told(
        [telling(date(2024, 1, 1), None, None, None, None)],
        [(KEY, *removal)],
        [(KEY, removal[0], *absence)] if absence else [],
    )
    rows = [row.split("/")[2] for _, _, row in play([told], [(0, True)], policy)]
    assert rows == ([expected] if expected else [])


def test_a_child_that_was_absent_and_trafficked_is_told_apart(policy: Policy) -> None:
    told = Told(
        [telling(date(2024, 1, 1), True, True, None, None)],
        [IN_CARE],
        [(KEY, IN_CARE[1], date(2024, 2, 1), date(2024, 2, 3))],
    )
    ((_, _, row),) = play([told], [(0, True)], policy)
    assert row == f"{KEY}/The state/absent_trafficked/reported"
