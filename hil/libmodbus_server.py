"""The independent Modbus server: libmodbus serves registers over TCP and on a pty, as a process.

`python -m hil.libmodbus_server LINK DEVICE SPANS LIBRARY` with SPANS as JSON, such as
{"holding": [16, 19]}: first address and count; LIBRARY is libmodbus.so.5. It prints one line of JSON
when it listens, then obeys one object a line on standard input: {"set": {"holding": {"17": 3072}}};
each answer counts the function codes asked so far. It ends with its input.
"""

import json
import os
import select
import socket
import sys
import tty
from collections import Counter
from pathlib import Path
from typing import Any, Final

from hil import wiretap
from hil.libmodbus_library import Answerer, LibraryMissing, Registers, load

MISSING: Final = 3  # the exit code for a library that is not there


class Server:
    """All descriptors in one loop, one question at a time: the library waits for whole frames."""

    def __init__(
        self, link: Path, device: int, spans: dict[str, tuple[int, int]], file: str
    ) -> None:
        library = load(file)
        self._registers = Registers(library, spans)
        self._tcp = Answerer(library, self._registers, None)
        self._rtu = Answerer(library, self._registers, device)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._line, self._port = os.openpty()  # our own end of the port stays open: no hang-up
        tty.setraw(self._port)
        link.symlink_to(os.ttyname(self._port))
        self._connections: dict[int, socket.socket] = {}
        self._asked: Counter[int] = Counter()

    @property
    def tcp_port(self) -> int:
        """Where it listens."""
        port: int = self._listening.getsockname()[1]
        return port

    def run(self, commands: int, answers: int) -> None:
        """Serve and obey until `commands`, a descriptor, ends."""
        listening = self._listening.fileno()
        pending = b""
        while True:
            watched = [commands, listening, self._line, *self._connections]
            for ready in select.select(watched, (), ())[0]:
                if ready == commands:
                    data = os.read(commands, 65536)
                    if not data:
                        return
                    *lines, pending = (pending + data).split(b"\n")
                    for line in lines:
                        os.write(answers, json.dumps(self._obey(json.loads(line))).encode() + b"\n")
                elif ready == listening:
                    connection, _ = self._listening.accept()
                    self._connections[connection.fileno()] = connection
                elif ready == self._line:
                    self._serve("rtu", self._rtu, ready)
                elif not self._serve("tcp", self._tcp, ready):
                    self._connections.pop(ready).close()

    def _serve(self, kind: wiretap.Kind, answerer: Answerer, descriptor: int) -> bool:
        """Answer one question and note it; False when the other end is gone."""
        question = answerer.answer(descriptor)
        if question:
            wiretap.heard(kind, question)
            self._asked[answerer.function_of(question)] += 1
        return question is not None

    def _obey(self, command: dict[str, Any]) -> dict[str, Any]:
        for table, values in command.get("set", {}).items():
            for address, value in values.items():
                self._registers.set(table, int(address), value)
        return {"functions": {str(code): count for code, count in sorted(self._asked.items())}}


def main() -> int:
    """Serve as the arguments say."""
    link, device, spans, file = sys.argv[1:]
    try:
        server = Server(Path(link), int(device), json.loads(spans), file)
    except LibraryMissing as wrong:
        print(wrong, file=sys.stderr)
        return MISSING
    print(json.dumps({"port": server.tcp_port}), flush=True)
    server.run(sys.stdin.fileno(), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
