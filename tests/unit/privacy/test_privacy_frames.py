from itertools import product
from pathlib import Path

import numpy as np
import pytest
from frame_examples import LEVELS, example_frame

from privacy.engine.frames import LINKED, Coded, Frame, Marginal
from privacy.errors import PrivacyError
from privacy.policy.geography import load_levels

COUNTIES = """county,region,valid_to
Adair,West,9999-12-31
Adair,East,2021-01-01
Boone,East,9999-12-31
Clay,West,9999-12-31
Dade,West,9999-12-31
"""
KEYS = {level.name: level.keys for level in LEVELS}
CHAIN = tuple(KEYS)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "counties.csv"
    path.write_text(COUNTIES, encoding="utf-8")
    return path


def test_levels_follow_the_order_of_the_key_lists(tree: Path) -> None:
    assert load_levels(tree, CHAIN, KEYS) == LEVELS


def test_a_chain_may_end_above_the_finest_level(tree: Path) -> None:
    assert load_levels(tree, ("state", "region"), KEYS) == LEVELS[:2]
    assert load_levels(tree, ("state",), KEYS) == LEVELS[:1]


@pytest.mark.parametrize(
    ("text", "chain", "keys", "words"),
    [
        ("", CHAIN, KEYS, "has no line"),
        ("region,county\n", CHAIN, KEYS, "has no line"),
        (COUNTIES.replace("region", "area"), CHAIN, KEYS, "lacks one of the columns region"),
        (COUNTIES.replace("valid_to", "until"), CHAIN, KEYS, "county, valid_to"),
        (COUNTIES + "Ozark,West\n", CHAIN, KEYS, "shorter than the header"),
        (COUNTIES + "Ozark,West,9999-12-31,x\n", CHAIN, KEYS, "longer or"),
        (COUNTIES + "Ozark,,9999-12-31\n", CHAIN, KEYS, "lacks a unit"),
        (COUNTIES + "Adair,East,9999-12-31\n", CHAIN, KEYS, "level county lies in two units"),
        (COUNTIES + "Ozark,East,9999-12-31\n", CHAIN, KEYS, "not those of the key list county"),
        (COUNTIES, CHAIN, {**KEYS, "region": ("East", "West", "South")}, "key list region.csv"),
        (COUNTIES, CHAIN, {**KEYS, "county": ("Adair", "Boone", "Clay", "Ozark")}, "key list"),
        (COUNTIES, ("state",), {"state": ("Missouri", "Kansas")}, "the top and must have one unit"),
    ],
)
def test_a_tree_that_does_not_fit_is_refused_in_a_sentence(
    tree: Path, text: str, chain: tuple[str, ...], keys: dict[str, tuple[str, ...]], words: str
) -> None:
    tree.write_text(text, encoding="utf-8")
    with pytest.raises(PrivacyError, match=rf"MS640: .*counties\.csv.*{words}"):
        load_levels(tree, chain, keys)


def test_a_finest_unit_without_a_county_is_a_unit_of_every_level(tree: Path) -> None:
    keys = {name: (*listed, "Unknown") for name, listed in KEYS.items() if name != "state"}
    levels = load_levels(tree, CHAIN, {"state": KEYS["state"], **keys})
    assert [level.keys[-1] for level in levels[1:]] == ["Unknown"] * 2
    assert levels[1].keys[levels[2].parents[-1]] == "Unknown"


def test_a_missing_tree_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match=r"MS640.*missing"):
        load_levels(tmp_path / "counties.csv", CHAIN, KEYS)


def test_a_cell_of_a_leaf_has_the_units_and_keys_of_the_leaf() -> None:
    frame = example_frame()
    leaves = list(product(range(4), range(2), range(3)))
    whole = [(unit * 2 + sex) * 3 + age for unit, sex, age in leaves]
    assert frame.find_cell_of_leaf(frame.whole).tolist() == whole
    by_region = [LEVELS[2].parents[unit] * 3 + age for unit, _, age in leaves]
    assert frame.find_cell_of_leaf(Marginal(1, (1,))).tolist() == by_region
    assert set(frame.find_cell_of_leaf(Marginal(0, ()))) == {0}
    assert frame.count_cells(Marginal(1, (1,))) == 6
    assert frame.find_shape(frame.whole) == (4, 2, 3)


def test_cells_of_a_finer_table_lie_in_cells_of_a_coarser_one() -> None:
    frame = example_frame()
    fine, coarse = Marginal(2, (0, 1)), Marginal(1, (1,))
    found = frame.find_cells(fine, coarse)[frame.find_cell_of_leaf(fine)]
    assert found.tolist() == frame.find_cell_of_leaf(coarse).tolist()


def test_leaves_are_found_by_keys_and_by_codes_alike() -> None:
    frame = example_frame()
    named = {"county": ["Dade", "Adair"], "sex": ["m", "f"], "age": ["x", "old"]}
    coded = {
        **named,
        "county": Coded(np.array([1, 2], dtype=np.int8), ("Ozark", "Dade", "Adair")),
        "age": Coded(np.array([0, 1]), ("x", "old")),
    }
    assert frame.compute_leaves(named).tolist() == [23, 0]
    assert frame.compute_leaves(coded).tolist() == [23, 0]


@pytest.mark.parametrize("code", [0, 2, -1])
def test_a_code_without_a_listed_key_names_its_column_only(code: int) -> None:
    column = Coded(np.array([1, code]), ("Ozark", "Adair"))
    with pytest.raises(KeyError) as caught:
        example_frame().compute_leaves({"county": column, "sex": ["m", "f"], "age": ["x", "x"]})
    assert caught.value.args == ("county",)


def test_a_column_with_one_key_is_no_axis() -> None:
    frame = Frame("f", "rows", LEVELS[:1], ("only", "sex"), (("a",), ("f", "m")), 1)
    assert frame.find_axes(("only", "sex", "other")) == (1,)
    assert frame.whole == Marginal(0, (1,))


def test_levels_are_found_by_name() -> None:
    assert example_frame().find_level("county") == 2
    with pytest.raises(ValueError, match="circuit"):
        example_frame().find_level("circuit")


def test_a_distance_is_never_rounded_down() -> None:
    assert example_frame(LINKED, 9).distance == 3.0
    assert example_frame(LINKED, 5).distance ** 2 > 5
    assert example_frame(bound=2).distance == 2.0
