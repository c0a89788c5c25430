"""`make run`: a simulated elevator, a broker and the agent as separate processes, and a story told with them.

In a terminal it is one live screen with keys; elsewhere it prints a line for each happening and ends by itself: exit
code 0 when everything was raised, delivered and cleared, 1 when something is missing. The language is the locale's or
`--lang zh|en`. HIL_BROKER=embedded takes the embedded broker even where mosquitto is installed.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from agent.cli.screen import prepare
from agent.cli.texts import words_for
from hil.demo_keeper import keep
from hil.demo_stage import Stage
from hil.story_lines import Lines
from hil.story_outcome import judge
from hil.story_script import Play
from hil.story_texts import Words

FINE, FAILED = 0, 1
_LOOK_EVERY_S = 0.1


class Asked:
    """Which signal asked for the end, 0 for none; a second Ctrl-C ends at once, in whatever is going on."""

    def __init__(self) -> None:
        self.end = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _frame: object) -> None:
        if self.end and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.end = number


def main() -> int:
    """Tell the story and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hil.story", description=__doc__)
    parser.add_argument("--lang", choices=("en", "zh"), help="default: the locale's")
    parser.parse_args()
    prepare()
    words = Words(words_for(sys.argv[1:], os.environ).lang)
    terminal = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if terminal:
        from hil.screen import watch

        return keep(lambda folder: watch(folder, words, Asked()))
    return keep(lambda folder: tell(folder, words, Asked()))


def tell(folder: Path, words: Words, asked: Asked) -> int:
    """Tell it in lines."""
    try:
        with Stage(folder) as stage:
            return _tell(stage, words, asked)
    except (RuntimeError, OSError) as error:
        print(words("outcome.broken", error=error), file=sys.stderr)
        return FAILED


def _tell(stage: Stage, words: Words, asked: Asked) -> int:
    play, lines = Play(stage), Lines(words, stage.broker_name)
    facts = stage.look()
    while not play.over and not asked.end:
        if play.step(facts) and play.beat is not None:
            print(lines.begun(play.beat, facts.at_s), flush=True)
        time.sleep(_LOOK_EVERY_S)
        facts = stage.look()
        for line in lines.happened(facts):
            print(line, flush=True)
    if not play.over:
        print(lines.said("outcome", "outcome.stopped"), flush=True)
        return 128 + asked.end
    checks = judge(facts)
    for line in lines.outcome(checks, play.missed):
        print(line, flush=True)
    if play.missed is None and all(check.fine for check in checks):
        return FINE
    print(words("outcome.log"), *stage.agent.log, sep="\n", flush=True)
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
