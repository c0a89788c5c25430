"""What keeps the journal within its bounds: its size, its age, and a disk that is full. Runs on the journal's thread.

Decides what goes (agent/outbox_retention.py); the commit that drops it also writes the report. Time is an argument.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from agent.clock_trust import STEP_US
from agent.model import SECOND_US, Event, Instant
from agent.outbox import Journal
from agent.outbox_ballast import Ballast
from agent.outbox_files import beside
from agent.outbox_retention import ROWS_MOST, Bounds, Drop, Sweep

ROOM_BYTES = 4 << 20  # of free pages inside the file, while the disk has none outside
_LOOK_ROWS = 256  # committed before the size is looked at again
_BALLAST_US = 60 * SECOND_US
_AGE_US = 3600 * SECOND_US  # one step an hour: a clock wrong by years costs little until seen
_AGE_CALM_US = 24 * _AGE_US
_SETTLED_US = 24 * _AGE_US
_NOTHING_US = 3600 * SECOND_US  # after nothing was found that may go
_log = logging.getLogger("agent.outbox")


class Upkeep:
    """`is_tight` says that the disk has no room for the ballast; `busy` that more has to go at once.

    `report` words the event that tells of a drop, which happened at an uptime in microseconds.
    """

    def __init__(self, path: Path, bounds: Bounds, report: Callable[[Drop, int], Event]) -> None:
        self.bounds = bounds
        self.report = report
        self.is_tight = False
        self.busy = False
        self._ballast = Ballast(beside(path, ".ballast"))
        self._sweep = Sweep()
        self._head_seen = -_LOOK_ROWS
        self._ballast_us = self._age_us = self._rest_us = 0
        self._settling = (0, 0)  # wall minus uptime of the clock, and since which uptime it is so

    def make_room(self) -> bool:
        """A commit found the disk full: give up the ballast and see what may go. Answers whether there was one."""
        self.is_tight = True
        self._head_seen = -_LOOK_ROWS
        return self._ballast.release()

    def failed(self, now: Instant) -> None:
        """The disk did not take a drop: no other one for a while, so that events do not wait behind them."""
        self._rest_us = now.uptime_us + _BALLAST_US
        self._sweep, self.busy = Sweep(), False

    @property
    def has_ballast(self) -> bool:
        """Whether the last alarms have room on a full disk."""
        return self._ballast.is_there

    def is_due(self, head: int, now: Instant) -> bool:
        """Whether there may be something to do; costs nothing, so that not every commit is followed by a look."""
        if self.busy or now.uptime_us >= min(self._ballast_us, self._age_us):
            return True
        return head - self._head_seen >= _LOOK_ROWS

    def look(self, disk: Journal, cursor: int, now: Instant) -> Drop | None:
        """What has to go now, if anything. Cheap when nothing has changed. Raises JournalFault."""
        self._keep_ballast(now)
        drop = self._excess(disk, cursor, now)
        return self._aged(disk, cursor, now) if drop is None and not self.busy else drop

    def _has_settled(self, now: Instant) -> bool:
        """Whether the clock has been believed for a day on end: by then somebody has seen one that is years ahead."""
        offset_us = now.wall_us - now.uptime_us
        if not now.synchronised or abs(offset_us - self._settling[0]) > STEP_US:
            self._settling = (offset_us, now.uptime_us)
        return now.synchronised and now.uptime_us - self._settling[1] >= _SETTLED_US

    def _keep_ballast(self, now: Instant) -> None:
        if now.uptime_us < self._ballast_us:
            return
        self._ballast_us = now.uptime_us + _BALLAST_US
        was_tight, self.is_tight = self.is_tight, not self._ballast.make()
        if was_tight and not self.is_tight:
            _log.warning("The journal's disk has room again; the ballast is there.")

    def _excess(self, disk: Journal, cursor: int, now: Instant) -> Drop | None:
        if (
            not self.busy and disk.head - self._head_seen < _LOOK_ROWS
        ) or now.uptime_us < self._rest_us:
            return None
        self._head_seen = disk.head
        used, free = disk.usage()
        if used > (self.bounds.low_bytes if self.busy else self.bounds.most_bytes):
            reason = "size"
        elif self.is_tight and free < ROOM_BYTES:
            reason = "disk_full"
        else:
            self.busy = False
            return None
        drop = disk.look(lambda db: self._sweep.next(db, reason, cursor, disk.head))
        self.busy = not self._sweep.is_done
        if drop is None and self._sweep.is_done:
            self._rest_us = now.uptime_us + _NOTHING_US
            _log.warning(
                "The journal has reached its bound (%s), and nothing in it may go.", reason
            )
        return drop

    def _aged(self, disk: Journal, cursor: int, now: Instant) -> Drop | None:
        if now.uptime_us < self._age_us:
            return None
        if not self._has_settled(now):
            self._age_us = now.uptime_us + _BALLAST_US
            return None
        before_us = now.wall_us - self.bounds.keep_us
        drop = disk.look(lambda db: self._sweep.next_old(db, now.wall_us, before_us, cursor))
        is_more = drop is not None and len(drop.seqs) == ROWS_MOST
        self._age_us = now.uptime_us + (_AGE_US if is_more else _AGE_CALM_US)
        return drop
