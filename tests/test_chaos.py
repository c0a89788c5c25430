"""Chaos between agent and broker, by the same code as `make prove`; and that its judge would notice."""

import asyncio
import os
import random
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from agent.model import Event, Instant, Lane, Row, Severity, Transition
from agent.outbox import Journal
from hil import chaos, prove
from hil.chaos import Verdict, round_of_chaos
from hil.chaos_events import STANDING, Life
from hil.chaos_faults import FAULTS, deeds
from hil.chaos_judge import (
    Greetings,
    Resent,
    all_that_stood,
    in_order,
    no_visible_loss,
    retained_rightly,
)
from hil.chaos_time import EPOCH_NS, HastyLoop, HastyTime, real_s
from hil.fault_proxy import Conversation, Rules, Sent
from hil.installation import TOPIC
from hil.subscriber import Heard
from tests.published import judge_one

SEED = os.environ.get("PROVE_SEED", "20261123")
STATUS = f"{TOPIC}/status"
BUTTON = f"{TOPIC}/alarm/alarm_button"


@pytest.mark.broker
def test_through_chaos_nothing_is_lost_late_out_of_order_or_undocumented() -> None:
    print(f"seed {SEED}")
    verdict = round_of_chaos(
        4, f"{SEED} small", judge_one, pace=60, alarm_within_s=20
    )  # a busy machine
    assert verdict.problems == ()
    assert verdict.events > 20  # it was under load
    assert verdict.connections > 1  # and it went wrong


# ---------------------------------------------------------------- the schedule


def test_a_seed_fixes_what_goes_wrong_and_each_fault_has_its_turn() -> None:
    twice = [list(deeds(40, random.Random("7"))) for _ in range(2)]
    assert twice[0] == twice[1]
    assert {name for name, _, _ in twice[0][: len(FAULTS)]} == set(FAULTS)
    assert all(0.2 <= seconds <= 150 for _, seconds, _ in twice[0])


def test_a_life_is_one_that_a_journal_takes(tmp_path: Path) -> None:
    journal, life = Journal.open(tmp_path / "outbox.db"), Life("7")
    standing, lanes = set[tuple[str, str | None]](), set[Lane]()
    for n in range(300):
        assert life.pause_s() >= 0
        events = life.events(n, standing)
        journal.append(events, Instant(uptime_us=n, wall_us=n, synchronised=False), "boot")
        standing = {row.event.key for row in journal.standing()}
        lanes |= {event.lane for event in events}
    assert standing <= set(STANDING)
    assert lanes == set(Lane)
    journal.close()


# ---------------------------------------------------------------- time in a hurry


