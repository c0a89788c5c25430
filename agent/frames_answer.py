"""The frames on the lines as they pass, for the control socket. Streams bytes; what they say is read at the other end.

Whoever listens never holds a line up: a listener that is behind misses frames and is told how many.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

import msgspec

from agent.clock import Clock
from agent.control import Peer, RefusedError
from agent.drivers.tap import Frame, Tap
from agent.uplink.messages import iso

BEHIND_MOST: Final = 256  # frames a slow reader may be behind before it misses some
_ECHO_MOST: Final = 64  # characters of what was asked, in a refusal


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a listener asks for: one driver's frames or all, and whether those kept come first."""

    driver: str | None = None
    kept: bool = False


class FramesAnswer:
    """The verb `bus`."""

    def __init__(self, tap: Tap, clock: Clock, drivers: Sequence[str]) -> None:
        self._tap, self._clock, self._drivers = tap, clock, drivers

    async def bus(self, params: dict[str, Any], _peer: Peer) -> AsyncGenerator[object, None]:
        """Yield frames until the listener leaves; `{"missed": n}` where it was too slow for n."""
        wanted = self._wanted(params)
        queue = _Bounded(wanted.driver)
        kept = self._tap.kept if wanted.kept else ()
        stop = self._tap.listen(queue.put)
        try:
            for frame in kept:
                if wanted.driver in (None, frame.driver):
                    yield self._message(frame)
            while True:
                missed, frame = await queue.get()
                if missed:
                    yield {"missed": missed}
                yield self._message(frame)
        finally:
            stop()

    def _wanted(self, params: dict[str, Any]) -> Wanted:
        try:
            wanted = msgspec.convert(params, Wanted)
        except msgspec.ValidationError as wrong:
            remedy = "See: elevator-agent bus --help"
            raise RefusedError("bad_params", str(wrong), remedy) from wrong
        if wanted.driver is not None and wanted.driver not in self._drivers:
            known = ", ".join(self._drivers) or "none"
            text = f"no driver {wanted.driver[:_ECHO_MOST]!r}"
            raise RefusedError("bad_params", text, f"One of: {known}.")
        return wanted

    def _message(self, frame: Frame) -> dict[str, object]:
        at = iso(self._clock.now().wall_at(frame.at_us))
        return {
            "at": at,
            "driver": frame.driver,
            "way": frame.way,
            "hex": frame.data.hex(),
            "note": frame.note,
        }


class _Bounded:
    """Frames that wait for a slow reader; those that find no room are counted where they are missing."""

    def __init__(self, driver: str | None) -> None:
        self._driver = driver
        self._queue: asyncio.Queue[tuple[int, Frame]] = asyncio.Queue(BEHIND_MOST)
        self._missed = 0

    def put(self, frame: Frame) -> None:
        """Take a frame, or count it as missed."""
        if self._driver not in (None, frame.driver):
            return
        if self._queue.full():
            self._missed += 1
            return
        self._queue.put_nowait((self._missed, frame))
        self._missed = 0

    async def get(self) -> tuple[int, Frame]:
        """Wait for the next frame; with it, how many were missed just before."""
        return await self._queue.get()
