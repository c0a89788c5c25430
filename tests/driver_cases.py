"""Every kind of driver beside a device that comes and goes: the rows of tests/test_driver_contract.py.

A new kind is one more row: a `stage` that yields a `Scene` while its device is away, and a line in
`CASES`. `appear` and `vanish` are called in turn, more than once. Choose short intervals. If silence
is a value of the signal, as it is of a probe, say `absence_is_a_value`; else it is a link that is down.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from agent.clock import Clock
from agent.drivers import asking, card_pins, heartbeat
from agent.drivers import gpio as gpio_module
from agent.drivers.means import Means
from agent.settings import (
    CameraSettings,
    CardSettings,
    DriverSettings,
    GpioAnnouncement,
    GpioInput,
    GpioSettings,
    IntercomSettings,
    ModbusSettings,
    SerialSettings,
)
from agent.uplink.hearing import Hearing
from hil.card_reader import CardReader
from hil.cic_face import CicFace, CicTalk
from hil.cic_module import encode
from hil.modbus_face import ModbusFace
from hil.ports import ReservedPort
from hil.rtsp import RtspCamera
from hil.rtu_device import READ_HOLDING, device
from hil.rtu_face import RtuFace
from hil.sip import SipStation
from hil.world import World

FOLDERS = (Path(__file__).parents[1] / "config/controllers",)
BOX, FIRST, REGISTERS = 247, 0x10, (0, 0x0400, 0x0312, *[0] * 16)  # a car-top box at landing 3


@dataclass
class Scene:
    """A driver's settings, and its device, which is away at first."""

    settings: DriverSettings
    appear: Callable[[], Awaitable[None]]
    vanish: Callable[[], Awaitable[None]]
    means: Means


@dataclass(frozen=True)
class Case:
    """One kind of driver."""

    name: str
    stage: Callable[[Path], AbstractAsyncContextManager[Scene]]
    absence_is_a_value: bool = False


def means() -> Means:
    return Means(Clock(), FOLDERS)


@contextlib.asynccontextmanager
async def modbus_tcp(_folder: Path) -> AsyncIterator[Scene]:
    faces: list[ModbusFace] = []
    with ReservedPort() as port:

        async def appear() -> None:
            faces.append(ModbusFace(lambda: REGISTERS, first=FIRST, device_id=BOX))
            await faces[-1].start(port.number)

        async def vanish() -> None:
            await faces.pop().close()

        yield Scene(
            ModbusSettings(
                name="box", profile="car-top-sensor", url=f"tcp://127.0.0.1:{port.number}",
                device_id=BOX, poll_interval_ms=50, timeout_ms=100,
            ), appear, vanish, means(),
        )  # fmt: skip
        for face in faces:
            await face.close()


@contextlib.asynccontextmanager
async def modbus_rtu(folder: Path) -> AsyncIterator[Scene]:
    answers = device({READ_HOLDING: (FIRST, lambda: REGISTERS)})
    face = RtuFace({BOX: answers}, baudrate=115200)
    await face.start(folder / "rs485")
    face.plug(on=False)

    async def appear() -> None:
        face.plug(on=True)

    async def vanish() -> None:
        face.plug(on=False)

    try:
        yield Scene(
            ModbusSettings(
                name="box", profile="car-top-sensor",
                url=f"serial://{folder}/rs485?baudrate=115200&parity=N",
                device_id=BOX, poll_interval_ms=50, timeout_ms=100,
            ), appear, vanish, means(),
        )  # fmt: skip
    finally:
        await face.close()


class ChipPin(MockPin):  # type: ignore[misc]
    """A pin whose chip can vanish."""

    gone = True

    def _get_state(self) -> bool:
        if ChipPin.gone:
            raise OSError(19, "No such device")
        return bool(super()._get_state())


def on_a_chip(settings: DriverSettings) -> Callable[[Path], AbstractAsyncContextManager[Scene]]:
    """Give the stage of a driver of pins, whose chip comes and goes."""

    async def appear() -> None:
        ChipPin.gone = False

    async def vanish() -> None:
        ChipPin.gone = True

    @contextlib.asynccontextmanager
    async def stage(_folder: Path) -> AsyncIterator[Scene]:
        factory: Any = MockFactory(pin_class=ChipPin)
        before, Device.pin_factory = Device.pin_factory, factory
        await vanish()
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(gpio_module, "BACKOFF_MOST_S", 0.5)
                patch.setattr(card_pins, "BACKOFF_MOST_S", 0.5)
                yield Scene(settings, appear, vanish, means())
        finally:
            factory.reset()
            Device.pin_factory = before

    return stage


CONTACTS = GpioSettings(
    name="contacts",
    inputs={
        "alarm.button": GpioInput(pin=17),
        "door.front": GpioInput(pin=22, active="high"),
        "safety_chain.closed": GpioInput(pin=5, active="high", pull="up", release_ms=200),
    },
    announcement=GpioAnnouncement(pin=18),
)
COUNTER = GpioSettings(name="counter", inputs={"door.cycle_count": GpioInput(pin=17, max_hz=2)})
WIEGAND = CardSettings(
    name="reader", reader="machine_room", model="wiegand26", data0_pin=5, data1_pin=6
)


