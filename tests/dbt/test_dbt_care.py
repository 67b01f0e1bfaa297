"""Children in care: which telling stands, and what it says of stays, absences and reports."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from dbt_vault import SEEDS, Vault

CARE = "path:models/intermediate"
CHILD = "CHILD0000001"

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def child(number: str = CHILD, *, is_whole: bool = True, **values: str) -> dict[str, str]:
    """A line of a child; blank where nothing is said."""
    told = {"e4_child_record_number": number, "e5_date_of_birth": "20100115", "e6_sex": "2"}
    told |= {"is_whole": "yes" if is_whole else "no"}
    names = {"before": "e106_prior_victim_sex_trafficking", "during": "e109_victim_sex_trafficking"}
    return told | {names.get(name, name): value for name, value in values.items()}


def removal(day: str, left: str = "", number: str = CHILD, **values: str) -> dict[str, str]:
    names = {"trafficked": "e99_sex_trafficking", "county": "e3_local_agency"}
    names |= {"ran": "e72_runaway", "missing": "e73_whereabouts_unknown"}
    return {
        "e4_child_record_number": number,
        "e69_removal_date": day,
        "e153_exit_date": left,
        "e155_exit_reason": "1" if left else "9",
    } | {names.get(name, name): value for name, value in values.items()}


def setting(removed: str, day: str, kind: str = "", number: str = CHILD) -> dict[str, str]:
    return {
        "e4_child_record_number": number,
        "e69_removal_date": removed,
        "e112_date_living_arrangement": day,
        "e120_other_living_arrangement_type": kind,
    }


def report(answer: str, day: str = "", number: str = CHILD, *, in_care: bool) -> dict[str, str]:
    kind = ("e110_", "e111_", "") if in_care else ("e107_", "e108_", "prior_")
    word = f"{kind[2]}victim_sex_trafficking_reported"
    return {
        "e4_child_record_number": number,
        f"{kind[0]}{word}": answer,
        f"{kind[1]}{word}_date": day,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Two half-years about some children; each test looks at its own."""
    numbers = {
        name: f"{name.upper():_<12}" for name in ("old", "back", "run", "day", "told", "bad")
    }
    back, run, day, told = (numbers[name] for name in ("back", "run", "day", "told"))
    first: Tables = {
        "children": [
            child(before="1", during="0"),
            child(numbers["old"]),
            child(back),
            child(run),
            child(day),
            child(told, before="1", during="1"),
        ],
        "removals": [
            removal("20241101"),
            removal("20241001", "20241115", numbers["old"]),
            removal("20250201", number=back),
            removal("20250105", number=run, trafficked="1", ran="1", county="29510"),
            removal("20250110", "20250320", day, county="53999", missing="0"),
            removal("20250110", number=told),
        ],
        "former_removals": [
            {
                "e4_child_record_number": back,
                "e69_removal_date": "20190101",
                "e153_exit_date": "20200101",
            }
        ],
        "living_arrangements": [
            setting("20250105", "20250105", number=run),
            setting("20250105", "20250110", "12", run),
            setting("20250105", "20250120", "13", run),
            setting("20250105", "20250201", "4", run),
            setting("20250105", "20250310", "13", run),
            setting("20250110", "20250110", "12", day),
            setting("20250110", "20250110", "1", day),
            setting("20250110", "20250301", "12", day),
        ],
        "reports_before_care": [
            report("0", number=told, in_care=False),
            report("1", "20241220", told, in_care=False),
            report("1", "20241210", told, in_care=False),
            report("1", "20241210", told, in_care=False),
        ],
        "reports_in_care": [report("1", "20250402", told, in_care=True)],
    }
    second: Tables = {
        "children": [child(before="0", during="1")],
        "removals": [removal("20241102", "20250501")],
    }
    vault = Vault(tmp_path_factory.mktemp("care") / "vault")
    vault.deliver(
        "dss",
        "2025Q1",
        1,
        "full",
        {
            "child_file": [
                dss("R1", "C1", CHILD, "01152010"),
                dss("R2", "C2", back, "02022012"),
                dss("R3", "C3", run, ""),
                dss("R4", "C4", run, ""),
            ]
        },
    )
    vault.deliver("care", "2025Q3", 1, "full", second)
    vault.deliver("care", "2025Q1", 1, "full", first)
    vault.build(SEEDS, CARE, quarter="2025Q4")
    return vault


