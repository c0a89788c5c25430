"""Chaos between agent and broker: faults by seed through hours of an agent's hurried life. Nothing is lost, late, invented.

A round is one installation from its first start to its last delivery. The agent is the real service as a process, the
broker a real one; the judge is a subscriber on a way of its own. The seed fixes what goes wrong when, not what that hits.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from agent.outbox import read_rows
from hil import chaos_judge as judge
from hil.broker import Mosquitto
from hil.chaos_faults import FAULTS, deeds
from hil.chaos_stage import HurriedAgent, Stage
from hil.fault_proxy import FaultProxy
from hil.installation import TOPIC, configuration
from hil.kills import Ledger, arrivals, delivered
from hil.subscriber import Heard, Subscriber, retained

PACES = (10.0, 20.0, 40.0)
ALARM_WITHIN_S = 1.0
_FIRST_S = 60.0  # of the agent's seconds, before anything goes wrong
_DRAIN_S = 120.0
_SETTLE_S = 20.0
_TOLD_MOST = 20
_CALM_SHARE, _CALM_S = 0.4, 2.0  # of ours: long enough to see how soon an alarm is shown

Check = Callable[[Heard], None]  # raises AssertionError for a message that is not as documented


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a round came to; `problems` is empty when every claim held.

    `hours` are the agent's own. `resent`: events sent more than once, and how many at most after one reconnection and
    after one start. `alarm_latest_s`: the slowest showing of an alarm that stood, in `alarms` showings after undisturbed
    reconnections; real seconds.
    """

    seed: str
    faults: int
    hours: float
    pace: float
    kills: int
    connections: int
    events: int
    messages: int
    refused: int
    resent: int
    resent_a_connection: int
    resent_a_life: int
    alarms: int
    alarm_latest_s: float
    problems: tuple[str, ...]


def round_of_chaos(
    faults: int,
    seed: str,
    check: Check,
    *,
    pace: float | None = None,
    alarm_within_s: float = ALARM_WITHIN_S,
) -> Verdict:
    """Break so much, let everything arrive, and look at what came of it.

    `pace` says how many seconds the agent lives in one of ours, by default what the seed says. `alarm_within_s` are ours.
    """
    chance = random.Random(seed)
    pace, persists = pace or chance.choice(PACES), chance.random() < 0.5
    protocol = "5" if chance.random() < 0.8 else "3.1.1"
    lines = ("max_queued_messages 0", "max_queued_bytes 0")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        broker = stack.enter_context(Mosquitto(lines=lines, persistence=persists))
        proxy = stack.enter_context(FaultProxy(broker.port, seed))
        heard = stack.enter_context(Subscriber(broker.port, f"{TOPIC}/#", session="judge"))
        config = configuration(folder, mqtt={"port": proxy.port, "protocol": protocol})
        agent = stack.enter_context(HurriedAgent(config, seed, pace))
        stage = Stage(broker, proxy, heard, agent, chance)
        stage.pace, stage.persists = pace, persists
        began_s = time.monotonic()
        go_through(stage, faults)
        hours = (time.monotonic() - began_s) * pace / 3600
        problems = [*arrive(stage, folder / "outbox.db"), *stage.problems]
        return verdict(
            stage, folder / "outbox.db", (seed, faults, hours), check, alarm_within_s, problems
        )


def go_through(stage: Stage, faults: int) -> None:
    """Live, and let one thing after another go wrong."""
    stage.agent.launch()
    stage.wait(_FIRST_S)
    for name, seconds, quiet_s in deeds(faults, stage.chance):
        with stage.trouble():
            FAULTS[name](stage, seconds)
        stage.wait(quiet_s)
        if stage.chance.random() < _CALM_SHARE:
            time.sleep(_CALM_S)


def arrive(stage: Stage, path: Path) -> Iterator[str]:
    """A last life in which nothing happens: everything journaled arrives, and nothing else has."""
    stage.end_agent(in_order=True)
    stage.agent.rests = True
    stage.agent.launch()
    try:
        stage.agent.wait_until(lambda status: delivered(status["mqtt"]), _DRAIN_S)
    except (TimeoutError, RuntimeError) as late:
        yield f"it did not deliver everything: {late}"
    yield from settled(stage, path)
    alarms = retained(stage.broker.port, f"{TOPIC}/alarm/#")
    sequences = {
        topic: alarm["sequence"] and int(alarm["sequence"]) for topic, alarm in alarms.items()
    }
    yield from judge.retained_rightly(read_rows(path, 0, 10_000_000), sequences)
    stage.end_agent(in_order=True)
    yield from (f"it said: {line}" for line in stage.agent.log if "Traceback" in line)


def settled(stage: Stage, path: Path) -> list[str]:
    """Compare what is journaled with what was heard, again while the last of it is on its way."""
    deadline_s = time.monotonic() + _SETTLE_S
    while True:
        ledger = Ledger(path)
        problems = ledger.look()
        stage.heard.fence()
        events = [each for each in list(stage.heard.messages) if "/event/" in each.topic]
        problems += ledger.compare(arrivals(events))
        if not problems or time.monotonic() > deadline_s:
            return problems


def verdict(
    stage: Stage,
    path: Path,
    told: tuple[str, int, float],
    check: Check,
    alarm_within_s: float,
    problems: list[str],
) -> Verdict:
    """All that is claimed, held against what happened."""
    seed, faults, hours = told
    rows, talks = read_rows(path, 0, 10_000_000), stage.proxy.conversations
    heard = [each for each in stage.heard.messages if each.topic.startswith(f"{TOPIC}/")]
    resent = judge.Resent(talks, stage.agent.launched_s)
    greetings = judge.Greetings(rows, stage.pace, stage.troubled)
    problems += judge.in_order(rows, talks, heard)
    problems += resent.problems()
    problems += judge.no_visible_loss(heard)
    problems += [what for talk in talks for what in greetings.problems(talk, alarm_within_s)]
    problems += documented(heard, check)
    return Verdict(
        seed=seed,
        faults=faults,
        hours=hours,
        pace=stage.pace,
        kills=stage.kills,
        connections=sum(talk.accepted_s is not None for talk in talks),
        events=len(rows),
        messages=len(heard),
        refused=sum(each.refused for talk in talks for each in talk.sent),
        resent=resent.total,
        resent_a_connection=resent.most_a_connection,
        resent_a_life=resent.most_a_life,
        alarms=greetings.alarms,
        alarm_latest_s=greetings.latest_s,
        problems=tuple(problems[:_TOLD_MOST]),
    )


def documented(heard: list[Heard], check: Check) -> Iterator[str]:
    """Every message is as the documents say."""
    for each in heard:
        try:
            check(each)
        except Exception as wrong:  # noqa: BLE001 - whatever the validator objects to
            yield f"{each.topic}: {str(wrong)[:300]}"
