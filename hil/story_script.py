"""The story: a table of beats, each a deed and what must be seen after it. It prints nothing.

The limits of the agent's rules are the real ones; the time between is the simulated machine's own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hil.demo_facts import BUTTON, INTERCOM, TRAPPED, Facts
from hil.demo_stage import Stage


def _nothing(_stage: Stage) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Beat:
    """`name` finds its caption in hil/story_texts.py; `until` must hold within `within_s` of the deed."""

    name: str
    until: Callable[[Facts], bool]
    within_s: float
    deed: Callable[[Stage], object] = _nothing


def _online(facts: Facts) -> bool:
    good = bool(facts.signals) and all(each["q"] == "good" for each in facts.signals.values())
    return good and facts.seen.status == "online" and 1 in facts.seen.events


def _rode_to(floor: int) -> Callable[[Facts], bool]:
    def rode(facts: Facts) -> bool:
        there = facts.car["car.floor"] == floor and facts.car["door.front"] == "open"
        return there and not facts.elevator["aboard"]

    return rode


def _stopped_between(facts: Facts) -> bool:
    outside = not facts.car["car.moving"] and not facts.car["car.door_zone"]
    return outside and "stuck" in facts.elevator["faults"]


def _delivered(code: str, transition: str) -> Callable[[Facts], bool]:
    def delivered(facts: Facts) -> bool:
        topics = {name.partition("/")[0] for name in facts.seen.alarms}
        stands = (code in topics) is (transition == "raised")
        return stands and facts.seen.got(code, transition) is not None

    return delivered


def _owed_clear(facts: Facts) -> bool:
    cleared = facts.journaled(TRAPPED, "cleared") and facts.journaled(BUTTON, "cleared")
    return bool(cleared) and not facts.standing and not facts.elevator["aboard"]


def _all_delivered(facts: Facts) -> bool:
    nothing_left = not facts.missing and not facts.standing and not facts.seen.alarms
    cleared = _delivered(TRAPPED, "cleared")(facts) and _delivered(BUTTON, "cleared")(facts)
    good = all(each["q"] == "good" for each in facts.signals.values())
    return good and facts.connected and nothing_left and cleared and facts.seen.status == "online"


STORY = (
    Beat("start", _online, 30),
    Beat("ride", _rode_to(2), 60, lambda s: s.elevator.client.do("board", riders=1, to=2)),
    Beat("ride_again", _rode_to(4), 60, lambda s: s.elevator.client.do("board", riders=1, to=4)),
    Beat("entrap", _stopped_between, 60, lambda s: s.elevator.client.do("entrap")),
    Beat("rule", lambda facts: TRAPPED in facts.standing, 30),
    Beat("raised", _delivered(TRAPPED, "raised"), 10),
    Beat("button", _delivered(BUTTON, "raised"), 10, lambda s: s.elevator.client.do("press_alarm")),
    Beat("outage", lambda facts: not facts.connected, 30, lambda s: s.broker.stop()),
    Beat("rescue", _owed_clear, 60, lambda s: s.elevator.client.do("release")),
    Beat("back", _all_delivered, 90, lambda s: s.broker.start()),
    Beat("silent", _delivered(INTERCOM, "raised"), 40, lambda s: s.station.switch(on=False)),
    Beat("heard", _all_delivered, 30, lambda s: s.station.switch(on=True)),
)  # fmt: skip


class Play:
    """Goes through the beats as facts come in.

    `dwell_s` is how long a person needs to read a caption; what comes of it is left to be seen half as long.
    """

    def __init__(self, stage: Stage, dwell_s: float = 0.0) -> None:
        self._stage = stage
        self._dwell_s = dwell_s
        self._next = 0
        self._since_s = 0.0
        self._seen_s: float | None = None
        self.beat: Beat | None = None
        self.over = False
        self.missed: Beat | None = None

    def step(self, facts: Facts) -> bool:
        """Go on when it is time; True when a new beat has begun."""
        if self.over or self._waits(facts):
            return False
        if self.missed is not None or self._next == len(STORY):
            self.over = True
            return False
        self.beat = STORY[self._next]
        self._next += 1
        self._since_s, self._seen_s = facts.at_s, None
        self.beat.deed(self._stage)
        return True

    def _waits(self, facts: Facts) -> bool:
        """Whether the beat still runs; one whose time is up is the last."""
        if self.beat is None:
            return False
        if self._seen_s is None and self.beat.until(facts):
            self._seen_s = facts.at_s
        if self._seen_s is not None:
            until_s = max(self._since_s + self._dwell_s, self._seen_s + self._dwell_s / 2)
            return facts.at_s < until_s
        if facts.at_s - self._since_s > self.beat.within_s:
            self.missed = self.beat
        return self.missed is None
