"""The journal's past for whoever asks on the control socket, a page at a time: however much is asked for, memory is bounded.

Knows no socket and no message.
"""

from collections.abc import AsyncGenerator, Collection
from typing import Annotated, Protocol

import msgspec

from agent.model import Row, Severity

_PAGE = 500  # rows


class Question(msgspec.Struct, frozen=True):
    """The parameters of `events`: the last `limit`, or with `after` those that follow; then, to `follow`, new ones.

    `since_ms` is wall time: of those, only what is not older.
    """

    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: int = 50
    since_ms: Annotated[int, msgspec.Meta(ge=0)] = 0
    severity: str | None = None
    code: str | None = None
    follow: bool = False

    @property
    def severities(self) -> list[Severity] | None:
        """The severity asked for and those above it; None for all."""
        if self.severity is None:
            return None
        return [each for each in Severity if each.rank >= Severity(self.severity).rank]

    def fits(self, row: Row) -> bool:
        """Whether a row is of the severity and the code asked for."""
        severities = self.severities
        is_loud = severities is None or row.event.severity in severities
        return is_loud and (self.code is None or row.event.code == self.code)

    def is_recent(self, row: Row) -> bool:
        """Whether a row is not older than asked for."""
        return row.told_us >= self.since_ms * 1000


class Shelf(Protocol):
    """The journal, as far as its past goes."""

    @property
    def head(self) -> int: ...  # noqa: D102

    async def rows(
        self,
        after: int,
        limit: int,
        severities: Collection[Severity] | None = None,
        codes: Collection[str] | None = None,
        *,
        newest_first: bool = False,
    ) -> list[Row]:
        """At most `limit` rows after a sequence; raises JournalFault."""
        ...


async def past(shelf: Shelf, question: Question) -> AsyncGenerator[Row, None]:
    """Yield what a question asks of the past, in order of sequence; raises JournalFault.

    Who follows gets all up to now: a limit there would leave a gap before what is new.
    """
    after = question.after or await _before(shelf, question)
    left = None if question.follow else question.limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        page = await _search(shelf, question, after, size)
        for row in page:
            if question.is_recent(row):
                yield row
        if len(page) < size:
            return
        after = page[-1].seq
        left = None if left is None else left - size


async def _search(
    shelf: Shelf, question: Question, after: int, limit: int, *, newest_first: bool = False
) -> list[Row]:
    codes = None if question.code is None else [question.code]
    return await shelf.rows(after, limit, question.severities, codes, newest_first=newest_first)


async def _before(shelf: Shelf, question: Question) -> int:
    """The sequence before the first of the last `limit` rows, or before the first recent one of them."""
    head, size = shelf.head, min(_PAGE, question.limit)
    newest = await _search(shelf, question, 0, size, newest_first=True)
    recent = [row.seq for row in newest if question.is_recent(row)]
    first = recent[-1] if recent else head + 1
    if len(newest) == _PAGE < question.limit and recent:
        return await _further(shelf, question, first, newest[-1].seq)
    return first - 1


async def _further(shelf: Shelf, question: Question, first: int, high: int) -> int:
    """Look back from `high`, a page at a time, until there are enough or a whole page is too old."""
    left = question.limit - _PAGE
    oldest = await shelf.rows(0, 1, newest_first=False)
    while left > 0 and oldest and high > oldest[0].seq:
        low = max(oldest[0].seq, high - _PAGE)
        page = await shelf.rows(low - 1, _PAGE, newest_first=False)
        page = [row for row in page if row.seq < high]
        fitting = [row for row in page if question.fits(row)][-left:]
        recent = [row.seq for row in page if question.is_recent(row)]
        if page and not recent:
            break
        first = next((row.seq for row in fitting if question.is_recent(row)), first)
        left -= len(fitting)
        high = low
    return first - 1
