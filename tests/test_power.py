"""A power loss is one story: what is said while it lasts, when it is over, and after a cut that took the agent too."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from agent.app import FINE, Service
from agent.config import load
from agent.delivery import Delivery
from agent.drivers.profiles import default_folders
from agent.model import Event, Fact, Instant, Lane, Row, Severity, Transition
from agent.monitor.monitor import Standing
from agent.outbox import Journal, read_rows
from agent.power import MainsStory, cut_told, was_cut
from agent.self_events import SelfEvents
from hil.installation import configuration
from hil.scenarios.corpus import play
from hil.scenarios.entrapments import boarded
from hil.scenarios.installations import DRIVE, FULL, KINDS
from hil.scenarios.script import Script
from tests.second import Car, parked
from tests.timeline import second

EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
CHAIN_DARK = {"power.mains": False, "safety_chain.closed": False}
CHAIN_BACK = {"power.mains": True, "safety_chain.closed": True}


def story(script):
    """What a duty room reads: all events but the hourly record, with the summary of each return."""
    mains, own, heard = MainsStory(), SelfEvents({}), []
    for event in play(script):
        heard.append(event)
        heard += [
            own.notice("power_restored", back.at_us, back.detail, back.since_us)
            for back in mains.follow([event])
        ]
    return [event for event in heard if event.code != "usage"]


def lines(events):
    return [f"{second(e.at_us)} {e.code} {e.transition.value}" for e in events]


def counted(events):
    return Counter(f"{event.code} {event.transition.value}" for event in events)


def rested(kind):
    """An elevator that has made a ride and stands closed and empty at 60 s."""
    script = Script(kind)
    script.wait(5).rides_to(2)
    return script.wait(60 - script.now_s)


def others_die(script):
    """The links of everything that has no supply of its own; a contact of the agent's is still read."""
    for driver, signals in script.on.drivers.items():
        if "power.mains" not in signals:
            script.driver_dies(driver)
    return script


def links_without_mains(kind):
    return sum("power.mains" not in signals for signals in kind.drivers.values())


# ---------------------------------------------------------------- the mains drop and come back


@EVERY_KIND
def test_mains_gone_for_10_min_at_a_landing_are_a_raise_a_clear_and_a_summary(kind):
    events = story(rested(kind).says(CHAIN_DARK).wait(600).says(CHAIN_BACK).wait(300))
    assert lines(events) == [
        "61 mains_lost raised",
        "662 mains_lost cleared",
        "662 power_restored notice",
    ]
    assert events[-1].since_us == 60_000_000
    assert events[-1].detail == {
        "cause": "mains",
        "lasted_ms": 600_000,
        "person_by": [],
        "raised": {},
        "cleared": {},
        "stands": [],
    }


@EVERY_KIND
def test_calls_that_wait_and_doors_half_way_add_nothing_while_the_mains_are_lost(kind):
    script = rested(kind).says({"hall.call_pending": True}).wait(10)
    script.says({"door.front": "closing", "landing_doors.locked": False}).wait(1)
    script.says(CHAIN_DARK).wait(3600)
    assert counted(story(script)) == {"mains_lost raised": 1}


@EVERY_KIND
def test_somebody_between_landings_is_told_at_the_loss_and_trapped_by_the_ordinary_rule(kind):
    script = boarded(Script(kind)).starts().wait(1.5).says(CHAIN_DARK).stops().wait(300)
    events = story(script)
    assert counted(events) == {"mains_lost raised": 1, "trapped_passengers raised": 1}
    assert events[0].detail["person_by"]
    script = script.says(CHAIN_BACK).wait(20).brought_home().closes().wait(80)
    after = story(script)[2:]
    assert counted(after) == {
        "mains_lost cleared": 1,
        "power_restored notice": 1,
        "trapped_passengers cleared": 1,
    }
    summary = after[1].detail
    assert summary["person_by"] == events[0].detail["person_by"]
    assert (summary["raised"], summary["cleared"]) == ({"trapped_passengers": 1}, {})
    assert summary["stands"] == ["trapped_passengers"]


def test_what_came_in_the_second_before_the_loss_is_known_belongs_to_it():
    script = rested(FULL)
    script.says({**CHAIN_DARK, "controller.fault": True}).wait(60).says({"controller.fault": False})
    summary = story(script.wait(60).says(CHAIN_BACK).wait(60))[-1]
    assert summary.detail["raised"] == {"controller_fault": 1}
    assert summary.detail["cleared"] == {"controller_fault": 1}