def dss(report_id: str, child_id: str, number: str, born: str) -> dict[str, str]:
    return {
        "rptid": report_id,
        "chid": child_id,
        "afcarsid": number,
        "chbdate": born,
        "rptdt": "01152025",
    }


def ask(vault: Vault, query: str) -> list[tuple[Any, ...]]:
    return vault.rows(query)


def name(short: str) -> str:
    return f"'{short.upper():_<12}'"


def test_the_newest_half_year_stands_though_it_came_first(made: Vault) -> None:
    children = "select strftime(delivery_quarter_start, '%Y-%m-%d'), was_trafficked_before_care, "
    children += "was_trafficked_in_care from intermediate.int_care__children where "
    assert ask(made, f"{children} record_number = '{CHILD}'") == [("2025-07-01", False, True)]
    tellings = "select strftime(period_start, '%Y-%m-%d'), strftime(period_end, '%Y-%m-%d'), "
    tellings += "was_trafficked_in_care, is_newest from intermediate.int_care__tellings where "
    assert ask(made, f"{tellings} record_number = '{CHILD}'") == [
        ("2024-10-01", "2025-03-31", False, False),
        ("2025-04-01", "2025-09-30", True, True),
    ]


def test_a_removal_that_the_newest_whole_telling_has_no_more_is_gone(made: Vault) -> None:
    days = "select strftime(removal_date, '%Y%m%d') from intermediate.int_care__removals where "
    assert ask(made, f"{days} record_number = '{CHILD}'") == [("20241102",)]


def test_a_child_that_a_newer_file_does_not_tell_stays(made: Vault) -> None:
    days = "select strftime(exit_date, '%Y%m%d') from intermediate.int_care__removals where "
    assert ask(made, f"{days} record_number = {name('old')}") == [("20241115",)]


def test_a_former_removal_says_only_that_the_child_was_in_care_before(made: Vault) -> None:
    rows = ask(
        made,
        "select strftime(removal_date, '%Y'), is_former, is_newest, is_because_of_trafficking, "  # noqa: S608
        f"county from intermediate.int_care__removals where record_number = {name('back')}",
    )
    assert rows == [("2019", True, False, None, "Unknown"), ("2025", False, True, None, "Unknown")]


def test_a_removal_has_its_county_and_circumstances_and_blank_is_not_no(made: Vault) -> None:
    rows = ask(
        made,
        "select record_number, county_fips, county, is_because_of_trafficking, had_run_away, "  # noqa: S608
        "was_missing from intermediate.int_care__removals "
        f"where record_number in ({name('run')}, {name('day')})",
    )
    assert rows == [
        ("DAY_________", None, "Unknown", None, None, False),
        ("RUN_________", "29510", "St. Louis city", True, True, None),
    ]


def test_adjoining_absences_are_one_and_end_with_the_next_setting_or_the_exit(made: Vault) -> None:
    rows = ask(
        made,
        "select record_number, absence_number, strftime(start_date, '%m%d'), "
        "strftime(end_date, '%m%d'), is_runaway, is_whereabouts_unknown "
        "from intermediate.int_care__absences",
    )
    assert rows == [
        ("DAY_________", 1, "0110", "0110", True, False),
        ("DAY_________", 2, "0301", "0320", True, False),
        ("RUN_________", 1, "0110", "0201", True, True),
        ("RUN_________", 2, "0310", None, False, True),
    ]


def test_each_day_of_a_report_counts_once_and_any_yes_is_one(made: Vault) -> None:
    rows = ask(
        made,
        "select was_reported_before_care, was_reported_in_care, "  # noqa: S608
        "strftime(first_report_before_care, '%Y%m%d'), strftime(first_report_in_care, '%Y%m%d') "
        f"from intermediate.int_care__children where record_number = {name('told')}",
    )
    assert rows == [(True, True, "20241210", "20250402")]
    days = ask(
        made,
        "select is_in_care, strftime(report_date, '%Y%m%d'), is_after_period "  # noqa: S608
        f"from intermediate.int_care__police_reports where record_number = {name('told')}",
    )
    assert days == [
        (False, "20241210", False),
        (False, "20241220", False),
        (True, "20250402", True),
    ]


