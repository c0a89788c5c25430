"""What passes on the lines, for whoever looks: every frame out and in, as bytes. Knows no protocol.

A driver tells of each frame as it passes; the last ones are kept, and who listens hears of the next.
Nobody who listens can hold a line up.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

KEPT: Final = 256

Way = Literal["out", "in"]


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes that passed on a driver's line.

    `way` is `out` for what the agent sent, `in` for what came. `note` says what became of it: empty
    for a frame that was what it should be.
    """

    at_us: int
    driver: str
    way: Way
    data: bytes
    note: str = ""


Listener = Callable[[Frame], None]


class Tap:
    """All lines of one agent; used on the event loop only."""

    def __init__(self) -> None:
        self._kept: deque[Frame] = deque(maxlen=KEPT)
        self._listeners: list[Listener] = []

    def passed(self, frame: Frame) -> None:
        """Tell of one frame."""
        self._kept.append(frame)
        for listener in tuple(self._listeners):  # one may stop meanwhile
            listener(frame)

    @property
    def kept(self) -> tuple[Frame, ...]:
        """The last frames, oldest first."""
        return tuple(self._kept)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear of every frame from now on; call what is returned to stop. `listener` must not wait."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
