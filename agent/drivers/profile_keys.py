"""The keys of a controller profile, as tables: what each may hold. Knows TOML values, not Modbus.

Every problem is noted with its file, key, what was found, what is allowed and the nearest valid
key; reading goes on behind it, so that one look shows them all.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

_LONGEST_SHOWN = 60  # characters of a foreign value in a message


class NotAllowedError(ValueError):
    """A value does not fit its key."""


@dataclass(slots=True)
class Problems:
    """Collects what is wrong with one file."""

    file: str
    texts: list[str] = field(default_factory=list[str])

    def add(self, key: str, found: object, allowed: str, valid: Iterable[str] = ()) -> None:
        """Note one problem; the word of `valid` most like what was found is named as nearest."""
        shown = found if isinstance(found, str) else repr(found)
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[: _LONGEST_SHOWN - 1] + "…"
        import difflib  # only a profile with a mistake needs it

        near = difflib.get_close_matches(shown, list(valid), n=1, cutoff=0.5)
        hint = f'; nearest: "{near[0]}"' if near else ""
        where = f"{self.file}: {key}" if key else self.file
        self.texts.append(f"{where}: found {shown}; allowed: {allowed}{hint}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what is allowed in words, how it is read, and its default unless it is required."""

    allowed: str
    read: Callable[[Any], Any]
    default: Any = None
    required: bool = False


def read_table(
    found: object, keys: Mapping[str, Key], where: str, problems: Problems
) -> dict[str, Any] | None:
    """Read a table by its keys; None, with the problems noted, if anything in it is wrong."""
    if not isinstance(found, dict):
        problems.add(where, found, "a table")
        return None
    table = cast("dict[str, object]", found)
    before = len(problems.texts)
    for name in table:
        if name not in keys:
            problems.add(_below(where, name), name, "one of " + ", ".join(keys), keys)
    result = {name: _value(table, name, key, where, problems) for name, key in keys.items()}
    return result if len(problems.texts) == before else None


def _value(
    table: Mapping[str, object], name: str, key: Key, where: str, problems: Problems
) -> object:
    if name not in table:
        if key.required:
            problems.add(_below(where, name), "nothing", key.allowed)
        return key.default
    try:
        return key.read(table[name])
    except NotAllowedError as error:
        problems.add(_below(where, name), table[name], str(error) or key.allowed)
        return key.default


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def refuse(condition: bool, allowed: str = "") -> None:  # noqa: FBT001 - reads like an assertion
    """Raise NotAllowedError if the condition holds; `allowed` replaces the key's own wording."""
    if condition:
        raise NotAllowedError(allowed)


def text(value: object) -> str:
    """Read a text that says something."""
    refuse(not isinstance(value, str) or not value.strip())
    return str(value)


def texts(value: object) -> tuple[str, ...]:
    """Read an array of texts."""
    refuse(not isinstance(value, list))
    return tuple(text(item) for item in cast("list[object]", value))


def flag(value: object) -> bool:
    """Read true or false."""
    refuse(not isinstance(value, bool))
    return bool(value)


def whole(least: int, most: int) -> Callable[[object], int]:
    """Make the reader of a whole number between two bounds."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise NotAllowedError
        refuse(not least <= value <= most)
        return value

    return read


def number(value: object) -> float:
    """Read a finite number; a whole one stays whole."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NotAllowedError
    refuse(not -1e12 <= value <= 1e12)
    return value


def positive(value: object) -> float:
    """Read a finite number above 0."""
    found = number(value)
    refuse(found <= 0)
    return found


def choice(*words: str) -> Callable[[object], str]:
    """Make the reader of one word of several."""

    def read(value: object) -> str:
        refuse(not isinstance(value, str) or value not in words)
        return str(value)

    return read


def pair(least: int, most: int) -> Callable[[object], tuple[int, int]]:
    """Make the reader of two whole numbers between two bounds, the first not the larger."""
    one = whole(least, most)

    def read(value: object) -> tuple[int, int]:
        refuse(not isinstance(value, list) or len(cast("list[object]", value)) != 2)
        first, last = (one(item) for item in cast("list[object]", value))
        refuse(first > last)
        return first, last

    return read


def array(item: Callable[[object], Any]) -> Callable[[object], tuple[Any, ...]]:
    """Make the reader of an array that is not empty."""

    def read(value: object) -> tuple[Any, ...]:
        refuse(not isinstance(value, list) or not value)
        return tuple(item(one) for one in cast("list[object]", value))

    return read


def raw_values(value: object) -> dict[int, bool | int | float | str]:
    """Read a table of raw number (as text: "3", "0x03") to value."""
    refuse(not isinstance(value, dict) or not value)
    result: dict[int, bool | int | float | str] = {}
    for raw_text, meaning in cast("dict[str, object]", value).items():
        if not isinstance(meaning, (bool, int, float, str)):
            raise NotAllowedError
        result[_raw(raw_text)] = meaning
    refuse(len(result) != len(cast("dict[str, object]", value)), "each raw number once")
    return result


def _raw(raw_text: str) -> int:
    try:
        return int(raw_text[:20], 0)
    except ValueError:
        raise NotAllowedError('raw numbers as keys, like "3" or "0x03"') from None
