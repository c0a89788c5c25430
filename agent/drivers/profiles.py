"""Controller profiles: register maps in TOML, found by name, read into frozen structures.

A profile names the source of each fact and what about it is uncertain. All that is wrong with one
is said at once.
"""

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from agent.drivers.blocks import Limits
from agent.drivers.profile_keys import (
    Key,
    NotAllowedError,
    Problems,
    array,
    choice,
    pair,
    read_table,
    text,
    texts,
    whole,
)
from agent.drivers.profile_points import read_points
from agent.drivers.profile_rules import (
    FRAMINGS,
    MODBUS,
    check_framing,
    check_together,
    read_validity,
)
from agent.drivers.registers import Point, Table

STALE_POLLS = 3
LEAST_STALENESS_US = 2_000_000


class ProfileProblems(Exception):  # noqa: N818 - it is a list of problems, and the name says so
    """A profile cannot be used; `problems` says everything that is wrong with it, one text each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class WrongKindError(ProfileProblems):
    """The profile's frames, of `framing`, are spoken by another `kind` of driver."""

    def __init__(self, profile: "Profile", kind: str) -> None:
        self.framing, self.kind = profile.framing, kind
        super().__init__(
            [f'profile "{profile.name}" has framing "{self.framing}", which kind "{kind}" speaks']
        )


class NotGivenError(ProfileProblems):
    """Of `signals`, which a driver shall do without, the profile does not give these `names`."""

    def __init__(self, profile: "Profile", names: Sequence[str]) -> None:
        self.names, self.signals = names, tuple(point.signal for point in profile.points)
        super().__init__([f'profile "{profile.name}" does not give {", ".join(names)}'])


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One device's register map.

    `source` says where the facts come from, `verified` and `uncertain` what was and was not seen on
    a device. `answer_max_us` is the longest the device takes to answer, `pause_us` the silence it
    needs before a question, if more than its line does. `framing` is how its frames are made.
    """

    name: str
    title: str
    source: str
    verified: tuple[str, ...]
    uncertain: tuple[str, ...]
    limits: Limits
    answer_max_us: int
    points: tuple[Point, ...]
    framing: str = MODBUS
    pause_us: int = 0

    def without(self, names: Sequence[str]) -> "Profile":
        """Leave these signals out; raises NotGivenError for one that is not there, or if none is left."""
        given = {point.signal for point in self.points}
        strange = [name for name in names if name not in given]
        if strange or given <= set(names):
            raise NotGivenError(self, strange or names)
        return replace(self, points=tuple(p for p in self.points if p.signal not in names))

    def staleness_us(self, poll_interval_ms: int) -> dict[str, int]:
        """Give each signal's staleness limit: its own or 2 s, and at least three polls of its pace."""
        paces_us = self.paces_us(poll_interval_ms)
        return {
            point.signal: max(
                STALE_POLLS * paces_us[point.signal], point.stale_after_us or LEAST_STALENESS_US
            )
            for point in self.points
        }

    def paces_us(self, poll_interval_ms: int) -> dict[str, int]:
        """Give how often each signal is asked for: at its own pace, never faster than the polls."""
        poll_us = poll_interval_ms * 1000
        return {point.signal: max(poll_us, point.every_us or poll_us) for point in self.points}


def default_folders(config_path: Path) -> tuple[Path, ...]:
    """List where profiles are looked for, first match wins: the site's own before the shipped."""
    return (
        config_path.parent / "controllers",
        Path("/etc/elevator-agent/controllers"),
        Path(sys.prefix) / "share/elevator-edge-agent/config/controllers",
        Path(__file__).resolve().parents[2] / "config/controllers",
    )


