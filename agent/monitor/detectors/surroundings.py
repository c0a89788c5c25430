"""机房高温, 机房门未关, 底坑积水: what surrounds the elevator."""

from agent.monitor.detectors.held import contact_held, held
from agent.monitor.snapshot import Snapshot
from agent.monitor.truth import every, is_not


def _open_without_a_visit(snapshot: Snapshot) -> bool | None:
    """The time begins when the visit is over."""
    values = snapshot.values
    return every(values["machine_room.door_open"], is_not(values["visit_mutes"]))


MACHINE_ROOM_HOT = held(
    "machine_room_hot",
    ("level.machine_room_hot",),
    lambda snapshot: snapshot.values["level.machine_room_hot"],
    lambda limits: limits.machine_room_hot_us,
)
MACHINE_ROOM_DOOR_OPEN = held(
    "machine_room_door_open",
    ("machine_room.door_open", "visit_mutes"),
    _open_without_a_visit,
    lambda limits: limits.machine_room_door_open_us,
)
PIT_WATER = contact_held("pit_water", "pit.water")
