"""What a device means when it answers with a Modbus exception, for a technician. A table."""

from collections.abc import Mapping

PROFILE_REMEDY = "the profile may not fit this device; check its model and firmware"
_GATEWAY_REMEDY = "the gateway cannot reach the device behind it; check device_id, power and line"
_REFUSALS: Mapping[int, tuple[str, str]] = {
    1: ("illegal function", PROFILE_REMEDY),
    2: ("illegal address", PROFILE_REMEDY),
    3: ("illegal count", PROFILE_REMEDY),
    4: ("device failure", "the device reports a fault of its own; look at the device"),
    6: ("device busy", "another master may ask too often; poll more slowly"),
    10: ("gateway path unavailable", _GATEWAY_REMEDY),
    11: ("gateway target failed to respond", _GATEWAY_REMEDY),
}


def refusal(code: int) -> str:
    """Say what an exception code means and what to do about it."""
    what, remedy = _REFUSALS.get(code, ("unknown", PROFILE_REMEDY))
    return f"refused with exception {code} ({what}): {remedy}"
