"""What people may do to the simulated elevator: ride it, break it, free those inside.

Each deed is a function of the world and takes effect at once or from the next tick on. `DEEDS` is
the table the control socket offers. A deed that makes no sense raises Refused with the reason.
"""

from collections.abc import Callable, Mapping
from typing import Any

from agent.model import Value
from hil.controller import Phase
from hil.faults import FAULTS, REPAIRED_BY_RESCUE
from hil.truth import signals_of
from hil.world import World

DAY_S = 86_400.0


class Refused(Exception):  # noqa: N818 - the name says what happened
    """A deed that makes no sense now; the text says why and what would."""


def ride(world: World, to: int) -> None:
    """Press a floor's button inside the car."""
    world.press(_floor(world, to), inside=True)


def call(world: World, floor: int) -> None:
    """Press the button at a landing."""
    world.press(_floor(world, floor), inside=False)


def board(world: World, riders: int = 1, to: int | None = None) -> None:
    """Let people come to the landing where the car is, or is going, and enter it there."""
    if not 1 <= riders <= 20:
        raise Refused(f"riders = {riders}: 1 to 20 are possible")
    floor = _landing_ahead(world)
    if to is not None and _floor(world, to) == floor:
        raise Refused(f"the car is at floor {floor} already: choose another floor to go to")
    for _ in range(riders):
        world.riders.add(floor, to)
    world.press(floor, inside=False)


def entrap(world: World, where: str = "between") -> None:
    """Trap people `between` landings, or at a `landing` behind doors that stay closed.

    Without anybody aboard or waiting two people enter first; it happens when the car next runs with
    people in it.
    """
    if where not in {"between", "landing"}:
        raise Refused(f"where = {where!r}: `between` or `landing`")
    if world.controller.halted:
        raise Refused("the car cannot run now: clear the faults or the inspection first")
    if not (world.riders.aboard or world.riders.waiting):
        lower_half = _landing_ahead(world) < world.shaft.floors // 2
        board(world, 2, world.shaft.floors - 1 if lower_half else 0)
    world.entrapping = where


def release(world: World) -> None:
    """Rescue: the machine is repaired, the car brought to a landing by hand, everybody leaves.

    Mains and frozen signals stay as they are. Without anybody to free only the repair is done.
    """
    controller = world.controller
    needed = controller.halted or controller.fault_code != 0 or "doors_dead" in world.faults
    world.entrapping = ""
    world.faults.names -= REPAIRED_BY_RESCUE
    if needed and controller.mode == "normal" and controller.phase is not Phase.PARKED:
        controller.begin_rescue(world.now_s)
    world.faults_changed()


def press_alarm(world: World, seconds: float = 2.0) -> None:
    """Press the alarm button in the car."""
    world.buttons.alarm_s = world.now_s + _duration(seconds)


def end_key(world: World, seconds: float = 1.0) -> None:
    """Turn the key that ends the alarm."""
    world.buttons.end_key_s = world.now_s + _duration(seconds)


def fault(world: World, name: str, signal: str | None = None, value: Value | None = None) -> None:
    """Break something, by a name of hil/faults.py; `freeze` takes a signal and perhaps a value."""
    if name not in FAULTS:
        raise Refused(f"no fault {name!r}; there are: {', '.join(FAULTS)}")
    if name == "freeze":
        _freeze(world, signal, value)
    else:
        world.faults.names.add(name)
        world.faults_changed()


def clear_faults(world: World) -> None:
    """Let everything work again as if by itself; nobody is rescued."""
    world.entrapping = ""
    world.faults.clear()
    world.faults_changed()


def inspection(world: World, on: bool = True) -> None:
    """Switch the car to inspection, or back to normal operation."""
    if world.controller.rescuing:
        raise Refused("a rescue is going on: wait until everybody is out")
    world.controller.mode = "inspection" if on else "normal"


DEEDS: Mapping[str, Callable[..., Any]] = {
    deed.__name__: deed
    for deed in (
        ride,
        call,
        board,
        entrap,
        release,
        press_alarm,
        end_key,
        fault,
        clear_faults,
        inspection,
    )
}


def _landing_ahead(world: World) -> int:
    going = world.controller.phase in {Phase.RUNNING, Phase.STARTING}
    return world.controller.target if going else world.car.floor


def _freeze(world: World, signal: str | None, value: Value | None) -> None:
    present = signals_of(world)
    if signal is None or signal not in present:
        raise Refused(f"no signal {signal!r} here; there are: {', '.join(sorted(present))}")
    world.faults.frozen[signal] = present[signal] if value is None else value


def _floor(world: World, floor: int) -> int:
    if not 0 <= floor < world.shaft.floors:
        raise Refused(f"floor {floor}: 0 to {world.shaft.floors - 1} exist")
    return floor


def _duration(seconds: float) -> float:
    if not 0.0 < seconds <= DAY_S:
        raise Refused(f"seconds = {seconds}: more than 0, at most a day")
    return seconds
