"""The journal's past in pages: the same as in one piece, with bounded memory."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import history as module
from agent.history import Question, past
from agent.model import Event, Row, Severity, Transition

PAGE = 4
CODES = ("alarm_button", "signal_lost")


class Shelf:
    """A journal in memory that notes how much is asked for at once."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.head = rows[-1].seq if rows else 0
        self.largest = 0

    async def rows(
        self,
        after: int,
        limit: int,
        severities: Collection[Severity] | None = None,
        codes: Collection[str] | None = None,
        *,
        newest_first: bool = False,
    ) -> list[Row]:
        self.largest = max(self.largest, limit)
        found = [
            row
            for row in self._rows
            if row.seq > after
            and (severities is None or row.event.severity in severities)
            and (codes is None or row.event.code in codes)
        ]
        return (found[::-1] if newest_first else found)[:limit]


def row(seq: int, wall_ms: int, code: str, severity: Severity) -> Row:
    event = Event(code=code, transition=Transition.NOTICE, severity=severity, at_us=seq)
    return Row(
        seq=seq,
        journal="j",
        raised_seq=seq,
        event=event,
        boot_id="b",
        wall_us=wall_ms * 1000,
        synchronised=True,
    )


def told(shelf: Shelf, question: Question) -> list[int]:
    async def collect() -> list[int]:
        return [each.seq async for each in past(shelf, question)]

    return asyncio.run(collect())


@st.composite
def journals(draw: Any) -> list[Row]:
    """Sequences with holes, wall times that rise."""
    rows: list[Row] = []
    seq = wall_ms = 0
    for _ in range(draw(st.integers(0, 12) | st.integers(12, 60))):
        seq += draw(st.sampled_from([1, 1, 1, 2, 9]))
        wall_ms += draw(st.integers(0, 2))
        code, severity = draw(st.sampled_from(CODES)), draw(st.sampled_from(Severity))
        rows.append(row(seq, wall_ms, code, severity))
    return rows


questions = st.builds(
    Question,
    after=st.just(0) | st.integers(1, 60),
    limit=st.integers(1, 40),
    since_ms=st.sampled_from([0, 0, 1, 10, 20, 30, 50]),
    severity=st.sampled_from([None, None, "major"]),
    code=st.sampled_from([None, "alarm_button"]),
    follow=st.booleans(),
)


@given(journals(), questions)
def test_page_by_page_is_what_it_would_be_in_one_piece(rows: list[Row], asked: Question) -> None:
    fitting = [each for each in rows if each.seq > asked.after and asked.fits(each)]
    if not asked.after:
        fitting = fitting[-asked.limit :]
    elif not asked.follow:
        fitting = fitting[: asked.limit]
    shelf = Shelf(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PAGE", PAGE)
        assert told(shelf, asked) == [each.seq for each in fitting if asked.is_recent(each)]
    assert shelf.largest <= PAGE


def test_a_clock_that_was_wrong_for_a_while_hides_only_what_it_dated_wrongly() -> None:
    walls_ms = [100, 101, 0, 1, 102, 103]
    rows = [row(n, at, "signal_lost", Severity.INFO) for n, at in enumerate(walls_ms, start=1)]
    assert told(Shelf(rows), Question(limit=10_000, since_ms=101)) == [2, 5, 6]
