"""The room where events wait for the disk: what is dropped, in which order, and what never is."""

from hypothesis import given
from hypothesis import strategies as st

from agent.model import Severity, Transition
from agent.outbox_rows import Batch, pair, pairs
from agent.outbox_waiting import BOUND, WaitingRoom
from tests.outbox_events import acknowledged, at, cleared, event, notice, raised

MAJOR, MINOR, INFO, CRITICAL = Severity.MAJOR, Severity.MINOR, Severity.INFO, Severity.CRITICAL


def room_with(*events, room=BOUND):
    """Each event handed in alone, one after the other."""
    waiting = WaitingRoom()
    for index, each in enumerate(events):
        waiting.add(Batch((each,), at(index)), room=room)
    return waiting


def left(waiting):
    return [each for batch in waiting.take(10**9) for each in batch.events]


def test_nothing_is_dropped_up_to_the_bound_and_the_oldest_above_it():
    events = [notice(f"n{index}") for index in range(BOUND + 2)]
    waiting = room_with(*events[:BOUND])
    assert len(waiting) == BOUND == 1000
    assert waiting.dropped.total() == 0
    waiting = room_with(*events)
    assert len(waiting) == BOUND
    assert waiting.dropped == {INFO: 2}
    assert left(waiting) == events[2:]


def test_info_goes_first_then_minor_then_major():
    events = [notice("a", MAJOR), notice("b", MINOR), notice("c", INFO), notice("d", INFO)]
    codes = {
        room: "".join(each.code for each in left(room_with(*events, room=room)))
        for room in (4, 3, 2, 1, 0)
    }
    assert codes == {4: "abcd", 3: "abd", 2: "ab", 1: "a", 0: ""}


def test_critical_is_never_dropped_even_above_the_bound():
    waiting = room_with(raised("a"), notice("b", CRITICAL), notice("c", MAJOR), room=1)
    assert [each.code for each in left(waiting)] == ["a", "b"]
    assert waiting.dropped == {MAJOR: 1}


def test_what_is_over_goes_before_what_still_stands():
    events = (raised("a", MINOR), raised("b", MINOR), cleared("b", MINOR), notice("c", MINOR))

    def kept(room):
        waiting = WaitingRoom()
        waiting.add(Batch(events, at(1)), room=room)
        return "".join(each.code for each in left(waiting))

    assert {room: kept(room) for room in (4, 3, 2, 1, 0)} == {
        4: "abbc",
        3: "ac",
        2: "ac",
        1: "a",
        0: "",
    }


def test_a_raise_takes_its_acknowledgement_and_clear_with_it_but_no_notice():
    events = [
        raised("a", MINOR),
        acknowledged("a", MINOR),
        notice("a", MAJOR),
        cleared("a", MINOR),
        raised("a", MINOR),
    ]
    kept = left(room_with(*events, room=4))
    assert [each.transition.value for each in kept] == ["notice", "raised"]


def test_a_clear_whose_raise_is_in_the_journal_is_kept():
    waiting = room_with(cleared("a", INFO), notice("b", MAJOR), room=1)
    assert [each.code for each in left(waiting)] == ["a"]


def test_a_batch_keeps_together_and_is_taken_whole():
    waiting = WaitingRoom()
    waiting.add(Batch((notice(), raised()), at(1)))
    waiting.add(Batch((notice(),), at(2)))
    waiting.add(Batch((notice(), notice()), at(3)))
    assert [len(batch.events) for batch in waiting.take(3)] == [2, 1]
    assert len(waiting) == 2
    assert [len(batch.events) for batch in waiting.take(1)] == [2]
    assert waiting.take(1) == ()


@given(
    moves=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(Transition)), min_size=1, max_size=60
    ),
    room=st.integers(0, 10),
    before=st.sets(st.sampled_from("abcd")),
)
def test_what_is_left_still_pairs_and_no_critical_is_missing(moves, room, before):
    severities = dict(zip("abcd", Severity, strict=True))
    stands, events = set(before), []
    for code, transition in moves:
        each = event(transition, code, severities[code])
        if not pairs(each, stands=code in stands):
            continue
        stands |= {code} if transition is Transition.RAISED else set()
        stands -= {code} if transition is Transition.CLEARED else set()
        events.append(each)
    waiting = room_with(*events, room=room)
    kept = left(waiting)
    assert waiting.dropped.total() == len(events) - len(kept)
    assert [e for e in kept if e.severity is CRITICAL] == [
        e for e in events if e.severity is CRITICAL
    ]
    critical = sum(e.severity is CRITICAL for e in events)
    lone_clears = len(before)
    assert len(kept) <= max(room, critical + lone_clears)
    paired = pair([Batch(tuple(kept), at(1))], {(code, None) for code in before})[0].events
    assert {e.detail.get("unpaired", "cleared") for e in paired} <= {"cleared", "acknowledged"}


def test_an_alarm_that_chatters_while_there_is_no_room_does_not_fill_the_memory():
    full = [notice("a", CRITICAL)] * 3
    chatter = [raised("b", MINOR), cleared("b", MINOR)] * 50
    waiting = room_with(*full, *chatter, room=3)
    assert left(waiting) == full
    assert waiting.dropped == {MINOR: 100}
