"""From journal to broker: order, window, what stands, refusals. Pure parts by properties, the whole on real mosquitto."""

import asyncio
import itertools
import json
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from agent.backoff import Backoff
from agent.model import Event, Lane, Point, Quality, Row, Severity, Transition
from agent.uplink import dispatch as dispatch_module
from agent.uplink import link as link_module
from agent.uplink import readback as readback_module
from agent.uplink import refusals as refusals_module
from agent.uplink.alarms import Standing
from agent.uplink.lanes import BUFFER_ROWS, LaneQueue, Lanes
from agent.uplink.latest import Latest
from agent.uplink.messages import will_message
from agent.uplink.readback import Own, Quarrel, RepairPace, Strays, is_anothers
from agent.uplink.refusals import MANY
from agent.uplink.said import Said
from agent.uplink.state import StatePace, worth_sending
from hil.broker import Mosquitto
from hil.link import CuttableLink, Direction
from tests.publisher_stage import (
    BOOT,
    BUTTON,
    TOPICS,
    Bench,
    FakeJournal,
    at,
    make_event,
    make_row,
    tapped,
    until,
)

BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


def unpaired(event: Event) -> Event:
    """As a journal keeps a transition for which it has no pair."""
    detail = {**event.detail, "unpaired": event.transition.value}
    return msgspec.structs.replace(event, transition=Transition.NOTICE, detail=detail)


# ---------------------------------------------------------------- lanes against a model


class LanesModel(RuleBasedStateMachine):
    """A journal that grows, a broker that answers in any order, refuses (every ninth row always), and goes away."""

    def __init__(self) -> None:
        super().__init__()
        self.journal: list[Row] = []
        self.lanes = Lanes(critical_cursor=0, rest_cursor=0, window=16)
        self.flying: list[Row] = []
        self.delivered: set[int] = set()
        self.held_back: list[Row] = []
        self.refusals: Counter[int] = Counter()
        self.is_willing = False
        self.sent_first: dict[Lane, list[int]] = {lane: [] for lane in Lane}
        self.others = 0
        self.now_us = 0

    @rule(critical=st.lists(st.booleans(), min_size=1, max_size=40), told=st.booleans())
    def commit(self, critical: list[bool], told: bool) -> None:
        rows = [
            make_row(
                len(self.journal) + number,
                make_event(severity=Severity.CRITICAL if urgent else Severity.INFO),
            )
            for number, urgent in enumerate(critical, start=1)
        ]
        self.journal += rows
        if told:
            self.lanes.committed(rows)

    @rule(lane=st.sampled_from(Lane), limit=st.integers(1, 50), late=st.integers(0, 5))
    def fetch(self, lane: Lane, limit: int, late: int) -> None:
        head = max(0, len(self.journal) - late)
        queue = self.lanes.queues[lane]
        limit = min(limit, queue.wanted(head))
        if limit == 0:
            return
        rows = [row for row in self.journal if row.seq > queue.fetched_through]
        mine = [row for row in rows if row.event.lane is lane][:limit]
        queue.fetched(mine, head if len(mine) < limit else 0)

    @rule(others=st.integers(0, 5), most=st.integers(1, 20))
    def send(self, others: int, most: int) -> None:
        self.others = others
        for _ in range(most):
            for lane in Lane:
                row = self.lanes.take(lane, others, self.now_us)
                if row is None:
                    continue
                busy = len(self.flying) + others
                assert busy < (16 if lane is Lane.CRITICAL else 14)
                self.flying.append(row)
                if row.seq not in self.sent_first[lane]:
                    self.sent_first[lane].append(row.seq)

    @rule(index=st.integers(0, 15), success=st.booleans())
    def answer(self, index: int, success: bool) -> None:
        if not self.flying:
            return
        row = self.flying.pop(index % len(self.flying))
        queue = self.lanes.queues[row.event.lane]
        assert queue.flies(row)
        if self.is_willing or (success and row.seq % 9):
            queue.acknowledged(row)
            self.delivered.add(row.seq)
            return
        self.refusals[row.seq] += 1
        if queue.refused(row, self.now_us + 10):
            assert self.refusals[row.seq] >= MANY
            mine = {one.seq for one in self.journal if one.event.lane is row.event.lane}
            assert any(seq > row.seq for seq in self.delivered & mine)
            self.held_back.append(row)

    @rule()
    def report_what_is_held_back(self) -> None:
        for row in self.held_back:
            self.lanes.queues[row.event.lane].set_aside(row.seq)
            self.delivered.add(row.seq)
        self.held_back.clear()

    @rule(us=st.integers(0, 20))
    def wait(self, us: int) -> None:
        self.now_us += us

    @rule()
    def lose_the_connection(self) -> None:
        self.flying.clear()
        self.lanes.lost()

    @invariant()
    def first_deliveries_rise_and_skip_nothing(self) -> None:
        for lane in Lane:
            mine = [row.seq for row in self.journal if row.event.lane is lane]
            assert self.sent_first[lane] == mine[: len(self.sent_first[lane])]

    @invariant()
    def the_cursor_is_contiguous_and_as_far_as_it_can_be(self) -> None:
        for lane in Lane:
            mine = [row.seq for row in self.journal if row.event.lane is lane]
            done = list(itertools.takewhile(self.delivered.__contains__, mine))
            assert self.lanes.queues[lane].cursor == (done[-1] if done else 0)

    @invariant()
    def delivered_through_never_promises_too_much(self) -> None:
        promised = range(1, self.lanes.delivered_through + 1)
        assert self.delivered.issuperset(promised)

    @invariant()
    def nothing_grows_without_bound(self) -> None:
        assert self.lanes.in_flight == len(self.flying)
        for queue in self.lanes.queues.values():
            assert len(queue._pending) <= 2 * BUFFER_ROWS
            assert len(queue._sent) <= BUFFER_ROWS

    @override
    def teardown(self) -> None:
        """Left alone with a willing broker, everything arrives."""
        self.lose_the_connection()
        self.report_what_is_held_back()
        self.is_willing = True
        self.now_us += 1000
        for _ in range(3 * len(self.journal) + 3):
            for lane in Lane:
                self.fetch(lane, BUFFER_ROWS, 0)
            self.send(0, 16)
            while self.flying:
                self.answer(0, success=True)
        assert self.delivered == {row.seq for row in self.journal}
        assert self.lanes.delivered_through == len(self.journal)


