"""What is due is said alike everywhere, and somebody is told once, whatever server is away."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from gate.letters import Letter
from jurisdiction.calendar import read_calendar
from orchestration.cli import build_app
from orchestration.defs.watch import year_watched
from orchestration.hub.clock import read_clock, rehearse_at
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import HOME_VARIABLE, Settings, prepare_process
from orchestration.steps.approving import reject
from orchestration.steps.proposing import put_up_plan
from orchestration.watch import alarms as watched
from orchestration.watch.alarms import find_alarms
from orchestration.watch.outbox import Outbox
from orchestration.watch.picture import draw_year, name_due
from orchestration.watch.standing import look_at_quarter, look_at_year, name_lateness
from orchestration.watch.telling import tell
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
BEFORE = datetime(2025, 4, 9, 18, tzinfo=UTC)
ON_TIME = datetime(2025, 4, 10, 18, tzinfo=UTC)
LATE = datetime(2025, 4, 15, 18, tzinfo=UTC)
RECEIVERS = """
address = "https://hub.example.org"
[[mail]]
name = "hub"
sender = "moshare@example.org"
recipients = ["hub@example.org"]
host = "mail.example.org"
[[webhook]]
name = "desk"
address = "https://desk.example.org/hook"
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    made = Settings(tmp_path)
    prepare_process(made)
    monkeypatch.setattr(watched, "find_needed_bytes", lambda _: 0)
    return made


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


