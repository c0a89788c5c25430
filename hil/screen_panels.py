"""The parts of the live screen, 80 columns by 24 lines. Pure: facts in, lines out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.cli.layout import age
from agent.cli.parts import Line, Part, beside, cell
from agent.cli.signals import shown
from agent.signals import signal_for
from hil import screen_shaft
from hil.demo_facts import Entry, Facts
from hil.screen_line import page, wrap
from hil.story_texts import Words

_LEFT, _RIGHT = 32, 45  # of what stands and of what was delivered, below
_CAPTION_ROWS = 2
_ROWS = 4
_NAME, _VALUE, _QUALITY = 31, 7, 10
KEYS = "erabmikq"


@dataclass(frozen=True, slots=True)
class View:
    """What a screen shows besides the facts: the caption of the moment and whether it is bad news."""

    caption: str
    alarming: bool
    broker_name: str


def draw(facts: Facts, view: View, words: Words, size: tuple[int, int]) -> str:
    """Draw the whole screen for a terminal of `size` columns and lines."""
    width, height = size
    car = [_head(words("head.car")), *screen_shaft.shaft(facts, words)]
    below = beside(_standing(facts, words), _LEFT, _delivered(facts, words))
    lines: list[Line] = [
        _title(facts, view, words),
        *_caption(view, width),
        *beside(car, screen_shaft.WIDTH, _signals(facts, words)),
        *below,
        *[()] * (_ROWS + 2 - len(below)),
    ]
    return page(lines, _keys(words), width, height)


def _title(facts: Facts, view: View, words: Words) -> Line:
    minutes, seconds = divmod(int(facts.at_s), 60)
    return [
        (f" {words('title')}  {minutes}:{seconds:02}  ", "bold"),
        *_part("agent", words, on=facts.status is not None),
        *_part("broker", words, on=facts.broker_on),
        *_part("modbus", words, on=facts.modbus_on),
        (view.broker_name, "dim"),
    ]


def _part(name: str, words: Words, *, on: bool) -> Line:
    state = words("on" if on else "off")
    return [(f"{words(f'part.{name}')} ", ""), (state, "good" if on else "critical"), ("  ", "")]


def _caption(view: View, width: int) -> list[Line]:
    kind = "critical" if view.alarming else "good"
    rows = wrap(view.caption, width - 3)[:_CAPTION_ROWS]
    rows += [""] * (_CAPTION_ROWS - len(rows))
    return [[(f" {row}", kind)] for row in rows]


def _head(*texts: str) -> Line:
    return [(f" {''.join(texts)}", "bold")]


def _signals(facts: Facts, words: Words) -> list[Line]:
    heads = (cell(words("head.signals"), _NAME + _VALUE), cell(words("head.quality"), _QUALITY))
    lines = [_head(heads[0][0], heads[1][0], words("head.age"))]
    if facts.status is None:
        return [*lines, [(f" {words('standing.unknown')}", "major")]]
    return lines + [_signal(name, each, words) for name, each in facts.signals.items()]


def _signal(name: str, said: Mapping[str, Any], words: Words) -> Line:
    row = signal_for(name)
    assert row is not None
    title = row.zh if words.lang == "zh" else row.en
    good = said["q"] == "good"
    old = "-" if said["age_ms"] is None else f"{said['age_ms'] / 1000:.1f} s"
    value: Part = cell(shown(said["v"]), _VALUE, "bold" if good else "major")
    quality = cell(said["q"], _QUALITY, "good" if good else "major")
    return [(" ", ""), cell(title, _NAME - 1), (" ", ""), value, quality, (old, "dim")]


def _standing(facts: Facts, words: Words) -> list[Line]:
    lines = [_head(words("head.standing"))]
    if facts.status is None:
        return [*lines, [(f" {words('standing.unknown')}", "major")]]
    standing = list(facts.standing.values())
    if not standing:
        return [*lines, [(f" {words('standing.none')}", "good")]]
    return lines + [_alarm(alarm, words) for alarm in standing[:_ROWS]]


def _alarm(alarm: Mapping[str, Any], words: Words) -> Line:
    title = alarm["title"][words.lang]
    if alarm["instance"]:
        title += f" [{alarm['instance']}]"
    return [(" ", ""), cell(title, _LEFT - 9, alarm["severity"]), (f" {age(alarm['age_s'])}", "")]


def _delivered(facts: Facts, words: Words) -> list[Line]:
    owed = len(facts.missing)
    count = facts.head - owed
    said = words("delivered.sum", head=facts.head, count=count, owed=owed)
    lines = [_head(words("head.delivered")), [(f" {said}", "major" if owed else "")]]
    newest = sorted(facts.journal, reverse=True)[: _ROWS - 1]
    return lines + [_event(facts.journal[seq], facts, words) for seq in newest]


def _event(entry: Entry, facts: Facts, words: Words) -> Line:
    arrived = entry.seq in facts.seen.events
    state = words("delivery.done" if arrived else "delivery.owed")
    text = cell(words.event(entry), _RIGHT - 11, "" if arrived else "major")
    return [(" ", ""), text, (f" {state}", "good" if arrived else "major")]


def _keys(words: Words) -> Line:
    parts: list[Part] = []
    for key in KEYS:
        parts += [(f" {key}", "bold"), (f" {words(f'key.{key}')} ", "")]
    return parts
