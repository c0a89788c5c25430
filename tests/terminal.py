"""A real terminal in a test: a program in a tmux window of so many columns and lines, its keys and its screen.

Waits for what a screen shows; sleeps only between two looks.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE_S = 40.0  # other processes compete for the machine
_LOOK_EVERY_S = 0.05
_ROOT = Path(__file__).parent.parent
PLAIN: Mapping[str, str] = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "Asia/Shanghai"}


class Window:
    """`with Window(folder, "status", "--config", path) as window:` runs the command line there.

    `program` is what Python runs instead; `before` and `after` are commands of the shell around it. `ended` waits for
    its end; the screen stays. tmux and everything in it end with the context.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: object,
        size: tuple[int, int] = (80, 24),
        environment: Mapping[str, str] | None = None,
        before: str = ":",
        after: str = ":",
        program: Sequence[str] = ("-m", "agent"),
    ) -> None:
        own = Path(tempfile.mkdtemp(dir=folder))
        self._socket, self._code = own / "tmux", own / "code"
        self._size = size
        command = shlex.join([sys.executable, *program, *map(str, arguments)])
        # The shell outlives Ctrl-C; the file is complete as soon as it is there.
        ending = f"echo $? > {self._code}.new; mv {self._code}.new {self._code}"
        self._command = f"trap : INT; {before}; {command}; {ending}; {after}"
        self._environment = {**PLAIN, **(environment or {})}

    def __enter__(self) -> Self:
        width, height = self._size
        settings = "set -g status off; set -g remain-on-exit on; set -g remain-on-exit-format ''"
        conf = self._socket.with_suffix(".conf")
        conf.write_text(settings.replace("; ", "\n") + '\nset -g default-terminal "screen"\n')
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("NO_COLOR", "TMUX", "LC_MESSAGES", "ELEVATOR_AGENT_CONFIG")
        }
        given = [f"{name}={value}" for name, value in self._environment.items()]
        shell = f"exec env {shlex.join(given)} sh -c {shlex.quote(self._command)}"
        self._tmux(
            "-f", str(conf), "new-session", "-d", "-x", str(width), "-y", str(height), shell,
            env={**inherited, **PLAIN},
        )  # fmt: skip
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            print(f"-- the screen showed:\n{self.screen()}", file=sys.stderr)
        self._tmux("kill-server")

    def screen(self, *, colours: bool = False) -> str:
        """What stands on the screen now, lines without the blanks at their ends."""
        text = self._tmux("capture-pane", "-p", *(["-e"] if colours else []))
        return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))

    def until(self, *parts: str, holds: Callable[[str], bool] | None = None) -> str:
        """Wait until the screen shows all parts, and a condition holds; the screen."""

        def as_wanted(shown: str) -> bool:
            return all(part in shown for part in parts) and (holds is None or holds(shown))

        deadline_s = time.monotonic() + PATIENCE_S
        while not as_wanted(shown := self.screen()):
            assert time.monotonic() < deadline_s, f"no {parts} on the screen:\n{shown}"
            time.sleep(_LOOK_EVERY_S)
        return shown

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names: `q`, `C-c`, `Up`."""
        self._tmux("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        """Change the window's size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def ended(self) -> int:
        """Wait until the program has ended; its exit code."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not self._code.exists():
            assert time.monotonic() < deadline_s, f"it did not end:\n{self.screen()}"
            time.sleep(_LOOK_EVERY_S)
        return int(self._code.read_text())

    def record(self) -> Path:
        """From now on everything that is sent to the terminal is in this file."""
        file = self._code.with_name("sent")
        self._tmux("pipe-pane", "-O", f"exec cat > {file}")
        while not file.exists():
            time.sleep(_LOOK_EVERY_S)
        return file

    @property
    def pid(self) -> int:
        """The program, the only child of the shell around it."""
        shell = self._asked("#{pane_pid}")
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text())

    @property
    def cursor_is_shown(self) -> bool:
        return self._asked("#{cursor_flag}") == "1"

    @property
    def on_the_other_screen(self) -> bool:
        return self._asked("#{alternate_on}") == "1"

    def _asked(self, what: str) -> str:
        return self._tmux("display-message", "-p", what).strip()

    def _tmux(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        command: Sequence[str] = ["tmux", "-u", "-S", str(self._socket), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", cwd=_ROOT, timeout=PATIENCE_S,
            env=None if env is None else dict(env), check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout
