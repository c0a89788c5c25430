"""Programs of others that speak SIP or RTSP, run on loopback: what our own responders cannot prove.

From Debian's packages baresip-core (a SIP phone), sip-tester (sipp), librtsp-server-perl.
"""

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from hil.ports import LOOPBACK

_STOP_S = 5.0
_TRIES = 100
_PHONE = """sip_listen {host}:{port}
module_path {modules}
module_app account.so
audio_source none
"""
_CAMERA = (
    "RTSP::Server->new_with_options(client_listen_port => {port}, source_listen_port => {second},"
    " client_listen_address => '{host}', source_listen_address => '{host}')->listen;"
    " AnyEvent->condvar->recv"
)

Command = Callable[[int, Path], Sequence[str]]  # from a free port and an empty folder


class ProgramMissing(RuntimeError):  # noqa: N818 - the name says what is wrong
    """A program is not installed on this machine."""


def program(name: str, package: str) -> str:
    """Find a program; raises ProgramMissing with the remedy."""
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(
            f"{name} is not on this machine, so nothing is shown about it: "
            f"`apt-get install --no-install-recommends {package}`, or `make test`, which sees to it"
        )
    return found


class Foreign:
    """One such program on a free port of loopback: `with Foreign(baresip) as phone:`.

    It has been started when the block begins, but may not listen yet.
    """

    def __init__(self, command: Command) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.port = 0

    @property
    def said(self) -> str:
        """What it said on its outputs so far."""
        assert self._folder is not None, "not started"
        return Path(self._folder.name, "said").read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def freeze(self) -> None:
        """Stop scheduling it: it hears and does not answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it; a no-op when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.send_signal(signal.SIGCONT)  # a frozen process would not notice
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="foreign-")
        folder = Path(self._folder.name)
        self.port = free_ports()
        with Path(folder, "said").open("wb") as said:
            self._process = subprocess.Popen(
                self._command(self.port, folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()


def baresip(port: int, folder: Path) -> Sequence[str]:
    """Run a SIP phone, over UDP and TCP; also takes the port above, for TLS."""
    found = program("baresip", "baresip-core")
    modules = Path(found).parent.parent / "lib" / "baresip" / "modules"
    text = _PHONE.format(host=LOOPBACK, port=port, modules=modules)
    (folder / "config").write_text(text, encoding="ascii")
    (folder / "accounts").write_text(f"<sip:station@{LOOPBACK}>;regint=0\n", encoding="ascii")
    (folder / "contacts").touch()
    return (found, "-f", str(folder))


def sipp(transport: str) -> Command:
    """Run a SIP test tool that answers by itself what is asked outside a call."""
    mode = {"udp": "u1", "tcp": "t1"}[transport]

    def command(port: int, _folder: Path) -> Sequence[str]:
        found = program("sipp", "sip-tester")
        place = ("-i", LOOPBACK, "-bind_local", "-p", str(port), "-ci", LOOPBACK)
        return (found, "-sn", "uas", "-aa", "-t", mode, *place, "-nostdin", "-skip_rlimit")

    return command


def rtsp_server(port: int, _folder: Path) -> Sequence[str]:
    """Run a camera server; also takes the port above, for its sources."""
    found = program("perl", "librtsp-server-perl")
    script = _CAMERA.format(host=LOOPBACK, port=port, second=port + 1)
    return (found, "-MRTSP::Server", "-e", script)


def free_ports() -> int:
    """Find a port that is free for UDP and TCP, as is the one above it for TCP."""
    for _ in range(_TRIES):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as first,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as second,
        ):
            first.bind((LOOPBACK, 0))
            port: int = first.getsockname()[1]
            try:
                datagrams.bind((LOOPBACK, port))
                second.bind((LOOPBACK, port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise OSError("found no two free ports side by side")
