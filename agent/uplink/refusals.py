"""Which refused row of a lane is tried next, and when a refusal is proved to be the row's own fault. Pure.

A lane whose rows are refused tries one at a time. A row refused `MANY - 1` times is suspect: then a later row has a turn.
When the broker takes that one, the suspect is tried once more; refused again, it is the row and not the broker, and it
must not hold up the others for ever. Where no later row waits, one taken since the first refusal is proof enough.

While the broker refuses everything, later rows have ever fewer turns: one that is taken in such a turn overtakes. Never a
row of the same event as one that waits before it: no clear before its raise.
"""

from collections.abc import Sequence

from agent.model import Row

MANY = 5
_TURNS_MOST = 32  # refusals of suspects between two turns of a later row


class Refusals:
    """Rows the broker has refused and not taken since, by sequence."""

    def __init__(self) -> None:
        self._times: dict[int, int] = {}
        self._passed: set[int] = set()
        self._overtaken: set[int] = set()
        self._another = False
        self._gap = self._left = 1

    def __bool__(self) -> bool:
        return bool(self._times)

    def refused(self, seq: int, *, may_go: bool, is_at_fault: bool = False) -> bool:
        """The broker refused it once more. Answers whether that proves the row to be at fault; it is then forgotten.

        One that may not go is tried for ever. `is_at_fault` needs no other proof.
        """
        if (is_at_fault or seq in self._overtaken) and may_go:
            self._forget(seq)
            return True
        was_a_turn = self._another and not self._is_suspect(seq)
        self._times[seq] = self._times.get(seq, 0) + 1
        if was_a_turn:
            self._gap = min(2 * self._gap, _TURNS_MOST)
            self._left = self._gap
        elif self._is_suspect(seq):
            self._left -= 1
        self._another = self._left <= 0
        return False

    def accepted(self, seq: int) -> None:
        """The broker took it: suspects before it have been overtaken."""
        self._forget(seq)
        self._passed |= {one for one in self._times if one < seq}
        self._overtaken |= {one for one in self._passed if one < seq and self._is_suspect(one)}
        self._another = False
        self._gap = self._left = 1

    def choose(self, pending: Sequence[Row]) -> int:
        """Where in `pending`, which is in order of sequence and not empty, the row stands that is tried next."""
        if self._another:
            if (found := self._other(pending)) is not None:
                return found
            self._overtaken |= {one for one in self._passed if self._is_suspect(one)}
        return next((at for at, row in enumerate(pending) if row.seq in self._overtaken), 0)

    def _other(self, pending: Sequence[Row]) -> int | None:
        """Of the later rows the first of another code, else the first: what a broker denies, it may deny by the code."""
        codes = {row.event.code for row in pending if self._is_suspect(row.seq)}
        others: list[int] = []
        before: set[int | None] = set()
        for at, row in enumerate(pending):
            if not self._is_suspect(row.seq) and row.raised_seq not in before:
                others.append(at)
            before |= {row.raised_seq} - {None}
        of_another_code = (at for at in others if pending[at].event.code not in codes)
        return next(of_another_code, others[0] if others else None)

    def _is_suspect(self, seq: int) -> bool:
        return self._times.get(seq, 0) >= MANY - 1

    def _forget(self, seq: int) -> None:
        self._times.pop(seq, None)
        self._passed.discard(seq)
        self._overtaken.discard(seq)
