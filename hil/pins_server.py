"""The simulated contacts: turns signals into pin levels, with bounce, and serves them to pin factories.

Each client of the Unix socket is sent one line a level, {"pin":17,"level":0}: all known levels when
it connects, then {"complete":true}, then changes. A level may carry the instant of its edge, "at", in
seconds of the machine's monotonic clock. {"output":18} names a pin that the client may drive, which it
does by the same lines. It knows nothing of gpiozero.
"""

import asyncio
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.model import Value
from hil.connections import Connections

_MOST_UNREAD_BYTES = 256 * 1024  # a client that does not read is dropped
_BOUNCE_MOST_S = 0.001  # between two touches of a bouncing contact
_BOUNCES_MOST = 4


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a signal's contact is wired, and the level at which the signal is true."""

    pin: int
    active: str = "low"

    def level(self, value: Value) -> int:
        """Give the pin's level for a signal's value."""
        return int(bool(value) is (self.active == "high"))


CONTACTS: Mapping[str, Contact] = {
    "alarm.button": Contact(17),
    "alarm.end_key": Contact(27),
    "safety_chain.closed": Contact(22),
    "car.call_registered": Contact(23),
    "power.mains": Contact(24),
}


ANNOUNCEMENT: Final = 18


@dataclass(slots=True)
class Driven:
    """An output's wire: its level, and how often it went high."""

    level: int = 0
    rises: int = 0


class PinsServer:
    """Serves contacts on a Unix socket; `update` with the latest signals moves them.

    `outputs` are the pins a client may drive; `driven` is what it did.
    """

    def __init__(
        self,
        contacts: Mapping[str, Contact],
        chance: random.Random,
        *,
        bounce: bool = True,
        outputs: Iterable[int] = (),
    ) -> None:
        self.driven = {pin: Driven() for pin in outputs}
        self._contacts = contacts
        self._chance = chance
        self._bounce = bounce
        self._levels: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._server: asyncio.Server | None = None
        self._connections = Connections(self._serve)
        self._touches: dict[int, asyncio.TimerHandle] = {}

    async def start(self, path: Path) -> None:
        """Listen on a path nobody listens on."""
        self._server = await asyncio.start_unix_server(self._connections.accept, path)

    def update(self, signals: Mapping[str, Value]) -> None:
        """Follow the signals; each change of a contact bounces a few milliseconds."""
        for name, contact in self._contacts.items():
            level = contact.level(signals[name])
            before = self._levels.get(contact.pin)
            if level == before:
                continue
            self._levels[contact.pin] = level
            first = before is None or not self._bounce
            touches = 0 if first else 2 * self._chance.randrange(_BOUNCES_MOST)
            self._touch(contact.pin, touches)

    def strike(self, falls: Iterable[tuple[float, int]]) -> None:
        """Let pins fall and rise again at instants of their own, as a card reader's pulses do."""
        for at_s, pin in falls:
            for level in (0, 1):
                self._tell(_line(pin, level, at_s))

    async def close(self) -> None:
        """End everything at once."""
        for timer in self._touches.values():
            timer.cancel()
        if self._server is not None:
            self._server.close()
        await self._connections.end()

    def _touch(self, pin: int, touches_left: int) -> None:
        """Send a level and, while the contact bounces, the other one soon after."""
        timer = self._touches.pop(pin, None)
        if timer is not None:
            timer.cancel()
        final = self._levels[pin]
        self._send(pin, final if touches_left % 2 == 0 else 1 - final)
        if touches_left:
            loop = asyncio.get_running_loop()
            wait_s = self._chance.uniform(0.0002, _BOUNCE_MOST_S)
            self._touches[pin] = loop.call_later(wait_s, self._touch, pin, touches_left - 1)

    def _send(self, pin: int, level: int) -> None:
        if self._sent.get(pin) == level:
            return
        self._sent[pin] = level
        self._tell(_line(pin, level))

    def _tell(self, line: bytes) -> None:
        for writer in self._connections.writers:
            if writer.transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
                writer.transport.abort()
            else:
                writer.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for pin in self.driven:
            writer.write(b'{"output":%d}\n' % pin)
        for pin, level in self._sent.items():
            writer.write(_line(pin, level))
        writer.write(b'{"complete":true}\n')
        while line := await reader.readline():
            said = json.loads(line)
            wire = self.driven[said["pin"]]  # no other pin can be driven: see SimulatedPin
            wire.rises += said["level"] > wire.level
            wire.level = said["level"]


def _line(pin: int, level: int, at_s: float | None = None) -> bytes:
    said: dict[str, float] = {"pin": pin, "level": level}
    if at_s is not None:
        said["at"] = at_s
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"
