"""A station that a controller knows: a point `intercom.<station>` of a profile, from the register to the event."""

import asyncio
from pathlib import Path

from agent.clock import Clock
from agent.config import load
from agent.drivers import table
from agent.drivers.means import Means
from agent.model import Quality
from agent.monitor.capabilities import capabilities
from agent.wiring import wiring_of
from hil.modbus_face import ModbusFace
from tests.intercom_stage import running_driver, until

PROFILE = """
title = "A controller that supervises its car's intercom"
source = "this test"
[protocol]
readable = { holding = [[0x20, 0x20]] }
answer_max_ms = 1000
[points."intercom.car"]
table = "holding"
address = 0x20
bit = 3
source = "this test: 1 while the station answers the controller"
"""
FILE = """
[elevator]
site = "s"
id = "e"
[[drivers]]
name = "controller"
kind = "modbus"
profile = "supervisor"
url = "tcp://127.0.0.1:{port}"
poll_interval_ms = 50
"""


def configured(folder: Path, port: int):
    (folder / "supervisor.toml").write_text(PROFILE, encoding="utf-8")
    path = folder / "agent.toml"
    path.write_text(FILE.format(port=port), encoding="utf-8")
    return load(
        path,
        signals_of=lambda one: table.signals_of(one, [folder]),
        profiles=lambda: ["supervisor"],
    )


def test_a_register_gives_the_stations_signal_and_its_event_can_be_detected(tmp_path):
    async def story() -> None:
        registers = [0b1000]
        face = ModbusFace(lambda: registers, first=0x20, device_id=1)
        await face.start(0)
        settings = configured(tmp_path, face.port)
        driver = table.build(settings.drivers[0], Means(Clock(), (tmp_path,)))
        async with running_driver(driver) as sink:
            await until(lambda: sink.values[-1:] == [True])
            registers[0] = 0b0111
            await until(lambda: sink.values[-1] is False)
            assert sink.heard[-1].quality is Quality.GOOD
            face.behaviour.silent = True  # the controller says nothing: nor is the station silent
            await until(lambda: False in {up for up, _ in sink.links})
            assert sink.heard[-1].value is not True
        await face.close()
        able = {
            each.code: each.state for each in capabilities(wiring_of(settings, [tmp_path]).signals)
        }
        assert able["intercom_silent"] == "full"

    asyncio.run(story())
