"""The form of a recording (contract, section 2): JSON Lines of changes, in time order, gzip or not.

Pure: text to typed lines and back. Reading files is `replay.py`'s and writing them `recorder.py`'s.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

import msgspec

from agent.model import SECOND_US, Quality, Reading, Value
from agent.signals import SIGNALS, Kind, signal_for


class RecordingError(Exception):
    """A recording that cannot be understood: file, line, what was found, what is allowed."""

    def __init__(self, file: Path, line: int, found: str, allowed: str) -> None:
        super().__init__(f"{file}, line {line}: {found}. {allowed}")
        self.file, self.line, self.found, self.allowed = file, line, found, allowed


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line. `wall` is the wall time of t = 0; `signals` were wired.

    `drivers`, which this agent adds, says which driver gave which signals.
    """

    recording: int
    elevator: str = ""
    boot_id: str = ""
    wall: dt.datetime
    t: float = 0.0
    signals: tuple[str, ...]
    drivers: Mapping[str, tuple[str, ...]] = msgspec.field(
        default_factory=dict[str, tuple[str, ...]]
    )


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """Every other line: a reading at `t` seconds, or `t` alone, which moves time on."""

    t: float
    signal: str | None = None
    value: Value | None = None
    quality: Quality = Quality.GOOD


_TYPES: Mapping[Kind, tuple[type, ...]] = {
    Kind.BOOL: (bool,),
    Kind.INT: (int,),
    Kind.FLOAT: (float, int),
    Kind.TEXT: (str,),
    Kind.ENUM: (str,),
}
_GOOD = Quality.GOOD  # bound once: looking a member up on its class costs as much as the check
_T_MAX_S = 1e9  # 31 years: what lies beyond is a mistake, and beyond the calendar a crash
_YEARS = (1970, 9000)
_YEARS_ALLOWED = f"From {_YEARS[0]} to {_YEARS[1]}."
_decode_line = msgspec.json.Decoder(Line).decode
_decode_lines = msgspec.json.Decoder(Line).decode_lines
_decode_header = msgspec.json.Decoder(Header).decode
_encode = msgspec.json.Encoder().encode


def header_line(header: Header) -> bytes:
    """The first line of a recording, without its newline."""
    return _encode(header)


def reading_line(reading: Reading, start_us: int) -> bytes:
    """One reading as a line; `t` has six decimals."""
    t = (reading.at_us - start_us) / SECOND_US
    if reading.quality is Quality.GOOD:
        return _encode({"t": t, "signal": reading.signal, "value": reading.value})
    return _encode({"t": t, "signal": reading.signal, "quality": reading.quality.value})


def time_line(at_us: int, start_us: int) -> bytes:
    """A line that only moves time on."""
    return _encode({"t": (at_us - start_us) / SECOND_US})


