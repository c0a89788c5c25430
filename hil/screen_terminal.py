"""The terminal itself: the alternate screen, single keys, and everything as it was when it is left."""

import contextlib
import os
import re
import select
import shutil
import sys
import termios
import tty
from types import TracebackType
from typing import Self

from hil.demo_keeper import SCREEN_BACK

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_KEY_BYTES = 32
_ESCAPES = re.compile("\x1b(?:\\[[0-9;]*[@-~]|O.|.)?")  # what arrows and function keys send
_NO_KEY = b"\0"
_CONTROLS = 6  # where tcgetattr lists the control characters


class Terminal:
    """`with Terminal() as terminal:` takes standard input and output. Ctrl-C stays a signal; Ctrl-Z is off."""

    def __enter__(self) -> Self:
        self._in = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._in)
        tty.setcbreak(self._in)
        changed = termios.tcgetattr(self._in)
        changed[_CONTROLS][termios.VSUSP] = _NO_KEY
        termios.tcsetattr(self._in, termios.TCSADRAIN, changed)
        self.show(_ENTER)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):  # it may be gone
            self.show(SCREEN_BACK)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(
                self._in, termios.TCSANOW, self._before
            )  # draining may be interrupted

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines now."""
        columns, lines = shutil.get_terminal_size((80, 24))
        return columns, lines

    def keys(self, within_s: float) -> str:
        """Wait for keys; empty when none came. Arrows and the like are none, the end of input is `q`."""
        readable, _, _ = select.select([self._in], [], [], within_s)
        if not readable:
            return ""
        pressed = os.read(self._in, _KEY_BYTES)
        if not pressed:
            return "q"
        return _ESCAPES.sub("", pressed.decode("ascii", "replace")).lower()

    def show(self, text: str) -> None:
        """Write at once."""
        sys.stdout.write(text)
        sys.stdout.flush()
