"""The bounds that dbt and the linker keep are those that the policy states."""

import json
import re
from contextlib import nullcontext
from pathlib import Path

import pytest

from orchestration.guards.bounds import read_bounds
from orchestration.guards.counted_tables import RULES_VARIABLE, list_rules
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import PROJECT_ROOT, Settings
from orchestration.steps import dbt_steps, linking
from privacy.policy.policy import load_policy
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
REVIEWED = (PROJECT_ROOT / "privacy" / "policy.toml").read_text("utf-8")


@pytest.fixture
def other_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a policy of other bounds in the place of the reviewed one."""

    def put(*changes: tuple[str, str]) -> Settings:
        text = REVIEWED
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        path = tmp_path / "policy.toml"
        path.write_text(text, "utf-8")
        monkeypatch.setattr(Settings, "policy", path)
        return Settings(tmp_path / "home")

    return put


OTHERS = (("bound = 2\nquarters = 4", "bound = 3\nquarters = 5"),)
PLACES = (("bound_squared = 9\nplaces = 2", "bound_squared = 19\nplaces = 3"),)


def test_dbt_is_given_the_bounds_that_the_policy_states(other_policy, monkeypatch) -> None:
    settings = other_policy(*OTHERS)
    told: list[str] = []
    monkeypatch.setattr(dbt_steps.KEPT, "call", lambda call, *_: told.extend(call.build))
    with pytest.raises(OrchestrationError, match="MS902"):
        dbt_steps.run_dbt_step(dbt_steps.CORE, QUARTER, settings)
    given = json.loads(told[told.index("--vars") + 1])
    places = load_policy().frames["report_lag_in_year"].places
    assert given == {
        "vault": str(settings.vault.folder),
        "lists": "../missouri/lists",
        "first_day_of_record": load_policy(settings.policy).first_day_of_record,
        "bound_reports": 3,
        "bound_report_quarters": 5,
        "bound_links": places,
        "bound_care_years": load_policy().switched_off["children_in_care_in_year"].quarters,
        RULES_VARIABLE: list_rules(load_policy(settings.policy), settings),
    }
    assert told[told.index("--target") + 1] == "vault"


def test_the_linker_has_as_many_places_as_the_policy_states(other_policy, monkeypatch) -> None:
    given = []
    monkeypatch.setattr(linking, "write_links", lambda *_, linker, **__: given.append(linker.k))
    monkeypatch.setattr(linking, "write_year", lambda *_, **__: None)
    monkeypatch.setattr(linking, "open_warehouse", lambda _: nullcontext())
    for changes, places in (((), 2), (PLACES, 3)):
        settings = other_policy(*changes)
        linking.link_quarter(QUARTER, settings)
        assert given.pop() == places


@pytest.mark.parametrize(
    ("frame", "field", "change"),
    [
        ("reports_to_childrens_division", "quarters", ("bound = 2\nquarters = 4", "bound = 2")),
        ("children_in_care_in_year", "quarters", ("bound = 1\nquarters = 4", "bound = 1")),
        ("report_lag_in_year", "places", ("bound_squared = 9\nplaces = 2", "bound_squared = 7")),
    ],
)
def test_a_bound_that_the_policy_does_not_state_is_told(other_policy, frame, field, change) -> None:
    settings = other_policy(change)
    with pytest.raises(OrchestrationError, match=rf"MS932.*'{field}'.*{frame}") as caught:
        read_bounds(load_policy(settings.policy))
    assert caught.value.exit_code == 5


def test_no_other_file_names_a_number_for_a_bound() -> None:
    project = (PROJECT_ROOT / "dbt_project" / "dbt_project.yml").read_text("utf-8")
    assert "bound_" not in project
    rooms = (PROJECT_ROOT / name for name in ("linkage", "orchestration"))
    code = [path for room in rooms for path in room.glob("*.py")]
    assigned = re.compile(r"\bk: int = \d|\bRECORDS_FOR_ONE_CHILD = \d|\bbound_\w+ = \d")
    assert [path.name for path in code if assigned.search(path.read_text("utf-8"))] == []
