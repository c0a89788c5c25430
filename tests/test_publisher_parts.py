"""What the publisher decides by: whose fault a refusal is, whether a broker echoes, who else is there, how fast. Pure."""

import msgspec
import pytest

from agent.model import Lane, Row, Severity, Transition
from agent.uplink.aside import Aside, reported
from agent.uplink.conflict import Conflict
from agent.uplink.echo import Echo
from agent.uplink.health import Health
from agent.uplink.lanes import BUFFER_ROWS, LaneQueue, Lanes
from agent.uplink.pace import BURST, FREE_PER_S, LEAST_PER_S, Pace
from agent.uplink.readback import other_agent
from agent.uplink.refusals import MANY, Refusals
from tests.publisher_stage import BOOT, make_event, make_row

S = 1_000_000


# ---------------------------------------------------------------- whose fault a refusal is


def lane(*seqs: int) -> LaneQueue:
    queue = LaneQueue(0)
    for seq in seqs:
        queue.offer(make_row(seq, make_event()), mine=True)
    return queue


def refused(queue: LaneQueue, expected: int, *, may_go: bool = True) -> bool:
    row = queue.take()
    assert row.seq == expected
    return queue.refused(row, 0, may_go=may_go)


def accepted(queue: LaneQueue, expected: int) -> None:
    row = queue.take()
    assert row.seq == expected
    queue.acknowledged(row)


def test_a_row_refused_five_times_while_a_later_one_is_taken_is_held_back_and_the_lane_goes_on() -> (
    None
):
    queue = lane(1, 2, 3)
    for _ in range(MANY - 1):
        assert not refused(queue, 1)
    accepted(queue, 2)
    assert refused(queue, 1)
    assert not queue.refusing
    accepted(queue, 3)
    assert (queue.cursor, queue.done_through) == (0, 0)  # until its report is committed
    assert queue.set_aside(1)
    assert (queue.cursor, queue.done_through) == (3, 3)
    assert not queue.set_aside(1)


def test_a_row_that_is_taken_at_the_fifth_try_was_not_at_fault() -> None:
    queue = lane(1, 2, 3)
    for _ in range(MANY - 1):
        refused(queue, 1)
    accepted(queue, 2)
    accepted(queue, 1)
    assert queue.cursor == 2
    assert not queue.refusing


def test_a_later_row_that_was_taken_before_is_proof_where_no_other_waits() -> None:
    queue = lane(1, 2)
    first, second = queue.take(), queue.take()
    assert not queue.refused(first, 0)
    queue.acknowledged(second)
    for _ in range(MANY - 2):
        assert not refused(queue, 1)
    assert refused(queue, 1)


def test_while_everything_is_refused_later_rows_have_ever_fewer_turns() -> None:
    queue, tried = lane(*range(1, 20)), list[int]()
    for _ in range(500):
        row = queue.take()
        queue.refused(row, 0)
        tried.append(row.seq)
    assert tried[:9] == [1, 1, 1, 1, 2, 1, 1, 2, 1]
    assert sum(seq != 1 for seq in tried[250:]) <= 8


def test_while_everything_is_refused_nothing_is_held_back() -> None:
    queue = lane(*range(1, 10))
    for _ in range(2_000):
        row = queue.take()
        assert not queue.refused(row, 0)
    assert queue.cursor == 0
    assert queue.refusing


def row_of(seq: int, raised_seq: int | None, code: str = "alarm_button") -> Row:
    row = make_row(seq, make_event(code))
    return msgspec.structs.replace(row, raised_seq=raised_seq)


def queue_of(*rows: Row) -> LaneQueue:
    queue = LaneQueue(0)
    for row in rows:
        queue.offer(row, mine=True)
    return queue


def test_no_clear_leaves_before_its_raise_and_rows_of_another_code_have_the_turn() -> None:
    queue = queue_of(row_of(1, 1), row_of(2, 1), row_of(3, 3), row_of(4, 4, "overspeed"))
    for _ in range(MANY - 1):
        refused(queue, 1)
    refused(queue, 4)
    while (row := queue.take()).seq == 1:
        queue.refused(row, 0)
    assert row.seq == 4
    queue.acknowledged(row)
    accepted(queue, 1)
    accepted(queue, 2)
    accepted(queue, 3)


