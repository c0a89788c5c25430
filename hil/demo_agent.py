"""The real agent as a process of the demonstration: its configuration, its life, and what it answers."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.cli.ask import NotRunningError, RefusedError, ask, stream
from hil.car_top_box import DEVICE_ID
from hil.pins import SOCKET_VARIABLE
from hil.pins_server import CONTACTS

SITE, ELEVATOR = "demonstration", "e01"
ROOT = f"elevator/v1/{SITE}/{ELEVATOR}"
_ANSWER_S = 2.0
_STOP_S = 8.0  # the agent itself takes at most 5
_LOG_LINES = 12


class AgentProcess:
    """`elevator-agent run` with everything it owns in one folder; the journal outlives the process."""

    def __init__(self, folder: Path, pins_socket: Path) -> None:
        self._config = folder / "agent.toml"
        self._socket = folder / "agent.sock"
        self._journal = folder / "journal.db"
        self._log = folder / "agent.log"
        self._pins_socket = pins_socket
        self._process: subprocess.Popen[bytes] | None = None

    def configure(
        self, *, serial: tuple[Path, int], station: str, broker: tuple[str, int], protocol: str
    ) -> None:
        """Write the configuration file, as an installer would: `serial` is port and baud rate, `station` an address."""
        inputs = "\n".join(
            f'"{name}" = {{ pin = {contact.pin}, active = "{contact.active}" }}'
            for name, contact in CONTACTS.items()
        )
        text = f"""\
[elevator]
site = "{SITE}"
id = "{ELEVATOR}"
[mqtt]
host = "{broker[0]}"
port = {broker[1]}
protocol = "{protocol}"
[outbox]
path = "{self._journal}"
[control]
path = "{self._socket}"
[[drivers]]
name = "car-top"
kind = "modbus"
profile = "car-top-sensor"
url = "serial://{serial[0]}?baudrate={serial[1]}&parity=N"
device_id = {DEVICE_ID}
[[drivers]]
name = "contacts"
kind = "gpio"
[drivers.inputs]
{inputs}
[[drivers]]
name = "duty-room"
kind = "intercom"
station = "duty_room"
address = "{station}"
interval_s = 5
timeout_s = 2
"""
        self._config.write_text(text, encoding="utf-8")

    def start(self) -> None:
        """Run it; when it answers is seen by asking."""
        wired = {
            "GPIOZERO_PIN_FACTORY": "simulated",
            SOCKET_VARIABLE: str(self._pins_socket),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "agent", "run", "--config", self._config],
                cwd=Path(__file__).parent.parent,
                env={**os.environ, **wired},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C reaches its owner, who stops it
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    @property
    def log(self) -> list[str]:
        """The last lines it wrote on its standard error."""
        if not self._log.exists():
            return []
        return self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]

    def ask(self, verb: str) -> Mapping[str, Any] | None:
        """Ask over its control socket; None where it does not answer."""
        try:
            answer: Mapping[str, Any] = json.loads(ask(self._socket, verb, timeout_s=_ANSWER_S))
        except (NotRunningError, RefusedError):
            return None
        return answer

    def events_after(self, seq: int) -> list[bytes]:
        """Give the journal's messages above a sequence number, as far as it answers."""
        params = {"after": seq, "limit": 1000}
        try:
            return list(stream(self._socket, "events", params, _ANSWER_S))
        except (NotRunningError, RefusedError):
            return []
