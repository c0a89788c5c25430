"""What the levels of one signal's contact mean: a value, a count, or a contradiction. Pure.

A contact may be one of a pair of which exactly one is closed. Both saying the same is normal while
such a pair changes over; for longer it is a cut or shorted wire, and then there is no value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.drivers.debounce import Debouncer
from agent.model import SECOND_US, Quality, Reading, Value
from agent.settings import GpioInput, Pull
from agent.signals import Kind, signal_for

COUNTERS: Final = ("controller.run_count", "controller.run_hours", "door.cycle_count")
SETTLE_MS: Final = 1000  # a pair's change-over, where the installer names no other
MAX_HZ: Final = 5.0  # a counter's pulses, likewise
ON_TIME: Final = (
    0.75  # of a pulse's time: sooner it is noise; the rest is what sampling may be late by
)
NOISE_REST_US: Final = (
    SECOND_US  # so long after a pulse that came too fast the count is believed again
)


@dataclass(slots=True)
class PulseCount:
    """Counts pulses from 0, never backwards; those sooner than `shortest_us` after another are noise."""

    shortest_us: int
    count: int = 0
    _last_us: int | None = None
    _noisy_us: int | None = None

    def pulse(self, at_us: int) -> None:
        """Take one pulse."""
        if self._last_us is not None and at_us - self._last_us < self.shortest_us:
            self._noisy_us = at_us
        else:
            self.count += 1
        self._last_us = at_us

    def is_noisy(self, at_us: int) -> bool:
        """Whether pulses have lately come faster than any that are meant: the count cannot be right."""
        return self._noisy_us is not None and at_us - self._noisy_us < NOISE_REST_US


class Pair:
    """Two contacts that say one thing. `level` is what both say, None before and while they contradict."""

    def __init__(self, settings: GpioInput) -> None:
        self._both = (_debouncer(settings), _debouncer(settings))
        self._settle_us = (settings.settle_ms or SETTLE_MS) * 1000
        self._apart_us: int | None = None
        self._contradicts = False
        self.level: bool | None = None

    @property
    def contradicts(self) -> bool:
        """Whether they have said the same for too long: a wire is cut or shorted."""
        return self._contradicts

    @property
    def due_us(self) -> int | None:
        """When to look again though nothing changes; None when they are at rest."""
        dues = [each.due_us for each in self._both if each.unstable]
        if self._apart_us is not None and not self._contradicts:
            dues.append(self._apart_us + self._settle_us)
        return min(dues, default=None)

    def sample(self, active: Sequence[bool], at_us: int) -> None:
        """Take whether each of the two is at its active level."""
        meant = (active[0], not active[1])
        for debouncer, level in zip(self._both, meant, strict=True):
            debouncer.sample(level, at_us)
        first, second = (debouncer.level for debouncer in self._both)
        if first is None or second is None:
            return
        if first is second:
            self.level, self._apart_us, self._contradicts = first, None, False
            return
        if self._apart_us is None:
            self._apart_us = at_us
        if at_us - self._apart_us >= self._settle_us:
            self.level, self._contradicts = None, True


class Single:
    """One contact that cannot be contradicted."""

    contradicts: Final = False

    def __init__(self, settings: GpioInput) -> None:
        self._debouncer = _debouncer(settings)

    @property
    def level(self) -> bool | None:
        """The level that counts, as whether the signal is true."""
        return self._debouncer.level

    @property
    def due_us(self) -> int | None:
        """When to look again though nothing changes; None when it is at rest."""
        return self._debouncer.due_us if self._debouncer.unstable else None

    def sample(self, active: Sequence[bool], at_us: int) -> None:
        """Take whether it is at its active level."""
        self._debouncer.sample(active[0], at_us)


class Contact:
    """One signal. `sample` it until `due_us` is None, and whenever something may have changed."""

    def __init__(self, signal: str, settings: GpioInput) -> None:
        self.signal = signal
        self._settings = settings
        self._wired = _wired(settings)
        shortest_us = round(ON_TIME * SECOND_US / (settings.max_hz or MAX_HZ))
        self._pulses = PulseCount(shortest_us) if signal in COUNTERS else None

    @property
    def contradicts(self) -> bool:
        """Whether a pair of contacts contradicts itself."""
        return self._wired.contradicts

    @property
    def is_known(self) -> bool:
        """Whether there is something to say: no level has stood yet otherwise."""
        return self._wired.level is not None or self.contradicts

    @property
    def due_us(self) -> int | None:
        """When to look again though nothing changes; None when it is at rest."""
        return self._wired.due_us

    def sample(self, active: Sequence[bool], at_us: int) -> bool:
        """Take whether each pin is at its active level; True if there is news."""
        before, contradicted = self._wired.level, self.contradicts
        self._wired.sample(active, at_us)
        after = self._wired.level
        if self._pulses is not None and before is False and after is True:
            self._pulses.pulse(at_us)
        return after is not before or self.contradicts is not contradicted

    def reading(self, at_us: int) -> Reading:
        """Give what is known now; only where something is."""
        level = self._wired.level
        if level is None or (self._pulses is not None and self._pulses.is_noisy(at_us)):
            return Reading(self.signal, None, at_us, Quality.BAD)
        value = value_of(self.signal, level) if self._pulses is None else self._pulses.count
        return Reading(self.signal, value, at_us)

    def forget(self) -> None:
        """Begin anew after its pins were away; what was counted stays counted."""
        self._wired = _wired(self._settings)


def pull_of(settings: GpioInput) -> Pull:
    """Give the resistor that holds an input while its contact is open: against the active level."""
    if settings.pull is not None:
        return settings.pull
    return "up" if settings.active == "low" else "down"


def value_of(signal: str, level: bool) -> Value:  # noqa: FBT001 - a level is a bool
    """Say what a contact's level means: one at a door knows only closed (active) and not closed."""
    row = signal_for(signal)
    if row is None or row.kind is not Kind.ENUM:
        return level
    return "closed" if level else "not_closed"


def _debouncer(settings: GpioInput) -> Debouncer:
    release_ms = settings.debounce_ms if settings.release_ms is None else settings.release_ms
    return Debouncer(settings.debounce_ms * 1000, release_ms * 1000)


def _wired(settings: GpioInput) -> Single | Pair:
    return Single(settings) if settings.inverse_pin is None else Pair(settings)
