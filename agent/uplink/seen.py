"""Which certificates the link has, as last seen: at each attempt to connect, and daily in their files. Knows no broker."""

import asyncio
import contextlib
import threading
from collections.abc import Mapping

from agent.model import SECOND_US
from agent.uplink.certificates import Certificate, first_to_end, signer_of
from agent.uplink.expiry import AUTHORITY, CLIENT, SERVER
from agent.uplink.login import Login, LoginUnusableError
from agent.uplink.tls import Material

EVERY_US = 24 * 3600 * SECOND_US


class Seen:
    """Used on the event loop; the files are read on a thread, for a disk may hang."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._server: Certificate | None = None
        self._material: Material | None = None
        self._read_us = 0

    def learn(self, material: Material | None, server: Certificate | None, now_us: int) -> None:
        """What an attempt to connect was made with, and what the broker showed, if it came to that."""
        if material is not None:
            self._material, self._read_us = material, now_us
        self._server = server or self._server

    def look_again(self, now_us: int) -> None:
        """Read the files anew once they were not read for a day: a connection may stand for months."""
        if self._material is not None and now_us - self._read_us >= EVERY_US:
            self._read_us = now_us
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._read, args=(loop, now_us), daemon=True).start()

    def _read(self, loop: asyncio.AbstractEventLoop, now_us: int) -> None:
        """On the thread. A file that cannot be used now is a matter of the next attempt to connect."""
        with contextlib.suppress(
            LoginUnusableError, RuntimeError
        ):  # RuntimeError: the loop has ended
            loop.call_soon_threadsafe(self.learn, self._login.material(), None, now_us)

    @property
    def certificates(self) -> Mapping[str, Certificate]:
        """Those known, by the name an event gives them."""
        if self._material is None:
            return {}
        authorities = self._material.authorities
        issuer = first_to_end(authorities)
        if self._server is not None:
            issuer = signer_of(self._server, authorities)
        client = first_to_end(self._material.client)
        found = {SERVER: self._server, CLIENT: client, AUTHORITY: issuer}
        return {name: each for name, each in found.items() if each is not None}
