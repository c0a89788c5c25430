"""One installation in a house: its folder, configuration, computer and service. Whole until somebody breaks it."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hil.broken.asked import Hook
from hil.broken.house import AT_REST, BAUDRATE, BOX_ID, WEIGHER_ID, WIRED, House
from hil.broken.programs import HEALTHY_UNIT, Programs
from hil.host_tree import HostTree
from hil.installation import AgentProcess, configuration, contacts

WEIGHER = """title = "Car weigher"
source = "the bench"
[protocol]
readable = { holding = [[0x03, 0x06]] }
[points."car.load_percent"]
table = "holding"
address = 0x03
min = 0
max = 150
source = "the bench"
[points."car.floor"]
table = "holding"
address = 0x04
min = 0
max = 60
source = "the bench"
[points."controller.run_count"]
table = "holding"
address = 0x05
type = "u32"
max = 100000000
source = "the bench"
"""
Ready = Callable[[Any], bool]
_SETTLED_S = 60.0
_AT_ONCE = {"modbus", "gpio"}


class Site:
    """`drivers` by name and `sections` are the configuration; `root` the computer's files; `programs` its systemd.

    `hooks` act in the process of `doctor` before it begins. `ready` says of the service's status whether what is to be seen
    can be seen; `prelude` is done between that and the look. `stack` keeps what has to end with the site.
    """

    def __init__(self, folder: Path, house: House, stack: ExitStack, *, runs: bool) -> None:
        self.folder, self.house, self.stack, self.runs = folder, house, stack, runs
        self.root = HostTree(folder / "root").raspberry_pi()
        self.root.write("sys/class/thermal/.keep", "")
        (folder / "root/proc/locks").symlink_to("/proc/locks")
        self.programs = Programs(folder / "bin")
        self.programs.unit = dict(HEALTHY_UNIT) if runs else self.programs.unit
        self.hooks: list[Hook] = []
        self.port = folder / "rs485"
        self.port.symlink_to(os.path.realpath(house.link))
        self.profile("weigher", WEIGHER)
        self.drivers = self._drivers()
        self.sections: dict[str, dict[str, Any]] = {"mqtt": {"port": house.broker.port}}
        self.ready: Ready = self._settled
        self.prelude: Callable[[AgentProcess], None] = self._exercise
        self.config_text: Callable[[str], str] = lambda text: text

    def _drivers(self) -> dict[str, dict[str, Any]]:
        house, local = self.house, "127.0.0.1"
        tables: list[dict[str, Any]] = [
            {
                "name": "scale", "kind": "modbus", "profile": "weigher", "device_id": WEIGHER_ID,
                "url": self.line_url(), "timeout_ms": 300, "poll_interval_ms": 100,
            },
            {
                "name": "box", "kind": "modbus", "profile": "car-top-sensor", "device_id": BOX_ID,
                "url": f"tcp://{local}:{house.box.port}", "timeout_ms": 1000, "without": ["car.floor"],
            },
            dict(contacts(*WIRED)),
            {
                "name": "phone", "kind": "intercom", "station": "car", "timeout_s": 1.5, "interval_s": 5,
                "address": f"{local}:{house.station.port}",
            },
            {
                "name": "eye", "kind": "camera", "camera": "car", "timeout_s": 1.5, "interval_s": 5,
                "address": f"{local}:{house.camera.port}",
            },
        ]  # fmt: skip
        return {table["name"]: table for table in tables}

    def line_url(self, baudrate: int = BAUDRATE, parity: str = "N") -> str:
        """The weigher's line in these settings."""
        return f"serial://{self.port}?baudrate={baudrate}&parity={parity}"

    def profile(self, name: str, text: str) -> None:
        """Put a profile beside the configuration."""
        folder = self.folder / "controllers"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")

    def mqtt(self, **keys: Any) -> None:  # noqa: ANN401 - values of the configuration
        """Set keys of the broker's section."""
        self.sections["mqtt"].update(keys)

    def process(self, number: int, name: str, *opened: str) -> None:
        """Let this computer have a process with files open."""
        self.root.write(f"proc/{number}/comm", f"{name}\n")
        folder = self.folder / f"root/proc/{number}/fd"
        folder.mkdir()
        for place, path in enumerate(opened):
            (folder / str(place)).symlink_to(path)

    def write(self) -> Path:
        """Write the configuration and what answers in systemd's place."""
        self.programs.write()
        config = configuration(self.folder, drivers=list(self.drivers.values()), **self.sections)
        text = config.read_text(encoding="utf-8")
        config.write_text(self.config_text(text), encoding="utf-8")
        return config

    @property
    def environment(self) -> dict[str, str]:
        """What the programs of this computer are given."""
        return {
            "PATH": f"{self.programs.folder}:/usr/sbin:/usr/bin:/sbin:/bin",
            "GPIOZERO_PIN_FACTORY": "simulated",
            "HIL_PINS_SOCKET": str(self.house.pins_socket),
        }

    def agent(self, config: Path) -> AgentProcess:
        """Give the service's process, not started."""
        process = AgentProcess(config)
        process.environment.update(self.environment)
        return self.stack.enter_context(process)

    def serve(self, config: Path) -> None:
        """Start the service, wait until what is broken can be seen, and operate each contact once."""
        agent = self.agent(config)
        agent.start()
        agent.wait_until(self.ready, _SETTLED_S)
        self.prelude(agent)

    def _settled(self, status: Any) -> bool:  # noqa: ANN401 - the service's answer
        """Whatever is asked at once answers; stations and cameras are asked some seconds later."""
        told = [name for name, each in self.drivers.items() if each["kind"] in _AT_ONCE]
        return all(self.answering(status, name) for name in told) and self.published(status)

    def answering(self, status: Any, name: str) -> bool:  # noqa: ANN401 - the service's answer
        """Whether a driver's link is up and its first round made."""
        link = status["links"].get(name, {"up": False})
        asked = self.drivers[name]["kind"] == "modbus"
        return link["up"] and (not asked or link["statistics"]["answered"] > 2)

    @staticmethod
    def published(status: Any) -> bool:  # noqa: ANN401 - the service's answer
        """Whether the broker acknowledged something, and the clock is believed."""
        uplink = status["mqtt"]
        is_in = uplink["connected"] and bool(uplink["published"])
        return is_in and bool(status["clock"]["synchronised"])

    def _exercise(self, agent: AgentProcess) -> None:
        self.operate(agent, *WIRED)

    def operate(self, agent: AgentProcess, *signals: str, **others: bool) -> None:
        """Change these contacts and back, until the service has seen it; `others` stay as they are told."""

        def seen(signal: str) -> Any:  # noqa: ANN401 - the service's answer
            return agent.ask("doctor")["contacts"][signal]

        self.wait_for(agent, lambda: all(seen(s)["stood_s"] is not None for s in signals))
        first = {s: seen(s)["changes"] + 1 for s in signals}
        self.house.move(**others, **{s.replace(".", "_"): not AT_REST[s] for s in signals})
        self.wait_for(agent, lambda: all(seen(s)["changes"] >= first[s] for s in signals))
        self.house.move(**others)
        self.wait_for(agent, lambda: all(seen(s)["changes"] > first[s] for s in signals))

    @staticmethod
    def wait_for(
        agent: AgentProcess, holds: Callable[[], bool], timeout_s: float = _SETTLED_S
    ) -> None:
        """Wait for anything about the running service; TimeoutError with its log."""
        agent.wait_until(lambda _: holds(), timeout_s)
