"""What is remembered of the contacts: one small file beside the journal, written on a thread that nobody waits for.

It is written when a contact changes for the first time, at most once a day besides, and at an orderly end: a few hundred
bytes. Losing it costs no event; contacts then count as never seen to change.
"""

import logging
import threading
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from agent.clock import Clock
from agent.model import Reading
from agent.outbox_files import beside
from agent.settings import DriverSettings, GpioSettings, IntercomSettings
from agent.toggles import Kept, Toggles

_log = logging.getLogger("agent.toggles")
_LARGEST = 256 * 1024
_ENDING = ".contacts"


def wired_of(drivers: Sequence[DriverSettings]) -> dict[str, str]:
    """Give each contact's signal with a mark of how it is wired."""
    wired: dict[str, str] = {}
    for driver in drivers:
        if isinstance(driver, GpioSettings):
            wired |= {signal: _mark(one) for signal, one in driver.inputs.items()}
        elif isinstance(driver, IntercomSettings) and driver.probe == "contact":
            wired[f"intercom.{driver.station}"] = _mark([driver.pin, driver.active])
    return wired


def _mark(how: object) -> str:
    return f"{zlib.crc32(msgspec.json.encode(how)):08x}"


def remembered(journal: Path) -> dict[str, Kept]:
    """Read the file; nothing where there is none, or none that can be read."""
    try:
        with beside(journal, _ENDING).open("rb") as file:
            return msgspec.json.decode(file.read(_LARGEST), type=dict[str, Kept])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as wrong:
        _log.warning("What contacts did before is forgotten: %s", wrong)
        return {}


class ContactMemory:
    """Contacts of the running service and their file."""

    def __init__(self, drivers: Sequence[DriverSettings], journal: Path, clock: Clock) -> None:
        self._path, self._clock = beside(journal, _ENDING), clock
        self.toggles = Toggles(wired_of(drivers), remembered(journal), clock.uptime_us())
        self._writing: threading.Thread | None = None

    def changed(self, changes: Sequence[Reading]) -> None:
        """Signals changed or became known."""
        if self.toggles.note(changes):
            self.keep()

    def keep(self) -> None:
        """Write the file, unless the last writing still hangs."""
        if self._writing is None or not self._writing.is_alive():
            kept = self.toggles.kept(self._clock.uptime_us())
            self._writing = threading.Thread(
                target=self._write, args=(kept,), daemon=True, name="contacts"
            )
            self._writing.start()

    def close(self, wait_s: float) -> None:
        """Write a last time; waits so long at most."""
        self.keep()
        if self._writing is not None:
            self._writing.join(wait_s)

    def _write(self, kept: Mapping[str, Kept]) -> None:
        fresh = beside(self._path, ".new")
        try:
            fresh.write_bytes(msgspec.json.encode(kept))
            fresh.replace(self._path)
        except OSError as wrong:
            _log.warning("What contacts did cannot be kept: %s", wrong.strerror or wrong)
