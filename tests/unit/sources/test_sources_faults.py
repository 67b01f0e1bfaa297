"""An ingest survives mutated files and being killed; a benchmark does the same at length."""

from pathlib import Path
from random import Random

import pytest
from faults import compare_mutated, describe, prepare, take_disturbed, take_mutated, take_slowly


@pytest.mark.parametrize("seed", range(7, 10))
def test_a_mutated_delivery_is_taken_or_refused_by_number_and_shows_no_value(seed: int) -> None:
    for number in range(12):
        _, wrong, _ = take_mutated(100 * seed + number)
        assert wrong == "", (seed, number)


@pytest.mark.parametrize("seed", range(3))
def test_what_validate_says_of_a_mutated_delivery_is_what_ingest_says(seed: int) -> None:
    for number in range(5):
        _, wrong, _ = compare_mutated(1000 * seed + number)
        assert wrong == "", (seed, number)


def test_an_ingest_that_was_killed_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    chance = Random(5)  # noqa: S311 - when to kill is no secret
    alone = tmp_path / "alone"
    prepare(alone, 40)
    take_slowly(str(alone))
    for number in range(3):
        folder = tmp_path / str(number)
        prepare(folder, 40)
        take_disturbed(folder, chance.uniform(0, 0.5))
        assert describe(folder) == describe(alone)
