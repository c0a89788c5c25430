"""The bench's control socket: one JSON line a command, one JSON line an answer.

{"do":"ride","to":5} gets {"ok":true}, or {"ok":false,"error":…}. It knows the table of commands it
is given and the types of their arguments; not what they do.
"""

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hil.connections import Connections
from hil.deeds import Refused

Command = Callable[..., Mapping[str, object] | None]
Moment = Callable[[], None]
_LINE_BYTES = 64 * 1024


class ControlServer:
    """Offers `commands` by name; what one returns is added to its answer.

    `before` and `after` are called around each.
    """

    def __init__(self, commands: Mapping[str, Command], before: Moment, after: Moment) -> None:
        self._commands = commands
        self._before = before
        self._after = after
        self._server: asyncio.Server | None = None
        self._connections = Connections(self._serve)

    async def start(self, path: Path) -> None:
        """Listen on a path nobody listens on."""
        self._server = await asyncio.start_unix_server(
            self._connections.accept, path, limit=_LINE_BYTES
        )

    async def close(self) -> None:
        """End everything at once."""
        if self._server is not None:
            self._server.close()
        await self._connections.end()

    def answer(self, line: bytes) -> Mapping[str, object]:
        """Obey one line."""
        try:
            command, arguments = self._parse(line)
            self._before()
            result = command(**arguments) or {}
        except Refused as refusal:
            return {"ok": False, "error": str(refusal)}
        self._after()
        return {"ok": True, **result}

    def _parse(self, line: bytes) -> tuple[Command, dict[str, Any]]:
        try:
            said = json.loads(line)
        except ValueError as error:
            raise Refused(f"not JSON: {error}") from error
        what = said.pop("do", None) if isinstance(said, dict) else None
        if not isinstance(what, str) or what not in self._commands:
            known = ", ".join(self._commands)
            raise Refused(f'expected {{"do": NAME, …}} with NAME one of: {known}')
        command = self._commands[what]
        _check(command, said)
        return command, said

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # longer than the limit: there is no way back into step
                return
            if not line:
                return
            text = json.dumps(self.answer(line), ensure_ascii=False)
            writer.write(text.encode() + b"\n")
            await writer.drain()


def _check(command: Command, arguments: Mapping[str, object]) -> None:
    """Refuse arguments the command does not have, lacks, or has of another type."""
    signature = inspect.signature(command)
    try:
        bound = signature.bind(**arguments)
    except TypeError as error:
        raise Refused(f"{error}; the arguments are {signature}") from error
    for name, value in bound.arguments.items():
        wanted = signature.parameters[name].annotation
        if wanted is float and type(value) is int:
            continue
        allowed = wanted if isinstance(wanted, type) else wanted.__args__
        types = allowed if isinstance(allowed, tuple) else (allowed,)
        if type(value) not in types:
            raise Refused(f"{name} = {value!r}: expected {getattr(wanted, '__name__', wanted)}")
