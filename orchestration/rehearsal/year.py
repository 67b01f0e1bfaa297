"""Walk through a year day by day: schedules tick at their hours, sensors look after each act.

Does not belong here: what people do (`people`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from gate.sending import Outcome, notify_release, push_release
from gate.settings import GateSettings, Webhook
from jurisdiction.calendar import read_calendar
from jurisdiction.state import read_state
from orchestration.backup.making import make_key
from orchestration.cli.runs import run_job
from orchestration.definitions import defs
from orchestration.defs.schedule import schedules
from orchestration.defs.sensor import sensors
from orchestration.defs.watch import year_watched
from orchestration.guards.closed_quarters import find_quarter
from orchestration.hub.clock import read_clock, rehearse_at
from orchestration.hub.instance import open_instance
from orchestration.hub.interrupts import raise_if_interrupted
from orchestration.hub.settings import Settings
from orchestration.rehearsal.people import (
    LATE_AGENCY,
    OFFICER_AWAY,
    RECEIVER_AWAY,
    REJECTED_DELIVERY,
    SERVER_AWAY,
    BadDays,
    People,
    is_over,
)
from orchestration.rehearsal.receiver import Receiver, open_receiver
from orchestration.rehearsal.release_server import ReleaseServer, open_release_server
from orchestration.steps.simulated import prepare_simulated
from orchestration.watch.pushes import tell_of_pushes
from orchestration.watch.standing import is_released
from sources.quarters import Quarter

Say = Callable[[datetime, str, str], None]
"""Told of each thing that happens: when (on the state's clocks), to whom or by whom, and what."""

BAD_DAYS_OF_A_YEAR: tuple[BadDays, ...] = (
    (LATE_AGENCY, RECEIVER_AWAY),
    (REJECTED_DELIVERY, SERVER_AWAY),
    (OFFICER_AWAY,),
    (),
)

_CLOCK = ZoneInfo(read_state().time_zone)
_SCALE = 0.1
_SEED = 2025
_PEOPLE_ACT = time(9, 0)
_LONGEST = timedelta(days=60)
_ALARMS = """\
address = "http://127.0.0.1:3000"
[[webhook]]
name = "rehearsal"
address = "{address}"
"""


def rehearse(plan: Mapping[Quarter, BadDays], settings: Settings, say: Say) -> None:
    """Run quarters through their bad days, one after another, in a data home of their own.

    Args:
        plan: What goes wrong in each quarter.
        settings: A new data home.
        say: Told of everything that happens.
    """
    backups = settings.home.parent / "backups"
    backups.mkdir()
    keeper = make_key(settings.home.parent / "keeper.key")
    prepared = prepare_simulated(settings, [*plan], seed=_SEED, scale=_SCALE)
    state = settings.home.parent / "gate"
    state.mkdir()
    with (
        open_receiver() as receiver,
        open_release_server(state, prepared[0].agency) as server,
        open_instance(settings) as instance,
    ):
        settings.alarms.write_text(_ALARMS.format(address=receiver.address), "utf-8")
        hub = _Hub(settings, instance, receiver, server, say)
        for quarter, bad_days in plan.items():
            own = {one.agency: one for one in prepared if one.quarter == quarter}
            hub.live_through(People(quarter, own, bad_days, keeper, backups, receiver, server))


class _Hub:
    """The hub as Dagster's daemon would drive it, each request for a run being run at once."""

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance,
        receiver: Receiver,
        server: ReleaseServer,
        say: Say,
    ) -> None:
        self._settings = settings
        self._instance = instance
        self._receiver = receiver
        self._server = server
        self._say = say
        self._asked: set[str] = set()
        self._cursor: str | None = None
        self._reached: set[tuple[Quarter, str]] = set()

    def live_through(self, people: People) -> None:
        """Live day by day until a quarter is over."""
        day = people.dates.deliveries - timedelta(days=3)
        last = people.dates.release + _LONGEST
        while day < last and not self._is_over(people):
            for hour, act in self._list_hours(people, day):
                with rehearse_at(datetime.combine(day, hour, _CLOCK)):
                    act()
                    self._look_around()
            day += timedelta(days=1)

    def _is_over(self, people: People) -> bool:
        """Whether a quarter was released, backed up, pushed and told of."""
        reached = {(people.quarter, what) for what in ("push", "notify")}
        return is_over(people, self._settings) and reached <= self._reached

    def _list_hours(self, people: People, day: date) -> Iterable[tuple[time, Callable[[], None]]]:
        hours = read_calendar().hours
        return sorted(
            [
                *((hour, self._tick) for hour in {hours.plan, hours.release}),
                (hours.opening, lambda: self._open(people.quarter)),
                (_PEOPLE_ACT, lambda: self._let_act(people, day)),
            ],
            key=lambda one: one[0],
        )

    def _tell(self, who: str, what: str) -> None:
        self._say(read_clock().astimezone(_CLOCK), who, what)

    def _let_act(self, people: People, day: date) -> None:
        for said in people.act(day, self._settings):
            self._tell("people", said)

    def _tick(self) -> None:
        now = read_clock().astimezone(_CLOCK)
        for schedule in schedules:
            hour = time.fromisoformat(
                "{1:0>2}:{0:0>2}".format(*str(schedule.cron_schedule).split())
            )
            if (now.hour, now.minute) != (hour.hour, hour.minute):
                continue
            with dg.build_schedule_context(
                self._instance, now, repository_def=defs.get_repository_def()
            ) as context:
                data = schedule.evaluate_tick(context)
            for request in data.run_requests or ():
                self._run(schedule.name, schedule.job_name, request)

    def _look_around(self) -> None:
        """Let each sensor look until nothing more is asked for, then the one that tells."""
        for sensor in (*sensors, *sensors):
            with dg.build_sensor_context(self._instance, definitions=defs) as context:
                data = sensor.evaluate_tick(context)
            for request in data.run_requests or ():
                self._run(sensor.name, str(request.job_name or sensor.job_name), request)
        with dg.build_sensor_context(self._instance, self._cursor) as context:
            self._cursor = year_watched.evaluate_tick(context).cursor or self._cursor
        for message in self._receiver.read_new():
            if "code" in message:
                raised = f" (raised {message['raised_at']})"
                self._tell("alarm", f"{message['code']}: {message['sentence']}{raised}")
            else:
                self._tell("notice", f"release {message['release_id']} is open")

    def _run(self, by: str, job: str, request: dg.RunRequest) -> None:
        """Run a job that was asked for, unless it was asked for before under the same key."""
        if request.run_key in self._asked:
            return
        self._asked.add(str(request.run_key))
        quarter = find_quarter(date.fromisoformat(str(request.partition_key)))
        outcome = run_job(job, quarter, self._instance, lambda *_: None)
        if outcome.exit_code:
            raise_if_interrupted()
        if any(sentence.startswith("MS120") for sentence in outcome.sentences):
            # Asked for again at the next look: a delivery has come at a time of this machine, which
            # no simulated pause after it ever reaches.
            self._asked.discard(str(request.run_key))
        told = "done" if not outcome.exit_code else f"exit {outcome.exit_code}"
        self._tell(by, f"{job} of {quarter}: {' '.join((told, *outcome.sentences))}")

    def _open(self, quarter: Quarter) -> None:
        """Let the gate push an open release and tell of it, each day until that was done."""
        if not is_released(quarter, self._settings):
            return
        gate, release_id = self._make_gate(quarter), str(quarter)
        if (quarter, "push") not in self._reached:
            pushed = list(push_release(gate, release_id, clock=read_clock))
            self._note(quarter, "push", pushed)
            tell_of_pushes(gate, release_id, pushed, read_clock())
        if (quarter, "notify") not in self._reached:
            self._note(quarter, "notify", notify_release(gate, release_id, clock=read_clock))

    def _note(self, quarter: Quarter, what: str, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.is_reached:
                self._reached.add((quarter, what))
            if what == "push" or not outcome.is_reached:
                self._tell("gate", f"{what} of {quarter} to {outcome.name}: {outcome.said}")

    def _make_gate(self, quarter: Quarter) -> GateSettings:
        state = self._settings.home.parent / "gate"
        calendar = state / "calendar.toml"
        calendar.write_text(f'[[release]]\nid = "{quarter}"\ntier = "public"\n', "utf-8")
        return GateSettings(
            address="http://127.0.0.1:8600",
            releases=self._settings.releases,
            state=state,
            calendar=calendar,
            publisher="a rehearsal",
            contact="nobody@example.org",
            alarms=self._settings.alarms,
            sftp=(self._server.sftp,),
            webhook=(Webhook("rehearsal", self._receiver.address),),
        )


def plan_year(year: int) -> dict[Quarter, BadDays]:
    """The four quarters of a year with their bad days."""
    quarters = (Quarter(year, number) for number in (1, 2, 3, 4))
    return dict(zip(quarters, BAD_DAYS_OF_A_YEAR, strict=True))
