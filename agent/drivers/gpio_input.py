"""One signal's pins: claimed, read, lost and claimed again; what their levels mean is the contact's.

Knows neither gpiozero nor when to look: both are given.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from agent.drivers.gpio_contact import Contact, pull_of
from agent.drivers.gpio_faults import advice, is_world
from agent.model import Quality, Reading
from agent.settings import GpioInput, Pull

_log = logging.getLogger("agent.gpio")


class Line(Protocol):
    """A claimed input."""

    @property
    def is_high(self) -> bool:
        """Read the level."""
        ...

    def watch(self, wake: Callable[[], None]) -> None:
        """Have every edge told."""

    def close(self) -> None:
        """Free it."""


Claim = Callable[[int, Pull], Line]


class Input:
    """One signal: its pins, open or not, and what their levels mean."""

    def __init__(self, driver: str, signal: str, settings: GpioInput, claim: Claim) -> None:
        self.contact = Contact(signal, settings)
        self.wrong = ""
        self._numbers = [settings.pin]
        if settings.inverse_pin is not None:
            self._numbers.append(settings.inverse_pin)
        self._claim = claim
        self._pull: Pull = pull_of(settings)
        self._active_high = settings.active == "high"
        word = "pin" if len(self._numbers) == 1 else "pins"
        self._named = f"{driver}: {signal} on {word} {' and '.join(map(str, self._numbers))}"
        self._pins: list[Line] = []

    @property
    def is_open(self) -> bool:
        """Whether the pins are ours."""
        return bool(self._pins)

    @property
    def reading_due(self) -> bool:
        """Whether there is something to say: a level, or that there is no pin."""
        return not self._pins or self.contact.is_known

    def open(self, wake: Callable[[], None]) -> None:
        """Claim the pins as inputs; what fails is kept as `wrong` and logged once."""
        try:
            for number in self._numbers:
                pin = self._claim(number, self._pull)
                self._pins.append(pin)
                pin.watch(wake)
        except Exception as error:
            if not is_world(error):
                raise
            self._failed(error)
            return
        self.contact.forget()
        if self.wrong:
            _log.info("%s is back", self._named)
        self.wrong = ""

    def sample(self, at_us: int) -> bool:
        """Look at the levels; True if there is news."""
        if not self._pins:
            return False
        try:
            active = [pin.is_high is self._active_high for pin in self._pins]
        except Exception as error:
            if not is_world(error):
                raise
            self._failed(error)
            return True
        contradicted = self.contact.contradicts
        news = self.contact.sample(active, at_us)
        if self.contact.contradicts and not contradicted:
            _log.warning("%s contradict each other: a wire is cut or shorted", self._named)
        elif contradicted and not self.contact.contradicts:
            _log.info("%s agree again", self._named)
        return news

    def reading(self, at_us: int) -> Reading:
        """Give what is known now."""
        if not self._pins:
            return Reading(self.contact.signal, None, at_us, Quality.NO_ANSWER)
        return self.contact.reading(at_us)

    def close(self) -> None:
        """Free the pins."""
        pins, self._pins = self._pins, []
        for pin in pins:
            pin.close()

    def _failed(self, error: Exception) -> None:
        self.close()
        if not self.wrong:
            _log.warning("%s is lost: %s", self._named, advice(error))
        self.wrong = advice(error)
