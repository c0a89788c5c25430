"""The demonstration as a newcomer runs it: in lines, in a terminal, interrupted, and killed. Real processes throughout."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.cli.layout import columns

ROOT = Path(__file__).resolve().parent.parent
MARK = "STORY_TEST"
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SHELL = """\
trap : INT
stty cols {columns} rows 24
stty -g > before
{python} -m hil.story --lang {lang}
echo "code $?"
stty -g > after
"""

pytestmark = [pytest.mark.broker, pytest.mark.timeout(150)]


class Run:
    """One `python -m hil.story` with a home and temporary folder of its own, and a mark on all its processes."""

    def __init__(self, folder: Path, command: list[str], **environment: str) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        # Short, because sockets will lie below it.
        self.temporary = Path(tempfile.mkdtemp(prefix="story-", dir="/tmp"))
        self.output = folder / "output"
        known = {"HOME": str(self.home), "TMPDIR": str(self.temporary), MARK: self.mark}
        kept = {name: os.environ[name] for name in ("PATH",)}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**kept, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **known, **environment},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def press(self, keys: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(keys)
        self.process.stdin.flush()

    def until(self, holds: Callable[[], bool], within_s: float = 30.0) -> None:
        deadline_s = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline_s, f"not within {within_s} s:\n{self.said[-4000:]}"
            time.sleep(0.05)

    def says(self, text: str) -> None:
        self.until(lambda: text in self.said)

    def processes(self) -> dict[int, str]:
        """All processes of this run that are alive, by what they run."""
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark.encode() in (place / "environ").read_bytes():
                    command = (place / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(place.name)] = command.decode()
        return found

    def end(self) -> None:
        """Whatever a failed test left."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.temporary)
        if self.process.stdin is not None:
            self.process.stdin.close()

    def left_nothing(self) -> None:
        self.until(lambda: not self.processes(), 10)
        self.until(lambda: not list(self.temporary.iterdir()), 10)
        assert not list(self.home.iterdir())


LINES = [sys.executable, "-m", "hil.story"]


@pytest.fixture(scope="module", autouse=True)
def whole_stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Run]]:
    """With either broker, told from beginning to end while the other tests run."""
    folder = tmp_path_factory.mktemp("stories")
    runs = [
        Run(folder / "mosquitto", LINES),
        Run(folder / "embedded", LINES, HIL_BROKER="embedded"),
    ]
    for run in runs:
        assert run.process.stdin is not None
        run.process.stdin.close()
    yield runs
    for run in runs:
        run.end()


