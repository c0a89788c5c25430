"""From what drivers report to what changed: the last good value of every signal, and when it has grown too old.

A signal with no good reading younger than its staleness limit is unknown. An unchanged reading only refreshes its age; a bad
one refreshes nothing, so that a single bad answer does not make a signal unknown. Pure: time comes with the readings.
"""

from collections.abc import Iterable, Mapping

from agent.model import Point, Quality, Reading


class Freshness:
    """Decides staleness, before the monitor and the recorder. `limits_us` maps each signal to its staleness limit.

    A signal that has never spoken grows stale too, counted from `start_us`.
    """

    def __init__(self, limits_us: Mapping[str, int], start_us: int) -> None:
        self._limits_us = dict(limits_us)
        self._good_us: dict[str, int | None] = dict.fromkeys(limits_us)
        self._expires_us = {name: start_us + limit for name, limit in limits_us.items()}
        self._known: dict[str, Reading] = {}
        self._bad: set[str] = set()

    def accept(self, readings: Iterable[Reading]) -> list[Reading]:
        """Take over a batch; returns the readings that change a signal's value or make it known."""
        changes: list[Reading] = []
        for reading in readings:
            if reading.quality is not Quality.GOOD:
                self._note_bad(reading)
                continue
            name = reading.signal
            self._good_us[name] = reading.at_us
            self._bad.discard(name)
            self._expires_us[name] = reading.at_us + self._limits_us[name]
            known = self._known.get(name)
            if known is None or known.quality is not Quality.GOOD or known.value != reading.value:
                self._known[name] = reading
                changes.append(reading)
        return changes

    def _note_bad(self, reading: Reading) -> None:
        if reading.quality is Quality.BAD:
            self._bad.add(reading.signal)
        else:
            self._bad.discard(reading.signal)

    def expire(self, at_us: int) -> list[Reading]:
        """The signals whose limit passed at or before an instant, each once, with the instant at which it did."""
        stale: list[Reading] = []
        for name, expires_us in self._expires_us.items():
            known = self._known.get(name)
            if expires_us > at_us or (known is not None and known.quality is not Quality.GOOD):
                continue
            quality = Quality.BAD if name in self._bad else Quality.NO_ANSWER
            self._known[name] = Reading(name, None, expires_us, quality)
            stale.append(self._known[name])
        return sorted(stale, key=lambda reading: reading.at_us)

    @property
    def due_us(self) -> int | None:
        """When the next known signal would grow stale if nothing came."""
        known = self._known
        waiting = [
            expires_us
            for name, expires_us in self._expires_us.items()
            if name not in known or known[name].quality is Quality.GOOD
        ]
        return min(waiting, default=None)

    def points(self) -> dict[str, Point]:
        """Every signal as it stands, for `state`."""
        return {name: self._point(name) for name in self._limits_us}

    def _point(self, name: str) -> Point:
        known = self._known.get(name)
        if known is None:
            return Point(None, Quality.NO_ANSWER, None)
        return Point(known.value, known.quality, self._good_us[name])
