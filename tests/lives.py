"""Random lives of an elevator on the kinds of installation: lifelike ones, told in a story's verbs, and wild ones."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from agent.model import Quality, Reading, Value
from agent.signals import MODES, SIGNALS, Kind, signal_for
from hil.scenarios.corpus import batches
from hil.scenarios.installations import CONTACTS, DRIVE, FULL, TWO_DOORS, Installation
from hil.scenarios.script import Script

EVERYTHING = Installation(
    "everything",
    {
        "host": tuple(name for name in SIGNALS if name.startswith("host.")),
        "controller": tuple(
            name for name in SIGNALS if name.startswith(("car.", "door.", "hall."))
        ),
        "contacts": tuple(
            name
            for name in SIGNALS
            if not name.startswith(("car.", "door.", "hall.", "host.", "card."))
        ),
        "pit": ("intercom.pit",),
        "yard": ("camera.yard",),
    },
)
LIFELIKE = (FULL, TWO_DOORS, DRIVE, CONTACTS)
WILD = (*LIFELIKE, EVERYTHING)

# Around the limits of the rules, from both sides.
GAPS_S = [
    0.1, 0.3, 0.5, 1.0, 1.9, 2.0, 2.9, 3.0, 5.0, 10.0, 14.9, 15.0, 25.0, 30.0, 60.0, 61.0, 90.0, 600.0,
    3600.0,
]  # fmt: skip
NUMBERS: Mapping[str, list[Value]] = {
    "car.floor": [0, 1, 2],
    "car.load_percent": [0, 3, 5, 40],
    "car.speed_mm_s": [0, 20, 300, 1000, 1200],
    "controller.fault_code": [0, 39],
    "power.battery_percent": [10, 39, 40, 41, 100],
    "machine_room.temperature_c": [20.0, 39.9, 40.0],
    "host.temperature_c": [40.0, 80.0, 90.0],
    "host.disk_free_percent": [1, 5, 6, 50],
}
AFTER_S = 700.0

Batches = list[tuple[int, list[Reading]]]


class Life(NamedTuple):
    """What was read on one installation, batch by batch; the last batch is empty and much later."""

    on: Installation
    batches: Batches


def values_of(signal: str) -> list[Value]:
    """What a signal may say, the ordinary more often."""
    row = signal_for(signal)
    assert row is not None
    if row.kind is Kind.BOOL:
        return [True, False]
    if signal == "car.mode":
        return [*MODES, "normal", "normal", "normal", "normal"]
    if row.kind is Kind.ENUM:
        return [*sorted(row.choices), "open", "closed"] if "open" in row.choices else ["up", "none"]
    return NUMBERS.get(signal, [0, 1, 90])


# ---------------------------------------------------------------- lifelike

Deed = Callable[[Script, float], object]


def _elsewhere(s: Script, *, call: bool = True) -> object:
    return s.runs_to(0 if s.floor else 2, call=call)


def _trapped(s: Script, wait_s: float) -> None:
    s.enter().says({"car.call_registered": True}).stops_between().wait(wait_s)
    s.creeps_to_landing().says({"car.call_registered": False}).wait(1).opens().wait(
        5
    ).leave().closes()
    s.floor = 0


def _tries_again(s: Script, wait_s: float) -> None:
    s.stops_between().wait(wait_s).jerks(1).wait(12).jerks(0.5).wait(12)
    s.creeps_to_landing()
    s.floor = 0


def _dark(s: Script, wait_s: float) -> None:
    s.says({"power.mains": False, "safety_chain.closed": False}).wait(wait_s)
    s.says({"power.mains": True, "safety_chain.closed": True})


def _all_dark(s: Script, wait_s: float) -> None:
    s.starts().says({"power.mains": False}).wait(1.5).dies(*s.on.signals).wait(wait_s)
    s.says({"power.mains": True}).revives().arrives()


def _link_lost(s: Script, wait_s: float) -> None:
    s.driver_dies(next(iter(s.on.drivers))).wait(wait_s).revives()


def _blinks(s: Script, signal: str, times: int, each_s: float) -> None:
    value = s.truth(signal)
    for _ in range(times):
        s.says({signal: not value}).wait(each_s).says({signal: value}).wait(each_s)


def _for_a_while(**said: Value) -> Deed:
    values = {name.replace("__", "."): value for name, value in said.items()}

    def deed(s: Script, wait_s: float) -> None:
        before = {name: s.truth(name) for name in values}
        s.says(values).wait(wait_s).says(before)

    return deed


def _children_play(s: Script, _: float) -> None:
    for _ in range(11):
        s.opens().wait(0.5).closes().wait(0.3)


DEEDS: tuple[Deed, ...] = (
    lambda s, _: s.rides_to(0 if s.floor else 3),
    lambda s, _: s.rides_to(0 if s.floor else 3),
    lambda s, _: _elsewhere(s, call=False),
    lambda s, wait_s: s.opens().wait(wait_s).closes(),
    lambda s, wait_s: s.opens().enter().wait(wait_s).leave().closes(),
    lambda s, _: s.moves(20).wait(1).stops(),
    _trapped,
    _tries_again,
    _dark,
    _all_dark,
    _link_lost,
    lambda s, wait_s: s.press_alarm(min(wait_s, 15)),
    lambda s, _: s.turn_end_key(),
    lambda s, _: _blinks(s, "car.door_zone", 3, 0.3),
    lambda s, _: _blinks(s, "car.occupied", 4, 2),
    lambda s, _: _blinks(s, "power.mains", 10, 0.5),
    lambda s, _: _blinks(s, "safety_chain.closed", 3, 1),
    _for_a_while(car__mode="inspection"),
    _for_a_while(car__mode="firefighter"),
    _for_a_while(visit__active=True),
    _for_a_while(controller__fault=True, controller__fault_code=39),
    _for_a_while(car__call_registered=True),
    _for_a_while(intercom__car=False, camera__car=False),
    _for_a_while(overtravel__top=True),
    _for_a_while(machine_room__door_open=True, machine_room__temperature_c=41.0),
    _children_play,
    _for_a_while(power__battery_percent=10, pit__water=True),
    lambda s, wait_s: s.wait(wait_s),
)


@st.composite
def lifelike(draw, kinds=LIFELIKE, most=8):
    """Deeds one after another, each of them as an elevator could do it."""
    script = Script(draw(st.sampled_from(kinds)))
    for _ in range(draw(st.integers(1, most))):
        draw(st.sampled_from(DEEDS))(script, draw(st.sampled_from(GAPS_S)))
        script.wait(draw(st.sampled_from(GAPS_S[:12])))
    script.wait(AFTER_S)
    return Life(script.on, [*batches(script.readings), (script.at_us(), [])])


# ---------------------------------------------------------------- wild


@st.composite
def _some(draw, on, at_us):
    signals = draw(st.lists(st.sampled_from(on.signals), min_size=1, max_size=4, unique=True))
    return [draw(_reading(name, at_us)) for name in signals]


@st.composite
def _reading(draw, signal, at_us):
    if draw(st.integers(0, 9)) == 0:
        return Reading(signal, None, at_us, draw(st.sampled_from([Quality.BAD, Quality.NO_ANSWER])))
    return Reading(signal, draw(st.sampled_from(values_of(signal))), at_us)


@st.composite
def _whole_driver(draw, on, at_us):
    """A link that is lost, or that says everything at once."""
    names = draw(st.sampled_from([on.drivers[driver] for driver in sorted(on.drivers)]))
    if draw(st.booleans()):
        return [Reading(name, None, at_us, Quality.NO_ANSWER) for name in names]
    return [Reading(name, draw(st.sampled_from(values_of(name))), at_us) for name in names]


@st.composite
def wild(draw, kinds=WILD, most=20):
    """Anything at crooked instants."""
    on, at_us, life = draw(st.sampled_from(kinds)), 0, []
    for _ in range(draw(st.integers(1, most))):
        at_us += round(draw(st.sampled_from(GAPS_S)) * 1_000_000) - draw(st.integers(0, 1))
        batch = draw(st.one_of(_some(on, at_us), _some(on, at_us), _whole_driver(on, at_us)))
        life.append((at_us, batch))
    life.append((at_us + round(AFTER_S * 1_000_000), []))
    return Life(on, life)


def lives():
    """Both."""
    return st.one_of(lifelike(), wild())
