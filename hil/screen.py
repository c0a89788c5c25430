"""The demonstration in a terminal: the story on one live screen, then whatever the keys do."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from agent.cli.terminal import Terminal
from hil.client import CommandRefused
from hil.demo_facts import Facts
from hil.demo_stage import Stage
from hil.screen_panels import View, draw
from hil.story_lines import Lines
from hil.story_outcome import judge
from hil.story_script import Play
from hil.story_texts import Words

FINE, FAILED = 0, 1
_LOOK_EVERY_S = 0.2
_DWELL_S = 3.0  # a caption is read in this time
_SOMEBODY_COMES_S = 6.0
QUIT = "q"

DEEDS: Mapping[str, Callable[[Stage], object]] = {
    "e": lambda stage: stage.elevator.client.do("entrap"),
    "r": lambda stage: stage.elevator.client.do("release"),
    "a": lambda stage: stage.elevator.client.do("press_alarm"),
    "b": Stage.switch_broker,
    "m": Stage.switch_modbus,
    "i": Stage.switch_station,
    "k": Stage.crash_agent,
}


class Ending(Protocol):
    """Which signal asked for the end, 0 for none."""

    end: int


def watch(folder: Path, words: Words, asked: Ending) -> int:
    """Show it until `q` or a signal; the outcome of a story that came to its end stays on the terminal."""
    try:
        with Terminal() as terminal, Stage(folder) as stage:
            show = Show(stage, words, terminal)
            while not asked.end and show.goes_on():
                pass
            show.say_end()
    except (RuntimeError, OSError) as error:
        print(words("outcome.broken", error=error), file=sys.stderr)
        return FAILED
    print(*show.outcome, sep="\n", end="\n" if show.outcome else "")
    return FAILED if show.failed else FINE


class Show:
    """One screen and who is in control: the story, until it is over or a key is pressed."""

    def __init__(self, stage: Stage, words: Words, terminal: Terminal) -> None:
        self._stage, self._words, self._terminal = stage, words, terminal
        self._lines = Lines(words, stage.broker_name)
        self._play: Play | None = Play(stage, _DWELL_S)
        self._caption = ""
        self._quiet_s = 0.0
        self._facts = stage.look()
        self.outcome: list[str] = []
        self.failed = False

    def goes_on(self) -> bool:
        """Look, act and draw once; False when the person wants to leave."""
        before, self._facts = self._facts, self._stage.look()
        if self._play is None:
            self._let_somebody_ride(self._facts.at_s - before.at_s)
        elif self._play.step(self._facts) and self._play.beat is not None:
            self._caption = self._lines.caption(self._play.beat)
        elif self._play.over:
            self._end_story(self._play)
        self._draw()
        keys = self._terminal.keys(_LOOK_EVERY_S)
        for key in keys:
            if key in DEEDS:
                self._take_over(key)
        return QUIT not in keys

    def say_end(self) -> None:
        """Tell why it takes a moment."""
        self._caption = self._words("caption.ending")
        self._draw()

    def _end_story(self, play: Play) -> None:
        checks = judge(self._facts)
        self.outcome = list(self._lines.outcome(checks, play.missed))
        wrong = [self._lines.checked(check) for check in checks if not check.fine]
        if play.missed is not None:
            wrong.append(self._lines.missed(play.missed))
        self.failed = bool(wrong)
        self._caption = (
            self._words("caption.failed", missing="; ".join(wrong))
            if wrong
            else self._words("caption.done")
        )
        self._play = None

    def _take_over(self, key: str) -> None:
        if self._play is not None:
            self._play = None
            self._caption = self._words("caption.free")
        try:
            DEEDS[key](self._stage)
        except CommandRefused as refused:
            self._caption = str(refused)

    def _let_somebody_ride(self, passed_s: float) -> None:
        """A live screen of a car that stands is dull."""
        elevator = self._facts.elevator
        nobody = not (elevator["aboard"] or elevator["waiting"] or elevator["entrapping"])
        idle = nobody and elevator["phase"] == "parked" and not elevator["faults"]
        self._quiet_s = self._quiet_s + passed_s if idle else 0.0
        if self._quiet_s > _SOMEBODY_COMES_S:
            self._stage.elevator.client.do("board")

    def _draw(self) -> None:
        view = View(self._caption, _alarming(self._facts), self._stage.broker_name)
        self._terminal.show(draw(self._facts, view, self._words, self._terminal.size))


def _alarming(facts: Facts) -> bool:
    return bool(facts.standing) or not facts.broker_on
