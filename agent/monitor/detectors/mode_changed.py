"""A mode was entered. Unknown in between changes nothing, and the first mode seen is no change.

While the mains are lost each mode is told once: a controller that starts again with each dip of the supply would else fill
the journal. When they are back, the mode then is told if another was told last.
"""

import msgspec

from agent.model import Detail
from agent.monitor.alarms import standing_term
from agent.monitor.condition import NO, Condition
from agent.monitor.detectors.detector import Detector
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot

_MAINS_LOST = standing_term("mains_lost")


class Told(msgspec.Struct, frozen=True):
    """`last`: the mode told, or first seen. `dark`: the modes told since the mains were lost, none while they are there."""

    last: str | None = None
    dark: tuple[str, ...] = ()


def _step(memory: Told, snapshot: Snapshot, _: Limits) -> tuple[Told, Condition]:
    mode: str | None = snapshot.values["car.mode"]
    last, dark = memory.last, _dark(memory, snapshot)
    if mode is None or mode == last or mode in dark:
        return Told(last, dark), NO
    after = Told(mode, (*dark, mode) if dark else ())
    if last is None:
        return after, NO
    detail: dict[str, Detail] = {"from": last, "to": mode}
    return after, Condition(holds=False, notice=True, since_us=snapshot.at_us, detail=detail)


def _dark(memory: Told, snapshot: Snapshot) -> tuple[str, ...]:
    """The modes told since the mains were lost, the one told before included."""
    if memory.last is None or snapshot.values[_MAINS_LOST] is not True:
        return ()
    return memory.dark or (memory.last,)


MODE_CHANGED = Detector(
    "mode_changed", ("car.mode", _MAINS_LOST), _step, memory=Told(), memory_type=Told
)
