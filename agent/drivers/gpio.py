"""Contacts on the Pi's own pins. The only file that knows gpiozero, and it imports it late.

Pins are inputs only. Edges only wake: a missed one is made good by the re-read each second, and the
levels are sampled and debounced here, because what drivers below do about bounce differs.
"""

import asyncio
import importlib
import logging
import os
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep
from agent.drivers.debounce import Debouncer
from agent.drivers.polling import Grid
from agent.drivers.port import Sink
from agent.model import SECOND_US, Quality, Reading
from agent.settings import GpioInput, GpioSettings
from agent.signals import SIGNALS, Kind

_log = logging.getLogger("agent.gpio")

SAMPLE_US: Final = 5_000  # between two samples while a level has not settled
EDGE_REST_US: Final = 1_000  # the least between two looks, however fast a contact chatters
REREAD_US: Final = SECOND_US
STALE_US: Final = 3 * REREAD_US
BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MOST_S: Final = 10.0


def staleness_us(settings: GpioSettings) -> dict[str, int]:
    """Give each signal's staleness limit: three re-reads."""
    return dict.fromkeys(settings.inputs, STALE_US)


def value_of(signal: str, level: bool | None) -> bool | str | None:  # noqa: FBT001
    """What a contact's level means: a door contact knows only closed (active) and not closed."""
    if level is None or not signal.startswith("door.") or SIGNALS[signal].kind is not Kind.ENUM:
        return level
    return "closed" if level else "not_closed"


_ADVICE: Final = (
    ("busy", "another program holds the pin; `gpioinfo` names it, stop it"),
    ("in use", "the pin is configured twice; give each signal a pin of its own"),
    ("fixed pull", 'pins 2 and 3 are pulled up on the board; use active = "low" or another pin'),
    ("revision", "this computer is not a Raspberry Pi; remove the gpio driver or move the card"),
    ("permission", "the service's user must be in group gpio"),
    ("no module named", "the lgpio library is missing; install python3-lgpio"),
    ("pin factory", "GPIOZERO_PIN_FACTORY names no installed pin library; correct or unset it"),
    ("gpiochip", "the kernel shows no GPIO device; check /dev/gpiochip* and the service's rights"),
)


def _advice(error: Exception) -> str:
    text = str(error) or type(error).__name__
    remedy = next((r for needle, r in _ADVICE if needle in text.lower()), "check wiring and pin")
    return f"{text}: {remedy}"


def _is_world(error: Exception) -> bool:
    """Say whether an error comes from pins and chips; anything else is our own mistake."""
    foreign = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    return isinstance(error, (OSError, ImportError)) or not foreign.isdisjoint(
        {"gpiozero", "lgpio"}
    )


class _Input:
    """One contact: its pin, open or not, and its debounced level."""

    def __init__(self, driver: str, signal: str, settings: GpioInput) -> None:
        self.signal = signal
        self.debouncer = Debouncer(settings.debounce_ms * 1000)
        self.wrong = ""
        self._settings = settings
        self._named = f"{driver}: {signal} on pin {settings.pin}"
        self._device: Any = None

    @property
    def is_open(self) -> bool:
        """Whether the pin is ours."""
        return self._device is not None

    @property
    def reading_due(self) -> bool:
        """Whether there is something to say: a level, or that there is no pin."""
        return self._device is None or self.debouncer.level is not None

    def open(self, wake: Callable[[], None]) -> None:
        """Claim the pin as an input; what fails is kept as `wrong` and logged once."""
        try:
            self._device = _claim(self._settings)
            self._device.when_activated = wake
            self._device.when_deactivated = wake
        except Exception as error:
            if not _is_world(error):
                raise
            self._failed(error)
            return
        self.debouncer = Debouncer(self._settings.debounce_ms * 1000)
        if self.wrong:
            _log.info("%s is back", self._named)
        self.wrong = ""

    def sample(self, at_us: int) -> bool:
        """Look at the level; True if there is news."""
        if self._device is None:
            return False
        try:
            level = bool(self._device.is_active)
        except Exception as error:
            if not _is_world(error):
                raise
            self._failed(error)
            return True
        return self.debouncer.sample(level, at_us) is not None

    def reading(self, at_us: int) -> Reading:
        """Give what is known now."""
        if self._device is None:
            return Reading(self.signal, None, at_us, Quality.NO_ANSWER)
        return Reading(self.signal, value_of(self.signal, self.debouncer.level), at_us)

    def close(self) -> None:
        """Free the pin; a chip that is gone needs no freeing."""
        device, self._device = self._device, None
        try:
            if device is not None:
                device.close()
        except Exception as error:
            if not _is_world(error):
                raise

    def _failed(self, error: Exception) -> None:
        self.close()
        if not self.wrong:
            _log.warning("%s is lost: %s", self._named, _advice(error))
        self.wrong = _advice(error)


