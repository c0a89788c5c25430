"""The shaft as seen from the side: two lines a floor, the car where it really is. Pure."""

from agent.cli.parts import Line, Part
from hil.demo_facts import TRAPPED, Facts
from hil.demo_stage import FLOORS
from hil.shaft import Shaft
from hil.story_texts import Words

WIDTH = 22
_SHAFT = Shaft(floors=FLOORS)
_INSIDE = 8
_MOST_RIDERS = 4
_ARROWS = {"up": "^", "down": "v"}
_DOORS = {"closed": "]", "open": " "}


def shaft(facts: Facts, words: Words) -> list[Line]:
    """Draw shaft and car, and below them what the doors do and who is there."""
    height = _half_floors(facts)
    rows: list[Line] = []
    for half in reversed(range(2 * FLOORS - 1)):
        label = "" if half % 2 else str(half // 2 + 1)
        inside = _car(facts) if half == height else (" " * _INSIDE, "")
        rows.append([(f" {label:>2} |", "dim"), inside, ("|", "dim")])
    state = str(facts.car["door.front"])
    elevator = facts.elevator
    riders = words("car.riders", aboard=elevator["aboard"], waiting=elevator["waiting"])
    rows.append([(f" {words('car.door', state=words(f'door.{state}'))}", "")])
    rows.append([(f" {riders}", "")])
    return rows


def _half_floors(facts: Facts) -> int:
    """How high the car is in half floors: even at a landing, odd between two."""
    floor, outside = int(facts.car["car.floor"]), not facts.car["car.door_zone"]
    if not outside:
        return 2 * floor
    above = facts.elevator["position_m"] > _SHAFT.level_m(floor)
    return 2 * floor + (1 if above else -1)


def _car(facts: Facts) -> Part:
    riders = "o" * min(_MOST_RIDERS, facts.elevator["aboard"])
    arrow = _ARROWS.get(str(facts.car["car.direction"]), " ") if facts.car["car.moving"] else " "
    stopped = bool(facts.elevator["faults"])
    door = _DOORS.get(str(facts.car["door.front"]), ":")
    kind = "critical" if TRAPPED in facts.standing else "major" if stopped else "bold"
    return (f"[{riders:<4} {'x' if stopped else arrow}{door}", kind)
