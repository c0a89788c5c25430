"""What `doctor` begins with: the configuration as far as it can be read, and what the running service tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from agent.cli.ask import (
    ForbiddenError,
    NoAnswerError,
    NotRunningError,
    RefusedError,
    ask,
    stream,
)
from agent.cli.check import credentials_of, warnings_of
from agent.cli.site import checked_settings, folders_of, settings_of, signals_of
from agent.cli.texts import Words
from agent.clock import Clock
from agent.config import ConfigProblems, Problem, config_path
from agent.config_problem import Say
from agent.doctor.scene import Own, Passed, Service, Signal, Size, Status
from agent.doctor.unit import SocketFacts
from agent.model import SECOND_US
from agent.settings import ControlSettings, Settings

_ANSWER_S = 5.0
_MOST_FRAMES = 256
_FRAMES_S = 0.3  # the kept frames come at once; then only new ones would
_ALL_FRAMES_US = SECOND_US  # where the next always comes sooner than that


class _Signals(msgspec.Struct):
    signals: dict[str, Signal] = {}


class _Frame(msgspec.Struct):
    driver: str = ""
    way: Literal["out", "in"] = "in"
    hex: str = ""


@dataclass(slots=True)
class Read:
    """The configuration: settings where it can be used, and everything that is wrong with it.

    `taken`: drivers whose line the service of another configuration is on.
    """

    file: str
    settings: Settings | None = None
    folders: tuple[Path, ...] = ()
    problems: Sequence[Problem] = ()
    warned: dict[str, Say] = field(default_factory=dict[str, Say])
    taken: dict[str, str] = field(default_factory=dict[str, str])


def read_configuration(config: Path | None) -> Read:
    """Read it. A wrong profile, password or certificate is a problem, and yet the rest can be looked at."""
    read = Read(str(config_path(config)), folders=folders_of(config))
    try:
        read.settings = settings_of(config)
    except ConfigProblems as wrong:
        read.problems = wrong.problems
        return read
    try:
        settings = checked_settings(config)
        warned = credentials_of(settings)
        wired = {s for driver in settings.drivers for s in signals_of(driver, read.folders)}
        warned += warnings_of(settings, wired)
    except ConfigProblems as wrong:
        read.problems = wrong.problems
        return read
    en, zh = Words("en"), Words("zh")
    read.warned = {
        key: Say(en(f"warning.{key}", **values), zh(f"warning.{key}", **values))
        for key, values in warned
    }
    return read


def asked_service(settings: Settings | None, clock: Clock) -> tuple[SocketFacts, Service | None]:
    """Ask the running service for everything; says how that went."""
    path = Path((settings.control if settings else ControlSettings()).path)
    try:
        status = msgspec.json.decode(ask(path, "status", timeout_s=_ANSWER_S), type=Status)
        service = _told(path, status, clock)
    except ForbiddenError as wrong:
        return SocketFacts(path=str(path), cause="no_permission", reason=wrong.reason), None
    except NoAnswerError as wrong:
        return SocketFacts(path=str(path), cause="no_answer", reason=wrong.reason), None
    except NotRunningError as wrong:
        return SocketFacts(path=str(path), cause="not_running", reason=wrong.reason), None
    except (RefusedError, msgspec.MsgspecError) as wrong:
        return SocketFacts(path=str(path), cause="no_answer", reason=str(wrong)), None
    facts = SocketFacts(path=str(path), version=status.version, up_s=status.uptime_s)
    return facts, service


def _told(path: Path, status: Status, clock: Clock) -> Service:
    signals = msgspec.json.decode(ask(path, "signals", timeout_s=_ANSWER_S), type=_Signals)
    journal, fault = None, ""
    try:
        own = msgspec.json.decode(ask(path, "doctor", timeout_s=_ANSWER_S), type=Own)
    except RefusedError:  # a service of before an update, not started anew
        own = Own()
    try:
        journal = msgspec.json.decode(ask(path, "outbox", timeout_s=_ANSWER_S), type=Size)
    except RefusedError as wrong:
        fault = str(wrong)
    return Service(
        status=status,
        signals=signals.signals,
        own=own,
        journal=journal,
        journal_fault=fault,
        frames=_frames(path, clock),
    )


def _frames(path: Path, clock: Clock) -> list[Passed]:
    """Take the frames that the service kept, and leave before it waits for more."""
    frames: list[Passed] = []
    until_us = clock.uptime_us() + _ALL_FRAMES_US
    try:
        for raw in stream(path, "bus", {"kept": True}, _FRAMES_S):
            frame = msgspec.json.decode(raw, type=_Frame)
            if frame.hex:
                data = bytes.fromhex(frame.hex)
                frames.append(Passed(driver=frame.driver, out=frame.way == "out", data=data))
            if len(frames) >= _MOST_FRAMES or clock.uptime_us() > until_us:
                break
    except (NotRunningError, RefusedError, msgspec.MsgspecError, ValueError):
        return frames
    return frames
