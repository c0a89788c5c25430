"""What can be wrong with a configuration, and how it is said. Knows no file format and no rule."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

_BARE = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")
_PASSWORD = re.compile(
    r"((?:^|//)[^/@:]*:).*(?=@)|((?:pass|passwd|password|pwd)=)[^&_]*", re.IGNORECASE
)  # user:password@, and password=
_PEM = "-----BEGIN"
_LONGEST = 60  # characters of a foreign value worth showing


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence in both languages."""

    en: str
    zh: str

    def in_(self, lang: str) -> str:
        """Give the sentence in `en` or `zh`."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands, what was found, what is allowed there, what to do about it."""

    file: str
    key: str
    found: Say
    allowed: Say
    remedy: Say

    def text(self, lang: str = "en") -> str:
        """Two lines for a person; the second says what to do."""
        found, allowed = ("找到", "允许") if lang == "zh" else ("found", "allowed")
        head = ": ".join(part for part in (self.file, self.key) if part)
        facts = f"{found} {self.found.in_(lang)}; {allowed}: {self.allowed.in_(lang)}"
        return f"{head}: {facts}\n    {self.remedy.in_(lang)}"


class ConfigProblems(Exception):  # noqa: N818 - it is a list of problems, and the name says so
    """The configuration cannot be used; every problem at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.text() for problem in problems))
        self.problems = problems

    def text(self, lang: str = "en") -> str:
        """All problems, one below the other."""
        return "\n".join(problem.text(lang) for problem in self.problems)


@dataclass(slots=True)
class Report:
    """Collects the problems of one file while it is looked through."""

    file: str
    problems: list[Problem] = field(default_factory=list[Problem])

    def add(self, key: str, found: Say, allowed: Say, remedy: Say) -> None:
        """Note one more mistake."""
        self.problems.append(Problem(self.file, key, found, allowed, remedy))

    def has(self, key: str) -> bool:
        """Whether something is wrong there already: what stands in for it says nothing."""
        return any(problem.key == key for problem in self.problems)


def same(text: str) -> Say:
    """Make a text that reads alike in both languages: a number, a name, a pattern."""
    return Say(text, text)


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Find the valid word most like this one, if any is like it."""
    import difflib  # only a file with a mistake needs it

    found = difflib.get_close_matches(word[:64], list(valid), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, valid: Iterable[str], otherwise: Say) -> Say:
    """Give the remedy for a wrong word."""
    guess = nearest(word, valid)
    if guess is None:
        return otherwise
    return Say(f'Did you mean "{guess}"?', f"是否应为 “{guess}”？")


def choices(words: Iterable[str]) -> Say:
    """List words to choose from, the first eight of them."""
    listed = list(words)
    shown = ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")
    return same(shown or "-")


def quoted(key: str) -> str:
    """Write a key as TOML does: quoted where it is not a bare word."""
    return key if _BARE.match(key) else _short(msgspec.json.encode(key).decode())


def joined(table: str, key: str) -> str:
    """Give the dotted key of `key` inside `table`."""
    return f"{table}.{quoted(key)}" if table else quoted(key)


def item_key(array: str, index: int, item: object) -> str:
    """Give `drivers[1:contacts]`: the item's index from 0, and its name where it has one."""
    name = _name_of(item)
    return f"{array}[{index}:{name}]" if name else f"{array}[{index}]"


def _name_of(item: object) -> str:
    if isinstance(item, Mapping):
        return _bare(cast("Mapping[str, Any]", item).get("name"))
    return _bare(getattr(item, "name", ""))


def _bare(name: object) -> str:
    return name if isinstance(name, str) and _BARE.match(name) else ""


def shown(value: object) -> Say:
    """Write a value as the file would, shortened."""
    if isinstance(value, Mapping):
        return Say("a table", "一个表")
    if isinstance(value, (list, tuple)):
        return Say("an array", "一个数组")
    if isinstance(value, bool):
        return same(str(value).lower())
    if isinstance(value, int) and value.bit_length() > 64:
        return Say("a number of more than 64 bits", "超过 64 位的数")
    if isinstance(value, str) and _PEM in value:
        return Say("the text of a certificate or key", "证书或私钥的内容本身")
    if isinstance(value, str):
        return same(_short(msgspec.json.encode(_without_password(value)).decode()))
    return same(_short(str(value)))


def _without_password(text: str) -> str:
    """Leave out what an address pasted from elsewhere may carry: messages end in logs."""
    return _PASSWORD.sub(lambda found: f"{found[1] or found[2]}…", text)


def _short(text: str) -> str:
    """Cut a foreign text, and write out what a terminal would obey or not show."""
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: 2 * _LONGEST])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
