"""When the certificates of the connection end, and the event that says so 30, 7 and 1 days before. Pure.

Judged by wall time, and only while that is synchronised: a clock that was never set neither raises nor clears. What stands
survives a restart, so that each step is said once. Knows no connection and no file: it is told which certificates there are.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from agent.model import SECOND_US, Detail, Event, Instant, Row, Severity, Transition
from agent.settings import MqttSettings
from agent.uplink.certificates import Certificate
from agent.uplink.messages import iso

CODE = "certificate_expiring"
CLIENT, SERVER, AUTHORITY = "client", "server", "ca"
_DAY_S = 24 * 3600
_SEVERITY = {30: Severity.MINOR, 7: Severity.MAJOR, 1: Severity.MAJOR}  # step in days → severity


@dataclass(frozen=True, slots=True)
class _Stands:
    step_days: int
    severity: Severity


def expected_of(mqtt: MqttSettings) -> frozenset[str]:
    """The certificates that a connection as configured has."""
    if not mqtt.tls:
        return frozenset()
    configured = {SERVER: True, CLIENT: mqtt.certificate_file, AUTHORITY: mqtt.ca_file}
    return frozenset(name for name, there in configured.items() if there)


class Expiry:
    """`expected` are the certificates there should be, `known` gives those seen so far."""

    def __init__(
        self,
        expected: Collection[str] = (),
        known: Callable[[], Mapping[str, Certificate]] = dict,
    ) -> None:
        self._expected, self._known = expected, known
        self._standing: dict[str, _Stands] = {}

    def adopt(self, rows: Iterable[Row]) -> None:
        """What the journal says stood; what was said since is newer."""
        for event in (row.event for row in rows):
            if event.code == CODE and event.instance is not None:
                step = event.detail.get("within_days")
                days = step if isinstance(step, int) and step in _SEVERITY else max(_SEVERITY)
                self._standing.setdefault(event.instance, _Stands(days, event.severity))

    def look(self, now: Instant) -> list[Event]:
        """What there is to say now."""
        gone = [name for name in self._standing if name not in self._expected]
        events = [self._cleared(name, {"reason": "configuration_changed"}, now) for name in gone]
        if now.synchronised:
            for name, certificate in self._known().items():
                events += self._judged(name, certificate, now)
        return events

    def _judged(self, name: str, certificate: Certificate, now: Instant) -> list[Event]:
        step, stands = step_of(certificate, now), self._standing.get(name)
        if step == (stands and stands.step_days):
            return []
        detail: dict[str, Detail] = {
            "not_after": iso(certificate.not_after_s * SECOND_US),
            "days_left": days_left(certificate, now),
        }
        events = list[Event]()
        if stands is not None:
            nearer = step is not None and step < stands.step_days
            reason = "nearer_its_end" if nearer else "renewed"
            events.append(self._cleared(name, {**detail, "reason": reason}, now))
        if step is not None:
            self._standing[name] = _Stands(step, _SEVERITY[step])
            told = {**detail, "within_days": step}
            events.append(_event(name, Transition.RAISED, _SEVERITY[step], told, now))
        return events

    def _cleared(self, name: str, detail: Mapping[str, Detail], now: Instant) -> Event:
        severity = self._standing.pop(name).severity
        return _event(name, Transition.CLEARED, severity, detail, now)

    def facts(self, now: Instant) -> dict[str, object]:
        """Of each certificate when it ends and in how many days; no days while the clock is not synchronised."""
        return {
            name: {
                "not_after": iso(each.not_after_s * SECOND_US),
                "days_left": days_left(each, now) if now.synchronised else None,
            }
            for name, each in sorted(self._known().items())
        }


def days_left(certificate: Certificate, now: Instant) -> int:
    """Whole days until it ends; negative when it has."""
    return (certificate.not_after_s * SECOND_US - now.wall_us) // (_DAY_S * SECOND_US)


def step_of(certificate: Certificate, now: Instant) -> int | None:
    """The step that its end lies within, in days; None where it is farther than all."""
    left_us = certificate.not_after_s * SECOND_US - now.wall_us
    within = [days for days in _SEVERITY if left_us <= days * _DAY_S * SECOND_US]
    return min(within, default=None)


def _event(
    name: str,
    transition: Transition,
    severity: Severity,
    detail: Mapping[str, Detail],
    now: Instant,
) -> Event:
    return Event(
        code=CODE,
        transition=transition,
        severity=severity,
        at_us=now.uptime_us,
        instance=name,
        since_us=now.uptime_us if transition is Transition.RAISED else None,
        detail=detail,
    )
