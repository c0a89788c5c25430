"""电池电量低, 电池故障: the supply that must keep the alarm alive when the mains go."""

from agent.monitor.detectors.held import contact_held, held

BATTERY_LOW = held(
    "battery_low", ("level.battery_low",), lambda snapshot: snapshot.values["level.battery_low"]
)
BATTERY_FAULT = contact_held("battery_fault", "power.battery_fault")