def test_where_only_rows_of_that_event_wait_the_raise_is_tried_for_ever() -> None:
    queue = queue_of(row_of(1, 1), row_of(2, 1), row_of(3, 1))
    for _ in range(50):
        assert not refused(queue, 1)
    accepted(queue, 1)
    accepted(queue, 2)


def test_of_one_code_the_next_event_has_the_turn_and_a_notice_stands_for_itself() -> None:
    queue = queue_of(row_of(1, None), row_of(2, None))
    for _ in range(MANY - 1):
        refused(queue, 1)
    accepted(queue, 2)


def test_two_rows_at_fault_side_by_side_are_both_found() -> None:
    queue, at_fault, held = lane(*range(1, 6)), {1, 2}, list[int]()
    for _ in range(100):
        if not queue.ready(0):
            break
        row = queue.take()
        if row.seq not in at_fault:
            queue.acknowledged(row)
        elif queue.refused(row, 0):
            held.append(row.seq)
    assert sorted(held) == [1, 2]
    for seq in held:
        queue.set_aside(seq)
    assert queue.cursor == 5


def test_the_newest_row_is_tried_until_there_is_a_later_one() -> None:
    queue = lane(1)
    for _ in range(20):
        assert not refused(queue, 1)
    queue.offer(make_row(2, make_event()), mine=True)
    tries = [queue.take()]
    if tries[0].seq == 1:
        assert not queue.refused(tries[0], 0)
        tries.append(queue.take())
    assert tries[-1].seq == 2
    queue.acknowledged(tries[-1])
    assert refused(queue, 1)


def test_a_report_is_tried_for_ever() -> None:
    queue = lane(1, 2, 3)
    for _ in range(MANY - 1):
        refused(queue, 1, may_go=False)
    accepted(queue, 2)
    assert not refused(queue, 1, may_go=False)
    accepted(queue, 3)
    for _ in range(20):
        assert not refused(queue, 1, may_go=False)
    assert queue.refusing
    assert queue.cursor == 0


def test_a_lane_that_waits_for_reports_does_not_grow_without_bound() -> None:
    queue = LaneQueue(0)
    for seq in range(1, BUFFER_ROWS + 1):
        queue.offer(make_row(seq, make_event()), mine=True)
    for _ in range(MANY - 1):
        refused(queue, 1)
    accepted(queue, 2)
    assert refused(queue, 1)
    for seq in range(3, BUFFER_ROWS + 1):
        accepted(queue, seq)
    queue.offer(make_row(BUFFER_ROWS + 1, make_event()), mine=True)
    assert not queue.ready(0)
    queue.set_aside(1)
    assert queue.ready(0)


def test_a_full_lane_tries_the_refused_row_rather_than_a_new_one() -> None:
    queue = LaneQueue(0)
    for seq in range(1, BUFFER_ROWS + 1):
        queue.offer(make_row(seq, make_event()), mine=True)
    first = queue.take()
    for seq in range(2, BUFFER_ROWS + 1):
        accepted(queue, seq)
    queue.refused(first, 0)
    queue.offer(make_row(BUFFER_ROWS + 1, make_event()), mine=True)
    for _ in range(2 * MANY):
        assert not refused(queue, 1)


def test_what_is_taken_is_forgotten() -> None:
    refusals = Refusals()
    refusals.refused(4, may_go=True)
    assert refusals
    refusals.accepted(4)
    assert not refusals


# ---------------------------------------------------------------- the report


def test_the_report_names_the_row_and_frees_it_when_it_is_committed() -> None:
    aside, row = Aside(), make_row(7, make_event("usage", Transition.NOTICE, Severity.INFO))
    aside.add(row, "usage: not authorised [0x87]")
    (detail,) = aside.to_report()
    assert detail["ranges"] == ["7-7"]
    assert (detail["reason"], detail["info"], detail["undelivered"]) == ("refused", 1, 1)
    assert aside.to_report() == []
    said = make_event("records_dropped", Transition.NOTICE, Severity.MAJOR, detail=detail)
    assert reported([row, make_row(8, said)]) == [7]
    assert aside.listed() == [
        {"seq": 7, "code": "usage", "severity": "info", "reason": "usage: not authorised [0x87]"}
    ]


