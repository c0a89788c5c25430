"""One installation on the bench: its configuration file and its agent as a process, to start, stop, kill and starve.

Knows the agent from outside only: its command line, its configuration, its control socket and its log.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agent.cli.ask import NotRunningError, RefusedError, ask
from hil.pins import SOCKET_VARIABLE
from hil.pins_server import CONTACTS

ROOT = Path(__file__).parent.parent
TOPIC = "elevator/v1/bench/e01"
RESCUE_CODE = "640001"
_START_S = 20.0
_STOP_S = 10.0
_LOOK_EVERY_S = 0.02

Section = Mapping[str, Any]


def configuration(folder: Path, **sections: Section | Sequence[Section]) -> Path:
    """Write `agent.toml` into a folder; sections given here are merged over the bench's own. Returns its path."""
    tree: dict[str, Any] = {
        "elevator": {"site": "bench", "id": "e01", "rescue_code": RESCUE_CODE},
        "mqtt": {"host": "127.0.0.1", "keepalive_s": 5},
        "outbox": {"path": str(folder / "outbox.db")},
        "control": {"path": str(folder / "control.sock")},
    }
    for name, section in sections.items():
        tree[name] = {**tree.get(name, {}), **section} if isinstance(section, Mapping) else section
    path = folder / "agent.toml"
    path.write_text(_toml(tree), encoding="utf-8")
    return path


def controller(port: int, poll_interval_ms: int = 50) -> Section:
    """The table of a car-top sensor box on a local port."""
    return {
        "name": "controller",
        "kind": "modbus",
        "profile": "car-top-sensor",
        "url": f"tcp://127.0.0.1:{port}",
        "device_id": 247,
        "poll_interval_ms": poll_interval_ms,
    }


def contacts(*signals: str, debounce_ms: int = 50) -> Section:
    """The table of contacts wired as the bench drives them; all of them unless some are named."""
    wired = signals or tuple(CONTACTS)
    inputs = {
        name: {
            "pin": CONTACTS[name].pin,
            "debounce_ms": debounce_ms,
            "active": CONTACTS[name].active,
        }
        for name in wired
    }
    return {"name": "contacts", "kind": "gpio", "inputs": inputs}


def _toml(tree: Section) -> str:
    lines: list[str] = []
    for name, section in tree.items():
        for table in [section] if isinstance(section, Mapping) else section:
            head = f"[{name}]" if isinstance(section, Mapping) else f"[[{name}]]"
            lines += [head, *(f'"{key}" = {_value(value)}' for key, value in table.items())]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f'"{key}" = {_value(each)}' for key, each in value.items()) + " }"
    return json.dumps(value)


class AgentProcess:
    """`elevator-agent run` as a child process.

    `log` is what it said on standard error since the first start. Use as a context: leaving kills what still runs.
    """

    def __init__(
        self, config: Path, *, pins_socket: Path | None = None, options: Sequence[str] = ()
    ) -> None:
        self.config = config
        self.log: list[str] = []
        self.environment = dict(os.environ)
        if pins_socket is not None:
            self.environment["GPIOZERO_PIN_FACTORY"] = "simulated"
            self.environment[SOCKET_VARIABLE] = str(pins_socket)
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Start it and return at once."""
        assert not self.running, "already running"
        self._process = subprocess.Popen(
            [sys.executable, "-m", *self._command(), *self._options],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a terminal's Ctrl-C reaches its owner, who stops it
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def _command(self) -> list[str]:
        return ["agent", "run", "--config", str(self.config)]

    def start(self) -> None:
        """Start it and return when it answers on its socket."""
        self.launch()
        self.wait_until(lambda _: True, _START_S)

    def ask(self, verb: str, **params: object) -> Any:  # noqa: ANN401 - the verb's answer
        """Ask its control socket; NotRunningError when nobody answers."""
        return json.loads(ask(self.config.parent / "control.sock", verb, params))

    def wait_until(self, holds: Callable[[Any], bool], timeout_s: float = 30.0) -> Any:  # noqa: ANN401
        """Ask for its status until that is as wanted; TimeoutError with the last one and its log otherwise."""
        deadline_s = time.monotonic() + timeout_s
        status: Any = None
        while True:
            try:
                status = self.ask("status")
            except (NotRunningError, RefusedError):
                if not self.running:
                    raise RuntimeError(f"the agent ended:\n{self._told()}") from None
            else:
                if holds(status):
                    return status
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"not within {timeout_s} s: {status}\n{self._told()}")
            time.sleep(_LOOK_EVERY_S)

    def wait_for_log(self, text: str, timeout_s: float = 30.0) -> str:
        """Wait for a line of its log that contains a text; returns the line."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            for line in tuple(self.log):
                if text in line:
                    return line
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"no {text!r} in the log:\n{self._told()}")
            time.sleep(_LOOK_EVERY_S)

    def kill(self) -> None:
        """SIGKILL, as a power cut would end it."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        return self._end(signal.SIGTERM)

    def wait(self, timeout_s: float = _STOP_S) -> int:
        """Wait for its end; the exit code."""
        assert self._process is not None
        code = self._process.wait(timeout_s)
        assert self._reader is not None
        self._reader.join()
        return code

    def let_it_write(self, file_bytes: int | None) -> None:
        """Limit how long any file it writes may become: real write errors for root and users alike. None lifts it."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        soft = hard if file_bytes is None else file_bytes
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (soft, hard))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.running:
            self.kill()
        if error is not None:
            print(self._told(), file=sys.stderr)

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self.wait()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self.log.append(line.rstrip("\n"))

    def _told(self) -> str:
        return "\n".join(["-- the agent said:", *self.log[-60:]])