@pytest.fixture
def run_in_lines(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start() -> Run:
        runs.append(Run(tmp_path / "run", LINES))
        return runs[-1]

    yield start
    for run in runs:
        run.end()


@pytest.fixture
def run_in_terminal(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(lang: str = "en", width: int = 80) -> Run:
        script = SHELL.format(python=sys.executable, lang=lang, columns=width)
        spawn = f"import pty; pty.spawn(['sh', '-c', {script!r}])"
        run = Run(tmp_path / lang, [sys.executable, "-c", spawn], TERM="xterm")
        runs.append(run)
        return run

    yield start
    for run in runs:
        run.end()


def last_frame(run: Run) -> list[str]:
    """The lines of the last screen that was drawn completely, without colours."""
    *_, frame = re.findall(r"\x1b\[H(.*?)\x1b\[J", run.said, re.DOTALL) or [""]
    return [CODES.sub("", line) for line in frame.split("\x1b[K\n")]


def shows(run: Run, *texts: str, within_s: float = 30.0) -> list[str]:
    """Wait until all texts stand on one screen, and give that screen."""
    seen: list[str] = []

    def there() -> bool:
        seen[:] = last_frame(run)
        return all(text in "\n".join(seen) for text in texts)

    run.until(there, within_s)
    return seen


def test_in_a_terminal_keys_provoke_faults_and_ctrl_c_leaves_everything_as_it_was(
    run_in_terminal: Callable[..., Run],
) -> None:
    run = run_in_terminal()
    screen = shows(run, "agent on  broker on  Modbus on", "Reached the duty room", "1 delivered")
    assert len(screen) == 24
    assert max(columns(line) for line in screen) == 79
    assert "q quit" in screen[-1]
    run.press(b"\x1b[A\x1bOB")  # arrow keys mean nothing
    run.press(b"b")
    shows(run, "broker OFF", "You are in control")
    run.press(b"m")
    shows(run, "Modbus OFF", "no_answer", "Signals lost [car-top]", "OWED")
    run.press(b"bm")
    shows(run, "broker on", "Modbus on", "Signals lost [car-top]: cleared delivered", within_s=60)
    run.press(b"k")
    shows(run, "4 delivered", "#4 Agent started: notice", "0 owed")
    run.press(b"e")
    shows(run, "x]")  # whoever is in it when the drive fails
    run.press(b"a")
    shows(run, "Alarm button pressed: raised")
    run.press(b"r")
    shows(run, "inside 0", "Alarm button pressed: cleared", "0 owed")
    run.press(b"\x03")
    run.says("code 0")
    assert run.process.wait(10) == 0
    assert run.said.rindex("\x1b[?25h\x1b[?1049l") > run.said.rindex("quit")
    assert (run.folder / "after").read_text() == (run.folder / "before").read_text()
    run.left_nothing()


def test_a_chinese_screen_fits_too_and_q_quits(run_in_terminal: Callable[..., Run]) -> None:
    run = run_in_terminal("zh", width=60)
    screen = shows(run, "监测 通", "值班室已收到", "送达 1")
    assert len(screen) == 24
    assert max(columns(line) for line in screen) == 59
    run.press(b"q")
    run.says("code 0")
    assert run.process.wait(10) == 0
    run.left_nothing()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_lines_it_says_so_and_leaves_nothing(
    run_in_lines: Callable[..., Run], how: signal.Signals
) -> None:
    run = run_in_lines()
    run.says("the agent is connected")
    os.killpg(run.process.pid, how)
    assert run.process.wait(15) == 128 + how
    assert "stopped before the end" in run.said
    run.left_nothing()


def test_killed_in_the_middle_it_leaves_nothing_either(run_in_lines: Callable[..., Run]) -> None:
    run = run_in_lines()
    run.says("the agent is connected")
    story = [pid for pid, command in run.processes().items() if "hil.story" in command]
    child = max(story, key=lambda pid: (pid != run.process.pid, pid))
    assert len(story) == 2
    os.kill(child, signal.SIGKILL)
    assert run.process.wait(15) == 128 + signal.SIGKILL
    run.left_nothing()


def test_with_its_keeper_killed_it_ends_by_itself(run_in_lines: Callable[..., Run]) -> None:
    run = run_in_lines()
    run.says("the agent is connected")
    assert list(run.temporary.iterdir())
    run.process.kill()
    run.process.wait()
    run.left_nothing()


def test_in_lines_the_entrapment_is_raised_delivered_and_cleared_with_either_broker(
    whole_stories: list[Run],
) -> None:
    for run, broker in zip(whole_stories, ("mosquitto, MQTT 5", "amqtt, MQTT 3.1.1"), strict=True):
        assert run.process.wait(140) == 0, run.said
        said = run.said
        assert broker in said
        raised = re.search(r"RAISED +#(\d+) Passengers trapped.* (1\d\.\d) s after", said)
        assert raised is not None, said
        assert 15.0 <= float(raised[2]) <= 15.9
        steps = [
            f"delivered   #{raised[1]} Passengers trapped: raised",
            "RAISED      #3 Alarm button pressed",
            "the agent has lost the broker",
            "CLEARED     #4 Passengers trapped",
            "The broker is back",
            "delivered   #4 Passengers trapped: cleared",
            "delivered   #6 Intercom station silent [duty_room]: raised",
            "delivered   #7 Intercom station silent [duty_room]: cleared",
            "every event from #1 to #7 was delivered, none is missing",
            "nothing stands raised, and the alarm topics are empty",
            "outcome     the entrapment was raised, delivered and cleared; nothing was lost",
        ]
        places = [said.find(step) for step in steps]
        assert -1 not in places, said
        assert places == sorted(places), said
        assert "MISSING" not in said
        run.left_nothing()
