"""One identity moves the table of who knows the year's children by no more than is proved."""

from __future__ import annotations

import random
from collections import Counter

import duckdb
import pyarrow as pa

from linkage.matching import match_year
from privacy.policy.frames import bound_linked

TOKENS = pa.schema(
    [
        ("token", pa.string()),
        ("name_year_token", pa.string()),
        ("name_token", pa.string()),
        ("part_tokens", pa.list_(pa.string())),
        ("sex_group", pa.string()),
    ]
)
CHILD = pa.schema([("child_id", pa.string()), *TOKENS, ("birth_year", pa.int64())])
VICTIM = pa.schema(
    [("victim_key", pa.string()), *TOKENS, ("born_from", pa.int64()), ("born_to", pa.int64())]
)
UNIT = pa.schema([("unit_id", pa.string()), ("agency_pattern", pa.string()), *list(CHILD)[1:]])
YEARS = 3
ALONE = 3
"""What is proved of one child or one record."""
World = dict[int, tuple[list[dict[str, object]], list[dict[str, object]]]]


def make_person(rng: random.Random) -> dict[str, object]:
    """Tokens of one of a few names and birth dates, as the recipe would make them, or nearly."""
    first, last = rng.choice("ab"), rng.choice("cd")
    year = rng.choice([2009, 2009, 2010])
    dated = rng.random() < 0.8
    born = f"{year}{rng.choice('112')}"
    part = rng.choice("cde")  # as no recipe makes it: other parts, one sound
    return {
        "token": f"{first}{last}{born}" if dated else None,
        "name_year_token": f"{first}{last}{year}" if dated else None,
        "name_token": f"{first}{last}",
        "part_tokens": [f"{first}{born}", f"{part}{born}"] if dated else None,
        "sex_group": rng.choice(["female", "female", "male", "unknown"]),
    }


def make_world(rng: random.Random) -> World:
    world: World = {}
    for year in range(YEARS):
        children = [
            {"child_id": f"c{year}{n}", **make_person(rng), "birth_year": rng.choice([2009, 2010])}
            for n in range(rng.randint(0, 4))
        ]
        victims = [
            {"victim_key": f"v{year}{n}", **make_person(rng), "born_from": born, "born_to": born}
            for n in range(rng.randint(0, 5))
            for born in (rng.choice([2009, 2010]),)
        ]
        world[year] = children, victims
    return world


def count_all(
    copies: list[tuple[World, set[str]]], rng: random.Random
) -> list[Counter[tuple[int, str]]]:
    """Cells of each world without those who are gone; copies lie side by side, and never meet.

    Rows come in any order, as from a warehouse, so each copy has another one.
    """
    cells: list[Counter[tuple[int, str]]] = [Counter() for _ in copies]
    before = duckdb.from_arrow(UNIT.empty_table())
    for year in range(YEARS):
        rows: tuple[list[dict[str, object]], list[dict[str, object]]] = ([], [])
        for number, (world, gone) in enumerate(copies):
            for kind, people in enumerate(world.get(year, ([], []))):
                key = ("child_id", "victim_key")[kind]
                rows[kind].extend(mark(one, number) for one in people if one[key] not in gone)
        for one_kind in rows:
            rng.shuffle(one_kind)
        made = match_year(
            duckdb.from_arrow(pa.Table.from_pylist(rows[0], CHILD)),
            duckdb.from_arrow(pa.Table.from_pylist(rows[1], VICTIM)),
            before,
            duckdb.sql("select 'k' as order_key"),
        )
        for row in made.select(["unit_id", "agency_pattern"]).to_pylist():
            cells[int(row["unit_id"].split(":")[0])][year, row["agency_pattern"]] += 1
        before = duckdb.from_arrow(made)
    return cells


def mark(person: dict[str, object], number: int) -> dict[str, object]:
    """The same person in one copy: ids and tokens begin with its number."""
    return {
        key: [f"{number}:{part}" for part in value]
        if isinstance(value, list)
        else f"{number}:{value}"
        if isinstance(value, str) and key != "sex_group"
        else value
        for key, value in person.items()
    }


def count(world: World, gone: set[str]) -> Counter[tuple[int, str]]:
    return count_all([(world, gone)], random.Random(1))[0]  # noqa: S311 - an order, no secret


def distance(one: Counter[tuple[int, str]], other: Counter[tuple[int, str]]) -> int:
    return sum((one[cell] - other[cell]) ** 2 for cell in one | other)


