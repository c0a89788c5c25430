"""The simulated elevator obeys physics and its own rules, and the same seed gives the same ride."""

import itertools
import random
from collections.abc import Callable

import pytest

from agent.signals import signal_for
from hil import deeds
from hil.controller import Phase
from hil.deeds import Refused
from hil.mishaps import Mishaps
from hil.shaft import ZONE_M, Shaft
from hil.world import TICK_S, World

HOUR_S = 3600.0


def empty(**shaft: object) -> World:
    """Build a world in which nobody comes but on command."""
    return World(shaft=Shaft(**shaft), interval_s=None)  # type: ignore[arg-type]


def run_until(world: World, holds: Callable[[World], bool], limit_s: float = 120.0) -> float:
    """Move on until it holds; the time it took."""
    began_s = world.now_s
    while not holds(world):
        assert world.now_s - began_s < limit_s, f"not within {limit_s} s: {world.state()}"
        world.step(TICK_S)
    return world.now_s - began_s


def open_at(floor: int) -> Callable[[World], bool]:
    return lambda world: world.controller.phase is Phase.OPEN and world.car.floor == floor


def trapped(where: str = "between") -> World:
    """Build a world with two people trapped in it."""
    world = empty()
    deeds.entrap(world, where)
    run_until(world, lambda w: w.faults.any and not w.car.moving)
    return world


def check_physics(world: World, last_speed_m_s: float) -> float:
    """Assert what must hold at every instant; give the speed for the next comparison."""
    car, shaft = world.car, world.shaft
    speed_m_s = abs(car.velocity_m_s)
    assert -ZONE_M <= car.position_m <= shaft.top_m + ZONE_M
    assert speed_m_s <= shaft.rated_speed_m_s + 1e-9
    assert speed_m_s - last_speed_m_s <= shaft.acceleration_m_s2 * TICK_S + 0.03
    shut = world.controller.shut
    assert shut or car.in_zone
    assert shut or speed_m_s <= 0.31
    assert world.riders.load_kg <= shaft.rated_load_kg
    signals = world.signals()
    assert signals["landing_doors.locked"] is shut
    assert car.brake_released or speed_m_s == 0.0 or world.controller.phase is Phase.HALTED
    return speed_m_s


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_traffic_and_faults_physics_holds_at_every_instant(seed: int) -> None:
    world = World(seed=seed, interval_s=25.0)
    mishaps = Mishaps(random.Random(seed), 240.0)
    speed_m_s = 0.0
    for tick in range(1, int(HOUR_S / TICK_S)):
        mishaps.advance(world, tick * TICK_S)
        speed_m_s = check_physics(world, speed_m_s)
    assert world.controller.runs > 30


@pytest.mark.parametrize("seed", [31, 34])
def test_whatever_broke_once_repaired_everybody_arrives(seed: int) -> None:
    world = World(seed=seed, interval_s=25.0)
    Mishaps(random.Random(seed), 240.0).advance(world, HOUR_S)
    deeds.release(world)
    deeds.clear_faults(world)
    world.riders.next_arrival_s = float("inf")
    world.step(1200.0)
    assert not world.riders.waiting
    assert not world.riders.aboard
    assert world.controller.phase is Phase.PARKED


def test_every_signal_has_a_name_and_a_type_of_the_contract() -> None:
    world = World(seed=5, shaft=Shaft(rear_floors=frozenset({2})), interval_s=20.0)
    for _ in range(2000):
        world.step(0.1)
        for name, value in world.signals().items():
            row = signal_for(name)
            assert row is not None, name
            assert row.accepts(value), (name, value)


def trace(seed: int, steps_s: list[float]) -> list[object]:
    world = World(seed=seed, interval_s=40.0)
    states: list[object] = []
    for number in range(1, 61):
        target_s = number * 10.0
        while world.now_s < target_s - 1e-6:
            world.advance(min(target_s, world.now_s + steps_s[number % len(steps_s)]))
        states.append(world.state())
    return states


def test_the_same_seed_gives_the_same_ride_however_time_is_divided() -> None:
    assert trace(7, [10.0]) == trace(7, [0.02, 0.5, 0.04, 3.0])


def test_another_seed_gives_another_ride() -> None:
    assert trace(7, [10.0]) != trace(8, [10.0])


@pytest.mark.parametrize("floor", [1, 4, 7])
def test_a_floor_is_reached_in_the_time_the_distance_takes(floor: int) -> None:
    world = empty()
    deeds.ride(world, floor)
    run_until(world, lambda w: w.car.moving)
    took_s = run_until(world, lambda w: not w.car.moving)
    least_s = world.shaft.travel_s(world.shaft.level_m(floor))
    assert world.car.position_m == world.shaft.level_m(floor)
    assert took_s == pytest.approx(least_s, abs=0.5)


