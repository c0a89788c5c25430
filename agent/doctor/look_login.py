"""Logs in at the broker beside the service, under a client id of its own, and publishes one message that nobody keeps.

It leaves no will, no session and nothing retained. What it hears is the elevator's own retained status: one that says
`online` from another computer while no service runs here is a second agent.
"""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from agent.clock import Clock
from agent.config_problem import Say
from agent.doctor.broker import BrokerFacts
from agent.doctor.scene import Scene
from agent.model import SECOND_US
from agent.requests.asked import Asked
from agent.requests.messages import Answer
from agent.settings import ElevatorSettings, MqttSettings
from agent.uplink import reasons
from agent.uplink.link import client_id
from agent.uplink.login import Login
from agent.uplink.messages import iso
from agent.uplink.mqtt import Connection, Identity
from agent.uplink.readback import other_agent
from agent.uplink.topics import Topics

SUFFIX: Final = "-doctor"
_LOGIN_S: Final = 15.0
_ACK_S: Final = 10.0
_ANSWER_S: Final = 5.0  # of another agent
_HEAR_S: Final = 0.5  # for the retained status, after the PUBACK
_GOODBYE_S: Final = 1.0
_EXPIRY_S: Final = 60
_CODE: Final = re.compile(r"\[0x([0-9a-f]{2})\]\Z")
_OF_CODE: Final = {
    0x84: "wrong_version",
    0x85: "client_id_refused",
    0x86: "bad_login",
    0x87: "bad_login",
    0x88: "broker_busy",
    0x89: "broker_busy",
    0x8A: "bad_login",
    0x9F: "broker_busy",
}
TAKEN_OVER: Final = 0x8E


def code_of(said: str) -> int | None:
    """Give the MQTT reason code that ends a sentence of uplink/reasons.py; None where it has none."""
    found = _CODE.search(said)
    return None if found is None else int(found[1], 16)


def login_cause(said: str) -> str:
    """Give the cause of broker.login for why a connection ended."""
    code = code_of(said)
    if code is not None:
        return _OF_CODE.get(code, "refused")
    if "cannot be used" in said:
        return "password_unusable"
    return "not_mqtt"


@dataclass(slots=True)
class Ear:
    """Hears what the connection reports."""

    clock: Clock
    in_: asyncio.Event = field(default_factory=asyncio.Event)
    acked: asyncio.Event = field(default_factory=asyncio.Event)
    is_in: bool = False
    refusal: str | None = None
    statuses: list[bytes] = field(default_factory=list[bytes])
    answers: list[bytes] = field(default_factory=list[bytes])
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    acked_us: int = 0

    def opened(self) -> None:
        """The TCP connection stands."""

    def accepted(self, receive_maximum: int) -> None:  # noqa: ARG002 - the protocol's
        """The broker let us in."""
        self.is_in = True
        self.in_.set()

    def acknowledged(self, token: int, refusal: str | None, *, unheard: bool = False) -> None:  # noqa: ARG002 - there is one
        """The broker answered the message."""
        self.refusal, self.acked_us = refusal, self.clock.uptime_us()
        self.acked.set()

    def message(self, topic: str, payload: bytes, *, retained: bool) -> None:  # noqa: ARG002 - a status is kept
        """The status that the broker keeps, or what an agent answers."""
        if topic.endswith("/status"):
            self.statuses.append(payload)
        else:
            self.answers.append(payload)
            self.answered.set()

    def asked(self, asked: Asked) -> None:
        """Nothing is asked of it: it does not subscribe to requests."""

    def refused(self, topic: str) -> None:
        """The broker does not let us hear it: then nobody can tell."""


