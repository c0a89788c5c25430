"""报警按钮: pressed 0.5 s. Never suppressed; filtered only while the car stands open at a landing (EN 81-28).

A press is one episode: releases shorter than the trifle belong to it, so that a bouncing contact is one alarm.
"""

import msgspec

from agent.monitor.condition import NO, UNKNOWN, Condition
from agent.monitor.delay import BREAK, IDLE, RUN, Delay, advance
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot


class Press(msgspec.Struct, frozen=True):
    """How long the button has been held in this episode, and the turns of the end key seen so far.

    `filtered_us`: the beginning of an episode that is filtered, None where it is not.
    """

    delay: Delay = IDLE
    key: int = 0
    filtered_us: int | None = None


def _step(memory: Press, snapshot: Snapshot, limits: Limits) -> tuple[Press, Condition]:
    values = snapshot.values
    pressed, key = values["alarm.button"], values["end_key"] or 0
    before = memory.delay if key == memory.key else IDLE
    pace = RUN if pressed is True else BREAK
    delay = advance(before, pace, snapshot.at_us, limits.trifle_us)
    same = delay is memory.delay and key == memory.key
    after = memory if same else Press(delay, key, memory.filtered_us)
    due_us = delay.reached_at(limits.alarm_press_us)
    if due_us is None:
        return after, UNKNOWN if pressed is None else NO
    if snapshot.at_us < due_us:
        return after, Condition(holds=False, due_us=due_us)
    filtered = _filtered(memory, delay, at_landing=values["at_landing"])
    after = Press(delay, key, delay.began_us if filtered else None)
    return after, Condition(holds=not filtered, filtered=filtered, since_us=delay.began_us)


def _filtered(memory: Press, delay: Delay, *, at_landing: bool | None) -> bool:
    """Unknown filters no press, and raises none that was filtered before."""
    if at_landing is None:
        return memory.filtered_us is not None and memory.filtered_us == delay.began_us
    return at_landing


ALARM_BUTTON = Detector(
    "alarm_button",
    ("alarm.button", "at_landing", "end_key"),
    _step,
    memory=Press(),
    memory_type=Press,
)
