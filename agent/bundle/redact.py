"""What leaves the machine room without what is nobody's business: passwords, comments, card numbers. Pure.

A card number tells where a person was. Within one archive the same card keeps the same stand-in, so that visits can still be
told apart; in another archive it has another.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

_USER = re.compile(r"(?<=://)[^/@\s\"']+@")
_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\])*"|'[^']*')|#.*"""
)  # a value of several lines is not part of this format
_CARD = "card."
_VALUES = ("v", "value")


def text(raw: str) -> str:
    """Take the user and password out of every address."""
    return _USER.sub("", raw)


def configuration(raw: str) -> str:
    """Take the comments out as well: what somebody has noted there is not known to be harmless."""
    lines = (_COMMENT.sub(_quoted, line).rstrip() for line in text(raw).splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def _quoted(match: re.Match[str]) -> str:
    return match[1] or ""


class Cards:
    """Stand-ins for card numbers; `secret` is fresh for every archive and kept nowhere."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def stand_in(self, number: object) -> str:
        """Name a card without telling its number."""
        said = hashlib.blake2b(str(number).encode(), key=self._secret, digest_size=4)
        return f"card-{said.hexdigest()}"

    def lines(self, raw: Iterable[bytes]) -> Iterator[bytes]:
        """JSON Lines with every card's number replaced; what is no JSON and speaks of a card is left out."""
        for line in raw:
            if b'"card.' not in line:
                yield line
                continue
            with_stand_in = self._line(line)
            if with_stand_in is not None:
                yield with_stand_in

    def _line(self, line: bytes) -> bytes | None:
        try:
            said = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            return None
        return msgspec.json.encode(self.replaced(said)) + b"\n"

    def replaced(self, said: object) -> object:
        """The same, with the values of `card.…` signals replaced wherever they stand."""
        match said:
            case list():
                return [self.replaced(each) for each in cast("list[object]", said)]
            case dict():
                return self._fields(cast("dict[str, object]", said))
            case _:
                return said

    def _fields(self, said: dict[str, object]) -> dict[str, object]:
        is_card = str(said.get("signal", "")).startswith(_CARD)
        return {
            key: self._value(value)
            if is_card and key in _VALUES
            else self._of_card(value)
            if key.startswith(_CARD)
            else self.replaced(value)
            for key, value in said.items()
        }

    def _of_card(self, value: object) -> object:
        """What stands below a card's name: its number, or an object with its number, quality and age."""
        if isinstance(value, dict):
            fields = cast("dict[str, object]", value)
            return {
                key: self._value(each) if key in _VALUES else self.replaced(each)
                for key, each in fields.items()
            }
        return self._value(value) if isinstance(value, str) else self.replaced(value)

    def _value(self, value: object) -> str | None:
        return None if value is None else self.stand_in(value)
