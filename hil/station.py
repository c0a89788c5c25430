"""The duty room's intercom of the demonstration: `hil.sip` as a process, and its switch."""

import json
import subprocess
import sys
from pathlib import Path

from hil.client import ElevatorClient

_STOP_S = 5.0


class StationProcess:
    """Answers SIP on a free port of this machine, `address`, until it is told to be silent."""

    def __init__(self, folder: Path) -> None:
        self._control_socket = folder / "station"
        self._process: subprocess.Popen[bytes] | None = None
        self._client: ElevatorClient | None = None
        self.address = ""
        self.answers = True

    def start(self) -> None:
        """Run it and return when it listens."""
        command = [sys.executable, "-m", "hil.sip", "--port", "0"]
        self._process = subprocess.Popen(
            [*command, "--control-socket", str(self._control_socket)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C reaches its owner, who stops it
        )
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self.address = f"127.0.0.1:{ready['port']}"
        self._client = ElevatorClient(self._control_socket)

    def switch(self, *, on: bool) -> None:
        """Let it answer, or hear and be silent."""
        assert self._client is not None, "not started"
        self._client.do("silence", on=not on)
        self.answers = on

    def stop(self) -> None:
        """End it; a no-op when it is not running."""
        if self._client is not None:
            self._client.close()
            self._client = None
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
