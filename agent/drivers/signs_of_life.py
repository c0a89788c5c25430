"""One sign of life a second while a driver waits: for a shared line, or for a long time-out."""

import asyncio
from collections.abc import Callable
from typing import Final

SIGNS: Final = 60  # then the wait is no honest one any more, and the watchdog may end it


class SignsOfLife:
    """`with signs:` around a wait calls `sign` each second, `SIGNS` times at most."""

    def __init__(self, sign: Callable[[], None]) -> None:
        self._sign = sign
        self._left = 0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._left = SIGNS
        self._begin()

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _begin(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(1.0, self._give)

    def _give(self) -> None:
        self._sign()
        self._left -= 1
        if self._left:
            self._begin()
