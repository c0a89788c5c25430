"""From drivers to events: one rising time, staleness at its own instant, a recording that replays the same."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from agent.clock import Clock
from agent.config import load
from agent.freshness import Freshness
from agent.intake import Intake
from agent.model import SECOND_US, Event, Instant, Quality, Reading, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.recorder import Recorder
from agent.replay import replay_events
from agent.settings import MonitorSettings
from hil.installation import configuration
from tests.e2e import until
from tests.recorders import recorder_into

DRIVERS = {"contacts": ("alarm.button",), "box": ("car.door_zone",)}
STALE_US = 2 * SECOND_US


class Watched(Intake):
    """An intake over the real monitor whose events are kept."""

    def __init__(self, start_us: int, recorder: Recorder | None = None) -> None:
        self.events: list[Event] = []
        limits_us = {name: STALE_US for wired in DRIVERS.values() for name in wired}
        monitor = Monitor(DRIVERS, limits_of(MonitorSettings(), {}), start_us=start_us)
        freshness = Freshness(limits_us, start_us)
        super().__init__(Clock(), freshness, monitor, self._keep, recorder=recorder)

    def _keep(self, events: Sequence[Event], now: Instant) -> None:
        self.events += events

    @property
    def said(self) -> list[tuple[str, str, int]]:
        return [(event.code, event.transition.value, event.at_us) for event in self.events]


def good(signal: str, value: bool, at_us: int) -> Reading:
    return Reading(signal, value, at_us)


def at(seconds: float) -> int:
    return round(seconds * SECOND_US)


def test_a_signal_goes_stale_at_its_own_instant_before_what_comes_later() -> None:
    intake = Watched(0)
    intake.readings("box", [good("car.door_zone", True, at(0))])
    intake.readings("contacts", [good("alarm.button", False, at(1.5))])
    assert intake.said == []
    intake.readings("contacts", [good("alarm.button", False, at(3.4))])
    assert intake.said == [("signal_lost", "raised", at(2))]  # not when something woke it


def test_a_reading_at_its_staleness_limit_comes_too_late_and_one_before_it_in_time() -> None:
    for when, lost in ((at(2) - 1, False), (at(2), True)):
        intake = Watched(0)
        intake.readings("box", [good("car.door_zone", True, 0)])
        intake.readings("contacts", [good("alarm.button", False, at(1))])
        intake.readings("box", [good("car.door_zone", True, when)])
        assert bool(intake.events) is lost


def test_a_timer_fires_at_its_due_instant_when_the_next_reading_is_later() -> None:
    intake = Watched(0)
    intake.readings("contacts", [good("alarm.button", True, at(1))])
    intake.readings("contacts", [good("alarm.button", True, at(1.9))])
    raised = [each for each in intake.said if each[0] == "alarm_button"]
    assert raised == [("alarm_button", "raised", at(1.5))]


def test_a_driver_that_reports_late_does_not_turn_time_back(tmp_path: Path) -> None:
    """It looked at 1.0 s, waited for another answer until 1.6 s, and reports then."""
    path = tmp_path / "recording.jsonl"
    start = Instant(uptime_us=0, wall_us=0, synchronised=True)
    recorder = recorder_into(tmp_path / "recordings", start, DRIVERS)
    recorder.keep(path, start)
    intake = Watched(0, recorder)
    intake.readings("contacts", [good("alarm.button", True, at(0.9))])
    intake.readings("contacts", [good("alarm.button", True, at(1.5))])
    intake.readings("box", [good("car.door_zone", True, at(1.0))])
    assert intake.monitor.snapshot.since_us["car.door_zone"] == at(1.5)
    recorder.close(at(3))
    recorder.disk.call(lambda: None).result(10)
    assert b'{"t":1.5,"signal":"car.door_zone"' in path.read_bytes()  # as the monitor was given it
    again = [event for event, _ in replay_events(path, load(configuration(tmp_path)))]
    assert [(event.code, event.at_us) for event in again if event.code == "alarm_button"] == [
        ("alarm_button", at(1.4))
    ]


def test_a_bad_reading_is_no_news_until_the_signal_is_stale() -> None:
    intake = Watched(0)
    intake.readings("box", [good("car.door_zone", True, 0)])
    intake.readings("contacts", [good("alarm.button", False, at(1.9))])
    bad = Reading("car.door_zone", None, at(1.9), Quality.BAD)
    intake.readings("box", [bad])
    assert intake.freshness.points()["car.door_zone"].value is True
    intake.readings("contacts", [good("alarm.button", False, at(2.5))])
    assert intake.freshness.points()["car.door_zone"].quality is Quality.BAD
    assert intake.said == [("signal_lost", "raised", at(2))]


def test_nothing_at_all_is_no_batch() -> None:
    intake = Watched(at(5))
    intake.readings("box", [])
    assert intake.monitor.snapshot.at_us == at(5)


def test_a_link_is_told_with_its_reason_and_the_state_with_each_change() -> None:
    intake = Watched(0)
    told: list[object] = []
    changes: list[str] = []
    intake.on_links = lambda links: told.append(dict(links))
    intake.on_state = lambda: changes.append("state")
    intake.link("box", up=False, reason="unplugged")
    intake.link("box", up=True, reason="the device answers")
    assert told == [
        {"box": {"up": False, "reason": "unplugged"}},
        {"box": {"up": True, "reason": "the device answers"}},
    ]
    intake.readings("box", [good("car.door_zone", True, 0)])
    intake.readings("box", [good("car.door_zone", True, at(1))])
    intake.readings("box", [good("car.door_zone", False, at(1.5))])
    assert changes == ["state", "state"]  # an unchanged reading only refreshes its age


def test_what_is_due_fires_without_another_reading() -> None:
    async def press() -> list[Event]:
        intake = Watched(Clock().uptime_us())
        timers = asyncio.create_task(intake.keep_time())
        await asyncio.sleep(0)  # it waits for the staleness limit, two seconds away
        intake.readings("contacts", [good("alarm.button", True, Clock().uptime_us())])
        await until(lambda: intake.events)
        timers.cancel()
        return intake.events

    [event] = asyncio.run(press())
    assert (event.code, event.transition) == ("alarm_button", Transition.RAISED)
    assert event.since_us is not None
    assert event.at_us == event.since_us + at(0.5)


def test_signals_that_go_stale_together_are_lost_in_one_event() -> None:
    async def story() -> None:
        intake = Watched(0)
        limits_us = {"car.door_zone": STALE_US, "car.moving": STALE_US}
        drivers = {"box": ("car.door_zone", "car.moving")}
        intake.monitor = Monitor(drivers, limits_of(MonitorSettings(), {}))
        intake.freshness = Freshness(limits_us, 0)
        at_us = SECOND_US
        intake.readings("box", [Reading(name, value=True, at_us=at_us) for name in limits_us])
        intake.readings("box", [Reading("car.floor", None, 5 * SECOND_US, Quality.NO_ANSWER)])
        assert [event.detail["signals"] for event in intake.events] == [list(limits_us)]

    asyncio.run(story())