async def with_login(
    facts: BrokerFacts, scene: Scene, mqtt: MqttSettings, elevator: ElevatorSettings
) -> BrokerFacts:
    """Log in and publish; adds what came of it."""
    clock = scene.clock
    ear = Ear(clock)
    identity = Identity(client_id(mqtt, elevator) + SUFFIX, Login(mqtt))
    connection = Connection(mqtt, identity, None, ear, clock)
    connection.start()
    try:
        await _until(ear.in_, connection, _LOGIN_S)
        if not ear.is_in:
            why = connection.ended.result() if connection.ended.done() else reasons.NO_ANSWER
            cause = "no_answer" if why is reasons.NO_ANSWER else login_cause(why.en)
            return replace(facts, login=cause, login_said=why)
        entered = _entered(facts, connection, mqtt)
        if not entered.qos1:  # nobody would acknowledge
            return entered
        return await _met(await _spoken(entered, connection, ear), scene, connection, ear)
    finally:
        await _leave(connection)


async def _until(happened: asyncio.Event, connection: Connection, most_s: float) -> None:
    """Wait until it has happened, the connection has ended, or the time is over."""
    connection.ended.add_done_callback(lambda _: happened.set())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await happened.wait()


def _entered(facts: BrokerFacts, connection: Connection, mqtt: MqttSettings) -> BrokerFacts:
    limits = connection.limits
    said = f"MQTT {mqtt.protocol}, {mqtt.username or '-'}"
    facts = replace(facts, login="accepted", login_said=Say(said, said))
    if limits is None or mqtt.protocol != "5":
        return facts
    return replace(
        facts,
        limits_known=True,
        receive_maximum=limits.receive_maximum,
        maximum_packet=limits.maximum_packet,
        qos1=limits.qos1,
        retain=limits.retain,
    )


async def _spoken(facts: BrokerFacts, connection: Connection, ear: Ear) -> BrokerFacts:
    topics = Topics(facts.root)
    connection.subscribe(topics.status)
    topic, sent_us = f"{facts.root}/resp/doctor", ear.clock.uptime_us()
    said = Answer(verb="doctor", ok=True, at=iso(ear.clock.now().wall_us), correlation_id=None)
    token = connection.publish(topic, msgspec.json.encode(said), expiry_s=_EXPIRY_S)
    if token is not None:
        await _until(ear.acked, connection, _ACK_S)
    await asyncio.wait({connection.ended}, timeout=_HEAR_S)
    return _published(facts, ear, topic, sent_us)


def _published(facts: BrokerFacts, ear: Ear, topic: str, sent_us: int) -> BrokerFacts:
    if not ear.acked_us:
        return replace(facts, publish="no_puback", publish_said=Say(topic, topic))
    if ear.refusal is not None:
        return replace(facts, publish="refused", publish_said=Say(ear.refusal, ear.refusal))
    took_ms = (ear.acked_us - sent_us) * 1000 / SECOND_US
    said = Say(f"{topic}: PUBACK after {took_ms:.0f} ms", f"{topic}：{took_ms:.0f} ms 后 PUBACK")
    return replace(facts, publish="acknowledged", publish_said=said)


async def _met(facts: BrokerFacts, scene: Scene, connection: Connection, ear: Ear) -> BrokerFacts:
    """Say who else is there. A status that the broker keeps may be years old: who lives answers a `ping`."""
    boots = (other_agent(payload, "") for payload in ear.statuses)
    boot = next((each for each in boots if each is not None), None)
    own = ear.clock.boot_id
    if facts.foreign or boot is None:
        return replace(facts, foreign=facts.foreign or "")
    if boot == own and scene.is_held:  # that is ours
        return replace(facts, foreign="")
    topics = Topics(facts.root)
    connection.subscribe(topics.response("ping"))
    await asyncio.wait({connection.ended}, timeout=_HEAR_S)
    connection.publish(topics.requests.removesuffix("#") + "ping", b"", expiry_s=_EXPIRY_S)
    await _until(ear.answered, connection, _ANSWER_S)
    status = f"status: online, boot {boot[:8]}"
    if ear.answers:
        return replace(facts, foreign=f"{status}, answers")
    return replace(facts, foreign="", left_over="" if boot == own else f"{status}, no answer")


async def _leave(connection: Connection) -> None:
    if not connection.ended.done():
        connection.disconnect()
        await asyncio.wait({connection.ended}, timeout=_GOODBYE_S)
    connection.abort(reasons.LOST)
