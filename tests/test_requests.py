"""Reading requests: hostile bytes in, a request or a refusal out; limits; and the desk's order of things."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.clock import Clock
from agent.model import SECOND_US, Event, Row, Severity, Transition
from agent.outbox_fault import JournalFault
from agent.outbox_missing import missing_of
from agent.requests.asked import (
    PAYLOAD_MOST,
    RESPONSE_MOST,
    WHEN_ALLOWED,
    Asked,
    address_of,
    is_a_name,
    read,
)
from agent.requests.desk import BURST, QUEUE_MOST, Desk, RefusedError
from agent.requests.limits import REMEMBERED_US, Bucket, Seen
from agent.requests.messages import Asks, AsksAck, AsksReplay, Missing, Wrong
from agent.requests.post import ANSWERS_MOST, REPEATS_PER_S, Parcel, Post
from agent.requests.replay import Replay
from agent.settings import RequestsSettings
from agent.uplink.letters import Letter
from agent.uplink.topics import Topics

TOPICS = Topics("elevator/v1/s/e")
REQ, RESP = "elevator/v1/s/e/req/", "elevator/v1/s/e/resp/"


def asked(verb: str = "ping", payload: bytes = b"", **more: Any) -> Asked:
    return Asked(topic=REQ + verb, payload=payload, **more)


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("verb", ["ping", "snapshot", "diagnostics"])
@pytest.mark.parametrize("payload", [b"", b"{}", b'{"correlation_id":"a"}'])
def test_what_needs_no_words_is_read(verb: str, payload: bytes) -> None:
    found = read(asked(verb, payload), TOPICS, WHEN_ALLOWED)
    assert isinstance(found, Asks)
    assert found.correlation_id == ("a" if b"a" in payload else None)


def test_the_others_say_what_they_mean() -> None:
    replay = read(asked("replay", b'{"from":3,"to":9}'), TOPICS, ())
    assert isinstance(replay, AsksReplay)
    assert (replay.first, replay.last) == (3, 9)
    ack = read(asked("ack", b'{"raised_seq":7,"by":"x"}'), TOPICS, ["ack"])
    assert isinstance(ack, AsksAck)
    assert (ack.raised_seq, ack.by) == (7, "x")


@pytest.mark.parametrize(
    ("verb", "payload"),
    [
        ("ping", b"null"),
        ("ping", b'{"other":1}'),
        ("ping", b'{"correlation_id":""}'),
        ("ping", b'{"correlation_id":"' + b"x" * 129 + b'"}'),
        ("replay", b""),
        ("replay", b'{"from":0,"to":1}'),
        ("replay", b'{"from":2,"to":1}'),
        ("replay", b'{"from":1,"to":1000000000000}'),
        ("replay", b'{"from":true,"to":1}'),
        ("replay", b'{"from":1.5,"to":2}'),
        ("ack", b'{"raised_seq":7}'),
        ("ack", b'{"raised_seq":7,"by":""}'),
        ("ack", b'{"raised_seq":7,"by":"  "}'),
        ("ack", b'{"raised_seq":7,"by":"a\\u001b[2J"}'),
        ("ack", b'{"raised_seq":7,"by":"\\u202eevil"}'),
        ("ack", b'{"raised_seq":7,"by":"' + b"x" * 65 + b'"}'),
    ],
)
def test_what_is_not_as_it_should_be_is_named(verb: str, payload: bytes) -> None:
    wrong = read(asked(verb, payload), TOPICS, ["ack"])
    assert isinstance(wrong, Wrong)
    assert wrong.code == "malformed"
    assert wrong.found is not None
    assert wrong.allowed


def test_the_largest_request_is_read_and_one_byte_more_is_not() -> None:
    assert isinstance(read(asked(payload=b"{}".ljust(PAYLOAD_MOST)), TOPICS, ()), Asks)
    wrong = read(asked(payload=b"{}".ljust(PAYLOAD_MOST + 1)), TOPICS, ())
    assert isinstance(wrong, Wrong)
    assert (wrong.code, wrong.found) == ("too_large", "4097 bytes")


def test_a_verb_that_the_configuration_does_not_name_is_not_done() -> None:
    assert isinstance(wrong := read(asked("ack"), TOPICS, ["diagnostics"]), Wrong)
    assert (wrong.code, wrong.found) == ("not_allowed", "ack")
    assert wrong.allowed == ("ping", "snapshot", "replay", "diagnostics")
    for verb in ("", "Ping", "ping/", "ping/x", "rescue", "\x00", "x" * 60_000):
        wrong = read(asked(verb), TOPICS, WHEN_ALLOWED)
        assert isinstance(wrong, Wrong)
        assert wrong.code == "unknown_verb"
        assert len(wrong.found or "") <= 64
        assert address_of(asked(verb), TOPICS)[0].topic == f"{RESP}unknown"


@pytest.mark.parametrize(
    ("topic", "is_taken"),
    [
        (f"{RESP}x", True),
        (f"{RESP}a/b/c", True),
        ((RESP + "x" * RESPONSE_MOST)[:RESPONSE_MOST], True),
        ((RESP + "x" * RESPONSE_MOST)[: RESPONSE_MOST + 1], False),
        (RESP + "中" * 40, False),  # bytes count, not characters
        (RESP, False),
        (RESP.removesuffix("/"), False),
        (f"{RESP}+", False),
        (f"{RESP}a/#", False),
        (f"{RESP}a\x00", False),
        ("elevator/v1/s/e2/resp/x", False),
        (f"{REQ}ping", False),
        ("elevator/v1/s/e/status", False),
        (f"$share/x/{RESP}x", False),
        ("", False),
    ],
)
def test_answers_go_below_the_own_resp_and_nowhere_else(topic: str, *, is_taken: bool) -> None:
    address, wrong = address_of(asked(response_topic=topic), TOPICS)
    assert (wrong is None) is is_taken
    assert address.topic == (topic if is_taken else f"{RESP}ping")
    assert wrong is None or wrong.code == "bad_response_topic"


def test_correlation_data_comes_back_unless_it_is_too_long() -> None:
    address, wrong = address_of(asked(correlation=b"\xff" * 128), TOPICS)
    assert (address.correlation, wrong) == (b"\xff" * 128, None)
    address, wrong = address_of(asked(correlation=b"\xff" * 129), TOPICS)
    assert address.correlation is None
    assert wrong is not None


def test_the_id_of_a_request_that_cannot_be_used_is_kept() -> None:
    broken = asked("replay", b'{"correlation_id":"a","from":"x"}')
    assert address_of(broken, TOPICS)[0].correlation_id == "a"
    huge = asked(payload=b'{"correlation_id":"a"}'.ljust(PAYLOAD_MOST + 1))
    assert address_of(huge, TOPICS)[0].correlation_id is None


anything = st.builds(
    Asked,
    topic=st.one_of(
        st.text(max_size=200).map(REQ.__add__),
        st.sampled_from(("ping", "replay", "ack", "snapshot", "diagnostics")).map(REQ.__add__),
    ),
    payload=st.one_of(
        st.binary(max_size=6000),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda it: json.dumps(it).encode()),
        st.fixed_dictionaries(
            {},
            optional={
                name: st.integers() | st.text() | st.none()
                for name in ("from", "to", "raised_seq", "by", "correlation_id")
            },
        ).map(lambda it: json.dumps(it).encode()),
    ),
    retained=st.booleans(),
    response_topic=st.none() | st.text(max_size=200) | st.text(max_size=40).map(RESP.__add__),
    correlation=st.none() | st.binary(max_size=300),
)


@given(anything)
@example(asked("replay", b"[" * PAYLOAD_MOST))
@example(asked("replay", b'{"from":' * 500))
@example(asked("ping", b"\xed\xa0\x80"))
@example(asked("ping", b"", response_topic=RESP + "\ud800"))
def test_nothing_that_a_stranger_sends_does_more_than_be_refused(it: Asked) -> None:
    address, wrong = address_of(it, TOPICS)
    found = wrong or read(it, TOPICS, WHEN_ALLOWED)
    assert address.topic.startswith(RESP)
    assert not set("+#\0") & set(address.topic)
    assert len(msgspec.json.encode(found)) < 2000
    assert len(repr(address)) < 2000
    if isinstance(found, Wrong):
        assert (found.found or "").isprintable()
        assert found.message.isprintable()


def test_a_name_can_be_read_by_people() -> None:
    assert all(map(is_a_name, ("李伟", "Li Wei", "x")))
    assert not any(map(is_a_name, ("", " ", "a\n", "\u200b", "\x7f")))


# ---------------------------------------------------------------- limits


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(per_s=2, burst=3)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert bucket.due_us(0) == SECOND_US // 2 + 1
    assert not bucket.take(SECOND_US // 2 - 1)
    assert bucket.take(SECOND_US // 2 + 1)
    assert bucket.due_us(60 * SECOND_US) == 60 * SECOND_US
    assert [bucket.take(60 * SECOND_US) for _ in range(4)] == [True, True, True, False]


def test_time_that_seems_to_go_back_gives_nothing() -> None:
    bucket = Bucket(per_s=1, burst=1)
    assert bucket.take(10 * SECOND_US)
    assert not bucket.take(0)


def test_only_the_latest_ids_are_remembered_and_for_ten_minutes() -> None:
    seen = Seen(2)
    for name in "abc":
        seen.add(name, 0)
    assert [seen.knows(name, 0) for name in "abc"] == [False, True, True]
    assert seen.knows("c", REMEMBERED_US - 1)
    assert not seen.knows("c", REMEMBERED_US)
    seen.add("b", REMEMBERED_US)  # asked again: the newest now
    seen.add("d", REMEMBERED_US)
    assert [seen.knows(name, REMEMBERED_US) for name in "bcd"] == [True, False, True]


# ---------------------------------------------------------------- the desk


class At(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.us = 0

    def uptime_us(self) -> int:  # type: ignore[explicit-override]
        return self.us


class Room:
    """A desk, what it answered, and handlers that can be held."""

    def __init__(self, *allow: str, per_minute: float = 600) -> None:
        self.clock, self.post = At(), Post()
        self.held = asyncio.Event()
        self.done: list[str] = []
        handlers: dict[str, Callable[[Asks], Awaitable[object]]] = {
            "ping": self._ping,
            "snapshot": self._refuse,
            "replay": self._replay,
            "diagnostics": self._huge,
            "ack": self._fail,
        }
        settings = msgspec.convert({"allow": allow, "per_minute": per_minute}, RequestsSettings)
        self.desk = Desk(TOPICS, settings, handlers, self.post, self.clock)

    async def _ping(self, _: Asks) -> object:
        self.done.append("ping")
        return {"pong": 1}

    async def _replay(self, _: Asks) -> object:
        await self.held.wait()
        self.done.append("replay")
        return {}

    async def _refuse(self, _: Asks) -> object:
        raise RefusedError(Wrong(code="no", message="no"))

    async def _fail(self, _: Asks) -> object:
        raise JournalFault("the card")

    async def _huge(self, _: Asks) -> object:
        return "x" * 70_000

    def answers(self) -> Iterator[dict[str, Any]]:
        while parcel := self.post.take(0, room=1, window=16, idle=False):
            assert isinstance(parcel.what, Letter)
            yield json.loads(parcel.what.payload)
            self.post.delivered(parcel, None)

    async def settle(self) -> list[dict[str, Any]]:
        for _ in range(20):
            await asyncio.sleep(0)
        return list(self.answers())


def in_room(story: Callable[[Room], Awaitable[None]], *allow: str, per_minute: float = 600) -> None:
    async def play() -> None:
        room = Room(*allow, per_minute=per_minute)
        running = asyncio.create_task(room.desk.run())
        await story(room)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())


def test_a_long_request_holds_up_no_short_one_and_only_a_few_may_wait() -> None:
    async def story(room: Room) -> None:
        for _ in range(7):
            room.desk.asked(asked("replay", b'{"from":1,"to":1}'))
            await asyncio.sleep(0)
        room.desk.asked(asked("ping"))
        answers = await room.settle()
        assert room.done == ["ping"]
        assert [each.get("error", {}) and each["error"]["code"] for each in answers] == [
            "busy", "busy", None,
        ]  # fmt: skip
        room.held.set()
        assert len(await room.settle()) == 5

    in_room(story)


def test_short_ones_wait_in_a_bounded_line() -> None:
    async def story(room: Room) -> None:
        for _ in range(BURST):
            room.desk.asked(asked("ping"))
        answers = await room.settle()
        assert sum(each["ok"] for each in answers) == QUEUE_MOST
        assert sum(not each["ok"] for each in answers) == BURST - QUEUE_MOST

    in_room(story)


def test_the_limit_counts_refusals_too_and_lets_go_with_time() -> None:
    async def story(room: Room) -> None:
        for _ in range(BURST + 5):
            room.desk.asked(asked("dance"))
        assert len(await room.settle()) == BURST
        assert room.desk.snapshot()["ignored"] == {"over_limit": 5}
        room.clock.us = 61 * SECOND_US
        for _ in range(2):
            room.desk.asked(asked("ping"))
        assert len(await room.settle()) == 1

    in_room(story, per_minute=1)


def test_one_id_is_answered_once_for_each_verb_and_answer_topic() -> None:
    async def story(room: Room) -> None:
        body = b'{"correlation_id":"a"}'
        for _ in range(3):
            room.desk.asked(asked("ping", body))
            room.desk.asked(asked("ping", body, response_topic=f"{RESP}mine"))
            room.desk.asked(asked("snapshot", body))
            room.desk.asked(asked("ping", retained=True))
        answers = await room.settle()
        assert len(answers) == 3
        assert {each["correlation_id"] for each in answers} == {"a"}
        assert room.desk.snapshot() == {
            "done": {"ping": 2},
            "refused": {"no": 1},
            "ignored": {"repeated": 6, "retained": 3},
        }

    in_room(story)


def test_what_cannot_be_answered_says_why() -> None:
    async def story(room: Room) -> None:
        room.desk.asked(asked("diagnostics"))
        room.desk.asked(asked("ack", b'{"raised_seq":1,"by":"x"}'))
        room.desk.asked(asked("ping", response_topic="elsewhere"))
        codes = {each["verb"]: each["error"]["code"] for each in await room.settle()}
        assert codes == {
            "diagnostics": "too_large",
            "ack": "storage_failed",
            "ping": "bad_response_topic",
        }

    in_room(story, *WHEN_ALLOWED)


# ---------------------------------------------------------------- the post


def row(seq: int) -> Row:
    event = Event(code="usage", transition=Transition.NOTICE, severity=Severity.INFO, at_us=seq)
    return Row(
        seq=seq, journal="j", raised_seq=None, event=event, boot_id="b", wall_us=0, synchronised=True
    )  # fmt: skip


def take(post: Post, now_us: int = 0, **more: Any) -> Parcel | None:
    return post.take(now_us, **{"room": 9, "window": 16, "idle": True, **more})


def test_events_sent_again_wait_for_both_lanes_and_take_a_quarter_of_the_window() -> None:
    async def play() -> None:
        post = Post()
        for seq in range(1, 7):
            await post.repeat(row(seq))
        post.answer(Letter("t", b"a"))
        assert take(post, room=0) is None
        first = take(post, idle=False)
        assert first is not None
        assert isinstance(first.what, Letter)
        assert take(post, idle=False) is None
        sent = [parcel for _ in range(5) if (parcel := take(post)) is not None]
        assert [each.what.seq for each in sent if isinstance(each.what, Row)] == [1, 2, 3, 4]
        post.delivered(sent[0], None)
        fifth = take(post)
        assert fifth is not None
        assert isinstance(fifth.what, Row)
        assert fifth.what.seq == 5

    asyncio.run(play())


def test_what_was_on_its_way_when_two_links_broke_is_named_and_an_answer_goes_with_the_first() -> (
    None
):
    async def play() -> None:
        post = Post()
        post.answer(Letter("t", b"a"))
        for seq in (1, 2, 3):
            await post.repeat(row(seq))
        for _ in range(3):
            take(post)
        post.lost()
        assert post.dropped == 1
        again = [parcel.what for _ in range(2) if (parcel := take(post)) is not None]
        assert [each.seq for each in again if isinstance(each, Row)] == [1, 2]
        post.lost()
        third = take(post)
        assert third is not None
        assert isinstance(third.what, Row)
        assert third.what.seq == 3
        post.delivered(third, "no")
        named = [(2, "connection_lost"), (1, "connection_lost"), (3, "refused")]
        assert await post.repeated() == named
        assert await post.repeated() == []

    asyncio.run(play())


def test_events_sent_again_are_paced() -> None:
    async def play() -> None:
        post, sent, now_us = Post(), 0, 0
        for seq in range(1, 61):
            await post.repeat(row(seq))
        assert post.due_us(0) == 0
        while now_us < SECOND_US // 2:
            if (parcel := take(post, now_us)) is None:
                due_us = post.due_us(now_us)
                assert due_us is not None
                assert due_us > now_us
                now_us = due_us
            else:
                sent += 1
                post.delivered(parcel, None)
        assert REPEATS_PER_S // 2 - 1 <= sent - 16 <= REPEATS_PER_S // 2
        assert Post().due_us(0) is None

    asyncio.run(play())


def test_answers_that_nobody_takes_are_bounded() -> None:
    post = Post()
    for number in range(ANSWERS_MOST + 3):
        post.answer(Letter("t", str(number).encode()))
    assert post.dropped == 3
    first = take(post)
    assert first is not None
    assert isinstance(first.what, Letter)
    assert first.what.payload == b"3"
    post.delivered(first, "refused")
    assert post.dropped == 4


# ---------------------------------------------------------------- replay


class Shelf:
    """A journal in memory: rows by sequence, what was dropped, what cannot be read."""

    def __init__(self, seqs: set[int], head: int, unreadable: tuple[int, ...] = ()) -> None:
        self.seqs, self.head, self.unreadable = sorted(seqs), head, unreadable
        self.dropped: list[tuple[int, int]] = []

    async def rows(self, after: int, limit: int) -> list[Row]:
        return [row(seq) for seq in self.seqs if seq > after][:limit]

    async def look(self, job: Callable[[Any], Any]) -> Any:
        return job(self)

    def execute(self, sql: str, parameters: tuple[int, int, int]) -> "Shelf":
        low, high, most = parameters
        if "dropped" in sql:
            self.found: list[Any] = [d for d in self.dropped if d[1] >= low and d[0] <= high][:most]
        else:
            self.found = [(seq,) for seq in self.unreadable if low <= seq <= high][:most]
        return self

    def fetchall(self) -> list[Any]:
        return self.found


def replay(shelf: Shelf, first: int, last: int, most: int = 10_000) -> tuple[list[int], Any]:
    async def play() -> tuple[list[int], Any]:
        post, sent = Post(), list[int]()
        run = asyncio.create_task(Replay(shelf, post, most).run(AsksReplay(first=first, last=last)))
        now_us = 0
        while not run.done():
            await asyncio.sleep(0)
            now_us += SECOND_US
            while (parcel := take(post, now_us)) is not None:
                assert isinstance(parcel.what, Row)
                sent.append(parcel.what.seq)
                post.delivered(parcel, "refused" if parcel.what.seq == 13 else None)
        return sent, run.result()

    return asyncio.run(play())


def told(result: Any) -> list[tuple[int, int, str]]:
    return [(each.first, each.last, each.reason) for each in result.missing]


def test_every_number_asked_for_is_sent_or_named_with_a_reason() -> None:
    shelf = Shelf({1, 2, 6, 7, 13, 20}, head=25, unreadable=(22,))
    shelf.dropped = [(3, 3), (4, 5), (21, 21)]
    sent, result = replay(shelf, 2, 30)
    assert sent == [2, 6, 7, 13, 20]
    assert result.sent == 4
    assert told(result) == [
        (3, 5, "dropped"),
        (8, 12, "no_such_record"),
        (13, 13, "refused"),
        (14, 19, "no_such_record"),
        (21, 21, "dropped"),
        (22, 22, "unreadable"),
        (23, 25, "no_such_record"),
        (26, 30, "beyond_head"),
    ]


def test_a_range_beyond_the_head_is_only_named() -> None:
    sent, result = replay(Shelf({1}, head=1), 5, 9)
    assert (sent, told(result)) == ([], [(5, 9, "beyond_head")])


def test_a_range_that_is_too_long_ends_where_the_next_may_begin() -> None:
    sent, result = replay(Shelf(set(range(1, 301)), head=300), 1, 300, most=150)
    assert len(sent) == 150
    assert told(result) == [(13, 13, "refused"), (151, 300, "over_limit")]
    sent, result = replay(Shelf(set(range(14, 164)), head=163), 14, 163, most=150)
    assert (len(sent), told(result)) == (150, [])


def test_an_answer_names_a_bounded_number_of_ranges() -> None:
    shelf = Shelf(set(range(2, 2202, 2)), head=2201)
    _, result = replay(shelf, 14, 2201)
    assert len(result.missing) == 500
    assert result.missing_more
    assert not replay(shelf, 14, 1000)[1].missing_more


@given(
    st.sets(st.integers(1, 60)),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9))),
    st.integers(1, 60),
    st.integers(0, 30),
)
def test_nothing_is_named_twice_or_left_out(
    seqs: set[int], dropped: list[tuple[int, int]], first: int, length: int
) -> None:
    shelf = Shelf(seqs - {13}, head=max(seqs, default=0))
    at = 0
    for low, size in sorted(dropped):
        span = (max(low, at + 1), low + size)
        if span[0] <= span[1] and not set(range(span[0], span[1] + 1)) & seqs:
            shelf.dropped.append(span)
            at = span[1]
    sent, result = replay(shelf, first, first + length)
    named = [n for each in result.missing for n in range(each.first, each.last + 1)]
    assert sorted(sent + named) == list(range(first, first + length + 1))
    assert all(isinstance(each, Missing) for each in result.missing)


def test_a_gap_is_cut_where_it_begins_and_ends() -> None:
    shelf = Shelf(set(), head=0)
    shelf.dropped = [(1, 100)]
    assert missing_of(shelf, [(10, 20)], 5) == ([(10, 20, "dropped")], False)  # type: ignore[arg-type]
    assert missing_of(shelf, [(10, 20), (30, 31)], 1) == ([(10, 20, "dropped")], True)  # type: ignore[arg-type]
