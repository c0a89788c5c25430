"""What the end-to-end tests share: a whole bench, and how its messages and journal are read."""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.outbox import read_rows
from hil.broker import Mosquitto
from hil.client import ElevatorProcess
from hil.installation import TOPIC, AgentProcess, configuration, contacts, controller
from hil.link import CuttableLink
from hil.subscriber import Heard, Subscriber, retained
from tests.published import judge

QUICK = {"trapped_off_level_s": 0.5, "stopped_outside_s": 0.5, "clear_s": 0.5}
SUBSCRIBER = {"user": "bench", "password": "bench"}  # a broker without users lets in anybody


@dataclass
class Whole:
    """An elevator, a broker, the link between broker and agent, an agent not started yet, and a subscriber."""

    folder: Path
    broker: Mosquitto
    link: CuttableLink
    elevator: ElevatorProcess
    agent: AgentProcess
    heard: Subscriber
    speedup: float
    foreign: dict[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def ours(self) -> list[Heard]:
        """What the agent said, and its will; not what the test said in another's name, which an agent may empty."""
        own = (m for m in list(self.heard.messages) if m.topic.startswith(f"{TOPIC}/"))
        return [
            m
            for m in own
            if m.topic not in self.foreign or m.payload not in (b"", self.foreign[m.topic])
        ]

    @property
    def do(self) -> Callable[..., Any]:
        """Command the elevator."""
        return self.elevator.client.do

    @property
    def journal(self) -> Path:
        return self.folder / "outbox.db"

    def retained(self, below: str = "#") -> dict[str, Any]:
        """What the broker retains, by the topic below the elevator's root."""
        found = retained(self.broker.port, f"{TOPIC}/{below}", **SUBSCRIBER)
        return {topic.removeprefix(f"{TOPIC}/"): payload for topic, payload in found.items()}

    def event(
        self, code: str, transition: str = "raised", timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """Wait for a transition on an event topic."""
        wanted = f"{code}.{transition}"
        return self.heard.wait_for(
            lambda all_: next((e for e in events(all_, code) if e["type"] == wanted), None),
            timeout_s,
        )

    def alarm(
        self, code: str, holds: Callable[[dict[str, Any]], bool] = bool, timeout_s: float = 30.0
    ) -> Heard:
        """Wait for a message on an alarm topic that is as wanted."""
        topic = f"{TOPIC}/alarm/{code}"
        return self.heard.wait_for(
            lambda all_: next(
                (m for m in all_ if m.topic == topic and m.payload and holds(m.json)), None
            ),
            timeout_s,
        )

    def delivered(self, through: int, timeout_s: float = 30.0) -> None:
        """Wait until every sequence up to a number has been heard."""
        missing, looked_at = set(range(1, through + 1)), 0

        def none_missing(messages: list[Heard]) -> bool:
            nonlocal looked_at
            missing.difference_update(sequences(messages[looked_at:]))
            looked_at = len(messages)
            return not missing

        self.heard.wait_for(none_missing, timeout_s)

    def restart(self) -> None:
        """SIGKILL the agent and start it again."""
        self.agent.kill()
        self.agent.start()

    def press(self, seconds: float = 1.0) -> None:
        """One press of the alarm button, in our seconds, and its release."""
        client = self.elevator.client
        client.do("press_alarm", seconds=seconds * self.speedup)
        client.wait_until(lambda s: bool(s["signals"]["alarm.button"]))
        client.wait_until(lambda s: not s["signals"]["alarm.button"])

    def turn_end_key(self) -> None:
        """The key that ends the alarm, turned and back; a turn is seen by who has known the key as off."""
        self._knows("alarm.end_key", value=False)
        client = self.elevator.client
        client.do("end_key", seconds=0.5 * self.speedup)
        client.wait_until(lambda s: bool(s["signals"]["alarm.end_key"]))
        client.wait_until(lambda s: not s["signals"]["alarm.end_key"])

    def _knows(self, signal: str, *, value: object) -> None:
        """Wait until the agent has read a signal so."""
        deadline_s = time.monotonic() + 20
        while self.agent.ask("signals")["signals"][signal]["v"] is not value:
            assert time.monotonic() < deadline_s, f"{signal} is not {value}"
            time.sleep(0.02)

    def committed(self, code: str, transition: str = "raised") -> int:
        """Wait until the journal has a transition; its newest sequence."""
        deadline_s = time.monotonic() + 20
        while time.monotonic() < deadline_s:
            for row in read_rows(self.journal, 0, 20, newest_first=True):
                if (row.event.code, row.event.transition.value) == (code, transition):
                    return row.seq
            time.sleep(0.02)
        raise TimeoutError(f"no {code}.{transition} in the journal")

    def drained(self) -> None:
        """Wait until the broker has acknowledged everything journaled."""
        self.agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 0)


@contextmanager
def whole(
    folder: Path,
    *,
    drivers: Iterable[str] = ("controller", "contacts"),
    speedup: float = 4,
    options: Iterable[str] = (),
    users: dict[str, str] | None = None,
    **sections: Any,
) -> Iterator[Whole]:
    """A bench whose agent reaches the broker over a link that can be cut; `users` may log in there, else anybody."""
    with ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(users=users and {**users, "bench": "bench"}))
        link = stack.enter_context(CuttableLink(broker.port))
        elevator = stack.enter_context(
            ElevatorProcess("--no-riders", "--speedup", str(speedup), "--seed", "3")
        )
        tables = {"controller": controller(elevator.modbus_port), "contacts": contacts()}
        sections.setdefault("monitor", QUICK)
        sections["mqtt"] = {"port": link.port, **sections.get("mqtt", {})}
        config = configuration(folder, **sections, drivers=[tables[name] for name in drivers])
        agent = AgentProcess(config, pins_socket=elevator.pins_socket, options=tuple(options))
        stack.enter_context(agent)
        heard = stack.enter_context(Subscriber(broker.port, f"{TOPIC}/#", **SUBSCRIBER))
        bench = Whole(folder, broker, link, elevator, agent, heard, speedup)
        yield bench
        judge(bench.ours)  # whatever the test was about: the documents hold for each message


