"""What can be detected with which signals."""

import pytest

from agent.monitor.capabilities import capabilities, is_possible
from agent.monitor.catalog import CATALOG, ENTRIES

FULL = {
    "car.mode", "car.moving", "car.door_zone", "door.front", "car.occupied",
    "car.call_registered", "car.load_percent", "alarm.button",
}  # fmt: skip
CAR_TOP = {"car.door_zone", "door.front", "car.occupied"}
CONTACTS = {"car.door_zone", "door.front", "alarm.button"}
FIVE = (
    "trapped_passengers",
    "alarm_button",
    "stopped_outside_door_zone",
    "mode_changed",
    "signal_lost",
)


def table(signals):
    return {c.code: c.state for c in capabilities(signals) if c.code in FIVE}


@pytest.mark.parametrize(
    ("signals", "states"),
    [
        (FULL, ["full", "full", "full", "full", "full"]),
        (CAR_TOP, ["full", "none", "full", "none", "full"]),
        (CONTACTS, ["full", "full", "full", "none", "full"]),
        ({"car.moving", "door.front", "car.occupied"}, ["partial", "none", "none", "none", "full"]),
        ({"car.door_zone", "alarm.button"}, ["partial", "full", "full", "none", "full"]),
        ({"car.door_zone", "door.front"}, ["none", "none", "full", "none", "full"]),
        (set(), ["none", "none", "none", "none", "none"]),
    ],
    ids=["full", "car-top", "contacts", "no zone", "no door", "nobody seen", "nothing"],
)
def test_the_table(signals, states):
    assert table(signals) == dict(zip(FIVE, states, strict=True))


def test_the_order_is_the_catalog_s_and_the_agent_s_own_events_are_left_out():
    codes = [entry.code for entry in ENTRIES if not entry.agent]
    assert [c.code for c in capabilities(FULL)] == codes


def test_what_is_missing_is_named_once_and_said_in_both_languages():
    trapped = capabilities({"car.moving", "door.front", "car.occupied"})[0]
    assert trapped.missing == ("car.door_zone",)
    assert trapped.note_en == "cannot tell: stopped outside the door zone with a person in the car"
    assert trapped.note_zh == "无法判断:轿厢有人且停在门区外"
    nothing = capabilities(set())[0]
    assert len(set(nothing.missing)) == len(nothing.missing)


def test_an_agent_s_event_needs_no_detector():
    assert not is_possible(CATALOG["agent_started"], FULL)
