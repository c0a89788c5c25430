"""What answers in systemd's place: programs `systemctl` and `timedatectl` in a folder, which say what they are told to.

The machine that builds the bench has perhaps no systemd, or one of its own that is nobody's business here.
"""

from pathlib import Path

HEALTHY_UNIT = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "UnitFileState": "enabled",
    "NRestarts": "0",
    "Result": "success",
    "WatchdogUSec": "30s",
}
STOPPED_UNIT = {**HEALTHY_UNIT, "ActiveState": "inactive", "SubState": "dead"}
_TIMEDATECTL = """case "$*" in
*show-timesync*) echo ServerName=time.bench;;
*--value*) echo {set};;
*) echo NTP={on}; echo NTPSynchronized={set};;
esac"""


class Programs:
    """`unit` is what `systemctl show` says; the clock is kept by a service, and set, unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unit = dict(STOPPED_UNIT)
        self.clock_kept = self.clock_set = True

    def write(self) -> None:
        """Put the programs there."""
        self.folder.mkdir(exist_ok=True)
        shown = "\n".join(f"{key}={value}" for key, value in self.unit.items())
        self._program("systemctl", f"cat <<'END'\n{shown}\nEND")
        words = {"set": _yes(self.clock_set), "on": _yes(self.clock_kept)}
        self._program("timedatectl", _TIMEDATECTL.format(**words))

    def _program(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)


def _yes(word: bool) -> str:
    return "yes" if word else "no"
