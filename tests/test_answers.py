"""What the service answers on its socket: what stands, what is owed, and the journal, whatever the card does."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from typing_extensions import override

from agent import answers as module
from agent.answers import Answers, Board
from agent.clock import Clock
from agent.control import Peer, RefusedError
from agent.drivers.polling import Statistics
from agent.model import SECOND_US, Event, Instant, Lane, Point, Quality, Row, Severity, Transition
from agent.outbox_fault import JournalFault
from agent.settings import ElevatorSettings
from agent.uplink.events import Origin

BOOT, OTHER_BOOT = "boot-now", "boot-before"
NOBODY = Peer(uid=0, pid=1)
SITE = ElevatorSettings(site="s", id="e01")
ORIGIN = Origin(source="elevator/v1/s/e01", elevator="e01", rescue_code="")


def event(code: str, transition: Transition = Transition.RAISED, **more: Any) -> Event:
    severity = more.pop("severity", Severity.CRITICAL)
    at_us = more.pop("at_us", SECOND_US)
    return Event(code=code, transition=transition, severity=severity, at_us=at_us, **more)


def row(seq: int, of: Event, raised_seq: int | None = None, boot_id: str = BOOT) -> Row:
    raised = seq if of.transition is Transition.RAISED else raised_seq
    return Row(
        seq=seq,
        journal="j1",
        raised_seq=raised,
        event=of,
        boot_id=boot_id,
        wall_us=of.at_us,
        synchronised=False,
    )


def instant(seconds: float, synchronised: bool = False) -> Instant:
    at_us = round(seconds * SECOND_US)
    return Instant(uptime_us=at_us, wall_us=at_us, synchronised=synchronised)


def seqs(board: Board) -> dict[str, int | None]:
    return {key[0]: stands.envelope.seq for key, stands in board.standing.items()}


# ---------------------------------------------------------------- what stands


def test_what_is_raised_stands_at_once_and_gets_its_sequence_with_the_commit() -> None:
    board, raised = Board([], BOOT), event("alarm_button")
    board.submitted([raised], instant(1))
    assert seqs(board) == {"alarm_button": None}
    board.committed([row(7, raised)])
    assert seqs(board) == {"alarm_button": 7}
    board.submitted([event("alarm_button", Transition.CLEARED, at_us=2 * SECOND_US)], instant(2))
    assert seqs(board) == {}


def test_the_commit_of_an_earlier_raise_is_not_taken_for_the_present_one() -> None:
    board = Board([], BOOT)
    first, second = event("alarm_button"), event("alarm_button", at_us=3 * SECOND_US)
    cleared = event("alarm_button", Transition.CLEARED, at_us=2 * SECOND_US)
    board.submitted([first], instant(1))
    board.submitted([cleared], instant(2))
    board.submitted([second], instant(3))
    board.committed([row(7, first), row(8, cleared, 7)])
    assert seqs(board) == {"alarm_button": None}
    board.committed([row(9, second)])
    assert seqs(board) == {"alarm_button": 9}


def test_a_notice_stands_for_nothing() -> None:
    board = Board([], BOOT)
    board.submitted([event("agent_started", Transition.NOTICE)], instant(1))
    assert seqs(board) == {}


def test_a_journal_opened_late_adds_what_stood_in_it_and_takes_nothing_away() -> None:
    board, meanwhile = Board([], BOOT), event("alarm_button")
    board.submitted([meanwhile], instant(1))
    board.adopt([row(3, event("alarm_button")), row(4, event("trapped_passengers"))])
    assert seqs(board) == {"alarm_button": None, "trapped_passengers": 4}
    # The journal held a raise already, so this one became a notice that belongs to it.
    paired = msgspec.structs.replace(
        meanwhile, transition=Transition.NOTICE, detail={"unpaired": "raised"}
    )
    board.committed([row(5, paired, raised_seq=3)])
    assert seqs(board)["alarm_button"] == 3


def test_what_stands_is_as_old_as_the_monotonic_clock_says_whatever_the_wall_does() -> None:
    board = Board([], BOOT)
    board.submitted([event("alarm_button", at_us=10 * SECOND_US)], instant(10))
    back = Instant(uptime_us=70 * SECOND_US, wall_us=0, synchronised=True)  # stepped to 1970
    [said] = asked(board=board, now=back)["standing"]
    assert said["age_s"] == 60


# ---------------------------------------------------------------- the whole status


class Card:
    """A journal as the answers see it."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self.journal, self.head, self.fault, self.waiting = "j1", 9, None, 0
        self.dropped: Mapping[Severity, int] = {Severity.INFO: 2}
        self.counts = {Lane.CRITICAL: 1, Lane.REST: 5}
        self.broken: JournalFault | None = None
        self.hangs = False
        self._rows = list(rows)

    async def owed(self, lane: Lane) -> int:
        if self.hangs:
            await asyncio.Event().wait()
        return self.counts[lane]

    async def rows(
        self,
        after: int,
        limit: int,
        severities: Sequence[Severity] | None,
        codes: Sequence[str] | None,
        *,
        newest_first: bool,
    ) -> list[Row]:
        if self.broken is not None:
            raise self.broken
        found = [
            each
            for each in self._rows
            if each.seq > after
            and (severities is None or each.event.severity in severities)
            and (codes is None or each.event.code in codes)
        ]
        return (found[::-1] if newest_first else found)[:limit]


