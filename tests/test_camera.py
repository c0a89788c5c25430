"""The camera driver against real sockets: cameras that answer, refuse, keep silent or speak something else."""

import asyncio
import contextlib
import logging
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agent.clock import Clock
from agent.config import ConfigProblems, load
from agent.drivers import table
from agent.drivers.camera import camera_driver, staleness_us
from agent.drivers.means import Means
from agent.drivers.probes import Station
from agent.drivers.rtsp_probe import RtspAsk
from agent.model import Quality
from agent.settings import CameraSettings
from hil.ports import ReservedPort
from hil.rtsp import GARBAGE, HTTP, Manner, RtspCamera
from tests.intercom_stage import WAIT_S, AtOnce, ends, running_driver, until


@contextlib.asynccontextmanager
async def camera_of(**manner: Any) -> AsyncIterator[RtspCamera]:
    camera = RtspCamera(Manner(**manner))
    await camera.start()
    try:
        yield camera
    finally:
        await camera.close()


def asked(port: int, timeout_s: float = 0.3, host: str = "127.0.0.1") -> Station:
    return Station(host, port, RtspAsk(f"{host}:{port}"), timeout_s)


def probe_ends(timeout_s: float = 0.3, **manner: Any) -> str:
    async def story() -> str:
        async with camera_of(**manner) as camera:
            return await ends(asked(camera.port, timeout_s))

    return asyncio.run(story())


def settings_of(port: int, **changes: Any) -> CameraSettings:
    given: dict[str, Any] = {
        "name": "car-camera",
        "camera": "car",
        "address": f"127.0.0.1:{port}",
        "interval_s": 0.1,
        "timeout_s": 0.3,
    }
    return CameraSettings(**(given | changes))


# ---- what counts as an answer ----


@pytest.mark.parametrize("status", [200, 401, 404, 454, 505])
def test_any_answer_shows_that_the_camera_lives(status):
    assert probe_ends(timeout_s=5, status=status) == "answered"


@pytest.mark.parametrize("manner", [{"silent": True}, {"cseq_offset": 1}, {"delay_s": 1.0}])
def test_silence_and_the_answer_to_another_question_do_not(manner):
    assert probe_ends(**manner) == "unanswered"


@pytest.mark.parametrize("instead", [GARBAGE, HTTP, b"\x00" * 20_000])
def test_what_is_not_rtsp_is_no_camera_and_is_not_waited_for(instead):
    assert probe_ends(timeout_s=60, instead=instead) == "unanswered"


def test_a_refused_connection_means_asked_and_unanswered():
    with ReservedPort() as port:
        assert asyncio.run(ends(asked(port.number, 60))) == "unanswered"


def test_no_route_is_not_the_cameras_silence():
    assert asyncio.run(ends(asked(554, host="255.255.255.255"))) == "not sent"


# ---- the driver ----


def test_the_signal_follows_the_camera_there_and_back(caplog):
    caplog.set_level(logging.INFO, "agent.camera")

    async def story() -> None:
        async with camera_of() as camera:
            driver = camera_driver(settings_of(camera.port), Means(Clock()), AtOnce())
            async with running_driver(driver) as sink:
                await until(lambda: sink.values[-2:] == [True, True])
                camera.manner = Manner(instead=HTTP)
                await until(lambda: sink.values[-2:] == [False, False])
                camera.manner = Manner(status=401)
                await until(lambda: sink.values[-2:] == [True, True])
                assert {reading.signal for reading in sink.heard} == {"camera.car"}
                assert {reading.quality for reading in sink.heard} == {Quality.GOOD}
                assert sink.links == [(True, "the camera can be asked")]
                assert set(camera.methods) == {"OPTIONS"}
                assert driver.statistics.round_trip_ms is not None

    asyncio.run(story())
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert "not RTSP: check the port" in said[1]


def test_what_could_not_be_asked_is_no_answer():
    async def story() -> None:
        settings = settings_of(1, address="255.255.255.255:554")
        driver = camera_driver(settings, Means(Clock()), AtOnce())
        async with running_driver(driver) as sink:
            await until(lambda: sink.heard)
            assert sink.heard[0].quality is Quality.NO_ANSWER
            assert sink.heard[0].value is None

    asyncio.run(story())


def test_a_reading_may_be_two_intervals_and_a_timeout_old():
    settings = settings_of(1, interval_s=60, timeout_s=4)
    assert staleness_us(settings) == {"camera.car": 124_000_000}


# ---- configuration ----

FILE = """
[elevator]
site = "s"
id = "e"
[[drivers]]
name = "d"
kind = "camera"
camera = "{camera}"
address = "{address}"
"""


def loaded(tmp_path, camera="car", address="192.168.1.40:554"):
    path = tmp_path / "agent.toml"
    path.write_text(FILE.format(camera=camera, address=address), encoding="utf-8")
    return load(path, signals_of=lambda one: table.signals_of(one, []), profiles=list).drivers


def test_a_name_and_an_address_are_enough(tmp_path):
    (settings,) = loaded(tmp_path)
    driver = table.build(settings, Means(Clock()))
    assert driver.signals == {"camera.car": 124_000_000}


@pytest.mark.parametrize("address", ["192.168.1.40", "rtsp://192.168.1.40:554", "h:0", ""])
def test_an_address_is_a_host_and_a_port(tmp_path, address):
    with pytest.raises(ConfigProblems, match="host:port"):
        loaded(tmp_path, address=address)


# ---- independent software ----


def test_the_benchs_camera_is_one_to_a_client_of_others_too():
    curl = shutil.which("curl")
    if (
        curl is None
        or "rtsp"
        not in subprocess.run(
            [curl, "--version"], capture_output=True, text=True, check=True
        ).stdout
    ):
        pytest.skip("curl with RTSP is not on this machine: apt-get install curl")

    async def story() -> None:
        async with camera_of() as camera:
            command = [curl, "-sS", "-i", "-m", str(WAIT_S), f"rtsp://127.0.0.1:{camera.port}/"]
            process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
            said, _ = await process.communicate()
            assert process.returncode == 0
            assert said.startswith(b"RTSP/1.0 200 OK\r\n")
            assert camera.methods == {"OPTIONS": 1}

    asyncio.run(story())


def test_cancelling_closes_the_socket():
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(WAIT_S)
            driver = camera_driver(
                settings_of(listening.getsockname()[1], timeout_s=5), Means(Clock()), AtOnce()
            )
            async with running_driver(driver) as sink:
                await until(lambda: sink.turns)
                accepted, _ = await asyncio.to_thread(listening.accept)
            with accepted:
                accepted.settimeout(WAIT_S)
                while accepted.recv(1000):
                    pass

    asyncio.run(story())