def test_a_report_of_the_journals_own_drops_frees_nothing() -> None:
    detail = {"reason": "size", "ranges": ["1-9"]}
    said = make_event("records_dropped", Transition.NOTICE, Severity.MAJOR, detail=detail)
    assert reported([make_row(10, said)]) == []


def test_rows_of_both_lanes_are_set_aside_by_their_number() -> None:
    lanes = Lanes(critical_cursor=0, rest_cursor=0, window=16)
    assert not any(lanes.queues[each].set_aside(3) for each in Lane)


# ---------------------------------------------------------------- MQTT 3.1.1: what is said must be heard


def test_with_mqtt_5_there_is_nothing_to_wait_for() -> None:
    echo = Echo(needed=False)
    echo.connected()
    echo.said(b"a", 0)
    assert echo.is_open
    assert not echo.look(1_000 * S)
    assert echo.due_us is None
    assert not echo.wants_more(1_000 * S)


def test_the_lanes_open_when_the_own_status_is_heard_and_not_by_an_older_one() -> None:
    echo = Echo(needed=True)
    echo.connected()
    assert not echo.is_open
    echo.said(b"now", 5 * S)
    echo.heard(b"before")
    assert echo.due_us == 15 * S
    echo.heard(b"now")
    assert [echo.is_open, echo.due_us] == [True, None]


def test_a_status_not_heard_within_ten_seconds_closes_until_one_is() -> None:
    echo = Echo(needed=True)
    echo.connected()
    echo.said(b"1", 0)
    echo.heard(b"1")
    echo.said(b"2", 60 * S)
    assert echo.due_us == 70 * S
    assert not echo.look(70 * S - 1)
    assert echo.is_open
    assert echo.look(70 * S)
    assert (echo.is_open, echo.is_missing) == (False, True)
    assert not echo.look(71 * S)  # said once
    assert echo.wants_more(71 * S)
    echo.said(b"3", 71 * S)
    assert not echo.wants_more(81 * S - 1)
    assert echo.due_us == 81 * S
    assert echo.wants_more(81 * S)
    echo.heard(b"3")
    assert [echo.is_open, echo.is_missing] == [True, False]


def test_a_later_status_that_is_heard_proves_the_earlier_ones_and_not_the_reverse() -> None:
    echo = Echo(needed=True)
    echo.connected()
    echo.said(b"1", 0)
    echo.said(b"2", 5 * S)
    echo.heard(b"1")
    assert echo.due_us == 15 * S
    echo.said(b"3", 6 * S)
    echo.heard(b"3")
    assert echo.due_us is None


def test_a_new_connection_has_to_prove_itself_and_the_fault_stands_until_it_has() -> None:
    echo = Echo(needed=True)
    echo.connected()
    echo.said(b"1", 0)
    assert echo.look(10 * S)
    echo.connected()
    assert not echo.is_open
    assert echo.is_missing
    assert echo.wants_more(11 * S)


def test_what_was_said_and_never_heard_is_not_kept_without_bound() -> None:
    echo = Echo(needed=True)
    for second in range(1_000):
        echo.said(str(second).encode(), second * S)
    assert len(echo._said) <= 8


# ---------------------------------------------------------------- what is said of refusals


def test_each_refusal_is_news_once_until_everything_is_taken_again() -> None:
    health = Health(BOOT, lambda: None)
    said = [health.refused(why) for why in ("a", "b", "a", "b", "a")]
    assert said == [True, True, False, False, False]
    health.refusing = False
    assert health.refused("a")


def test_refusals_without_end_fill_neither_log_nor_memory() -> None:
    health = Health(BOOT, lambda: None)
    assert sum(health.refused(str(number)) for number in range(1_000)) == 32


# ---------------------------------------------------------------- a second agent