class Post:
    """What stands for the mail server and the webhook: takes letters, or is away."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Letter]] = []
        self.tried = 0
        self.is_away = False

    def __call__(self, receiver, letter: Letter, now: datetime) -> str:
        self.tried += 1
        if self.is_away:
            return "The other side or the way there failed with TimeoutError"
        self.taken.append((receiver.name, letter))
        return ""


def deliver(settings: Settings, *agencies: str) -> None:
    for agency in agencies:
        settings.vault.delivery(agency, str(QUARTER), 1).mkdir(parents=True)
        (settings.vault.raw(agency, str(QUARTER)) / "0001").mkdir(parents=True)


def codes(settings: Settings, instance: dg.DagsterInstance, now: datetime) -> list[str]:
    return [one.key for one in find_alarms(settings, instance, now)]


def test_nothing_is_told_while_nothing_is_late(settings, instance) -> None:
    for now in (BEFORE, ON_TIME):
        assert codes(settings, instance, now) == []


def test_a_delivery_is_late_on_the_day_after_it_was_due(settings, instance) -> None:
    deliver(settings, "dss", "mshp")
    assert codes(settings, instance, ON_TIME + timedelta(days=1)) == [
        "late-delivery/2025Q1/hotline"
    ]


def test_an_optional_agency_is_late_by_its_own_calendar_once_it_has_ever_delivered(
    settings, instance
) -> None:
    deliver(settings, "dss", "mshp", "hotline")
    late = datetime(2025, 5, 16, 18, tzinfo=UTC)
    assert [one for one in codes(settings, instance, late) if "late-delivery" in one] == []
    before = settings.vault.delivery("care", "2024Q3", 1)
    before.mkdir(parents=True)
    (before / "manifest.json").write_text("{}")
    assert "late-delivery/2025Q1/care" not in codes(settings, instance, late - timedelta(days=1))
    assert "late-delivery/2025Q1/care" in codes(settings, instance, late)


def test_a_quarter_that_lacks_an_optional_delivery_alone_is_delivered(settings) -> None:
    deliver(settings, "dss", "mshp")
    assert look_at_quarter(QUARTER, settings).missing == ("hotline",)
    deliver(settings, "hotline")
    standing = look_at_quarter(QUARTER, settings)
    assert standing.is_delivered
    due = {one.agency: one.due for one in standing.deliveries}
    assert (due["care"], due["dss"]) == (date(2025, 5, 15), date(2025, 4, 10))
    second = look_at_quarter(QUARTER.next(), settings)
    assert {one.agency: one.due for one in second.deliveries}["care"] is None


def test_a_rejected_delivery_names_its_receipt_and_nothing_that_stands_there(
    settings, instance
) -> None:
    outbox = settings.zones.outbox("dss")
    for ending in ("json", "txt"):
        (outbox / f"2025Q1-0001-rejected-1.{ending}").write_text("QZJXVKWY")
    [alarm] = find_alarms(settings, instance, ON_TIME)
    assert alarm.code == "rejected-delivery"
    assert "2025Q1-0001-rejected-1.txt" in alarm.sentence
    assert "QZJXVKWY" not in alarm.sentence


@pytest.mark.parametrize("agency", ["care", "courts", "dss"])
def test_a_rejected_correction_of_what_was_accepted_is_told_until_one_is_accepted(
    settings, instance, agency
) -> None:
    deliver(settings, agency)
    outbox = settings.zones.outbox(agency)
    told = []
    for moment, name in enumerate(["0001-rejected-1", "0001-accepted", "0002-rejected-1"]):
        receipt = outbox / f"2025Q1-{name}.txt"
        outbox.mkdir(parents=True, exist_ok=True)
        receipt.write_text("QZJXVKWY")
        os.utime(receipt, (moment, moment))
        told.append(codes(settings, instance, ON_TIME))
    first, second = (f"rejected-delivery/{agency}/2025Q1-000{one}-rejected-1.txt" for one in (1, 2))
    assert told == [[first], [], [second]]
    accepted = outbox / "2025Q1-0003-accepted.txt"
    accepted.write_text("")
    os.utime(accepted, (9, 9))
    assert codes(settings, instance, ON_TIME) == []


def test_a_delivery_that_gets_no_receipt_is_told_after_an_hour(settings, instance) -> None:
    folder = settings.zones.inbox("dss", str(QUARTER))
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    came = read_clock()
    told = [codes(settings, instance, came + timedelta(minutes=one)) for one in (5, 70)]
    kinds = [[key.partition("/")[0] for key in keys] for keys in told]
    assert "no-receipt" not in kinds[0]
    assert "no-receipt" in kinds[1]


def test_a_signature_is_asked_for_on_its_last_day(settings, instance) -> None:
    deliver(settings, "dss", "mshp", "hotline")
    put_up_plan(QUARTER, settings)
    assert codes(settings, instance, datetime(2025, 4, 13, 18, tzinfo=UTC)) == []
    assert codes(settings, instance, datetime(2025, 4, 14, 18, tzinfo=UTC)) == [
        "waiting-signature/2025Q1"
    ]


def test_a_budget_near_its_cap_is_told_once_a_year_for_each_period(
    settings, instance, monkeypatch
) -> None:
    deliver(settings, "dss", "mshp", "hotline")
    put_up_plan(QUARTER, settings)
    near = read_calendar().model_copy(update={"near_cap_percent": 1})
    monkeypatch.setattr(watched, "read_calendar", lambda: near)
    assert codes(settings, instance, ON_TIME) == [
        "near-cap/year/2025",
        "near-cap/three_years/2025",
        "near-cap/lifetime/2025",
    ]


def test_a_plan_that_nobody_put_up_is_told_the_day_after(settings, instance) -> None:
    deliver(settings, "dss", "mshp", "hotline")
    assert codes(settings, instance, datetime(2025, 4, 12, 18, tzinfo=UTC)) == ["late-plan/2025Q1"]


def test_a_quarter_that_is_passed_over_is_nobodys_alarm(settings, instance) -> None:
    deliver(settings, "dss")
    put_up_plan(QUARTER, settings)
    reject(QUARTER, settings, "An agency is silent.")
    assert codes(settings, instance, LATE) == []
    [[*_, last]] = draw_year(look_at_year(settings, LATE), LATE)
    assert last == "passed over"


def test_a_failed_run_is_told_with_its_code_and_its_page_until_it_succeeds(settings) -> None:
    @dg.op
    def stops() -> None:
        raise dg.Failure("a sentence", metadata={"code": "MS902", "exit_code": 4})

    @dg.job
    def made() -> None:
        stops()

    with dg.instance_for_test() as instance:
        failed = made.execute_in_process(
            instance=instance, raise_on_error=False, tags={"moshare/quarter": "2025Q1"}
        )
        [alarm] = [
            one for one in find_alarms(settings, instance, datetime.now(UTC)) if one.code == "MS902"
        ]
        assert alarm.place == f"/runs/{failed.run_id}"
        assert alarm.sentence == "The run 'made' of 2025Q1 failed with MS902."


def test_a_full_disk_is_told_without_a_size(settings, instance, monkeypatch) -> None:
    monkeypatch.setattr(watched, "find_needed_bytes", lambda _: 2**62)
    [alarm] = find_alarms(settings, instance, ON_TIME)
    assert alarm.sentence == "The disk has less room than the next quarter needs."


def test_an_alarm_is_told_once_to_each_receiver_with_a_code_and_a_link(settings, instance) -> None:
    settings.alarms.write_text(RECEIVERS)
    post = Post()
    deliver(settings, "dss", "mshp")
    for hours in (0, 1, 30):
        tell(
            settings, instance, datetime(2025, 4, 11, 18, tzinfo=UTC) + timedelta(hours=hours), post
        )
    late = [
        (name, letter) for name, letter in post.taken if letter.subject.endswith("late-delivery")
    ]
    assert sorted(name for name, _ in late) == ["desk", "hub"]
    assert late[0][1].facts["link"] == "https://hub.example.org/assets/raw/hotline"
    assert "late-delivery" in late[0][1].text


def test_no_message_is_lost_while_the_mail_server_is_away(settings, instance) -> None:
    settings.alarms.write_text(RECEIVERS)
    post = Post()
    post.is_away = True
    late = datetime(2025, 4, 11, 18, tzinfo=UTC)
    tell(settings, instance, late, post)
    assert post.tried == 2  # each receiver is left alone after the first message it did not take
    assert len(Outbox(settings.outbox).list_unsent()) == 6
    deliver(settings, "dss", "mshp", "hotline")  # the reason is gone, and the message is not
    post.is_away = False
    tell(settings, instance, late, post)
    assert len(post.taken) == 6
    assert Outbox(settings.outbox).list_unsent() == []


def test_a_broken_list_of_receivers_is_told_in_a_sentence(settings, instance) -> None:
    settings.alarms.write_text("address = 1")
    with pytest.raises(OrchestrationError, match=r"MS945.*alarms\.toml.*'address' is not a text"):
        tell(settings, instance, ON_TIME)


def test_no_quarter_is_waited_for_after_the_last_simulated_one_unless_a_real_one_comes(
    settings, instance
) -> None:
    deliver(settings, "dss", "mshp", "hotline")
    (settings.releases / "2025Q1").mkdir()
    (settings.releases / "2025Q1" / "release.json").write_text("{}")
    manifests = [
        settings.vault.delivery(agency, "2025Q1", 1) / "manifest.json"
        for agency in ("dss", "mshp", "hotline")
    ]
    for manifest in manifests:
        manifest.write_text('{"simulated": true}')
    much_later = datetime(2026, 11, 30, 18, tzinfo=UTC)
    assert codes(settings, instance, much_later) == []
    assert [str(one.quarter) for one in look_at_year(settings, much_later)] == ["2025Q1"]
    with rehearse_at(much_later):
        shown = CliRunner().invoke(build_app(), ["status"]).stdout
    assert "Nothing is due." in shown
    assert "Every delivery is simulated" in shown
    manifests[0].write_text('{"simulated": false}')
    assert "late-delivery/2025Q2/dss" in codes(settings, instance, much_later)


def test_the_asset_and_the_command_say_the_same(settings, instance) -> None:
    deliver(settings, "dss")
    with rehearse_at(LATE):
        with dg.build_sensor_context(instance=instance) as context:
            result = year_watched(context)
        [event] = result.asset_events
        ended = CliRunner().invoke(build_app(), ["status", "--json"])
        shown = CliRunner().invoke(build_app(), ["status"])
        with dg.build_sensor_context(instance=instance, cursor=result.cursor) as context:
            assert year_watched(context).asset_events == []
    told = json.loads(ended.stdout)
    assert told["due"] == name_due(look_at_year(settings, LATE), LATE)
    assert told["quarters"][0]["mshp"] == "5 d late"
    assert len(told["alarms"]) == event.metadata["alarms"].value
    for sentence in told["due"]:
        assert sentence in event.metadata["year"].value
        assert sentence in shown.stdout.replace("\n", " ") or sentence in shown.stdout


def test_lateness_is_counted_in_days() -> None:
    due = date(2025, 4, 10)
    assert name_lateness(due, due) == "due 2025-04-10"
    assert name_lateness(due, date(2025, 4, 11)) == "due 2025-04-10, 1 day late"
    assert name_lateness(due, date(2025, 4, 13)) == "due 2025-04-10, 3 days late"