def read_header(file: Path, text: bytes) -> Header:
    """The header, checked; raises RecordingError."""
    try:
        header = _decode_header(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordingError(
            file,
            1,
            f"the header cannot be read: {error}",
            'It is like {"recording":1,"elevator":"e01","boot_id":"…","wall":"2026-11-23T08:00:00.000Z",'
            '"t":0.0,"signals":["car.door_zone",…]}.',
        ) from error
    if header.recording != 1:
        raise RecordingError(
            file, 1, f"recording version {header.recording}", "Version 1 is known."
        )
    if header.wall.tzinfo is None:
        raise RecordingError(file, 1, "wall has no time zone", "Write it in UTC, ending in Z.")
    if not _YEARS[0] <= header.wall.year <= _YEARS[1]:
        raise RecordingError(file, 1, f"wall is in the year {header.wall.year}", _YEARS_ALLOWED)
    for name in header.signals:
        if signal_for(name) is None:
            raise RecordingError(file, 1, f"unknown signal {name!r}", _nearest(name, SIGNALS))
    return header


def batches(
    file: Path, lines: Iterator[bytes], signals: Sequence[str]
) -> Iterator[tuple[int, list[Reading]]]:
    """Readings grouped by equal `t`: (microseconds, readings), in time order.

    A last line that was cut off (the power went while it was written) ends the recording. Raises RecordingError.
    """
    accepts = {name: _acceptance(name) for name in signals}
    at_us, t, batch = -1, -1.0, list[Reading]()
    for number, line in chain.from_iterable(_blocks(file, lines)):
        if line.t != t:
            t = line.t
            line_us = _instant_us(file, number, t, at_us)
            if line_us != at_us:
                if at_us >= 0:
                    yield at_us, batch
                at_us, batch = line_us, []
        name = line.signal
        if name is None:
            continue
        value, quality = line.value, line.quality
        allowed = accepts.get(name)
        if (
            allowed is None
            or quality is not _GOOD
            or (type(value) not in allowed and value not in allowed)
        ):
            _check(file, number, line, name, accepts)
        batch.append(Reading(name, value, at_us, quality))
    if at_us >= 0:
        yield at_us, batch


_BLOCK = 512  # lines decoded at once, which costs half of what they do one by one


def _blocks(file: Path, lines: Iterator[bytes]) -> Iterator[Iterable[tuple[int, Line]]]:
    """Every line that says something, with its number, a block at a time; raises RecordingError."""
    number = 2
    block, wrong = _block(lines)
    while block:
        try:
            decoded = _decode_lines(b"".join(block))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            decoded = []
        if len(decoded) == len(block):
            yield enumerate(decoded, start=number)
        elif len(block) == _BLOCK and not any(text.strip() for text in block):
            raise RecordingError(file, number, f"{_BLOCK} blank lines", "Is it a recording?")
        else:  # a blank or damaged line among them
            yield _one_by_one(file, number, block)
        if wrong is not None:
            break
        number += len(block)
        block, wrong = _block(lines)
    if wrong is not None:
        raise wrong


def _one_by_one(file: Path, number: int, block: list[bytes]) -> Iterator[tuple[int, Line]]:
    for at, text in enumerate(block, start=number):
        line = _line(file, at, text)
        if line is not None:
            yield at, line


def _block(lines: Iterator[bytes]) -> tuple[list[bytes], RecordingError | None]:
    """The next lines, and what kept the others from being read: those before it count."""
    block = list[bytes]()
    try:
        block.extend(islice(lines, _BLOCK))
    except RecordingError as wrong:
        return block, wrong
    return block, None


def _instant_us(file: Path, number: int, t: float, before_us: int) -> int:
    """A line's time in microseconds, which must not go back."""
    if t > _T_MAX_S:
        raise RecordingError(file, number, f"t = {t}", "Seconds, at most 1e9.")
    line_us = round(t * SECOND_US)
    if line_us < before_us or line_us < 0:
        least_us = max(before_us, 0)
        raise RecordingError(file, number, f"t = {t}", f"Time rises from {least_us / SECOND_US}.")
    return line_us


def _line(file: Path, number: int, text: bytes) -> Line | None:
    try:
        return _decode_line(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not text.strip() or not text.endswith(b"\n"):
            return None
        raise RecordingError(file, number, f"not a line of a recording: {error}", _FORM) from error


_Accepts = Mapping[str, frozenset[object]]


def _check(file: Path, number: int, line: Line, name: str, accepts: _Accepts) -> None:
    """A reading is about a wired signal and has a value of its type."""
    allowed = accepts.get(name)
    if allowed is None:
        found = f"signal {name!r} is not in the header's list"
        raise RecordingError(file, number, found, _nearest(name, list(accepts)))
    if line.quality is _GOOD and type(line.value) not in allowed and line.value not in allowed:
        raise RecordingError(file, number, f"{name} = {line.value!r}", _values(name))


_FORM = 'It is like {"t":0.2,"signal":"door.front","value":"closed"}.'


def _acceptance(name: str) -> frozenset[object]:
    """What a signal's value may be: of an enumeration the words themselves, else the types."""
    signal = signal_for(name)
    assert signal is not None, name
    return frozenset(signal.choices or _TYPES[signal.kind])


def _values(name: str) -> str:
    signal = signal_for(name)
    assert signal is not None, name
    if signal.choices:
        return f"Allowed: {', '.join(sorted(signal.choices))}."
    return f"Allowed: a value of type {signal.kind.value}, or a quality."


def _nearest(name: str, names: Sequence[str] | Mapping[str, object]) -> str:
    import difflib  # only a recording with a mistake needs it

    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0)
    return f"The nearest is {near[0]!r}." if near else "No signal is listed."
