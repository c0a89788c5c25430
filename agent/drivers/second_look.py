"""Whether a value is believed at once, or only when a second poll agrees with it. Pure.

For lines whose answers carry no number. A second look is taken in the two polls after a question on
the line went unanswered, and for a number further from the last one than its point's `max_step`.
Two polls agree on equal values, and on numbers no further apart than `max_step`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from agent.drivers.blocks import Block, Compiled
from agent.drivers.registers import Words
from agent.model import Quality, Reading

DOUBTFUL_POLLS: Final = 2
SOON_POLLS: Final = 2  # of these the second look is taken soon; then with the regular poll

Disturbances = Callable[[], tuple[int, int]]


@dataclass(slots=True)
class _Memory:
    """One block: what the poll before said, and how much longer it is doubted."""

    before: list[Reading] = field(default_factory=list[Reading])
    doubtful: int = 0
    withheld: int = 0
    seen: tuple[int, int] = (0, 0)


class SecondLook:
    """One device's values. `disturbances` counts unanswered questions: on the line, of this device.

    After one of its own, what it said before is no longer agreed with: it may be that answer, late.
    """

    def __init__(self, disturbances: Disturbances) -> None:
        self._disturbances = disturbances
        self._memories: dict[Block, _Memory] = {}
        self._last: dict[str, Reading] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether another look should be taken soon."""
        return any(0 < memory.withheld <= SOON_POLLS for memory in self._memories.values())

    def decode(self, compiled: Compiled, words: Words, at_us: int) -> list[Reading]:
        """Read a block's points; those that must be looked at again are left out."""
        readings = compiled.decode(words, at_us)
        memory = self._memories.setdefault(compiled.block, _Memory())
        self._doubt(memory)
        believed = [
            reading
            for n, reading in enumerate(readings)
            if self._is_believed(reading, memory, n, compiled.max_steps[n])
        ]
        memory.before = readings
        memory.doubtful = max(0, memory.doubtful - 1)
        memory.withheld = memory.withheld + 1 if len(believed) < len(readings) else 0
        self._last.update((r.signal, r) for r in believed if r.quality is Quality.GOOD)
        return believed

    def _doubt(self, memory: _Memory) -> None:
        seen = self._disturbances()
        if seen != memory.seen:
            memory.doubtful = DOUBTFUL_POLLS
            if seen[1] != memory.seen[1]:
                memory.before = []
        memory.seen = seen

    def _is_believed(
        self, reading: Reading, memory: _Memory, n: int, max_step: float | None
    ) -> bool:
        last = self._last.get(reading.signal)
        if not memory.doubtful and (last is None or not _is_jump(last, reading, max_step)):
            return True
        return bool(memory.before) and _agree(memory.before[n], reading, max_step)


def _agree(one: Reading, other: Reading, max_step: float | None) -> bool:
    if one.value == other.value and one.quality is other.quality:
        return True
    return max_step is not None and _are_numbers(one, other) and not _is_jump(one, other, max_step)


def _is_jump(last: Reading, now: Reading, max_step: float | None) -> bool:
    if max_step is None or not _are_numbers(last, now):
        return False
    assert isinstance(last.value, (int, float))
    assert isinstance(now.value, (int, float))
    return abs(now.value - last.value) > max_step


def _are_numbers(*readings: Reading) -> bool:
    return all(
        reading.quality is Quality.GOOD and isinstance(reading.value, (int, float))
        for reading in readings
    )
