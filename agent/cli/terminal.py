"""The terminal itself: the alternate screen, single keys, and everything as it was when it is left."""

import contextlib
import os
import re
import select
import shutil
import signal
import sys
import termios
import tty
from types import TracebackType
from typing import Self

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
# No colour, to the last line where there is no other screen to go back to, the cursor, the screen before.
SCREEN_BACK = "\x1b[m\x1b[999;1H\x1b[?25h\x1b[?1049l"
UP, DOWN, PAGE_UP, PAGE_DOWN = "↑", "↓", "⇞", "⇟"
_MOVES = {"A": UP, "B": DOWN, "5~": PAGE_UP, "6~": PAGE_DOWN}
_ESCAPES = re.compile("\x1b(?:\\[([0-9;]*[@-~])|O(.)|.)?")  # what arrows and function keys send
_UNFINISHED = re.compile("\x1b(?:\\[[0-9;]*|O)?\\Z")
_KEY_BYTES = 32
_NO_KEY = b"\0"
_CONTROLS = 6  # where tcgetattr lists the control characters
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminal:
    """`with Terminal() as terminal:` takes standard input and output. Ctrl-C stays a signal; Ctrl-Z is off.

    For the main thread only. A signal and a change of the window's size end the waiting for keys.
    """

    def __enter__(self) -> Self:
        self._in = sys.stdin.fileno()
        self._unfinished = ""
        self._before = termios.tcgetattr(self._in)
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            self._take()
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)  # what came meanwhile is heard here
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._give_back()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines now."""
        try:
            columns, lines = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            columns, lines = 0, 0
        return (columns, lines) if columns and lines else shutil.get_terminal_size((80, 24))

    def keys(self, within_s: float, waker: int | None = None) -> str:
        """Wait for keys; empty when none came, or `waker` can be read. The end of input is `q`.

        Letters come small; of the keys that send more, the arrows and pages come as UP and so on, others not at all.
        """
        watched = [self._in, self._woken, *([] if waker is None else [waker])]
        readable, _, _ = select.select(watched, [], [], within_s)
        if self._woken in readable:
            os.read(self._woken, 512)
        if self._in not in readable:
            self._unfinished = ""
            return ""
        pressed = os.read(self._in, _KEY_BYTES)
        return self._keys(pressed.decode("ascii", "replace")) if pressed else "q"

    def show(self, text: str) -> None:
        """Write at once."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def _keys(self, pressed: str) -> str:
        """Understand what came; over a slow line the rest of a key may come later."""
        text = self._unfinished + pressed
        rest = _UNFINISHED.search(text)
        self._unfinished = "" if rest is None else rest[0]
        return _ESCAPES.sub(_move, text[: len(text) - len(self._unfinished)]).lower()

    def _take(self) -> None:
        self._woken, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._wakeup_before = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        self._resize_before = signal.signal(signal.SIGWINCH, _wake)
        tty.setcbreak(self._in)
        changed = termios.tcgetattr(self._in)
        changed[_CONTROLS][termios.VSUSP] = _NO_KEY
        termios.tcsetattr(self._in, termios.TCSADRAIN, changed)
        self.show(_ENTER)

    def _give_back(self) -> None:
        """Put everything back; a second signal waits until it is done."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        with contextlib.suppress(OSError, termios.error):  # it may be gone
            termios.tcflow(sys.stdout.fileno(), termios.TCOON)  # Ctrl-S may have stopped it
            self.show(SCREEN_BACK)
        with contextlib.suppress(termios.error):  # draining may be interrupted
            termios.tcsetattr(self._in, termios.TCSANOW, self._before)
        signal.set_wakeup_fd(self._wakeup_before)
        signal.signal(signal.SIGWINCH, self._resize_before)
        os.close(self._woken)
        os.close(self._waker)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked - set(_ENDING))


def _wake(_number: int, _frame: object) -> None:
    """Do nothing: that the signal came ends the waiting."""


def _move(escape: re.Match[str]) -> str:
    return _MOVES.get(escape[1] or escape[2] or "", "")
