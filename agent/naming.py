"""What an event is called in messages: the catalog's titles and codes."""

from agent.model import Event
from agent.monitor.catalog import CATALOG, GB24476_OF_MODE
from agent.uplink.events import Naming

_NAMES = {
    code: Naming(entry.en, entry.zh, entry.gb24476, entry.bacnet) for code, entry in CATALOG.items()
}


def naming_of(event: Event) -> Naming:
    """Titles and codes of an event; GB/T 24476-2017 numbers a change of mode by the mode entered."""
    name = _NAMES.get(event.code)
    if name is None:
        return Naming(event.code, event.code)
    if event.code == "mode_changed":
        mode = str(event.detail.get("to"))
        return Naming(name.title_en, name.title_zh, GB24476_OF_MODE.get(mode), name.bacnet)
    return name
