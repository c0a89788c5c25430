"""`elevator-agent bus --learn`: which addresses of an unknown device answer, and what moves when. Only reads."""

import asyncio
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from agent.cli import screen
from agent.cli.bus_looking import Looking, may_begin
from agent.cli.texts import Words
from agent.cli.verb import FINE, INTERRUPTED, USAGE, WARNING
from agent.clock import Clock
from agent.drivers.blocks import Block
from agent.drivers.learn import Learner, NobodyError
from agent.drivers.learn_profile import counts_of, place_of, skeleton
from agent.drivers.learn_survey import Outcome, Survey, runs
from agent.drivers.learn_watch import Place, Watch
from agent.drivers.learn_wire import LookingWire, Waits
from agent.drivers.registers import Table
from agent.drivers.tap import Tap

_KEYBOARD = 0
_LATE_MS = 1000  # what a profile allows for an answer unless it says otherwise
_LONGEST_LINE = 200  # bytes of a mark's name


@dataclass(slots=True)
class Learning:
    """What is asked for; `survey` and `watch` are filled as it goes."""

    looking: Looking
    device_id: int
    survey: Survey
    seconds: float | None
    marks: tuple[str, ...]
    write: Path | None
    watch: Watch = field(default_factory=Watch)


def learn(words: Words, config: Path | None, learning: Learning, *, as_json: bool) -> int:
    """Look around until done or Ctrl-C; what was found is shown in either case."""
    if not may_begin(words, config, learning.looking):
        return USAGE
    code = FINE
    try:
        asyncio.run(_learn(words, learning))
    except NobodyError as nobody:
        screen.say(words("bus.learn.nobody", reason=nobody))
        code = WARNING
    except KeyboardInterrupt:
        code = INTERRUPTED
    _show(words, learning, as_json=as_json)
    return code


async def _learn(words: Words, learning: Learning) -> None:
    looking, clock = learning.looking, Clock()
    waits = Waits(looking.timeout_ms, max(_LATE_MS, looking.timeout_ms))
    device = LookingWire(looking.url, learning.device_id, clock, waits, Tap())
    progress = _Progress(words, learning.survey)
    learner = Learner(device, clock, looking.pause_ms / 1000, progress.told)
    try:
        wrong = await device.connect()
        if wrong:
            raise NobodyError(wrong)
        await learner.survey(learning.survey)
        progress.end()
        screen.say(words("bus.learn.surveyed", count=learning.survey.found))
        if learning.seconds != 0:
            with _Marks(words, learning, clock):
                await learner.watch(learning.watch, learning.survey.blocks(), learning.seconds)
    finally:
        progress.end()
        device.close()


class _Progress:
    """One line on standard error that follows the survey; on a terminal only."""

    def __init__(self, words: Words, survey: Survey) -> None:
        self._words, self._survey = words, survey
        self._open = sys.stderr.isatty()

    def told(self, block: Block, _outcome: Outcome) -> None:
        """Show where the survey is."""
        if self._open:
            text = self._words(
                "bus.learn.progress",
                where=f"{block.table.value} 0x{block.address:04X}+{block.count}",
                count=self._survey.found,
            )
            sys.stderr.write(f"\r{text}\x1b[K")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            sys.stderr.write("\r\x1b[K")
            self._open = False


class _Marks:
    """Lines typed while watching: each marks what the technician does at that moment."""

    def __init__(self, words: Words, learning: Learning, clock: Clock) -> None:
        self._words, self._learning, self._clock = words, learning, clock
        self._typed = b""
        self._made = 0
        self._listening = False

    def __enter__(self) -> None:
        try:
            asyncio.get_running_loop().add_reader(_KEYBOARD, self._readable)
        except (OSError, ValueError):  # standard input is a file or closed: nobody types
            return
        self._listening = True
        self._prompt()

    def __exit__(self, *_why: object) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._listening:
            asyncio.get_running_loop().remove_reader(_KEYBOARD)
        self._listening = False

    def _readable(self) -> None:
        data = os.read(_KEYBOARD, 4096)
        if not data:
            self._stop()
            return
        *lines, self._typed = (self._typed + data).split(b"\n")
        self._typed = self._typed[:_LONGEST_LINE]
        for line in lines:
            self._mark(line[:_LONGEST_LINE].decode("utf-8", "replace").strip())

    def _mark(self, typed: str) -> None:
        name = typed or self._planned or f"{self._made + 1}"
        self._made += 1
        self._learning.watch.mark(name, self._clock.uptime_us())
        screen.say(self._words("bus.learn.marked", name=name))
        self._prompt()

    def _prompt(self) -> None:
        planned = self._planned
        key = "bus.learn.do" if planned else "bus.learn.type"
        screen.say(self._words(key, name=planned))

    @property
    def _planned(self) -> str:
        """What to do next, round and round; empty without a plan."""
        marks = self._learning.marks
        return marks[self._made % len(marks)] if marks else ""


