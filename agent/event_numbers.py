"""Which number an event has in another vocabulary, where that may depend on the situation. Pure.

Knows no platform: the rows are the catalog's (GB/T 24476-2017) or those of a file in config/platforms.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from agent.model import Event, Transition, Value

Number = int | str  # a flag instead of a number has a name
When = Mapping[str, Value]


class Numbered(msgspec.Struct, frozen=True):
    """One number and the event it is for.

    `when` tells the situation: `mode` at the event, a signal among its evidence, or a detail that it says (`rule`, `to`).
    """

    event: str
    number: Number
    when: When = {}


def number_of(rows: Iterable[Numbered], event: Event) -> Number | None:
    """The number of the first row that fits, None where none does.

    The situation is that of the raise. A clear does not tell it again, so where the number depends on it a clear has none:
    its `raised_seq` leads to the raise.
    """
    mine = [row for row in rows if row.event == event.code]
    if not _tells(event) and any(row.when for row in mine):
        return None
    for row in mine:
        if fits(row.when, event):
            return row.number
    return None


def fits(when: When, event: Event) -> bool:
    """Whether a situation is the one of this event."""
    for name, wanted in when.items():
        found = _fact(name, event)
        if type(found) is not type(wanted) or found != wanted:  # True is not 1
            return False
    return True


def events_of(rows: Sequence[Numbered], number: Number) -> tuple[str, ...]:
    """The codes of the events that can have this number."""
    return tuple(dict.fromkeys(row.event for row in rows if row.number == number))


def _tells(event: Event) -> bool:
    """Whether it is a raise or a notice of its own, and no clear that only became a notice."""
    said = event.transition in (Transition.RAISED, Transition.NOTICE)
    return said and event.detail.get("unpaired") != Transition.CLEARED.value


def _fact(name: str, event: Event) -> object:
    if name == "mode":
        return event.mode
    if "." in name:
        fact = event.evidence.get(name)
        return None if fact is None or fact.last_known else fact.v
    return event.detail.get(name)
