"""An RDM6300 card reader on a pty: repeats a card's frame for as long as the card is there."""

import asyncio
from functools import reduce
from operator import xor
from pathlib import Path

from hil.pty_adapter import PtyAdapter

REPEAT_S = 0.05


def frame(card: bytes) -> bytes:
    """What the reader says of a card's five bytes."""
    checksum = reduce(xor, card)
    return b"\x02" + card.hex().upper().encode() + f"{checksum:02X}".encode() + b"\x03"


class CardReader:
    """One reader behind `link`. `heard` is every byte that was sent to it: it should be none."""

    def __init__(self, link: Path) -> None:
        self.heard = bytearray()
        self.adapter = PtyAdapter(link, self.heard.extend)
        self._repeating: asyncio.Task[None] | None = None

    def present(self, card: bytes) -> None:
        """Hold a card (five bytes) before the reader until `take_away`."""
        self.take_away()
        self._repeating = asyncio.create_task(self._repeat(frame(card)))

    def take_away(self) -> None:
        """Let no card be there."""
        if self._repeating is not None:
            self._repeating.cancel()
            self._repeating = None

    async def _repeat(self, data: bytes) -> None:
        while True:
            self.adapter.write(data)
            await asyncio.sleep(REPEAT_S)

    def close(self) -> None:
        """Take everything away."""
        self.take_away()
        self.adapter.unplug()
