"""For tests and stories: talk to a simulated elevator's control socket, and run one as a process."""

import json
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

State = Mapping[str, Any]
_ANSWER_S = 10.0
_START_S = 20.0
_STOP_S = 5.0
_LOOK_EVERY_S = 0.02


class CommandRefused(RuntimeError):  # noqa: N818 - the name says what happened
    """The elevator refused a command; the text says why."""


class ElevatorClient:
    """Blocking, one connection. `do("ride", to=5)` returns the answer or raises CommandRefused."""

    def __init__(self, path: str | Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_ANSWER_S)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rwb")

    def do(self, what: str, **arguments: object) -> State:
        """Send one command and wait for its answer."""
        self._lines.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        self._lines.flush()
        line = self._lines.readline()
        if not line:
            raise ConnectionError("the simulated elevator has ended")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise CommandRefused(answer["error"])
        return answer

    def state(self) -> State:
        """Ask for the whole truth."""
        return self.do("state")

    def wait_until(self, holds: Callable[[State], bool], timeout_s: float = 60.0) -> State:
        """Look until the state is as wanted; TimeoutError with the last state otherwise."""
        deadline_s = time.monotonic() + timeout_s
        while not holds(state := self.state()):
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"not within {timeout_s} s; the state is {state}")
            time.sleep(_LOOK_EVERY_S)
        return state

    def close(self) -> None:
        """Leave."""
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ElevatorProcess:
    """A simulated elevator as a child process: `with ElevatorProcess("--no-riders") as elevator:`.

    `modbus_port`, `pins_socket` and `control_socket` say where it is, `rtu_link` where its serial port
    is with `baud`; `client` is connected to it. After `stop` a `start` brings up a new one at the same places.
    """

    def __init__(
        self,
        *options: str,
        modbus_port: int = 0,
        folder: Path | None = None,
        baud: int | None = None,
    ) -> None:
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="elevator-")
        place = folder or Path(self._own.name if self._own else "")
        self.modbus_port = modbus_port
        self.pins_socket = place / "pins"
        self.control_socket = place / "control"
        self.rtu_link = place / "rs485"
        line = ("--rtu-link", str(self.rtu_link), "--baud", str(baud)) if baud else ()
        self._options = (*options, *line)
        self.process: subprocess.Popen[bytes] | None = None
        self._client: ElevatorClient | None = None

    @property
    def client(self) -> ElevatorClient:
        """The connection to its control socket."""
        assert self._client is not None, "not started"
        return self._client

    def start(self) -> None:
        """Run it and return when it listens; RuntimeError when it does not come up."""
        command = [sys.executable, "-m", "hil.elevator", "--modbus-port", str(self.modbus_port)]
        command += ["--pins-socket", str(self.pins_socket)]
        command += ["--control-socket", str(self.control_socket), *self._options]
        self.process = subprocess.Popen(
            command,
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C reaches its owner, who stops it
        )
        self.modbus_port = self._ready(self.process)["modbus_port"]
        self._client = ElevatorClient(self.control_socket)

    def stop(self) -> None:
        """End it; a no-op when it is not running."""
        if self._client is not None:
            self._client.close()
            self._client = None
        process, self.process = self.process, None
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

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self.stop()
        if self._own is not None:
            self._own.cleanup()

    @staticmethod
    def _ready(process: subprocess.Popen[bytes]) -> State:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], _START_S)
        line = process.stdout.readline() if readable else b""
        if not line:
            raise RuntimeError("the simulated elevator did not come up; see its standard error")
        ready: dict[str, Any] = json.loads(line)
        return ready
