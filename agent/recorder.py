"""The flight recorder: remembers the last minutes of changes, and keeps them as a file where something serious is raised.

It is given what the monitor was given, after staleness was decided, so that a replay decides the same. Everything that a
disk could hold up happens in a thread of its own: no alarm waits for a recording, and a recording that cannot be written is
logged once and missing. Recordings by hand and `run --record` are the same mechanism with another beginning and end.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from agent.clock import Clock, sleep
from agent.flight_disk import Disk
from agent.flight_file import PlainFile, Sink
from agent.flight_names import MANUAL, name_of, wall_of
from agent.flight_shelf import Shelf
from agent.flight_tape import Tape
from agent.flight_window import Past, Window, entries_of
from agent.model import SECOND_US, Event, Instant, Reading, Severity, Transition
from agent.recording import Header
from agent.settings import RecorderSettings

RECORDING = "recording"  # the event's detail that names the file
PLAIN_BYTES_MAX = 64 * 1024 * 1024  # a day of a busy elevator is about 5 MB
_AFTERMATH_MOST_US = 600 * SECOND_US  # raises that follow each other share one file for so long
_TAPES_MAX = 5  # under way; on a disk that hangs they stay so, and each holds a window
_TICK_S = 1.0
_MB = 1024 * 1024
_log = logging.getLogger("agent.recorder")


class Recorder:
    """One service's recordings, on its event loop, from `start` on. `header` is what each of them says of itself.

    `on_error` is told, in another thread, of a mistake of our own there.
    """

    def __init__(
        self,
        header: Header,
        start: Instant,
        folder: Path,
        settings: RecorderSettings,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._header = header
        self._before_us = round(settings.before_s * SECOND_US)
        self._after_us = round(settings.after_s * SECOND_US)
        self._now_us = start.uptime_us
        self.window = Window(start.uptime_us)
        self.shelf = Shelf(folder, settings.total_mb * _MB, settings.keep_free_mb * _MB)
        self.disk = Disk(on_error)
        self._tapes: list[Tape] = []
        self._has_tapes = asyncio.Event()
        self._is_failing = False

    def begin(self) -> None:
        """Mend what a power cut left."""
        self._ask(self.shelf.tidy)

    def keep(self, path: Path, now: Instant) -> None:
        """Record from now on into a file that a person named; raises OSError: at the start that is theirs to mend."""
        nothing = Past(now.uptime_us, {}, ())
        tape = self._tape(str(path), PlainFile(path), now, nothing, is_live=True)
        self._add(tape, now)

    def record(self, changes: Sequence[Reading]) -> None:
        """Take one batch of changes; they carry its instant. One that comes late does not turn time back."""
        if not changes:
            return
        self._now_us = at_us = max(self._now_us, changes[0].at_us)
        entries = entries_of(changes, at_us)
        self.window.add(entries)
        for tape in self._tapes:
            tape.add(entries, at_us)
            if tape.is_live:
                tape.pump(at_us, self.disk)

    def attach(self, events: Sequence[Event], now: Instant) -> Sequence[Event]:
        """Name, in each major or critical raise, the recording that will show it; begins one where none runs."""
        raises = [event for event in events if _is_worth_a_file(event)]
        if not raises:
            return events
        worst = max(raises, key=lambda event: event.severity.rank)
        tape = self._shared(worst, now) or self._begun(worst, now)
        if tape is None:
            return events
        return [_named(event, tape.name) if event in raises else event for event in events]

    def start_by_hand(self, now: Instant, minutes: float) -> Tape | None:
        """Record from now on; None when too many recordings are under way."""
        until_us = now.uptime_us + round(minutes * 60 * SECOND_US)
        return self._shelved(MANUAL, "start", now, now.uptime_us, until_us)

    def save_by_hand(self, now: Instant, minutes: float | None) -> Tape | None:
        """Write the last minutes, all there are for None; None when too many recordings are under way."""
        back_us = now.uptime_us if minutes is None else round(minutes * 60 * SECOND_US)
        return self._shelved(MANUAL, "save", now, now.uptime_us - back_us, now.uptime_us)

    @property
    def by_hand(self) -> Tape | None:
        """The recording that a person started and that still runs."""
        open_ = [each for each in self._tapes if not each.is_closed and not each.is_live]
        return next((each for each in open_ if each.severity is None and not each.error), None)

    @property
    def under_way(self) -> list[Tape]:
        """Recordings that are not whole yet, but for one that `run --record` named."""
        return [each for each in self._tapes if not each.is_live and not each.is_done]

    async def run(self, clock: Clock) -> None:
        """Bring recordings under way to their files, until cancelled."""
        while True:
            await self._has_tapes.wait()
            await sleep(_TICK_S)
            self.tick(clock.uptime_us())

    def tick(self, now_us: int) -> None:
        """Hand over what is due by now, and forget what is done."""
        self._now_us = max(self._now_us, now_us)
        for tape in self._tapes:
            tape.pump(self._now_us, self.disk)
        for tape in self._tapes:
            if tape.is_done:
                self._tell(tape)
        self._tapes = [each for each in self._tapes if not each.is_done]
        if not self._tapes:
            self._has_tapes.clear()

    def close(self, now_us: int) -> None:
        """End every recording: time went on until now."""
        self._now_us = max(self._now_us, now_us)
        for tape in self._tapes:
            tape.end(self._now_us)
            tape.pump(self._now_us, self.disk)

    async def stop(self, within_s: float) -> None:
        """Wait, but not long, for the disk to take the last of it."""
        if not await self.disk.idle(within_s):
            _log.warning(
                "The disk did not take the last recordings; the next start looks after them."
            )
        self.tick(self._now_us)
        self.disk.end()

    def _shared(self, event: Event, now: Instant) -> Tape | None:
        """A recording under way that also shows this event: of one at least as serious, and not too long yet."""
        until_us = now.uptime_us + self._after_us
        for tape in self._tapes:
            if tape.severity is None or tape.until_us is None or tape.is_closed or tape.error:
                continue
            room_us = tape.start_us + self._before_us + _AFTERMATH_MOST_US
            if tape.severity.rank >= event.severity.rank and until_us <= room_us:
                tape.until_us = max(tape.until_us, until_us)
                return tape
        return None

    def _begun(self, event: Event, now: Instant) -> Tape | None:
        if not self.shelf.has_room:
            self._ask(self.shelf.look)  # for the next one: nobody waits for a disk here
            return None
        from_us, until_us = event.at_us - self._before_us, now.uptime_us + self._after_us
        kind = event.severity
        return self._shelved(kind.value, event.code, now, from_us, until_us, severity=kind)

    def _shelved(
        self,
        kind: str,
        code: str,
        now: Instant,
        from_us: int,
        until_us: int,
        *,
        severity: Severity | None = None,
    ) -> Tape | None:
        if len(self._tapes) >= _TAPES_MAX:
            return None
        name = name_of(kind, code, now, self._header.boot_id)
        tape = self._tape(
            name,
            self.shelf.file(name),
            now,
            self.window.past(),
            from_us=from_us,
            until_us=max(until_us, self._now_us),
            severity=severity,
        )
        self._add(tape, now)
        return tape

    def _tape(  # noqa: PLR0913 - from when to when, and into what
        self,
        name: str,
        sink: Sink,
        now: Instant,
        past: Past,
        *,
        from_us: int = 0,
        until_us: int | None = None,
        severity: Severity | None = None,
        is_live: bool = False,
    ) -> Tape:
        start_us = max(from_us, past.begin_us)
        start = replace(now, uptime_us=start_us, wall_us=now.wall_at(start_us))
        return Tape(
            name,
            replace(self._header, wall=wall_of(start)),
            sink,
            start_us=start_us,
            until_us=until_us,
            past=past,
            bytes_max=PLAIN_BYTES_MAX,
            severity=severity,
            is_live=is_live,
        )

    def _add(self, tape: Tape, now: Instant) -> None:
        self._now_us = max(self._now_us, now.uptime_us)
        self._tapes.append(tape)
        self._has_tapes.set()
        tape.pump(self._now_us, self.disk)

    def _ask(self, job: Callable[[], object]) -> None:
        """Have the folder looked after; what the world says to that is logged."""
        if self.disk.is_behind:
            return

        def work() -> None:
            try:
                job()
            except OSError as wrong:
                _log.warning("The recordings' folder %s: %s.", self.shelf.folder, wrong.strerror)

        self.disk.do(work)

    def _tell(self, tape: Tape) -> None:
        """Once when recordings begin to fail, once when they are written again."""
        if tape.is_live:
            if tape.error is not None:
                _log.warning("The recording %s ended: %s.", tape.name, tape.error)
        elif (tape.error is not None) != self._is_failing:
            self._is_failing = tape.error is not None
            if tape.error is not None:
                _log.warning(
                    "Recordings cannot be written to %s: %s. Events go on without them.",
                    self.shelf.folder,
                    tape.error,
                )
            else:
                _log.warning("Recordings are written to %s again.", self.shelf.folder)


def header_of(
    elevator: str, boot_id: str, start: Instant, drivers: Mapping[str, Sequence[str]]
) -> Header:
    """What the recordings of a service say of themselves; `drivers` tells who gives which signal."""
    wired = {name: tuple(given) for name, given in drivers.items()}
    return Header(
        recording=1,
        elevator=elevator,
        boot_id=boot_id,
        wall=wall_of(start),
        signals=tuple(signal for given in wired.values() for signal in given),
        drivers=wired,
    )


def _is_worth_a_file(event: Event) -> bool:
    loud = event.severity.rank >= Severity.MAJOR.rank
    return loud and event.transition is Transition.RAISED


def _named(event: Event, name: str) -> Event:
    return replace(event, detail={**event.detail, RECORDING: name})
