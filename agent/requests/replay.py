"""Sends events again from the journal, a page at a time, and says which could not be."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from agent.model import Row
from agent.outbox_missing import Range, missing_of
from agent.outbox_records import Database
from agent.requests.messages import AsksReplay, Missing, Replayed
from agent.requests.post import Post

ROWS_MOST = 10_000
RANGES_MOST = 500  # named in one answer, which has to stay a small message
_PAGE = 100  # rows
_T = TypeVar("_T")


class Shelf(Protocol):
    """The journal, as far as it is read here; both raise JournalFault."""

    @property
    def head(self) -> int: ...  # noqa: D102

    async def rows(self, after: int, limit: int) -> list[Row]:
        """At most `limit` rows after a sequence, in order."""
        ...

    async def look(self, job: Callable[[Database], _T]) -> _T:
        """What a job reads from the tables."""
        ...


class Replay:
    """One at a time. `rows_most` is how many events one request may have sent again."""

    def __init__(self, shelf: Shelf, post: Post, rows_most: int = ROWS_MOST) -> None:
        self._shelf, self._post, self._most = shelf, post, rows_most

    async def run(self, asks: AsksReplay) -> Replayed:
        """Send what there is of a range; raises JournalFault, with what was sent so far on its way."""
        last = min(asks.last, self._shelf.head)  # what is journaled from now on comes by itself
        sent, at, gaps = 0, asks.first, list[Range]()
        while at <= last and sent < self._most:
            page = await self._shelf.rows(at - 1, min(_PAGE, last - at + 1, self._most - sent))
            page = [row for row in page if row.seq <= last]
            if not page:
                gaps.append((at, last))
                at = last + 1
            for row in page:
                if row.seq > at:
                    gaps.append((at, row.seq - 1))
                await self._post.repeat(row)
                sent, at = sent + 1, row.seq + 1
        unsent = await self._post.repeated()
        missing = [Missing(first=seq, last=seq, reason=reason) for seq, reason in unsent]
        if at <= last:
            missing.append(Missing(first=at, last=last, reason="over_limit"))
        if asks.last > last:
            first = max(asks.first, last + 1)
            missing.append(Missing(first=first, last=asks.last, reason="beyond_head"))
        return await self._answer(sent - len(unsent), missing, gaps)

    async def _answer(self, sent: int, missing: list[Missing], gaps: list[Range]) -> Replayed:
        parts, more = await self._shelf.look(partial(missing_of, gaps=gaps, most=RANGES_MOST))
        missing += [Missing(first=low, last=high, reason=reason) for low, high, reason in parts]
        missing.sort(key=lambda each: each.first)
        more = more or len(missing) > RANGES_MOST
        return Replayed(sent=sent, missing=tuple(missing[:RANGES_MOST]), missing_more=more)
