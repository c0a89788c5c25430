"""A healthy house: every part that an installation of the bench has, served for real, and mended after each that broke one.

A line with a car weigher, a car-top box on the network, contacts, an intercom station, a camera and a broker. Its parts
run in a loop of their own, on a thread.
"""

import asyncio
import os
import random
import tempfile
import termios
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from hil.broker import Mosquitto
from hil.modbus_face import Behaviour, ModbusFace
from hil.pins_server import CONTACTS, PinsServer
from hil.rtsp import Manner as CameraManner
from hil.rtsp import RtspCamera
from hil.rtu_device import device
from hil.rtu_face import Conduct, Device, RtuFace
from hil.rtu_manners import spoken
from hil.sip import Behaviour as StationBehaviour
from hil.sip import SipStation

WEIGHER_ID, BOX_ID = 9, 247
BAUDRATE = 115200
WEIGHED = (42, 3, 0, 700)  # load in percent, floor, and a count of 32 bits
FIRST_REGISTER = 3
WIRED = ("alarm.button", "power.mains")
AT_REST = {"alarm.button": False, "power.mains": True}
_BOX_REGISTERS = 19
_CALL_S = 20.0


def weigher(*words: int, function: int = 3) -> Device:
    """The weigher's registers."""
    return device({function: (FIRST_REGISTER, lambda: words)})


class House:
    """Use as a context. `line` … `broker` are the parts; `mend` undoes what was done to them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="house", daemon=True)
        self._folder = tempfile.TemporaryDirectory(prefix="house-")
        self._broken_pins: dict[str, bool] = {}
        folder = Path(self._folder.name)
        self.link, self.pins_socket = folder / "rs485", folder / "pins"
        self.line = RtuFace({WEIGHER_ID: weigher(*WEIGHED)}, baudrate=BAUDRATE)
        self.box = ModbusFace(lambda: [0] * _BOX_REGISTERS, first=0x10, device_id=BOX_ID)
        self.pins = PinsServer(
            {name: CONTACTS[name] for name in WIRED}, random.Random(1), bounce=False
        )
        self.station, self.camera = SipStation(), RtspCamera()
        self.broker = Mosquitto()

    def call(self, work: Callable[[], object]) -> None:
        """Do something on the parts' thread, to its end."""

        async def there() -> None:
            made = work()
            if isinstance(made, Awaitable):
                await made

        asyncio.run_coroutine_threadsafe(there(), self._loop).result(_CALL_S)

    def repeat(self, work: Callable[[], None], every_s: float) -> Callable[[], None]:
        """Do something again and again on the parts' thread; gives what ends it."""

        async def again() -> None:
            while True:
                work()
                await asyncio.sleep(every_s)

        tasks: list[asyncio.Task[None]] = []
        self.call(lambda: tasks.append(self._loop.create_task(again())))
        return lambda: self.call(lambda: [task.cancel() for task in tasks])

    def replug(self) -> None:
        """Unplug the line's adapter and plug it in again: it is another terminal then."""
        self.call(lambda: self.line.plug(on=False))
        self.call(self.line.plug)

    def mend(self) -> None:
        """Let every part be healthy again."""
        self.line.devices = {WEIGHER_ID: weigher(*WEIGHED)}
        self.line.conduct = lambda _device, _body: Conduct()
        self.line.spoken = spoken
        self.box.behaviour = Behaviour()
        self.call(self._drain)
        self.station.behaviour, self.camera.manner = StationBehaviour(), CameraManner()
        self.move()

    def set_contacts(self, signals: Mapping[str, bool]) -> None:
        """Let contacts be so, on the parts' thread; the others at rest."""
        self.pins.update({**AT_REST, **signals})

    def open_port(self) -> None:
        """Let everybody open the line's port."""
        self.link.chmod(0o666)

    def _drain(self) -> None:
        """Throw away what nobody has taken out of the line's port."""
        fd = os.open(self.link, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        termios.tcflush(fd, termios.TCIFLUSH)
        os.close(fd)

    def move(self, **signals: bool) -> None:
        """Let contacts be so, and the others at rest; `_` stands for the dot of a signal's name."""
        moved = {name.replace("_", ".", 1): value for name, value in signals.items()}
        self.call(lambda: self.set_contacts(moved))

    def __enter__(self) -> Self:
        self._thread.start()
        self.call(lambda: self.line.start(self.link))
        self.call(lambda: self.box.start(0))
        self.call(lambda: self.pins.start(self.pins_socket))
        self.call(self.station.start)
        self.call(self.camera.start)
        self.broker.start()
        self.mend()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for part in (self.line, self.box, self.pins, self.station, self.camera):
            self.call(part.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CALL_S)
        self._loop.close()
        self.broker.close()
        self._folder.cleanup()
