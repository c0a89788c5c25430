"""The agent's own computer: its disk fills, its supply is weak, it is hot."""

from agent.monitor.detectors.held import contact_held, held

DISK_LOW = held("disk_low", ("level.disk_low",), lambda snapshot: snapshot.values["level.disk_low"])
HOST_UNDERVOLTAGE = contact_held("host_undervoltage", "host.undervoltage")
HOST_HOT = held(
    "host_hot",
    ("level.host_hot",),
    lambda snapshot: snapshot.values["level.host_hot"],
    lambda limits: limits.host_hot_us,
)
