"""What the flight recorder's files are called, and which of them go when there are too many. Pure; opens nothing.

A name is the wall time of the raise in UTC, how urgent it was, the event's code and a mark that keeps two files apart whose
clocks said the same: `20261123T080031Z-critical-trapped_passengers-7f3a.jsonl.gz`.
"""

import datetime as dt
import re
import zlib
from collections.abc import Iterable

import msgspec

from agent.model import SECOND_US, Instant, Severity

ENDING = ".jsonl.gz"
PART = ".part"  # of a file that is not whole yet
FILES_MAX = 1000  # so that looking through the folder stays cheap
MANUAL = "manual"
_CRITICAL_SHARE = 0.75  # of the room, before critical recordings are deleted too
_NAME = re.compile(
    r"(?P<at>\d{8}T\d{6}Z)-(?P<kind>critical|major|manual)-(?P<code>[a-z0-9_]+)-[0-9a-f]{4}\.jsonl\.gz"
)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A finished file. `order` rises with the time of writing within one run, and is -1 for those of earlier runs."""

    name: str
    at: str
    kind: str
    code: str
    size: int
    order: int = -1

    @property
    def age_key(self) -> tuple[int, str]:
        """Sorts oldest first; within one run a clock that was set does not matter."""
        return (self.order, self.name)


def name_of(kind: str, code: str, now: Instant, boot_id: str) -> str:
    """Name a file begun now."""
    mark = zlib.crc32(f"{boot_id}{now.uptime_us}{code}".encode()) & 0xFFFF
    return f"{wall_of(now):%Y%m%dT%H%M%SZ}-{kind}-{code}-{mark:04x}{ENDING}"


def wall_of(instant: Instant) -> dt.datetime:
    """UTC as believed; a clock that was never set may stand before 1970, which no recording can say."""
    return dt.datetime.fromtimestamp(max(0, instant.wall_us) / SECOND_US, tz=dt.UTC)


def kept(name: str, size: int, order: int = -1) -> Kept | None:
    """Understand a name; None for a file that is not the recorder's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    at, kind, code = match.groups()
    return Kept(name=name, at=at, kind=kind, code=code, size=size, order=order)


def victims(files: Iterable[Kept], bytes_max: int, files_max: int = FILES_MAX) -> list[str]:
    """Name what has to go, the oldest first.

    Critical recordings stay until they alone fill three quarters of the room.
    """
    ordered = sorted(files, key=lambda each: each.age_key)
    urgent = [each for each in ordered if each.kind == Severity.CRITICAL.value]
    rest = [each for each in ordered if each.kind != Severity.CRITICAL.value]
    gone: list[str] = []
    while _is_over([*urgent, *rest], bytes_max, files_max):
        share = _CRITICAL_SHARE
        crowded = _is_over(urgent, bytes_max * share, files_max * share)
        gone.append((urgent if crowded or not rest else rest).pop(0).name)
    return gone


def _is_over(files: list[Kept], bytes_max: float, files_max: float) -> bool:
    return sum(each.size for each in files) > bytes_max or len(files) > files_max