def _claim(settings: GpioInput) -> Any:  # noqa: ANN401 - gpiozero has no types
    """Open a pin as an input that rests at its inactive level."""
    gpiozero = importlib.import_module("gpiozero")
    if gpiozero.Device.pin_factory is None and "GPIOZERO_PIN_FACTORY" not in os.environ:
        # Named here because gpiozero would otherwise fall back to drivers that miss edges.
        gpiozero.Device.pin_factory = importlib.import_module("gpiozero.pins.lgpio").LGPIOFactory()
    return gpiozero.DigitalInputDevice(settings.pin, pull_up=settings.active == "low")


class GpioDriver:
    """All contacts of one `[[drivers]]` table; each pin fails and comes back on its own."""

    def __init__(
        self, settings: GpioSettings, clock: Clock, chance: random.Random | None = None
    ) -> None:
        self._name = settings.name
        self._signals = staleness_us(settings)
        self._clock = clock
        self._inputs = [_Input(settings.name, s, one) for s, one in settings.inputs.items()]
        self._backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_MOST_S, chance or random.Random())  # noqa: S311 - spreads load
        self._retry_us = 0
        self._link_up: bool | None = None
        self._edge = asyncio.Event()

    @property
    def name(self) -> str:
        """As configured."""
        return self._name

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name to staleness limit in microseconds."""
        return self._signals

    async def run(self, sink: Sink) -> None:
        """Open the pins, sample until cancelled, then free them."""
        loop = asyncio.get_running_loop()

        def wake() -> None:  # on gpiozero's own thread
            if not self._edge.is_set():
                loop.call_soon_threadsafe(self._edge.set)

        reread = Grid(self._clock.uptime_us())
        try:
            while True:
                if not all(one.is_open for one in self._inputs):
                    self._open(wake, sink)
                self._pass(reread, sink)
                sink.turned(self._name)
                await self._rest(reread)
        finally:
            for one in self._inputs:
                one.close()

    def _open(self, wake: Callable[[], None], sink: Sink) -> None:
        """Try the pins that are not open, when their time has come, and report the link."""
        now_us = self._clock.uptime_us()
        if now_us >= self._retry_us:
            for one in self._inputs:
                if not one.is_open:
                    one.open(wake)
            if all(one.is_open for one in self._inputs):
                self._backoff.reset()
            self._retry_us = now_us + int(self._backoff.next_s() * SECOND_US)
        self._report_link(sink)

    def _report_link(self, sink: Sink) -> None:
        """Say when the first pin could be opened and when the last one was lost."""
        up = any(one.is_open for one in self._inputs)
        if up is self._link_up:
            return
        self._link_up = up
        sink.link(self._name, up=up, reason="the pins are open" if up else self._inputs[0].wrong)

    def _pass(self, reread: Grid, sink: Sink) -> None:
        """Sample every pin once; report what changed, and once a second everything."""
        self._edge.clear()
        now_us = self._clock.uptime_us()
        news = [one for one in self._inputs if one.sample(now_us)]
        if now_us >= reread.due_us:
            reread.after(now_us, REREAD_US)
            news = [one for one in self._inputs if one.reading_due]
        if news:
            sink.readings(self._name, [one.reading(now_us) for one in news])

    async def _rest(self, reread: Grid) -> None:
        """Wait for the next sample, or for an edge or the next re-read."""
        now_us = self._clock.uptime_us()
        restless = [one.debouncer for one in self._inputs if one.is_open and one.debouncer.unstable]
        if restless:
            settles_us = min(debouncer.due_us for debouncer in restless) - now_us
            await sleep(max(0, min(SAMPLE_US, settles_us)) / SECOND_US)
            return
        await sleep(EDGE_REST_US / SECOND_US)
        try:
            async with asyncio.timeout(max(0, reread.due_us - now_us) / SECOND_US):
                await self._edge.wait()
        except TimeoutError:
            return
