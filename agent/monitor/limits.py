"""The limits the rules work with, in whole microseconds: the configured ones and the contract's fixed ones."""

from collections.abc import Mapping

import msgspec

from agent.model import SECOND_US
from agent.settings import MonitorSettings


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Each limit of the contract's section 3; the names are those of `[monitor]` with the unit changed."""

    trapped_off_level_us: int
    trapped_at_level_us: int
    stopped_outside_us: int
    alarm_press_us: int
    longest_zone_gap_us: int
    presence_latch_us: int
    presence_settle_us: int
    presence_total_us: int
    presence_window_us: int
    button_stuck_us: int
    not_closed_is_open_us: int
    not_closed_passable_us: int
    trifle_us: int
    clear_us: int
    car_call_is_evidence: bool
    moved_with_doors_open_us: int
    doors_open_outside_us: int
    landing_door_unlocked_us: int
    safety_chain_moving_us: int
    safety_chain_standing_us: int
    mains_lost_us: int
    entrapment_possible_us: int
    ard_hold_us: int
    unintended_movement_us: int
    unintended_speed_us: int
    overspeed_us: int
    overspeed_mm_s: int | None
    brake_moving_us: int
    brake_standing_us: int
    run_time_limit_us: int
    start_failure_us: int
    door_close_failure_us: int
    door_held_open_us: int
    door_open_failure_us: int
    sensor_contradiction_us: int
    zone_gone_us: int
    battery_low_percent: float
    machine_room_hot_c: float
    machine_room_hot_us: int
    machine_room_door_open_us: int
    disk_low_percent: float
    host_hot_c: float
    host_hot_us: int

    # Fixed by the contract, section 3.1: no installer could choose them sensibly.
    moving_unknown_us: int = 5 * SECOND_US
    doors_open_us: int = 2 * SECOND_US
    run_shortest_us: int = 3 * SECOND_US
    travel_longest_us: int = 120 * SECOND_US  # our choice: 40 landings at 3 s each, and then some
    travel_slowest_us: int = 300 * SECOND_US  # our choice: 25 landings at 12 s each
    presence_readings: int = 3
    presence_stuck_openings: int = 20
    load_step_percent: int = 5
    load_memory_us: int = 24 * 3600 * SECOND_US
    visit_mutes_us: int = 4 * 3600 * SECOND_US
    loss_window_us: int = 10 * SECOND_US
    intercom_silent_intervals: int = 3
    camera_silent_intervals: int = 5
    door_back_open_us: int = 5 * SECOND_US
    door_reopened_us: int = 10 * SECOND_US
    # In a recording that does not say; the drivers' defaults.
    intercom_interval_us: int = 30 * SECOND_US
    camera_interval_us: int = 60 * SECOND_US


# The signals that decide a delay; where they come from different drivers, the delay must outlast their polling.
_STOP = (
    "car.moving", "car.door_zone", "door.front", "door.rear", "landing_doors.locked",
    "car.occupied", "car.call_registered", "car.load_percent", "alarm.button",
)  # fmt: skip


_MOTION_AND_DOORS = ("car.moving", "car.door_zone", "door.front", "door.rear")
_LANDING = ("car.moving", "car.door_zone", "landing_doors.locked")
_CHAIN = (*_MOTION_AND_DOORS, "landing_doors.locked", "safety_chain.closed", "power.mains")
_UNINTENDED = (*_MOTION_AND_DOORS, "drive.command", "car.speed_mm_s")
_BRAKE = ("car.moving", "brake.released")
_PASSAGE = ("car.moving", "car.door_zone")
_ARRIVAL = (*_MOTION_AND_DOORS, "landing_doors.locked", "car.call_registered")
_START = (*_MOTION_AND_DOORS, "car.call_registered", "hall.call_pending", "power.mains")

_CONTRADICTING = (*_MOTION_AND_DOORS, "car.speed_mm_s", "landing_doors.locked")

_ZONE_GONE_S = 10  # our choice: longer than any flicker, and what may be true has been said by then
_OVERSPEED_PERCENT = 115  # of the rated speed (contract, 3.2)
_BEYOND_FULL_TRAVEL_S = 10  # contract, 3.2
_NEVER_US = 100 * 365 * 86_400 * SECOND_US


