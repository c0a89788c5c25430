"""The live view in a terminal: look, draw what changed, obey keys, until somebody wants to leave."""

import signal
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from agent.cli import screen
from agent.cli.parts import Line
from agent.cli.terminal import DOWN, PAGE_DOWN, PAGE_UP, UP, Terminal
from agent.cli.texts import Words
from agent.cli.watching.car import Trail
from agent.cli.watching.facts import Seen
from agent.cli.watching.grid import Row, patch, rows_of
from agent.cli.watching.looker import Looker
from agent.cli.watching.pages import View, draw
from agent.clock import Clock

QUIT = "q"
_PAGES: Mapping[str, str] = {"s": "signals", "e": "events", "?": "help"}
_STEPS: Mapping[str, int] = {
    UP: -1, "k": -1, DOWN: 1, "j": 1, PAGE_UP: -10, "b": -10, PAGE_DOWN: 10, " ": 10,
}  # fmt: skip
_WAIT_S = 60.0  # the looker wakes long before
_CLEAR = "\x1b[m\x1b[2J"


def pressed(view: View, key: str, seen: Seen) -> View:
    """Obey a key; an unknown one does nothing."""
    if key in _PAGES:
        page = _PAGES[key]
        return replace(view, page="car" if view.page == page else page, down=0)
    if key in _STEPS:
        return replace(view, down=max(0, view.down + _STEPS[key]))
    if key == "p":
        return replace(view, paused=seen if view.paused is None else None)
    if key == "l":
        return replace(view, words=Words("en" if view.words.lang == "zh" else "zh"))
    return view


class Canvas:
    """What the terminal shows, and how the next picture gets there with the fewest bytes."""

    def __init__(self, colours: Mapping[str, str]) -> None:
        self._colours = colours
        self._size = (0, 0)
        self._rows: list[Row] = []

    def sent(self, lines: Sequence[Line], size: tuple[int, int]) -> str:
        """Give what to send; after a change of size everything."""
        width, height = size
        # The last column stays free: some terminals begin a new line after it.
        rows = rows_of(lines, width - 1, height)
        fresh = size != self._size
        before = rows_of((), width - 1, height) if fresh else self._rows
        self._rows, self._size = rows, size
        return (_CLEAR if fresh else "") + patch(before, rows, self._colours)


def watch(path: Path, words: Words) -> None:
    """Show it until `q`; Ctrl-C and SIGTERM leave the terminal as it was, too."""
    with _ending_in_order(), Terminal() as terminal, Looker(path, Clock()) as looker:
        view, trail = View(words=words), Trail()
        canvas = Canvas(screen.colours())
        keys = ""
        while QUIT not in keys:
            seen = looker.newest()
            trail = trail if view.paused else trail.after(seen)
            for key in keys:
                view = pressed(view, key, seen)
            looker.wants_events = view.page == "events"
            size = terminal.size
            terminal.show(canvas.sent(draw(seen, trail, view, size[0] - 1, size[1]), size))
            keys = terminal.keys(_WAIT_S, looker.waker)


@contextmanager
def _ending_in_order() -> Generator[None]:
    """Let SIGTERM and SIGHUP leave through every `with`, like Ctrl-C."""
    before = {each: signal.signal(each, _end) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)