TestLanes = LanesModel.TestCase
TestLanes.settings = hypothesis_settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_slots_stay_free_for_an_alarm_during_a_backlog() -> None:
    lanes = Lanes(critical_cursor=0, rest_cursor=0, window=16)
    lanes.committed([make_row(seq, make_event(severity=Severity.INFO)) for seq in range(1, 41)])
    rest = [lanes.take(Lane.REST, 0, 0) for _ in range(20)]
    assert sum(row is not None for row in rest) == 14
    lanes.committed([make_row(41, make_event())])
    assert lanes.take(Lane.CRITICAL, 0, 0) is not None


def test_a_window_of_one_serves_both_lanes() -> None:
    lanes = Lanes(critical_cursor=0, rest_cursor=0, window=1)
    lanes.committed([make_row(1, make_event(severity=Severity.INFO))])
    assert lanes.take(Lane.REST, 1, 0) is None
    assert lanes.take(Lane.REST, 0, 0) is not None


def test_after_a_refusal_a_lane_tries_one_row_at_a_time_each_after_its_wait() -> None:
    lanes = Lanes(critical_cursor=0, rest_cursor=0, window=16)
    lanes.committed([make_row(seq, make_event()) for seq in range(1, 6)])
    queue = lanes.queues[Lane.CRITICAL]
    first, second = lanes.take(Lane.CRITICAL, 0, 0), lanes.take(Lane.CRITICAL, 0, 0)
    assert first is not None
    assert second is not None
    queue.refused(first, 100)
    assert lanes.take(Lane.CRITICAL, 0, 100) is None  # the second is still in flight
    queue.acknowledged(second)
    assert queue.cursor == 0
    assert lanes.take(Lane.CRITICAL, 0, 99) is None
    assert lanes.take(Lane.CRITICAL, 0, 100) is first
    assert lanes.take(Lane.CRITICAL, 0, 100) is None
    queue.acknowledged(first)
    assert queue.cursor == 2
    taken = [lanes.take(Lane.CRITICAL, 0, 100) for _ in range(4)]
    assert [row and row.seq for row in taken] == [3, 4, 5, None]


def test_rows_that_came_meanwhile_are_not_taken_twice() -> None:
    queue = LaneQueue(0)
    rows = [make_row(seq, make_event()) for seq in (1, 2)]
    queue.offer(rows[0], mine=True)
    queue.fetched(rows, 2)
    assert [queue.take().seq, queue.take().seq] == [1, 2]
    assert not queue.ready(0)


def test_a_row_that_is_never_answered_holds_the_lane_at_its_bound() -> None:
    queue = LaneQueue(0)
    for seq in range(1, BUFFER_ROWS + 2):
        queue.offer(make_row(seq, make_event()), mine=True)
        if queue.ready(0):
            row = queue.take()
            if seq > 1:
                queue.acknowledged(row)
    assert not queue.ready(0)
    assert queue.cursor == 0


def test_a_hole_in_the_sequence_left_by_a_lost_journal_is_no_obstacle() -> None:
    lanes = Lanes(critical_cursor=5, rest_cursor=5, window=16)
    later = [make_row(1001, make_event()), make_row(1002, make_event())]
    lanes.committed(later)
    critical, rest = lanes.queues[Lane.CRITICAL], lanes.queues[Lane.REST]
    assert lanes.take(Lane.CRITICAL, 0, 0) is None
    assert critical.wanted(1002) == BUFFER_ROWS
    critical.fetched(later, 1002)
    rest.fetched([], 1002)
    for row in later:
        assert lanes.take(Lane.CRITICAL, 0, 0) == row
        critical.acknowledged(row)
    assert lanes.delivered_through == 1002


# ---------------------------------------------------------------- retained topics


def test_a_topic_has_one_unacknowledged_message_and_the_newest_follows() -> None:
    latest = Latest()
    latest.want("a", 1)
    latest.want("a", 1)
    assert latest.take(0, 9) == "a"
    latest.want("a", 1)
    assert latest.take(0, 9) is None
    latest.acknowledged("a")
    assert latest.take(0, 9) == "a"
    latest.acknowledged("a")
    assert latest.take(0, 9) is None


def test_topics_leave_by_rank_and_a_worse_rank_than_asked_waits() -> None:
    latest = Latest()
    for topic, rank in [("state", 4), ("alarm", 1), ("status", 0)]:
        latest.want(topic, rank)
    assert [latest.take(0, 2) for _ in range(3)] == ["status", "alarm", None]
    assert latest.take(0, 4) == "state"


def test_a_refused_topic_waits_and_a_new_connection_tries_it_at_once() -> None:
    latest = Latest()
    latest.want("a", 1)
    latest.take(0, 9)
    latest.refused("a", 100)
    assert latest.take(99, 9) is None
    assert latest.refusing
    assert latest.next_try_us == 100
    assert latest.take(100, 9) == "a"
    latest.refused("a", 200)
    latest.lost()
    assert latest.refusing  # until it is taken
    assert latest.take(101, 9) == "a"
    latest.lost()
    assert latest.take(102, 9) == "a"
    latest.acknowledged("a")
    assert not latest.refusing


