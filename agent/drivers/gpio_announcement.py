"""The one output: it starts a player that calms trapped people, and is off again by itself.

How long it is on is decided here and by nobody else: a timer on a thread of its own switches it off,
whatever the caller does and even if the event loop hangs. It is off at the start and at every orderly
end. A process that is killed leaves the line to the kernel: see `strict_gpiod` in docs/wiring.md.
"""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from agent.drivers.gpio_faults import advice, is_world
from agent.settings import GpioAnnouncement, Level

_log = logging.getLogger("agent.gpio")


class Output(Protocol):
    """A claimed line, off from the start."""

    def switch(self, *, on: bool) -> None:
        """Drive it."""

    def close(self) -> None:
        """Free it."""


class Announcement:
    """The output of one `[drivers.announcement]` table; `claim` takes a pin and its active level."""

    def __init__(
        self, driver: str, settings: GpioAnnouncement, claim: Callable[[int, Level], Output]
    ) -> None:
        self._named = f"{driver}: announcement on pin {settings.pin}"
        self._settings, self._claim = settings, claim
        self._lock = threading.Lock()
        self._output: Output | None = None
        self._timer: threading.Timer | None = None
        self._wrong = False

    @property
    def is_open(self) -> bool:
        """Whether the pin is ours."""
        return self._output is not None

    def open(self) -> None:
        """Claim the pin, off; what fails is logged once."""
        try:
            self._output = self._claim(self._settings.pin, self._settings.active)
        except Exception as error:
            if not is_world(error):
                raise
            self._failed(error)
            return
        if self._wrong:
            _log.info("%s is back", self._named)
        self._wrong = False

    def say(self) -> bool:
        """Switch on for `on_s`; while it is on, a further call changes nothing. False without a pin."""
        with self._lock:
            if self._output is None:
                return False
            if self._timer is not None:
                return True
            timer = threading.Timer(self._settings.on_s, self._ended)
            timer.daemon = True
            timer.start()  # first: an output that cannot be switched off is not switched on
            self._timer = timer
            return self._switch(on=True)

    def close(self) -> None:
        """Switch off and free the pin."""
        with self._lock:
            self._off()
            output, self._output = self._output, None
        if output is not None:
            _close(output)

    def _ended(self) -> None:
        """Switch off when the time is over; runs on the timer's thread."""
        with self._lock:
            if self._timer is threading.current_thread():
                self._off()

    def _off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._switch(on=False)

    def _switch(self, *, on: bool) -> bool:
        """Drive the line; False where it is not ours, or no longer."""
        if self._output is None:
            return False
        try:
            self._output.switch(on=on)
        except Exception as error:
            if not is_world(error):
                raise
            output, self._output = self._output, None
            _close(output)
            self._failed(error)
            return False
        return True

    def _failed(self, error: Exception) -> None:
        if not self._wrong:
            _log.warning("%s is lost: %s", self._named, advice(error))
        self._wrong = True


def _close(output: Output) -> None:
    """Free a line; a chip that is gone needs no freeing."""
    try:
        output.close()
    except Exception as error:
        if not is_world(error):
            raise
