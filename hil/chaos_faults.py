"""What goes wrong between an agent and its broker: one small function a fault, and how they follow each other by chance."""

import random
import time
from collections.abc import Callable, Iterator, Mapping

from hil.chaos_stage import Stage
from hil.link import Direction

Fault = Callable[[Stage, float], None]  # what it acts on, and how long, in the agent's seconds
Deed = tuple[str, float, float]  # which fault, how long, and how long it is quiet before

_REFUSALS = (0x80, 0x87, 0x97, 0x99)
_SHARES = (0.1, 1.0)
_DOSES_S = ((0.2, 5.0), (5.0, 40.0), (40.0, 150.0))
_DOSE_WEIGHTS = (4, 4, 2)
_QUIET_MOST_S = 60.0
_RETRY_MOST_S = 40.0
_BACKLOG_S = 60.0
_REFUSED_S = 20.0  # in less, hardly an event is sent
_SLOW_S, _CATCHING_UP_S = 0.02, 0.4  # of ours: work is not done faster in a hurry


def reset(stage: Stage, seconds: float) -> None:
    """The connection is reset, and new ones are refused."""
    stage.proxy.cut()
    stage.wait(seconds)


def ended(stage: Stage, seconds: float) -> None:
    """The connection ends as TCP does in order, and new ones are refused."""
    stage.proxy.cut(in_order=True)
    stage.wait(seconds)


def flapping(stage: Stage, seconds: float) -> None:
    """Cut again and again: whoever connects is soon out."""
    for _ in range(8):
        stage.proxy.cut(in_order=stage.chance.random() < 0.5)
        stage.proxy.mend()
        stage.wait(seconds / 8)


def half_open(stage: Stage, seconds: float) -> None:
    """Nothing passes either way; then it does, or the connection is gone."""
    stage.proxy.hold()
    stage.wait(seconds)
    _maybe_cut(stage)


def deaf_upward(stage: Stage, seconds: float) -> None:
    """What the agent sends does not arrive."""
    stage.proxy.withhold(Direction.TO_SERVER)
    stage.wait(seconds)
    _maybe_cut(stage)


def answers_late(stage: Stage, seconds: float) -> None:
    """What the broker says, acknowledgements above all, comes late or never."""
    stage.proxy.withhold(Direction.TO_CLIENT)
    stage.wait(seconds)
    _maybe_cut(stage)


def slow(stage: Stage, seconds: float) -> None:
    """A slow way, with jitter."""
    stage.proxy.delay_s = stage.chance.uniform(0.05, 1.0) / stage.pace
    stage.proxy.jitter_s = stage.chance.uniform(0, 2.0) / stage.pace
    stage.wait(seconds)


def throttled(stage: Stage, seconds: float) -> None:
    """A narrow way."""
    stage.proxy.bytes_per_s = stage.chance.uniform(300, 5000) * stage.pace
    stage.wait(seconds)


def garbage_downward(stage: Stage, seconds: float) -> None:
    """Nonsense among what the broker says."""
    stage.proxy.rules.garbage.add(Direction.TO_CLIENT)
    stage.wait(seconds)


def garbage_upward(stage: Stage, seconds: float) -> None:
    """Nonsense among what the agent says: the broker throws it out."""
    stage.proxy.rules.garbage.add(Direction.TO_SERVER)
    stage.wait(seconds)


def unacknowledged(stage: Stage, seconds: float) -> None:
    """Acknowledgements never come, all else does."""
    stage.proxy.rules.deaf = True
    stage.wait(seconds)


def refused(stage: Stage, seconds: float) -> None:
    """The broker refuses some or all of what is published."""
    code = stage.chance.choice(_REFUSALS)
    stage.proxy.rules.refuse = code, stage.chance.choice(_SHARES)
    stage.wait(max(seconds, _REFUSED_S))


def broker_frozen(stage: Stage, seconds: float) -> None:
    """The broker hangs."""
    stage.broker.freeze()
    stage.wait(seconds)
    stage.broker.thaw()


def broker_stopped(stage: Stage, seconds: float) -> None:
    """The broker stops in order and comes back, with what it had or with nothing."""
    if not stage.persists:
        stage.quieten()
    stage.broker.stop()
    stage.restart_broker(seconds)


def broker_killed(stage: Stage, seconds: float) -> None:
    """The broker loses its power, and comes back with what it had long ago, or with nothing."""
    stage.quieten()
    stage.broker.kill()
    stage.restart_broker(seconds)


def slow_welcome(stage: Stage, seconds: float) -> None:
    """Connections are accepted and the broker's answer to the login takes long."""
    stage.proxy.cut()
    stage.proxy.withhold(Direction.TO_CLIENT)
    stage.proxy.listen()
    stage.wait(seconds)


def agent_killed(stage: Stage, seconds: float) -> None:
    """The agent loses its power."""
    stage.end_agent(in_order=False)
    stage.wait(seconds)
    stage.agent.launch()


def agent_stopped(stage: Stage, seconds: float) -> None:
    """The agent is stopped in order."""
    stage.end_agent(in_order=True)
    stage.wait(seconds)
    stage.agent.launch()


def killed_while_it_catches_up(stage: Stage, seconds: float) -> None:
    """The agent loses its power when it has come back to the broker with much to tell."""
    _catch_up(stage, seconds)
    stage.end_agent(in_order=False)
    stage.agent.launch()


def cut_while_it_catches_up(stage: Stage, seconds: float) -> None:
    """The connection breaks when the agent has come back with much to tell, and does so again."""
    for _ in range(2):
        _catch_up(stage, seconds)
        stage.proxy.cut()


def killed_in_a_hole(stage: Stage, seconds: float) -> None:
    """The agent loses its power while nothing passes."""
    stage.proxy.hold()
    stage.wait(seconds)
    stage.end_agent(in_order=False)
    stage.proxy.cut()
    stage.agent.launch()


FAULTS: Mapping[str, Fault] = {
    each.__name__: each
    for each in (
        reset,
        ended,
        flapping,
        half_open,
        deaf_upward,
        answers_late,
        slow,
        throttled,
        garbage_downward,
        garbage_upward,
        unacknowledged,
        refused,
        broker_frozen,
        broker_stopped,
        broker_killed,
        slow_welcome,
        agent_killed,
        agent_stopped,
        killed_in_a_hole,
        killed_while_it_catches_up,
        cut_while_it_catches_up,
    )
}


def deeds(count: int, chance: random.Random) -> Iterator[Deed]:
    """So many faults; each comes about as often as the others."""
    names: list[str] = []
    for _ in range(count):
        if not names:
            names = chance.sample(list(FAULTS), len(FAULTS))
        least_s, most_s = chance.choices(_DOSES_S, _DOSE_WEIGHTS)[0]
        yield names.pop(), chance.uniform(least_s, most_s), chance.uniform(0, _QUIET_MOST_S)


def _catch_up(stage: Stage, seconds: float) -> None:
    """Away long enough for a backlog, then on a slow way in the midst of telling it."""
    stage.proxy.cut()
    stage.wait(max(seconds, _BACKLOG_S))
    stage.proxy.delay_s = _SLOW_S
    stage.proxy.mend()
    stage.wait_for_welcome(_RETRY_MOST_S)
    time.sleep(stage.chance.uniform(0, _CATCHING_UP_S))


def _maybe_cut(stage: Stage) -> None:
    if stage.chance.random() < 0.5:
        stage.proxy.cut()
