"""`elevator-agent profiles`: the controller profiles there are, or one of them whole."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli import complete, screen
from agent.cli.layout import clean, wrapped
from agent.cli.site import folders_of
from agent.cli.texts import Words
from agent.cli.verb import FINE, USAGE, WARNING, verb

if TYPE_CHECKING:
    from agent.cli.profiles_found import Found
    from agent.drivers.profiles import Profile


def command(words: Words) -> click.Command:
    """Make the verb."""
    name = click.Argument(["name"], required=False, shell_complete=complete.profiles)
    return verb("profiles", words, _work, [name])


def _work(words: Words, *, name: str | None, config: Path | None, as_json: bool) -> int:
    from agent.cli.profiles_found import brief, found, found_profiles, whole

    folders = tuple(dict.fromkeys(folders_of(config)))
    if name is None:
        listed = found_profiles(folders)
        if as_json:
            screen.show_json({"profiles": [brief(each) for each in listed]})
        else:
            _show(_list(listed, folders, words))
        return _ended(listed, words)
    one = found(name, folders)
    if one is None:
        _say_unknown(name, folders, words)
        return USAGE
    if as_json:
        screen.show_json(whole(one))
    else:
        _show(_page(one, words))
    return _ended([one], words)


def _show(lines: Iterator[str]) -> None:
    screen.show(*(clean(line) for line in lines))


def _ended(listed: Sequence["Found"], words: Words) -> int:
    broken = sum(each.profile is None for each in listed)
    if not broken:
        return FINE
    screen.say(words("profiles.count_broken", count=broken))
    return WARNING


def _say_unknown(name: str, folders: Sequence[Path], words: Words) -> None:
    from agent.drivers.profiles import profile_names

    names = profile_names(folders)
    close = difflib.get_close_matches(name, names, n=1)
    near = words("profiles.near", name=close[0]) if close else ""
    places = ", ".join(str(folder) for folder in folders)
    known = ", ".join(names) or words("profiles.nothing")
    screen.say(words("profiles.unknown", name=clean(name), near=near, names=known, folders=places))


def _list(listed: Sequence["Found"], folders: Sequence[Path], words: Words) -> Iterator[str]:
    """Give three lines a profile: name and counts, what it is, where it is."""
    if not listed:
        yield words("profiles.none", folders=", ".join(str(folder) for folder in folders))
    for each in listed:
        yield from _head(each, words)
        yield ""


def _head(each: "Found", words: Words) -> Iterator[str]:
    if each.profile is None:
        yield f"{each.name}  {words('profiles.broken')}"
        for problem in each.problems:
            yield from wrapped(problem, 76, "    ")
    else:
        yield f"{each.name}  {_counts(each.profile, words)}"
        yield from wrapped(each.profile.title, 76, "    ")
    yield f"    {each.file}"
    for hidden in each.hides:
        yield f"    {words('profiles.hides', file=hidden)}"


def _counts(profile: "Profile", words: Words) -> str:
    counts = words(
        "profiles.counts",
        signals=len(profile.points),
        verified=len(profile.verified),
        uncertain=len(profile.uncertain),
    )
    return f"{profile.framing}  {counts}"


def _page(each: "Found", words: Words) -> Iterator[str]:
    """Give one profile whole."""
    yield from _head(each, words)
    profile = each.profile
    if profile is None:
        return
    for title, texts in (
        ("profiles.source", (profile.source,)),
        ("profiles.verified", profile.verified or (words("profiles.nothing"),)),
        ("profiles.uncertain", profile.uncertain or (words("profiles.nothing"),)),
        ("profiles.asks", tuple(_asks(profile, words))),
    ):
        yield ""
        yield words(title)
        for text in texts:
            first, *others = wrapped(text, 74, "    ")
            yield from (f"  - {first.lstrip()}", *others)
    yield from _points(profile, words)


def _asks(profile: "Profile", words: Words) -> Iterator[str]:
    limits = profile.limits
    for table, spans in limits.readable.items():
        for span in spans:
            first, last = f"0x{span.start:04X}", f"0x{span.stop - 1:04X}"
            yield words("profiles.span", table=table.value, first=first, last=last)
    valid = limits.valid
    if valid is not None:
        where = f"{valid.table.value} 0x{valid.address:04X}"
        yield words("profiles.valid", where=where, equals=valid.equals)
    yield words(
        "profiles.limits",
        registers=limits.max_registers,
        bits=limits.max_bits,
        answer_ms=profile.answer_max_us // 1000,
    )


def _points(profile: "Profile", words: Words) -> Iterator[str]:
    from agent.cli.profiles_found import layout_of, meaning_of

    yield ""
    yield words("profiles.points")
    for point in sorted(profile.points, key=lambda one: (one.table.value, one.address)):
        place = f"{point.table.value} 0x{point.address:04X}  {layout_of(point)}"
        pace = "" if point.every_us is None else words("profiles.every", s=point.every_us / 1e6)
        yield f"  {point.signal}  {place}  {pace}".rstrip()
        meaning = meaning_of(point)
        if meaning:
            yield from wrapped(meaning, 74, "    ")
        yield from wrapped(f"({point.source})", 74, "    ")