# ---------------------------------------------------------------- what stands


def standing(*rows: Row) -> Standing:
    made = Standing(TOPICS, BOOT)
    made.adopt("j1", rows)
    return made


def seq_on(stands: Standing, topic: str = BUTTON) -> Any:
    shown = stands.on(topic)
    return "nothing" if shown is None else shown.envelope.seq


def test_a_raise_is_shown_when_committed_and_goes_when_its_clear_is() -> None:
    stands = standing()
    raised, cleared = make_event(), make_event(transition=Transition.CLEARED, at_us=2_000_000)
    stands.submitted([raised], at(1))
    assert stands.overdue(2_999_999) == []
    assert stands.committed([make_row(1, raised)]) == [BUTTON]
    assert seq_on(stands) == 1
    stands.submitted([cleared], at(2))
    assert seq_on(stands) == 1
    assert stands.committed([make_row(2, cleared)]) == [BUTTON]
    assert seq_on(stands) == "nothing"
    assert stands.due_us is None
    assert not stands.stalled


def test_a_raise_the_journal_does_not_take_is_shown_after_two_seconds_and_again_with_its_number() -> (
    None
):
    stands = standing()
    raised = make_event()
    stands.submitted([raised], at(1))
    assert stands.due_us == 3_000_000
    assert stands.overdue(2_999_999) == []
    assert stands.overdue(3_000_000) == [BUTTON]
    assert seq_on(stands) is None
    assert stands.stalled
    assert stands.committed([make_row(7, raised)]) == [BUTTON]
    assert seq_on(stands) == 7
    assert not stands.stalled


def test_a_late_commit_does_not_bring_back_what_was_cleared_meanwhile() -> None:
    stands = standing()
    raised, cleared = make_event(), make_event(transition=Transition.CLEARED, at_us=1_500_000)
    stands.submitted([raised], at(1))
    stands.submitted([cleared], at(1.5))
    assert stands.overdue(10_000_000) == [BUTTON, BUTTON]
    assert seq_on(stands) == "nothing"
    assert stands.committed([make_row(1, raised)]) == []
    assert seq_on(stands) == "nothing"
    assert stands.committed([make_row(2, cleared)]) == []
    assert seq_on(stands) == "nothing"


def test_an_acknowledgement_is_added_and_gets_its_number_when_committed() -> None:
    raised = make_event()
    stands = standing(make_row(1, raised))
    seen = make_event(transition=Transition.ACKNOWLEDGED, at_us=5_000_000, detail={"by": "duty"})
    stands.submitted([seen], at(5))
    assert stands.overdue(7_000_000) == [BUTTON]
    shown = stands.on(BUTTON)
    assert shown is not None
    assert shown.acknowledged is not None
    assert (shown.acknowledged.seq, shown.acknowledged.by) == (None, "duty")
    assert stands.committed([make_row(9, seen)]) == [BUTTON]
    shown = stands.on(BUTTON)
    assert shown is not None
    assert shown.acknowledged is not None
    assert shown.acknowledged.seq == 9
    assert shown.envelope.seq == 1


def test_what_stood_before_a_reboot_clears_although_the_monotonic_clock_began_anew() -> None:
    stands = standing(make_row(1, make_event(at_us=10**15), boot_id="boot-before"))
    assert seq_on(stands) == 1
    cleared = make_event(transition=Transition.CLEARED, at_us=5)
    assert stands.committed([make_row(2, cleared)]) == [BUTTON]
    assert seq_on(stands) == "nothing"


def test_a_journal_opened_late_lends_its_row_to_what_was_raised_meanwhile() -> None:
    stands = Standing(TOPICS, BOOT)
    again = make_event(at_us=9_000_000)
    stands.submitted([again], at(9))
    stands.overdue(11_000_000)
    assert seq_on(stands) is None
    other = make_event(code="mains_lost", severity=Severity.MAJOR)
    changed = stands.adopt("j1", [make_row(3, make_event()), make_row(4, other)])
    assert changed == [BUTTON, TOPICS.alarm("mains_lost", None)]
    assert seq_on(stands) == 3
    assert stands.committed([make_row(5, unpaired(again))]) == []
    assert seq_on(stands) == 3
    assert not stands.stalled


def test_a_journal_opened_late_does_not_bring_back_what_was_cleared_meanwhile() -> None:
    stands = Standing(TOPICS, BOOT)
    stands.submitted([make_event()], at(1))
    stands.submitted([make_event(transition=Transition.CLEARED, at_us=2_000_000)], at(2))
    stands.overdue(9_000_000)
    assert stands.adopt("j1", [make_row(3, make_event(at_us=5), boot_id="boot-before")]) == []
    assert seq_on(stands) == "nothing"


def test_a_transition_committed_as_a_notice_does_not_wait_for_its_two_seconds() -> None:
    stands = Standing(TOPICS, BOOT)
    again = make_event(at_us=9_000_000)
    stands.submitted([again], at(9))
    stands.adopt("j1", [make_row(3, make_event())])
    stands.committed([make_row(4, unpaired(again))])
    assert stands.due_us is None
    assert seq_on(stands) == 3
    cleared = make_event(transition=Transition.CLEARED, at_us=9_500_000)
    stands.submitted([cleared], at(9.5))
    assert stands.committed([make_row(5, unpaired(cleared))]) == [BUTTON]
    assert seq_on(stands) == "nothing"


