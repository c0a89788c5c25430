"""A gpiozero pin factory whose pins are driven by another process over a Unix socket.

Chosen by GPIOZERO_PIN_FACTORY=simulated; HIL_PINS_SOCKET names the socket of hil/pins_server.py. It
knows pins and levels, and nothing of elevators. Only a pin that the server names as an output can be
driven; a line keeps the level it was driven to when its owner dies, as on a Raspberry Pi.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable

from gpiozero.exc import (
    BadPinFactory,
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPull,
    PinSetInput,
)
from gpiozero.pins import PinInfo
from gpiozero.pins.pi import PiFactory, PiPin

SOCKET_VARIABLE = "HIL_PINS_SOCKET"
_BOARD = 0xC03115  # the revision of a Pi 4B, for the header and its fixed pull-ups
_FIRST_LEVELS_S = 1.0
_AGAIN_S = 0.05


class SimulatedPin(PiPin):  # type: ignore[misc]
    """One line. An input's level is what the wire says; an unconnected one follows its pull."""

    def __init__(self, factory: "SimulatedFactory", info: PinInfo) -> None:
        super().__init__(factory, info)
        self._pull = info.pull or "floating"
        self._edges = "both"
        self._watched = False
        self._driven: int | None = None  # an output's level

    def close(self) -> None:
        """Stop watching and driving."""
        self.when_changed = None
        self._set_function("input")

    def wire_changed(self, level: int, ticks: float) -> None:
        """Fire the callback for an edge that is wanted; called on the factory's thread."""
        edge = "rising" if level else "falling"
        with self._when_changed_lock:  # the owner may be taking its callback away
            if self._watched and self._edges in ("both", edge):
                self._call_when_changed(ticks, level)

    def _get_function(self) -> str:
        return "input" if self._driven is None else "output"

    def _set_function(self, value: str) -> None:
        if value == "input":
            if self._driven is not None:
                self._driven = None
                self.factory.drive(self._number, 0)  # nobody holds it: the player's own pull does
        elif value == "output" and self._number in self.factory.outputs:
            self._set_level(0)
        else:
            raise PinInvalidFunction(f"{self!r} can only be an input: the bench drives it")

    def _set_state(self, value: float) -> None:
        if self._driven is None:
            raise PinSetInput(f"{self!r} is an input and cannot be driven")
        self._set_level(int(bool(value)))

    def _set_level(self, level: int) -> None:
        self._driven = level
        self.factory.drive(self._number, level)

    def _get_state(self) -> int:
        if self._driven is not None:
            return self._driven
        level: int | None = self.factory.level(self._number)
        return int(self._pull == "up") if level is None else level

    def _get_pull(self) -> str:
        return str(self._pull)

    def _set_pull(self, value: str) -> None:
        if value not in ("floating", "up", "down"):
            raise PinInvalidPull("pull must be floating, up, or down")
        if self.info.pull and value != self.info.pull:
            raise PinFixedPull(f"{self!r} has a fixed pull-{self.info.pull} resistor")
        self._pull = value

    def _get_bounce(self) -> None:
        return None

    def _set_bounce(self, value: float | None) -> None:
        if value is not None:
            raise PinInvalidBounce("simulated pins do not debounce: the agent does it itself")

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        if value not in ("none", "rising", "falling", "both"):
            raise PinInvalidEdges(f"{value!r} is no edge: none, rising, falling, both")
        self._edges = value

    def _enable_event_detect(self) -> None:
        self._watched = True

    def _disable_event_detect(self) -> None:
        self._watched = False


class SimulatedFactory(PiFactory):  # type: ignore[misc]
    """Pins of a pretended Pi 4. The first levels are there when the constructor returns.

    Where no simulator runs yet it returns at once; levels keep their last value while it is away.
    """

    def __init__(self, path: str | None = None) -> None:
        super().__init__()
        self._path = path or os.environ.get(SOCKET_VARIABLE, "")
        if not self._path:
            raise BadPinFactory(
                f"simulated pins need a simulator: set {SOCKET_VARIABLE} to the path of its "
                "--pins-socket"
            )
        self.pin_class = SimulatedPin
        self.outputs: set[int] = set()
        self._levels: dict[int, int] = {}
        self._driving: dict[int, int] = {}
        self._closing = threading.Event()
        self._complete = threading.Event()
        self._line: socket.socket | None = None
        self._thread = threading.Thread(target=self._follow, name="pins", daemon=True)
        self._thread.start()
        self._complete.wait(_FIRST_LEVELS_S)

    def close(self) -> None:
        """Close every pin and leave the simulator."""
        self._closing.set()
        line = self._line
        if line is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                line.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        super().close()

    def level(self, number: int) -> int | None:
        """Tell what the wire says, None where no wire is connected."""
        return self._levels.get(number)

    def drive(self, number: int, level: int) -> None:
        """Put a level on an output's wire; told again to a simulator that comes later."""
        self._driving[number] = level
        line = self._line
        if line is not None:
            _say(line, number, level)

    @staticmethod
    def ticks() -> float:
        """Seconds of the monotonic clock, as gpiozero's local factories count."""
        return time.monotonic()

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        """Seconds between two ticks."""
        return later - earlier

    def _get_revision(self) -> int:
        return _BOARD

    def _follow(self) -> None:
        while not self._closing.is_set():
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                try:
                    line.connect(self._path)
                except OSError:
                    self._complete.set()  # nobody there: do not keep the caller waiting
                else:
                    self._line = line
                    for number, level in tuple(self._driving.items()):
                        _say(line, number, level)
                    if not self._closing.is_set():  # close() shuts down the line it sees
                        _each_line(line, self._take)
                    self._line = None
            self._closing.wait(_AGAIN_S)

    def _take(self, text: bytes) -> None:
        said = json.loads(text)
        if "output" in said:
            self.outputs.add(int(said["output"]))
            return
        if "pin" not in said:
            self._complete.set()
            return
        ticks = float(said.get("at", self.ticks()))
        number, level = int(said["pin"]), int(said["level"])
        before, self._levels[number] = self._levels.get(number), level
        for pin in tuple(self.pins.values()):
            if before != level and pin._number == number:  # noqa: SLF001 - of our own class
                pin.wire_changed(level, ticks)


def _say(line: socket.socket, number: int, level: int) -> None:
    text = json.dumps({"pin": number, "level": level}, separators=(",", ":"))
    with contextlib.suppress(OSError):  # it has ended: the next one is told
        line.sendall(text.encode() + b"\n")


def _each_line(line: socket.socket, take: Callable[[bytes], None]) -> None:
    """Hand over each complete line until the other side ends."""
    rest = b""
    while True:
        try:
            data = line.recv(4096)
        except OSError:
            return
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for text in lines:
            take(text)
