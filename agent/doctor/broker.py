"""The way to the broker, step by step: name, TCP, TLS, certificates, login, publish, limits, identity. Pure.

A step that could not be reached because one before it failed is not shown at all: the one that failed is the finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say, same
from agent.doctor.broker_checks import CERTIFICATE, IDENTITY, LIMITS, LOGIN, NAME, PUBLISH, TCP, TLS
from agent.doctor.finding import Finding
from agent.doctor.network import Reach, ReachFacts, reached

_UNSAID: Final = same("")
EARLY_MANY: Final = 3  # of ten minutes; two may be a broker's restart
WARN_DAYS: Final = 30  # the first step of event certificate_expiring
LEAST_PACKET: Final = 64 * 1024  # bytes; what the agent itself takes from a broker


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """One certificate: whose (`server`, `client`, `ca`), its last day, and days left (None: clock not set)."""

    whose: str
    date: str
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFacts:
    """How far the way to the broker was gone, by the service or by this tool; None for a step not reached.

    `tls`, `login`, `publish` are causes of their checks, with what was said about each. `took_ms` is how long a PUBACK
    took. The limits are None where the broker did not tell them. `foreign` says who else was seen, `left_over` whose status
    the broker keeps without anybody answering, and `broken_early` counts
    connections that broke within their first minute, in the last ten.
    """

    host: str
    port: int
    root: str
    asked_by: str = "service"
    reach: ReachFacts | None = None
    tls: str | None = None
    tls_said: Say = _UNSAID
    certificates: Sequence[CertificateFacts] = ()
    login: str | None = None
    login_said: Say = _UNSAID
    publish: str | None = None
    publish_said: Say = _UNSAID
    limits_known: bool = False
    receive_maximum: int | None = None
    maximum_packet: int | None = None
    qos1: bool = True
    retain: bool = True
    foreign: str | None = None
    left_over: str = ""
    broken_early: int = 0


def judge_broker(facts: BrokerFacts) -> list[Finding]:
    """Give the findings of every step that was reached."""
    host = facts.host
    found = _reach(facts)
    if facts.tls is not None:
        found.append(TLS.found(facts.tls, host, facts.tls_said))
    found += [_certificate(each) for each in facts.certificates]
    if facts.login is not None:
        found.append(LOGIN.found(facts.login, host, facts.login_said))
    if facts.publish is not None:
        values = {"root": facts.root, "host": host}
        found.append(PUBLISH.found(facts.publish, host, facts.publish_said, **values))
    if facts.login == "accepted":
        found += [_limits(facts), _identity(facts)]
    elif facts.foreign:
        found.append(_identity(facts))
    return found


_BEFORE_TCP: Final[frozenset[Reach]] = frozenset({"name_unknown"})


def _reach(facts: BrokerFacts) -> list[Finding]:
    reach = facts.reach
    if reach is None:
        return []
    if reach.end in _BEFORE_TCP:
        return [NAME.found("name_unknown", facts.host, reached(reach), host=facts.host)]
    tcp = TCP.found(reach.end, facts.host, reached(reach), host=facts.host, port=facts.port)
    return [NAME.found("resolved", facts.host, same(facts.host), host=facts.host), tcp]


def _certificate(facts: CertificateFacts) -> Finding:
    days = facts.days
    if days is None:
        cause = "not_judged"
    elif days < 0:
        cause = "expired"
    else:
        cause = "expiring" if days < WARN_DAYS else "valid"
    left = "-" if days is None else str(days)
    measured = Say(f"until {facts.date}, {left} days left", f"至 {facts.date}，剩 {left} 天")
    return CERTIFICATE.found(cause, facts.whose, measured, date=facts.date)


def _limits(facts: BrokerFacts) -> Finding:
    packet = facts.maximum_packet
    if not facts.limits_known:
        cause = "not_told"
    elif not facts.qos1:
        cause = "no_qos1"
    elif not facts.retain:
        cause = "no_retain"
    else:
        cause = "packet_small" if packet is not None and packet < LEAST_PACKET else "wide_enough"
    receive, size = ("-" if each is None else str(each) for each in (facts.receive_maximum, packet))
    measured = Say(
        f"Receive Maximum {receive}, maximum packet {size} bytes",
        f"接收窗口 {receive}，最大报文 {size} 字节",
    )
    return LIMITS.found(cause, facts.host, measured, least=LEAST_PACKET)


def _identity(facts: BrokerFacts) -> Finding:
    if not facts.foreign and facts.broken_early >= EARLY_MANY:
        count = facts.broken_early
        measured = Say(
            f"{count} connections of the last ten minutes broke within a minute",
            f"近十分钟内 {count} 次连接在一分钟内断开",
        )
        return IDENTITY.found("kicked_out", facts.root, measured)
    if facts.foreign is None:
        return IDENTITY.found("not_known", facts.root, same("-"))
    if facts.foreign:
        return IDENTITY.found("two_agents", facts.root, same(facts.foreign))
    if facts.left_over:
        return IDENTITY.found("left_over", facts.root, same(facts.left_over))
    measured = Say("nobody else seen", "未见他人")
    return IDENTITY.found("alone", facts.root, measured)
