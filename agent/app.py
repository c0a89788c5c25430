"""The composition root: configuration → objects → running loop. The only place that names concrete classes."""

import asyncio
import contextlib
import dataclasses
import logging
import signal
import sys
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from agent import __version__
from agent.acknowledge import Acknowledgements
from agent.acknowledge_answer import AckAnswer
from agent.announcement import CODE as TRAPPED
from agent.announcement import calming_of
from agent.answers import Answers
from agent.clock import Clock
from agent.config import ConfigProblems, load
from agent.control import ControlServer, ControlTakenError, ControlUnavailableError
from agent.delivery import Delivery
from agent.doctor_answer import DoctorAnswer
from agent.drivers import table
from agent.drivers.means import Means
from agent.drivers.port import Driver
from agent.drivers.profiles import default_folders, profile_names
from agent.flight_answer import RecordAnswer
from agent.frames_answer import FramesAnswer
from agent.freshness import Freshness
from agent.intake import Intake
from agent.model import Event, Instant
from agent.monitor.capabilities import capabilities
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.naming import naming_of
from agent.outbox import JournalBusy
from agent.outbox_answer import OutboxAnswer
from agent.outbox_retention import Bounds
from agent.platforms import Platform, platform_of
from agent.platforms import default_folders as platform_folders
from agent.recorder import Recorder, header_of
from agent.requests.desk import Desk
from agent.requests.replay import Replay
from agent.requests.verbs import Verbs
from agent.settings import Settings
from agent.toggles_file import ContactMemory
from agent.uplink.events import Origin
from agent.uplink.expiry import Expiry, expected_of
from agent.uplink.hearing import Hearing
from agent.uplink.link import MqttLink, client_id
from agent.uplink.messages import asset_message, will_message
from agent.uplink.mqtt import Will
from agent.uplink.ports import Sources
from agent.uplink.publisher import Publisher
from agent.uplink.topics import Topics
from agent.watchdog import Watchdog, bounds_of, status_of
from agent.wiring import wiring_of

_log = logging.getLogger("agent")
_DRAIN_S = 1.5  # of the 5 s that a stop may take; the publisher's good-bye takes at most 2 s
_CONTACTS_S = 0.2
_RECORDINGS_S = 0.5  # they have had the time of all that before; what is left, the next start mends

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
            platform_of=lambda name: platform_of(name, platform_folders(config)),
        )
    except ConfigProblems as problems:
        print(problems, file=sys.stderr)  # noqa: T201 - this is the command line
        return USAGE
    try:
        codes = settings.platform.codes
        platform = platform_of(codes, platform_folders(config)) if codes else None
        return asyncio.run(_serve(settings, folders, record, platform))
    except (JournalBusy, ControlTakenError, RecordingRefused) as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201 - this is the command line
        return USAGE


async def _serve(
    settings: Settings, folders: Sequence[Path], record: Path | None, platform: Platform | None
) -> int:
    service = Service(settings, folders, record, platform)
    await service.start()
    return await service.run()


class RecordingRefused(Exception):  # noqa: N818 - a state of the world, for whoever asked for it
    """The recording that was asked for cannot be written."""


