"""Frames as a person looks at them: taken apart, with the signals a profile finds in them, and chosen. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.drivers.dissect import Dissected, Framing
from agent.drivers.dissect_talk import Talk
from agent.drivers.registers import Decode, Point, Table
from agent.drivers.registers import decoder as compiled
from agent.model import Quality, Value

_TABLES: Mapping[int, Table] = {table.function: table for table in Table}

Signals = tuple[tuple[str, Value | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A frame and what it says. `signals` are those it carries; None for an implausible value."""

    driver: str
    way: Literal["out", "in"]
    data: bytes
    note: str
    said: Dissected
    signals: Signals = ()

    @property
    def is_bad(self) -> bool:
        """Whether something is wrong with it, or the device refuses."""
        return bool(self.note or self.said.wrong or self.said.exception)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which frames to show; None is all. `addresses` are the first and the last, both included."""

    driver: str | None = None
    device: int | None = None
    function: int | None = None
    addresses: tuple[int, int] | None = None
    errors: bool = False

    def fits(self, seen: Seen) -> bool:
        """Whether a frame is to be shown."""
        said = seen.said
        return (
            self.driver in {None, seen.driver}
            and self.device in {None, said.device}
            and self.function in {None, said.function}
            and (self.addresses is None or _meets(said, *self.addresses))
            and (seen.is_bad or not self.errors)
        )


def _meets(said: Dissected, first: int, last: int) -> bool:
    if said.address is None or said.count is None:
        return False
    return said.address <= last and first < said.address + max(1, said.count)


class View:
    """Sees frames in the order they passed. `points` are those of each driver's profile."""

    def __init__(
        self, framings: Mapping[str, Framing], points: Mapping[str, Sequence[Point]]
    ) -> None:
        self._talk = Talk(framings)
        self._points = points
        self._decoders: dict[tuple[str, int, int, int], tuple[tuple[str, Decode], ...]] = {}

    def see(self, driver: str, way: Literal["out", "in"], data: bytes, note: str = "") -> Seen:
        """Look at the next frame."""
        said = self._talk.heard(driver, data, out=way == "out")
        return Seen(
            driver=driver,
            way=way,
            data=data,
            note=note,
            said=said,
            signals=self._signals(driver, said),
        )

    def _signals(self, driver: str, said: Dissected) -> Signals:
        if said.wrong or said.function is None or said.address is None or not said.values:
            return ()
        key = (driver, said.function, said.address, len(said.values))
        if key not in self._decoders:
            self._decoders[key] = _decoders(self._points.get(driver, ()), *key[1:])
        readings = [(name, decode(said.values, 0)) for name, decode in self._decoders[key]]
        return tuple(
            (name, reading.value if reading.quality is Quality.GOOD else None)
            for name, reading in readings
        )


def _decoders(
    points: Sequence[Point], function: int, address: int, count: int
) -> tuple[tuple[str, Decode], ...]:
    """Compile the points that stand whole in an answer."""
    table = _TABLES.get(function)
    return tuple(
        (point.signal, compiled(point, address))
        for point in points
        if point.table is table
        and address <= point.address
        and point.addresses.stop <= address + count
    )
