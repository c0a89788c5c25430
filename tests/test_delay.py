"""A delay pauses for trifles and starts over for more."""

from agent.monitor.delay import IDLE, Delay, Pace, advance

RUN, HOLD, BREAK, RESTART = Pace
TRIFLE = 3_000_000


def after(*steps):
    delay = IDLE
    for at_us, pace in steps:
        delay = advance(delay, pace, at_us, TRIFLE)
    return delay


def test_an_idle_delay_never_comes():
    assert IDLE.reached_at(15) is None


def test_a_running_delay_comes_its_limit_after_it_began():
    assert after((10, RUN)).reached_at(15) == 25


def test_nothing_new_gives_the_same_object():
    delay = after((10, RUN))
    assert advance(delay, RUN, 20, TRIFLE) is delay
    broken = advance(delay, BREAK, 20, TRIFLE)
    assert advance(broken, BREAK, 30, TRIFLE) is broken
    held = advance(delay, HOLD, 20, TRIFLE)
    assert advance(held, HOLD, 30, TRIFLE) is held
    assert advance(IDLE, BREAK, 30, TRIFLE) is IDLE
    assert advance(IDLE, HOLD, 30, TRIFLE) is IDLE


def test_a_break_just_under_the_trifle_pauses():
    delay = after((0, RUN), (10, BREAK), (10 + TRIFLE - 1, RUN))
    assert delay == Delay(0, 10, 10 + TRIFLE - 1, None)


def test_a_break_as_long_as_the_trifle_starts_over():
    assert after((0, RUN), (10, BREAK), (10 + TRIFLE, RUN)) == Delay(10 + TRIFLE, 0, 10 + TRIFLE)


def test_a_hold_pauses_for_as_long_as_it_takes():
    assert after((0, RUN), (10, HOLD), (10**12, RUN)) == Delay(0, 10, 10**12)


def test_a_hold_that_follows_a_break_is_still_part_of_it():
    assert after((0, RUN), (10, BREAK), (20, HOLD), (10 + TRIFLE, RUN)).elapsed_us == 0
    assert after((0, RUN), (10, BREAK), (20, HOLD), (9 + TRIFLE, RUN)).elapsed_us == 10


def test_a_break_that_follows_a_hold_counts_from_the_break():
    delay = after((0, RUN), (10, HOLD), (10**9, BREAK), (10**9 + TRIFLE - 1, RUN))
    assert delay.elapsed_us == 10
    delay = after((0, RUN), (10, HOLD), (10**9, BREAK), (10**9 + TRIFLE, RUN))
    assert delay.elapsed_us == 0


def test_a_paused_delay_never_comes():
    assert after((0, RUN), (10, BREAK)).reached_at(15) is None
    assert after((0, RUN), (10, HOLD)).reached_at(15) is None


def test_restart_forgets_everything():
    assert after((0, RUN), (10, RESTART)) == IDLE


def test_chatter_still_comes():
    steps = [(i * 1000, RUN if i % 2 == 0 else BREAK) for i in range(101)]
    assert after(*steps).elapsed_us == 50_000