@contextlib.asynccontextmanager
async def intercom_sip(_folder: Path) -> AsyncIterator[Scene]:
    stations: list[SipStation] = []
    with ReservedPort() as port, pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "SPREAD_S", 0.0)

        async def appear() -> None:
            stations.append(SipStation())
            await stations[-1].start(port.number)

        async def vanish() -> None:
            await stations.pop().close()

        yield Scene(
            IntercomSettings(
                name="duty-room", station="duty_room", address=f"127.0.0.1:{port.number}",
                interval_s=0.1, timeout_s=0.3,
            ), appear, vanish, means(),
        )  # fmt: skip
        for station in stations:
            await station.close()


@contextlib.asynccontextmanager
async def camera_rtsp(_folder: Path) -> AsyncIterator[Scene]:
    cameras: list[RtspCamera] = []
    with ReservedPort() as port, pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "SPREAD_S", 0.0)

        async def appear() -> None:
            cameras.append(RtspCamera())
            await cameras[-1].start(port.number)

        async def vanish() -> None:
            await cameras.pop().close()

        yield Scene(
            CameraSettings(
                name="car-camera", camera="car", address=f"127.0.0.1:{port.number}",
                interval_s=0.1, timeout_s=0.3,
            ), appear, vanish, means(),
        )  # fmt: skip
        for camera in cameras:
            await camera.close()


@contextlib.asynccontextmanager
async def _beating(beat: Callable[[], object]) -> AsyncIterator[None]:
    """Beat many times within each of the driver's intervals."""

    async def for_ever() -> None:
        while True:
            beat()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(for_ever())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heartbeat, "REST_S", 0.05)
        patch.setattr(heartbeat, "BACKOFF_FIRST_S", 0.05)
        yield
    task.cancel()


@contextlib.asynccontextmanager
async def intercom_udp(_folder: Path) -> AsyncIterator[Scene]:
    alive = False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as station:

        async def appear() -> None:
            nonlocal alive
            alive = True

        async def vanish() -> None:
            nonlocal alive
            alive = False

        def beat() -> None:
            if alive:
                station.sendto(b"alive", ("127.0.0.1", port))

        async with _beating(beat):
            yield Scene(
                IntercomSettings(
                    name="pit", station="pit", probe="udp", address=f"127.0.0.1:{port}",
                    interval_s=0.5,
                ), appear, vanish, means(),
            )  # fmt: skip


@contextlib.asynccontextmanager
async def intercom_mqtt(_folder: Path) -> AsyncIterator[Scene]:
    """The broker comes and goes; without it nothing is known of the station."""
    hearing = Hearing()
    alive = False

    async def appear() -> None:
        nonlocal alive
        alive = True
        hearing.connected(lambda *_: None, Clock().uptime_us)

    async def vanish() -> None:
        nonlocal alive
        alive = False
        hearing.disconnected("the broker is away")

    async with _beating(lambda: alive and hearing.message("pit", b"", retained=False)):
        yield Scene(
            IntercomSettings(name="pit", station="pit", probe="mqtt", topic="pit", interval_s=0.5),
            appear, vanish, Means(Clock(), FOLDERS, broker=hearing),
        )  # fmt: skip


@contextlib.asynccontextmanager
async def card_rdm6300(folder: Path) -> AsyncIterator[Scene]:
    reader = CardReader(folder / "reader")

    async def appear() -> None:
        reader.adapter.plug()

    async def vanish() -> None:
        reader.adapter.unplug()

    try:
        url = f"serial://{folder}/reader?baudrate=9600&parity=N"
        settings = CardSettings(name="reader", reader="machine_room", url=url)
        yield Scene(settings, appear, vanish, means())
    finally:
        reader.close()


def serial_cic(
    mode: Literal["request", "listen"],
) -> Callable[[Path], AbstractAsyncContextManager[Scene]]:
    """A CIC module: the agent asks it, or hears another master ask."""

    @contextlib.asynccontextmanager
    async def stage(folder: Path) -> AsyncIterator[Scene]:
        registers = encode(World(interval_s=None).signals())
        face = CicFace(lambda: registers, baudrate=115200)
        await face.start(folder / "port")
        face.plug(on=False)
        talk = CicTalk(folder / "port", lambda: registers)
        talking: list[asyncio.Task[None]] = []

        async def appear() -> None:
            if mode == "request":
                face.plug(on=True)
                return
            talk.adapter.plug()
            talking.append(asyncio.create_task(talk.repeat(0.05)))

        async def vanish() -> None:
            face.plug(on=False)
            talk.adapter.unplug()
            for task in talking:
                task.cancel()

        try:
            yield Scene(
                SerialSettings(
                    name="cic", profile="hpmont-cic", mode=mode, poll_interval_ms=50,
                    timeout_ms=100, url=f"serial://{folder}/port?baudrate=115200&parity=N",
                ), appear, vanish, means(),
            )  # fmt: skip
        finally:
            await vanish()
            await face.close()
        assert not talk.written, "a listener sent something"

    return stage


CASES = (
    Case("modbus tcp", modbus_tcp),
    Case("modbus rtu", modbus_rtu),
    Case("serial request", serial_cic("request")),
    Case("serial listen", serial_cic("listen")),
    Case("gpio", on_a_chip(CONTACTS)),
    Case("gpio counter", on_a_chip(COUNTER)),
    Case("card rdm6300", card_rdm6300),
    Case("card wiegand26", on_a_chip(WIEGAND)),
    Case("intercom sip", intercom_sip, absence_is_a_value=True),
    Case("intercom udp", intercom_udp, absence_is_a_value=True),
    Case("intercom mqtt", intercom_mqtt),
    Case("camera rtsp", camera_rtsp, absence_is_a_value=True),
)
