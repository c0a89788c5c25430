"""Only nodes that read what changed are asked. Nothing may get lost by it: a missing mark would be a missed alarm."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Quality, Reading, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.settings import MonitorSettings
from tests.histories import GAPS_US, VALUES

LIMITS = limits_of(MonitorSettings(), rated_speed_mm_s=1000)
SIGNALS = VALUES | {
    "car.speed_mm_s": [0, 1, 49, 50, 900, 2000],
    "hall.call_pending": [True, False],
    "drive.command": [True, False],
    "brake.released": [True, False],
    "safety_chain.closed": [True, False],
    "power.mains": [True, False],
    "position.lost": [True, False],
    "controller.fault": [True, False],
    "power.battery_percent": [1, 19, 20, 21, 22, 90],
    "machine_room.temperature_c": [5.0, 39.0, 39.5, 40.0, 60.0],
    "host.temperature_c": [40.0, 79.0, 80.0, 85.0],
    "host.disk_free_percent": [1, 4, 5, 6, 7, 50],
}


@st.composite
def lives(draw):
    """The signals of an installation, and batches of readings of them."""
    fitted = draw(st.lists(st.sampled_from(list(SIGNALS)), min_size=3, max_size=20, unique=True))
    at_us, life = 0, []
    for _ in range(draw(st.integers(1, 20))):
        at_us += draw(st.sampled_from(GAPS_US))
        batch = []
        for signal in draw(st.lists(st.sampled_from(fitted), max_size=4)):
            if draw(st.integers(0, 9)) == 0:
                batch.append(Reading(signal, None, at_us, Quality.NO_ANSWER))
            else:
                batch.append(Reading(signal, draw(st.sampled_from(SIGNALS[signal])), at_us))
        life.append((at_us, batch))
    return fitted, life


def asked_again(fitted, subject):
    """What every node says when it is asked once more at the same instant: the board, and events."""
    other = Monitor({"bus": fitted}, LIMITS)
    other.decode(subject.encode())
    other._ask(other._alive)  # every mark
    return other.snapshot.values, other._events()


@settings(max_examples=120, deadline=None)
@given(lives())
def test_a_node_that_was_not_woken_has_nothing_new_to_say(life):
    fitted, batches = life
    subject = Monitor({"bus": fitted}, LIMITS)
    for at_us, batch in batches:
        told = subject.step(at_us, batch)
        values, events = asked_again(fitted, subject)
        just_ended = {e.key for e in told if e.transition is Transition.CLEARED}
        ended_now = {f"standing.{code}" for code, _ in just_ended}
        for name, value in values.items():
            if name not in ended_now:
                assert (name, value) == (name, subject.snapshot.values[name])
        assert [e for e in events if e.key not in just_ended] == []


def hot(*batches):
    """The instants at which `machine_room_hot` was raised."""
    subject, name = Monitor({"bus": ["machine_room.temperature_c"]}, LIMITS), "machine_room_hot"
    raised = []
    for at_s, value in batches:
        at_us = at_s * 1_000_000
        quality = Quality.NO_ANSWER if value is None else Quality.GOOD
        events = subject.step(at_us, [Reading("machine_room.temperature_c", value, at_us, quality)])
        events += subject.step(at_us + 1)
        raised += [e for e in events if e.code == name and e.transition is Transition.RAISED]
    later = subject.step(86_400_000_000)
    raised += [e for e in later if e.code == name and e.transition is Transition.RAISED]
    return [e.at_us / 1_000_000 for e in raised]


def test_a_number_that_was_lost_and_comes_back_as_it_was_is_looked_at_again():
    limit_s = LIMITS.machine_room_hot_us // 1_000_000
    assert hot((0, 45.0)) == [limit_s]
    back_s = 1 + LIMITS.trifle_us // 1_000_000
    assert hot((0, 45.0), (1, None), (back_s + 1, 45.0)) == [back_s + 1 + limit_s]


def test_a_number_that_was_lost_before_its_limit_was_reached_still_raises():
    limit_s = LIMITS.machine_room_hot_us // 1_000_000
    assert hot((0, 20.0), (1, None), (2, 20.0), (3, 45.0)) == [3 + limit_s]