def test_a_hasty_loop_waits_a_fraction_and_agrees_with_the_hasty_clock() -> None:
    async def wait() -> float:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await asyncio.sleep(20)
        return loop.time() - began_s

    began_s = time.monotonic()
    with asyncio.Runner(loop_factory=lambda: HastyLoop(100)) as runner:
        waited_s = runner.run(wait())
    assert waited_s >= 20
    assert waited_s == pytest.approx((time.monotonic() - began_s) * 100, rel=0.9)
    hasty = HastyTime(100)
    assert real_s(hasty.monotonic_ns() // 1000, 100) == pytest.approx(time.monotonic(), abs=5)
    assert hasty.time_ns() - EPOCH_NS == pytest.approx(hasty.monotonic_ns(), rel=0.01)


# ---------------------------------------------------------------- the judge


def row_of(
    seq: int,
    transition: Transition = Transition.NOTICE,
    severity: Severity = Severity.CRITICAL,
    at_s: float = 0,
    raised_seq: int | None = None,
) -> Row:
    code = "mode_changed" if transition is Transition.NOTICE else "alarm_button"
    event = Event(code=code, transition=transition, severity=severity, at_us=round(at_s * 1e6))
    return Row(
        seq=seq,
        journal="j",
        raised_seq=raised_seq,
        event=event,
        boot_id="b",
        wall_us=0,
        synchronised=False,
    )


RAISED = row_of(1, Transition.RAISED, raised_seq=1)
CLEARED = row_of(2, Transition.CLEARED, raised_seq=1, at_s=100)


def sent(topic: str, seq: int | None = None, at_s: float = 50.1, *, refused: bool = False) -> Sent:
    return Sent(at_s, topic, seq, is_empty=False, refused=refused)


def events(*seqs: int, refused: bool = False) -> list[Sent]:
    return [sent(f"{TOPIC}/event/x", seq, refused=refused) for seq in seqs]


def talk(*told: Sent, at_s: float = 50.0) -> Conversation:
    made = Conversation(Rules(), random.Random(1))
    made.accepted_s, made.sent = at_s, list(told)
    return made


def heard(*seqs: int) -> list[Heard]:
    return [Heard(f"{TOPIC}/event/x", b'{"sequence":"%012d"}' % seq, 1, False, 0) for seq in seqs]


def status(through: int) -> Heard:
    return Heard(STATUS, b'{"delivered_through":%d}' % through, 1, True, 0)


def test_what_is_first_sent_or_heard_late_is_noticed_and_a_repetition_is_none() -> None:
    rows = [row_of(1), row_of(2, severity=Severity.INFO), row_of(3)]
    assert not list(in_order(rows, [talk(*events(1, 3, 2, 1))], heard(2, 1, 3, 1)))
    assert list(in_order(rows, [talk(*events(3, 1))], [])) == [
        "1 was first sent after 3 of its lane"
    ]
    assert list(in_order(rows, [], heard(3, 1))) == ["1 was first heard after 3 of its lane"]


def test_what_was_refused_may_be_heard_later_but_is_sent_in_order() -> None:
    rows, refused = [row_of(1), row_of(2)], events(1, refused=True)
    assert not list(in_order(rows, [talk(*refused, *events(2, 1))], heard(2, 1)))


def resent(*talks: Conversation, launched_s: Iterable[float] = (0.0,)) -> list[str]:
    return list(Resent(talks, tuple(launched_s)).problems())


def test_a_window_may_be_sent_again_after_a_reconnection_and_not_one_more() -> None:
    first = talk(*events(*range(1, 31)))
    assert resent(first, talk(*events(*range(15, 31)))) == []
    assert resent(first, talk(*events(*range(14, 31)))) == [
        "1 more were sent again than a window for each reconnection"
    ]
    alarms = range(31, 43)
    meanwhile = talk(*events(*alarms, *range(15, 19)))
    assert resent(first, meanwhile, talk(*events(*alarms, *range(15, 31)))) == []
    assert resent(talk(*events(*range(1, 31), refused=True)), first) == []


def test_what_a_kill_forgets_may_be_sent_again_and_not_one_more() -> None:
    first, again = talk(*events(*range(1, 301)), at_s=1), talk(*events(*range(29, 301)), at_s=11)
    assert resent(first, again, launched_s=(0, 10)) == []
    more = talk(*events(*range(28, 301)), at_s=11)
    assert resent(first, more, launched_s=(0, 10)) == ["273 were sent again after a start"]


def test_what_delivered_through_claims_has_been_heard() -> None:
    assert not list(no_visible_loss([status(0), *heard(2, 1), status(2)]))
    assert list(no_visible_loss([*heard(1), status(2), *heard(2)]))
    assert list(no_visible_loss([*heard(2), status(2)]))


def test_what_is_retained_has_to_be_what_stands() -> None:
    assert list(all_that_stood([RAISED])) == [BUTTON]
    assert not list(retained_rightly([RAISED], {BUTTON: 1}))
    assert not list(retained_rightly([RAISED, CLEARED], {}))
    for wrong in ({}, {BUTTON: 2}, {BUTTON: None}, {BUTTON: 1, "other": 3}):
        assert list(retained_rightly([RAISED], wrong))


def greeted(*told: Sent, troubled: tuple[float, float] = (0, 1)) -> list[str]:
    greetings = Greetings([RAISED, CLEARED], 1, [troubled])
    return list(greetings.problems(talk(*told), within_s=1))


def test_a_standing_alarm_is_shown_within_a_second_and_before_all_events() -> None:
    first = sent(STATUS)
    assert greeted(first, sent(BUTTON), *events(5)) == []
    assert greeted(first, sent(BUTTON, at_s=51.0)) == []
    (late,) = greeted(first, sent(BUTTON, at_s=51.1))
    assert late.endswith("was shown 1.100 s after a reconnection")
    (missing,) = greeted(first)
    assert "not shown after a reconnection" in missing
    (order,) = greeted(sent(BUTTON), first)
    assert order.startswith("the first message of a connection")
    disturbed = (50.5, 60)
    for told in ([first, *events(5), sent(BUTTON)], [first, *events(5)]):
        (behind,) = greeted(*told, troubled=disturbed)
        assert behind.endswith("was not shown before the events of the journal")


def test_while_something_goes_wrong_nothing_is_promised_about_when() -> None:
    assert greeted(sent(STATUS), troubled=(50.5, 60)) == []
    assert greeted(sent(STATUS), troubled=(40, 50.5)) == []
    assert greeted(sent(STATUS), troubled=(40, 49)) != []
    assert greeted(sent(STATUS, refused=True), *events(5)) == []


# ---------------------------------------------------------------- what `make prove` keeps of it


def test_a_proof_goes_on_where_it_was_interrupted_and_tells_which_seed_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[int, str]] = []
    blank = Verdict(seed="", faults=0, hours=1, pace=20, kills=0, connections=1, events=1, messages=1, refused=0, resent=0, resent_a_connection=0, resent_a_life=0, alarms=1, alarm_latest_s=0.1, problems=())  # fmt: skip  # noqa: E501

    def one_round(faults: int, seed: str, check: object) -> Verdict:
        asked.append((faults, seed))
        problems = ("it was late",) if len(asked) == 2 else ()
        return msgspec.structs.replace(blank, faults=faults, seed=seed, problems=problems)

    monkeypatch.setattr(prove, "RESULT", tmp_path / "build" / "prove.json")
    monkeypatch.setattr(chaos, "round_of_chaos", one_round)
    result = prove.Result(40, 7, chaos=[msgspec.structs.replace(blank, faults=10)])
    prove.chaos(result)
    assert asked == [(25, "7 round 1"), (5, "7 round 2")]
    assert prove.earlier(40, 7).problems == ["7 round 2: it was late"]
