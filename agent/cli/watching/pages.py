"""The pages of the live view for a screen of any size: car, signals, events, help, and nobody answers. Pure."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.cli.event_line import event_text
from agent.cli.layout import age, cut, folded
from agent.cli.parts import Line, beside, broken, cell, fit
from agent.cli.texts import Words
from agent.cli.watching import car_words, panels
from agent.cli.watching.car import Trail
from agent.cli.watching.car_words import LABEL
from agent.cli.watching.facts import Fault, Seen, Watch
from agent.cli.watching.shaft import LOWEST_HEIGHT, WIDTH, shaft
from agent.model import SECOND_US, Instant

KEYS = "qpsel?"
_CLOCK = 9
_IDENTITY = 36  # columns of the elevator's name, at most
_GAP = 2
_NARROWEST_WITH_PICTURE = 55  # a terminal of 56: its last column stays free
_FEWEST_LINKS, _MOST_LINKS, _MOST_RAISED = 2, 5, 8
_SMALLEST = (19, 4)  # a terminal of 20×4


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a person chose to see: the page, how far down, and what was seen when they paused."""

    words: Words
    page: str = "car"
    down: int = 0
    paused: Seen | None = None


def draw(seen: Seen, trail: Trail, view: View, width: int, height: int) -> list[Line]:
    """Draw the whole screen: title, page, keys."""
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        return [[(view.words("watch.small"), "")]]
    shown = view.paused or seen
    room = height - 2
    body = _body(shown, trail, view, width, room)
    filled = [*body[:room], *[()] * (room - len(body))]
    return [_title(seen, shown, view, width), *filled, _keys(view.words)]


def _body(shown: Seen, trail: Trail, view: View, width: int, room: int) -> list[Line]:
    words = view.words
    if view.page == "help":
        return [[(line, "")] for line in words("watch.page").splitlines()]
    if shown.answer is None:
        return _nobody(shown, words, width)
    if view.page == "car":
        return car_page(shown.answer, trail, words, width, room)
    return _LISTS[view.page](shown, view, width, room)


def once(answer: Watch, trail: Trail, words: Words, size: tuple[int, int]) -> list[Line]:
    """Draw the car's page to be printed: without keys, no longer than it needs."""
    width, height = size
    seen = Seen(at=Instant(uptime_us=0, wall_us=0, synchronised=False), answer=answer)
    title = _identity(seen, words)
    return [title, *car_page(answer, trail, words, width, height - 1)]


# ---------------------------------------------------------------- title and keys


def _title(seen: Seen, shown: Seen, view: View, width: int) -> Line:
    line = [*_identity(shown, view.words), *_pause(seen, view)]
    at = dt.datetime.fromtimestamp(shown.at.wall_us / 1e6).astimezone()
    return [*fit(line, width - _CLOCK), (f" {at:%H:%M:%S}", "dim")]


def _identity(shown: Seen, words: Words) -> Line:
    if shown.answer is None:
        return [("elevator-agent watch", "bold")]
    status = shown.answer.status
    who = status.elevator
    state = words.known("status", status.state)
    if status.reason:
        state += f" ({status.reason})"
    line = [
        (cut(f"{who.site}/{who.id}  {who.name}".rstrip(), _IDENTITY), "bold"),
        (f"  {state}", "good" if status.state == "online" else "major"),
    ]
    if not status.clock.synchronised:
        line.append((f"  {words('watch.unsynchronised')}", "minor"))
    return line


def _pause(seen: Seen, view: View) -> Line:
    """Say that the screen stands still; a critical event that came meanwhile is not kept from anybody."""
    if view.paused is None:
        return []
    if _criticals(seen) - _criticals(view.paused):
        return [(f"  {view.words('watch.paused_critical')}", "critical")]
    return [(f"  {view.words('watch.paused')}", "major")]


def _criticals(seen: Seen) -> set[tuple[str, str | None]]:
    standing = [] if seen.answer is None else seen.answer.status.standing
    return {(alarm.code, alarm.instance) for alarm in standing if alarm.severity == "critical"}


def _keys(words: Words) -> Line:
    line: list[tuple[str, str]] = []
    for key in KEYS:
        line += [(f"{key} ", "bold"), (f"{words(f'watch.key.{key}')}   ", "")]
    return line


# ---------------------------------------------------------------- the car's page


