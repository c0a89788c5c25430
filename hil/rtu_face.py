"""Devices on one RTU line, behind a pty: their answers with the time they take on a real wire.

A byte has 11 bits; a question is complete only after a silence of 3.5 bytes, and the answer comes a
few bytes at a time, as a UART's buffer hands them over. It knows no elevator: a device is a function
from a question's body to its answer's, without address and checksum.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.drivers.crc16 import crc16, framed
from agent.drivers.line import pace_of
from hil import wiretap
from hil.deeds import Refused
from hil.pty_adapter import PtyAdapter
from hil.rtu_manners import READ_BYTES, Manner, spoken

Device = Callable[[bytes], bytes]
HANDED_OVER_BYTES = 8  # half of a UART's buffer of 16
KEPT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a device answers one question: its manner, and how long it thinks before."""

    manner: Manner = Manner.HONEST
    delay_s: float = 0.0


class RtuFace:
    """Serves `devices` by address. `conduct` decides for each question: address and body.

    `tap` keeps the bytes written to the port and `asked` the questions in them: when, on the loop's
    clock, and which device; both the latest only. `functions` counts the codes.
    """

    kind: wiretap.Kind = "rtu"
    question_bytes = READ_BYTES
    spoken = staticmethod(spoken)

    def __init__(self, devices: Mapping[int, Device], *, baudrate: int = 9600) -> None:
        self.devices = devices
        self.conduct: Callable[[int, bytes], Conduct] = lambda _device, _body: Conduct()
        self.tap: deque[int] = deque(maxlen=KEPT_BYTES)
        self.asked: deque[tuple[float, int]] = deque(maxlen=KEPT_BYTES // READ_BYTES)
        self.functions: Counter[int] = Counter()
        self._adapter: PtyAdapter | None = None
        self._heard = b""
        self._answers: set[asyncio.Task[None]] = set()
        self.set_baudrate(baudrate)

    def set_baudrate(self, baudrate: int) -> None:
        """Choose how long a byte takes."""
        pace = pace_of(baudrate)
        self._char_s, self._gap_s = pace.char_us / 1e6, pace.gap_us / 1e6

    def wire_s(self, *counts: int) -> float:
        """How long frames of so many bytes take, each with the silence before it."""
        return sum(count * self._char_s + self._gap_s for count in counts)

    async def start(self, link: Path) -> None:
        """Let the port appear as `link`."""
        self._adapter = PtyAdapter(link, self._take)
        self._adapter.plug()

    async def close(self) -> None:
        """End everything at once."""
        for task in self._answers:
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        if self._adapter is not None:
            self._adapter.unplug()

    @property
    def link(self) -> Path:
        """The name of the port."""
        return self._check_fitted().link

    def babble(self, data: bytes) -> None:
        """Let bytes come in that nobody asked for."""
        self._check_fitted().write(data)

    def _check_fitted(self) -> PtyAdapter:
        if self._adapter is None:
            raise Refused("no RTU line here: start with --rtu-link")
        return self._adapter

    def command(self, manner: str = "honest", delay_s: float = 0.0) -> None:
        """Obey {"do":"rtu"}: every answer from now on in this manner."""
        self._check_fitted()
        if manner not in {each.value for each in Manner}:
            known = ", ".join(each.value for each in Manner)
            raise Refused(f"no manner {manner!r}; there are: {known}")
        if not 0.0 <= delay_s <= 3600.0:
            raise Refused("delay_s: 0 to 3600")
        self.behave(Manner(manner), delay_s)

    def behave(self, manner: Manner, delay_s: float = 0.0) -> None:
        """Let every answer from now on come in this manner, after so long a thought."""
        conduct = Conduct(manner, delay_s)
        self.conduct = lambda _device, _body: conduct

    def plug(self, on: bool = True) -> None:
        """Obey {"do":"plug"}: the adapter is plugged in, or unplugged."""
        adapter = self._check_fitted()
        self._heard = b""
        if on:
            adapter.plug()
        else:
            adapter.unplug()

    def _take(self, data: bytes) -> None:
        self.tap.extend(data)
        self._heard += data
        size = self.question_bytes
        while len(self._heard) >= size:
            question, self._heard = self._heard[:size], self._heard[size:]
            wiretap.heard(self.kind, question)
            if crc16(question):  # out of step, as after a write of many registers
                self._heard = b""
                return
            self._ask(question)

    def _ask(self, question: bytes) -> None:
        device, body = question[0], question[1:-2]
        now_s = asyncio.get_running_loop().time()
        self.functions[body[0]] += 1
        self.asked.append((now_s, device))
        if device not in self.devices:
            return
        conduct = self.conduct(device, body)
        said = self.devices[device](body)
        if not said:
            return
        answer = framed(bytes((device,)) + said)
        data = self.spoken(conduct.manner, question, answer)
        begin_s = now_s + self.wire_s(len(question)) + conduct.delay_s
        task = asyncio.get_running_loop().create_task(self._answer(data, begin_s))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, data: bytes, begin_s: float) -> None:
        """Let the bytes come in as they arrive; two answers at once mix, as on a wire."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # unplugged meanwhile
            for end in range(HANDED_OVER_BYTES, len(data) + HANDED_OVER_BYTES, HANDED_OVER_BYTES):
                part = data[end - HANDED_OVER_BYTES : end]
                due_s = begin_s + min(end, len(data)) * self._char_s
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                self._check_fitted().write(part)
