import sys
from collections import Counter
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from modelled_examples import (
    FRAME,
    MARGINALS,
    SCALE,
    Leaves,
    draw_leaves,
    measure,
    tabulate,
)

from privacy.counts.counts import count_tables
from privacy.engine.frames import ROWS, Frame, Level, Marginal
from privacy.engine.reconstruction import NoisyTable, Reconstruction
from privacy.errors import PrivacyError
from privacy.modelled import synthesis
from privacy.modelled.synthesis import synthesise
from privacy.released import SyntheticFrame

TINY = Frame(
    "tiny",
    ROWS,
    (
        Level("state", ("Missouri",), ()),
        Level("troop", ("A", "B", "Unknown"), (0, 0, 0)),
    ),
    ("age", "sex", "kind"),
    (("old", "young"), ("f", "m"), ("1", "2")),
    bound=1,
)
PUBLISHED = [Marginal(0, ()), Marginal(1, (0, 1)), Marginal(1, (2,)), Marginal(0, (1, 2))]


@cache
def tell() -> tuple[list[NoisyTable], dict[str, tuple[Marginal, Leaves]]]:
    tables = measure(draw_leaves(np.random.default_rng(20)), np.random.default_rng(21))
    published = [Marginal(0, ()), Marginal(1, (0, 1)), Marginal(3, (0,)), Marginal(3, (1,))]
    counts = count_tables(FRAME, published, Reconstruction(FRAME, tables))
    return tables, {f"table {place}": (one, counts[one]) for place, one in enumerate(published)}


@cache
def make() -> SyntheticFrame:
    return synthesise(FRAME, *tell())


def tabulate_records(frame: Frame, made: SyntheticFrame, marginal: Marginal) -> Leaves:
    columns = dict(zip(made.columns, map(list, zip(*made.records, strict=True)), strict=True))
    leaves = np.bincount(frame.compute_leaves(columns), minlength=frame.leaf_count)
    return tabulate(leaves, marginal, frame)


def test_records_are_whole_leaves_of_the_frame_and_nothing_else() -> None:
    made = make()
    assert made.frame == "children"
    assert made.columns == ("county", "age", "sex")
    leaves = {*FRAME.levels[-1].keys}, {*FRAME.keys[0]}, {*FRAME.keys[1]}
    for record in made.records:
        assert len(record) == 3
        assert all(key in keys for key, keys in zip(record, leaves, strict=True))


def test_there_are_as_many_records_as_children_were_counted() -> None:
    assert len(make().records) == tell()[1]["table 0"][1].sum()


@pytest.mark.parametrize("name", ["table 0", "table 2", "table 3"])
def test_tables_of_single_columns_of_the_finest_units_are_met(name: str) -> None:
    marginal, counts = tell()[1][name]
    assert np.array_equal(tabulate_records(FRAME, make(), marginal), counts)


def test_the_moves_are_those_between_records_and_published_counts() -> None:
    for (name, (marginal, counts)), moved in zip(tell()[1].items(), make().moved, strict=True):
        distance = np.abs(tabulate_records(FRAME, make(), marginal) - counts)
        assert moved == (name, distance.mean(), distance.max())


def test_a_crossed_table_of_larger_units_moves_little() -> None:
    name, mean, largest = make().moved[1]
    assert name == "table 1"
    assert mean < 1.0
    assert largest <= 3.0


def test_the_same_measurements_give_the_same_records() -> None:
    assert synthesise(FRAME, *tell()) == make()


def measure_tiny(leaves: Leaves, chance: np.random.Generator) -> list[NoisyTable]:
    tables = [*PUBLISHED, Marginal(1, (0, 2))]
    return [
        NoisyTable(one, SCALE, [int(cell + chance.normal(0, SCALE)) for cell in cells])
        for one in tables
        for cells in [tabulate(leaves, one, TINY).reshape(-1)]
    ]


def describe(frame: Frame, tables: list[NoisyTable], published: list[Marginal]) -> Mapping:
    counts = count_tables(frame, published, Reconstruction(frame, tables))
    return {str(one): (one, counts[one]) for one in published}


def test_measured_crossings_show_in_the_records_though_they_are_not_published() -> None:
    """Old children are all of kind 1 and young ones of kind 2: only a measured table says so."""
    leaves = np.zeros((3, 2, 2, 2), dtype=np.int64)
    leaves[:, 0, :, 0] = leaves[:, 1, :, 1] = 30
    tables = measure_tiny(leaves, np.random.default_rng(3))
    made = synthesise(TINY, tables, describe(TINY, tables, PUBLISHED))
    kinds = Counter((age, kind) for _, age, _, kind in made.records)
    assert kinds["old", "1"] + kinds["young", "2"] > 0.85 * len(made.records)
    assert all(largest <= 2 for _, _, largest in made.moved)


def test_totals_of_finest_units_that_are_not_published_follow_the_measurements() -> None:
    leaves = np.zeros((3, 2, 2, 2), dtype=np.int64)
    leaves[1] = 20
    tables = measure_tiny(leaves, np.random.default_rng(4))
    made = synthesise(TINY, tables, describe(TINY, tables, [Marginal(0, ())]))
    units = Counter(record[0] for record in made.records)
    assert units["B"] > 0.85 * len(made.records)
    assert made.moved == ((str(Marginal(0, ())), 0.0, 0.0),)


def test_a_frame_counted_as_empty_has_no_records() -> None:
    tables = [NoisyTable(Marginal(0, ()), SCALE, [-4])]
    made = synthesise(FRAME, tables, describe(FRAME, tables, [Marginal(0, ())]))
    assert made.records == ()
    assert made.moved == ((str(Marginal(0, ())), 0.0, 0.0),)


def test_limits_that_cannot_all_be_kept_are_broken_as_little_as_can_be() -> None:
    """Three pairs of three columns, each of which says that its two differ: no child can."""
    published = [Marginal(1, (0, 1)), Marginal(1, (0, 2)), Marginal(1, (1, 2))]
    apart = np.zeros((3, 2, 2), dtype=np.int64)
    apart[0] = [[0, 2], [2, 0]]
    counts = {str(one): (one, apart) for one in published}
    tables = [NoisyTable(one, SCALE, apart.reshape(-1).tolist()) for one in published]
    made = synthesise(TINY, tables, counts)
    assert len(made.records) == 4
    assert max(largest for _, _, largest in made.moved) <= 2.0


def test_a_frame_with_too_many_leaves_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "MOST_LEAVES", FRAME.leaf_count - 1)
    with pytest.raises(PrivacyError, match=r"MS660: .* children .* 186 .* at most 185"):
        synthesise(FRAME, *tell())


def test_without_mbi_the_refusal_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mbi", None)
    with pytest.raises(PrivacyError, match="MS661"):
        synthesise(FRAME, *tell())


def test_mbi_keeps_hold_of_no_stderr_that_somebody_else_opened(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its handler closes what it holds, here what captures the console, when logging is reset."""
    make()
    import absl.logging

    assert sys.stderr is not sys.__stderr__
    assert absl.logging.get_absl_handler().python_handler.stream is sys.__stderr__


def test_importing_the_module_imports_neither_jax_nor_mbi() -> None:
    import subprocess

    code = "import privacy.modelled.synthesis, sys; print({'jax', 'mbi'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_every_measured_table_of_the_example_reaches_the_finest_units() -> None:
    """Else the records could not follow them there."""
    assert {table.marginal for table in tell()[0]} == set(MARGINALS)
