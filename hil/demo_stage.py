"""Everything the demonstration runs: elevator, intercom, broker and agent as processes, and the subscriber beside them.

HIL_BROKER=embedded takes the embedded broker even where mosquitto is installed.
"""

import contextlib
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from hil.broker import Mosquitto, find_mosquitto
from hil.client import ElevatorProcess
from hil.demo_agent import ROOT, AgentProcess
from hil.demo_facts import Entry, Facts
from hil.demo_observer import CLIENT_ID, Observer
from hil.embedded_broker import EmbeddedBroker
from hil.station import StationProcess

FLOORS = 6
BAUD = 9600  # the car-top box's own


class Broker(Protocol):
    """Mosquitto or the embedded one; both keep their port through `stop` and `start`."""

    host: str

    @property
    def port(self) -> int:
        """Where it listens."""

    @property
    def running(self) -> bool:
        """Whether it is there."""

    def start(self) -> None:
        """Run it."""

    def stop(self) -> None:
        """End it."""

    def close(self) -> None:
        """End it for good."""


class Stage:
    """`with Stage(folder) as stage:` starts everything and in the end leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.elevator = ElevatorProcess(
            "--no-riders", "--floors", str(FLOORS), folder=folder, baud=BAUD
        )
        self.station = StationProcess(folder)
        self.agent = AgentProcess(folder, self.elevator.pins_socket)
        embedded = os.environ.get("HIL_BROKER") == "embedded" or find_mosquitto() is None
        self.broker_name = "amqtt, MQTT 3.1.1" if embedded else "mosquitto, MQTT 5"
        self._protocol = "3.1.1" if embedded else "5"
        self.broker: Broker = (
            EmbeddedBroker((CLIENT_ID, f"{ROOT}/#")) if embedded else Mosquitto(persistence=True)
        )
        self._ending = contextlib.ExitStack()
        self._journal: dict[int, Entry] = {}
        self._modbus_on = True
        self._began_s = time.monotonic()

    def __enter__(self) -> Self:
        with self._ending:
            self._start()
            self._ending = self._ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.close()

    def look(self) -> Facts:
        """Ask all sides once."""
        for message in self.agent.events_after(self._last):
            entry = Entry.of(message)
            self._journal[entry.seq] = entry
        signals = self.agent.ask("signals") or {}
        return Facts(
            at_s=time.monotonic() - self._began_s,
            broker_on=self.broker.running,
            modbus_on=self._modbus_on,
            elevator=self.elevator.client.state(),
            status=self.agent.ask("status"),
            signals=signals.get("signals", {}),
            journal=dict(self._journal),
            seen=self.observer.seen(),
        )

    def switch_broker(self) -> None:
        """Begin an outage of the broker, or end it."""
        if self.broker.running:
            self.broker.stop()
        else:
            self.broker.start()

    def switch_modbus(self) -> None:
        """Let the car-top box fall silent on its bus, or answer again."""
        self._modbus_on = not self._modbus_on
        self.elevator.client.do("silence", on=not self._modbus_on)

    def switch_station(self) -> None:
        """Let the duty room's intercom fall silent, or answer again."""
        self.station.switch(on=not self.station.answers)

    def crash_agent(self) -> None:
        """Kill the agent and start it again, as systemd would."""
        self.agent.kill()
        self.agent.start()

    @property
    def _last(self) -> int:
        return max(self._journal, default=0)

    def _start(self) -> None:
        on_exit = self._ending.callback
        on_exit(self.elevator.stop)
        self.elevator.start()
        on_exit(self.station.stop)
        self.station.start()
        on_exit(self.broker.close)
        self.broker.start()
        self.observer = Observer(self.broker.host, self.broker.port, ROOT)
        on_exit(self.observer.close)
        self.observer.wait()
        self.agent.configure(
            serial=(self.elevator.rtu_link, BAUD),
            station=self.station.address,
            broker=(self.broker.host, self.broker.port),
            protocol=self._protocol,
        )
        on_exit(self.agent.stop)
        self.agent.start()
