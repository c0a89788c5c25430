"""Tries TLS with the broker, without a word of MQTT, with the very files and checks of the service."""

import contextlib
import socket
import ssl
from dataclasses import dataclass, field, replace
from typing import Final

from agent.clock import Clock
from agent.config import ConfigProblems
from agent.config_problem import Say
from agent.doctor.broker import BrokerFacts, CertificateFacts
from agent.doctor.tls_cause import tls_cause
from agent.model import SECOND_US, Instant
from agent.settings import MqttSettings
from agent.uplink import reasons, tls_reasons
from agent.uplink.certificates import (
    Certificate,
    NotACertificateError,
    first_to_end,
    read_der,
    signer_of,
)
from agent.uplink.expiry import AUTHORITY, CLIENT, SERVER, days_left
from agent.uplink.messages import iso
from agent.uplink.tls import HandshakeError, Material, is_out_of_reach, material_of

_HANDSHAKE_S: Final = 10.0
_REFUSAL_S: Final = 0.5


@dataclass(slots=True)
class Shaken:
    """How the handshake went: a cause of broker.tls, what was said, and the certificates seen."""

    cause: str
    said: Say
    certificates: list[CertificateFacts] = field(default_factory=list[CertificateFacts])


def with_tls(facts: BrokerFacts, mqtt: MqttSettings, clock: Clock) -> BrokerFacts:
    """Try, and add what came of it. May block for some seconds."""
    shaken = _shake(mqtt, clock)
    return replace(
        facts, tls=shaken.cause, tls_said=shaken.said, certificates=tuple(shaken.certificates)
    )


def _shake(mqtt: MqttSettings, clock: Clock) -> Shaken:
    out_of_reach = is_out_of_reach(mqtt.key_file)
    if out_of_reach:  # the broker is judged all the same
        from msgspec.structs import replace as changed

        mqtt = changed(mqtt, certificate_file="", key_file="")
    try:
        material = material_of(mqtt, exposed=lambda _: None)
    except ConfigProblems as wrong:
        return Shaken("file_unusable", reasons.file_unusable(wrong.problems[0]))
    try:
        server, version = _handshake(mqtt, material)
    except HandshakeError as wrong:
        return _failed(wrong.__cause__ or wrong, mqtt, material, clock)
    except OSError as wrong:
        return _failed(wrong, mqtt, material, clock)
    now = clock.now()
    said = Say(f"{version}, {mqtt.host}:{mqtt.port}", f"{version}，{mqtt.host}:{mqtt.port}")
    return Shaken("trusted", said, _endings(server, material, now))


def _failed(error: BaseException, mqtt: MqttSettings, material: Material, clock: Clock) -> Shaken:
    now = clock.now()
    cause = tls_cause(error, synchronised=now.synchronised)
    said = tls_reasons.failed(error, mqtt.host, mqtt.port, now)
    return Shaken(cause, said, _endings(None, material, now))


def _handshake(mqtt: MqttSettings, material: Material) -> tuple[Certificate | None, str]:
    with (
        socket.create_connection((mqtt.host, mqtt.port), _HANDSHAKE_S) as plain,
        material.context.wrap_socket(plain, server_hostname=mqtt.host) as secure,
    ):
        _hear_refusal(secure)
        return _shown(secure), secure.version() or "TLS"


def _hear_refusal(secure: ssl.SSLSocket) -> None:
    """Wait for the word that TLS 1.3 has for a client only after the handshake; a broker that lets us in says nothing."""
    secure.settimeout(_REFUSAL_S)
    with contextlib.suppress(TimeoutError):
        secure.recv(1)


def _shown(secure: ssl.SSLSocket) -> Certificate | None:
    der = secure.getpeercert(binary_form=True)
    try:
        return None if der is None else read_der(der)
    except NotACertificateError:
        return None


def _endings(
    server: Certificate | None, material: Material, now: Instant
) -> list[CertificateFacts]:
    authorities = material.authorities
    issuer = first_to_end(authorities) if server is None else signer_of(server, authorities)
    known = {SERVER: server, CLIENT: first_to_end(material.client), AUTHORITY: issuer}
    return [
        CertificateFacts(
            whose=whose,
            date=iso(each.not_after_s * SECOND_US)[:10],
            days=days_left(each, now) if now.synchronised else None,
        )
        for whose, each in known.items()
        if each is not None
    ]
