"""An event as a page of 80 columns for somebody in a machine room. Gives lines; prints nothing."""

from collections.abc import Iterator, Sequence

from agent.cli.explain_facts import Numbering, Way, detection, numbers, ways
from agent.cli.explain_here import Here
from agent.cli.layout import aligned, wrapped
from agent.cli.texts import Words
from agent.event_numbers import When
from agent.event_texts import EventTexts, limits_of_text
from agent.monitor.catalog import Entry
from agent.platforms import Code, Platform

_WIDTH = 76  # and an indent of up to four


def page(entry: Entry, here: Here, platforms: Sequence[Platform], words: Words) -> Iterator[str]:
    """Everything about one event."""
    texts = EventTexts(words.lang, here.limits)
    severity = words(f"severity.{entry.severity.value}")
    yield f"{entry.code}  {texts.title(entry)}  [{severity}]"
    if entry.stop_recommended:
        yield from wrapped(words("explain.stop"), _WIDTH, "  ")
    yield ""
    yield from wrapped(texts.means(entry.code), _WIDTH, "  ")
    yield from _section("explain.holds", _holds(entry, here, texts, words), words)
    yield from _section("explain.causes", _listed(texts.causes(entry.code)), words)
    yield from _section("explain.checks", _steps(texts.checks(entry.code), words), words)
    yield from _section("explain.ends", _text(texts.ends(entry)), words)
    if not entry.agent:
        yield from _section("explain.muted", _text(texts.muted(entry)), words)
    yield from _section("explain.signals", _signals(entry, here, texts, words), words)
    yield from _section("explain.codes", _numbers(entry, here, platforms, words), words)
    yield ""
    yield from wrapped(based_on(here, words), _WIDTH, "")


def based_on(here: Here, words: Words) -> str:
    """Say whose limits these are."""
    if here.site is not None:
        return words("explain.configured", file=here.file)
    return words("explain.defaults" if here.usable else "explain.unusable", file=here.file)


def conditions(when: When, words: Words) -> str:
    """Write a situation: `rule doors_not_open, car.door_zone true`."""
    told = ", ".join(f"{name} {_value(value)}" for name, value in when.items())
    return words("explain.when", conditions=told) if told else ""


def meaning(row: Code, words: Words) -> str:
    """What a platform's number means there."""
    return row.zh if words.lang == "zh" else row.en


def _section(title: str, lines: Iterator[str], words: Words) -> Iterator[str]:
    yield ""
    yield words(title)
    yield from lines


def _text(text: str) -> Iterator[str]:
    yield from wrapped(text, _WIDTH, "  ")


def _listed(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        yield from _item("-", text)


def _item(mark: str, text: str) -> Iterator[str]:
    first, *others = wrapped(text, _WIDTH - len(mark) - 1, " " * (len(mark) + 3))
    yield from (f"  {mark} {first.lstrip()}", *others)


def _holds(entry: Entry, here: Here, texts: EventTexts, words: Words) -> Iterator[str]:
    yield from wrapped(texts.holds(entry.code), _WIDTH, "  ")
    for key in limits_of_text(entry.code):
        if key in here.longer:
            facts = {"name": key, "effective": here.limits[key], "configured": here.longer[key]}
            yield from wrapped(words("explain.longer", **facts), _WIDTH, "  ")


def _steps(texts: Sequence[str], words: Words) -> Iterator[str]:
    yield from wrapped(words("explain.safety"), _WIDTH, "  ")
    for number, text in enumerate(texts, start=1):
        yield from _item(f"{number}.", text)


def _signals(entry: Entry, here: Here, texts: EventTexts, words: Words) -> Iterator[str]:
    if entry.agent:
        yield from _text(words("explain.agent"))
        return
    for way in ways(entry, here):
        yield from _item("-", texts.way(way.part) + _wiring(way, words))
        yield from wrapped(texts.needs(way.part, ""), _WIDTH - 2, "    ")
    possible = detection(entry, here)
    if possible is not None:
        note = possible.note_zh if words.lang == "zh" else possible.note_en
        told = [words(f"explain.{possible.state}"), *([note] if note else [])]
        colon = texts.word("colon")
        yield from wrapped(words("explain.here") + colon + "; ".join(told), _WIDTH, "  ")


def _wiring(way: Way, words: Words) -> str:
    if way.wired is None:
        return ""
    told = [words("explain.lacks", names=" ".join(way.missing))] if way.missing else []
    told += [words("explain.unset", name=way.unset)] if way.unset else []
    return f" [{', '.join(told) or words('explain.wired')}]"


def _numbers(
    entry: Entry, here: Here, platforms: Sequence[Platform], words: Words
) -> Iterator[str]:
    told = [_number(each, words) for each in numbers(entry, platforms, here)]
    heads = aligned([(name, number) for name, number, _ in told])
    for head, (_, _, said) in zip(heads, told, strict=True):
        yield f"  {head}"
        if said:
            yield from wrapped(said, _WIDTH - 2, "    ")


def _number(each: Numbering, words: Words) -> tuple[str, str, str]:
    names = {"gb24476": "GB/T 24476-2017", "bacnet": "BACnet LiftFault"}
    name = names.get(each.vocabulary, each.vocabulary)
    number = words("explain.no_code") if each.number is None else str(each.number)
    chosen = [words("explain.chosen")] if each.configured else []
    said = [] if each.row is None else [meaning(each.row, words)]
    return name, number, "; ".join(t for t in (*said, conditions(each.when, words), *chosen) if t)


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