class Uplink:
    degraded: str | None = None

    def snapshot(self) -> dict[str, object]:
        return {"connected": False, "degraded": self.degraded, "error": "no broker"}


class Fresh:
    def points(self) -> dict[str, Point]:
        return {
            "alarm.button": Point(False, Quality.GOOD, SECOND_US),
            "car.moving": Point(None, Quality.NO_ANSWER, None),
        }


class Drivers:
    def __init__(self) -> None:
        self.links = {"box": {"up": False, "reason": "unplugged", "since_us": 4 * SECOND_US}}
        self.freshness = Fresh()


class StillClock(Clock):
    """Stands still at an instant of this boot."""

    def __init__(self, now: Instant) -> None:
        super().__init__()
        self.boot_id = BOOT
        self._now = now

    @override
    def now(self) -> Instant:
        return self._now

    @override
    def uptime_us(self) -> int:
        return self._now.uptime_us


COUNTED = Statistics()
COUNTED.polls, COUNTED.timeouts = 3, 1
for round_trip_us in (3_500, 8_000):
    COUNTED.answered_in(round_trip_us)


def made(card: Card | None = None, board: Board | None = None, now: Instant | None = None) -> Any:
    parts: Any = (Drivers(), card or Card(), Uplink(), board or Board([], BOOT))
    return Answers(
        SITE,
        ORIGIN,
        StillClock(now or instant(10)),
        parts,
        {"alarm.button": "pins"},
        {"box": COUNTED},
    )


def asked(**more: Any) -> Any:
    return asyncio.run(made(**more).status({}, NOBODY))


def test_the_status_tells_links_uplink_journal_and_clock() -> None:
    said = asked()
    assert (said["state"], said["reason"]) == ("online", None)
    box = said["links"]["box"]
    assert box.pop("statistics") == {
        "polls": 3, "answered": 2, "timeouts": 1, "exceptions": 0, "malformed": 0, "connects": 0,
        "drops": 0, "round_trip_p50_ms": 3.5, "round_trip_p95_ms": 8.0,
    }  # fmt: skip
    assert box == {"up": False, "reason": "unplugged", "since_s": 6}
    assert said["mqtt"]["reason"] == "no broker"
    assert said["outbox"] == {
        "journal": "j1",
        "head": 9,
        "owed": {"critical": 1, "rest": 5},
        "fault": None,
        "waiting": 0,
        "dropped": {"info": 2},
    }
    assert said["clock"] == {"synchronised": False, "source": None, "anchor": None}


