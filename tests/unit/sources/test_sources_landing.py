"""Who may read a delivery that waits, what becomes of one that was taken in, and what is named."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sources_builders import (
    QUARTER,
    child_lines,
    deliver,
    deliver_children,
    edit_manifest,
    list_files,
    make_zones,
    refuse,
)

from orchestration.steps.delivering import Delivery
from orchestration.steps.delivering import deliver as put
from sources.errors import SourcesError
from sources.ingest import ingest
from sources.landing import close_to_others, find_misspelt, is_open_to_others
from sources.zones import Zones


@pytest.fixture(params=[0o022, 0o000], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return make_zones(tmp_path)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def put_children(zones: Zones, tmp_path: Path, sequence: int = 1) -> Path:
    file = tmp_path / "child_file.txt"
    file.write_text("".join(f"{line}\n" for line in child_lines(2)), encoding="ascii")
    said = Delivery("dss", QUARTER, "full", sequence, date(2025, 4, 5), simulated=True)
    return put(zones.landing / "inbox", said, {"child_file": file})


@pytest.mark.usefixtures("umask")
def test_a_delivery_and_its_receipt_are_private_whatever_the_umask(
    zones: Zones, tmp_path: Path
) -> None:
    folder = put_children(zones, tmp_path)
    assert mode_of(zones.inboxes("dss")) == mode_of(folder) == 0o700
    assert {mode_of(path) for path in folder.iterdir()} == {0o600}
    ingest(zones, "dss", QUARTER)
    assert mode_of(zones.outbox("dss")) == 0o700
    assert {mode_of(path) for path in zones.outbox("dss").iterdir()} == {0o600}


@pytest.mark.usefixtures("umask")
def test_what_lies_in_a_folder_that_was_opened_to_a_group_is_open_to_that_group(
    zones: Zones, tmp_path: Path
) -> None:
    for folder in (zones.inboxes("dss"), zones.outbox("dss")):
        folder.mkdir(parents=True)
        folder.chmod(0o2770)
    folder = put_children(zones, tmp_path)
    assert mode_of(folder) == 0o2770
    assert {mode_of(path) for path in folder.iterdir()} == {0o660}
    ingest(zones, "dss", QUARTER)
    assert {mode_of(path) for path in zones.outbox("dss").iterdir()} == {0o660}


def test_a_delivery_that_comes_first_makes_a_landing_zone_that_every_agency_can_enter(
    tmp_path: Path,
) -> None:
    close_to_others(tmp_path / "home" / "landing" / "inbox" / "dss")
    shared = [tmp_path / "home" / path for path in ("", "landing", "landing/inbox")]
    assert [mode_of(path) for path in shared] == [0o755, 0o755, 0o755]
    assert mode_of(tmp_path / "home" / "landing" / "inbox" / "dss") == 0o700


def test_a_folder_that_was_left_open_is_closed_to_others_alone(tmp_path: Path) -> None:
    folder = tmp_path / "inbox" / "dss"
    folder.mkdir(parents=True)
    folder.chmod(0o2775)
    assert is_open_to_others(folder)
    close_to_others(folder)
    assert mode_of(folder) == 0o2770


def test_a_folder_of_another_account_that_cannot_be_closed_stays_open_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_it(*_: object) -> None:
        raise PermissionError

    (tmp_path / "dss").mkdir()
    (tmp_path / "dss").chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse_it)
    close_to_others(tmp_path / "dss")
    assert is_open_to_others(tmp_path / "dss")


def test_an_accepted_delivery_leaves_the_inbox_and_the_quarter_stays_accepted(
    zones: Zones, tmp_path: Path
) -> None:
    folder = put_children(zones, tmp_path)
    (folder / "note.txt").write_text("not part of the delivery")
    first = ingest(zones, "dss", QUARTER)
    assert [path.name for path in folder.iterdir()] == ["note.txt"]
    again = ingest(zones, "dss", QUARTER)
    assert (first.status, again.status) == ("accepted", "already accepted")
    assert again.sequence == first.sequence


def test_the_same_delivery_sent_again_leaves_the_inbox_too(zones: Zones, tmp_path: Path) -> None:
    for status in ("accepted", "already accepted"):
        folder = put_children(zones, tmp_path)
        assert ingest(zones, "dss", QUARTER).status == status
        assert list(folder.iterdir()) == []


def test_a_rejected_delivery_stays_in_the_inbox(zones: Zones) -> None:
    inbox = deliver_children(zones, child_lines(2))
    edit_manifest(inbox, lambda document: document["files"][0].update(rows=9))
    before = list_files(inbox)
    assert refuse(zones).code == "MS113"
    assert list_files(inbox) == before


def test_a_file_that_came_since_stays_in_the_inbox(
    zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sources.ingest as module

    inbox = deliver_children(zones, child_lines(2))
    accept = module.accept_delivery

    def accept_while_more_comes(*given: object) -> None:
        accept(*given)  # type: ignore[arg-type]
        (inbox / "child_file.txt").write_text("of the next delivery")

    monkeypatch.setattr(module, "accept_delivery", accept_while_more_comes)
    ingest(zones, "dss", QUARTER)
    assert list_files(inbox) == {"child_file.txt": b"of the next delivery"}


def test_a_manifest_that_came_since_keeps_its_files_in_the_inbox(
    zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sources.ingest as module

    inbox = deliver_children(zones, child_lines(2))
    accept = module.accept_delivery

    def accept_while_another_comes(*given: object) -> None:
        accept(*given)  # type: ignore[arg-type]
        deliver_children(zones, child_lines(2), sequence=2)

    monkeypatch.setattr(module, "accept_delivery", accept_while_another_comes)
    assert ingest(zones, "dss", QUARTER).sequence == 1
    monkeypatch.undo()
    assert set(list_files(inbox)) == {"child_file.txt", "manifest.json"}
    assert ingest(zones, "dss", QUARTER).sequence == 2


def test_an_inbox_that_the_hub_may_not_change_is_no_reason_to_lose_the_delivery(
    zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_it(*_: object, **__: object) -> None:
        raise PermissionError

    inbox = deliver_children(zones, child_lines(2))
    before = list_files(inbox)
    monkeypatch.setattr("sources.collecting.os.unlink", refuse_it)
    assert ingest(zones, "dss", QUARTER).status == "accepted"
    assert list_files(inbox) == before


@pytest.mark.parametrize("zone", ["inbox", "outbox"])
def test_a_folder_of_an_agency_that_is_a_link_is_refused(
    zones: Zones, tmp_path: Path, zone: str
) -> None:
    deliver_children(zones, child_lines(2))
    folder = zones.landing / zone / "dss"
    elsewhere = tmp_path / "elsewhere"
    if zone == "inbox":
        folder.rename(elsewhere)
    else:
        elsewhere.mkdir()
        folder.parent.mkdir()
    folder.symlink_to(elsewhere)
    assert refuse(zones).code == "MS123"
    assert zone == "inbox" or list(elsewhere.iterdir()) == []


def test_nothing_is_delivered_through_a_link(zones: Zones, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    zones.inboxes("dss").parent.mkdir(parents=True)
    zones.inboxes("dss").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourcesError, match="MS123"):
        put_children(zones, tmp_path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["2025q1", "2025-Q1", "2025_q1", "2025 Q1", "2025.1Q", "Q1-2025", "q12025", "1Q2025"]
)
def test_an_inbox_folder_in_another_spelling_is_named(zones: Zones, name: str) -> None:
    deliver(zones, "dss", {}, kind="nil").rename(zones.inboxes("dss") / name)
    error = refuse(zones)
    if name == "2025.1Q":
        assert error.code == "MS101"
        return
    assert error.code == "MS122"
    assert f"has a folder {name}" in error.sentence
    assert f"Rename the folder to {QUARTER}." in error.sentence


def test_only_folders_that_mean_a_quarter_are_named(tmp_path: Path) -> None:
    for name in ("2025Q1", "2025q2", "old", "2025Q5", "9999q1", "2025 Q1 Jane"):
        (tmp_path / name).mkdir()
    assert [(path.name, str(one)) for path, one in find_misspelt(tmp_path)] == [
        ("2025q2", "2025Q2")
    ]
    assert list(find_misspelt(tmp_path / "nowhere")) == []


def test_a_delivery_from_a_day_to_come_is_refused(zones: Zones) -> None:
    deliver_children(zones, child_lines(2))
    with pytest.raises(SourcesError, match=r"MS124: .*of dss .*clock") as caught:
        ingest(zones, "dss", QUARTER, clock=lambda: datetime(2025, 4, 4, 23, tzinfo=UTC))
    assert caught.value.exit_code == 3
    moment = datetime(2025, 4, 5, 0, tzinfo=UTC)
    assert ingest(zones, "dss", QUARTER, clock=lambda: moment).status == "accepted"


def test_a_delivery_accepted_before_the_clock_was_set_back_stays_accepted(zones: Zones) -> None:
    for status in ("accepted", "already accepted"):
        deliver_children(zones, child_lines(2))
        year = 2025 if status == "accepted" else 2024
        moment = datetime(year, 4, 6, tzinfo=UTC)
        assert ingest(zones, "dss", QUARTER, clock=lambda at=moment: at).status == status


def test_a_sequence_that_would_leave_no_number_for_corrections_is_refused(zones: Zones) -> None:
    deliver_children(zones, child_lines(2), sequence=9999)
    assert refuse(zones).code == "MS125"
    deliver_children(zones, child_lines(2), sequence=100)
    assert ingest(zones, "dss", QUARTER).sequence == 100
    deliver_children(zones, child_lines(2), sequence=201)
    with pytest.raises(SourcesError, match=r"MS125: .*last accepted one \(100\)"):
        ingest(zones, "dss", QUARTER)


def read_received(zones: Zones) -> list[datetime]:
    paths = sorted(zones.vault.folder.glob("raw/dss/*/*/deliveries.parquet"))
    return [pq.read_table(path)["received_at"].to_pylist()[0] for path in paths]


def test_a_delivery_comes_after_the_one_before_it_although_the_clock_was_set_back(
    zones: Zones,
) -> None:
    for sequence, day in ((1, 9), (2, 7), (3, 7), (4, 20)):
        deliver_children(zones, child_lines(2), sequence=sequence)
        ingest(zones, "dss", QUARTER, clock=lambda day=day: datetime(2025, 4, day, tzinfo=UTC))
    times = read_received(zones)
    assert times == sorted(set(times))
    assert [one.day for one in times] == [9, 9, 9, 20]