def find_profile(name: str, folders: Iterable[Path]) -> Path | None:
    """Find a profile's file by its name; None if no folder has it that this user may enter."""
    return next((path for folder in folders if _is_file(path := folder / f"{name}.toml")), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False


def profile_names(folders: Iterable[Path]) -> tuple[str, ...]:
    """List the names of all profiles that can be found."""
    return tuple(sorted({path.stem for folder in folders for path in _files(folder)}))


def _files(folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(folder.glob("*.toml"))
    except PermissionError:
        return ()


def load_profile(path: Path) -> Profile:
    """Read a profile; raises ProfileProblems with everything that is wrong with the file."""
    problems = Problems(str(path))
    document = _document(path, problems)
    profile = None if document is None else _profile(path.stem, document, problems)
    if profile is None or problems.texts:
        raise ProfileProblems(problems.texts)
    return profile


def _document(path: Path, problems: Problems) -> dict[str, object] | None:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        problems.add("", error.strerror or "an unreadable file", "a readable file")
    except (ValueError, RecursionError) as error:
        problems.add("", str(error) or "nesting without end", "TOML in UTF-8")
    return None


_TOP: Mapping[str, Key] = {
    "title": Key("a text: what device this is", text, required=True),
    "source": Key("a text: where the facts come from", text, required=True),
    "verified": Key("an array of texts", texts, default=()),
    "uncertain": Key("an array of texts", texts, default=()),
    "protocol": Key("a table with readable", lambda found: found, default={}),
    "valid_when": Key("a table", lambda found: found),
    "points": Key("a table of signals", lambda found: found, default={}),
}


def _readable(found: object) -> dict[Table, tuple[range, ...]]:
    if not isinstance(found, dict) or not found:
        raise NotAllowedError
    tables = {table.value: table for table in Table}
    spans = array(pair(0, 0xFFFF))
    result: dict[Table, tuple[range, ...]] = {}
    for name, listed in cast("dict[str, object]", found).items():
        if name not in tables:
            raise NotAllowedError("tables named " + ", ".join(tables))
        result[tables[name]] = tuple(range(first, last + 1) for first, last in spans(listed))
    return result


_PROTOCOL: Mapping[str, Key] = {
    "framing": Key("one of " + ", ".join(FRAMINGS), choice(*FRAMINGS), default=MODBUS),
    "readable": Key(
        "the addresses the device answers, like { holding = [[0x10, 0x22]] }",
        _readable,
        required=True,
    ),
    "max_registers": Key("1 to 125 a request", whole(1, 125), default=125),
    "max_bits": Key("1 to 2000 a request", whole(1, 2000), default=2000),
    "max_gap": Key("0 to 124 unused addresses", whole(0, 124), default=8),
    "answer_max_ms": Key("10 to 10000", whole(10, 10_000), default=1000),
    "pause_ms": Key("0 to 1000", whole(0, 1000), default=0),
}


def _profile(name: str, document: object, problems: Problems) -> Profile | None:
    top = read_table(document, _TOP, "", problems)
    if top is None:
        top = cast("dict[str, Any]", document)  # go on: the rest may be wrong as well
    protocol = read_table(top.get("protocol", {}), _PROTOCOL, "protocol", problems)
    limits = _limits(protocol or {"readable": _everything()})
    if top.get("valid_when") is not None:
        limits = replace(limits, valid=read_validity(top["valid_when"], limits, problems))
    points = read_points(top.get("points"), limits, problems)
    check_framing((protocol or {}).get("framing"), limits, problems)
    check_together(points, limits, problems)
    if problems.texts or protocol is None:
        return None
    return Profile(
        name=name,
        title=top["title"],
        source=top["source"],
        verified=top["verified"],
        uncertain=top["uncertain"],
        limits=limits,
        answer_max_us=protocol["answer_max_ms"] * 1000,
        points=points,
        framing=protocol["framing"],
        pause_us=protocol["pause_ms"] * 1000,
    )


def _limits(protocol: Mapping[str, Any]) -> Limits:
    names = ("readable", "max_registers", "max_bits", "max_gap")
    return Limits(**{name: protocol[name] for name in names if name in protocol})


def _everything() -> dict[Table, tuple[range, ...]]:
    """Stand in for unusable `readable`, so that points are not blamed for it."""
    return dict.fromkeys(Table, (range(0x10000),))
