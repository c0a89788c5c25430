"""The register map of the car-top sensor box, encoded from signals: 19 registers from 0x10.

The box sits on the car with sensors of its own: level, door, motion, a person. It does not know the
controller, the safety chain or the mains. Its own detectors and counters (0x10, 0x13 to 0x1C) are
not simulated and read 0; what it is set up with (0x1D to 0x22) is there.
"""

from collections.abc import Mapping

from agent.model import Value
from hil.shaft import Shaft

FIRST = 0x10
COUNT = 19
DEVICE_ID = 0xF7
UP, DOWN, AT_LEVEL, DOOR_OPEN, PERSON = 0x0100, 0x0200, 0x0400, 0x0800, 0x1000
NEGATIVE = 0xE0  # floors below 0 count down from here
OVERSPEED_SHARE = 1.2
# Its thresholds: trapped at level s, trapped off level s, stopped off level s, door min, run min, door cycles.
THRESHOLDS = ((90 << 8) | 15, (15 << 8) | 1, (1 << 8) | 20)


def encode(signals: Mapping[str, Value], shaft: Shaft) -> list[int]:
    """Give the registers 0x10 to 0x22 for these signals."""
    registers = [0] * COUNT
    registers[0x11 - FIRST] = status_word(signals)
    registers[0x12 - FIRST] = floor_and_speed(signals, shaft)
    registers[0x1D - FIRST :] = _setup(shaft)
    return registers


def status_word(signals: Mapping[str, Value]) -> int:
    """Register 0x11: direction of motion, at level, door open, person; the low byte is its own health."""
    bits = {
        UP: signals["car.moving"] is True and signals["car.direction"] == "up",
        DOWN: signals["car.moving"] is True and signals["car.direction"] == "down",
        AT_LEVEL: signals["car.door_zone"] is True,
        DOOR_OPEN: any(
            signals.get(door, "closed") != "closed" for door in ("door.front", "door.rear")
        ),
        PERSON: signals["car.occupied"] is True,
    }
    return sum(bit for bit, on in bits.items() if on)


def floor_and_speed(signals: Mapping[str, Value], shaft: Shaft) -> int:
    """Register 0x12: the floor's number in the high byte, tenths of m/s in the low byte."""
    floor, speed = signals["car.floor"], signals["car.speed_mm_s"]
    assert isinstance(floor, int)
    assert isinstance(speed, int)
    number = floor + shaft.base_floor
    high = number if number >= 0 else NEGATIVE - number
    return (high & 0xFF) << 8 | min(255, round(speed / 100))


def _setup(shaft: Shaft) -> list[int]:
    below = max(0, -shaft.base_floor)
    return [
        (shaft.floors - below) << 8 | below,
        (shaft.base_floor & 0xFF) << 8 | round(shaft.spacing_m * 10),
        round(shaft.rated_speed_m_s * OVERSPEED_SHARE * 10),
        *THRESHOLDS,
    ]
