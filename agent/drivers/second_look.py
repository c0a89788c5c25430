"""Whether a value is believed at once, or only when a second poll agrees with it. Pure.

For lines whose answers carry no number. A second look is taken in the two polls after a question on
the line went unanswered, and for a number further from the last one than its point's `max_step`.
Two polls agree on equal values, and on numbers no further apart than `max_step`. Of a line that is
disturbed all the time every third poll is believed as it is, so that nothing is withheld for long.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final

from agent.drivers.blocks import Block, Compiled
from agent.drivers.registers import Words
from agent.model import Quality, Reading

DOUBTFUL_POLLS: Final = 2
SOON_POLLS: Final = 2  # after so many without agreement the next look is the regular poll's

Disturbances = Callable[[Block], tuple[int, int]]


@dataclass(slots=True)
class _Memory:
    """One block: what the poll before said, and for how many polls more and already it is doubted."""

    before: list[Reading] = field(default_factory=list[Reading])
    seen: tuple[int, int] = (0, 0)
    doubtful: int = 0
    doubted: int = 0
    withheld: int = 0

    def doubt(self, seen: tuple[int, int]) -> bool:
        """Say whether this poll is doubted, after so many disturbances."""
        if seen[1] != self.seen[1]:
            self.before = []  # the next answer may be the missing one, late, and so agree with it
        if seen != self.seen:
            self.doubtful = DOUBTFUL_POLLS
        self.seen = seen
        if self.doubtful == 0 or self.doubted == DOUBTFUL_POLLS:
            self.doubtful = self.doubted = 0
            return False
        self.doubtful -= 1
        self.doubted += 1
        return True


class SecondLook:
    """One device's values. `disturbances`: questions unanswered on the line, and of this block."""

    def __init__(self, disturbances: Disturbances) -> None:
        self._disturbances = disturbances
        self._memories: dict[Block, _Memory] = {}
        self._last: dict[str, Reading] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether another look should be taken at once."""
        return any(0 < memory.withheld <= SOON_POLLS for memory in self._memories.values())

    def decode(self, compiled: Compiled, words: Words, at_us: int) -> list[Reading]:
        """Read a block's points; those that must be looked at again are left out."""
        readings = compiled.decode(words, at_us)
        memory = self._memories.setdefault(compiled.block, _Memory())
        in_doubt = memory.doubt(self._disturbances(compiled.block))
        before: Iterable[Reading | None] = memory.before or repeat(None)
        believed = [
            reading
            for reading, earlier, step in zip(readings, before, compiled.max_steps, strict=False)
            if (not in_doubt and not self._is_jump(reading, step))
            or (earlier is not None and _agree(earlier, reading, step))
        ]
        memory.before = readings
        memory.withheld = memory.withheld + 1 if len(believed) < len(readings) else 0
        self._last.update((r.signal, r) for r in believed if r.quality is Quality.GOOD)
        return believed

    def _is_jump(self, reading: Reading, max_step: float | None) -> bool:
        last = self._last.get(reading.signal)
        if last is None or max_step is None:
            return False
        step = _distance(last, reading)
        return step is not None and step > max_step


def _agree(one: Reading, other: Reading, max_step: float | None) -> bool:
    if one.value == other.value and one.quality is other.quality:
        return True
    if max_step is None:
        return False
    step = _distance(one, other)
    return step is not None and step <= max_step


def _distance(one: Reading, other: Reading) -> float | None:
    """Give how far two good numbers are apart; None if they are not both."""
    if one.quality is not Quality.GOOD or other.quality is not Quality.GOOD:
        return None
    if not isinstance(one.value, (int, float)) or not isinstance(other.value, (int, float)):
        return None
    return abs(one.value - other.value)
