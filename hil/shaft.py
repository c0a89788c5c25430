"""The building around the car: landings, heights, limits of motion. Facts only; nothing here moves.

Heights are metres above the lowest landing, floors are landing indices from 0.
"""

from dataclasses import dataclass

ZONE_M = 0.2  # half the unlocking zone: inside it a landing door may be unlocked
LEVEL_M = 0.003  # the car stands level


@dataclass(frozen=True, slots=True)
class Shaft:
    """One elevator's fixed data.

    At `rear_floors` the rear door serves the landing, elsewhere the front. `base_floor` numbers the
    lowest landing: -2 where two basements are below the ground floor, 0.
    """

    floors: int = 8
    spacing_m: float = 3.0
    rated_speed_m_s: float = 1.5
    acceleration_m_s2: float = 0.8
    rated_load_kg: float = 1000.0
    base_floor: int = 0
    rear_floors: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        assert self.floors >= 2
        assert all(0 <= floor < self.floors for floor in self.rear_floors)

    @property
    def top_m(self) -> float:
        """Height of the highest landing."""
        return self.level_m(self.floors - 1)

    def level_m(self, floor: int) -> float:
        """Height of a landing."""
        return floor * self.spacing_m

    def nearest(self, position_m: float) -> int:
        """Find the landing closest to a height."""
        return min(self.floors - 1, max(0, round(position_m / self.spacing_m)))

    def off_level_m(self, position_m: float) -> float:
        """Measure how far a height is from its nearest landing."""
        return abs(position_m - self.level_m(self.nearest(position_m)))

    def in_zone(self, position_m: float) -> bool:
        """Whether a car at this height is inside a door zone."""
        return self.off_level_m(position_m) <= ZONE_M

    def label(self, floor: int) -> str:
        """Name a landing as a display does: B2, B1, 1, 2, …."""
        number = floor + self.base_floor
        return f"B{-number}" if number < 0 else str(number + 1)

    def travel_s(self, distance_m: float) -> float:
        """Time of an undisturbed run from standstill to standstill, without levelling."""
        distance_m = abs(distance_m)
        speed, acceleration = self.rated_speed_m_s, self.acceleration_m_s2
        ramps_m = speed * speed / acceleration
        if distance_m < ramps_m:
            return 2.0 * float((distance_m / acceleration) ** 0.5)
        return distance_m / speed + speed / acceleration