def test_another_boot_that_says_it_is_there_is_a_second_agent_and_a_will_is_none() -> None:
    assert other_agent(b'{"state":"online","boot_id":"other"}', BOOT) == "other"
    assert other_agent(b'{"state":"degraded","boot_id":"other"}', BOOT) == "other"
    assert other_agent(b'{"state":"offline","boot_id":"other"}', BOOT) is None
    assert other_agent(b'{"state":"online","boot_id":"%s"}' % BOOT.encode(), BOOT) is None
    assert other_agent(b'{"state":"online","boot_id":""}', BOOT) is None
    assert other_agent(b"", BOOT) is None


def test_a_second_agent_is_gone_after_ten_minutes_of_connection_without_a_sign() -> None:
    conflict = Conflict()
    conflict.connected(0)
    assert not conflict.holds(5 * S)
    conflict.status_seen("other", 10 * S)
    assert conflict.holds(10 * S)
    assert (conflict.reason, conflict.other_boot_id) == ("status_of_another_boot", "other")
    assert conflict.holds(610 * S - 1)
    assert not conflict.holds(610 * S)
    assert not conflict.holds(611 * S)


def test_without_a_connection_nobody_can_be_found_gone() -> None:
    conflict = Conflict()
    conflict.connected(0)
    conflict.status_seen("other", 10 * S)
    conflict.disconnected()
    assert conflict.holds(5_000 * S)
    conflict.connected(5_000 * S)
    assert conflict.holds(5_600 * S - 1)
    assert not conflict.holds(5_600 * S)


@pytest.mark.parametrize(("second_s", "is_one"), [(609, True), (610, False)])
def test_a_session_taken_over_twice_within_ten_minutes_is_a_second_agent(
    second_s: int, is_one: bool
) -> None:
    conflict = Conflict()
    conflict.taken_over(10 * S)
    assert not conflict.holds(10 * S)
    conflict.taken_over(second_s * S)
    assert conflict.holds(second_s * S) is is_one


# ---------------------------------------------------------------- how fast a backlog leaves


def through(pace: Pace, now_us: int, took_us: int) -> None:
    """A full window is sent and answered after a time."""
    for _ in range(12):
        pace.sent(now_us)
    for _ in range(12):
        pace.answered(now_us + took_us)


def test_a_broker_that_answers_at_once_is_sent_all_it_takes() -> None:
    pace = Pace()
    for turn in range(100):
        assert pace.ready(turn)
        through(pace, turn, 1_000)
    assert pace.is_free
    assert pace.due_us is None


def test_a_broker_that_takes_seconds_gets_half_of_what_goes_through() -> None:
    pace = Pace()
    through(pace, 0, S)
    assert pace.is_free  # a second is the bound
    through(pace, 5 * S, 1_100_000)
    assert pace.per_s == LEAST_PER_S  # half of 12 in 1.1 s would be less
    now_us = 6_100_000
    assert not pace.ready(now_us)
    due_us = pace.due_us
    assert due_us is not None
    assert due_us - now_us == pytest.approx(S / LEAST_PER_S, abs=2)
    assert pace.ready(due_us)
    pace.sent(due_us)
    assert not pace.ready(due_us)


def test_the_pace_doubles_with_each_second_of_prompt_answers_until_it_is_free() -> None:
    pace = Pace()
    through(pace, 0, 2 * S)
    rates = [pace.per_s]
    for second in range(3, 20):
        through(pace, second * S, 1_000)
        rates.append(pace.per_s)
    assert rates[:3] == [10, 20, 40]
    assert rates[-1] == FREE_PER_S
    assert pace.is_free


def test_after_a_rest_no_more_than_a_window_leaves_at_once() -> None:
    pace = Pace()
    through(pace, 0, 2 * S)
    sent = 0
    while pace.ready(100 * S):
        pace.sent(100 * S)
        sent += 1
    assert sent == BURST


def test_a_lost_connection_does_not_free_the_pace() -> None:
    pace = Pace()
    through(pace, 0, 2 * S)
    pace.sent(3 * S)
    pace.lost()
    assert pace.per_s == LEAST_PER_S
    pace.sent(4 * S)
    pace.answered(4 * S + 1)
    assert pace.per_s == 2 * LEAST_PER_S
