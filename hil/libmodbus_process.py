"""For tests: run the independent Modbus server as a process and talk to it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hil.libmodbus_library import FILE, LibraryMissing

_STOP_S = 10.0


class LibmodbusServer:
    """Serves one device's registers over TCP and on a pty, in a process of its own.

    `spans` gives first address and count of each table: coil, discrete, holding, input. Raises
    LibraryMissing with the remedy where libmodbus is not installed.
    """

    def __init__(
        self, device: int, spans: Mapping[str, tuple[int, int]], *, library: str = FILE
    ) -> None:
        self._device, self._spans, self._library = device, spans, library
        self._folder = tempfile.TemporaryDirectory(prefix="libmodbus-")
        self._link = Path(self._folder.name) / "rs485"
        self._process: subprocess.Popen[str] | None = None
        self._port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hil.libmodbus_server", str(self._link), str(self._device),
             json.dumps(self._spans), self._library],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            _, said = self._process.communicate(timeout=_STOP_S)
            self._folder.cleanup()
            raise LibraryMissing(said.strip())
        self._port = json.loads(ready)["port"]
        return self

    @property
    def tcp_url(self) -> str:
        """Where it is over TCP."""
        return f"tcp://127.0.0.1:{self._port}"

    @property
    def rtu_url(self) -> str:
        """Where it is on a serial line."""
        return f"serial://{self._link}?baudrate=115200&parity=N"

    def set(self, table: str, values: Mapping[int, int]) -> None:
        """Set registers or bits by address."""
        self._do({"set": {table: {str(address): value for address, value in values.items()}}})

    @property
    def functions(self) -> dict[int, int]:
        """How often each function code was asked, refused ones included."""
        return {int(code): count for code, count in self._do({})["functions"].items()}

    def _do(self, command: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.communicate(timeout=_STOP_S)  # it ends with its input
        self._folder.cleanup()