# ---------------------------------------------------------------- the controller dark, the contact still read


@EVERY_KIND
def test_a_dark_controller_is_one_lost_link_each_and_no_more(kind):
    """Each dead link is an event that nothing may mute (contract, 3.3); the loss itself is one, its return three."""
    script = others_die(rested(kind).says(CHAIN_DARK)).wait(600)
    script.says(CHAIN_BACK).wait(8).revives().wait(300)
    links = links_without_mains(kind)
    expected = {
        "mains_lost raised": 1,
        "mains_lost cleared": 1,
        "power_restored notice": 1,
        "signal_lost raised": links,
        "signal_lost cleared": links,
    }
    assert counted(story(script)) == {name: count for name, count in expected.items() if count}


def test_a_controller_that_comes_back_by_another_mode_tells_its_modes_and_nothing_else():
    script = others_die(rested(FULL).says(CHAIN_DARK)).wait(600)
    script.says({**CHAIN_BACK, "car.mode": "homing"}).wait(8).revives().wait(20)
    heard = counted(story(script.says({"car.mode": "normal"}).wait(300)))
    links = links_without_mains(FULL)
    assert heard.pop("mode_changed notice") == 2
    assert sum(heard.values()) == 2 * links + 3


@pytest.mark.parametrize("kind", [FULL, DRIVE], ids=lambda kind: kind.name)
def test_somebody_in_a_car_that_went_dark_under_way_is_not_lost_in_it(kind):
    script = boarded(Script(kind)).starts().wait(1.5).says(CHAIN_DARK).stops().wait(0.5)
    heard = counted(story(others_die(script).wait(600)))
    entrapment = "entrapment_possible raised" if kind is FULL else "trapped_passengers raised"
    assert heard == {
        "mains_lost raised": 1,
        entrapment: 1,
        "signal_lost raised": links_without_mains(kind),
    }


# ---------------------------------------------------------------- everything dark, the agent on a battery


@EVERY_KIND
def test_everything_dark_is_a_lost_link_each_the_loss_and_at_most_one_alarm(kind):
    script = boarded(Script(kind)).starts().wait(1.5).says({"power.mains": False}).wait(1.5)
    script.dies(*kind.signals).stops().wait(3600)
    links = len(kind.drivers)
    assert counted(story(script)) == {
        "mains_lost raised": 1,
        "signal_lost raised": links,
        "entrapment_possible raised": 1,
    }
    script.says(CHAIN_BACK).revives().wait(20).brought_home().closes()
    heard = counted(story(script.wait(80)))
    assert heard["mains_lost cleared"] == heard["power_restored notice"] == 1
    assert heard["signal_lost cleared"] == links
    assert heard["trapped_passengers raised"] <= 1
    assert sum(heard.values()) <= 2 * links + 7


@EVERY_KIND
def test_everything_dark_with_an_empty_car_alarms_nobody(kind):
    script = rested(kind).says({"power.mains": False}).wait(1.5)
    script.dies(*kind.signals).wait(3600).says(CHAIN_BACK).revives().wait(300)
    heard = counted(story(script))
    assert set(heard) == {
        "mains_lost raised", "mains_lost cleared", "power_restored notice", "signal_lost raised",
        "signal_lost cleared",
    }  # fmt: skip
    assert sum(heard.values()) == 2 * len(kind.drivers) + 3


# ---------------------------------------------------------------- flapping


@EVERY_KIND
@pytest.mark.parametrize("half_s", [0.5, 1.0])
def test_mains_that_flap_for_a_minute_are_one_loss(kind, half_s):
    script = rested(kind)
    for _ in range(round(30 / half_s)):
        script.says(CHAIN_DARK).wait(half_s).says(CHAIN_BACK).wait(half_s)
    heard = counted(story(script.wait(60)))
    assert heard == {"mains_lost raised": 1, "mains_lost cleared": 1, "power_restored notice": 1}


def test_a_controller_that_starts_again_with_each_dip_is_told_once_for_each_mode():
    script = rested(FULL)
    bad = {**CHAIN_DARK, "car.mode": "out_of_service", "controller.fault": True}
    good = {**CHAIN_BACK, "car.mode": "normal", "controller.fault": False}
    for _ in range(60):
        script.says(bad).wait(0.5).says(good).wait(0.5)
    heard = counted(story(script.wait(60)))
    # Before the loss is known, for two seconds, each change of mode is told; then each mode once, and the last.
    assert heard.pop("mode_changed notice") <= 6
    assert heard == {
        "mains_lost raised": 1, "mains_lost cleared": 1, "power_restored notice": 1,
        "controller_fault raised": 1, "controller_fault cleared": 1,
    }  # fmt: skip


