"""What contacts mean, as timelines: a single one, a pair of which a wire is cut or shorted, pulses."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.gpio_contact import NOISE_REST_US, Contact, PulseCount, pull_of, value_of
from agent.model import Quality, Value
from agent.settings import GpioInput

MS = 1000
DEBOUNCE_MS, SETTLE_MS = 20, 400
STEP_MS = 5

Levels = tuple[bool, ...]
Shown = Value | Quality | None
NO, NC = (True, False), (False, True)  # of a pair: the signal true, the signal false
BOTH_OPEN, BOTH_CLOSED = (False, False), (True, True)


def pair() -> Contact:
    settings = GpioInput(pin=4, inverse_pin=5, debounce_ms=DEBOUNCE_MS, settle_ms=SETTLE_MS)
    return Contact("door.front", settings)


def counter(max_hz: float | None = None) -> Contact:
    settings = GpioInput(pin=4, debounce_ms=DEBOUNCE_MS, max_hz=max_hz)
    return Contact("door.cycle_count", settings)


def shown(contact: Contact, at_us: int) -> Shown:
    if not contact.is_known:
        return None
    reading = contact.reading(at_us)
    return reading.value if reading.quality is Quality.GOOD else reading.quality


def due_ms(contact: Contact) -> float | None:
    return None if contact.due_us is None else contact.due_us / MS


def told(contact: Contact, steps: Iterable[tuple[Levels, int]]) -> list[tuple[int, Shown]]:
    """Hold levels for so many milliseconds each; give what is shown from when on, in ms."""
    at_ms, said = 0, [(0, shown(contact, 0))]
    for levels, for_ms in steps:
        for _ in range(0, for_ms, STEP_MS):
            contact.sample(levels, at_ms * MS)
            now = shown(contact, at_ms * MS)
            if now != said[-1][1]:
                said.append((at_ms, now))
            at_ms += STEP_MS
    return said


# ---- a single contact ----


def test_press_and_release_have_times_of_their_own() -> None:
    contact = Contact("alarm.button", GpioInput(pin=4, debounce_ms=20, release_ms=300))
    steps = [((False,), 400), ((True,), 100), ((False,), 295), ((True,), 100), ((False,), 400)]
    assert told(contact, steps) == [(0, None), (300, False), (420, True), (1195, False)]


def test_without_a_release_time_both_are_debounced_alike() -> None:
    contact = Contact("alarm.button", GpioInput(pin=4, debounce_ms=20))
    steps = [((False,), 100), ((True,), 100), ((False,), 100)]
    assert told(contact, steps) == [(0, None), (20, False), (120, True), (220, False)]


def test_news_is_said_once_and_a_contact_at_rest_need_not_be_looked_at() -> None:
    contact = Contact("alarm.button", GpioInput(pin=4, debounce_ms=20))
    assert contact.sample([True], 0) is False
    assert due_ms(contact) == 20
    assert contact.sample([True], 20 * MS) is True
    assert due_ms(contact) is None
    assert contact.sample([True], 40 * MS) is False


def test_a_contact_that_was_away_begins_anew() -> None:
    contact = Contact("alarm.button", GpioInput(pin=4, debounce_ms=20))
    told(contact, [((True,), 100)])
    contact.forget()
    assert not contact.is_known
    assert told(contact, [((False,), 100)]) == [(0, None), (20, False)]


@pytest.mark.parametrize(
    ("active", "pull", "given"),
    [("low", None, "up"), ("high", None, "down"), ("high", "up", "up"), ("low", "none", "none")],
)
def test_the_pull_is_against_the_active_level_unless_it_is_named(
    active: str, pull: str | None, given: str
) -> None:
    assert pull_of(GpioInput(pin=4, active=active, pull=pull)) == given  # type: ignore[arg-type]


def test_a_door_contact_says_closed_or_not_closed_and_any_other_yes_or_no() -> None:
    assert value_of("door.front", level=True) == "closed"
    assert value_of("door.rear", level=False) == "not_closed"
    assert value_of("door.obstructed", level=True) is True
    assert value_of("intercom.car", level=False) is False


# ---- a pair ----


def test_a_pair_that_agrees_is_one_contact() -> None:
    steps = [(NC, 100), (NO, 100), (NC, 100)]
    assert told(pair(), steps) == [
        (0, None),
        (20, "not_closed"),
        (120, "closed"),
        (220, "not_closed"),
    ]


def test_both_open_in_travel_for_less_than_the_limit_is_a_change_over() -> None:
    steps = [(NC, 100), (BOTH_OPEN, SETTLE_MS - STEP_MS), (NO, 100)]
    assert told(pair(), steps)[1:] == [
        (20, "not_closed"),
        (100 + SETTLE_MS - STEP_MS + 20, "closed"),
    ]


def test_both_open_in_travel_for_longer_is_no_value_until_they_agree() -> None:
    steps = [(NC, 100), (BOTH_OPEN, SETTLE_MS + 100), (NO, 100)]
    assert told(pair(), steps)[1:] == [
        (20, "not_closed"),
        (120 + SETTLE_MS, Quality.BAD),
        (200 + SETTLE_MS + 20, "closed"),
    ]


def test_the_limit_is_reached_and_not_a_sample_before() -> None:
    contact = pair()
    told(contact, [(NC, 100)])
    contact.sample(BOTH_OPEN, 100 * MS)
    contact.sample(BOTH_OPEN, 120 * MS)
    assert due_ms(contact) == 120 + SETTLE_MS
    assert contact.sample(BOTH_OPEN, (120 + SETTLE_MS) * MS - 1) is False
    assert contact.sample(BOTH_OPEN, (120 + SETTLE_MS) * MS) is True
    assert due_ms(contact) is None
    assert contact.contradicts


@pytest.mark.parametrize(
    ("fault", "closed", "opened"),
    [
        ("wire of the closing contact cut", BOTH_OPEN, NC),
        ("wire of the opening contact cut", NO, BOTH_OPEN),
        ("closing contact shorted", NO, BOTH_CLOSED),
        ("opening contact shorted", BOTH_CLOSED, NC),
    ],
)
def test_a_cut_or_short_of_either_is_never_a_wrong_value(
    fault: str, closed: Levels, opened: Levels
) -> None:
    """Whichever of the two positions shows the fault has no value, the other one its own."""
    said = told(pair(), [(closed, 1000), (opened, 1000), (closed, 1000)])
    after = {value for _, value in said}
    wrong = {"closed": closed, "not_closed": opened}
    assert Quality.BAD in after, fault
    for value, levels in wrong.items():
        healthy = levels in (NO, NC)
        assert (value in after) == healthy, fault


def test_a_pair_that_contradicts_itself_from_the_start_never_has_a_value() -> None:
    assert told(pair(), [(BOTH_CLOSED, 1000)]) == [(0, None), (20 + SETTLE_MS, Quality.BAD)]


def test_a_pair_that_was_away_begins_anew() -> None:
    contact = pair()
    told(contact, [(BOTH_CLOSED, 1000)])
    contact.forget()
    assert not contact.contradicts
    assert told(contact, [(NO, 100)])[-1] == (20, "closed")


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 300)), max_size=40))
def test_whatever_came_before_a_standing_contradiction_has_no_value_and_agreement_has_its_own(
    before: list[tuple[bool, bool, int]],
) -> None:
    history = [((first, second), STEP_MS * samples) for first, second, samples in before]
    stands_ms = DEBOUNCE_MS + SETTLE_MS + STEP_MS
    for levels, value in ((BOTH_OPEN, Quality.BAD), (BOTH_CLOSED, Quality.BAD), (NO, "closed")):
        assert told(pair(), [*history, (levels, stands_ms)])[-1][1] == value


# ---- pulses ----


def test_a_counter_counts_pulses_from_0_and_not_the_level_it_begins_with() -> None:
    pulse = [((True,), 100), ((False,), 300)]
    steps = [((True,), 100), ((False,), 300), *pulse, *pulse]
    said = [value for _, value in told(counter(), steps)]
    assert said == [None, 0, 1, 2]


def test_a_pulse_shorter_than_the_debounce_is_none() -> None:
    steps = [((False,), 100), ((True,), DEBOUNCE_MS - STEP_MS), ((False,), 100)]
    assert [value for _, value in told(counter(), steps)] == [None, 0]


@pytest.mark.parametrize("late_ms", [0, 1, 3])
def test_pulses_at_the_very_rate_that_is_allowed_all_count_however_the_samples_fall(
    late_ms: int,
) -> None:
    contact = counter(max_hz=5)
    levels = [(pulse * 200 + half * 100 + 100, not half) for pulse in range(50) for half in (0, 1)]
    at_ms, active = 0, False
    while at_ms < 50 * 200 + 200:
        while levels and levels[0][0] <= at_ms:
            active = levels.pop(0)[1]
        contact.sample((active,), at_ms * MS)
        assert shown(contact, at_ms * MS) is not Quality.BAD
        at_ms += STEP_MS + (late_ms if at_ms % 3 else 0)
    assert shown(contact, at_ms * MS) == 50


def test_pulses_at_the_highest_rate_count_and_faster_ones_make_the_count_bad() -> None:
    count = PulseCount(200 * MS)
    count.pulse(0)
    count.pulse(200 * MS)
    assert (count.count, count.is_noisy(200 * MS)) == (2, False)
    count.pulse(400 * MS - 1)
    assert (count.count, count.is_noisy(400 * MS - 1)) == (2, True)


def test_the_count_is_believed_again_when_the_noise_has_been_over_for_a_while() -> None:
    count = PulseCount(200 * MS)
    count.pulse(0)
    count.pulse(50 * MS)
    assert count.is_noisy(50 * MS + NOISE_REST_US - 1)
    assert not count.is_noisy(50 * MS + NOISE_REST_US)
    assert count.count == 1


def test_noise_shows_as_bad_and_then_as_the_count_it_left() -> None:
    noise = [((True,), 50), ((False,), 50)] * 4
    said = told(counter(max_hz=2), [((False,), 100), *noise, ((False,), 1500)])
    assert [value for _, value in said] == [None, 0, 1, Quality.BAD, 1]


@given(st.lists(st.integers(0, 2_000_000), max_size=60))
def test_a_count_never_goes_back(waits: list[int]) -> None:
    count, at_us, before = PulseCount(200 * MS), 0, 0
    for wait_us in waits:
        at_us += wait_us
        count.pulse(at_us)
        assert count.count in (before, before + 1)
        before = count.count


def test_what_was_counted_stays_counted_when_the_pins_were_away() -> None:
    contact = counter()
    told(contact, [((False,), 100), ((True,), 100), ((False,), 300)])
    contact.forget()
    assert told(contact, [((True,), 100), ((False,), 300)])[-1][1] == 1
