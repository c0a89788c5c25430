"""How the journal stands, for the control socket and the command line: one form for both. Reads only."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from agent.clock import sleep
from agent.control import Peer, RefusedError
from agent.model import SECOND_US, Lane, Row
from agent.outbox_ballast import BALLAST_BYTES
from agent.outbox_fault import JournalFault
from agent.outbox_files import beside
from agent.outbox_retention import Bounds
from agent.outbox_summary import Mark, Summary, summary_of
from agent.set_aside import REPORT, set_aside_in
from agent.uplink.messages import iso
from agent.writer import Outbox

_WATCHED_S = 1.0  # how long the rate is counted
_DAY_US = 86_400 * SECOND_US
_SEARCHED = 100_000  # sequences looked through for reports, and how many reports are shown
_REPORTS_MOST = 20


class OutboxAnswer:
    """The verb `outbox`. `delivered` counts events the broker has acknowledged since the start."""

    def __init__(
        self, outbox: Outbox, path: Path, bounds: Bounds, delivered: Callable[[], int]
    ) -> None:
        self._outbox, self._path, self._bounds, self._delivered = outbox, path, bounds, delivered
        self.unheard: Callable[[], int] = lambda: 0  # events that nobody has subscribed to

    async def outbox(self, _params: dict[str, Any], _peer: Peer) -> dict[str, object]:
        """Sum up; while something is owed, look for a second how fast it goes."""
        outbox = self._outbox
        cursors = {lane: outbox.cursor(lane) for lane in Lane}
        try:
            summary = await outbox.look(partial(summary_of, path=self._path, cursors=cursors))
            reports = await outbox.rows(**searched(summary.head))
        except JournalFault as fault:
            remedy = "What stands is shown by: elevator-agent status"
            raise RefusedError("storage_failed", fault.reason, remedy) from fault
        owed = sum(lane.count for lane in summary.owed.values())
        rate = await self._rate() if owed else None
        return {
            **told(summary, self._path, self._bounds, reports),
            "running": True,
            "waiting": outbox.waiting,
            "fault": outbox.fault,
            "rate_per_s": rate,
            "drain_s": round(owed / rate) if rate else None,
            "unheard": self.unheard(),
        }

    async def _rate(self) -> float:
        before = self._delivered()
        await sleep(_WATCHED_S)
        return (self._delivered() - before) / _WATCHED_S


class Searched(TypedDict):
    """Which rows to look through for reports."""

    after: int
    limit: int
    codes: Sequence[str]
    newest_first: bool


def searched(head: int) -> Searched:
    """Where the newest reports of events set aside are."""
    after = max(0, head - _SEARCHED)
    return {"after": after, "limit": _REPORTS_MOST, "codes": [REPORT], "newest_first": True}


def told(summary: Summary, path: Path, bounds: Bounds, reports: Sequence[Row]) -> dict[str, object]:
    """The form in which both tell it, as of a journal without a service; `reports` are of what was dropped."""
    return {
        "running": False,
        "path": str(path),
        "journal": summary.journal,
        "head": summary.head,
        "chain_head": summary.chain_head,
        "owed": {
            lane: {"count": owed.count, "oldest": _mark(owed.oldest)}
            for lane, owed in summary.owed.items()
        },
        "waiting": 0,
        "fault": None,
        "rate_per_s": None,
        "drain_s": None,
        "records": {
            "oldest": _mark(summary.oldest),
            "newest": _mark(summary.newest),
            "dropped": summary.dropped,
        },
        "size": {
            "used_bytes": summary.used_bytes,
            "free_bytes": summary.free_bytes,
            "file_bytes": summary.file_bytes,
            "log_bytes": summary.log_bytes,
        },
        "bounds": {
            "max_bytes": bounds.most_bytes,
            "keep_days": bounds.keep_us // _DAY_US,
            "days_left": summary.days_left(bounds),
        },
        "set_aside": [
            {"seq": seq, "reported_seq": row.seq, "reason": row.event.detail.get("refusal")}
            for row in reports
            for seq in set_aside_in(row)
        ],
        "unheard": None,
        "ballast_bytes": BALLAST_BYTES if beside(path, ".ballast").exists() else 0,
    }


def _mark(mark: Mark | None) -> dict[str, object] | None:
    return None if mark is None else {"seq": mark.seq, "at": iso(mark.wall_us)}
