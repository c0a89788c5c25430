"""An elevator that goes through more than any other: events by chance, alarms raised and cleared. Pure, from a seed."""

import random
from collections.abc import Collection, Sequence

from agent.model import Event, Severity, Transition

Key = tuple[str, str | None]

# What may stand, and how grave it is; of each kind enough that several stand at once.
STANDING: dict[Key, Severity] = {
    ("alarm_button", None): Severity.CRITICAL,
    ("trapped_passengers", None): Severity.CRITICAL,
    ("overspeed", None): Severity.CRITICAL,
    ("unintended_movement", None): Severity.CRITICAL,
    ("doors_open_outside_zone", None): Severity.CRITICAL,
    ("door_close_failure", None): Severity.MAJOR,
    ("intercom_silent", "car"): Severity.MAJOR,
    ("intercom_silent", "duty_room"): Severity.MAJOR,
    ("camera_silent", "car"): Severity.MINOR,
    ("pit_water", None): Severity.MINOR,
}
_MODES = ("normal", "attendant", "independent", "vip")
_PAUSE_S = 3.0  # on average
_BURST_MOST = 60
_FLOOD = 400  # more than both lanes hold in memory, so that they are fetched from the disk


class Life:
    """One agent's share of such a life: `pause_s`, then `events` of one instant, again and again."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)

    def pause_s(self) -> float:
        """Until the next events; now and then they follow at once."""
        return 0.0 if self._chance.random() < 0.1 else self._chance.expovariate(1 / _PAUSE_S)

    def events(self, at_us: int, standing: Collection[Key]) -> Sequence[Event]:
        """Events of one instant, which fit to what stands."""
        match self._chance.random():
            case few if few < 0.55:
                return [self._notice(at_us)]
            case one if one < 0.93:
                return [self._turn(at_us, standing)]
            case many if many < 0.995:
                count = self._chance.randrange(2, _BURST_MOST)
            case _:
                count = _FLOOD
        notices = [self._notice(at_us) for _ in range(count)]
        notices.insert(self._chance.randrange(count), self._turn(at_us, standing))
        return notices

    def _notice(self, at_us: int) -> Event:
        before, after = self._chance.sample(_MODES, 2)
        return Event(
            code="mode_changed",
            transition=Transition.NOTICE,
            severity=Severity.INFO,
            at_us=at_us,
            detail={"from": before, "to": after},
        )

    def _turn(self, at_us: int, standing: Collection[Key]) -> Event:
        key = self._chance.choice(list(STANDING))
        transition = Transition.CLEARED if key in standing else Transition.RAISED
        return Event(
            code=key[0],
            instance=key[1],
            transition=transition,
            severity=STANDING[key],
            at_us=at_us,
            since_us=at_us,
            detail={"reason": "rule_ended"} if key in standing else {},
        )
