"""Runs a piece of work in a child process and leaves nothing behind, however the child ends; Linux only.

The keeper adopts whatever the child leaves running (a "child subreaper"), ends it, removes the folder the child was
given and mends the terminal. If the keeper itself is killed, the child is told to end in order. Only killing both at
once leaves something.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
import termios
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.cli.terminal import SCREEN_BACK

LONGEST_FOLDER = 60  # bytes: a socket below it must fit into the 107 bytes of an address
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


def keep(work: Callable[[Path], int]) -> int:
    """Run `work(folder)` in a child and return its exit code, 128 + the signal's number if one ended it.

    SIGTERM and SIGHUP are passed on to it; a terminal's Ctrl-C reaches it anyway.
    """
    _prctl(_SET_CHILD_SUBREAPER, 1)
    folder = Path(tempfile.mkdtemp(prefix="elevator-demo-", dir=_short_place()))
    keeper = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _be_the_child(work, folder, keeper)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _PASSED_ON:
        signal.signal(number, lambda which, _frame: _tell(child, which))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    with _terminal_mended():
        _, status = os.waitpid(child, 0)
    _end_the_rest()
    shutil.rmtree(folder, ignore_errors=True)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


def _be_the_child(work: Callable[[Path], int], folder: Path, keeper: int) -> None:
    code = 1
    try:
        _prctl(_SET_PDEATHSIG, signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        tempfile.tempdir = str(folder)
        if os.getppid() == keeper:
            code = work(folder)
        with contextlib.suppress(BrokenPipeError):  # nobody reads any more
            sys.stdout.flush()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BaseException:  # noqa: BLE001 - reported here, since nothing above may run a second time
        traceback.print_exc()
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the keeper may be gone
        os._exit(code)


def _tell(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)


@contextlib.contextmanager
def _terminal_mended() -> Iterator[None]:
    """Put a terminal back as it was found."""
    try:
        before = termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, OSError, ValueError):  # no terminal there
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):
            changed = termios.tcgetattr(sys.stdin.fileno()) != before
            if changed:
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, before)
                with contextlib.suppress(OSError):
                    os.write(sys.stdout.fileno(), SCREEN_BACK.encode())


def _end_the_rest() -> None:
    """Kill what the child left running; a killed process may leave us its own children."""
    while left := _children():
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    """List the processes whose parent we are."""
    mine, found = str(os.getpid()), []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended meanwhile
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
            if fields[1] == mine:
                found.append(int(stat.parent.name))
    return found


def _short_place() -> str:
    """Name a folder for temporary files whose path is short enough for sockets."""
    place = tempfile.gettempdir()
    return place if len(os.fsencode(place)) <= LONGEST_FOLDER else "/tmp"


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
