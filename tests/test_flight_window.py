"""The window: what it remembers, what it forgets and still knows, and that every cut is complete in itself."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.flight_window import Window, cut, entries_of, lines_of
from agent.model import SECOND_US, Quality, Reading
from tests.histories import histories


def window_of(history, bytes_max=1_000_000):
    window = Window(0, bytes_max)
    for at_us, readings in history:
        window.add(entries_of(readings, at_us))
    return window


def lines(window, start_us):
    text = b"".join(lines_of(block, start_us) for block in cut(window.past(), start_us))
    return [json.loads(line) for line in text.splitlines()]


def test_a_cut_begins_with_the_values_that_stood_then():
    window = window_of(
        [
            (1_000_000, [Reading("car.floor", 1, 0), Reading("door.front", "open", 0)]),
            (2_000_000, [Reading("car.floor", None, 0, Quality.NO_ANSWER)]),
            (3_000_000, [Reading("door.front", "closed", 0)]),
            (4_500_000, [Reading("car.floor", 2, 0)]),
        ]
    )
    assert lines(window, 3_500_000) == [
        {"t": 0.0, "signal": "car.floor", "quality": "no_answer"},
        {"t": 0.0, "signal": "door.front", "value": "closed"},
        {"t": 1.0, "signal": "car.floor", "value": 2},
    ]


def test_what_changed_at_the_very_instant_of_the_cut_is_a_change():
    window = window_of([(1_000_000, [Reading("car.floor", 1, 0)])])
    assert lines(window, 1_000_000) == [{"t": 0.0, "signal": "car.floor", "value": 1}]
    assert lines(window, 1_000_001) == [{"t": 0.0, "signal": "car.floor", "value": 1}]
    assert lines(window, 999_999) == [{"t": 0.000001, "signal": "car.floor", "value": 1}]


def test_a_window_that_heard_nothing_is_empty():
    assert lines(Window(5), 5) == []
    assert Window(5).begin_us == 5


@pytest.mark.parametrize("bytes_max", [0, 20_000, 100_000])
def test_a_full_window_forgets_the_oldest_and_stays_within_its_bytes(bytes_max):
    window = window_of(
        [(at, [Reading("car.floor", at, at)]) for at in range(10_000)], bytes_max=bytes_max
    )
    assert window.size <= bytes_max + 8 * 1024
    begin_us = window.begin_us
    assert begin_us > 0
    told = lines(window, begin_us)
    assert [line["value"] for line in told] == list(range(begin_us, 10_000))


def test_a_past_does_not_change_when_the_window_goes_on():
    window = window_of([(1, [Reading("car.floor", 1, 1)])])
    past = window.past()
    window.add(entries_of([Reading("car.floor", 2, 2)], 2))
    assert b"".join(cut(past, 0)) == b'1,"signal":"car.floor","value":1}\n'


@settings(max_examples=100, deadline=None)
@given(histories(), st.floats(0, 1), st.sampled_from([0, 9000, 1_000_000]))
def test_values_at_any_instant_of_a_cut_are_those_that_were_recorded(history, share, bytes_max):
    """Histories are short, so that they are repeated until blocks are forgotten."""
    length_us = history[-1][0] + SECOND_US
    long = [(at_us + n * length_us, readings) for n in range(12) for at_us, readings in history]
    window = window_of(long, bytes_max)
    end_us = long[-1][0]
    start_us = max(window.begin_us, round(end_us * share))

    def values(batches, until_us):
        return {name: value for at_us, name, value in batches if at_us <= until_us}

    everything = [(at, r.signal, r.value if r.quality is Quality.GOOD else r.quality.value)
                  for at, readings in long for r in readings]  # fmt: skip
    told = [
        (start_us + round(line["t"] * SECOND_US), line["signal"], line.get("value", line.get("quality")))
        for line in lines(window, start_us)
    ]  # fmt: skip
    assert [at for at, _, _ in told] == sorted(at for at, _, _ in told)
    for until_us in {start_us, (start_us + end_us) // 2, end_us}:
        assert values(told, until_us) == values(everything, until_us)