def test_a_child_is_joined_by_its_number_alone_and_to_nobody_where_two_bear_it(made: Vault) -> None:
    rows = ask(
        made,
        "select record_number, child_id, agrees_on_birth_date from intermediate.int_care__children "  # noqa: S608
        f"where record_number in ('{CHILD}', {name('back')}, {name('run')}, {name('old')})",
    )
    assert rows == [
        ("BACK________", "C2", False),
        (CHILD, "C1", True),
        ("OLD_________", None, None),
        ("RUN_________", None, None),
    ]


DELIVERIES = (
    ("2024Q3", 1, "full"),
    ("2025Q1", 1, "full"),
    ("2025Q1", 2, "delta"),
    ("2025Q3", 1, "full"),
    ("2025Q3", 2, "full"),
)
"""In the order of what they tell; the last one replaces the one before it."""

REMOVED = ("20240105", "20240210", "20250101")
PLACED = ("20250101", "20250110", "20250120")


def draw_histories(chance: random.Random, count: int) -> list[dict[str, list[dict[str, str]]]]:
    """Lines of each delivery; each tells some of the children, not always in full."""
    told: list[dict[str, list[dict[str, str]]]] = []
    for _ in DELIVERIES:
        tables: dict[str, list[dict[str, str]]] = {
            name: [] for name in ("children", "removals", "living_arrangements")
        }
        for place in range(count):
            if chance.random() < 0.3:
                continue
            number = f"{place:012d}"
            whole = chance.random() < 0.6
            told_child = child(number, is_whole=whole, before=chance.choice("01"))
            tables["children"].append(told_child)
            for day in chance.sample(REMOVED, chance.randint(0, 3)):
                county = chance.choice(("29510", "29189"))
                tables["removals"].append(removal(day, number=number, county=county))
                for start in chance.sample(PLACED, chance.randint(0, 3)):
                    kind = chance.choice(("", "4", "12", "13"))
                    tables["living_arrangements"].append(setting(day, start, kind, number))
        told.append(tables)
    return told


def work_out(told: list[dict[str, list[dict[str, str]]]]) -> dict[str, set[tuple[str, ...]]]:
    """What stands of each child, found by telling it again from the oldest to the newest."""
    standing: dict[str, set[tuple[str, ...]]] = {"children": set(), "removals": set()}
    stays: dict[str, dict[str, str]] = {}
    answers: dict[str, str] = {}
    for place, tables in enumerate(told):
        if DELIVERIES[place] == ("2025Q3", 1, "full"):
            continue
        for line in tables["children"]:
            number = line["e4_child_record_number"]
            answers[number] = line["e106_prior_victim_sex_trafficking"]
            if line["is_whole"] == "yes":
                stays[number] = {}
        for line in tables["removals"]:
            number = line["e4_child_record_number"]
            stays.setdefault(number, {})[line["e69_removal_date"]] = line["e3_local_agency"]
    standing["children"] = set(answers.items())
    standing["removals"] = {
        (number, day, county) for number, days in stays.items() for day, county in days.items()
    }
    return standing


@pytest.mark.parametrize("seed", [1, 2])
def test_what_stands_follows_from_half_years_and_not_from_arrival(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    told = draw_histories(chance, 200)
    order = [*range(len(DELIVERIES))]
    chance.shuffle(order)
    vault = Vault(tmp_path_factory.mktemp("histories") / "vault")
    for place in order:
        quarter, sequence, kind = DELIVERIES[place]
        vault.deliver("care", quarter, sequence, kind, told[place])
    vault.build(SEEDS, CARE, quarter="2025Q4")
    expected = work_out(told)
    children = "select record_number, case when was_trafficked_before_care then '1' else '0' end "
    assert (
        set(ask(vault, f"{children} from intermediate.int_care__children"))
        == (expected["children"])
    )
    stays = "select record_number, strftime(removal_date, '%Y%m%d'), county_fips "
    assert set(ask(vault, f"{stays} from intermediate.int_care__removals")) == expected["removals"]


def test_everything_builds_where_nothing_was_ever_delivered(made: Vault) -> None:
    vault = Vault(made.folder.with_name("without"))
    vault.build(SEEDS, CARE, "path:models/core", quarter="2025Q1")
    assert ask(vault, "select count(*) from intermediate.int_care__children") == [(0,)]
