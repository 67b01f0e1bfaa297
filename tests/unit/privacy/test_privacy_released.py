import json
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import pytest
from privacy_examples import PROVENANCE, example_plan
from release_examples import fill_cells, publish

from privacy.errors import PrivacyError
from privacy.ledger.chain import DONE, GENESIS, Charge, Entry
from privacy.publishing.recalled import read_release, recall_entry
from privacy.released import (
    ApprovalFacts,
    HistoryPoint,
    PreviousRelease,
    Provenance,
    Release,
    SpendingFacts,
    SyntheticFrame,
)


@pytest.fixture(scope="module")
def released() -> Release:
    plan = example_plan("2025Q4")
    return publish(plan, fill_cells(plan, 3))


def test_a_release_survives_its_json_exactly(released: Release) -> None:
    text = released.to_json()
    assert read_release(json.loads(text)) == released
    assert read_release(json.loads(text)).to_json() == text
    assert read_release(json.loads(text)).sha256 == released.sha256


def test_what_other_releases_and_officers_add_survives_json_exactly(released: Release) -> None:
    full = replace(
        released,
        history=(HistoryPoint("reports", "2025Q3", "Missouri", ("a",), 1, 1.5, 2.0, "x", 0.5),),
        synthetic=(
            SyntheticFrame("arrests", ("state",), (("Missouri",),), (("arrests", 0.5, 1.0),)),
        ),
        approvals=(ApprovalFacts("doe", "AB12", "2026-01-01T00:00:00+00:00"),),
        previous=PreviousRelease("2025Q3", "a" * 64),
        privacy=replace(
            released.privacy, spending=(SpendingFacts("year", Fraction(1, 3), Fraction(1, 2)),)
        ),
    )
    assert read_release(json.loads(full.to_json())) == full


@pytest.mark.parametrize("is_simulated", [True, False])
def test_who_delivered_survives_json_exactly(released: Release, is_simulated: bool) -> None:
    other = replace(released, provenance=replace(PROVENANCE, is_simulated=is_simulated))
    assert read_release(json.loads(other.to_json())).provenance == other.provenance


def test_a_release_cannot_be_changed(released: Release) -> None:
    with pytest.raises(FrozenInstanceError):
        released.provenance.is_simulated = False  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        released.tables[0].rows[0].estimate = 0  # type: ignore[misc]


@pytest.mark.parametrize("payload", [None, {}, {"quarter_start": 1}])
def test_a_record_in_another_form_is_refused(payload: dict[str, int] | None) -> None:
    charge = Charge("2025Q4", "0" * 64, ())
    with pytest.raises(PrivacyError, match="MS629"):
        recall_entry(Entry(1, "now", DONE, charge, payload, GENESIS, "0" * 64))


@pytest.mark.parametrize("police_agencies", [None, (98, 120)])
def test_how_many_police_agencies_report_is_recalled_as_it_was_published(
    police_agencies: tuple[int, int] | None,
) -> None:
    said = replace(PROVENANCE, police_agencies=police_agencies)
    content = json.loads(json.dumps(said.to_content()))
    assert Provenance.from_content(content) == said
    assert ("police_agencies" in content) is (police_agencies is not None)
