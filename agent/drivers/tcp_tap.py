"""Tells the tap what passed on a Modbus TCP connection, frame by frame. Judges nothing, opens nothing.

Bytes that never became a whole frame are told before the next question, or when the connection ends.
"""

from typing import Final

from agent.clock import Clock
from agent.drivers.tap import Frame, Tap, Way

MOST_BYTES: Final = 512  # told of bytes that are no frame; the longest frame has 260
HALF: Final = "no whole frame: the rest never came, or this is not Modbus TCP"


class TcpTap:
    """One device's view of the tap."""

    def __init__(self, tap: Tap, clock: Clock, driver: str) -> None:
        self._tap, self._clock, self._driver = tap, clock, driver
        self._held, self._held_us = b"", 0

    def asked(self, frame: bytes) -> None:
        """A question goes out; what is left of earlier answers can no longer become one."""
        self.ended()
        self._pass("out", frame, "", self._clock.uptime_us())

    def came(self, frame: bytes, note: str) -> None:
        """A whole frame came; `note` says what is wrong with it."""
        self._pass("in", frame, note, self._clock.uptime_us())

    def held(self, data: bytes) -> None:
        """This is all that is left of what came, after the last whole frame."""
        self._held, self._held_us = data, self._clock.uptime_us()

    def ended(self) -> None:
        """Nothing more comes to what is held."""
        if self._held:
            self._pass("in", self._held, HALF, self._held_us)
        self._held = b""

    def _pass(self, way: Way, data: bytes, note: str, at_us: int) -> None:
        self._tap.passed(Frame(at_us, self._driver, way, data[:MOST_BYTES], note))
