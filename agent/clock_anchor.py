"""What ties the uptime of one boot to wall time once that is known: the anchor, and the notice that tells of it. Pure.

An anchor is the wall time of uptime 0 in microseconds, whole milliseconds of it, so that whoever adds it to an `uptime_ms`
gets the very millisecond that the agent tells. A boot has at most one. It dates what was written while the clock was not
synchronised; what was written with a synchronised clock keeps its time.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from agent.model import Detail, Event, Instant

CODE = "clock_corrected"
Reason = Literal["synchronised", "stepped"]


class Boot(msgspec.Struct, frozen=True):
    """What the journal knows of a boot: its anchor, and whether its first row needs one."""

    anchor_us: int | None = None
    is_undated: bool = False


def anchor_us(offset_us: int) -> int:
    """The anchor for a distance between wall time and uptime."""
    return offset_us // 1000 * 1000


def detail_of(reason: Reason, anchor_us: int, now: Instant, shift_us: int) -> dict[str, Detail]:
    """What the notice says; the journal adds the sequences when it numbers it."""
    uptime_ms = now.uptime_us // 1000
    return {
        "reason": reason,
        "anchor": {"uptime_ms": uptime_ms, "unix_ms": uptime_ms + anchor_us // 1000},
        "shift_ms": shift_us // 1000,
    }


def anchor_in(event: Event) -> int | None:
    """The anchor that an event gives; None when it gives none."""
    anchor = event.detail.get("anchor") if event.code == CODE else None
    if not isinstance(anchor, Mapping):
        return None
    return (anchor["unix_ms"] - anchor["uptime_ms"]) * 1000


def ranged(event: Event, first: int, own: int) -> Event:
    """The notice with the sequences it applies to: those of its boot before it."""
    detail = {**event.detail, "applies_from": first, "applies_to": own - 1}
    return msgspec.structs.replace(event, detail=detail)


class Correction:
    """Decides when the anchor of the running boot is known. `anchor_us` is None until then.

    An anchor is needed as soon as something was written with a clock that was never synchronised, or when a synchronised
    one was stepped, so that it is not believed for now (`trusted_us` is then what it had been).
    """

    def __init__(self) -> None:
        self.anchor_us: int | None = None
        self.is_told = False
        self._is_undated = False
        self._first_us: int | None = None
        self._told: dict[str, Detail] = {}

    def adopt(self, boot: Boot) -> None:
        """What the journal knows of this boot from an earlier run."""
        self._is_undated = self._is_undated or boot.is_undated
        if boot.anchor_us is not None:
            self.anchor_us, self.is_told = boot.anchor_us, True

    def look(self, now: Instant, trusted_us: int | None) -> None:
        """One reading of the clocks. `trusted_us`: wall minus uptime while it was believed; None when it never was."""
        offset_us = now.wall_us - now.uptime_us
        if self._first_us is None:
            self._first_us = offset_us
        if trusted_us is None:
            self._is_undated = True
        elif self.anchor_us is None and (self._is_undated or not now.synchronised):
            self.anchor_us = anchor_us(trusted_us)
            stepped = not now.synchronised
            shift_us = offset_us - (trusted_us if stepped else self._first_us)
            reason: Reason = "stepped" if stepped else "synchronised"
            self._told = detail_of(reason, self.anchor_us, now, shift_us)

    def to_tell(self) -> Mapping[str, Detail] | None:
        """What the boot's one notice says, once; None when there is nothing to tell."""
        if self.anchor_us is None or self.is_told:
            return None
        self.is_told = True
        return self._told