def modes(car):
    notices = [event for event in car.events if event.code == "mode_changed"]
    return [f"{second(e.at_us)} {e.detail['from']} {e.detail['to']}" for e in notices]


def test_in_the_dark_each_mode_is_told_once_and_the_last_when_it_is_over():
    car = parked()
    car.feed(10, mains=False)
    car.feed(20, mode="emergency_power")
    car.feed(30, mode="normal")
    car.feed(40, mode="emergency_power")
    car.feed(50, mode="out_of_service")
    car.feed(60, mode="emergency_power")
    car.feed(100, mains=True)
    car.until(200)
    assert modes(car) == [
        "20 normal emergency_power",
        "50 emergency_power out_of_service",
        "102 out_of_service emergency_power",
    ]


def test_a_mode_unknown_when_the_mains_return_is_told_when_it_is_known():
    car = parked()
    car.feed(10, mains=False)
    car.feed(20, mode="out_of_service")
    car.lose(30, "mode")
    car.feed(100, mains=True)
    car.feed(110, mode="normal")
    assert modes(car) == ["20 normal out_of_service", "110 out_of_service normal"]


def test_in_the_dark_a_mode_that_was_only_lost_from_sight_is_told_no_more():
    car = parked()
    car.feed(10, mains=False)
    car.lose(20, "mode")
    car.feed(30, mode="normal")
    car.feed(100, mains=True)
    car.until(200)
    assert modes(car) == []


def test_the_first_mode_seen_in_the_dark_is_no_change():
    car = Car("mode", "mains")
    car.feed(10, mains=False)
    car.feed(20, mode="normal")
    car.feed(30, mode="inspection")
    car.feed(40, mode="normal")
    assert modes(car) == ["30 normal inspection"]


# ---------------------------------------------------------------- who was in the car


@pytest.mark.parametrize(
    ("wired", "said"), [(("mains",), None), (("mains", "button"), []), (("mains", "call"), [])]
)
def test_where_nothing_could_see_a_person_nobody_is_said_to_be_absent(wired, said):
    car = Car(*wired)
    car.feed(10, mains=False)
    car.until(11)
    assert car.event("mains_lost").detail == {"person_by": said}


def test_the_evidence_of_a_person_is_that_of_the_loss():
    car = parked()
    car.feed(5, call=True)
    car.feed(10, mains=False)
    car.until(20)
    assert car.event("mains_lost").detail == {"person_by": ["car_call"]}


# ---------------------------------------------------------------- the story by itself


def event(code, transition=Transition.RAISED, at_us=1, instance=None, **more):
    return Event(
        code=code,
        transition=transition,
        severity=Severity.MAJOR,
        at_us=at_us,
        instance=instance,
        **more,
    )


def row(said, seq=1, boot_id="before", wall_us=0, synchronised=True):
    return Row(
        seq=seq,
        journal="j",
        raised_seq=None,
        event=said,
        boot_id=boot_id,
        wall_us=wall_us,
        synchronised=synchronised,
    )


CLEARED, NOTICE = Transition.CLEARED, Transition.NOTICE


def test_each_loss_begins_its_counts_anew():
    mains = MainsStory()
    mains.follow([event("mains_lost", at_us=10, since_us=9), event("signal_lost", at_us=11)])
    [first] = mains.follow([event("mains_lost", CLEARED, at_us=12, since_us=9)])
    assert first.detail["raised"] == {"signal_lost": 1}
    [again] = mains.follow(
        [
            event("mains_lost", at_us=20, since_us=19),
            event("mode_changed", NOTICE, at_us=20),
            event("mains_lost", CLEARED, at_us=22, since_us=19),
        ]
    )
    assert (again.detail["raised"], again.detail["stands"]) == ({}, ["signal_lost"])


def test_instances_are_counted_together_and_stand_each_by_its_name():
    mains = MainsStory()
    mains.follow([event("mains_lost", since_us=0)])
    mains.follow([event("signal_lost", instance=name) for name in ("a", "b")])
    [back] = mains.follow([event("mains_lost", CLEARED, at_us=5, since_us=0)])
    assert back.detail["raised"] == {"signal_lost": 2}
    assert back.detail["stands"] == ["signal_lost/a", "signal_lost/b"]