def _show(words: Words, learning: Learning, *, as_json: bool) -> None:
    survey, watch = learning.survey, learning.watch
    if learning.write is not None and survey.found:
        _write(words, learning, learning.write)
    if as_json:
        screen.show_json(_json(learning))
        return
    _show_tables(words, survey)
    header = [words(f"bus.column.{name}") for name in ("place", "value", "least", "most", "bits")]
    if survey.found:
        screen.show_table(header, [_row(place, survey, watch) for place in _places(survey)])
    for name in watch.names:
        screen.show(words("bus.learn.followed", name=name, count=watch.times(name)))
        screen.show(*(f"  {place_of(hint)}: {counts_of(hint)}" for hint in watch.followed(name)))


def _write(words: Words, learning: Learning, path: Path) -> None:
    where = f"{learning.looking.url} device_id {learning.device_id}"
    try:
        path.write_text(skeleton(where, learning.survey, learning.watch), encoding="utf-8")
    except OSError as wrong:  # what was found is still shown
        screen.say(f"{path}: {wrong.strerror}")
        return
    screen.say(words("bus.learn.written", path=path))


def _show_tables(words: Words, survey: Survey) -> None:
    for table in survey.tables:
        if table in survey.absent:
            screen.show(words("bus.learn.absent", table=table.value))
            continue
        kinds: dict[str, Iterable[int]] = {
            "answering": survey.answering[table],
            "refused": survey.refused[table],
            "silent": survey.silent[table],
        }
        for kind, found in kinds.items():
            spans = ", ".join(map(_span, runs(found)))
            if spans:
                screen.show(words(f"bus.learn.{kind}", table=table.value, spans=spans))


def _span(run: range) -> str:
    first, last = run.start, run.stop - 1
    return f"0x{first:04X}" if first == last else f"0x{first:04X}-0x{last:04X}"


def _places(survey: Survey) -> list[Place]:
    return [Place(t.function, n) for t in survey.tables for n in sorted(survey.answering[t])]


def _row(place: Place, survey: Survey, watch: Watch) -> list[str]:
    name = f"{place.table.value} 0x{place.address:04X}"
    moves = watch.moves.get(place)
    if moves is None:
        return [name, str(survey.answering[place.table][place.address]), "", "", ""]
    bits = " ".join(f"{bit}:{len(history)}" for bit, history in sorted(moves.bits.items()))
    return [name, str(moves.value), str(moves.least), str(moves.most), bits]


def _json(learning: Learning) -> dict[str, object]:
    survey, watch = learning.survey, learning.watch
    return {
        "url": learning.looking.url,
        "device_id": learning.device_id,
        "tables": {table.value: _table_json(table, survey, watch) for table in survey.tables},
        "marks": [
            {
                "name": name,
                "times": watch.times(name),
                "followed": [
                    {
                        "table": hint.place.table.value,
                        "address": hint.place.address,
                        "bit": hint.bit,
                        "to": hint.to,
                        "times": hint.times,
                        "otherwise": hint.otherwise,
                    }
                    for hint in watch.followed(name)
                ],
            }
            for name in watch.names
        ],
    }


def _table_json(table: Table, survey: Survey, watch: Watch) -> dict[str, object]:
    registers: list[dict[str, object]] = []
    for address, first in sorted(survey.answering[table].items()):
        moves = watch.moves.get(Place(table.function, address))
        registers.append(
            {
                "address": address,
                "value": first if moves is None else moves.value,
                "min": first if moves is None else moves.least,
                "max": first if moves is None else moves.most,
                "changes": 0 if moves is None else moves.changes,
                "bits": [] if moves is None else sorted(moves.bits),
            }
        )
    return {
        "absent": table in survey.absent,
        "answering": registers,
        "refused": [
            {"address": n, "exception": code} for n, code in sorted(survey.refused[table].items())
        ],
        "silent": sorted(survey.silent[table]),
    }
