"""Every story on every installation it is told for: the table of cases, and how one is played."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.model import Event, Reading, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor, Standing
from agent.recording import Header, header_line, reading_line, time_line
from agent.settings import MonitorSettings
from hil.scenarios.installations import EVERYWHERE, Installation
from hil.scenarios.labels import Verdict, verdict
from hil.scenarios.script import RATED_MM_S, Script

Tell = Callable[[Script], object]
_WALL = datetime(2026, 11, 23, 8, tzinfo=UTC)
_AFTER_S = 5.0  # a story goes on for a moment, so that what it must not raise has time to show


@dataclass(frozen=True)
class Case:
    """One story on one installation."""

    name: str
    title: str
    installation: Installation
    tell: Tell

    def script(self) -> Script:
        """Tell it."""
        script = Script(self.installation)
        self.tell(script)
        script.wait(_AFTER_S)
        return script


_STORIES: list[tuple[str, str, Sequence[Installation], Tell]] = []


def story(*installations: Installation) -> Callable[[Tell], Tell]:
    """Enter a story; its docstring is its title, its function's name its name. None named: everywhere."""

    def enter(tell: Tell) -> Tell:
        title = (tell.__doc__ or "").strip()
        assert title, f"{tell.__name__} has no title"
        name = tell.__name__.replace("_", "-")
        _STORIES.append((name, title, installations or EVERYWHERE, tell))
        return tell

    return enter


def cases() -> list[Case]:
    """Give every case, in the order of the stories."""
    from hil.scenarios import chapters

    assert chapters.ALL
    return [
        Case(f"{name}@{installation.name}", title, installation, tell)
        for name, title, installations, tell in _STORIES
        for installation in installations
    ]


def play(script: Script, settings: MonitorSettings | None = None) -> list[Event]:
    """Run a story through the monitor, in-process; where the agent is down, through one after the other."""
    limits = limits_of(settings or MonitorSettings(), rated_speed_mm_s=RATED_MM_S)
    monitor = Monitor(script.on.drivers, limits)
    downtimes = list(script.downtimes)
    events: list[Event] = []
    for at_us, batch in batches(script.readings):
        while downtimes and at_us >= downtimes[0][1]:
            down_us, up_us = downtimes.pop(0)
            events += monitor.step(down_us)
            standing = _standing(events)
            monitor = Monitor(script.on.drivers, limits, start_us=up_us, standing=standing)
        events += monitor.step(at_us, batch)
    return events + monitor.step(script.at_us())


def _standing(events: Sequence[Event]) -> list[Standing]:
    """What the journal says stands."""
    standing: dict[tuple[str, str | None], Standing] = {}
    for event in events:
        if event.transition is Transition.RAISED:
            standing[event.key] = Standing(
                event.code, event.instance, event.severity, event.since_us
            )
        elif event.transition is Transition.CLEARED:
            standing.pop(event.key, None)
    return list(standing.values())


def judge(case: Case) -> Verdict:
    """Tell, play and compare."""
    script = case.script()
    return verdict(script.labels, play(script))


def batches(readings: Sequence[Reading]) -> Iterator[tuple[int, list[Reading]]]:
    """Readings of equal time together."""
    batch: list[Reading] = []
    for reading in readings:
        if batch and batch[0].at_us != reading.at_us:
            yield batch[0].at_us, batch
            batch = []
        batch.append(reading)
    if batch:
        yield batch[0].at_us, batch


def write(case: Case, path: Path) -> None:
    """Write the story as a recording, for `elevator-agent replay`: what the agent heard since its last start."""
    script = case.script()
    start_us = script.downtimes[-1][1] if script.downtimes else 0
    heard = (reading for reading in script.readings if reading.at_us >= start_us)
    header = Header(
        recording=1,
        elevator=case.name,
        wall=_WALL,
        signals=script.on.signals,
        drivers=dict(script.on.drivers),
    )
    lines = [header_line(header), *(reading_line(reading, start_us) for reading in heard)]
    path.write_bytes(b"\n".join([*lines, time_line(script.at_us(), start_us), b""]))