def car_page(answer: Watch, trail: Trail, words: Words, width: int, room: int) -> list[Line]:
    """Draw the picture, and beside it what else there is to know, as far as there is room."""
    if width < _NARROWEST_WITH_PICTURE or room < LOWEST_HEIGHT:
        return _facts(answer, trail, words, width, room)
    picture = shaft(answer.signals, trail, room, answer.floors, _kind(answer))
    return beside(picture, WIDTH, _facts(answer, trail, words, width - WIDTH - _GAP, room))


def _kind(answer: Watch) -> str:
    """Colour the car by the worst that stands raised."""
    severities = {alarm.severity for alarm in answer.status.standing}
    return next((each for each in ("critical", "major") if each in severities), "bold")


def _facts(answer: Watch, trail: Trail, words: Words, width: int, room: int) -> list[Line]:
    """Stack car, raised, upstream, links and signals; what matters first gets the room."""
    status = answer.status
    car, upstream = car_words.car(answer.signals, trail, words), panels.upstream(status, words)
    head, raised = (
        panels.raised_head(status.standing, words),
        panels.raised(status.standing, width, words),
    )
    links = panels.links(status.links, words)
    fewest = (
        len(car)
        + len(upstream)
        + min(len(raised), _MOST_RAISED)
        + min(_FEWEST_LINKS, len(links))
        + 3
    )
    if raised and fewest > room:
        return _urgent([head, *raised], [*car, *upstream, *links], room)
    other_links = max(0, min(_MOST_LINKS, len(links)) - _FEWEST_LINKS)
    car, upstream = _folded(car, upstream, width, room - fewest - other_links)
    free = room - len(car) - len(upstream) - 3  # a head and two blank lines
    raised = panels.listed(raised, min(_MOST_RAISED, free - min(_FEWEST_LINKS, len(links))), words)
    links = panels.listed(links, min(_MOST_LINKS, free - len(raised)), words)
    lines: list[Line] = [*car, (), head, *raised, (), *upstream, *links]
    left = room - len(lines) - 2
    if left > 1:
        found = panels.failing_first(answer.signals, words, width)
        lines += [(), panels.signals_head(words, width), *panels.listed(found, left, words)]
    return lines


def _urgent(raised: Sequence[Line], rest: Sequence[Line], room: int) -> list[Line]:
    """Where there is no room for all, what stands raised comes first; a third is left for where the car is."""
    most = max(2, room - room // 3)
    return [*raised[:most], *rest][:room]


def _folded(
    car: Sequence[Line], upstream: Sequence[Line], width: int, spare: int
) -> tuple[list[Line], list[Line]]:
    """Lines that are too wide go on below, the car's first, as far as there are lines to spare."""
    blocks: list[list[Line]] = []
    for block in (car, upstream):
        folded = [each for line in block for each in broken(line, width, LABEL)]
        more = len(folded) - len(block)
        blocks.append(folded if more <= spare else list(block))
        spare -= more if more <= spare else 0
    return blocks[0], blocks[1]


# ---------------------------------------------------------------- the other pages


def _signals(shown: Seen, view: View, width: int, room: int) -> list[Line]:
    assert shown.answer is not None
    found = panels.signals(shown.answer.signals, view.words, width)
    return [panels.signals_head(view.words, width), *_from(found, view.down, room - 1)]


def _events(shown: Seen, view: View, width: int, room: int) -> list[Line]:
    words = view.words
    lines: list[Line] = [[event_text(each, words)] for each in reversed(shown.events)]
    if not lines:
        lines = [[(words("watch.no_events"), "")]]
    return [[cell(words("watch.events"), width, "dim")], *_from(lines, view.down, room - 1)]


def _from(lines: Sequence[Line], down: int, room: int) -> Sequence[Line]:
    start = max(0, min(down, len(lines) - room))
    return lines[start : start + room]


_LISTS: Mapping[str, Callable[[Seen, View, int, int], list[Line]]] = {
    "signals": _signals,
    "events": _events,
}


def _nobody(shown: Seen, words: Words, width: int) -> list[Line]:
    """Say why nothing is shown; nothing older stands in its place."""
    fault = shown.fault
    if fault is None:
        return [(), [(words("watch.connecting"), "")]]
    since_s = (shown.at.uptime_us - fault.since.uptime_us) // SECOND_US
    text = f"{fault_text(fault, words)}\n\n{words('watch.waiting', age=age(since_s))}"
    return [(), *([(line, "major")] for line in folded(text, width))]


def fault_text(fault: Fault, words: Words) -> str:
    """Say why nobody answers."""
    return words(fault.key, path=fault.path, reason=fault.reason)