def test_how_long_is_told_up_to_the_contacts_return_and_without_one_up_to_the_clear():
    for evidence, lasted_ms in (
        ({"power.mains": Fact(v=True, since_us=8_000_000)}, 7000),
        ({"power.mains": Fact(v=True)}, 9000),
        ({}, 9000),
    ):
        mains = MainsStory()
        mains.follow([event("mains_lost", at_us=2_000_000, since_us=1_000_000)])
        cleared = event(
            "mains_lost", CLEARED, at_us=10_000_000, since_us=1_000_000, evidence=evidence
        )
        [back] = mains.follow([cleared])
        assert back.detail["lasted_ms"] == lasted_ms


def test_a_loss_of_an_earlier_run_goes_on_and_without_its_beginning_has_no_length():
    mains = MainsStory()
    lost = event("mains_lost", detail={"person_by": ["load"]})
    mains.adopt([row(lost), row(event("signal_lost", instance="a")), row(event("x", NOTICE))])
    mains.add([row(event("signal_lost", instance="a"))])
    [back] = mains.follow([event("mains_lost", CLEARED, at_us=5)])
    assert (back.since_us, back.detail["lasted_ms"]) == (None, None)
    assert (back.detail["person_by"], back.detail["raised"]) == (["load"], {"signal_lost": 1})
    assert back.detail["stands"] == ["signal_lost/a"]


def test_what_an_earlier_run_said_is_not_added_to_another_loss():
    mains = MainsStory()
    mains.adopt([row(event("mains_lost"))])
    mains.follow([event("mains_lost", CLEARED, at_us=5)])
    mains.add([row(event("signal_lost"))])
    mains.follow([event("mains_lost", at_us=9, since_us=8)])
    [back] = mains.follow([event("mains_lost", CLEARED, at_us=12, since_us=8)])
    assert back.detail["raised"] == {}


def test_a_contact_that_was_configured_away_is_no_return():
    mains = MainsStory()
    mains.adopt([row(event("mains_lost"))])
    gone = event("mains_lost", CLEARED, detail={"reason": "configuration_changed"})
    assert mains.follow([gone]) == []


def test_what_is_remembered_from_before_a_loss_is_bounded():
    mains = MainsStory()
    for at_us in range(10_000):
        mains.follow([event("x", at_us=at_us), event("x", CLEARED, at_us=at_us)])
    mains.follow([event("mains_lost", at_us=10_000, since_us=0)])
    [back] = mains.follow([event("mains_lost", CLEARED, at_us=10_001, since_us=0)])
    assert back.detail["raised"] == {"x": 32}


# ---------------------------------------------------------------- whether it was a cut


HOURLY = event("usage", NOTICE, detail={"reason": "hourly"})
STOPPED = event("usage", NOTICE, detail={"reason": "stopped"})
STARTED = event("agent_started", NOTICE)


@pytest.mark.parametrize(
    ("said", "boot_id", "cut"),
    [
        ([], "now", False),  # the first start of all
        ([STARTED], "now", True),
        ([STARTED, HOURLY], "now", True),
        ([STARTED, HOURLY, STOPPED], "now", False),
        ([STARTED, STOPPED, event("storage_failed")], "now", False),  # said after the end
        ([STOPPED, STARTED], "now", True),  # the end of the run before that
        ([event("signal_lost")], "now", True),  # its start is long ago
        ([STARTED], "before", False),  # killed, and started again in the same boot
    ],
)
def test_a_cut_is_another_boot_without_an_orderly_end(said, boot_id, cut):
    assert was_cut([row(each) for each in said], boot_id) is cut


HOUR_US = 3_600_000_000
AT = Instant(uptime_us=5, wall_us=2 * HOUR_US, synchronised=True)


@pytest.mark.parametrize(
    ("then", "now", "since", "down_ms"),
    [
        (True, True, "1970-01-01T01:00:00.000Z", 3_600_000),
        (True, False, "1970-01-01T01:00:00.000Z", None),
        (False, True, None, None),
        (False, False, None, None),
    ],
)
def test_a_wall_time_counts_only_from_a_synchronised_clock(then, now, since, down_ms):
    last = row(HOURLY, wall_us=HOUR_US, synchronised=then)
    at = Instant(uptime_us=5, wall_us=2 * HOUR_US, synchronised=now)
    told = cut_told(last, [], at)
    assert (told["down_since"], told["down_ms"]) == (since, down_ms)


def test_a_clock_behind_the_last_row_gives_no_length():
    assert cut_told(row(HOURLY, wall_us=3 * HOUR_US), [], AT)["down_ms"] is None


