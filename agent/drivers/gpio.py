"""Contacts on the Pi's own pins. The only file that knows gpiozero, and it imports it late.

Pins are inputs, but for the one output that may be configured as the announcement. Edges only wake:
a missed one is made good by the re-read each second, and the levels are sampled and debounced here,
because what drivers below do about bounce differs.
"""

import asyncio
import importlib
import os
import random
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, Final

from agent.backoff import Backoff
from agent.clock import Clock, sleep
from agent.drivers.gpio_announcement import Announcement
from agent.drivers.gpio_faults import is_world
from agent.drivers.gpio_input import Input
from agent.drivers.polling import Grid, Statistics
from agent.drivers.port import Sink
from agent.model import SECOND_US
from agent.settings import GpioSettings, Level, Pull

SAMPLE_US: Final = 5_000  # between two samples while a level has not settled
EDGE_REST_US: Final = 1_000  # the least between two looks, however fast a contact chatters
REREAD_US: Final = SECOND_US
STALE_US: Final = 3 * REREAD_US
BACKOFF_FIRST_S: Final = 1.0
BACKOFF_MOST_S: Final = 10.0

_PULL_UP: Final[Mapping[Pull, bool | None]] = {"up": True, "down": False, "none": None}

Struck = Callable[[float, int], None]  # an edge: its time in seconds of one monotonic clock, level


def staleness_us(settings: GpioSettings) -> dict[str, int]:
    """Give each signal's staleness limit: three re-reads."""
    return dict.fromkeys(settings.inputs, STALE_US)


def give_lgpio_a_folder() -> None:
    """Let lgpio make its pipe: it does so in LG_WD, else in the working directory, while imported."""
    if "LG_WD" in os.environ:
        return
    try:
        tempfile.TemporaryFile(dir=".").close()
    except OSError:
        os.environ["LG_WD"] = tempfile.mkdtemp(prefix="elevator-agent-")


def _gpiozero() -> Any:  # noqa: ANN401 - gpiozero has no types
    """Import gpiozero and name its pins; those of the environment come first."""
    gpiozero = importlib.import_module("gpiozero")
    if gpiozero.Device.pin_factory is None and "GPIOZERO_PIN_FACTORY" not in os.environ:
        # Named here because gpiozero would otherwise fall back to drivers that miss edges.
        give_lgpio_a_folder()
        gpiozero.Device.pin_factory = importlib.import_module("gpiozero.pins.lgpio").LGPIOFactory()
    return gpiozero


class InputPin:
    """One claimed input. It has no way to drive its line."""

    def __init__(self, number: int, pull: Pull) -> None:
        pull_up = _PULL_UP[pull]
        floating = {"active_state": True} if pull_up is None else {}
        self._device = _gpiozero().DigitalInputDevice(number, pull_up=pull_up, **floating)
        self._struck: Struck | None = None

    @property
    def is_high(self) -> bool:
        """Read the level."""
        return bool(self._device.pin.state)

    def watch(self, wake: Callable[[], None]) -> None:
        """Have every edge told, on a thread of gpiozero's."""
        self._device.when_activated = wake
        self._device.when_deactivated = wake

    def watch_falls(self, struck: Struck) -> None:
        """Have every fall told with its own time, on a thread of gpiozero's."""
        self._struck = struck  # gpiozero itself keeps callbacks weakly
        self._device.pin.edges = "falling"
        self._device.pin.when_changed = struck

    def close(self) -> None:
        """Free the line; a chip that is gone needs no freeing."""
        try:
            self._device.close()
        except Exception as error:
            if not is_world(error):
                raise


def pulled_up(number: int) -> InputPin:
    """Claim an input whose line rests high."""
    return InputPin(number, "up")