@pytest.mark.parametrize("how", ["faulty", "hanging"])
def test_a_card_that_does_not_answer_keeps_nobody_waiting_and_the_last_counts_stand(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COUNT_S", 0.05)
    card = Card()

    async def ask_twice() -> Any:
        answers = made(card)
        await answers.status({}, NOBODY)
        card.hangs = True
        card.counts = {Lane.CRITICAL: 0, Lane.REST: 0}
        card.fault = "read-only" if how == "faulty" else None  # type: ignore[assignment]
        async with asyncio.timeout(5):
            return await answers.status({}, NOBODY)

    said = asyncio.run(ask_twice())
    assert said["outbox"]["owed"] == {"critical": 1, "rest": 5}


def test_a_signal_that_never_spoke_has_no_age() -> None:
    said = asyncio.run(made().signals({}, NOBODY))["signals"]
    assert said["alarm.button"] == {
        "v": False,
        "q": "good",
        "at": "1970-01-01T00:00:01.000Z",
        "age_ms": 9000,
        "driver": "pins",
    }
    assert said["car.moving"] == {
        "v": None, "q": "no_answer", "at": None, "age_ms": None, "driver": None,
    }  # fmt: skip


# ---------------------------------------------------------------- events


ROWS = [
    row(1, event("agent_started", Transition.NOTICE, severity=Severity.INFO)),
    row(2, event("alarm_button")),
    row(3, event("signal_lost", severity=Severity.MAJOR, instance="box")),
    row(4, event("alarm_button", Transition.CLEARED, at_us=5 * SECOND_US), 2),
]


def told(card: Card | None = None, **params: Any) -> list[int]:
    async def collect() -> list[int]:
        answers = made(card or Card(ROWS))
        return [sequence(item) async for item in answers.events(params, NOBODY)]

    return asyncio.run(collect())


def sequence(item: Any) -> int:
    return int(msgspec.json.decode(item)["sequence"])


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"limit": 2}, [3, 4]),  # the last, in order
        ({"after": 1, "limit": 2}, [2, 3]),
        ({"after": 4}, []),
        ({"severity": "major"}, [2, 3, 4]),  # and above
        ({"severity": "critical"}, [2, 4]),
        ({"code": "signal_lost"}, [3]),
        ({"limit": -5}, [4]),
        ({"since_ms": 10**15}, []),
        ({"since_ms": 0}, [1, 2, 3, 4]),
        ({"limit": 10**9}, [1, 2, 3, 4]),
    ],
)
def test_events_are_the_last_or_those_after_a_sequence(params: Any, expected: list[int]) -> None:
    assert told(**params) == expected


@pytest.mark.parametrize(
    "params",
    [
        {"severity": "loud"},
        {"code": "no_such"},
        {"after": -1},
        {"limit": "many"},
        {"follow": 3},
        {"since_ms": -1},
        {"since_ms": 1.5},
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_what_is_allowed(params: Any) -> None:
    with pytest.raises(RefusedError) as refused:
        told(**params)
    assert refused.value.failure.code == "bad_params"
    assert refused.value.failure.remedy


def test_a_journal_that_cannot_be_read_is_a_refusal_with_its_reason() -> None:
    card = Card()
    card.broken = JournalFault("Journal j: it is read-only.")
    with pytest.raises(RefusedError) as refused:
        told(card)
    assert refused.value.failure.message == "Journal j: it is read-only."


def followed(rows: Sequence[Row], enough: Callable[[list[int]], bool], **params: Any) -> list[int]:
    """What a follower hears while these rows are committed."""

    async def follow() -> list[int]:
        board = Board([], BOOT)
        heard: list[int] = []
        answers = made(Card(ROWS), board)
        async for item in answers.events({"follow": True, **params}, NOBODY):
            heard.append(sequence(item))
            if len(heard) == 4:
                board.committed(rows)
            if enough(heard):
                break
        return heard

    return asyncio.run(follow())


def test_a_follower_hears_what_is_committed_next_each_row_once() -> None:
    rows = [ROWS[3], row(5, event("agent_started", Transition.NOTICE, severity=Severity.INFO))]
    assert followed(rows, lambda heard: 5 in heard) == [1, 2, 3, 4, 5]


def test_who_follows_from_a_sequence_gets_all_up_to_what_is_new() -> None:
    async def follow() -> list[int]:
        board = Board([], BOOT)
        heard: list[int] = []
        answers = made(Card(ROWS), board)
        async for item in answers.events({"follow": True, "after": 1, "limit": 1}, NOBODY):
            heard.append(sequence(item))
            if heard == [2, 3, 4]:
                board.committed([row(5, event("agent_started", Transition.NOTICE))])
            if heard[-1] == 5:
                break
        return heard

    async def within() -> list[int]:
        async with asyncio.timeout(5):
            return await follow()

    assert asyncio.run(within()) == [2, 3, 4, 5]


def test_a_follower_too_far_behind_is_let_go() -> None:
    rows = [row(5 + n, event("agent_started", Transition.NOTICE)) for n in range(1500)]
    heard = followed(rows, lambda _: False)
    assert heard == [1, 2, 3, 4, *range(5, 1005)]