def test_instances_stand_side_by_side_and_notices_stand_for_nothing() -> None:
    stands = standing()
    rows = [
        make_row(1, make_event("intercom_silent", instance="car")),
        make_row(2, make_event("intercom_silent", instance="pit")),
        make_row(3, make_event("mode_changed", Transition.NOTICE, Severity.INFO)),
    ]
    assert stands.committed(rows) == [
        TOPICS.alarm("intercom_silent", "car"),
        TOPICS.alarm("intercom_silent", "pit"),
    ]


# ---------------------------------------------------------------- state and status


def test_an_analogue_value_inside_its_dead_band_is_not_worth_a_message() -> None:
    def points(speed: int | None, quality: Quality = Quality.GOOD) -> Mapping[str, Point]:
        return {"car.speed_mm_s": Point(speed, quality, 1)}

    assert not worth_sending(points(1000), points(1049))
    assert worth_sending(points(1000), points(1050))
    assert worth_sending(points(1000), points(None, Quality.NO_ANSWER))
    assert worth_sending(points(1000), {})
    assert not worth_sending(
        {"car.floor": Point(1, Quality.GOOD, 1)}, {"car.floor": Point(1, Quality.GOOD, 9)}
    )
    assert worth_sending(
        {"car.floor": Point(1, Quality.GOOD, 1)}, {"car.floor": Point(2, Quality.GOOD, 1)}
    )


def test_state_keeps_its_interval_and_comes_once_a_minute_anyway() -> None:
    floor = 1

    def points() -> Mapping[str, Point]:
        return {"car.floor": Point(floor, Quality.GOOD, 1)}

    pace = StatePace(5_000_000)
    assert pace.wanted(points, 0)
    pace.sent(points(), 1_000_000)
    assert pace.due_us == 61_000_000
    assert not pace.wanted(points, 60_999_999)
    assert pace.wanted(points, 61_000_000)
    pace.touched()
    assert pace.due_us == 6_000_000
    assert not pace.wanted(points, 6_000_000)  # touched, but the same
    assert pace.due_us == 61_000_000
    floor = 2
    pace.touched()
    assert not pace.wanted(points, 5_999_999)
    assert pace.wanted(points, 6_000_000)


def test_what_was_said_last_or_is_on_its_way_is_own_and_nothing_else() -> None:
    said = Said()
    assert not said.is_own("a", b"1")
    for payload in (b"1", b"2"):
        said.sent("a", payload)
    assert said.is_own("a", b"1")
    assert said.is_own("a", b"2")
    assert said.is_own("a", b"2")
    assert not said.is_own("a", b"1")
    assert not said.is_own("b", b"2")
    said.sent("a", b"")
    assert not said.is_own("a", b"2")
    assert not said.is_own("a", b"")


def alarm_of(journal: str, boot_id: str, sequence: str | None) -> bytes:
    said = {"sequence": sequence, "data": {"journal": journal, "boot_id": boot_id}}
    return json.dumps(said).encode()


@pytest.mark.parametrize(
    ("journal", "boot_id", "sequence", "is_it", "is_it_where_wary"),
    [
        ("j1", BOOT, "000000000003", False, False),
        ("j1", BOOT, None, False, False),
        ("", BOOT, None, False, False),
        ("j1", "boot-before", "000000000007", False, True),
        ("j1", "boot-before", "000000000008", True, True),  # the head is 7: a copy goes on
        ("j1", "boot-before", None, False, True),
        ("j2", BOOT, "000000000003", True, True),  # the journal was lost, and this boot stands on
        ("", "boot-before", None, True, True),
    ],
)
def test_an_alarm_is_anothers_by_its_journal_or_where_a_copy_of_ours_went_on(
    journal: str, boot_id: str, sequence: str | None, *, is_it: bool, is_it_where_wary: bool
) -> None:
    own, payload = Own("j1", 7, BOOT), alarm_of(journal, boot_id, sequence)
    assert is_anothers(payload, own, wary=False) is is_it
    assert is_anothers(payload, own, wary=True) is is_it_where_wary


@pytest.mark.parametrize("payload", [b"", b"stray", b"\xff{", b'{"id":"old"}', b"[" * 5_000])
def test_what_is_no_alarm_is_nobodys(payload: bytes) -> None:
    assert not is_anothers(payload, Own("j1", 7, BOOT), wary=True)


def test_two_agents_with_one_name_do_not_answer_each_other_without_pause() -> None:
    pace = RepairPace()
    pace.needed(0)
    assert pace.take(0)
    assert not pace.take(1)
    pace.needed(1_000_000)
    assert pace.due_us == 10_000_000
    assert not pace.take(9_999_999)
    assert pace.take(10_000_000)


def test_a_quarrel_over_the_status_is_told_once_until_there_was_a_minute_of_peace() -> None:
    quarrel = Quarrel()
    assert quarrel.is_news(0)
    assert not any(quarrel.is_news(second * 1_000_000) for second in range(10, 300, 10))
    assert not quarrel.is_news(349_999_999)
    assert quarrel.is_news(409_999_999)


def test_strays_are_emptied_so_many_at_a_time_and_the_rest_are_read_back_again() -> None:
    strays = Strays(most=2)
    assert strays.take("a")
    assert strays.take("b")
    assert strays.take("a")  # written again meanwhile: emptied once more
    assert not strays.emptied("a")
    assert not strays.emptied("b")  # none was left over
    assert strays.take("a")
    assert strays.take("b")
    assert not strays.take("c")
    assert not strays.emptied("a")
    assert not strays.emptied("other")
    assert strays.emptied("b")
    assert strays.take("c")
    assert not strays.emptied("c")


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 0.1)


# ---------------------------------------------------------------- the whole, on a real broker


