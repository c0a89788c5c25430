"""Recordings as long as wanted, from the simulated elevator with people in it. Knows no agent but the form."""

from datetime import UTC, datetime
from pathlib import Path

from agent.model import SECOND_US, Reading, Value
from agent.recording import Header, header_line, reading_line, time_line
from hil.world import World

SIGNALS = (
    "car.moving", "car.direction", "car.floor", "car.door_zone", "car.speed_mm_s", "car.occupied",
    "car.call_registered", "door.front", "alarm.button", "brake.released",
)  # fmt: skip
DAY_S = 86_400
RUNS_A_DAY = 400
STEP_S = 0.2  # as often as a controller is polled


def write_days(path: Path, days: int, seed: int = 1) -> int:
    """Write a recording of some days at about 400 runs a day; returns how many readings it holds.

    One day is simulated and repeated: what is measured with it does not learn.
    """
    day = _one_day(seed)
    wall = datetime(2026, 1, 1, tzinfo=UTC)
    header = Header(recording=1, wall=wall, signals=SIGNALS, drivers={"box": SIGNALS})
    with path.open("wb") as file:
        file.write(header_line(header) + b"\n")
        for number in range(days):
            shift_us = number * DAY_S * SECOND_US
            for reading in day:
                at_us = reading.at_us + shift_us
                shifted = Reading(reading.signal, reading.value, at_us)
                file.write(reading_line(shifted, 0) + b"\n")
        file.write(time_line(days * DAY_S * SECOND_US, 0) + b"\n")
    return len(day) * days


def _one_day(seed: int) -> list[Reading]:
    world = World(seed=seed, interval_s=DAY_S / RUNS_A_DAY)
    known: dict[str, Value] = {}
    readings: list[Reading] = []
    for step in range(int(DAY_S / STEP_S)):
        world.advance(step * STEP_S)
        signals = world.signals()
        for name in SIGNALS:
            if known.get(name) != signals[name]:
                known[name] = signals[name]
                readings.append(Reading(name, signals[name], round(step * STEP_S * SECOND_US)))
    return readings
