"""One thing in the archive, or why it is not there."""

import msgspec


class Piece(msgspec.Struct, frozen=True):
    """A member of the archive: its name below the archive's folder, and what it holds."""

    name: str
    content: bytes


class MissingError(Exception):
    """A piece that could not be had; the reason is a sentence for whoever opens the archive."""


class Missing(msgspec.Struct, frozen=True):
    """A piece that is not there."""

    name: str
    reason: str
