"""A delay that does not start over for trifles (contract, section 3.1).

    idle ──RUN──▶ running ──HOLD──▶ held ──RUN──▶ running
                     │                │
                     └──BREAK──▶ broken ──RUN within the trifle──▶ running (what had elapsed counts)
                                      └──RUN after it────────────▶ running from zero
    RESTART from anywhere ──▶ idle

A hold pauses for as long as it takes (movement inside the zone). A break shorter than the trifle pauses too, a longer
one starts the delay over; a hold that follows a break is still part of it. So a chattering contact still raises.
"""

import enum

import msgspec


class Pace(enum.Enum):
    """What the condition does to the delay."""

    RUN = "run"
    HOLD = "hold"
    BREAK = "break"
    RESTART = "restart"


class Delay(msgspec.Struct, frozen=True):
    """How long a condition has held. `began_us` is when it first did, pauses included; None while idle.

    `elapsed_us` counts up to `running_us` (when it last began to run, None while paused); `broken_us` is when a break
    began.
    """

    began_us: int | None = None
    elapsed_us: int = 0
    running_us: int | None = None
    broken_us: int | None = None

    def reached_at(self, limit_us: int) -> int | None:
        """The instant at which the delay reaches a limit if nothing changes; None while it does not run."""
        if self.running_us is None:
            return None
        return self.running_us + limit_us - self.elapsed_us


IDLE = Delay()


# Bound once: looking a member up on its class costs more than the decision.
RUN, HOLD, BREAK, RESTART = Pace


def advance(delay: Delay, pace: Pace, at_us: int, trifle_us: int) -> Delay:
    """The delay after the condition's pace is known at an instant; the same object when nothing changes."""
    if pace is RUN:
        return delay if delay.running_us is not None else _run(delay, at_us, trifle_us)
    if pace is BREAK:
        if delay.began_us is None or delay.broken_us is not None:
            return delay
        return _stopped(delay, at_us, broken_us=at_us)
    if pace is HOLD:
        return delay if delay.running_us is None else _stopped(delay, at_us, broken_us=None)
    return IDLE


def _run(delay: Delay, at_us: int, trifle_us: int) -> Delay:
    over = delay.broken_us is not None and at_us - delay.broken_us >= trifle_us
    if delay.began_us is None or over:
        return Delay(at_us, 0, at_us, None)
    return Delay(delay.began_us, delay.elapsed_us, at_us, None)


def _stopped(delay: Delay, at_us: int, broken_us: int | None) -> Delay:
    ran_us = 0 if delay.running_us is None else at_us - delay.running_us
    return Delay(delay.began_us, delay.elapsed_us + ran_us, None, broken_us)
