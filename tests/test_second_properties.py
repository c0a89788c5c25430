"""What holds for any life of an elevator, over all signals of the second slice."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Quality, Reading, Transition, Value
from agent.monitor.catalog import CATALOG
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor, Standing
from agent.monitor.terms.stops import INSPECTION_MODES
from agent.settings import MonitorSettings
from agent.signals import MODES

VALUES: dict[str, list[Value]] = {
    "car.moving": [True, False],
    "car.door_zone": [True, False],
    "car.floor": [0, 1],
    "car.mode": [*MODES, "normal", "normal", "normal"],
    "door.front": ["open", "closed", "closed", "opening", "fault", "not_closed"],
    "door.rear": ["open", "closed", "closed", "not_closed"],
    "landing_doors.locked": [True, False],
    "safety_chain.closed": [True, False],
    "power.mains": [True, False],
    "controller.fault": [True, False],
    "controller.fault_code": [0, 39],
    "car.occupied": [True, False],
    "car.call_registered": [True, False],
    "alarm.button": [True, False],
    "alarm.end_key": [True, False],
    "visit.active": [True, False],
    "intercom.pit": [True, False],
    "intercom.car": [True, False],
}
CONTACTS = ("power.mains", "alarm.button", "alarm.end_key", "visit.active")
STATIONS = ("intercom.pit", "intercom.car")
DRIVERS = {
    "controller": [name for name in VALUES if name not in (*CONTACTS, *STATIONS)],
    "contacts": list(CONTACTS),
    "stations": list(STATIONS),
}
INTERVALS = dict.fromkeys(STATIONS, 30_000_000)
LIMITS = limits_of(MonitorSettings(ard_hold_s=20))
HOUR_US = 3_600_000_000
GAPS_US = [
    1, 199_999, 200_000, 300_000, 999_999, 1_000_000, 2_000_000, 2_999_999, 3_000_000, 5_000_000,
    9_999_999, 10_000_000, 15_000_000, 29_999_999, 30_000_000, 90_000_000, HOUR_US, 4 * HOUR_US,
]  # fmt: skip
# What may be said at all of these, whatever the car does.
MUTED_BY_VISIT = {"controller_fault", "safety_chain_open"}


@st.composite
def some_readings(draw, at_us):
    signal = draw(st.sampled_from(sorted(VALUES)))
    quality = draw(st.sampled_from([Quality.GOOD] * 8 + [Quality.BAD, Quality.NO_ANSWER]))
    value = draw(st.sampled_from(VALUES[signal])) if quality is Quality.GOOD else None
    return [Reading(signal, value, at_us, quality)]


@st.composite
def whole_drivers(draw, at_us):
    """A driver whose link is lost, or that says everything at once."""
    names = DRIVERS[draw(st.sampled_from(sorted(DRIVERS)))]
    if draw(st.booleans()):
        return [Reading(name, None, at_us, Quality.NO_ANSWER) for name in names]
    return [Reading(name, draw(st.sampled_from(VALUES[name])), at_us) for name in names]


@st.composite
def lives(draw, most=25):
    at_us, life = 0, []
    for _ in range(draw(st.integers(1, most))):
        at_us += draw(st.sampled_from(GAPS_US))
        batch = draw(st.one_of(some_readings(at_us), some_readings(at_us), whole_drivers(at_us)))
        life.append((at_us, batch))
    life.append((at_us + 700_000_000, []))
    return life


def monitor(standing=()):
    return Monitor(DRIVERS, LIMITS, intervals_us=INTERVALS, standing=standing)


def no_readings() -> list[Reading]:
    return []


def told(life, standing=()):
    mind = monitor(standing)
    return [event for at_us, batch in life for event in mind.step(at_us, batch)]


@settings(max_examples=150, deadline=None)
@given(lives())
def test_no_rule_fails_and_raised_and_cleared_alternate(life):
    stands = set()
    last_us = 0
    for event in told(life):
        assert event.code != "agent_fault", event.detail
        assert event.at_us >= last_us
        last_us = event.at_us
        if event.transition is Transition.RAISED:
            assert event.key not in stands
            stands.add(event.key)
        elif event.transition is Transition.CLEARED:
            assert event.key in stands
            stands.remove(event.key)


@settings(max_examples=150, deadline=None)
@given(lives())
def test_what_is_muted_is_never_raised(life):
    mind = monitor()
    values = mind.snapshot.values
    for at_us, batch in life:
        for event in mind.step(at_us, batch):
            if event.transition is not Transition.RAISED:
                continue
            entry = CATALOG[event.code]
            assert not (entry.inspection_mutes and event.mode in INSPECTION_MODES)
            if event.code == "safety_chain_open" and event.at_us == at_us:
                assert values["standing.mains_lost"] is not True
            if event.code == "doors_open_outside_zone":
                assert event.mode != "rescue"


@settings(max_examples=100, deadline=None)
@given(lives())
def test_in_the_first_4_h_of_a_visit_its_codes_are_not_raised(life):
    checked_in_us = None
    mind = monitor()
    for at_us, batch in life:
        before_us = checked_in_us
        for reading in batch:
            if reading.signal != "visit.active":
                continue
            if reading.value is True and reading.quality is Quality.GOOD:
                checked_in_us = at_us if checked_in_us is None else checked_in_us
            else:
                checked_in_us = None
        for event in mind.step(at_us, batch):
            raised = event.transition is Transition.RAISED and event.code in MUTED_BY_VISIT
            known_us = before_us if event.at_us < at_us else checked_in_us
            if raised and known_us is not None and event.visit:
                # A visit known again after a loss may have begun earlier than seen here.
                assert event.at_us - known_us >= 4 * HOUR_US or _lost_visit(life, event.at_us)


def _lost_visit(life, until_us):
    return any(
        reading.signal == "visit.active" and reading.quality is not Quality.GOOD
        for at_us, batch in life
        for reading in batch
        if at_us <= until_us
    )


@settings(max_examples=100, deadline=None)
@given(lives(), st.data())
def test_memory_carried_over_at_any_point_changes_nothing(life, data):
    expected = told(life)
    cuts = data.draw(st.sets(st.integers(0, len(life) - 1), max_size=3))
    mind, heard = monitor(), []
    for index, (at_us, batch) in enumerate(life):
        if index in cuts:
            twin = monitor()
            twin.decode(mind.encode())
            mind = twin
        heard += mind.step(at_us, batch)
    assert heard == expected


@settings(max_examples=100, deadline=None)
@given(lives(), st.lists(st.floats(0, 1), max_size=8))
def test_waking_up_in_between_changes_nothing(life, parts):
    batches = {at_us for at_us, _ in life}
    instants = {round(part * life[-1][0]) for part in parts} - batches
    woken = [*life, *((at_us, no_readings()) for at_us in instants)]
    assert told(sorted(woken, key=lambda step: step[0])) == told(life)


@settings(max_examples=100, deadline=None)
@given(lives())
def test_time_alone_gives_what_waking_at_every_due_instant_gives(life):
    expected = told(life)
    mind, heard = monitor(), []
    for at_us, batch in life:
        while mind.due_us is not None and mind.due_us < at_us:
            heard += mind.step(mind.due_us)
        heard += mind.step(at_us, batch)
    assert heard == expected


@settings(max_examples=100, deadline=None)
@given(lives(), st.sets(st.sampled_from(sorted(CATALOG))))
def test_whatever_stood_before_a_restart_stands_once_or_is_cleared_once(life, codes):
    standing = [
        Standing(code, None, CATALOG[code].severity)
        for code in sorted(codes)
        if code not in {"intercom_silent", "signal_lost"} and not CATALOG[code].agent
    ]
    stands = {(old.code, None) for old in standing}
    for event in told(life, standing):
        assert event.code != "agent_fault", event.detail
        if event.transition is Transition.RAISED:
            assert event.key not in stands
            stands.add(event.key)
        elif event.transition is Transition.CLEARED:
            stands.discard(event.key)


@settings(max_examples=100, deadline=None)
@given(lives())
def test_moved_with_doors_open_ends_only_by_the_key_or_runs(life):
    for event in told(life):
        if event.code == "moved_with_doors_open" and event.transition is Transition.CLEARED:
            assert event.detail["reason"] in {"end_key", "normal_runs"}


@settings(max_examples=100, deadline=None)
@given(lives())
def test_evidence_names_only_what_is_wired_and_unknown_is_not_known(life):
    for event in told(life):
        assert set(event.evidence) <= set(VALUES)
        known = {name for name, fact in event.evidence.items() if not fact.last_known}
        assert not known & set(event.unknown)
        if not CATALOG[event.code].last_known:
            assert not any(fact.last_known for fact in event.evidence.values())
