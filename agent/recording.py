"""The form of a recording (contract, section 2): JSON Lines of changes, in time order, gzip or not.

Pure: text to typed lines and back. Reading files is `replay.py`'s and writing them `recorder.py`'s.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

import msgspec

from agent.config_problem import Say, same
from agent.model import SECOND_US, Quality, Reading, Value
from agent.signals import SIGNALS, Kind, signal_for


class RecordingError(Exception):
    """A recording that cannot be understood: file, line (0: the file as a whole), what was found, what is allowed."""

    def __init__(self, file: Path, line: int, found: Say, allowed: Say) -> None:
        where = f"{file}, line {line}" if line else f"{file}"
        super().__init__(f"{where}: {found.en}. {allowed.en}")
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
_YEARS_ALLOWED = Say(f"From {_YEARS[0]} to {_YEARS[1]}.", f"应在 {_YEARS[0]} 至 {_YEARS[1]} 之间。")
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
            Say(f"the header cannot be read: {error}", f"无法读取文件头：{error}"),
            _HEADER,
        ) from error
    if header.recording != 1:
        raise RecordingError(
            file,
            1,
            Say(f"recording version {header.recording}", f"录制版本 {header.recording}"),
            Say("Version 1 is known.", "支持版本 1。"),
        )
    if header.wall.tzinfo is None:
        raise RecordingError(file, 1, _NO_ZONE, _IN_UTC)
    if not _YEARS[0] <= header.wall.year <= _YEARS[1]:
        year = Say(f"wall is in the year {header.wall.year}", f"wall 的年份为 {header.wall.year}")
        raise RecordingError(file, 1, year, _YEARS_ALLOWED)
    for name in header.signals:
        if signal_for(name) is None:
            unknown = Say(f"unknown signal {name!r}", f"未知信号 {name!r}")
            raise RecordingError(file, 1, unknown, _nearest(name, SIGNALS))
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
            blank = Say(f"{_BLOCK} blank lines", f"{_BLOCK} 个空行")
            raise RecordingError(file, number, blank, IS_IT_ONE)
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
        raise RecordingError(file, number, same(f"t = {t}"), _SECONDS)
    line_us = round(t * SECOND_US)
    if line_us < before_us or line_us < 0:
        least = max(before_us, 0) / SECOND_US
        rises = Say(f"Time rises from {least}.", f"时间须从 {least} 起递增。")
        raise RecordingError(file, number, same(f"t = {t}"), rises)
    return line_us


def _line(file: Path, number: int, text: bytes) -> Line | None:
    try:
        return _decode_line(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not text.strip() or not text.endswith(b"\n"):
            return None
        found = Say(f"not a line of a recording: {error}", f"不是录制文件的行：{error}")
        raise RecordingError(file, number, found, _FORM) from error


_Accepts = Mapping[str, frozenset[object]]


def _check(file: Path, number: int, line: Line, name: str, accepts: _Accepts) -> None:
    """A reading is about a wired signal and has a value of its type."""
    allowed = accepts.get(name)
    if allowed is None:
        found = Say(f"signal {name!r} is not in the header's list", f"信号 {name!r} 不在文件头中")
        raise RecordingError(file, number, found, _nearest(name, list(accepts)))
    if line.quality is _GOOD and type(line.value) not in allowed and line.value not in allowed:
        raise RecordingError(file, number, same(f"{name} = {line.value!r}"), _values(name))


_LINE = '{"t":0.2,"signal":"door.front","value":"closed"}'
_FIRST_LINE = (
    '{"recording":1,"elevator":"e01","boot_id":"…","wall":"2026-11-23T08:00:00.000Z",'
    '"t":0.0,"signals":["car.door_zone",…]}'
)
_FORM = Say(f"It is like {_LINE}.", f"格式如 {_LINE}。")
_HEADER = Say(f"It is like {_FIRST_LINE}.", f"格式如 {_FIRST_LINE}。")
_NO_ZONE = Say("wall has no time zone", "wall 没有时区")
_IN_UTC = Say("Write it in UTC, ending in Z.", "请写 UTC 时间，以 Z 结尾。")
_SECONDS = Say("Seconds, at most 1e9.", "单位为秒，至多 1e9。")
IS_IT_ONE = Say("Is it a recording?", "是录制文件吗？")


def _acceptance(name: str) -> frozenset[object]:
    """What a signal's value may be: of an enumeration the words themselves, else the types."""
    signal = signal_for(name)
    assert signal is not None, name
    return frozenset(signal.choices or _TYPES[signal.kind])


def _values(name: str) -> Say:
    signal = signal_for(name)
    assert signal is not None, name
    if signal.choices:
        choices = ", ".join(sorted(signal.choices))
        return Say(f"Allowed: {choices}.", f"允许：{choices}。")
    kind = signal.kind.value
    return Say(
        f"Allowed: a value of type {kind}, or a quality.", f"允许：{kind} 类型的值，或质量。"
    )


def _nearest(name: str, names: Sequence[str] | Mapping[str, object]) -> Say:
    import difflib  # only a recording with a mistake needs it

    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0)
    if not near:
        return Say("No signal is listed.", "文件头未列出任何信号。")
    return Say(f"The nearest is {near[0]!r}.", f"最接近的是 {near[0]!r}。")
