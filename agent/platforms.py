"""Number schemes of the platforms that events are reported to: TOML files in config/platforms, found by name.

A file tells the platform's numbers, in its own words, with the source of each, and which of our events has it. It says what
the platform has; it changes nothing in what is detected. All that is wrong with one is said at once.
"""

import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from agent.event_numbers import Number, Numbered
from agent.model import Value
from agent.monitor.catalog import CATALOG
from agent.monitor.details import details_of
from agent.signals import MODES, signal_for

LARGEST_FILE = 256 * 1024  # bytes; many times a full table


class Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row: the platform's `number`, or the name of the `flag` it has instead, and what it means there.

    `event` is ours, None where we have none; `when` the situation in which it has this number.
    """

    en: str
    zh: str
    source: str
    number: int | None = None
    flag: str | None = None
    event: str | None = None
    when: dict[str, Value] = {}

    @property
    def mark(self) -> Number:
        """The number, or the name of the flag."""
        mark = self.flag if self.number is None else self.number
        assert mark is not None
        return mark


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title_en: str
    title_zh: str
    source: str
    notes_en: tuple[str, ...] = ()
    notes_zh: tuple[str, ...] = ()
    codes: tuple[object, ...]


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """One platform's numbers. `notes` are facts that its numbers alone do not tell."""

    name: str
    title_en: str
    title_zh: str
    source: str
    notes_en: tuple[str, ...]
    notes_zh: tuple[str, ...]
    codes: tuple[Code, ...]
    numbers: tuple[Numbered, ...]


class PlatformProblems(Exception):  # noqa: N818 - it is a list of problems, and the name says so
    """A file cannot be used; `problems` says everything that is wrong with it, one text each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownPlatformError(Exception):
    """There is no file of this name; `known` are those there are, `folders` where they were looked for."""

    def __init__(self, name: str, known: tuple[str, ...], folders: tuple[Path, ...]) -> None:
        self.name, self.known, self.folders = name, known, folders
        super().__init__(f'no platform "{name}"; there are: {", ".join(known) or "none"}')


PlatformOf = Callable[[str], Platform]


def default_folders(config_path: Path) -> tuple[Path, ...]:
    """List where the files are looked for, first match wins: the site's own before the shipped."""
    return (
        config_path.parent / "platforms",
        Path("/etc/elevator-agent/platforms"),
        Path(sys.prefix) / "share/elevator-edge-agent/config/platforms",
        Path(__file__).resolve().parent.parent / "config/platforms",
    )


def platform_names(folders: Iterable[Path]) -> tuple[str, ...]:
    """List the names of all platforms that can be found."""
    return tuple(sorted({path.stem for folder in folders for path in _files(folder)}))


def platform_of(name: str, folders: Iterable[Path]) -> Platform:
    """Read a platform by its name; raises UnknownPlatformError or PlatformProblems."""
    where = tuple(folders)
    for folder in where:
        for path in _files(folder):
            if path.stem == name:
                return load_platform(path)
    raise UnknownPlatformError(name, platform_names(where), where)


def _files(folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(sorted(folder.glob("*.toml")))
    except OSError:
        return ()


def load_platform(path: Path) -> Platform:
    """Read one file; raises PlatformProblems."""
    head = _head(path)
    problems: list[str] = []
    codes = tuple(
        code
        for index, raw in enumerate(head.codes)
        if (code := _code(f"{path}: codes[{index}]", raw, problems)) is not None
    )
    if len(head.notes_en) != len(head.notes_zh):
        problems.append(f"{path}: notes_en and notes_zh must tell the same, one by one.")
    problems += _twice(path, codes)
    if problems:
        raise PlatformProblems(problems)
    numbers = tuple(Numbered(c.event, c.mark, c.when) for c in codes if c.event is not None)
    return Platform(
        name=path.stem,
        title_en=head.title_en,
        title_zh=head.title_zh,
        source=head.source,
        notes_en=head.notes_en,
        notes_zh=head.notes_zh,
        codes=codes,
        numbers=numbers,
    )


def _head(path: Path) -> _Head:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            raise PlatformProblems([f"{path}: larger than {LARGEST_FILE} bytes."])
        return msgspec.convert(tomllib.loads(raw.decode("utf-8-sig")), _Head)
    except OSError as wrong:
        raise PlatformProblems([f"{path}: {wrong.strerror or wrong}"]) from wrong
    except (ValueError, RecursionError) as wrong:  # TOML, UTF-8, or a key that is wrong
        raise PlatformProblems([f"{path}: {wrong}"]) from wrong


def _code(where: str, raw: object, problems: list[str]) -> Code | None:
    try:
        code = msgspec.convert(raw, Code)
    except msgspec.ValidationError as wrong:
        problems.append(f"{where}: {wrong}")
        return None
    problems += [f"{where}: {text}" for text in _wrong(code)]
    return code


def _wrong(code: Code) -> Iterable[str]:
    if (code.number is None) is (code.flag is None):
        yield "give a number, or the name of a flag; not both."
    if code.event is None:
        if code.when:
            yield "`when` without `event`."
    elif code.event not in CATALOG:
        yield f'there is no event "{code.event}"; `elevator-agent explain` lists them.'
    else:
        for name, value in code.when.items():
            accepted = _accepts(code.event, name, value)
            if accepted is None:
                yield f'when: "{name}" is nothing that {code.event} says.'
            elif not accepted:
                yield f"when: {name} cannot be {value!r}."


def _accepts(event: str, name: str, value: Value) -> bool | None:
    """Whether this part of an event can have a value; None where the event has no such part."""
    if name == "mode":
        return value in MODES
    if "." in name:
        signal = signal_for(name) if name in CATALOG[event].evidence else None
        return None if signal is None else signal.accepts(value)
    kind = details_of(event).get(name)
    if kind is None:
        return None
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _twice(path: Path, codes: tuple[Code, ...]) -> Iterable[str]:
    """A row behind one of the same event that fits always, or in the same situation, is never reached."""
    seen: dict[str, list[Mapping[str, Value]]] = {}
    for code in codes:
        if code.event is None:
            continue
        before = seen.setdefault(code.event, [])
        if any(when.items() <= code.when.items() for when in before):
            yield f"{path}: {code.mark} for {code.event} is never reached: a row before it always fits."
        before.append(code.when)