def test_what_stood_and_who_was_in_the_car_is_told():
    lost = event("mains_lost", detail={"person_by": ["presence"]})
    stood = [row(lost), row(event("intercom_silent", instance="car"))]
    told = cut_told(row(HOURLY), stood, AT)
    assert told["stands"] == ["mains_lost", "intercom_silent/car"]
    assert told["person_by"] == ["presence"]
    assert cut_told(row(HOURLY), [], AT)["person_by"] is None


# ---------------------------------------------------------------- the service after a cut


def left_behind(folder: Path, said: list[Event], boot_id: str = "another boot") -> Path:
    """A journal as a run of that boot left it."""
    path = folder / "outbox.db"
    with closing(Journal.open(path)) as journal:
        for each in said:
            at = Instant(uptime_us=each.at_us, wall_us=HOUR_US, synchronised=True)
            journal.append([each], at, boot_id, dict.fromkeys(Lane, journal.head))
    return path


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Runs the service until it has looked back; gives what it journaled."""
    looked = asyncio.Event()
    look_back = Delivery.look_back

    async def noticed(delivery: Delivery) -> None:
        await look_back(delivery)
        looked.set()

    monkeypatch.setattr(Delivery, "look_back", noticed)

    async def serve() -> int:
        path = configuration(tmp_path, mqtt={"host": "127.0.0.1", "port": 1})
        service = Service(load(path), default_folders(path), None)
        await service.start()
        running = asyncio.create_task(service.run())
        async with asyncio.timeout(30):
            await looked.wait()
            os.kill(os.getpid(), signal.SIGTERM)
            return await running

    def serving() -> list[Event]:
        before = len(read_rows(tmp_path / "outbox.db", 0, 1000))
        assert asyncio.run(serve()) == FINE
        rows = read_rows(tmp_path / "outbox.db", 0, 1000)
        return [each.event for each in rows][before:]

    return serving


def test_after_a_cut_of_the_whole_building_the_return_is_summed_up(tmp_path, served):
    stood = event("intercom_silent", instance="car", at_us=20)
    left_behind(tmp_path, [STARTED, stood, HOURLY])
    [summary] = [each for each in served() if each.code == "power_restored"]
    assert (summary.severity, summary.transition) == (Severity.INFO, NOTICE)
    assert summary.detail["cause"] == "agent_off"
    assert summary.detail["down_since"] == "1970-01-01T01:00:00.000Z"
    assert summary.detail["stands"] == ["intercom_silent/car"]


@pytest.mark.parametrize("said", [[STARTED, STOPPED], [STARTED, HOURLY, STOPPED]])
def test_after_an_orderly_end_there_is_nothing_to_sum_up(tmp_path, served, said):
    left_behind(tmp_path, said)
    assert "power_restored" not in {e.code for e in served()}


def test_the_first_start_of_all_sums_up_nothing(tmp_path, served):
    left_behind(tmp_path, [])
    heard = [e.code for e in served()]
    assert heard[0] == "agent_started"
    assert (heard[-1], "power_restored" in heard) == ("usage", False)


def test_an_orderly_end_is_known_as_one_by_the_next_boot(tmp_path, served):
    left_behind(tmp_path, [])
    served()
    rows = read_rows(tmp_path / "outbox.db", 0, 1000)
    assert not was_cut(rows, "another boot")
    assert was_cut(rows[:-1], "another boot")


def test_standing_mains_lost_of_an_earlier_boot_ends_with_a_summary():
    """The monitor takes the loss over; the story knows who was in the car from the journal."""
    mains = MainsStory()
    mains.adopt([row(event("mains_lost", detail={"person_by": ["car_call"]}))])
    car = Car("mains", standing=[Standing("mains_lost", None, Severity.MAJOR)])
    car.feed(10, mains=True)
    car.until(12)
    [back] = mains.follow(car.events)
    assert (back.since_us, back.detail["person_by"]) == (None, ["car_call"])


def test_a_loss_that_stood_at_the_start_is_completed_from_the_journal(tmp_path, served):
    """The first run's part of the story comes from the rows, once they are read."""
    lost = event("mains_lost", detail={"person_by": ["load"]})
    left_behind(tmp_path, [STARTED, lost, event("signal_lost", instance="controller")])
    heard = served()
    # No driver gives the contact here: the loss is cleared as configured away, which is no return.
    ends = [(e.code, e.detail.get("reason")) for e in heard if e.transition is CLEARED]
    assert ("mains_lost", "configuration_changed") in ends
    assert [e.detail["cause"] for e in heard if e.code == "power_restored"] == ["agent_off"]
