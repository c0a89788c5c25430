"""When the wall clock is believed, and what an anchor makes of a boot whose clock was wrong: pure, over all steps."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock_anchor import CODE, Boot, Correction, anchor_in, anchor_us, ranged
from agent.clock_trust import STEP_US, Trust
from agent.model import Event, Instant, Severity, Transition
from agent.uplink.messages import iso
from tests.test_time_e2e import milliseconds

YEAR_US = round(365.25 * 86400) * 1_000_000
NOW_US = 56 * YEAR_US  # 2026


def believed(trust: Trust, offset_us: int, *, marked: bool = True) -> bool:
    return trust.look(offset_us, marked=marked)


def test_a_clock_without_the_mark_of_a_time_service_is_not_believed() -> None:
    trust = Trust()
    assert not believed(trust, 0, marked=False)
    assert [trust.trusted_us] == [None]
    assert believed(trust, NOW_US)  # stepped by decades and marked since: that is how a boot begins
    assert (trust.trusted_us, trust.steps) == (NOW_US, 1)


@pytest.mark.parametrize("way", [1, -1])
def test_a_believed_clock_that_is_stepped_is_in_doubt_until_the_system_says_yes(way: int) -> None:
    trust = Trust()
    assert believed(trust, NOW_US)
    assert believed(trust, NOW_US + way * STEP_US)
    assert not believed(trust, NOW_US + way * (2 * STEP_US + 1))
    assert trust.in_doubt
    assert trust.trusted_us == NOW_US + way * STEP_US
    trust.answered(False, trust.steps)
    assert not believed(trust, NOW_US + way * (2 * STEP_US + 1))
    trust.answered(True, trust.steps)
    assert believed(trust, NOW_US + way * (2 * STEP_US + 1), marked=False)
    assert trust.is_confirmed


def test_an_answer_from_before_a_step_says_nothing_of_the_clock_after_it() -> None:
    trust = Trust()
    believed(trust, NOW_US)
    believed(trust, 0)
    trust.answered(True, 0)
    assert not believed(trust, 0)


def test_a_clock_that_is_set_back_to_what_it_was_is_believed_again() -> None:
    trust = Trust()
    believed(trust, NOW_US)
    assert not believed(trust, NOW_US + YEAR_US)
    assert believed(trust, NOW_US + STEP_US)


def test_where_nobody_can_be_asked_the_mark_is_all() -> None:
    trust = Trust()
    believed(trust, NOW_US)
    trust.answered(None, 0)
    assert believed(trust, 0)
    assert not believed(trust, 0, marked=False)


def test_a_slow_drift_is_no_step_however_far_it_goes() -> None:
    trust = Trust()
    assert all(believed(trust, NOW_US + n * STEP_US // 2) for n in range(100))
    assert trust.steps == 0


def test_an_anchor_from_an_earlier_run_puts_another_clock_in_doubt() -> None:
    near, far, mute = Trust(), Trust(), Trust()
    mute.answered(None, 0)
    near.remember(0)  # nothing looked at yet
    for trust, anchor in ((near, NOW_US - STEP_US), (far, NOW_US - STEP_US - 1), (mute, 0)):
        believed(trust, NOW_US)
        trust.remember(anchor)
    assert [believed(trust, NOW_US) for trust in (near, far, mute)] == [True, False, True]
    assert far.trusted_us == NOW_US - STEP_US - 1
    far.answered(True, 0)
    far.remember(NOW_US - YEAR_US)
    assert believed(far, NOW_US)


# ---------------------------------------------------------------- the boot's one anchor


def instant(uptime_us: int, offset_us: int, *, synchronised: bool) -> Instant:
    return Instant(uptime_us=uptime_us, wall_us=uptime_us + offset_us, synchronised=synchronised)


def test_a_boot_that_began_synchronised_has_nothing_to_tell() -> None:
    correction = Correction()
    for us in range(3):
        correction.look(instant(us, NOW_US, synchronised=True), NOW_US)
    assert correction.anchor_us is None
    assert correction.to_tell() is None


def test_the_first_synchronised_look_gives_the_anchor_and_it_is_told_once() -> None:
    correction = Correction()
    correction.look(instant(5_000_000, 0, synchronised=False), None)
    assert correction.to_tell() is None
    correction.look(instant(9_001_999, NOW_US + 1, synchronised=True), NOW_US + 1)
    told = correction.to_tell()
    assert told == {
        "reason": "synchronised",
        "anchor": {"uptime_ms": 9001, "unix_ms": NOW_US // 1000 + 9001},
        "shift_ms": NOW_US // 1000,
    }
    assert correction.to_tell() is None
    correction.look(instant(10_000_000, 2 * NOW_US, synchronised=True), 2 * NOW_US)
    assert correction.anchor_us == NOW_US


def test_a_step_of_a_believed_clock_is_told_with_the_clock_as_it_was() -> None:
    correction = Correction()
    correction.look(instant(1, NOW_US, synchronised=True), NOW_US)
    correction.look(instant(2_000, NOW_US - YEAR_US, synchronised=False), NOW_US)
    told = correction.to_tell()
    assert told is not None
    assert (told["reason"], told["shift_ms"]) == ("stepped", -YEAR_US // 1000)
    assert told["anchor"] == {"uptime_ms": 2, "unix_ms": NOW_US // 1000 + 2}


def test_what_an_earlier_run_in_this_boot_left_undated_is_dated_by_this_one() -> None:
    correction = Correction()
    correction.look(instant(1, NOW_US, synchronised=True), NOW_US)
    correction.adopt(Boot(anchor_us=None, is_undated=True))
    correction.look(instant(2, NOW_US, synchronised=True), NOW_US)
    assert correction.to_tell() is not None


def test_what_an_earlier_run_has_told_is_not_told_again() -> None:
    correction = Correction()
    correction.look(instant(1, 0, synchronised=False), None)
    correction.adopt(Boot(anchor_us=NOW_US, is_undated=True))
    correction.look(instant(2, NOW_US + 7_000, synchronised=True), NOW_US + 7_000)
    assert (correction.anchor_us, correction.to_tell()) == (NOW_US, None)


def notice(**detail: Any) -> Event:
    return Event(
        code=CODE, transition=Transition.NOTICE, severity=Severity.INFO, at_us=1, detail=detail
    )


def test_an_event_without_an_anchor_gives_none() -> None:
    assert anchor_in(notice()) is None
    event = notice(anchor={"uptime_ms": 2, "unix_ms": 1})
    assert anchor_in(event) == -1000
    other = Event(
        code="usage", transition=Transition.NOTICE, severity=Severity.INFO, at_us=1,
        detail=event.detail,
    )  # fmt: skip
    assert anchor_in(other) is None
    assert ranged(event, 4, 9).detail == {**event.detail, "applies_from": 4, "applies_to": 8}


Looks = list[tuple[int, int, bool, bool | None]]
looks = st.lists(
    st.tuples(
        st.integers(1, 3 * 86_400_000_000),  # uptime passed since the look before
        st.one_of(
            st.just(0), st.integers(-100, 100), st.integers(-60 * YEAR_US, 60 * YEAR_US)
        ),  # how far the wall was stepped
        st.booleans(),  # whether the mark is there
        st.sampled_from([None, False, True]),  # what the system answered, if it was asked
    ),
    min_size=1,
    max_size=30,
)


@given(first_us=st.integers(-YEAR_US, 130 * YEAR_US), life=looks)
def test_corrected_times_rise_and_lie_as_far_apart_as_their_uptimes_whatever_is_stepped(
    first_us: int, life: Looks
) -> None:
    trust, correction, uptime_us, offset_us = Trust(), Correction(), 0, first_us
    undated: list[int] = []
    anchors: set[int] = set()
    for passed_us, step_us, marked, answer in life:
        uptime_us, offset_us = uptime_us + passed_us, offset_us + step_us
        now = instant(uptime_us, offset_us, synchronised=trust.look(offset_us, marked=marked))
        correction.look(now, trust.trusted_us)
        if not now.synchronised:
            undated.append(uptime_us)
        if correction.anchor_us is not None:
            anchors.add(correction.anchor_us)
        if answer is not None:
            trust.answered(answer, trust.steps)
    assert len(anchors) <= 1
    for anchor in anchors:
        told = [anchor + at_us for at_us in undated]
        assert told == sorted(told)
        assert [b - a for a, b in itertools.pairwise(told)] == [
            b - a for a, b in itertools.pairwise(undated)
        ]


@given(st.integers(0, 10**14), st.integers(0, 10**14), st.integers(0, 130 * YEAR_US))
def test_a_consumer_finds_the_very_millisecond_that_the_agent_tells(
    at_us: int, told_at_us: int, offset_us: int
) -> None:
    anchor = anchor_us(offset_us)
    told = notice(
        anchor={"uptime_ms": told_at_us // 1000, "unix_ms": (anchor + told_at_us) // 1000}
    )
    assert anchor_in(told) == anchor
    pair = told.detail["anchor"]
    assert isinstance(pair, dict)
    assert pair["unix_ms"] + at_us // 1000 - pair["uptime_ms"] == milliseconds(iso(anchor + at_us))
