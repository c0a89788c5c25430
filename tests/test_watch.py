"""The live view at work: keys, sizes, ends, a service that goes and comes, and lines where there is no terminal."""

import json
import os
import re
import signal as signals
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from agent.__main__ import main
from agent.cli.ask import ask
from agent.cli.terminal import DOWN, PAGE_UP, UP, Terminal
from hil.proc import cpu_s
from tests.terminal import PATIENCE_S, PLAIN, Window
from tests.watched import AT_REST, ENTRAPMENT, FINE, Service, event, signal

SETTINGS = '"$(stty -g | cksum)"'
BEFORE, AFTER = f"echo before {SETTINGS}", f"echo after {SETTINGS}"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


@pytest.fixture
def running(service: Service) -> Iterator[Service]:
    with service.running():
        yield service


def watching(service: Service, **how: Any) -> Window:
    return Window(service.config.parent, "watch", "--config", service.config, "--lang", "en", **how)


def restored(window: Window) -> str:
    """What the terminal shows after the end: it is as it was, with nothing of the picture left."""
    screen = window.until(
        holds=lambda shown: bool(re.search(r"^after \d+ \d+$", shown, re.MULTILINE))
    )
    before, after = (
        re.search(rf"^{word} (\d+)", screen, re.MULTILINE) for word in ("before", "after")
    )
    assert before is not None
    assert after is not None
    assert before[1] == after[1], "the terminal's settings changed"
    assert not window.on_the_other_screen
    assert "? help" not in screen
    return screen


# ---- in a terminal ----


def test_q_ends_it_and_the_terminal_is_as_before(running: Service) -> None:
    with watching(running, before=BEFORE, after=AFTER) as window:
        window.until("landing 3")
        assert window.on_the_other_screen
        assert not window.cursor_is_shown
        window.press("q")
        assert window.ended() == 0
        restored(window)


def test_ctrl_c_ends_it_with_130(running: Service) -> None:
    with watching(running, before=BEFORE, after=AFTER) as window:
        window.until("landing 3")
        window.press("C-c")
        assert window.ended() == 130
        restored(window)


