"""What leaves the machine room without what is nobody's business: passwords, comments, card numbers. Pure.

A card number tells where a person was. Within one archive the same card keeps the same stand-in, so that visits can still be
told apart; in another archive it has another.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from typing import cast

import msgspec

_USER = re.compile(r"(?<=://)[^\s\"']*@")  # up to the last @: a password may hold one, or a slash
_LOGIN = re.compile(r"(?<=[\"'])[^\s\"'/]*:[^\s\"']*@")  # without a scheme
_QUERY = re.compile(r"(?i)([?&](?:pass\w*|pwd|token|secret|\w*key|user\w*|auth\w*)=)[^&\s\"']*")
_TEXT = r'"(?:\\.|[^"\\])*"|' + r"'[^']*'"
_COMMENT = re.compile(rf"({_TEXT})|#.*")
_LONG_TEXT = re.compile(r"(\"{3}|'{3}).*?(?:\1|\Z)", re.DOTALL)  # of several lines
_TABLE = re.compile(r"\[{1,2}[\w.\-\" ]+\]{1,2}")
_SETTING = re.compile(rf"(?P<key>{_TEXT}|[\w.-]+)\s*=\s*(?P<value>{_TEXT}|[^\s,{{}}\[\]]*)")
_HIDDEN = '"***"'
_CARD = "card."
_VALUES = ("v", "value")


def text(raw: str) -> str:
    """Take users, passwords and tokens out of every address."""
    return _QUERY.sub(r"\1***", _LOGIN.sub("", _USER.sub("", raw)))


def configuration(raw: str) -> str:
    """Take the comments out as well: what somebody has noted there is not known to be harmless."""
    return _lines(_COMMENT.sub(_quoted, line) for line in text(raw).splitlines())


def broken_configuration(raw: str, known: Collection[str]) -> str:
    """Of a file that is refused, keep what can be nothing secret: tables, and the values of `known` keys.

    A password is often what is wrong with it, under a key that does not exist.
    """
    lines = _LONG_TEXT.sub(_HIDDEN, raw).splitlines()
    return configuration(_lines(_known_only(line, known) for line in lines))


def _known_only(line: str, known: Collection[str]) -> str:
    def kept(match: re.Match[str]) -> str:
        is_known = match["key"].strip("\"'") in known
        return match[0] if is_known or not match["value"] else f"{match['key']} = {_HIDDEN}"

    line = _COMMENT.sub(_quoted, line).strip()
    if not line or _TABLE.fullmatch(line):
        return line
    beside = _SETTING.sub("", line).strip(" \t,{}[]")
    return _HIDDEN if beside else _SETTING.sub(kept, line)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


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