@BOTH
def test_on_connect_status_alarms_critical_then_the_rest(broker: Mosquitto, protocol: str) -> None:
    async def story() -> None:
        raised = make_event()
        rows = [
            make_row(seq, make_event("usage", Transition.NOTICE, Severity.INFO))
            for seq in range(1, 31)
        ]
        rows += [make_row(31, raised), *(make_row(seq, make_event("x")) for seq in range(32, 61))]
        journal = FakeJournal(rows)
        journal.standing = [rows[30]]
        bench = Bench(
            journal, broker.port, protocol, points={"car.floor": Point(3, Quality.GOOD, 5)}
        )
        async with tapped(broker.port) as tap, bench.running():
            await until(lambda: len(tap.events) == 60 and tap.told(TOPICS.state))
            kinds = [TOPICS.kind(topic) for topic, _ in tap.seen]
            assert kinds[:2] == ["status", "alarm"]
            first_state = kinds.index("state")
            assert kinds.index("event") > 1
            critical = [event["data"]["lane"] == "critical" for event in tap.events]
            assert critical == [True] * 30 + [False] * 30
            assert kinds[2:first_state].count("event") >= 30
            status, alarm = tap.told(TOPICS.status), tap.told(BUTTON)
            assert (status["state"], status["reason"], status["seq_head"]) == ("online", None, 60)
            assert (alarm["sequence"], alarm["data"]["journaled"]) == ("000000000031", True)
            assert tap.told(TOPICS.asset) == {"elevator": "e01"}
            assert tap.told(TOPICS.state)["signals"]["car.floor"]["v"] == 3
            if protocol == "5":
                assert 0 < tap.expiries[TOPICS.state] <= 180
            await until(lambda: journal.cursors == {Lane.CRITICAL: 60, Lane.REST: 30})
            snapshot = bench.publisher.snapshot()
            assert snapshot["connected"] is True
            assert snapshot["delivered_through"] == 60
            assert snapshot["error"] is None

    asyncio.run(story())


def test_the_rest_waits_while_critical_rows_are_still_being_read(broker: Mosquitto) -> None:
    async def story() -> None:
        info = make_event("usage", Transition.NOTICE, Severity.INFO)
        rows = [make_row(seq, info if seq <= 10 else make_event()) for seq in range(1, 401)]
        journal = FakeJournal(rows)
        journal.slow_s = 0.05
        async with tapped(broker.port) as tap, Bench(journal, broker.port).running():
            await until(lambda: len(tap.events) == 400)
            lanes = [event["data"]["lane"] for event in tap.events]
            assert lanes == ["critical"] * 390 + ["rest"] * 10

    asyncio.run(story())


def test_a_status_lost_on_the_way_is_said_again(broker: Mosquitto) -> None:
    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            bench = Bench(FakeJournal(), wire.port)
            async with tapped(broker.port) as tap, bench.running() as publisher:
                await until(lambda: tap.status("state") == "online")
                await until(lambda: publisher.snapshot()["in_flight"] == 0)
                wire.hold()
                publisher.degraded("agent_fault")
                await until(lambda: publisher.snapshot()["in_flight"] == 1)
                wire.cut()
                wire.mend()
                await until(lambda: tap.status("reason") == "agent_fault")

    asyncio.run(story())


def test_answers_for_a_journal_replaced_meanwhile_move_nothing(broker: Mosquitto) -> None:
    async def story() -> None:
        journal = FakeJournal()
        with CuttableLink(broker.port) as wire:
            bench = Bench(journal, wire.port)
            async with tapped(broker.port) as tap, bench.running() as publisher:
                await until(lambda: tap.status("state") == "online")
                await until(lambda: publisher.snapshot()["in_flight"] == 0)
                wire.withhold(Direction.TO_CLIENT)
                bench.happens(bench.event("x"))
                await until(lambda: len(tap.events) == 1)
                journal.journal, journal.rows = "j2", [make_row(1001, make_event(), journal="j2")]
                journal.cursors = dict.fromkeys(Lane, 1000)
                publisher.fault(None)
                wire.mend()
                await until(lambda: journal.cursors[Lane.CRITICAL] == 1001)
                assert publisher.snapshot()["delivered_through"] == 1001
                await until(lambda: publisher.snapshot()["in_flight"] == 0)

    asyncio.run(story())


@BOTH
def test_an_alarm_is_retained_while_it_stands_and_emptied_when_cleared(
    broker: Mosquitto, protocol: str
) -> None:
    async def story() -> None:
        bench = Bench(FakeJournal(), broker.port, protocol)
        async with bench.running():
            bench.happens(bench.event())
            await until(lambda: bench.journal.cursors[Lane.CRITICAL] == 1)
            async with tapped(broker.port) as late:
                await until(lambda: late.told(BUTTON))
                assert late.told(BUTTON)["data"]["transition"] == "raised"
                seen = bench.event(transition=Transition.ACKNOWLEDGED, detail={"by": "duty room"})
                bench.happens(seen)
                await until(lambda: "acknowledged" in late.told(BUTTON)["data"])
                assert late.told(BUTTON)["data"]["acknowledged"]["by"] == "duty room"
                bench.happens(bench.event(transition=Transition.CLEARED))
                await until(lambda: late.retained[BUTTON] == b"")
                codes = [event["type"] for event in late.events]
                await until(lambda: len(late.events) >= 2)
                assert codes[-1] in {"alarm_button.acknowledged", "alarm_button.cleared"}
            await until(lambda: bench.journal.cursors[Lane.CRITICAL] == 3)
            async with tapped(broker.port) as later:
                await until(lambda: later.told(TOPICS.status))
                assert BUTTON not in later.retained

    asyncio.run(story())