@pytest.mark.parametrize("number", [signals.SIGTERM, signals.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_as_before(
    running: Service, number: signals.Signals
) -> None:
    with watching(running, before=BEFORE, after=AFTER) as window:
        window.until("landing 3")
        os.kill(window.pid, number)
        assert window.ended() == 128 + number
        restored(window)


def test_a_crash_leaves_the_terminal_as_before_and_says_why(tmp_path: Path) -> None:
    crash = "from agent.cli.terminal import Terminal\nwith Terminal():\n    raise RuntimeError('broken')"
    with Window(tmp_path, program=("-c", crash), before=BEFORE, after=AFTER) as window:
        assert window.ended() == 1
        assert "RuntimeError: broken" in restored(window)


def test_it_draws_anew_when_the_size_changes(running: Service) -> None:
    with watching(running) as window:
        window.until("… and 2 more", "? help")
        window.resize(120, 40)
        window.until("intercom.duty_room", holds=lambda shown: len(shown.split("\n")) == 40)
        window.resize(50, 12)
        window.until("landing 3", holds=lambda shown: len(shown.split("\n")) == 12)
        window.resize(18, 3)
        window.until("too small")
        window.resize(80, 24)
        window.until("landing 3", "? help")


def test_what_changes_is_seen_and_a_pause_holds_it(running: Service) -> None:
    with watching(running) as window:
        window.until("front open")
        running.answer = {**FINE, "signals": {**AT_REST, "door.front": signal("closing")}}
        window.until("front closing", "|><|")
        window.press("p")
        window.until("PAUSED")
        running.answer = ENTRAPMENT
        assert "front closing" in window.until("PAUSED, CRITICAL RAISED")
        window.press("p")
        window.until("Passengers trapped", "OUTSIDE THE DOOR ZONE")


def test_pages_and_languages_have_keys(running: Service) -> None:
    running.events = [event(seq) for seq in range(1, 41)]
    with watching(running) as window:
        window.until("landing 3")
        window.press("e")
        window.until("no. 40")
        window.press("Down")
        window.until("no. 39", holds=lambda shown: "no. 40" not in shown)
        window.press("l")
        window.until("困人 39", "? 帮助")
        window.press("e")
        window.until("层站 3")


def test_new_events_come_to_the_page_of_events(running: Service) -> None:
    running.events = [event(1)]
    with watching(running) as window:
        window.until("landing 3")
        window.press("e")
        window.until("no. 1")
        running.events = [event(1), event(2)]
        status = {**FINE["status"], "outbox": {**FINE["status"]["outbox"], "head": 124}}
        running.answer = {**FINE, "status": status}
        window.until("no. 2")


def test_it_waits_for_a_service_that_stops(service: Service) -> None:
    with watching(service) as window:
        window.until("not running")
        with service.running():
            window.until("landing 3")
        window.until("not running", holds=lambda shown: "landing" not in shown)
        with service.running():
            window.until("landing 3")
        window.press("q")
        assert window.ended() == 0


def test_an_older_service_is_told_of(service: Service) -> None:
    service.without = ["watch"]
    with service.running(), watching(service) as window:
        window.until("The service refuses to be watched", "does not know")


def test_a_watcher_that_stands_still_asks_nothing_and_the_service_goes_on(running: Service) -> None:
    with watching(running) as window:
        window.until("landing 3")
        os.kill(window.pid, signals.SIGSTOP)
        try:
            for _ in range(50):
                assert json.loads(ask(running.config.parent / "control.sock", "status"))
        finally:
            os.kill(window.pid, signals.SIGCONT)
        window.press("q")
        assert window.ended() == 0


def test_it_asks_at_most_twice_a_second(running: Service) -> None:
    began_s = time.monotonic()
    with watching(running) as window:
        window.until("landing 3")
        window.until(holds=lambda _: running.asked >= 4)
        asked = running.asked
        assert asked <= (time.monotonic() - began_s) * 2 + 2


def test_between_two_looks_it_sleeps(running: Service) -> None:
    with watching(running) as window:
        window.until("landing 3")
        worked_s, asked = cpu_s(window.pid), running.asked
        window.until(holds=lambda _: running.asked >= asked + 6)
        assert cpu_s(window.pid) - worked_s < 0.75  # a loop that never sleeps takes seconds


def test_keys_that_come_in_pieces_over_a_slow_line_are_whole() -> None:
    terminal = Terminal()
    terminal._unfinished = ""
    assert terminal._keys("\x1b") == ""
    assert terminal._keys("[") == ""
    assert terminal._keys("A") == UP
    assert terminal._keys("\x1bOBq\x1bOQ") == DOWN + "q"
    assert terminal._keys("S\x1b[5~\x1b[15~") == "s" + PAGE_UP


# ---- without a terminal ----


class Lines:
    """`watch` into a pipe."""

    def __init__(self, service: Service, *options: str, **environment: str) -> None:
        command = [
            sys.executable,
            "-m",
            "agent",
            "watch",
            "--config",
            str(service.config),
            *options,
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, **PLAIN, **environment},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.communicate()

    def until(self, part: str) -> str:
        """The next line that has a part."""
        assert self.process.stdout is not None
        return next(line for line in self.process.stdout if part in line)

    def end(self) -> tuple[int, str]:
        """Ctrl-C; the exit code, and what was said of it."""
        self.process.send_signal(signals.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said


def test_a_pipe_gets_a_line_for_each_change(service: Service) -> None:
    with Lines(service, "--lang", "en") as lines:
        lines.until("The service is not running")
        with service.running():
            lines.until("door.front = open")
            service.answer = {**FINE, "signals": {**AT_REST, "door.front": signal("closed")}}
            assert lines.until("door.front").split("  ", 1)[1] == "door.front = closed\n"
            service.answer = ENTRAPMENT
            lines.until("RAISED critical: Passengers trapped")
        lines.until("not running")
        assert lines.end() == (130, "")


def test_as_json_each_change_is_an_object(running: Service) -> None:
    with Lines(running, "--json") as lines:
        first = json.loads(lines.until("door.front"))
        assert first.pop("at").endswith("Z")
        assert first == {"kind": "signal", "name": "door.front", "v": "open", "q": "good"}
        running.answer = ENTRAPMENT
        raised = json.loads(lines.until("trapped_passengers"))
        assert (raised["kind"], raised["severity"]) == ("raised", "critical")


def test_a_dumb_terminal_gets_lines_without_colour(running: Service) -> None:
    with watching(running, environment={"TERM": "dumb"}) as window:
        window.until("door.front = open")
        assert "\x1b" not in window.screen(colours=True)
        window.press("C-c")
        assert window.ended() == 130


NO_BROKER = {**FINE, "status": {**FINE["status"], "mqtt": {"connected": False}}}


@pytest.mark.parametrize(("answer", "code"), [(FINE, 0), (ENTRAPMENT, 1), (NO_BROKER, 1)])
def test_once_shows_it_once(
    running: Service, capsys: pytest.CaptureFixture[str], answer: Any, code: int
) -> None:
    running.answer = answer
    assert main(["watch", "--once", "--config", str(running.config), "--lang", "en"]) == code
    lines = capsys.readouterr().out.splitlines()
    assert "landing 3" in lines[1]
    assert len(lines) < 24
    assert "\x1b" not in "".join(lines)
    assert main(["watch", "--once", "--json", "--config", str(running.config)]) == code
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(answer))


def test_once_ends_with_3_where_no_service_runs(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "--once", "--config", str(service.config), "--lang", "en"]) == 3
    assert "not running" in capsys.readouterr().err
