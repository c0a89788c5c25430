"""The composition root: configuration → objects → running loop. The only place that names concrete classes."""

import asyncio
import contextlib
import logging
import signal
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from agent import __version__
from agent.answers import Answers, Board
from agent.clock import Clock, sleep
from agent.config import ConfigProblems, load
from agent.control import ControlServer, ControlTakenError, ControlUnavailableError
from agent.drivers import table
from agent.drivers.port import Driver
from agent.drivers.profiles import default_folders, profile_names
from agent.freshness import Freshness
from agent.intake import Intake
from agent.model import Event, Instant, Row, Severity, Transition
from agent.monitor.capabilities import capabilities
from agent.monitor.catalog import CATALOG
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor, Standing
from agent.naming import naming_of
from agent.outbox import JournalBusy, JournalFault
from agent.recorder import Recorder
from agent.self_events import SelfEvents
from agent.settings import Settings
from agent.uplink.link import MqttLink
from agent.uplink.messages import Origin, asset_message, will_message
from agent.uplink.mqtt import Will
from agent.uplink.ports import Sources
from agent.uplink.publisher import Publisher
from agent.uplink.topics import Topics
from agent.watchdog import Watchdog, bounds_of, status_of
from agent.wiring import wiring_of
from agent.writer import Outbox

_log = logging.getLogger("agent")
_OPEN_S = 2.0  # a journal that takes longer to open must not delay an alarm
_DRAIN_S = 1.5  # of the 5 s that a stop may take; the publisher's good-bye takes at most 2 s
_LOOK_S = 1.0

FINE, FAILED, USAGE = 0, 1, 2