def test_a_clean_stop_says_stopped_and_a_broken_link_says_so_by_the_will(broker: Mosquitto) -> None:
    async def story() -> None:
        with CuttableLink(broker.port) as wire:
            async with tapped(broker.port) as tap:
                bench = Bench(FakeJournal(), wire.port)
                async with bench.running():
                    await until(lambda: tap.told(TOPICS.status))
                    wire.cut()
                    await until(lambda: tap.has_seen(TOPICS.status, will_message(BOOT, "j1")))
                    async with tapped(broker.port) as late:
                        await until(lambda: late.has_seen(TOPICS.status, will_message(BOOT, "j1")))
                    wire.mend()
                    await until(lambda: tap.status("state") == "online")
                    await until(lambda: bench.publisher.snapshot()["connected"])
                await until(lambda: tap.status("reason") == "stopped")
                assert tap.status("state") == "offline"

    asyncio.run(story())


def test_a_broker_that_restarts_amid_a_backlog_gets_every_row_in_order_with_few_repeats() -> None:
    rest = [make_event("usage", Transition.NOTICE, Severity.INFO), make_event("x")]
    rows = [make_row(seq, rest[seq % 5 == 0]) for seq in range(1, 2001)]
    cuts = 5

    async def story(broker: Mosquitto) -> None:
        journal = FakeJournal(rows)
        with CuttableLink(broker.port) as wire:
            bench = Bench(journal, wire.port)
            # The tap listens past the cuts: what it has seen is what the broker has taken.
            async with tapped(broker.port, f"{TOPICS.root}/event/#") as tap, bench.running():
                marks = [300 * cut for cut in range(1, cuts + 1)]
                while marks:
                    await until(lambda: len(tap.seen) >= marks[0])
                    marks.pop(0)
                    wire.cut()
                    wire.mend()
                await until(lambda: journal.cursors == {Lane.CRITICAL: 2000, Lane.REST: 1999})
                await until(lambda: len({event["id"] for event in tap.events}) == 2000)
                sequences = [int(event["sequence"]) for event in tap.events]
                assert len(sequences) - 2000 <= cuts * 16
                first = list(dict.fromkeys(sequences))
                for lane in Lane:
                    mine = [seq for seq in first if rows[seq - 1].event.lane is lane]
                    assert mine == sorted(mine)
                assert bench.publisher.snapshot()["delivered_through"] == 2000

    # The tap may be slower than the backlog; what a broker queues for it must not overflow.
    with Mosquitto(lines=["max_queued_messages 0"]) as broker:
        asyncio.run(story(broker))


def test_a_broker_that_was_gone_gets_what_happened_meanwhile() -> None:
    async def story(broker: Mosquitto) -> None:
        bench = Bench(FakeJournal(), broker.port)
        async with bench.running() as publisher:
            await until(lambda: publisher.snapshot()["connected"])
            broker.kill()
            await until(lambda: not publisher.snapshot()["connected"])
            for _ in range(3):
                bench.happens(
                    bench.event("usage", transition=Transition.NOTICE, severity=Severity.INFO)
                )
            bench.happens(bench.event())
            assert publisher.snapshot()["delivered_through"] == 0
            broker.start()
            await until(lambda: bench.journal.cursors == {Lane.CRITICAL: 4, Lane.REST: 3})
            async with tapped(broker.port) as tap:
                await until(lambda: tap.told(BUTTON))

    with Mosquitto() as broker:
        asyncio.run(story(broker))


def test_a_new_alarm_overtakes_the_backlog(broker: Mosquitto) -> None:
    async def story() -> None:
        info = make_event("usage", Transition.NOTICE, Severity.INFO)
        journal = FakeJournal([make_row(seq, info) for seq in range(1, 1501)])
        bench = Bench(journal, broker.port)
        async with tapped(broker.port) as tap, bench.running():
            await until(lambda: len(tap.events) >= 50)
            sent = bench.publisher.snapshot()["published"]
            alarm = bench.happens(bench.event())
            await until(lambda: journal.cursors[Lane.CRITICAL] == alarm.seq)
            await until(lambda: any(e["data"]["lane"] == "critical" for e in tap.events))
            lanes = [event["data"]["lane"] for event in tap.events]
            assert isinstance(sent, dict)
            assert lanes.index("critical") <= sent["event"] + 2 * 16
            await until(lambda: journal.cursors[Lane.REST] == 1500)

    asyncio.run(story())


@BOTH
def test_a_retained_alarm_that_does_not_stand_is_emptied_and_one_that_does_is_kept(
    broker: Mosquitto, protocol: str
) -> None:
    stale = TOPICS.alarm("intercom_silent", "pit")

    async def story() -> None:
        async with tapped(broker.port) as tap:
            tap.publish(stale, b'{"id":"old"}')
            tap.publish(BUTTON, b'{"id":"older"}')
            await until(lambda: len(tap.retained) == 2)
            journal = FakeJournal([make_row(1, make_event())])
            journal.standing = journal.rows
            bench = Bench(journal, broker.port, protocol)
            async with bench.running():
                await until(lambda: tap.retained[stale] == b"")
                assert tap.told(BUTTON)["sequence"] == "000000000001"
                tap.publish(stale, b"again")
                await until(lambda: tap.seen[-1] == (stale, b""))

    asyncio.run(story())


def test_more_stray_alarms_than_are_taken_at_once_are_all_emptied_in_turn(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback_module, "_AT_MOST_EVERY_US", 50_000)
    strays = [TOPICS.alarm("stray", str(number)) for number in range(350)]

    async def story() -> None:
        async with tapped(broker.port) as tap:
            for stray in strays:
                tap.publish(stray, b"stray")
            await until(lambda: len(tap.retained) == 350)
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running():
                await until(lambda: all(tap.retained[stray] == b"" for stray in strays))
                await until(lambda: tap.status("state") == "online")

    asyncio.run(story())


