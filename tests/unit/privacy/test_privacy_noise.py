import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from frame_examples import BY_SEX, example_frame, fill
from opendp import mod

import privacy
from privacy.engine import noise
from privacy.engine.frames import AGGREGATE, LINKED, ROWS, Marginal, Query
from privacy.errors import PrivacyError

CODE = sorted(Path(privacy.__file__).parent.rglob("*.py"))


def modules_with(pattern: str) -> set[str]:
    return {path.name for path in CODE if re.search(pattern, path.read_text("utf-8"), re.MULTILINE)}


def by_sex(scale: float = 2.0, name: str = "by_sex") -> Query:
    return Query(name, BY_SEX, scale)


def test_one_file_imports_opendp_and_takes_exact_values() -> None:
    assert modules_with(r"^\s*(from|import) opendp") == {"noise.py"}
    assert modules_with(r"hand_over_to_noise\(") == {"exact.py", "noise.py"}


def test_there_is_no_other_randomness_in_this_room() -> None:
    sources = (
        r"\b(import random|random\.|secrets|urandom|getrandom|uuid[14]?|default_rng|scipy\.stats)"
    )
    assert modules_with(sources) == set()


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("privacy.released", "opendp numpy scipy"),
        ("privacy.policy.keys, privacy.ledger.ledger, privacy.engine.exact", "opendp scipy"),
    ],
)
def test_reading_a_release_or_the_ledger_loads_no_opendp(modules: str, absent: str) -> None:
    probe = f"import sys, {modules}; sys.exit(bool(set('{absent}'.split()) & set(sys.modules)))"
    root = Path(privacy.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", probe], check=False, cwd=root).returncode == 0


def test_a_frame_of_rows_costs_what_opendp_maps_for_its_bound() -> None:
    one = noise.FrameMechanism(example_frame(), [by_sex()])
    two = noise.FrameMechanism(example_frame(bound=2), [by_sex()])
    assert one.rho == Fraction(1, 8)
    assert two.rho == 4 * one.rho


def test_tables_of_one_frame_add_up() -> None:
    both = noise.FrameMechanism(example_frame(), [by_sex(), by_sex(4.0, "again")])
    assert both.rho == Fraction(1, 8) + Fraction(1, 32)


@pytest.mark.parametrize("kind", [AGGREGATE, LINKED])
def test_frames_of_counts_cost_their_declared_distance(kind: str) -> None:
    mechanism = noise.FrameMechanism(example_frame(kind, 1), [by_sex(), by_sex(4.0, "again")])
    assert mechanism.rho == Fraction(1, 8) + Fraction(1, 32)
    wider = noise.FrameMechanism(example_frame(LINKED, 5), [by_sex()])
    assert Fraction(5, 8) <= wider.rho < Fraction(5, 8) + Fraction(1, 10**12)


@pytest.mark.parametrize("kind", [ROWS, AGGREGATE, LINKED])
def test_drawn_cells_are_whole_numbers_around_the_sums(kind: str) -> None:
    frame = example_frame(kind)
    leaves = range(24) if kind == AGGREGATE else [0, 7, 13, 20, 3] * 400
    truth = [84, 84] if kind == AGGREGATE else [1600, 400]
    drawn = noise.FrameMechanism(frame, [by_sex()]).draw(fill(frame, list(leaves)))
    assert all(type(cell) is int for cell in drawn["by_sex"])
    assert all(abs(cell - true) < 30 for cell, true in zip(drawn["by_sex"], truth, strict=True))


@pytest.mark.parametrize("kind", [ROWS, AGGREGATE, LINKED])
def test_every_table_is_drawn_around_its_own_cells(kind: str) -> None:
    frame = example_frame(kind)
    leaves = list(range(24)) if kind == AGGREGATE else [22] * 1_000
    tables = [Marginal(2, (0, 1)), Marginal(1, (1,)), Marginal(0, ())]
    queries = [Query(str(number), table, 1.0) for number, table in enumerate(tables)]
    drawn = noise.FrameMechanism(frame, queries).draw(fill(frame, leaves))
    for number, table in enumerate(tables):
        truth = [0] * frame.count_cells(table)
        for leaf in leaves:
            truth[frame.find_cell_of_leaf(table)[leaf]] += 7 if kind == AGGREGATE else 1
        assert max(map(abs, map(int.__sub__, drawn[str(number)], truth))) < 20


def test_a_key_only_in_the_list_is_noise_on_zero() -> None:
    frame = example_frame()
    query = Query("all", frame.whole, 1.0)
    draws = [noise.FrameMechanism(frame, [query]).draw(fill(frame, []))["all"] for _ in range(40)]
    assert {len(cells) for cells in draws} == {24}
    assert any(cell for cells in draws for cell in cells)


def test_a_scale_below_1_is_refused() -> None:
    with pytest.raises(PrivacyError, match="MS611"):
        noise.FrameMechanism(example_frame(), [by_sex(0.999)])


def test_any_other_feature_of_opendp_is_refused() -> None:
    before = set(mod.GLOBAL_FEATURES)
    mod.enable_features("honest-but-curious")
    try:
        with pytest.raises(PrivacyError, match="MS610"):
            noise.FrameMechanism(example_frame(), [by_sex()])
    finally:
        mod.GLOBAL_FEATURES.clear()
        mod.GLOBAL_FEATURES.update(before)


def test_a_measurement_that_opendp_refuses_is_a_sentence() -> None:
    with pytest.raises(PrivacyError, match="MS613"):
        noise.FrameMechanism(example_frame(), [by_sex(float("nan"))])


def test_a_draw_that_opendp_refuses_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = example_frame()
    mechanism = noise.FrameMechanism(frame, [by_sex()])

    def refuse(_: object) -> None:
        raise mod.OpenDPException("FailedFunction", "a value")

    monkeypatch.setattr(mechanism, "_measurements", [refuse])
    with pytest.raises(PrivacyError, match="MS613") as caught:
        mechanism.draw(fill(frame, [0]))
    assert "a value" not in caught.value.sentence


@pytest.mark.parametrize("kind", [ROWS, AGGREGATE, LINKED])
@pytest.mark.parametrize("rho", [Fraction(1, 8), Fraction(3, 200), Fraction(1, 300), Fraction(7)])
def test_the_smallest_scale_costs_no_more_than_it_may_and_one_step_less_would(
    kind: str, rho: Fraction
) -> None:
    frame = example_frame(kind, 3)
    scale = noise.find_smallest_scale(frame, by_sex(), rho)

    def cost(thousandths: int) -> Fraction:
        return noise.FrameMechanism(frame, [by_sex(thousandths / 1000)]).rho

    steps = int(scale * 1000)
    assert cost(steps) <= rho
    assert steps == 1000 or cost(steps - 1) > rho


DELTA = Decimal("0.000001")


@pytest.mark.parametrize("rho", [Fraction(1, 8), Fraction(1, 4), Fraction(9, 4)])
def test_the_epsilon_of_gaussian_noise_is_below_that_of_all_mechanisms_of_its_rho(
    rho: Fraction,
) -> None:
    composed = noise.compose_epsilon(rho, DELTA)
    assert 0.9 * noise.convert_to_epsilon(rho, DELTA) < composed
    assert composed < noise.convert_to_epsilon(rho, DELTA)


def test_at_that_epsilon_gaussian_noise_has_the_delta_that_is_told() -> None:
    """Drawn, with a delta so large that draws can tell it."""
    rho, delta = Fraction(1, 2), 0.05
    epsilon, mu = noise.compose_epsilon(rho, Decimal(str(delta))), noise.compute_mu(rho)
    losses = np.random.default_rng(1).normal(mu**2 / 2, mu, 1_000_000)
    found = np.maximum(0, -np.expm1(epsilon - losses)).mean()
    assert found == pytest.approx(delta, rel=0.02)


def test_noise_so_large_that_delta_covers_it_has_no_epsilon() -> None:
    assert noise.compose_epsilon(Fraction(1, 10**14), DELTA) == 0.0
