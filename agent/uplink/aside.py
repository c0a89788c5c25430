"""Rows that the broker refuses while it takes later ones: reported as `records_dropped`, then out of the lane's way. Pure.

They stay in the journal, from where a consumer can ask for them. The report is a row itself: only when it is committed is
a lane done with what it names, so that after a kill the row is tried again rather than forgotten.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.model import Detail, Row
from agent.set_aside import REASON, set_aside_in
from agent.uplink.refusals import MANY

_LISTED_MOST = 100


@dataclass(frozen=True, slots=True)
class Refused:
    """One row and what the broker said about it the last time."""

    row: Row
    refusal: str
    times: int = MANY

    def told(self) -> dict[str, object]:
        """For the control socket."""
        event = self.row.event
        return {
            "seq": self.row.seq,
            "code": event.code,
            "severity": event.severity.value,
            "reason": self.refusal,
        }

    def report(self) -> Mapping[str, Detail]:
        """What the event says that names it."""
        seq = self.row.seq
        return {
            "reason": REASON,
            self.row.event.severity.value: 1,
            "ranges": [f"{seq}-{seq}"],
            "undelivered": 1,
            "refusal": self.refusal,
            "refused_times": self.times,
        }


class Aside:
    """Those set aside since the start; the list keeps the newest."""

    def __init__(self) -> None:
        self._listed: deque[Refused] = deque(maxlen=_LISTED_MOST)
        self._unreported: list[Refused] = []

    def add(self, row: Row, refusal: str, times: int = MANY) -> None:
        """The broker takes this row under no circumstances; it was refused so many times."""
        refused = Refused(row, refusal, times)
        self._listed.append(refused)
        self._unreported.append(refused)

    def to_report(self) -> Sequence[Mapping[str, Detail]]:
        """What has to be said about those not reported yet; asked for once."""
        unreported, self._unreported = self._unreported, []
        return [refused.report() for refused in unreported]

    def listed(self) -> list[dict[str, object]]:
        """For the control socket, oldest first."""
        return [refused.told() for refused in self._listed]


def reported(rows: Iterable[Row]) -> list[int]:
    """The sequences that reports among these rows name as set aside."""
    return list(itertools.chain.from_iterable(map(set_aside_in, rows)))
