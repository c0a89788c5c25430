"""What an event is called in messages: the catalog's titles and codes, and the number of the chosen platform."""

from agent.event_numbers import Numbered, number_of
from agent.model import Event
from agent.monitor.catalog import CATALOG, ENTRIES, GB24476_OF_MODE, GB24476_OUT_OF_SERVICE
from agent.platforms import Platform
from agent.uplink.events import Naming

GB24476: tuple[Numbered, ...] = (
    *(Numbered(e.code, e.gb24476) for e in ENTRIES if e.gb24476 is not None),
    *(Numbered("mode_changed", number, {"to": mode}) for mode, number in GB24476_OF_MODE.items()),
    *(
        Numbered(code, number, {"mode": "out_of_service"})
        for code, number in GB24476_OUT_OF_SERVICE.items()
    ),
)

_GB24476_OF = {
    code: tuple(each for each in GB24476 if each.event == code)
    for code in {each.event for each in GB24476}
}


def naming_of(event: Event, platform: Platform | None = None) -> Naming:
    """Titles and codes of an event. One of an older program, no longer in the catalog, is called by its code."""
    entry = CATALOG.get(event.code)
    if entry is None:
        return Naming(event.code, event.code)
    gb24476 = number_of(_GB24476_OF.get(event.code, ()), event)
    assert not isinstance(gb24476, str)
    number = None if platform is None else number_of(platform.numbers, event)
    return Naming(entry.en, entry.zh, gb24476, entry.bacnet, number)
