"""When a contact's level counts."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.debounce import CHATTER_US, Debouncer

DEBOUNCE = 50_000
STEP = 5_000


def settled(level: bool) -> Debouncer:
    """Give an input that has rested at a level until 0."""
    debouncer = Debouncer(DEBOUNCE, DEBOUNCE)
    debouncer.sample(level, -DEBOUNCE)
    assert debouncer.sample(level, 0) is level
    return debouncer


def run(debouncer: Debouncer, samples: Iterable[tuple[int, bool]]) -> list[tuple[int, bool]]:
    """Feed samples; give the changes with their times."""
    fed = [(at, debouncer.sample(level, at)) for at, level in samples]
    return [(at, new) for at, new in fed if new is not None]


def test_the_first_level_counts_when_it_has_stood_for_the_debounce_time() -> None:
    debouncer = Debouncer(DEBOUNCE, DEBOUNCE)
    assert debouncer.unstable
    changes = run(debouncer, [(0, False), (DEBOUNCE - 1, False), (DEBOUNCE, False)])
    assert changes == [(DEBOUNCE, False)]
    assert not debouncer.unstable


def test_a_press_counts_when_it_has_stood_and_not_a_microsecond_before() -> None:
    debouncer = settled(False)
    assert run(debouncer, [(10, True), (10 + DEBOUNCE - 1, True)]) == []
    assert debouncer.unstable
    assert debouncer.due_us == 10 + DEBOUNCE
    assert run(debouncer, [(10 + DEBOUNCE, True)]) == [(10 + DEBOUNCE, True)]
    assert not debouncer.unstable


def test_bounce_starts_the_wait_over_and_makes_one_change() -> None:
    bounce = [(at * STEP, at in {0, 2, 3} or at >= 6) for at in range(20)]
    assert run(settled(False), bounce) == [(6 * STEP + DEBOUNCE, True)]


def test_a_short_glitch_changes_nothing_and_comes_to_rest() -> None:
    debouncer = settled(False)
    glitch = [(0, True), (STEP, False), (STEP + DEBOUNCE, False)]
    assert run(debouncer, glitch) == []
    assert not debouncer.unstable


def test_a_level_that_does_not_change_needs_no_more_samples() -> None:
    debouncer = settled(True)
    assert run(debouncer, [(1_000_000, True), (9_000_000, True)]) == []
    assert not debouncer.unstable


def chatter(parts_true: int, parts: int, until_us: int) -> list[tuple[int, bool]]:
    return [(at, at // STEP % parts < parts_true) for at in range(0, until_us, STEP)]


def test_endless_chatter_counts_as_the_level_it_mostly_has() -> None:
    pressed = run(settled(False), chatter(3, 4, 3 * CHATTER_US))
    assert pressed == [(CHATTER_US, True)]
    released = run(settled(True), chatter(1, 4, 3 * CHATTER_US))
    assert released == [(STEP + CHATTER_US, False)]  # restless from its first false on


def test_chatter_in_equal_parts_counts_as_true_so_that_an_alarm_is_heard() -> None:
    assert run(settled(False), chatter(1, 2, 3 * CHATTER_US)) == [(CHATTER_US, True)]


def test_chatter_that_mostly_rests_where_it_was_changes_nothing() -> None:
    debouncer = settled(False)
    assert run(debouncer, chatter(1, 4, 3 * CHATTER_US)) == []
    assert debouncer.unstable


def test_after_chatter_a_level_that_stands_counts_as_usual() -> None:
    debouncer = settled(False)
    run(debouncer, chatter(3, 4, 2 * CHATTER_US))
    last_fall = 2 * CHATTER_US - STEP
    rest = [(last_fall + at, False) for at in range(STEP, 2 * DEBOUNCE, STEP)]
    assert run(debouncer, rest) == [(last_fall + DEBOUNCE, False)]


def test_a_debounce_longer_than_the_chatter_rule_is_still_waited_for() -> None:
    slow = Debouncer(2 * CHATTER_US, 2 * CHATTER_US)
    samples = [(at, True) for at in range(0, 3 * CHATTER_US, STEP)]
    assert run(slow, samples) == [(2 * CHATTER_US, True)]


@given(st.lists(st.tuples(st.integers(1, 200_000), st.booleans()), max_size=60))
def test_a_change_always_differs_from_the_level_before_it(steps: list[tuple[int, bool]]) -> None:
    debouncer, at = Debouncer(DEBOUNCE, DEBOUNCE), 0
    levels: list[bool | None] = [None]
    for wait, level in steps:
        at += wait
        new = debouncer.sample(level, at)
        assert (new is None) == (debouncer.level is levels[-1])
        levels.append(debouncer.level)
