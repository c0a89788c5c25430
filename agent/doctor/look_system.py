"""Asks systemd and this computer's files. Each question ends by itself; nothing is changed."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agent.doctor.clock import ClockFacts, judge_clock
from agent.doctor.finding import Finding
from agent.doctor.host import HostFacts, judge_host
from agent.doctor.scene import Scene
from agent.doctor.unit import UNIT_NAME, UnitFacts, WatchdogFacts, judge_unit, judge_watchdog
from agent.drivers.host_facts import was_undervoltage
from agent.drivers.host_files import sources

ASK_S: Final = 5.0
_SHOWN: Final = (
    "LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts", "Result", "WatchdogUSec",
)  # fmt: skip
_THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
_TIMESYNC: Final = "run/systemd/timesync/synchronized"
_LAST_SYNC: Final = "var/lib/systemd/timesync/clock"


async def output_of(*command: str) -> str | None:
    """Give what a program says; None where there is none, it fails, or it does not end in time."""
    try:
        asked = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(ASK_S):
            said, _ = await asked.communicate()
    except TimeoutError:
        return None
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()
    return said.decode(errors="replace") if asked.returncode == 0 else None


def _pairs(text: str | None) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (text or "").splitlines() if "=" in line)


async def unit_facts() -> UnitFacts:
    """Ask systemd about the unit."""
    said = _pairs(await output_of("systemctl", "show", UNIT_NAME, f"--property={','.join(_SHOWN)}"))
    if not said.get("LoadState"):
        return UnitFacts(answers=False)
    restarts = said.get("NRestarts", "")
    return UnitFacts(
        answers=True,
        loaded=said["LoadState"] == "loaded",
        active=said.get("ActiveState", ""),
        sub=said.get("SubState", ""),
        enabled=said.get("UnitFileState", ""),
        restarts=int(restarts) if restarts.isdigit() else 0,
        result=said.get("Result", ""),
        watchdog_us=span_us(said.get("WatchdogUSec", "")),
    )


_SPANS: Final = {"us": 1, "ms": 1000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}


def span_us(text: str) -> int | None:
    """Read a span as systemctl writes it: `30s`, `1min 30s`, `0`, `infinity`; None where it is none."""
    if text in {"0", "infinity"}:
        return 0
    total = 0
    for part in text.split():
        number = part.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = _SPANS.get(part.removeprefix(number))
        if unit is None or not number.isdigit():
            return None
        total += int(number) * unit
    return total or None


async def look_at_unit(scene: Scene) -> list[Finding]:
    """Look at the unit and at its watchdog."""
    own = None if scene.service is None else scene.service.own.watchdog
    within_s = None if own is None else own.within_s
    if within_s is None and scene.unit.watchdog_us is not None:
        within_s = scene.unit.watchdog_us / 1_000_000
    facts = WatchdogFacts(
        within_s=within_s,
        fed_ago_s=None if own is None else own.fed_ago_s,
        stuck=() if own is None else tuple(own.stuck),
    )
    return [judge_unit(scene.unit), judge_watchdog(facts)]


async def look_at_clock(scene: Scene) -> list[Finding]:
    """Look at the clock, its source, and what certainly happened before now."""
    told = _pairs(await output_of("timedatectl", "show"))
    sync = _pairs(await output_of("timedatectl", "show-timesync", "--property=ServerName"))
    by_system = told.get("NTPSynchronized")
    marked = (scene.root / _TIMESYNC).exists() or by_system == "yes"
    newest_s, newest = max((_modified(path), str(path)) for path in _witnesses(scene))
    now = scene.clock.now()
    facts = ClockFacts(
        wall_s=now.wall_us / 1_000_000,
        synchronised=scene.service.status.clock.synchronised if scene.service else marked,
        ntp_on=None if "NTP" not in told else told["NTP"] == "yes",
        newest_s=newest_s,
        newest=newest,
        source=sync.get("ServerName", ""),
    )
    return [judge_clock(facts)]


def _witnesses(scene: Scene) -> Sequence[Path]:
    """Files that were written in the past: this program, the last synchronisation, the journal."""
    journal = [] if scene.settings is None else [Path(scene.settings.outbox.path)]
    return [Path(__file__), scene.root / _LAST_SYNC, *journal]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0


async def look_at_host(scene: Scene) -> list[Finding]:
    """Read what the kernel says of heat, supply, speed and memory."""
    told: dict[str, object] = {}
    for signal, source in sources(scene.root).items():
        try:
            told[signal] = source.read()
        except (OSError, ValueError):
            continue
    temperature, memory = told.get("host.temperature_c"), told.get("host.memory_available_mb")
    undervoltage, throttled = told.get("host.undervoltage"), told.get("host.throttled")
    facts = HostFacts(
        temperature_c=temperature if isinstance(temperature, float) else None,
        hot_c=scene.limits.host_hot_c,
        undervoltage=undervoltage if isinstance(undervoltage, bool) else None,
        was_undervoltage=_was_undervoltage(scene.root / _THROTTLED),
        throttled=throttled if isinstance(throttled, bool) else None,
        memory_mb=memory if isinstance(memory, int) else None,
    )
    return judge_host(facts)


def _was_undervoltage(path: Path) -> bool:
    try:
        return was_undervoltage(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
