"""One frame as one line for a person: when, whose, which way, its bytes, and what they say."""

import datetime as dt
from collections.abc import Mapping

from agent.cli.layout import clean, columns, cut
from agent.cli.signals import shown
from agent.cli.texts import Words
from agent.drivers.dissect import Dissected
from agent.frames_view import Seen, Signals

_ARROWS: Mapping[str, str] = {"out": "→", "in": "←"}
_FEW = 4  # registers shown one by one
_LEAST_HEX = 14  # columns that bytes keep beside a long text: four and an ellipsis
_BYTES_A_LINE = 16


def bus_line(seen: Seen, at: dt.datetime, words: Words, width: int) -> str:
    """Write a frame in one line of at most `width` columns; what is shortened ends with an ellipsis."""
    prefix, text = _prefix(seen, at), clean(decoded(seen, words, full=False))
    room = width - columns(prefix) - 2 - columns(text)
    data = _shortened(seen.data, max(_LEAST_HEX, room))
    return cut(f"{prefix}{data}  {text}".rstrip(), width)


def bus_lines(seen: Seen, at: dt.datetime, words: Words) -> str:
    """Write a frame in full: what it says in one line, every byte below it."""
    pieces = [seen.data[n : n + _BYTES_A_LINE] for n in range(0, len(seen.data), _BYTES_A_LINE)]
    head = _prefix(seen, at) + clean(decoded(seen, words, full=True))
    return "\n".join([head.rstrip(), *(f"    {_hex(piece)}" for piece in pieces)])


def _prefix(seen: Seen, at: dt.datetime) -> str:
    local = at.astimezone()
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d} {seen.driver} {_ARROWS[seen.way]} "


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _shortened(data: bytes, room: int) -> str:
    whole = _hex(data)
    if len(whole) <= room:
        return whole
    return f"{_hex(data[: (room - 1) // 3])} …"


def decoded(seen: Seen, words: Words, *, full: bool) -> str:
    """Say what a frame says; `full` leaves out nothing."""
    said = seen.said
    parts = [_who(said, words), _where(said, words), _what(seen, full=full)]
    if said.exception:
        what = words.known("bus.exception", str(said.exception))
        parts.append(words("bus.refused", code=said.exception, what=what))
    if said.wrong:
        parts.append(words.known("bus.wrong", said.wrong))
    if seen.note and (full or not said.exception):  # the code has been named
        parts.append(f"[{seen.note}]")
    return " ".join(part for part in parts if part)


def _who(said: Dissected, words: Words) -> str:
    if said.device is None:
        return ""
    function = said.function
    if function is None:
        return str(said.device)
    table = words.known("bus.table", str(function))
    return f"{said.device} {table if table != str(function) else words('bus.function', n=function)}"


def _where(said: Dissected, words: Words) -> str:
    """The addresses, where the values do not carry them."""
    if said.address is None or said.count is None:
        return ""
    asked = "" if said.values else f"0x{said.address:04X}+{said.count}"
    return words("bus.asks", what=asked) if said.is_question else asked


def _what(seen: Seen, *, full: bool) -> str:
    said = seen.said
    if said.framing is None and seen.data.strip().isascii():
        return repr(seen.data.decode("ascii")) if seen.data.strip() else ""
    values = _values(said, hide_many=bool(seen.signals) and not full)
    return f"{values} → {_named(seen.signals)}" if seen.signals else values


def _values(said: Dissected, *, hide_many: bool) -> str:
    values = said.values
    if not values:
        return ""
    start = 0 if said.address is None else said.address
    first = "" if said.address is None else f"0x{start:04X}"
    label = f"{first}: " if first else ""
    if len(values) > _FEW and hide_many:
        return f"{first}+{len(values)}"
    if said.function in {1, 2}:
        return label + "".join(map(str, values))
    if len(values) > _FEW or said.address is None:
        return label + " ".join(f"{word:04X}" for word in values)
    return " ".join(f"0x{start + n:04X}=0x{word:04X}" for n, word in enumerate(values))


def _named(signals: Signals) -> str:
    return ", ".join(f"{name} {'?' if value is None else shown(value)}" for name, value in signals)
