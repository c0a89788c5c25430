"""A real mosquitto on a loopback port, started and stopped at will; knows nothing of topics.

`with Mosquitto() as broker:` runs one; `broker.stop()` and `broker.start()` are an outage on the
same port.
"""

import base64
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from hil.ports import LOOPBACK, ReservedPort

_PLACES = ("/usr/sbin", "/usr/local/sbin")  # where distributions put it, outside a user's PATH
_START_S = 10.0
_STOP_S = 5.0
_HASH_ROUNDS = 101  # what mosquitto_passwd itself uses


class MosquittoMissing(RuntimeError):  # noqa: N818 - the name says what is wrong
    """No mosquitto binary on this machine."""


def find_mosquitto() -> Path | None:
    """Find the binary in PATH or the usual places outside it; None where it is not installed."""
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), *_PLACES))
    found = shutil.which("mosquitto", path=places)
    return Path(found) if found else None


def password_line(user: str, password: str) -> str:
    """Make a line of mosquitto's password file: PBKDF2 with SHA-512 (its type 7)."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _HASH_ROUNDS)
    parts = (base64.b64encode(salt).decode(), base64.b64encode(digest).decode())
    return f"{user}:$7${_HASH_ROUNDS}${parts[0]}${parts[1]}"


@dataclass(frozen=True, slots=True)
class BrokerTls:
    """What the broker shows, whom it trusts, and whether a client has to show a certificate.

    With `names_users` the common name of that is its user name.
    """

    certificate: Path
    key: Path
    authority: Path | None = None
    names_users: bool = False
    lines: tuple[str, ...] = ()


class Mosquitto:
    """One broker process, MQTT 3.1.1 and 5, on 127.0.0.1.

    `users` maps names to passwords; without it anyone may connect. `acl` is the text of its access
    list. `tls` opens a second listener, at `tls_port`. `lines` are further lines of its
    configuration, such as `max_inflight_messages 4`. With `persistence` retained messages and
    sessions survive stop and start. `start` raises MosquittoMissing where there is none, and
    RuntimeError with its log where it does not come up.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        users: Mapping[str, str] | None = None,
        lines: Sequence[str] = (),
        persistence: bool = False,
        tls: BrokerTls | None = None,
        acl: str | None = None,
    ) -> None:
        self.tls, self._acl = tls, acl
        self._users = users
        self._lines = tuple(lines)
        self._persistence = persistence
        self._wanted_port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._reserved: ReservedPort | None = None
        self._reserved_tls: ReservedPort | None = None
        self.host = LOOPBACK

    @property
    def port(self) -> int:
        """The port, from the first start on; the same for the object's whole life."""
        assert self._reserved is not None, "not started yet"
        return self._reserved.number

    @property
    def tls_port(self) -> int:
        """The port that speaks TLS, from the first start on."""
        assert self._reserved_tls is not None, "not started yet, or without TLS"
        return self._reserved_tls.number

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the broker said on its standard error so far."""
        assert self._folder is not None, "not started yet"
        path = Path(self._folder.name, "log")
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Run it and return when it accepts connections."""
        assert not self.running, "already running"
        binary = find_mosquitto()
        if binary is None:
            raise MosquittoMissing(
                "mosquitto was not found in PATH, /usr/sbin or /usr/local/sbin; "
                "it is not installed: install it, for example with `apt install mosquitto`"
            )
        if self._folder is None or self._reserved is None:
            self._prepare()
        assert self._folder is not None
        config = Path(self._folder.name, "mosquitto.conf")
        with Path(self._folder.name, "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary, "-c", config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C reaches its owner, who stops it
            )
        self._wait_until_it_accepts()

    def stop(self) -> None:
        """End it in order; a no-op when it is not running."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop scheduling it: connections stay open and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it and remove what it left."""
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        for reserved in (self._reserved, self._reserved_tls):
            if reserved is not None:
                reserved.release()
        self._reserved = self._reserved_tls = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        self._reserved = ReservedPort(self._wanted_port)
        self._reserved_tls = ReservedPort() if self.tls is not None else None
        self._folder = tempfile.TemporaryDirectory(prefix="mosquitto-")
        folder = Path(self._folder.name)
        lines = [
            f"listener {self.port} {self.host}",
            # Started by root it would change to a user who may not read this folder.
            f"user {pwd.getpwuid(os.geteuid()).pw_name}",
            f"allow_anonymous {str(self._users is None).lower()}",
            f"persistence {str(self._persistence).lower()}",
            f"persistence_location {folder}/",
            "log_type all",
        ]
        if self._acl is not None:
            (folder / "acl").write_text(self._acl, encoding="utf-8")
            lines.append(f"acl_file {folder / 'acl'}")
        if self._users is not None:
            lines.append(f"password_file {folder / 'passwords'}")
            self._write_passwords(folder / "passwords")
        text = "\n".join([*lines, *self._lines, *self._tls_lines(), ""])
        (folder / "mosquitto.conf").write_text(text, encoding="utf-8")

    def _tls_lines(self) -> list[str]:
        """What belongs to the second listener stands below it."""
        if self.tls is None:
            return []
        tls, demands = self.tls, str(self.tls.authority is not None).lower()
        lines = [
            f"listener {self.tls_port} {self.host}",
            f"certfile {tls.certificate}",
            f"keyfile {tls.key}",
            f"require_certificate {demands}",
            f"use_identity_as_username {str(tls.names_users).lower()}",
        ]
        return [*lines, *([f"cafile {tls.authority}"] if tls.authority else []), *tls.lines]

    def _write_passwords(self, path: Path) -> None:
        assert self._users is not None
        lines = [password_line(user, password) for user, password in self._users.items()]
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        path.chmod(0o600)

    def _wait_until_it_accepts(self) -> None:
        deadline = time.monotonic() + _START_S
        while self.running and time.monotonic() < deadline:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
                continue
            return
        self.kill()
        raise RuntimeError(f"mosquitto did not come up on port {self.port}; it said:\n{self.log}")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)  # a frozen process would not notice
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
