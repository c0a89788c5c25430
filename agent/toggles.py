"""Whether each contact was ever seen to change since it was wired: what tells an installer that a wire is proven. Pure.

Time counts while the agent watches; the time it is down is not watched. A contact that is wired anew (another pin, level or
pull) begins anew. Knows no file: it is given what was kept, and says when that is worth keeping again.
"""

from collections.abc import Iterable, Mapping

import msgspec

from agent.model import SECOND_US, Quality, Reading, Value

KEEP_EVERY_S = 86_400  # at most so much of the watched time is lost by a power cut


class Kept(msgspec.Struct, frozen=True):
    """One contact: how it is `wired`, for how long it has been watched, how often it changed and when last.

    `changed_s` is on the scale of `watched_s`, so that no clock is needed; None when it never changed.
    """

    wired: str
    watched_s: int = 0
    changes: int = 0
    changed_s: int | None = None


class Toggles:
    """All contacts of an installation. `wired` maps each signal to how it is wired, `kept` to what was remembered."""

    def __init__(self, wired: Mapping[str, str], kept: Mapping[str, Kept], start_us: int) -> None:
        self._kept = {
            signal: known if (known := kept.get(signal)) and known.wired == how else Kept(how)
            for signal, how in wired.items()
        }
        self._start_us = self._saved_us = start_us
        self._values: dict[str, Value] = {}
        self._since_us: dict[str, int] = {}
        self._changed: dict[
            str, tuple[int, int]
        ] = {}  # changes in this life, and the last one's instant

    def note(self, changes: Iterable[Reading]) -> bool:
        """Take over signals that changed or became known; true when this is worth keeping."""
        worth = False
        for reading in changes:
            name, value = reading.signal, reading.value
            if name not in self._kept or reading.quality is not Quality.GOOD or value is None:
                continue
            before = self._values.get(name)
            if before == value:
                continue
            self._values[name], self._since_us[name] = value, reading.at_us
            if before is not None:
                worth |= self._noted(name, reading.at_us)
        return worth

    def _noted(self, name: str, at_us: int) -> bool:
        count, _ = self._changed.get(name, (0, 0))
        self._changed[name] = (count + 1, at_us)
        first = count == 0 and self._kept[name].changes == 0
        return first or at_us - self._saved_us >= KEEP_EVERY_S * SECOND_US

    def kept(self, now_us: int) -> dict[str, Kept]:
        """What is to be remembered, as of now; whoever asks is taken to keep it."""
        self._saved_us = now_us
        return self._as_of(now_us)

    def _as_of(self, now_us: int) -> dict[str, Kept]:
        watched_s = (now_us - self._start_us) // SECOND_US
        return {name: self._added(name, known, watched_s) for name, known in self._kept.items()}

    def _added(self, name: str, known: Kept, watched_s: int) -> Kept:
        count, at_us = self._changed.get(name, (0, 0))
        changed_s = known.changed_s
        if count:
            changed_s = known.watched_s + (at_us - self._start_us) // SECOND_US
        return Kept(known.wired, known.watched_s + watched_s, known.changes + count, changed_s)

    def facts(self, now_us: int) -> dict[str, dict[str, int | None]]:
        """Of each contact: seconds watched, changes, seconds since the last, seconds with its value in this life."""
        return {
            name: {
                "watched_s": known.watched_s,
                "changes": known.changes,
                "changed_ago_s": None
                if known.changed_s is None
                else known.watched_s - known.changed_s,
                "stood_s": None
                if name not in self._since_us
                else (now_us - self._since_us[name]) // SECOND_US,
            }
            for name, known in self._as_of(now_us).items()
        }