class Service:
    """All parts of one running agent. `start`, then `run` until a signal or a failure ends it."""

    def __init__(
        self,
        settings: Settings,
        folders: Sequence[Path],
        record: Path | None,
        platform: Platform | None = None,
    ) -> None:
        self._settings, self._folders, self._record = settings, folders, record
        self._naming = partial(naming_of, platform=platform)
        self._clock = Clock()
        self._hearing = Hearing()
        journal = Path(settings.outbox.path)
        self._means = Means(self._clock, tuple(folders), broker=self._hearing, journal=journal)
        self._drivers: list[Driver] = [
            table.build(driver, self._means) for driver in settings.drivers
        ]
        configuration = f"{zlib.crc32(msgspec.json.encode(settings)):08x}"
        bounds = Bounds.of(settings.outbox)
        mqtt, elevator = settings.mqtt, settings.elevator
        self._link = MqttLink(
            mqtt, client_id(mqtt, elevator), self._will, self._clock, self._hearing
        )
        self._delivery = Delivery(journal, self._clock, configuration, bounds)
        self._delivery.expiry = Expiry(expected_of(mqtt), lambda: self._link.certificates)
        self._calming = calming_of(settings, self._clock, self._drivers, self._are_trapped)
        self._contacts = ContactMemory(settings.drivers, journal, self._clock)
        self._ending = asyncio.Event()
        self._error: BaseException | None = None

    async def start(self) -> None:
        """Open the journal and put everything together around what it says stands."""
        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
        await self._delivery.open()
        self._wiring = wiring_of(self._settings, self._folders)
        self._intake = self._make_intake()
        self._publisher = self._make_publisher()
        self._intake.on_state = self._publisher.state_changed
        self._intake.on_links = self._publisher.set_links
        bounds_us = bounds_of(self._wiring.intervals_us)
        self._intake.on_changes = self._contacts.changed
        self._watchdog = Watchdog(bounds_us, lambda: status_of(self._intake.links), self._clock)
        self._intake.on_turned = self._watchdog.turned
        self._acknowledgements = Acknowledgements(
            self._delivery.board, self._intake, self._clock, self._deliver
        )
        self._answers = self._make_answers()
        self._desk = self._make_desk()
        await self._open_control()
        self._delivery.on_synchronised = self._link.try_now
        self._delivery.begin(self._intake, self._publisher)

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
            limits_of(
                self._settings.monitor,
                self._wiring.polls_us,
                rated_speed_mm_s=self._settings.elevator.rated_speed_mm_s,
            ),
            start_us=now.uptime_us,
            intervals_us=self._wiring.intervals_of,
            standing=self._delivery.standing,
        )
        self._recorder = self._make_recorder(now)
        freshness = Freshness(limits_us, now.uptime_us)
        return Intake(self._clock, freshness, monitor, self._deliver, recorder=self._recorder)

    def _deliver(self, events: Sequence[Event], now: Instant) -> None:
        self._delivery.deliver(self._recorder.attach(events, now), now)
        if self._calming is not None:  # after the alarm is on its way, and only a flag is set
            self._calming.wake()

    def _are_trapped(self) -> bool:
        return any(code == TRAPPED for code, _ in self._delivery.board.standing)

    def _make_recorder(self, now: Instant) -> Recorder:
        settings = self._settings
        beside = Path(settings.outbox.path).parent / "recordings"
        recorder = Recorder(
            header_of(settings.elevator.id, self._clock.boot_id, now, self._wiring.drivers),
            now,
            Path(settings.recorder.directory or beside),
            settings.recorder,
            self._thread_failed,
        )
        recorder.begin()
        try:
            if self._record is not None:
                recorder.keep(self._record, now)
        except OSError as wrong:
            raise RecordingRefused(
                f"The recording {self._record} cannot be written: {wrong.strerror or wrong}. "
                "Name a file in a directory that this user may write."
            ) from wrong
        return recorder

    def _make_publisher(self) -> Publisher:
        mqtt, elevator = self._settings.mqtt, self._settings.elevator
        topics = Topics.of(mqtt, elevator)
        self._origin = Origin(
            source=topics.root, elevator=elevator.id, rescue_code=elevator.rescue_code
        )
        wiring = self._wiring
        told = capabilities(wiring.signals, self._settings, contact_doors=wiring.contact_doors)
        able = {each.code: each for each in told}
        card = asset_message(elevator, able, __version__)
        return Publisher(
            mqtt,
            self._origin,
            Sources(
                owed=self._delivery.outbox,
                asset=lambda: card,
                state=self._intake.freshness.points,
                naming=self._naming,
            ),
            self._link,
            self._clock,
        )

    def _will(self) -> Will:
        status = Topics(self._origin.source).status
        return Will(status, will_message(self._clock.boot_id, self._delivery.outbox.journal))

    def _broker_facts(self, now: Instant) -> dict[str, object]:
        certificates = self._delivery.expiry.facts(now)
        asked = self._desk.snapshot()
        return {
            "reason_zh": self._link.fault_zh or "",
            "certificates": certificates,
            "requests": asked,
        }

    def _link_facts(self) -> dict[str, object]:
        limits = self._link.limits
        return {
            "limits": None if limits is None else dataclasses.asdict(limits),
            "broken_early": self._link.broken_early,
        }

    def _make_desk(self) -> Desk:
        """What is asked over the broker: heard by the link, answered through the publisher."""
        topics, post = Topics(self._origin.source), self._publisher.post
        verbs = Verbs(
            self._clock,
            self._publisher,
            Replay(self._delivery.outbox, post),
            self._acknowledgements,
            self._intake.freshness.points,
            self._answers.state,
        )
        desk = Desk(topics, self._settings.requests, verbs.handlers, post, self._clock)
        self._link.answer_requests(topics.requests.removesuffix("#"), desk.asked)
        return desk

    def _make_answers(self) -> Answers:
        answers = Answers(
            self._settings.elevator,
            self._origin,
            self._clock,
            (self._intake, self._delivery.outbox, self._publisher, self._delivery.board),
            self._wiring.driver_of,
            {driver.name: driver.statistics for driver in self._drivers},
        )
        answers.naming, answers.broker = self._naming, self._broker_facts
        return answers

    def _make_control(self) -> ControlServer:
        frames = FramesAnswer(self._means.tap, self._clock, tuple(self._wiring.drivers))
        recordings = RecordAnswer(self._recorder, self._clock)
        journal, bounds = Path(self._settings.outbox.path), Bounds.of(self._settings.outbox)
        outbox = OutboxAnswer(
            self._delivery.outbox, journal, bounds, lambda: self._publisher.delivered
        )
        outbox.unheard = lambda: self._publisher.unheard
        doctor = DoctorAnswer(
            clock=self._clock,
            toggles=self._contacts.toggles,
            watchdog=self._watchdog.facts,
            broker=self._link_facts,
        )
        verbs = {
            **self._answers.verbs,
            "ack": AckAnswer(self._acknowledgements).ack,
            "doctor": doctor.doctor,
            "bus": frames.bus,
            "record": recordings.record,
            "outbox": outbox.outbox,
        }
        return ControlServer(Path(self._settings.control.path), verbs)

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
            group.create_task(self._delivery.look_after(), name="housekeeping")
            group.create_task(self._watchdog.run(), name="watchdog")
            group.create_task(self._clock.follow(), name="clock")
            group.create_task(self._delivery.look_back(), name="looking back")
            group.create_task(self._desk.run(), name="requests")
            group.create_task(self._recorder.run(self._clock), name="recorder")
            if self._calming is not None:
                group.create_task(self._calming.run(), name="announcement")

    async def _stop(self, publishing: "asyncio.Task[None]") -> None:
        """Sources have stopped; the broker hears good-bye, the journal takes what waits, all within 5 s."""
        try:
            if self._error is None:
                self._intake.finish()
                await self._delivery.settle()
            self._recorder.close(self._clock.uptime_us())
            self._contacts.close(_CONTACTS_S)
            if self._control is not None:
                await self._control.close()
            await self._publisher.stop()  # over the connection that `publishing` still turns
        except Exception as error:  # noqa: BLE001 - whatever it was, what waits is journaled
            self._error = self._error or error
        finally:
            await self._end(publishing)
            await self._delivery.outbox.stop(_DRAIN_S)
            await self._recorder.stop(_RECORDINGS_S)

    async def _end(self, task: "asyncio.Task[None]") -> None:
        """Cancel a part and wait for it; an error of its own does not disturb the rest of the stop."""
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await task
            except Exception as error:  # noqa: BLE001 - whatever it was, the end is orderly
                self._error = self._error or error

    def _thread_failed(self, error: BaseException) -> None:
        """The recorder's thread met an error of our own, told in that thread."""
        loop, context = self._loop, {"message": "recorder", "exception": error}
        loop.call_soon_threadsafe(loop.call_exception_handler, context)

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
