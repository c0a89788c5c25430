"""What can go wrong with the machine, by the control socket's names; nothing here acts."""

from dataclasses import dataclass, field

from agent.model import Value

FAULTS = {
    "stuck": "the drive is dead: the car stops where it is and stays",
    "drive_retries": "the drive is dead but tries again every 12 s, moving the car a little",
    "chain_open": "the safety chain is open: the car stops where it is",
    "mains_lost": "no mains: the car stops, calls are forgotten, the battery drains",
    "doors_dead": "the door operator does nothing: the doors stay as they are",
    "door_jam": "something hard blocks the closing door",
    "beam_blocked": "something stands in the light curtain",
    "door_forced": "somebody inside has pushed the car door open by hand",
    "freeze": "one signal is stuck: at its present value, or at the one given",
}
STOPPING = frozenset({"stuck", "drive_retries", "chain_open", "mains_lost", "door_forced"})
REPAIRED_BY_RESCUE = frozenset(FAULTS) - {"mains_lost", "freeze"}
RETRY_EVERY_S = 12.0
RETRY_S = 0.6
RETRY_M_S = 0.03


@dataclass(slots=True)
class Faults:
    """Which faults stand, and the frozen signals with what they say instead of the truth."""

    names: set[str] = field(default_factory=set)
    frozen: dict[str, Value] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.names or self.frozen)

    @property
    def stop_car(self) -> bool:
        """Whether the car may not run."""
        return not STOPPING.isdisjoint(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def clear(self) -> None:
        """Mend everything."""
        self.names.clear()
        self.frozen.clear()
