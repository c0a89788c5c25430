"""The HPMONT CIC module's registers, encoded from signals: 39 from 51200. And the module as a function.

What is not simulated reads 0; a rear door that is not fitted does too. Source: the vendor's register
sheet, as the profile hpmont-cic states it.
"""

import struct
from collections.abc import Callable, Mapping, Sequence

from agent.model import Value

STATION, READ = 2, 3
FIRST, COUNT = 51200, 39
DOORS = ("opening", "open", "closing", "closed", "fault", "stopped")
MODES = (
    "normal", "inspection", "rescue", "learning", "fire_recall", "firefighter", "attendant",
    "independent", "homing", "vip",
)  # fmt: skip
DIRECTIONS = ("none", "up", "down")
OVERLOAD, FAULT, PASSENGER = 1 << 7, 1 << 12, 1 << 1


def encode(signals: Mapping[str, Value], *, linked: bool = True, floors: int = 18) -> list[int]:
    """Give the registers for these signals; `linked`: the module reaches the main board."""
    words = [0] * COUNT
    doors = [_index(DOORS, signals.get(door, "opening")) for door in ("door.front", "door.rear")]
    runs, floor = _whole(signals, "controller.run_count"), _whole(signals, "car.floor")
    words[0] = _whole(signals, "car.speed_mm_s")
    words[5] = doors[0] | doors[1] << 3
    words[6], words[7] = runs >> 16 & 0xFFFF, runs & 0xFFFF
    words[8] = int(signals.get("car.moving") is True)
    words[10] = _status(signals)
    words[11] = 100 * _whole(signals, "controller.fault_code")
    words[12] = floor
    words[13] = int(signals.get("car.call_registered") is True) << floor % 16
    words[16] = int(signals.get("hall.call_pending") is True)
    words[22] = floors
    words[35] = int(linked)
    words[38] = PASSENGER * (signals.get("car.occupied") is True)
    return words


def _status(signals: Mapping[str, Value]) -> int:
    """Register 51210: mode, overload, direction, fault."""
    return (
        _index(MODES, signals.get("car.mode", "normal"))
        | OVERLOAD * (signals.get("car.overload") is True)
        | _index(DIRECTIONS, signals.get("car.direction", "none")) << 8
        | FAULT * (signals.get("controller.fault") is True)
    )


def _index(names: Sequence[str], value: Value) -> int:
    return names.index(str(value))


def _whole(signals: Mapping[str, Value], signal: str) -> int:
    value = signals.get(signal, 0)
    assert isinstance(value, int)
    return value


def module(registers: Callable[[], Sequence[int]]) -> Callable[[bytes], bytes]:
    """Make the module: the body of a question in, the body of its answer out.

    What it does with a question outside its registers is stated nowhere: here it says nothing.
    """

    def answer(question: bytes) -> bytes:
        function, address, count = struct.unpack(">BHB", question)
        words = registers()
        start = address - FIRST
        if function != READ or not 0 <= start < start + count <= len(words):
            return b""
        return question + struct.pack(f">{count}H", *words[start : start + count])

    return answer