def main(config: Path, record: Path | None = None) -> int:
    """Run the service until it is stopped; returns the exit code."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    folders = default_folders(config)
    try:
        settings = load(
            config,
            signals_of=lambda driver: table.signals_of(driver, folders),
            profiles=lambda: profile_names(folders),
        )
    except ConfigProblems as problems:
        print(problems, file=sys.stderr)  # noqa: T201 - this is the command line
        return USAGE
    try:
        return asyncio.run(_serve(settings, folders, record))
    except (JournalBusy, ControlTakenError, RecordingRefused) as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201 - this is the command line
        return USAGE


async def _serve(settings: Settings, folders: Sequence[Path], record: Path | None) -> int:
    service = Service(settings, folders, record)
    await service.start()
    return await service.run()


class RecordingRefused(Exception):  # noqa: N818 - a state of the world, for whoever asked for it
    """The recording that was asked for cannot be written."""


class Service:
    """All parts of one running agent. `start`, then `run` until a signal or a failure ends it."""

    def __init__(self, settings: Settings, folders: Sequence[Path], record: Path | None) -> None:
        self._settings, self._folders, self._record = settings, folders, record
        self._clock = Clock()
        self._drivers: list[Driver] = [
            table.build(driver, self._clock, folders) for driver in settings.drivers
        ]
        self._outbox = Outbox(
            Path(settings.outbox.path),
            self._clock,
            on_committed=self._committed,
            on_fault=self._journal_fault,
        )
        self._ending = asyncio.Event()
        self._error: BaseException | None = None
        self._dropped = 0
        self._mark = f"{zlib.crc32(msgspec.json.encode(settings)):08x}"
        self._start_us = self._clock.uptime_us()

    async def start(self) -> None:
        """Open the journal and put everything together around what it says stands."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        self._started = False
        await self._outbox.start(_OPEN_S)
        self._opened = bool(self._outbox.journal)
        self._wiring = wiring_of(self._settings, self._folders)
        self._board = Board(self._outbox.standing, self._clock.boot_id)
        self._self_events = SelfEvents(_own(self._outbox.standing))
        self._intake = self._make_intake()
        self._publisher = self._make_publisher()
        self._intake.on_state = self._publisher.state_changed
        self._intake.on_links = self._publisher.set_links
        bounds_us = bounds_of(self._wiring.intervals_us)
        self._watchdog = Watchdog(bounds_us, lambda: status_of(self._intake.links), self._clock)
        self._intake.on_turned = self._watchdog.turned
        await self._open_control()
        self._started = True
        self._say_start()

    async def _open_control(self) -> None:
        """Without its socket the agent still watches; only the command line cannot ask it."""
        control = self._make_control()
        self._control: ControlServer | None = None
        try:
            await control.start()
            self._control = control
        except ControlTakenError:
            raise  # a second agent with this configuration: `main` says so
        except ControlUnavailableError as wrong:
            _log.warning("%s The command line cannot ask this service.", wrong)

    def _make_intake(self) -> Intake:
        now = self._clock.now()
        limits_us = {name: limit for d in self._drivers for name, limit in d.signals.items()}
        monitor = Monitor(
            self._wiring.drivers,
            limits_of(self._settings.monitor, self._wiring.polls_us),
            start_us=now.uptime_us,
            intervals_us=self._wiring.intervals_of,
            standing=_standing(self._outbox.standing, self._clock.boot_id),
        )
        self._recorder = self._make_recorder(now)
        freshness = Freshness(limits_us, now.uptime_us)
        return Intake(self._clock, freshness, monitor, self._deliver, recorder=self._recorder)

    def _make_recorder(self, now: Instant) -> Recorder | None:
        if self._record is None:
            return None
        elevator, boot_id = self._settings.elevator.id, self._clock.boot_id
        try:
            return Recorder(self._record, elevator, boot_id, now, self._wiring.drivers)
        except OSError as wrong:
            raise RecordingRefused(
                f"The recording {self._record} cannot be written: {wrong.strerror or wrong}. "
                "Name a file in a directory that this user may write."
            ) from wrong

    def _make_publisher(self) -> Publisher:
        mqtt, elevator = self._settings.mqtt, self._settings.elevator
        topics = Topics.of(mqtt, elevator)
        self._origin = Origin(
            source=topics.root, elevator=elevator.id, rescue_code=elevator.rescue_code
        )
        able = {each.code: each for each in capabilities(self._wiring.signals)}
        card = asset_message(elevator, able, __version__)
        client_id = mqtt.client_id or f"elevator-agent-{elevator.site}-{elevator.id}"
        return Publisher(
            mqtt,
            self._origin,
            Sources(
                owed=self._outbox,
                asset=lambda: card,
                state=self._intake.freshness.points,
                naming=naming_of,
            ),
            MqttLink(mqtt, client_id, self._will, self._clock),
            self._clock,
        )

    def _will(self) -> Will:
        status = Topics(self._origin.source).status
        return Will(status, will_message(self._clock.boot_id, self._outbox.journal))

    def _make_control(self) -> ControlServer:
        answers = Answers(
            self._settings.elevator,
            self._origin,
            self._clock,
            (self._intake, self._outbox, self._publisher, self._board),
            self._wiring.driver_of,
        )
        return ControlServer(Path(self._settings.control.path), answers.verbs)

    async def _compare_configuration(self) -> None:
        """Say whether this start is with another configuration than the one before; nobody waits for the search."""
        try:
            rows = await self._outbox.rows(0, 2, codes=["agent_started"], newest_first=True)
        except JournalFault:
            return
        marks = [row.event.detail.get("configuration") for row in rows if not self._is_ours(row)]
        if marks and marks[0] not in (None, self._mark):
            now = self._clock.now()
            change = {"from": str(marks[0]), "to": self._mark}
            self._deliver(
                [self._self_events.notice("configuration_changed", now.uptime_us, change)], now
            )

    def _is_ours(self, row: Row) -> bool:
        """Whether a row tells of this very start."""
        return row.boot_id == self._clock.boot_id and row.event.at_us >= self._start_us

    def _say_start(self) -> None:
        now = self._clock.now()
        started = {"version": __version__, "configuration": self._mark}
        said = [self._self_events.notice("agent_started", now.uptime_us, started)]
        said += self._self_events.restarted(now.uptime_us)
        self._deliver([*said, *self._recovered(now)], now)
        if self._outbox.fault is not None:
            self._journal_fault(self._outbox.fault)
        elif not self._opened:  # it came while the rest was put together
            self._opened_late()
        self._intake.begin()

    def _recovered(self, now: Instant) -> list[Event]:
        """The journal was lost or damaged: which sequence numbers do not exist."""
        if self._outbox.recovered is None:
            return []
        first, last = self._outbox.recovered_range or (None, None)
        detail = {"reason": self._outbox.recovered, "missing_from": first, "missing_to": last}
        return [self._self_events.notice("outbox_recovered", now.uptime_us, detail)]

    async def run(self) -> int:
        """Work until a signal comes (0) or something that must not fail does (1)."""
        watching = asyncio.create_task(self._watch(), name="watching")
        publishing = asyncio.create_task(self._publisher.run(), name="publisher")
        ending = asyncio.create_task(self._ending.wait(), name="ending")
        await asyncio.wait({watching, publishing, ending}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        self._watchdog.stopping()
        await self._end(watching)
        await self._stop(publishing)
        if self._error is None:
            return FINE
        _log.error("The agent ends because of an error of its own.", exc_info=self._error)
        return FAILED

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            for driver in self._drivers:
                group.create_task(driver.run(self._intake), name=f"driver {driver.name}")
            group.create_task(self._intake.keep_time(), name="timers")
            group.create_task(self._look_after(), name="housekeeping")
            group.create_task(self._watchdog.run(), name="watchdog")
            group.create_task(self._compare_configuration(), name="configuration")

    async def _stop(self, publishing: "asyncio.Task[None]") -> None:
        """Sources have stopped; the broker hears good-bye, the journal takes what waits, all within 5 s."""
        try:
            if self._recorder is not None:
                self._recorder.close(self._clock.uptime_us())
            if self._control is not None:
                await self._control.close()
            await self._publisher.stop()  # over the connection that `publishing` still turns
        except Exception as error:  # noqa: BLE001 - whatever it was, what waits is journaled
            self._error = self._error or error
        finally:
            await self._end(publishing)
            await self._outbox.stop(_DRAIN_S)

    async def _end(self, task: "asyncio.Task[None]") -> None:
        """Cancel a part and wait for it; an error of its own does not disturb the rest of the stop."""
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await task
            except Exception as error:  # noqa: BLE001 - whatever it was, the end is orderly
                self._error = self._error or error

    # ---------------------------------------------------------------- events on their way

    def _deliver(self, events: Sequence[Event], now: Instant) -> None:
        self._board.submitted(events, now)
        self._outbox.submit(events, now)
        self._publisher.submitted(events, now)

    def _committed(self, rows: tuple[Row, ...]) -> None:
        self._board.committed(rows)
        self._publisher.committed(rows)

    def _journal_fault(self, reason: str | None) -> None:
        """The card failed or is back: it is an event, and the status says so."""
        if not self._started:
            return
        self._publisher.fault(reason)
        if reason is None and not self._opened:
            self._opened_late()
        now = self._clock.now()
        detail = {"reason": reason} if reason else {"reason": "writable_again"}
        event = self._self_events.follow(
            "storage_failed", now.uptime_us, detail, holds=reason is not None
        )
        if event is not None:
            self._deliver([event, *self._dropped_since(now)], now)

    def _opened_late(self) -> None:
        """The journal could not be read at the start: what it says stands is taken over now."""
        self._opened = True
        now, rows = self._clock.now(), self._outbox.standing
        self._board.adopt(rows)
        events = self._intake.adopt(_standing(rows, self._clock.boot_id))
        own = self._self_events.adopt(_own(rows), now.uptime_us)
        self._deliver([*events, *own, *self._recovered(now)], now)

    def _dropped_since(self, now: Instant) -> list[Event]:
        """Records that found no room in memory while the card did not answer."""
        dropped = self._outbox.dropped
        total = sum(dropped.values())
        if total == self._dropped:
            return []
        self._dropped = total
        detail = {severity.value: count for severity, count in dropped.items()}
        return [self._self_events.notice("records_dropped", now.uptime_us, detail)]

    async def _look_after(self) -> None:
        """What nobody tells: whether the broker refuses, and whether a rule was set aside."""
        while True:
            await sleep(_LOOK_S)
            now = self._clock.now()
            uplink = self._publisher.snapshot()
            refusing = bool(uplink["refusing"])
            detail = {"reason": str(uplink["refused_reason"]) if refusing else "accepted_again"}
            event = self._self_events.follow(
                "publish_refused", now.uptime_us, detail, holds=refusing
            )
            if event is not None:
                self._deliver([event], now)
            aside = self._intake.monitor.set_aside
            self._publisher.degraded("agent_fault" if aside else None)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """An error in a callback is our own mistake: the process ends and systemd starts it again.

        What the system refused (no descriptor left to accept a connection) is the world's, and is logged.
        """
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._error = self._error or error
            self._ending.set()
        else:
            loop.default_exception_handler(context)


def _standing(rows: Sequence[Row], boot_id: str) -> list[Standing]:
    """What stands, for the monitor; `since` is kept where it is of this boot, for uptimes of another mean nothing."""
    return [
        Standing(
            row.event.code,
            row.event.instance,
            row.event.severity,
            row.event.since_us if row.boot_id == boot_id else None,
        )
        for row in rows
        if row.event.transition is Transition.RAISED
    ]


def _own(rows: Sequence[Row]) -> dict[tuple[str, str | None], Severity]:
    """What stands about the agent itself."""
    codes = {entry.code for entry in CATALOG.values() if entry.agent}
    return {row.event.key: row.event.severity for row in rows if row.event.code in codes}
