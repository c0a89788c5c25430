"""The simulated contacts: turns signals into pin levels, with bounce, and serves them to pin factories.

Each client of the Unix socket is sent one line a level, {"pin":17,"level":0}: all known levels when
it connects, then {"complete":true}, then changes. It knows nothing of gpiozero.
"""

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


class PinsServer:
    """Serves contacts on a Unix socket; `update` with the latest signals moves them."""

    def __init__(
        self, contacts: Mapping[str, Contact], chance: random.Random, *, bounce: bool = True
    ) -> None:
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
        line = _line(pin, level)
        for writer in self._connections.writers:
            if writer.transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
                writer.transport.abort()
            else:
                writer.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for pin, level in self._sent.items():
            writer.write(_line(pin, level))
        writer.write(b'{"complete":true}\n')
        while await reader.read(4096):  # a client has nothing to say; its end is of interest
            pass


def _line(pin: int, level: int) -> bytes:
    return json.dumps({"pin": pin, "level": level}, separators=(",", ":")).encode() + b"\n"