def test_doors_begin_to_open_inside_the_zone_while_the_car_still_levels() -> None:
    world = empty()
    deeds.ride(world, 3)
    run_until(world, lambda w: w.signals()["door.front"] == "opening")
    assert world.car.moving
    assert world.car.in_zone
    run_until(world, open_at(3), 5)
    assert world.car.position_m == world.shaft.level_m(3)


def test_a_call_on_the_way_is_answered_first() -> None:
    world = empty()
    deeds.ride(world, 7)
    run_until(world, lambda w: w.car.position_m > 2)
    deeds.call(world, 4)
    run_until(world, open_at(4))
    run_until(world, open_at(7))


def test_the_rear_door_opens_where_it_serves_and_the_front_stays_closed() -> None:
    world = empty(rear_floors=frozenset({2}))
    deeds.ride(world, 2)
    run_until(world, open_at(2))
    signals = world.signals()
    assert (signals["door.rear"], signals["door.front"]) == ("open", "closed")


def test_people_board_ride_and_leave_where_they_wanted() -> None:
    world = empty()
    deeds.board(world, 3, to=5)
    run_until(world, lambda w: len(w.riders.aboard) == 3)
    assert world.signals()["car.load_percent"] > 10  # type: ignore[operator]
    assert world.signals()["car.call_registered"] is True
    run_until(world, open_at(5))
    run_until(world, lambda w: not w.riders.aboard, 10)
    run_until(world, lambda w: w.controller.phase is Phase.PARKED)
    assert world.signals()["car.call_registered"] is False


def test_without_faults_everybody_of_a_busy_morning_arrives() -> None:
    world = World(seed=11, interval_s=15.0)
    world.advance(HOUR_S)
    world.riders.next_arrival_s = float("inf")
    world.step(600.0)
    assert not world.riders.waiting
    assert not world.riders.aboard


def test_an_entrapment_stops_the_car_outside_the_zone_with_people_and_a_pending_call() -> None:
    world = trapped()
    signals = world.signals()
    assert len(world.riders.aboard) == 2
    assert signals["car.door_zone"] is False
    assert signals["door.front"] == "closed"
    assert signals["car.call_registered"] is True
    assert signals["controller.fault"] is True
    position_m = world.car.position_m
    world.step(600.0)
    assert world.car.position_m == position_m


def test_an_entrapment_at_a_landing_keeps_the_doors_closed() -> None:
    world = trapped("landing")
    run_until(world, lambda w: w.controller.phase is Phase.OPENING)
    world.step(120.0)
    signals = world.signals()
    assert len(world.riders.aboard) == 2
    assert signals["car.door_zone"] is True
    assert signals["door.front"] == "closed"
    assert signals["controller.fault"] is True


@pytest.mark.parametrize("where", ["between", "landing"])
def test_the_rescue_brings_everybody_out_and_ends_in_normal_operation(where: str) -> None:
    world = trapped(where)
    world.step(30.0)
    deeds.release(world)
    assert world.signals()["car.mode"] == "rescue"
    run_until(world, lambda w: w.signals()["door.front"] == "open")
    assert world.car.in_zone
    run_until(world, lambda w: w.signals()["car.mode"] == "normal")
    assert not world.riders.aboard
    assert not world.faults.any
    deeds.ride(world, 0 if world.car.floor else 5)
    run_until(world, lambda w: w.car.moving)


def test_a_rescue_works_without_mains_and_the_machine_stays_dead_until_it_is_back() -> None:
    world = trapped()
    deeds.fault(world, "mains_lost")
    deeds.release(world)
    run_until(world, lambda w: not w.riders.aboard)
    run_until(world, lambda w: w.signals()["car.mode"] == "normal")
    deeds.call(world, 7)
    world.step(60.0)
    assert not world.car.moving
    deeds.clear_faults(world)
    deeds.call(world, 7)
    run_until(world, open_at(7))


def test_a_fault_that_vanishes_by_itself_lets_the_ride_go_on() -> None:
    world = trapped()
    deeds.clear_faults(world)
    run_until(world, lambda w: not w.riders.aboard)
    assert world.controller.mode == "normal"


def test_a_dead_drive_tries_again_every_twelve_seconds() -> None:
    world = empty()
    deeds.ride(world, 7)
    run_until(world, lambda w: not w.car.in_zone)
    deeds.fault(world, "drive_retries")
    run_until(world, lambda w: not w.car.moving)
    starts_s = []
    for _ in range(4):
        run_until(world, lambda w: w.car.moving)
        starts_s.append(world.now_s)
        run_until(world, lambda w: not w.car.moving)
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(starts_s)]
    assert gaps_s == pytest.approx([12.0] * 3, abs=2 * TICK_S)
    assert not world.car.in_zone