def limits_of(
    settings: MonitorSettings,
    polls_us: Mapping[str, tuple[str, int]] | None = None,
    *,
    rated_speed_mm_s: int | None = None,
) -> Limits:
    """The limits of a configuration. Without the rated speed no speed is too fast.

    A delay over signals of different drivers is at least twice the slowest poll interval among them; one that a frozen link
    could fill, at least its staleness limit. `polls_us` maps each
    wired signal to (driver, poll interval in microseconds); without it, all come from one source.
    """

    def delay(seconds: float, signals: tuple[str, ...] = _STOP) -> int:
        return max(_us(seconds), 2 * _slowest_us(signals, polls_us or {}))

    def outlasting(seconds: float, signals: tuple[str, ...]) -> int:
        """A frozen link goes on showing its last values until they are stale; a door of another link is then no fault."""
        slowest_us = _slowest_us(signals, polls_us or {})
        return max(_us(seconds), _stale_us(slowest_us) if slowest_us else 0)

    return Limits(
        trapped_off_level_us=delay(settings.trapped_off_level_s),
        trapped_at_level_us=delay(settings.trapped_at_level_s),
        stopped_outside_us=delay(settings.stopped_outside_s),
        alarm_press_us=_us(settings.alarm_press_s),
        longest_zone_gap_us=_us(settings.longest_zone_gap_s),
        presence_latch_us=_us(settings.presence_latch_s),
        presence_settle_us=_us(settings.presence_settle_s),
        presence_total_us=_us(settings.presence_total_s),
        presence_window_us=_us(settings.presence_window_s),
        button_stuck_us=_us(settings.button_stuck_s),
        not_closed_is_open_us=_us(settings.not_closed_is_open_s),
        not_closed_passable_us=_us(settings.not_closed_passable_s),
        trifle_us=_us(settings.trifle_s),
        clear_us=delay(settings.clear_s),
        car_call_is_evidence=settings.car_call_is_evidence,
        moved_with_doors_open_us=outlasting(settings.moved_with_doors_open_s, _MOTION_AND_DOORS),
        doors_open_outside_us=outlasting(settings.doors_open_outside_s, _MOTION_AND_DOORS),
        landing_door_unlocked_us=outlasting(settings.landing_door_unlocked_s, _LANDING),
        safety_chain_moving_us=outlasting(settings.safety_chain_moving_s, _CHAIN),
        safety_chain_standing_us=delay(settings.safety_chain_standing_s, _CHAIN),
        mains_lost_us=_us(settings.mains_lost_s),
        entrapment_possible_us=delay(settings.entrapment_possible_s),
        ard_hold_us=_us(settings.ard_hold_s),
        unintended_movement_us=outlasting(settings.unintended_movement_s, _UNINTENDED),
        unintended_speed_us=outlasting(0, _UNINTENDED),
        overspeed_us=_us(settings.overspeed_s),
        overspeed_mm_s=None
        if rated_speed_mm_s is None
        else rated_speed_mm_s * _OVERSPEED_PERCENT // 100,
        brake_moving_us=outlasting(settings.brake_moving_s, _BRAKE),
        brake_standing_us=delay(settings.brake_standing_s, _BRAKE),
        run_time_limit_us=delay(_run_time_s(settings), _PASSAGE),
        start_failure_us=delay(settings.start_failure_s, _START),
        door_close_failure_us=_us(settings.door_close_failure_s),
        door_held_open_us=(
            _NEVER_US if settings.parks_with_doors_open else _us(settings.door_held_open_s)
        ),
        door_open_failure_us=delay(settings.door_open_failure_s, _ARRIVAL),
        sensor_contradiction_us=delay(settings.sensor_contradiction_s, _CONTRADICTING),
        zone_gone_us=outlasting(_ZONE_GONE_S, _MOTION_AND_DOORS),
        battery_low_percent=settings.battery_low_percent,
        machine_room_hot_c=settings.machine_room_hot_c,
        machine_room_hot_us=_us(settings.machine_room_hot_s),
        machine_room_door_open_us=_us(settings.machine_room_door_open_s),
        disk_low_percent=settings.disk_low_percent,
        host_hot_c=settings.host_hot_c,
        host_hot_us=_us(settings.host_hot_s),
    )


def _run_time_s(settings: MonitorSettings) -> float:
    """A run over the full travel passes no zone for so long where no landing lies between."""
    if not settings.full_travel_s:
        return settings.run_time_limit_s
    return max(settings.run_time_limit_s, settings.full_travel_s + _BEYOND_FULL_TRAVEL_S)


def _slowest_us(signals: tuple[str, ...], polls_us: Mapping[str, tuple[str, int]]) -> int:
    """The slowest poll of the signals that decide a delay, when they come from several drivers; else 0."""
    deciding = {polls_us[name] for name in signals if name in polls_us}
    if len({driver for driver, _ in deciding}) < 2:
        return 0
    return max(interval_us for _, interval_us in deciding)


def _stale_us(interval_us: int) -> int:
    """How long a silent device's last values count (contract, section 3.1: 3 polls, at least 2 s)."""
    return max(3 * interval_us, 2 * SECOND_US)


def _us(seconds: float) -> int:
    return round(seconds * SECOND_US)