def test_two_agents_with_one_name_do_not_fill_the_log(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readback_module, "_AT_MOST_EVERY_US", 0)
    other = b'{"state":"online","boot_id":"boot-other"}'

    async def story() -> None:
        async with tapped(broker.port) as tap:
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running() as publisher:
                await until(lambda: publisher.snapshot()["connected"])
                for said in range(5):
                    await until(lambda: tap.status("boot_id") == BOOT)
                    tap.publish(TOPICS.status, other)
                    await until(lambda said=said: tap.seen.count((TOPICS.status, other)) > said)  # type: ignore[misc]
                await until(lambda: tap.status("boot_id") == BOOT)

    asyncio.run(story())
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "status topic" in line]) == 1, said


def test_the_first_status_says_by_what_a_synchronised_clock_is_believed(broker: Mosquitto) -> None:
    async def story() -> None:
        async with tapped(broker.port) as tap:
            async with Bench(FakeJournal(), broker.port).running():
                await until(lambda: tap.told(TOPICS.status))
            first = json.loads(next(body for topic, body in tap.seen if topic == TOPICS.status))
            said = first["clock"]
            assert (said["synchronised"], said["source"]) == (True, "systemd-timesyncd")

    asyncio.run(story())


def test_a_foreign_status_is_repaired(broker: Mosquitto) -> None:
    old_will = will_message("boot-before", "j0")
    greeted = {"status": 1, "asset": 1, "state": 1}

    async def story() -> None:
        async with tapped(broker.port) as tap:
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running() as publisher:
                await until(lambda: publisher.snapshot()["published"] == greeted)
                tap.publish(TOPICS.status, old_will)
                await until(lambda: tap.has_seen(TOPICS.status, old_will))
                await until(lambda: tap.status("boot_id") == BOOT)
                assert tap.status("state") == "online"

    asyncio.run(story())


def test_an_alarm_the_journal_does_not_take_is_at_the_broker_after_two_seconds(
    broker: Mosquitto,
) -> None:
    async def story() -> None:
        bench = Bench(FakeJournal(), broker.port)
        async with tapped(broker.port) as tap, bench.running() as publisher:
            await until(lambda: tap.told(TOPICS.status))
            raised = bench.event()
            publisher.submitted([raised], bench.clock.now())
            await until(lambda: tap.told(BUTTON))
            assert bench.clock.uptime_us() - raised.at_us >= 2_000_000
            alarm = tap.told(BUTTON)
            assert (alarm["sequence"], alarm["data"]["journaled"]) == (None, False)
            await until(lambda: tap.status("state") == "degraded")
            assert tap.status("reason") == "storage_failed"
            assert tap.events == []
            publisher.committed([bench.journal.append(raised)])
            await until(lambda: tap.told(BUTTON)["sequence"] == "000000000001")
            assert tap.told(BUTTON)["data"]["journaled"] is True
            await until(lambda: tap.status("state") == "online")
            await until(lambda: len(tap.events) == 1)

    asyncio.run(story())


def test_rows_the_broker_refuses_are_kept_reported_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch_module, "_refusal_backoff", lambda: Backoff(0.1, 0.1))
    monkeypatch.setattr(refusals_module, "MANY", 1000)  # no later row has a turn yet
    rules = tmp_path / "acl"
    rules.write_text(
        "topic readwrite #\ntopic deny elevator/v1/s/e01/event/critical/#\n", encoding="utf-8"
    )
    rules.chmod(0o644)

    async def story(broker: Mosquitto) -> None:
        bench = Bench(FakeJournal(), broker.port)
        async with bench.running() as publisher:
            rows = [bench.happens(bench.event(code)) for code in ("a", "b", "c")]
            bench.happens(bench.event("d", severity=Severity.INFO, transition=Transition.NOTICE))
            await until(lambda: bench.journal.cursors[Lane.REST] == 4)
            await until(lambda: int(str(publisher.snapshot()["refused"])) >= 5)
            assert "not authorised" in str(publisher.snapshot()["refused_reason"])
            assert bench.journal.cursors[Lane.CRITICAL] == 0
            assert publisher.snapshot()["delivered_through"] == 0
            async with tapped(broker.port) as tap:
                await until(lambda: tap.status("reason") == "publish_refused")
                assert tap.told(TOPICS.status)["refused"]["count"] > 0
                rules.write_text("topic readwrite #\n", encoding="utf-8")
                assert broker._process is not None
                broker._process.send_signal(signal.SIGHUP)
                await until(lambda: bench.journal.cursors[Lane.CRITICAL] == 3)
                await until(lambda: len(tap.events) == 3)
                assert [int(e["sequence"]) for e in tap.events] == [row.seq for row in rows]
                await until(lambda: tap.status("state") == "online")

    with Mosquitto(lines=(f"acl_file {rules}",)) as broker:
        asyncio.run(story(broker))


def test_state_follows_changes_but_not_faster_than_its_interval(broker: Mosquitto) -> None:
    async def story() -> None:
        points = {"car.speed_mm_s": Point(0, Quality.GOOD, 1)}
        bench = Bench(FakeJournal(), broker.port, points=points)
        async with tapped(broker.port, TOPICS.state) as tap, bench.running() as publisher:
            await until(lambda: len(tap.seen) == 1)
            for speed in (40, 200, 400, 1000):
                points["car.speed_mm_s"] = Point(speed, Quality.GOOD, 2)
                publisher.state_changed()
                await asyncio.sleep(0.01)
            await until(lambda: len(tap.seen) == 2)
            first, second = (json.loads(body) for _, body in tap.seen)
            assert second["signals"]["car.speed_mm_s"]["v"] == 1000
            assert second["uptime_ms"] - first["uptime_ms"] >= 500

    asyncio.run(story())


