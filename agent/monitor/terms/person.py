"""Whether a person is evidenced, and how strongly (contract, section 3.1)."""

from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.presence import LATCHED, STANDING
from agent.monitor.terms.term import Term

# Attendants and drivers use the car's own controls and sit in it: in these modes only the button is evidence of somebody
# trapped at a landing.
STAFFED_MODES = frozenset({"attendant", "independent", "firefighter", "out_of_service"})


def _step(_: None, snapshot: Snapshot, __: Limits) -> tuple[None, tuple[str, ...], None]:
    """The sources that give evidence now, strongest first; empty when nobody is evidenced.

    `presence` stands; `presence_latched` is enough only for a stop outside the zone.
    """
    values = snapshot.values
    presence = values["seen.presence"]
    by: tuple[str, ...] = ()
    if values["seen.button"]:
        by += ("alarm_button",)
    if values["seen.call"]:
        by += ("car_call",)
    if values["seen.load"]:
        by += ("load",)
    if presence == STANDING:
        by += ("presence",)
    elif presence == LATCHED:
        by += ("presence_latched",)
    return None, by, None


def at_landing(by: tuple[str, ...], mode: str | None) -> tuple[str, ...]:
    """Of the evidence, what counts for a stop that is not known to be outside the zone."""
    if mode in STAFFED_MODES:
        return by[:1] if by[:1] == ("alarm_button",) else ()
    return by[:-1] if by[-1:] == ("presence_latched",) else by


PERSON = Term(
    "person",
    ("seen.button", "seen.call", "seen.load", "seen.presence"),
    _step,
    value_type=tuple[str, ...] | None,
)
