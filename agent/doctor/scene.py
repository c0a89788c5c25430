"""What the looks are given: the configuration, the running service's facts, and this computer. Opens nothing."""

import os
import pwd
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from agent.clock import Clock
from agent.config_problem import Problem, Say
from agent.doctor.unit import SocketFacts, UnitFacts
from agent.settings import MonitorSettings, Settings

ROOT: Final = Path("/")
_NOT_ASKED: Final = UnitFacts(answers=False)
SERVICE_USER: Final = "elevator-agent"


class Counted(msgspec.Struct, frozen=True):
    """A driver's statistics, as `status` gives them."""

    polls: int = 0
    answered: int = 0
    timeouts: int = 0
    exceptions: int = 0
    malformed: int = 0
    connects: int = 0
    drops: int = 0
    round_trip_p50_ms: float | None = None
    round_trip_p95_ms: float | None = None


class Link(msgspec.Struct, frozen=True):
    """A driver's link."""

    up: bool
    reason: str = ""
    since_s: float = 0
    statistics: Counted = Counted()


class Ending(msgspec.Struct, frozen=True):
    """When a certificate ends."""

    not_after: str
    days_left: int | None = None


class Uplink(msgspec.Struct, frozen=True):
    """The connection to the broker."""

    connected: bool = False
    reason: str = ""
    reason_zh: str = ""
    refusing: bool = False
    refused: int = 0
    refused_reason: str | None = None
    published: dict[str, int] = {}
    certificates: dict[str, Ending] = {}


class Raised(msgspec.Struct, frozen=True):
    """One event that stands."""

    code: str
    instance: str | None = None


class ClockState(msgspec.Struct, frozen=True):
    """The service's own view of the clock."""

    synchronised: bool = False


class Status(msgspec.Struct, frozen=True):
    """The answer to `status`, as far as it is needed."""

    version: str = ""
    uptime_s: int = 0
    boot_id: str = ""
    links: dict[str, Link] = {}
    mqtt: Uplink = Uplink()
    standing: list[Raised] = []
    clock: ClockState = ClockState()


class Signal(msgspec.Struct, frozen=True):
    """One signal of the answer to `signals`."""

    v: bool | int | float | str | None = None
    q: str = "no_answer"
    age_ms: int | None = None
    driver: str | None = None


class Contact(msgspec.Struct, frozen=True):
    """What the service remembers of a contact."""

    watched_s: float = 0
    changes: int = 0
    changed_ago_s: float | None = None
    stood_s: float | None = None


class Fed(msgspec.Struct, frozen=True):
    """The watchdog."""

    within_s: float | None = None
    fed_ago_s: float | None = None
    stuck: list[str] = []


class BrokerLimits(msgspec.Struct, frozen=True):
    """What the broker told of itself."""

    receive_maximum: int | None = None
    maximum_packet: int | None = None
    qos1: bool = True
    retain: bool = True


class BrokerSeen(msgspec.Struct, frozen=True):
    """What the link saw: the broker's limits, and how many connections broke within their first minute."""

    limits: BrokerLimits | None = None
    broken_early: int = 0


class Own(msgspec.Struct, frozen=True):
    """The answer to `doctor`."""

    pid: int = 0
    contacts: dict[str, Contact] = {}
    watchdog: Fed = Fed()
    broker: BrokerSeen = BrokerSeen()
    written_bytes: int | None = None


class Size(msgspec.Struct, frozen=True):
    """The answer to `outbox`, as far as it is needed."""

    head: int = 0
    waiting: int = 0
    fault: str | None = None
    ballast_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A frame that the service kept: whose, which way, its bytes."""

    driver: str
    out: bool
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything a running service told. `journal` is None where it could not tell, `journal_fault` why."""

    status: Status
    signals: Mapping[str, Signal]
    own: Own
    journal: Size | None = None
    journal_fault: str = ""
    frames: Sequence[Passed] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One installation on one computer, as it is found.

    `settings` is None where the configuration cannot be used. `service` is None where none answered; `socket` says why.
    `holder` is the process that has the journal, where no service answers. `taken` are drivers whose line the service of
    another configuration is on, with the name it has there.
    `root` is where /proc, /sys, /dev and /run are. `endurance_tb` is what the card's maker promises, if it was told.
    """

    file: str
    settings: Settings | None
    socket: SocketFacts
    clock: Clock
    folders: tuple[Path, ...] = ()
    problems: Sequence[Problem] = ()
    warned: Mapping[str, Say] = field(default_factory=dict[str, Say])
    service: Service | None = None
    unit: UnitFacts = _NOT_ASKED
    root: Path = ROOT
    endurance_tb: float | None = None
    scan: bool = False
    holder: int | None = None
    taken: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def drivers(self) -> Sequence[Any]:
        """The tables of the configuration; none where it cannot be used."""
        return () if self.settings is None else self.settings.drivers

    @property
    def limits(self) -> MonitorSettings:
        """The limits of the configuration, or the defaults."""
        return MonitorSettings() if self.settings is None else self.settings.monitor

    @property
    def is_held(self) -> bool:
        """Whether a service may have lines and pins open, so that nothing may be opened here."""
        asked = self.socket.cause != "not_running"
        return asked or self.holder is not None or self.unit.sub == "running"


def runner_of(scene: Scene) -> int | None:
    """Give whose process the service is, or whose its socket was; None where nothing tells."""
    pid = 0 if scene.service is None else scene.service.own.pid
    for path in (*([scene.root / "proc" / str(pid)] if pid else []), Path(scene.socket.path)):
        try:
            return path.lstat().st_uid
        except OSError:
            continue
    return None


def service_user(uid: int | None = None) -> tuple[str, int, frozenset[int]]:
    """Give who the service runs as, with its groups: who is known to, else its own user if there is one, else who asks."""
    try:
        entry = pwd.getpwnam(SERVICE_USER) if uid is None else pwd.getpwuid(uid)
    except KeyError:
        if uid is not None:
            return str(uid), uid, frozenset()
        uid = os.geteuid()
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = str(uid)
        return name, uid, frozenset({os.getegid(), *os.getgroups()})
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return entry.pw_name, entry.pw_uid, frozenset(groups)


def may_write(mode: int, owner: int, group: int, uid: int, groups: frozenset[int]) -> bool:
    """Whether a user may read and write a file of this mode, as the kernel decides it. Pure."""
    if uid == 0:
        return True
    shift = 6 if uid == owner else 3 if group in groups else 0
    return (mode >> shift) & 0o6 == 0o6
