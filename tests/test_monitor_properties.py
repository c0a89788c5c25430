"""What holds for every life of an elevator, whatever is read."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Quality, Reading, Transition
from agent.monitor.catalog import CATALOG
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.settings import MonitorSettings
from tests.histories import DRIVERS, VALUES, histories
from tests.timeline import CODES

LIMITS = limits_of(MonitorSettings())
SLOW = settings(max_examples=60, deadline=None)


def monitor():
    return Monitor(DRIVERS, LIMITS)


def told(events):
    return [(e.at_us, e.code, e.instance, e.transition, e.since_us, e.severity) for e in events]


def lived(history, each=None):
    """All events of a life, batch by batch."""
    subject, events = monitor(), []
    for at_us, batch in history:
        events += subject.step(at_us, batch)
        if each is not None:
            subject = each(subject)
    return events


@SLOW
@given(histories())
def test_raised_and_cleared_alternate_and_nothing_is_set_aside(history):
    standing = set()
    for event in lived(history):
        assert event.code in CATALOG
        assert event.code != "agent_fault"
        if event.transition is Transition.RAISED:
            assert event.key not in standing
            standing.add(event.key)
        elif event.transition is Transition.CLEARED:
            standing.remove(event.key)


@SLOW
@given(histories())
def test_events_come_in_order_of_time_and_began_before_they_were_told(history):
    events = lived(history)
    assert [e.at_us for e in events] == sorted(e.at_us for e in events)
    for event in events:
        assert event.since_us is None or event.since_us <= event.at_us
        for fact in event.evidence.values():
            assert fact.since_us <= event.at_us


@SLOW
@given(histories())
def test_a_monitor_written_down_and_read_again_goes_on_as_if_nothing_had_happened(history):
    def again(subject):
        other = monitor()
        other.decode(subject.encode())
        assert other.encode() == subject.encode()
        return other

    assert lived(history, each=again) == lived(history)


@SLOW
@given(histories(), st.sampled_from([1_000_000, 700_000, 3_333_333]))
def test_many_small_steps_of_time_tell_what_one_big_step_tells(history, tick_us):
    small, now_us, events = monitor(), 0, []
    for at_us, batch in history:
        for passing_us in range(now_us + tick_us, min(at_us, now_us + 300 * tick_us), tick_us):
            events += small.step(passing_us)
        events += small.step(at_us, batch)
        now_us = at_us
    assert told(events) == told(lived(history))


@SLOW
@given(histories())
def test_stepping_from_due_time_to_due_time_tells_the_same(history):
    subject, events = monitor(), []
    for at_us, batch in history:
        while subject.due_us is not None and subject.due_us < at_us:
            events += subject.step(subject.due_us)
        events += subject.step(at_us, batch)
    assert told(events) == told(lived(history))


@SLOW
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_readings_of_one_instant_does_not_matter(history, random):
    shuffled = []
    for at_us, batch in history:
        single = list({reading.signal: reading for reading in batch}.values())
        random.shuffle(single)
        shuffled.append((at_us, single))
    assert lived(shuffled) == lived(history)


@SLOW
@given(histories())
def test_saying_everything_twice_changes_nothing(history):
    known: dict[str, Reading] = {}
    doubled = []
    for at_us, batch in history:
        known |= {reading.signal: reading for reading in batch}
        again = [Reading(r.signal, r.value, at_us, r.quality) for r in known.values()]
        doubled.append((at_us, again))
    assert lived(doubled) == lived(history)


@SLOW
@given(histories())
def test_losing_everything_ends_nothing_of_what_stands(history):
    """At the last instant all inputs are lost: what stands then stands for a year, `signal_lost` aside."""
    subject, events = monitor(), []
    for at_us, batch in history:
        events += subject.step(at_us, batch)
    last_us = history[-1][0]
    gone = [Reading(n, None, last_us + 1, Quality.NO_ANSWER) for n in VALUES]
    lost = subject.step(last_us + 1, gone)
    after = subject.step(last_us + 365 * 86_400_000_000)
    for event in [*lost, *after]:
        assert event.code in ("signal_lost", "entrapment_possible", "usage"), event


FILTERING = ("car.moving", "car.door_zone", "door.front", "door.rear", "landing_doors.locked")
QUIET = st.sampled_from([name for name in VALUES if name not in ("car.mode", "visit.active")])


@SLOW
@given(histories(), QUIET)
def test_a_signal_lost_and_back_within_one_instant_of_time_raises_and_clears_nothing(history, name):
    """A loss of a millisecond, long after anything else happened."""
    subject = monitor()
    for at_us, batch in history:
        subject.step(at_us, batch)
    at_us = history[-1][0] + 1000
    value = subject.snapshot.values[name]
    if value is None or name in subject.snapshot.lost:
        return
    events = subject.step(at_us, [Reading(name, None, at_us, Quality.NO_ANSWER)])
    events += subject.step(at_us + 1000, [Reading(name, value, at_us + 1000)])
    assert [e for e in events if e.code in CODES and e.code != "signal_lost"] == []


@SLOW
@given(histories(max_batches=12), st.integers(0, 11), st.sampled_from([100_000, 2_999_000]))
def test_a_filled_loss_never_adds_an_alarm(history, index, length_us):
    """The same life, with one signal lost for less than a trifle: no code is raised that was not raised without."""
    index = min(index, len(history) - 2)
    at_us, batch = history[index]
    next_us = history[index + 1][0]
    if next_us - at_us <= length_us + 2 or not batch:
        return
    reading = batch[-1]
    if reading.quality is not Quality.GOOD:
        return
    lost = [Reading(reading.signal, None, at_us + 1, Quality.NO_ANSWER)]
    back = [Reading(reading.signal, reading.value, at_us + 1 + length_us)]
    disturbed = [
        *history[: index + 1],
        (at_us + 1, lost),
        (at_us + 1 + length_us, back),
        *history[index + 1 :],
    ]
    quiet = {(e.code, e.transition) for e in lived(history) if e.transition is Transition.RAISED}
    noisy = {(e.code, e.transition) for e in lived(disturbed) if e.transition is Transition.RAISED}
    added = {code for code, _ in noisy - quiet if code in CODES}
    # A press in the instant in which nobody can tell whether the car stands open is no filtered one.
    unfiltered = {"alarm_button"} if reading.signal in FILTERING else set[str]()
    assert added <= {"signal_lost"} | unfiltered
