"""Random lives of an elevator: batches of readings, often good, sometimes lost, at crooked instants."""

from hypothesis import strategies as st

from agent.model import Quality, Reading, Value
from agent.signals import MODES

VALUES: dict[str, list[Value]] = {
    "car.moving": [True, False],
    "car.door_zone": [True, False],
    "door.front": ["open", "closed", "opening", "closing", "stopped", "fault", "not_closed"],
    "door.rear": ["open", "closed", "not_closed"],
    "landing_doors.locked": [True, False],
    "car.occupied": [True, False],
    "car.call_registered": [True, False],
    "car.load_percent": [0, 3, 5, 40],
    "alarm.button": [True, False],
    "alarm.end_key": [True, False],
    "car.mode": list(MODES),
    "car.floor": [0, 1, 2],
    "visit.active": [True, False],
}
DRIVERS = {
    "controller": [name for name in VALUES if not name.startswith("alarm")],
    "contacts": ["alarm.button", "alarm.end_key"],
}
# Around every limit of the rules, from both sides.
GAPS_US = [
    1, 200_000, 499_999, 500_000, 999_999, 1_999_999, 2_000_000, 2_999_999, 3_000_000, 5_000_000,
    9_999_999, 10_000_000, 15_000_000, 20_000_000, 24_999_999, 25_000_000, 60_000_000, 90_000_000,
    120_000_000, 600_000_000, 86_400_000_000,
]  # fmt: skip


@st.composite
def readings(draw, at_us, names=tuple(VALUES)):
    signal = draw(st.sampled_from(names))
    choice = draw(st.integers(0, 9))
    if choice == 0:
        return Reading(signal, None, at_us, draw(st.sampled_from([Quality.BAD, Quality.NO_ANSWER])))
    return Reading(signal, draw(st.sampled_from(VALUES[signal])), at_us)


@st.composite
def histories(draw, max_batches=30):
    """A list of (microseconds, readings), in rising order of time."""
    at_us, history = 0, []
    for _ in range(draw(st.integers(1, max_batches))):
        at_us += draw(st.sampled_from(GAPS_US))
        history.append((at_us, draw(st.lists(readings(at_us), max_size=4))))
    history.append((at_us + 700_000_000, []))
    return history
