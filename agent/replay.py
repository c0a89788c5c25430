"""A recording through the same monitor, faster than real time: reads no clock, needs no drivers, opens no outbox."""

import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from agent.config_problem import Say, same
from agent.model import SECOND_US, Event, Reading, Transition
from agent.monitor.limits import limits_of
from agent.monitor.monitor import Monitor
from agent.naming import naming_of
from agent.platforms import Platform
from agent.recording import IS_IT_ONE, Header, RecordingError, batches, read_header
from agent.settings import Settings
from agent.uplink.events import Envelope, Origin, event_message
from agent.uplink.topics import root
from agent.wiring import Wiring

JOURNAL = "replay"
_GZIP = 31  # zlib's word for a gzip container
_CHUNK_BYTES = 64 * 1024
_PIECE_BYTES = 1024 * 1024  # unpacked at once: a packed chunk may hold a thousand times its size
UNPACKED_BYTES_MAX = 512 * 1024 * 1024  # eight times what the agent lets a recording grow to
_LINE_BYTES_MAX = 1024 * 1024  # a line is a reading; a header names some hundred signals
_READABLE = Say("Is the name right, and may this user read it?", "文件名对吗？当前用户可读取吗？")
_IS_IT_WHOLE = Say("Is it whole?", "文件完整吗？")
_CUT_SHORT = Say(
    "the packed file is cut short; its events end where it was cut",
    "压缩文件不完整；事件止于截断处",
)

__all__ = ["RecordingError", "messages_of", "replay_changes", "replay_events", "replay_file"]


def replay_file(
    file: Path,
    settings: Settings,
    wiring: Wiring | None = None,
    platform: Platform | None = None,
) -> Iterator[bytes]:
    """Yield each event of a recording as a message in the payload form, in order.

    `wiring` names the drivers of the signals where the recording does not, `platform` numbers the events. Raises
    RecordingError, or OSError when the file cannot be read.
    """
    return messages_of(replay_events(file, settings, wiring), settings, platform)


def messages_of(
    events: Iterable[tuple[Event, Header]], settings: Settings, platform: Platform | None = None
) -> Iterator[bytes]:
    """Yield each replayed event as a message in the payload form."""
    elevator = settings.elevator
    origin = Origin(
        source=root(settings.mqtt.prefix, elevator.site, elevator.id),
        elevator=elevator.id,
        rescue_code=elevator.rescue_code,
    )
    raised: dict[tuple[str, str | None], tuple[int, int]] = {}
    for seq, (event, header) in enumerate(events, start=1):
        envelope = _envelope(event, header, seq, raised)
        yield event_message(event, envelope, origin, naming_of(event, platform))


def replay_changes(file: Path) -> tuple[Header, Iterator[tuple[int, list[Reading]]]]:
    """What a recording holds, without a monitor: its header and its batches. Raises RecordingError, also while read."""
    lines = _open(file)
    header = read_header(file, next(lines, b""))
    return header, batches(file, lines, header.signals)


def replay_events(
    file: Path, settings: Settings, wiring: Wiring | None = None
) -> Generator[tuple[Event, Header], None, int]:
    """Yield each event of a recording with the recording's header; returns the recording's last instant."""
    with closing(_open(file)) as lines:
        header = read_header(file, next(lines, b""))
        drivers = _drivers(header, wiring)
        polls = None if wiring is None else wiring.polls_us
        intervals = None if wiring is None else wiring.intervals_of
        rated_mm_s = settings.elevator.rated_speed_mm_s
        limits = limits_of(settings.monitor, polls, rated_speed_mm_s=rated_mm_s)
        monitor = Monitor(drivers, limits, intervals_us=intervals)
        step = monitor.step
        for at_us, readings in batches(file, lines, header.signals):
            for event in step(at_us, readings):
                yield event, header
        return monitor.snapshot.at_us


def _open(file: Path) -> Generator[bytes, None, None]:
    """The lines of a file with their ends, unpacked when it is gzip by content; raises RecordingError."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            chunks = iter(lambda: raw.read(_CHUNK_BYTES), b"")
            yield from _lines(file, _unpacked(file, chunks) if packed else chunks)
    except OSError as error:
        found = same(error.strerror or str(error))
        raise RecordingError(file, 0, found, _READABLE) from error


def _lines(file: Path, chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
        if len(rest) > _LINE_BYTES_MAX:
            most = _LINE_BYTES_MAX
            found = Say(f"a line of more than {most} bytes", f"有一行超过 {most} 字节")
            raise RecordingError(file, 0, found, IS_IT_ONE)
    if rest:
        yield rest


def _unpacked(file: Path, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a gzip file, up to a bound. One that was cut short gives all it has, and then says so."""
    inflate, whole, left = zlib.decompressobj(_GZIP), True, UNPACKED_BYTES_MAX
    for packed in chunks:
        rest, more = packed, True
        while more:
            try:
                piece = inflate.decompress(rest, _PIECE_BYTES)
            except zlib.error as error:
                found = Say(f"it cannot be unpacked: {error}", f"无法解压：{error}")
                raise RecordingError(file, 0, found, _IS_IT_WHOLE) from error
            left -= len(piece)
            if left < 0:
                most = UNPACKED_BYTES_MAX >> 20
                found = Say(f"it unpacks to more than {most} MiB", f"解压后超过 {most} MiB")
                raise RecordingError(file, 0, found, IS_IT_ONE)
            yield piece
            whole = inflate.eof
            rest = inflate.unused_data if whole else inflate.unconsumed_tail
            more = bool(rest) or (not whole and len(piece) == _PIECE_BYTES)
            if whole:
                inflate = zlib.decompressobj(_GZIP)
    if not whole:
        raise RecordingError(file, 0, _CUT_SHORT, _IS_IT_WHOLE)


def _drivers(header: Header, wiring: Wiring | None) -> Mapping[str, Sequence[str]]:
    """Which driver gave which signals: as recorded, else as configured, else all from the recording itself."""
    given: dict[str, list[str]] = {}
    configured = dict[str, str]() if wiring is None else wiring.driver_of
    recorded = {signal: name for name, signals in header.drivers.items() for signal in signals}
    for signal in dict.fromkeys(header.signals):
        driver = recorded.get(signal) or configured.get(signal) or "recording"
        given.setdefault(driver, []).append(signal)
    return given


def _envelope(
    event: Event, header: Header, seq: int, raised: dict[tuple[str, str | None], tuple[int, int]]
) -> Envelope:
    """Number the event as a journal would, from 1, with times from the recording's header."""
    duration_ms: int | None = None
    if event.transition is Transition.RAISED:
        raised[event.key] = (seq, event.at_us)
    raised_seq, raised_us = raised.get(event.key, (None, 0))
    if event.transition is Transition.CLEARED:
        duration_ms = (event.at_us - raised_us) // 1000
        raised.pop(event.key, None)
    start_us = round(header.wall.timestamp() * SECOND_US)
    return Envelope(
        journal=JOURNAL,
        seq=seq,
        raised_seq=raised_seq,
        boot_id=header.boot_id,
        wall_us=start_us + event.at_us,
        clock="synchronised",
        duration_ms=duration_ms,
    )
