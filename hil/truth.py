"""The world's state as the contract's signals: perfect sensors, but for the presence sensor."""

from typing import TYPE_CHECKING

from agent.model import Value
from hil.controller import Phase

if TYPE_CHECKING:
    from hil.world import World

_GOING = {Phase.STARTING, Phase.RUNNING}


def signals_of(world: "World") -> dict[str, Value]:
    """Give every signal this elevator is fitted with."""
    return {**_car(world), **_doors(world), **_machine(world)}


def _car(world: "World") -> dict[str, Value]:
    car, controller = world.car, world.controller
    load = round(100 * world.riders.load_kg / world.shaft.rated_load_kg)
    calls = controller.calls
    return {
        "car.mode": controller.mode,
        "car.moving": car.moving,
        "car.direction": _direction(world),
        "car.floor": car.floor,
        "car.floor_label": world.shaft.label(car.floor),
        "car.door_zone": car.in_zone,
        "car.speed_mm_s": round(abs(car.velocity_m_s) * 1000),
        "car.load_percent": load,
        "car.overload": load > 110,
        "car.occupied": world.presence.value,
        "car.call_registered": bool(calls.car),
        "hall.call_pending": bool(calls.hall),
        "car.light": "mains_lost" not in world.faults,
    }


def _direction(world: "World") -> str:
    controller, car = world.controller, world.car
    if car.moving:
        return "up" if car.velocity_m_s > 0 else "down"
    if controller.phase not in _GOING or controller.target == car.floor:
        return "none"
    return "up" if controller.target > car.floor else "down"


def _doors(world: "World") -> dict[str, Value]:
    doors = world.doors
    # Only a car door opening inside the zone takes a landing door with it.
    unlocked = world.car.in_zone and any(not door.closed for door in doors.values())
    return {
        **{f"door.{name}": door.state for name, door in doors.items()},
        "door.obstructed": any(door.obstructed for door in doors.values()),
        "landing_doors.locked": not unlocked,
        "door.cycle_count": sum(door.cycles for door in doors.values()),
    }


def _machine(world: "World") -> dict[str, Value]:
    now_s, faults = world.now_s, world.faults
    mains = "mains_lost" not in faults
    code = world.controller.fault_code
    return {
        # Tapped before the door contacts: doors do not open it, the loss of its supply does.
        "safety_chain.closed": mains and "chain_open" not in faults,
        "brake.released": world.car.brake_released,
        "drive.command": world.car.commanded,
        "overtravel.top": False,
        "overtravel.bottom": False,
        "power.mains": mains,
        "power.battery_percent": round(world.battery),
        "alarm.button": now_s < world.buttons.alarm_s,
        "alarm.end_key": now_s < world.buttons.end_key_s,
        "controller.fault": code != 0,
        "controller.fault_code": code,
        "controller.run_count": world.controller.runs,
    }