def test_a_link_that_goes_down_is_in_the_status_at_once(broker: Mosquitto) -> None:
    async def story() -> None:
        bench = Bench(FakeJournal(), broker.port)
        async with tapped(broker.port) as tap, bench.running() as publisher:
            await until(lambda: tap.told(TOPICS.status))
            publisher.set_links({"controller": {"up": False, "reason": "no answer"}})
            await until(lambda: tap.status("links"))
            assert tap.told(TOPICS.status)["links"]["controller"]["up"] is False
            publisher.degraded("agent_fault")
            await until(lambda: tap.status("reason") == "agent_fault")

    asyncio.run(story())


def test_a_journal_that_opens_late_is_taken_up_where_it_was_left(broker: Mosquitto) -> None:
    stale = TOPICS.alarm("pit_water", None)

    async def story() -> None:
        journal = FakeJournal(journal="")
        journal.fault = "the card does not answer"
        bench = Bench(journal, broker.port)
        async with tapped(broker.port) as tap:
            tap.publish(stale, b"{}")
            tap.publish(BUTTON, b"{}")
            async with bench.running() as publisher:
                await until(lambda: tap.status("state") == "degraded")
                assert tap.status("reason") == "storage_failed"
                await until(lambda: publisher.snapshot()["in_flight"] == 0)
                assert tap.retained[stale] == b"{}"
                journal.rows = [make_row(seq, make_event(), journal="j1") for seq in range(1, 11)]
                journal.cursors = dict.fromkeys(Lane, 8)
                journal.standing = journal.rows[-1:]
                journal.journal, journal.fault = "j1", None
                publisher.fault(None)
                await until(lambda: journal.cursors[Lane.CRITICAL] == 10)
                await until(lambda: tap.retained[stale] == b"")
                assert [int(event["sequence"]) for event in tap.events] == [9, 10]
                await until(lambda: tap.told(BUTTON))
                await until(lambda: tap.status("journal") == "j1")

    asyncio.run(story())


def test_a_journal_that_cannot_be_read_for_a_while_hides_no_row(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        journal = FakeJournal([make_row(seq, make_event()) for seq in range(1, 6)])
        bench = Bench(journal, broker.port)
        original = journal.fetch

        async def fails_and_is_back_before_it_answers(*asked: Any) -> list[Row]:
            journal.fetch = original  # type: ignore[method-assign]
            bench.publisher.fault("the card does not answer")
            bench.publisher.fault(None)
            return []

        journal.fetch = fails_and_is_back_before_it_answers  # type: ignore[assignment]
        async with bench.running():
            await until(lambda: journal.cursors[Lane.CRITICAL] == 5)

    asyncio.run(story())


def test_a_brokers_smaller_window_is_respected() -> None:
    most = 0

    async def story(port: int) -> None:
        nonlocal most
        journal = FakeJournal([make_row(seq, make_event()) for seq in range(1, 201)])
        bench = Bench(journal, port)
        publish = bench.link.publish

        def counted(*letter: Any, **more: Any) -> int | None:
            nonlocal most
            token = publish(*letter, **more)
            most = max(most, int(str(bench.publisher.snapshot()["in_flight"])) + 1)
            return token

        bench.link.publish = counted  # type: ignore[method-assign]
        async with bench.running():
            await until(lambda: journal.cursors[Lane.CRITICAL] == 200)

    with Mosquitto(lines=("max_inflight_messages 3",)) as broker:
        asyncio.run(story(broker.port))
    assert most == 3


def test_the_last_word_is_said_also_when_the_work_was_cancelled_before(broker: Mosquitto) -> None:
    async def story() -> None:
        async with tapped(broker.port) as tap:
            bench = Bench(FakeJournal(), broker.port)
            task = asyncio.create_task(bench.publisher.run())
            await until(lambda: tap.status("state") == "online")
            task.cancel()
            await asyncio.wait({task})
            await bench.publisher.stop()
            await until(lambda: tap.status("state") == "offline")
            assert tap.status("reason") == "stopped"
            states = [
                json.loads(body)["reason"] for topic, body in tap.seen if topic == TOPICS.status
            ]
            assert "connection_lost" not in states

    asyncio.run(story())


def test_the_last_word_counts_what_was_under_way(broker: Mosquitto) -> None:
    async def story() -> None:
        async with tapped(broker.port) as tap:
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running() as publisher:
                await until(
                    lambda: (
                        publisher.snapshot()["in_flight"] == 0 and publisher.snapshot()["connected"]
                    )
                )
                for _ in range(40):
                    bench.happens(bench.event("usage", Transition.NOTICE, Severity.INFO))
            await until(lambda: tap.status("state") == "offline")
            assert tap.status("delivered_through") == tap.status("seq_head") == 40

    asyncio.run(story())


def test_stopping_is_quick_also_when_the_broker_hangs(broker: Mosquitto) -> None:
    async def story() -> None:
        bench = Bench(FakeJournal(), broker.port)
        async with bench.running() as publisher:
            await until(lambda: publisher.snapshot()["published"])
            broker.freeze()
            bench.happens(bench.event())
            async with asyncio.timeout(4):
                await publisher.stop()
            broker.thaw()

    asyncio.run(story())


def test_stopping_without_a_broker_is_quick() -> None:
    async def story() -> None:
        bench = Bench(FakeJournal([make_row(1, make_event())]), 1)
        async with asyncio.timeout(3), bench.running() as publisher:
            await until(lambda: "nothing listens" in str(publisher.snapshot()["error"]))

    asyncio.run(story())
