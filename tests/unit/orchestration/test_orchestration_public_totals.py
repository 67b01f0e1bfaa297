"""No quarter waits for the courts; what they delivered is read from nowhere else."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from jurisdiction.state import read_state
from orchestration.backup.making import make_key
from orchestration.defs import ingest as ingest_assets
from orchestration.defs.public_totals import public_totals
from orchestration.guards import quarter_order
from orchestration.guards.quarter_order import refuse_passing_over
from orchestration.hub.settings import (
    DELIVERY_KEYS_VARIABLE,
    HOME_VARIABLE,
    Settings,
    load_settings,
)
from orchestration.steps.delivering import Delivery, deliver
from orchestration.steps.proposing import plan_quarter
from orchestration.steps.public_totals import read_public_totals
from orchestration.watch.picture import draw_year, name_due
from orchestration.watch.standing import look_at_quarter
from privacy.declared import DeliveredTotals
from privacy.publishing.declared import check_totals
from privacy.released import Provenance
from sources.contracts import current_contract
from sources.delivery_keys import PublicKeys, read_public_keys
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.quarters import Quarter
from sources.totals_package import write_totals

Q1, Q2 = Quarter(2025, 1), Quarter(2025, 2)
COURTS = current_contract("courts")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return load_settings()


@pytest.fixture
def take(settings: Settings, tmp_path: Path) -> Callable[..., None]:
    """Deliver totals of a quarter, the same number in every cell, and take them in."""

    def _take(quarter: Quarter, count: int, sequence: int = 1) -> None:
        _deliver(settings, tmp_path / "made", quarter, count, sequence)
        ingest(settings.zones, "courts", str(quarter))

    return _take


def _deliver(
    settings: Settings,
    made: Path,
    quarter: Quarter,
    count: int,
    sequence: int = 1,
    encrypt_to: PublicKeys | None = None,
) -> Path:
    shutil.rmtree(made, ignore_errors=True)
    cells = {(one, group): count for one, groups in COURTS.cells.items() for group in groups}
    write_totals(made, quarter, cells, COURTS, {"title": "t", "name": "t"})
    said = Delivery("courts", str(quarter), "full", sequence, date(2025, 10, 5), simulated=True)
    files = {"datapackage": made / "datapackage.json", "counts": made / "counts.csv"}
    return deliver(settings.landing / "inbox", said, files, encrypt_to=encrypt_to)


def tell(quarter: Quarter, count: int) -> DeliveredTotals:
    counts = {one: dict.fromkeys(groups, count) for one, groups in COURTS.cells.items()}
    return DeliveredTotals("courts", "courts/1", str(quarter), counts)


def test_what_the_courts_delivered_is_given_to_the_door_with_what_they_corrected(
    settings: Settings, take: Callable[..., None]
) -> None:
    take(Q1, 3)
    take(Q2, 5)
    take(Q1, 4, 2)
    plan = plan_quarter(Q2, settings)
    found = read_public_totals(plan, settings)
    assert found.totals == (tell(Q1, 4), tell(Q2, 5))
    assert found.deliveries == (("courts", "full"),)
    assert check_totals(plan, found.totals, Provenance(found.deliveries, True)) == found.totals


def test_a_correction_whose_acceptance_was_interrupted_counts_once_it_is_completed(
    settings: Settings, take: Callable[..., None]
) -> None:
    take(Q1, 3)
    take(Q1, 4, sequence=2)
    vault, plan = settings.vault, plan_quarter(Q2, settings)
    raw = vault.raw("courts", str(Q1)) / "0002"
    raw.rename(vault.delivery("courts", str(Q1), 2) / "_raw")
    assert read_public_totals(plan, settings).totals == (tell(Q1, 3),)
    ingest(settings.zones, "courts", str(Q1))
    assert read_public_totals(plan, settings).totals == (tell(Q1, 4),)


def test_without_a_delivery_nothing_is_given_and_that_is_told(
    settings: Settings, take: Callable[..., None]
) -> None:
    take(Q1, 3)
    found = read_public_totals(plan_quarter(Q2, settings), settings)
    assert found.totals == (tell(Q1, 3),)
    assert found.deliveries == (("courts", "none"),)


def test_the_policy_declares_the_cells_of_the_contract(settings: Settings) -> None:
    (largest, *_) = read_largest(settings)
    assert {one: tuple(groups) for one, groups in largest.counts.items()} == COURTS.cells
    assert largest.contract == COURTS.contract
    assert "public" in COURTS.promise


def read_largest(settings: Settings) -> tuple[DeliveredTotals, ...]:
    from privacy.publishing.declared import list_largest

    return list_largest(plan_quarter(Q1, settings))


def test_the_graph_says_whether_totals_came_and_never_how_many(
    settings: Settings, take: Callable[..., None]
) -> None:
    take(Q1, 987654)
    with dg.instance_for_test() as instance:
        result = dg.materialize(
            [public_totals], instance=instance, partition_key="2025-01-01", raise_on_error=False
        )
    assert result.success
    (event,) = result.get_asset_materialization_events()
    told = event.materialization.metadata
    assert told["delivered by courts"].value == "full"
    assert told["quarters_told"].value == "2025Q1"
    assert "987654" not in str(told)


def run_courts(settings: Settings) -> dg.ExecuteInProcessResult:
    (asset,) = [
        one for one in ingest_assets.deliveries if one.key == dg.AssetKey(["raw", "courts"])
    ]
    with dg.instance_for_test() as instance:
        return dg.materialize(
            [asset], instance=instance, partition_key="2025-01-01", raise_on_error=False
        )


def warnings(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


def test_a_quarter_goes_on_without_a_delivery_of_the_courts(settings: Settings) -> None:
    result = run_courts(settings)
    assert result.success
    assert set(warnings(result).values()) == {True}


def test_a_quarter_goes_on_where_the_courts_delivery_is_rejected(
    settings: Settings, tmp_path: Path
) -> None:
    folder = _deliver(settings, tmp_path / "made", Q1, 3)
    (folder / "counts.csv").write_bytes(b"QZJXVKWY")
    result = run_courts(settings)
    assert result.success
    assert not warnings(result)["was_not_rejected"]
    assert [*settings.zones.outbox("courts").glob("2025Q1-*-rejected-*.txt")]
    assert "QZJXVKWY" not in str(result.get_asset_materialization_events())


def test_a_quarter_goes_on_where_the_hub_has_no_key_for_what_the_courts_encrypted(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = tmp_path / "hub.key"
    make_key(pair)
    public = read_public_keys(tmp_path / "hub.pub")
    folder = _deliver(settings, tmp_path / "made", Q1, 3, encrypt_to=public)
    sealed = {one.name: one.read_bytes() for one in folder.iterdir()}
    for named in ("", str(tmp_path / "nowhere.key")):
        monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, named)
        result = run_courts(settings)
        assert result.success
        assert not warnings(result)["was_not_rejected"]
        (event,) = result.get_asset_materialization_events()
        assert event.materialization.metadata["status"].value == "rejected"
    [receipt] = settings.zones.outbox("courts").glob("2025Q1-*-rejected-*.txt")
    assert "MS186" in receipt.read_text()
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == sealed
    states = {one.agency: one.state for one in look_at_quarter(Q1, settings).deliveries}
    assert states["courts"] == "rejected"
    monkeypatch.setenv(DELIVERY_KEYS_VARIABLE, str(pair))
    assert set(warnings(run_courts(settings)).values()) == {True}
    assert read_public_totals(plan_quarter(Q1, settings), settings).totals == (tell(Q1, 3),)


def test_a_delivery_of_the_courts_is_taken_in_without_a_warning(
    settings: Settings, tmp_path: Path
) -> None:
    _deliver(settings, tmp_path / "made", Q1, 3)
    assert set(warnings(run_courts(settings)).values()) == {True}


@pytest.mark.parametrize("code", ["MS120", "MS150"])
def test_a_fault_of_the_hub_is_no_silence_of_the_courts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SourcesError(code, agency="courts", quarter="2025Q1", file="f", problem="p")

    monkeypatch.setattr(ingest_assets, "ingest", fail)
    assert not run_courts(settings).success


def test_no_release_waits_for_a_quarter_that_the_courts_alone_delivered(
    settings: Settings, take: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(quarter_order, "find_kept_quarters", lambda _: frozenset())
    take(Q1, 3)
    _deliver(settings, tmp_path / "made", Quarter(2024, 4), 3)
    refuse_passing_over(Q2, settings)


def test_an_open_quarter_waits_for_every_agency_but_the_optional_ones(settings: Settings) -> None:
    from datetime import UTC, datetime

    standing = look_at_quarter(Q1, settings)
    assert "courts" not in standing.missing
    assert set(standing.missing) == set(read_state().awaited)
    now = datetime(2025, 4, 1, tzinfo=UTC)
    assert draw_year([standing], now)
    assert name_due([standing], now)
