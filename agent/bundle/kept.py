"""What the installation keeps on its disk: configuration, register maps, events, recordings. Reads only, service or not."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from agent.bundle import redact
from agent.bundle.piece import MissingError, Piece
from agent.drivers.profiles import default_folders, find_profile
from agent.flight_names import kept
from agent.model import Row
from agent.naming import naming_of
from agent.outbox import JournalFault, read_rows
from agent.settings import Settings
from agent.uplink.events import Envelope, Origin, event_message
from agent.uplink.topics import root

CONFIGURATION = "configuration/agent.toml"
RECORDINGS = "recordings/"
EVENTS_MOST = 10_000
RECORDINGS_BYTES_MAX = 20 << 20  # as they lie on the disk
_UNPACKED_BYTES_MAX = 64 << 20  # of one recording
_DAY_US = 86_400_000_000


def configuration(config: Path, *, valid: bool) -> Piece:
    """The configuration without what is secret; raises MissingError."""
    try:
        raw = config.read_bytes().decode("utf-8", "replace")
    except OSError as wrong:
        raise MissingError(f"{config}: {wrong.strerror or wrong}") from None
    text = redact.configuration(raw) if valid else redact.broken_configuration(raw, _known_keys())
    return Piece(CONFIGURATION, text.encode())


def _known_keys() -> frozenset[str]:
    """Every key that a configuration may have, in whichever table."""
    tables = msgspec.json.schema(Settings)["$defs"].values()
    return frozenset(key for table in tables for key in table.get("properties", ()))


def profiles(settings: Settings, config: Path) -> Iterator[Piece]:
    """The register maps that the configuration names, where they can be read."""
    names = {profile for driver in settings.drivers if (profile := getattr(driver, "profile", ""))}
    for name in sorted(names):
        path = find_profile(name, default_folders(config))
        if path is not None:
            yield Piece(f"configuration/controllers/{name}.toml", path.read_bytes())


def events(settings: Settings, since_us: int, cards: redact.Cards) -> Piece:
    """The journal's events since a wall time, at most `EVENTS_MOST` of them, oldest first; raises MissingError."""
    elevator = settings.elevator
    origin = Origin(
        source=root(settings.mqtt.prefix, elevator.site, elevator.id),
        elevator=elevator.id,
        rescue_code=elevator.rescue_code,
    )
    try:
        rows = read_rows(Path(settings.outbox.path), 0, EVENTS_MOST, newest_first=True)
    except JournalFault as fault:
        raise MissingError(fault.reason) from None
    recent = [row for row in reversed(rows) if row.wall_us >= since_us]
    lines = cards.lines(_message(row, origin) + b"\n" for row in recent)
    return Piece("events.jsonl", b"".join(lines))


def _message(row: Row, origin: Origin) -> bytes:
    return event_message(row.event, Envelope.of(row), origin, naming_of(row.event))


def recordings(settings: Settings) -> Iterator[Path]:
    """The newest recordings that fit in the archive, newest first; raises MissingError."""
    beside = Path(settings.outbox.path).parent / "recordings"
    folder = Path(settings.recorder.directory or beside)
    if not folder.is_dir():
        return  # nothing has been recorded yet
    try:
        found = [
            known
            for path in folder.iterdir()
            if (known := kept(path.name, path.stat().st_size)) is not None
        ]
    except OSError as wrong:
        raise MissingError(f"{folder}: {wrong.strerror or wrong}") from None
    left = RECORDINGS_BYTES_MAX
    for each in sorted(found, key=lambda one: one.age_key, reverse=True):
        left -= each.size
        if left < 0:
            return
        yield folder / each.name


def recording(path: Path, cards: redact.Cards) -> Piece:
    """One recording with its card numbers replaced; raises MissingError when it cannot be read to its end."""
    try:
        with gzip.open(path) as file:
            lines = file.read(_UNPACKED_BYTES_MAX).splitlines(keepends=True)
    except (OSError, EOFError, zlib.error) as wrong:
        raise MissingError(f"{path}: {wrong}") from None
    packed = gzip.compress(b"".join(cards.lines(lines)), mtime=0)
    return Piece(RECORDINGS + path.name, packed)