def test_a_record_a_child_and_an_identity_move_no_more_than_is_proved() -> None:
    rng = random.Random(5)  # noqa: S311 - worlds, no secret
    copies: list[tuple[World, set[str]]] = []
    here: list[int] = []
    for _ in range(150):
        world = make_world(rng)
        children = [str(c["child_id"]) for of_year, _ in world.values() for c in of_year]
        records = [str(v["victim_key"]) for _, of_year in world.values() for v in of_year]
        pairs = [{child, record} for child in children for record in records]
        gone = [set(), set(), *({one} for one in (*children, *records)), *pairs]
        here += [len(copies)] * len(gone)
        copies += [(world, one) for one in gone]
    cells = count_all(copies, rng)
    furthest = dict.fromkeys((0, 1, 2), 0)
    for place, (found, (_, gone)) in enumerate(zip(cells, copies, strict=True)):
        moved = distance(cells[here[place]], found)
        furthest[len(gone)] = max(furthest[len(gone)], moved)
    assert furthest[0] == 0  # the order of rows moves nothing
    assert furthest[1] <= ALONE
    assert 5 <= furthest[2] <= bound_linked(None)


def test_records_of_one_sound_and_other_tokens_are_units_of_their_own() -> None:
    """A unit that took its other tokens from one of its records moved when that one was gone."""
    sound = {"token": "t", "name_year_token": None, "name_token": None, "sex_group": "female"}
    born = {"born_from": None, "born_to": None}
    victims: list[dict[str, object]] = [
        {"victim_key": f"v{part}", **sound, "part_tokens": [part], **born} for part in "pq"
    ]
    child = {"child_id": "c", **sound, "token": "c", "part_tokens": ["p"], "birth_year": 2010}
    assert count({0: ([child], victims)}, set()) == {(0, "both"): 1, (0, "mshp_only"): 1}


def test_the_bound_is_reached_so_it_cannot_be_lowered() -> None:
    """A path of four loses its middle, and next year the child is missed again."""
    one, two = "a1", "b1"
    tokens = {"name_year_token": None, "name_token": None, "sex_group": "female"}

    def person(name: str, *parts: str) -> dict[str, object]:
        return {**tokens, "token": name, "part_tokens": list(parts)}

    world: World = {
        0: (
            [
                {"child_id": "c", **person("c", "p", "q"), "birth_year": 2010},
                {"child_id": "end", **person("end", "r"), "birth_year": 2010},
            ],
            [
                {"victim_key": one, **person("one", "q", "r"), "born_from": None, "born_to": None},
                {"victim_key": two, **person("two", "p"), "born_from": None, "born_to": None},
            ],
        ),
        1: ([], [{"victim_key": "v", **person("c"), "born_from": None, "born_to": None}]),
    }
    assert count(world, set()) == {(0, "both"): 2}
    assert count(world, {"c", one}) == {
        (0, "dss_only"): 1,
        (0, "mshp_only"): 1,
        (1, "mshp_only"): 1,
    }
    assert distance(count(world, set()), count(world, {"c", one})) == bound_linked(None)


def test_a_name_alone_is_enough_where_one_agency_knows_no_birth_date() -> None:
    """Of a dated unit the recorded age says nothing: another record of it may say another one."""
    name = {"name_token": "n", "name_year_token": None, "part_tokens": None, "sex_group": "female"}
    child = {"child_id": "c", **name, "token": None, "birth_year": 2010}
    victim = {"victim_key": "v", **name, "token": None, "born_from": 2010, "born_to": 2011}
    both, apart = {(0, "both"): 1}, {(0, "dss_only"): 1, (0, "mshp_only"): 1}
    older = {"born_from": 2001, "born_to": 2002}
    assert count({0: ([child], [victim])}, set()) == both
    assert count({0: ([child], [{**victim, **older}])}, set()) == apart
    assert count({0: ([child], [{**victim, **older, "token": "t"}])}, set()) == both
    assert count({0: ([{**child, "token": "s"}], [victim])}, set()) == both
    assert count({0: ([{**child, "token": "s"}], [{**victim, "token": "t"}])}, set()) == apart


def test_children_of_the_year_before_are_not_police_only() -> None:
    person = {**make_person(random.Random(1)), "token": "t", "sex_group": "female"}  # noqa: S311
    victim = {"victim_key": "v", **person, "born_from": None, "born_to": None}
    child = {"child_id": "c", **person, "birth_year": 2010}
    assert count({0: ([child], []), 1: ([], [victim])}, set()) == {(0, "dss_only"): 1}
    assert count({0: ([], []), 1: ([], [victim])}, set()) == {(1, "mshp_only"): 1}
