"""The car as a body: it accelerates, levels, brakes. Knows neither calls nor doors nor people."""

import math
from dataclasses import dataclass

from hil.shaft import LEVEL_M, Shaft

LEVELLING_M = 0.02  # the last stretch is crept
LEVELLING_M_S = 0.06
BRAKE_M_S2 = 2.0  # the brake alone, as in an emergency stop
MOVING_M_S = 0.005  # below it nobody would call the car moving


@dataclass(slots=True)
class Car:
    """Position in metres above the lowest landing, velocity in m/s, up is positive."""

    shaft: Shaft
    position_m: float = 0.0
    velocity_m_s: float = 0.0
    brake_released: bool = False
    commanded: bool = False

    @property
    def moving(self) -> bool:
        """Whether an observer would see motion."""
        return abs(self.velocity_m_s) > MOVING_M_S

    @property
    def in_zone(self) -> bool:
        """Whether the doors may be opened here."""
        return self.shaft.in_zone(self.position_m)

    @property
    def floor(self) -> int:
        """The nearest landing."""
        return self.shaft.nearest(self.position_m)

    @property
    def braking_m(self) -> float:
        """How far the car still goes when the drive slows it normally."""
        return self.velocity_m_s**2 / (2 * self.shaft.acceleration_m_s2) + LEVELLING_M

    @property
    def brake_stop_m(self) -> float:
        """Where the car would stand if the brake fell now."""
        way_m = self.velocity_m_s**2 / (2 * BRAKE_M_S2)
        return self.position_m + math.copysign(way_m, self.velocity_m_s)

    def drive_to(self, target_m: float, dt_s: float, limit_m_s: float) -> bool:
        """Go on towards a height, no faster than the limit; True when the car stands level there."""
        self.brake_released = self.commanded = True
        distance_m = target_m - self.position_m
        if self.velocity_m_s * distance_m < 0:  # going away: slow down first
            self._slow(self.shaft.acceleration_m_s2 * dt_s, dt_s)
            return False
        change_m_s = self.shaft.acceleration_m_s2 * dt_s
        speed = min(
            limit_m_s,
            abs(self.velocity_m_s) + change_m_s,
            self._approach_m_s(abs(distance_m)),
        )
        speed = max(speed, abs(self.velocity_m_s) - 1.5 * change_m_s)  # no drive stops at once
        if abs(distance_m) <= max(speed * dt_s, LEVEL_M):
            self.position_m = target_m
            self.stand()
            return True
        self.velocity_m_s = math.copysign(speed, distance_m)
        self.position_m += self.velocity_m_s * dt_s
        return False

    def brake(self, dt_s: float) -> None:
        """Let the brake fall: slow down hard, then stand."""
        self.brake_released = self.commanded = False
        self._slow(BRAKE_M_S2 * dt_s, dt_s)

    def stand(self) -> None:
        """Stay where it is with the brake set."""
        self.velocity_m_s = 0.0
        self.brake_released = self.commanded = False

    def creep(self, velocity_m_s: float, dt_s: float) -> None:
        """Move slowly with the drive commanded, as in a failed attempt to start."""
        self.brake_released = self.commanded = True
        self.velocity_m_s = velocity_m_s
        self.position_m += velocity_m_s * dt_s

    def _approach_m_s(self, distance_m: float) -> float:
        """Speed from which the car can still stop level."""
        ramp_m = max(0.0, distance_m - LEVELLING_M)
        return LEVELLING_M_S + math.sqrt(2 * self.shaft.acceleration_m_s2 * ramp_m)

    def _slow(self, change_m_s: float, dt_s: float) -> None:
        speed = max(0.0, abs(self.velocity_m_s) - change_m_s)
        self.velocity_m_s = math.copysign(speed, self.velocity_m_s) if speed else 0.0
        self.position_m += self.velocity_m_s * dt_s
