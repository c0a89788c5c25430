"""Gathers the pieces of an archive in one order, says how far it is, and writes down what could not be had."""

import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from agent import __version__
from agent.bundle import kept, machine, said
from agent.bundle.archive import MANIFEST, Manifest, Member, Writer, member_of
from agent.bundle.piece import Missing, MissingError, Piece
from agent.bundle.redact import Cards, text
from agent.bundle.texts import READ_ME
from agent.config import ConfigProblems, load
from agent.model import SECOND_US
from agent.settings import Settings
from agent.uplink.messages import iso

_DAY_US = 86_400 * SECOND_US
_TEXT = (".txt", ".json")

Source = tuple[str, Callable[[], Piece]]
Told = Callable[[str, str | None], None]  # a piece's name, and why it is missing


def make(path: Path, config: Path, *, days: int, wall_us: int, lang: str, tell: Told) -> Manifest:
    """Write the archive; raises OSError when it cannot be written."""
    settings = _settings(config)
    elevator = settings.elevator.id if settings else "unknown"
    writer = Writer(path, f"bundle-{elevator}", wall_us // SECOND_US)
    members: list[Member] = []
    missing: list[Missing] = []
    try:
        writer.add(Piece("README.txt", READ_ME.encode()))
        for name, source in _sources(settings, config, days, wall_us, lang):
            piece = _had(name, source, missing)
            tell(name, None if piece else missing[-1].reason)
            if piece is not None:
                writer.add(piece)
                members.append(member_of(piece))
        manifest = Manifest(
            bundle=1,
            elevator=elevator,
            made_at=iso(wall_us),
            version=__version__,
            members=tuple(members),
            missing=tuple(missing),
        )
        writer.add(Piece(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest))))
        writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return manifest


def file_name(config: Path, wall_us: int) -> str:
    """Name an archive made now: elevator and time in UTC."""
    settings = _settings(config)
    stamp = iso(wall_us)[:19].replace("-", "").replace(":", "")
    return f"bundle-{settings.elevator.id if settings else 'unknown'}-{stamp}Z.tar.gz"


def _settings(config: Path) -> Settings | None:
    """The configuration; None when it is what is wrong, which `check` then says in the archive."""
    try:
        return load(config)
    except ConfigProblems:
        return None


def _sources(
    settings: Settings | None, config: Path, days: int, wall_us: int, lang: str
) -> Iterator[Source]:
    cards = Cards(secrets.token_bytes(16))
    yield kept.CONFIGURATION, partial(kept.configuration, config, valid=settings is not None)
    for question in said.QUESTIONS:
        yield question.name, partial(_said, question, config, lang, cards)
    yield "system.txt", machine.system
    yield "log.txt", partial(machine.logs, days)
    if settings is None:
        return
    for piece in kept.profiles(settings, config):
        yield piece.name, partial(_itself, piece)
    yield "events.jsonl", partial(kept.events, settings, wall_us - days * _DAY_US, cards)
    yield from _recordings(settings, cards)


def _recordings(settings: Settings, cards: Cards) -> Iterator[Source]:
    try:
        for path in kept.recordings(settings):
            yield kept.RECORDINGS + path.name, partial(kept.recording, path, cards)
    except MissingError as reason:
        yield kept.RECORDINGS, partial(_raised, reason)


def _said(question: said.Question, config: Path, lang: str, cards: Cards) -> Piece:
    piece = said.ask(question, config, lang)
    if not question.name.endswith(".json"):
        return piece
    return Piece(piece.name, b"".join(cards.lines(piece.content.splitlines(keepends=True))))


def _itself(piece: Piece) -> Piece:
    return piece


def _raised(reason: MissingError) -> Piece:
    raise reason


def _had(name: str, source: Callable[[], Piece], missing: list[Missing]) -> Piece | None:
    try:
        piece = source()
    except MissingError as reason:
        missing.append(Missing(name, str(reason)))
        return None
    if not name.endswith(_TEXT):
        return piece
    return Piece(piece.name, text(piece.content.decode("utf-8", "replace")).encode())