def events(messages: Iterable[Heard], code: str = "") -> list[dict[str, Any]]:
    """The events (of one code) in order of arrival, repeated ones too."""
    return [
        m.json for m in messages if m.topic.startswith(f"{TOPIC}/event/") and m.topic.endswith(code)
    ]


def sequences(messages: Iterable[Heard]) -> list[int]:
    """Their sequences in order of arrival."""
    return [int(event["sequence"]) for event in events(messages)]


def journaled(path: Path) -> list[tuple[int, str, str]]:
    """The journal as (sequence, code, transition)."""
    rows = read_rows(path, 0, 100_000)
    return [(row.seq, row.event.code, row.event.transition.value) for row in rows]


def assert_no_gap(path: Path) -> int:
    """Every sequence from 1 on is in the journal, once; returns the last."""
    seqs = [row[0] for row in journaled(path)]
    assert seqs == list(range(1, len(seqs) + 1))
    return len(seqs)


def assert_same_under_one_id(messages: Iterable[Heard]) -> None:
    """A repeated id differs in nothing but what the contract lets differ."""
    seen: dict[str, Any] = {}
    for event in events(messages):
        data = {
            k: v for k, v in event["data"].items() if k not in ("historical", "replayed", "clock")
        }
        fixed = json.dumps({**event, "data": data, "time": None}, sort_keys=True)
        assert seen.setdefault(event["id"], fixed) == fixed


def standing(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the control socket says stands, by code (and instance)."""
    return {
        each["code"] if each["instance"] is None else f"{each['code']}/{each['instance']}": each
        for each in status["standing"]
    }


async def until(holds: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0.01)