class OutputPin:
    """One claimed output, off from the start. Only the announcement may make one."""

    def __init__(self, number: int, active: Level) -> None:
        self._device = _gpiozero().DigitalOutputDevice(
            number, active_high=active == "high", initial_value=False
        )

    def switch(self, *, on: bool) -> None:
        """Drive the line."""
        self._device.value = on

    def close(self) -> None:
        """Free the line: it is an input afterwards."""
        self._device.close()


class GpioDriver:
    """All pins of one `[[drivers]]` table; each fails and comes back on its own."""

    def __init__(
        self, settings: GpioSettings, clock: Clock, chance: random.Random | None = None
    ) -> None:
        self.statistics = Statistics()
        self._name = settings.name
        self._signals = staleness_us(settings)
        self._clock = clock
        self._inputs = [
            Input(settings.name, s, one, InputPin) for s, one in settings.inputs.items()
        ]
        self._announcement = (
            Announcement(settings.name, settings.announcement, OutputPin)
            if settings.announcement
            else None
        )
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

    def announce(self) -> bool:
        """Start the announcement; False where none is configured or its pin is not ours."""
        return self._announcement is not None and self._announcement.say()

    async def run(self, sink: Sink) -> None:
        """Open the pins, sample until cancelled, then free them."""
        loop = asyncio.get_running_loop()

        def wake() -> None:  # on gpiozero's own thread
            if not self._edge.is_set():
                loop.call_soon_threadsafe(self._edge.set)

        reread = Grid(self._clock.uptime_us())
        try:
            while True:
                if not self._is_open:
                    self._open(wake, sink)
                self._pass(reread, sink)
                sink.turned(self._name)
                await self._rest(reread)
        finally:
            if self._announcement is not None:
                self._announcement.close()
            for one in self._inputs:
                one.close()

    @property
    def _is_open(self) -> bool:
        announcement = self._announcement
        return all(one.is_open for one in self._inputs) and (
            announcement is None or announcement.is_open
        )

    def _open(self, wake: Callable[[], None], sink: Sink) -> None:
        """Try the pins that are not open, when their time has come, and report the link."""
        now_us = self._clock.uptime_us()
        if now_us >= self._retry_us:
            for one in self._inputs:
                if not one.is_open:
                    one.open(wake)
            if self._announcement is not None and not self._announcement.is_open:
                self._announcement.open()
            if self._is_open:
                self._backoff.reset()
            self._retry_us = now_us + int(self._backoff.next_s() * SECOND_US)
        self._report_link(sink)

    def _report_link(self, sink: Sink) -> None:
        """Say when the first pin could be opened and when the last one was lost."""
        up = not self._inputs or any(one.is_open for one in self._inputs)
        if up is self._link_up:
            return
        self.statistics.connects += up
        self.statistics.drops += self._link_up is True
        self._link_up = up
        sink.link(self._name, up=up, reason="the pins are open" if up else self._inputs[0].wrong)

    def _pass(self, reread: Grid, sink: Sink) -> None:
        """Sample every pin once; report what changed, and once a second everything."""
        self._edge.clear()
        now_us = self._clock.uptime_us()
        news = [one for one in self._inputs if one.sample(now_us)]
        if now_us >= reread.due_us:
            reread.after(now_us, REREAD_US)
            self.statistics.polls += 1
            news = [one for one in self._inputs if one.reading_due]
        if news:
            sink.readings(self._name, [one.reading(now_us) for one in news])

    async def _rest(self, reread: Grid) -> None:
        """Wait for the next sample, or for an edge or the next re-read."""
        now_us = self._clock.uptime_us()
        dues = [one.contact.due_us for one in self._inputs if one.is_open]
        settles_us = min((due for due in dues if due is not None), default=None)
        if settles_us is not None:
            await sleep(max(0, min(SAMPLE_US, settles_us - now_us)) / SECOND_US)
            return
        await sleep(EDGE_REST_US / SECOND_US)
        try:
            async with asyncio.timeout(max(0, reread.due_us - now_us) / SECOND_US):
                await self._edge.wait()
        except TimeoutError:
            return