def test_the_loss_of_mains_stops_the_car_forgets_calls_and_drains_the_battery() -> None:
    world = empty()
    deeds.ride(world, 7)
    run_until(world, lambda w: w.car.position_m > 4)
    deeds.fault(world, "mains_lost")
    world.step(2.0)
    signals = world.signals()
    assert not world.car.moving
    assert signals["power.mains"] is False
    assert signals["safety_chain.closed"] is False
    assert signals["car.call_registered"] is False
    world.step(1800.0)
    assert world.signals()["power.battery_percent"] == 50


def test_an_open_safety_chain_stops_the_car_and_a_closed_one_lets_it_run() -> None:
    world = empty()
    deeds.ride(world, 7)
    run_until(world, lambda w: w.car.position_m > 4)
    deeds.fault(world, "chain_open")
    run_until(world, lambda w: not w.car.moving, 3)
    deeds.clear_faults(world)
    run_until(world, open_at(7))


def test_a_jammed_door_reverses_several_times_and_then_reports_a_fault() -> None:
    world = empty()
    deeds.call(world, 0)
    deeds.fault(world, "door_jam")
    run_until(world, lambda w: w.signals()["door.front"] == "fault")
    assert world.signals()["door.cycle_count"] == 5
    deeds.clear_faults(world)
    run_until(world, lambda w: w.controller.shut, 10)


def test_a_blocked_light_curtain_holds_the_doors_and_then_they_nudge() -> None:
    world = empty()
    deeds.fault(world, "beam_blocked")
    deeds.call(world, 0)
    run_until(world, open_at(0))
    world.step(19.0)
    assert world.signals()["door.front"] == "open"
    took_s = run_until(world, lambda w: w.controller.shut)
    assert took_s > 6.0


def test_a_door_forced_open_between_landings_leaves_the_landing_door_locked() -> None:
    world = trapped()
    deeds.fault(world, "door_forced")
    world.step(1.0)
    assert world.signals()["door.front"] == "open"
    assert world.signals()["landing_doors.locked"] is True
    deeds.clear_faults(world)
    run_until(world, lambda w: w.car.moving)
    assert world.controller.shut


def test_a_frozen_signal_keeps_its_value_while_the_truth_goes_on() -> None:
    world = empty()
    deeds.fault(world, "freeze", signal="car.door_zone")
    deeds.fault(world, "freeze", signal="car.speed_mm_s", value=1234)
    deeds.ride(world, 7)
    run_until(world, lambda w: not w.car.in_zone)
    assert world.signals()["car.door_zone"] is True
    assert world.signals()["car.speed_mm_s"] == 1234
    deeds.clear_faults(world)
    assert world.signals()["car.door_zone"] is False


def test_inspection_stops_the_car_and_ends_with_a_correction_run() -> None:
    world = empty()
    deeds.ride(world, 7)
    run_until(world, lambda w: w.car.position_m > 4)
    deeds.inspection(world, on=True)
    world.step(60.0)
    assert world.signals()["car.mode"] == "inspection"
    assert not world.car.moving
    deeds.inspection(world, on=False)
    run_until(world, open_at(7))


def test_the_presence_sensor_loses_people_and_finds_them_again_and_blips_rarely() -> None:
    world = trapped()
    seen = []
    for _ in range(3000):
        world.step(0.1)
        seen.append(world.signals()["car.occupied"])
    assert 0.2 < sum(map(bool, seen)) / len(seen) < 0.8
    still_s = max(len(run) for run in "".join("x" if v else "." for v in seen).split("x")) / 10
    assert still_s <= 20.5

    lonely = empty()
    blips = 0
    for _ in range(int(4 * HOUR_S)):
        lonely.step(1.0)
        blips += lonely.signals()["car.occupied"] is True
    assert 0 < blips < 40


def test_a_button_is_pressed_for_as_long_as_told() -> None:
    world = empty()
    deeds.press_alarm(world, 2.0)
    assert world.signals()["alarm.button"] is True
    world.step(1.9)
    assert world.signals()["alarm.button"] is True
    world.step(0.2)
    assert world.signals()["alarm.button"] is False


@pytest.mark.parametrize(
    ("deed", "arguments", "says"),
    [
        (deeds.ride, {"to": 8}, "0 to 7 exist"),
        (deeds.ride, {"to": -1}, "0 to 7 exist"),
        (deeds.board, {"riders": 0}, "1 to 20"),
        (deeds.board, {"riders": 1, "to": 0}, "choose another floor"),
        (deeds.entrap, {"where": "attic"}, "`between` or `landing`"),
        (deeds.fault, {"name": "gremlins"}, "door_jam"),
        (deeds.fault, {"name": "freeze", "signal": "car.mood"}, "car.door_zone"),
        (deeds.press_alarm, {"seconds": 0.0}, "more than 0"),
    ],
)
def test_a_deed_that_makes_no_sense_is_refused_with_what_would(
    deed: Callable[..., None], arguments: dict[str, object], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        deed(empty(), **arguments)
