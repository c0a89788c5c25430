"""Where output goes: data to standard output, talk to standard error; colour only for a terminal."""

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence

import msgspec

from agent.cli.layout import aligned, clean, folded

_CODES = {"critical": "1;31", "major": "31", "minor": "33", "good": "32", "dim": "2", "bold": "1"}


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def width() -> int:
    """Count the columns there are: the terminal's, else as many as a line wants."""
    return shutil.get_terminal_size((80, 24)).columns if is_terminal() else 10_000


def paint(text: str, kind: str) -> str:
    """Colour a text by what it means, where colour is wanted."""
    code = colours().get(kind)
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def colours() -> Mapping[str, str]:
    """List the colour of each meaning as its code; empty where colour is not wanted."""
    wanted = is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return _CODES if wanted else {}


def say(text: str) -> None:
    """Talk to the person; a terminal breaks lines between words, and obeys nothing of what was read somewhere."""
    text = "\n".join(clean(line) for line in text.expandtabs().split("\n"))
    if sys.stderr.isatty():
        columns = shutil.get_terminal_size((80, 24)).columns
        text = "\n".join(folded(text, columns - 1))
    print(text, file=sys.stderr)


def show(*lines: str) -> None:
    """Print lines of data."""
    for line in lines:
        print(line)


def show_json(value: object) -> None:
    """Print one JSON document on one line."""
    show_lines([msgspec.json.encode(value)], live=True)


def show_lines(lines: Iterable[bytes], *, live: bool) -> None:
    """Print lines of bytes: at once when `live`, else in batches."""
    sys.stdout.flush()
    batch = bytearray()
    for line in lines:
        batch += line
        batch += b"\n"
        if live or len(batch) >= 64 * 1024:
            _write(batch, flush=live)
    _write(batch, flush=True)


def encoded(text: str) -> bytes:
    """Encode a line of text as this terminal wants it."""
    return text.encode(sys.stdout.encoding, "replace")


def _write(batch: bytearray, *, flush: bool) -> None:
    sys.stdout.buffer.write(batch)
    batch.clear()
    if flush:
        sys.stdout.buffer.flush()


def show_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn by rich for a terminal, plain columns for a file or another program."""
    safe = [[clean(cell) for cell in row] for row in rows]
    if not is_terminal():
        show(*aligned([header, *safe]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in safe:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def prepare() -> None:
    """See to it that no character this terminal cannot show ends the program, nor an output that was closed (`>&-`)."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            if nowhere != number:  # else a file opened later would get what is printed
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextlib.contextmanager
def closed_pipe_is_no_error() -> Generator[None]:
    """End quietly when the reader of our output has left (`… | head`)."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        forget_output()


def forget_output() -> None:
    """Let go what could not be written, so that the end of the program does not try again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
