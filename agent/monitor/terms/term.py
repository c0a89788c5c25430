"""What a term is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot

# Any: memory and value are each term's own types, named in its file.
TermStep = Callable[[Any, Snapshot, Limits], tuple[Any, Any, int | None]]

Band = tuple[float, float]
HUGE = 1e12  # beyond any value; infinity cannot be written down
ANY: Band = (HUGE, HUGE)  # no value lies in it


@dataclass(frozen=True, slots=True)
class Term:
    """One derived fact: its name in the snapshot, what it reads, its first memory, and its pure step.

    `memory_type` and `value_type` let the monitor's memory be encoded and decoded. `banded`: it alone reads its one signal,
    a number, and its memory is the half-open band in which its value stays the same: it is not asked within. `wakes`: what
    of its reads matters while it rests.
    """

    name: str
    reads: tuple[str, ...]
    step: TermStep
    memory: object = None
    memory_type: Any = None
    value_type: Any = None
    banded: bool = False
    wakes: tuple[str, ...] = ()
