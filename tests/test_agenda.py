"""Which blocks a poll asks for: fast ones always, of the slow ones at most one more than needed."""

from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.agenda import REST_US, Agenda

POLL_US = 200_000
FAST, MINUTE_US = 0, 60_000_000


def poll(agenda: Agenda, now_us: int) -> list[int]:
    """Poll a device that answers all it is asked."""
    asked = agenda.order(now_us)
    for n in asked:
        agenda.came(n, now_us)
    return asked


def fresh(*paces_us: int, now_us: int = 0) -> Agenda:
    agenda = Agenda(paces_us, POLL_US)
    agenda.renew(now_us)
    return agenda


def test_a_new_connection_asks_for_everything_at_once() -> None:
    agenda = fresh(FAST, MINUTE_US, 2 * MINUTE_US)
    assert poll(agenda, 0) == [0, 1, 2]
    assert poll(agenda, POLL_US) == [0]
    agenda.renew(2 * POLL_US)
    assert poll(agenda, 2 * POLL_US) == [0, 1, 2]


def test_a_slow_block_is_due_at_the_poll_nearest_to_its_time() -> None:
    agenda = fresh(FAST, MINUTE_US)
    poll(agenda, 0)
    assert poll(agenda, MINUTE_US - POLL_US // 2 - 1) == [0]
    assert poll(agenda, MINUTE_US - POLL_US // 2) == [0, 1]


def test_of_several_that_are_due_a_poll_asks_the_one_that_has_waited_longest() -> None:
    agenda = fresh(FAST, MINUTE_US, MINUTE_US, MINUTE_US)
    poll(agenda, 0)
    agenda.came(1, 30)
    agenda.came(2, 20)
    agenda.came(3, 10)
    asked = [poll(agenda, MINUTE_US + n * POLL_US) for n in range(1, 5)]
    assert asked == [[0, 3], [0, 2], [0, 1], [0]]


def test_one_that_is_late_by_a_whole_period_waits_for_no_other() -> None:
    agenda = fresh(FAST, MINUTE_US, MINUTE_US)
    poll(agenda, 0)
    agenda.came(1, 1)
    assert poll(agenda, 2 * MINUTE_US) == [0, 2]
    agenda = fresh(FAST, MINUTE_US, MINUTE_US)
    poll(agenda, 0)
    agenda.came(1, 1)
    assert poll(agenda, 2 * MINUTE_US + 1) == [0, 1, 2]


def test_only_slow_blocks_may_leave_nothing_to_ask() -> None:
    agenda = fresh(MINUTE_US)
    assert poll(agenda, 0) == [0]
    assert poll(agenda, POLL_US) == []


def test_a_block_not_believed_is_asked_again_at_once_and_alone() -> None:
    agenda = fresh(FAST, MINUTE_US, MINUTE_US)
    poll(agenda, 0)
    agenda.again(2, 0)
    assert poll(agenda, 1) == [0, 2]


def test_a_refused_slow_block_is_asked_again_after_a_moment() -> None:
    agenda = fresh(FAST, MINUTE_US)
    agenda.refused(1, 0)
    assert poll(agenda, REST_US - POLL_US) == [0]
    assert poll(agenda, REST_US) == [0, 1]


def test_a_poll_begins_behind_the_block_that_was_silent() -> None:
    agenda = fresh(FAST, FAST, FAST)
    agenda.missed(1, 0, others_answered=True)
    assert agenda.met
    assert agenda.order(POLL_US) == [2, 0, 1]
    assert not agenda.met


def test_a_block_silent_three_times_while_others_answer_rests() -> None:
    agenda = fresh(FAST, MINUTE_US)
    for _ in range(2):
        agenda.missed(1, 0, others_answered=True)
    assert set(agenda.order(POLL_US)) == {0, 1}
    agenda.missed(1, 0, others_answered=True)
    assert agenda.order(REST_US - 1) == [0]
    assert set(agenda.order(REST_US)) == {0, 1}


def test_a_dead_device_s_blocks_do_not_rest() -> None:
    agenda = fresh(FAST)
    for _ in range(9):
        agenda.missed(0, 0, others_answered=False)
    assert agenda.order(1) == [0]


def test_when_all_rest_all_are_asked() -> None:
    agenda = fresh(FAST, FAST)
    for n in (0, 1) * 3:
        agenda.missed(n, 0, others_answered=True)
    assert sorted(agenda.order(1)) == [0, 1]


@given(
    st.lists(st.sampled_from([0, 1_000_000, 5_000_000, MINUTE_US]), min_size=1, max_size=8),
    st.integers(0, POLL_US),
)
def test_a_poll_grows_by_more_than_one_block_only_for_those_two_periods_old_and_none_gets_older(
    paces_us: list[int], late_us: int
) -> None:
    agenda = fresh(*paces_us)
    poll(agenda, 0)
    asked_us = [0] * len(paces_us)
    for tick in range(1, 400):
        now_us = tick * POLL_US + (late_us if tick % 3 else 0)
        asked = poll(agenda, now_us)
        slow = [n for n in asked if paces_us[n]]
        ages_us = {n: now_us - asked_us[n] for n in slow}
        assert len(slow) <= 1 or all(ages_us[n] >= 2 * paces_us[n] for n in slow)
        assert set(asked) - set(slow) == {n for n, pace in enumerate(paces_us) if not pace}
        for n in asked:
            asked_us[n] = now_us
        for n, pace_us in enumerate(paces_us):
            assert now_us - asked_us[n] < max(2 * pace_us, 1)
