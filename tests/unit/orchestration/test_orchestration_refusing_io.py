import dagster as dg
import pytest

from orchestration.defs.refusing_io import RefusingIOManager


def test_a_value_handed_to_dagster_is_refused() -> None:
    with pytest.raises(dg.Failure):
        RefusingIOManager().handle_output(dg.build_output_context(), {"any": "value"})


def test_a_step_that_returns_nothing_passes() -> None:
    RefusingIOManager().handle_output(dg.build_output_context(), None)


def test_a_value_asked_of_dagster_is_refused() -> None:
    with pytest.raises(dg.Failure):
        RefusingIOManager().load_input(dg.build_input_context())
