"""What each event says beside what all say: the types of its `detail`. A table; one line an event.

What a raise or a notice may say stands here by code; what any transition may say stands in `ANY`. The JSON Schemas and
the conditions of `config/platforms` come from it; a test holds it against what the recordings say.
"""

from collections.abc import Mapping
from typing import Any, Literal

from agent.signals import MODES

Details = Mapping[str, Any]  # name → a type, as msgspec reads it

_PERSON_BY = list[Literal["alarm_button", "car_call", "load", "presence", "presence_latched"]]
_MODE = Literal[MODES]  # type: ignore[valid-type]
_REASONS = (
    "rule_ended", "doors_open_in_zone", "doors_open_in_zone_button_released", "end_key",
    "normal_runs", "acknowledged_on_site", "taken_over", "configuration_changed", "agent_restarted",
)  # fmt: skip

# Of an acknowledgement: who, and whether at the elevator itself; `uid` is the system's user of the command line.
# Of a clear: what ended it; the agent's own events may say another reason, in words.
ANY: Details = {"unpaired": Literal["raised", "acknowledged", "cleared"]}
ACKNOWLEDGED: Details = {"by": str, "on_site": bool, "uid": int}
CLEARED: Details = {"reason": Literal[_REASONS]}

DETAILS: Mapping[str, Details] = {
    "trapped_passengers": {
        "rule": Literal["outside_zone", "doors_not_open"],
        "person_by": _PERSON_BY,
    },
    "entrapment_possible": {"cause": Literal["mains", "link"], "person_by": _PERSON_BY},
    "alarm_button": {"filtered": bool, "repeated": bool},
    "stopped_outside_door_zone": {"occupancy": Literal["unknown", "nobody_seen"]},
    "unintended_movement": {"rule": Literal["reported", "doors_not_closed"]},
    "overspeed": {"rule": Literal["reported", "safety_gear", "too_fast"]},
    "brake_contradiction": {"rule": Literal["moving_not_released", "released_standing"]},
    "safety_chain_open": {"rule": Literal["under_way", "standing"]},
    "door_close_failure": {"rule": Literal["not_closed", "reopened"]},
    "door_cycling": {"transitions": int},
    "run_time_limit": {"rule": Literal["reported", "no_landing_passed"]},
    "position_lost": {"rule": Literal["reported", "floors_contradict_zones"]},
    "controller_fault": {"fault_code": int | None},
    "mains_lost": {"person_by": _PERSON_BY | None},
    "mode_changed": {"from": _MODE, "to": _MODE},
    "signal_lost": {"signals": list[str]},
    "usage": {
        "reason": Literal["hourly", "stopped"],
        "period_s": float,
        "runs": int | None,
        "door_cycles": int | None,
        "moving_s": float | None,
        "unknown_s": float | None,
    },
    "agent_started": {"version": str, "configuration": str},
    "power_restored": {
        "cause": Literal["mains", "agent_off"],
        "lasted_ms": int | None,
        "person_by": _PERSON_BY | None,
        "raised": dict[str, int],
        "cleared": dict[str, int],
        "stands": list[str],
        "down_since": str | None,
        "down_ms": int | None,
    },
    "clock_corrected": {
        "reason": Literal["synchronised", "stepped"],
        "anchor": dict[str, int],
        "shift_ms": int,
        "applies_from": int,
        "applies_to": int,
    },
    "configuration_changed": {"from": str, "to": str},
    "outbox_recovered": {
        "reason": str,
        "missing_from": int | None,
        "missing_to": int | None,
        "salvaged": int,
        "unreadable": int,
        "lost": list[str],
        "previous_journal": str,
        "previous_chain_head": str,
    },
    "records_dropped": {
        "info": int,
        "minor": int,
        "major": int,
        "critical": int,
        "reason": str,
        "count": int,
        "ranges": list[str],
        "undelivered": int,
        "refusal": str,
        "refused_times": int,
    },
    "request": {
        "verb": str,
        "by": str,
        "subject": str,
        "subject_seq": int,
        "correlation_id": str | None,
    },
    "storage_failed": {"reason": str},
    "publish_refused": {"reason": str},
    "identity_conflict": {
        "reason": Literal["status_of_another_boot", "client_id_taken_over", "no_sign_of_it"],
        "other_boot_id": str | None,
    },
    "certificate_expiring": {
        "within_days": Literal[30, 7, 1],
        "days_left": int,
        "not_after": str,
        "reason": Literal["renewed", "nearer_its_end", "configuration_changed"],
    },
    "agent_fault": {"error": str},
}


def details_of(code: str) -> Details:
    """All that an event may say beside the common fields; a reason of its own stands before that of a clear."""
    return {**ANY, **ACKNOWLEDGED, **CLEARED, **DETAILS.get(code, {})}
