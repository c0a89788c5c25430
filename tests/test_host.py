"""The agent's own computer, and its modem: each value comes and goes by itself."""

import asyncio
import contextlib
import logging
import os
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers import host as host_module
from agent.drivers.aside import Aside
from agent.drivers.csq import QUESTION
from agent.drivers.host import HostDriver
from agent.drivers.host_files import CLOCK, DISK, MODEM
from agent.drivers.means import Means
from agent.model import Quality
from agent.settings import HostSettings
from hil.host_tree import THROTTLED, HostTree
from hil.modem import ModemFace
from tests.hearing import Hearing, until

NOTHING = (None, Quality.NO_ANSWER)


class Scene:
    """A Raspberry Pi of files, a modem on a pty, and the driver that looks at both."""

    def __init__(self, folder: Path, *, has_modem: bool) -> None:
        self.tree = HostTree(folder / "pi").raspberry_pi()
        self.synchronised = folder / "synchronized"
        self.modem = ModemFace(folder / "modem")
        url = f"serial://{self.modem.adapter.link}?baudrate=115200&parity=N" if has_modem else None
        # Quicker than may be configured: what is looked at does not mind.
        settings = HostSettings(name="pi", interval_s=0.1, modem_url=url)
        clock = Clock(synchronised_file=self.synchronised)
        self.means = Means(clock, journal=folder / "outbox.db")
        self.driver = HostDriver(settings, self.means, self.tree.root, random.Random(1))
        self.heard = Hearing()

    async def says(self, signal: str, value: object) -> None:
        await until(lambda: self.heard.last(signal) == (value, Quality.GOOD))

    async def misses(self, signal: str, quality: Quality = Quality.NO_ANSWER) -> None:
        await until(lambda: self.heard.last(signal) == (None, quality))


@contextlib.asynccontextmanager
async def scene(folder: Path, *, has_modem: bool) -> AsyncIterator[Scene]:
    one = Scene(folder, has_modem=has_modem)
    if has_modem:
        one.modem.adapter.plug()
    task = asyncio.create_task(one.driver.run(one.heard))
    try:
        yield one
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        one.modem.close()
    assert bytes(one.modem.heard).replace(QUESTION, b"") == b"", "it asks for nothing else"


def story(
    folder: Path, tell: Callable[[Scene], Awaitable[None]], *, has_modem: bool = False
) -> None:
    async def told() -> None:
        async with scene(folder, has_modem=has_modem) as one:
            await tell(one)

    asyncio.run(told())


def test_a_raspberry_pi_says_how_it_fares(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says("host.temperature_c", 48.3)
        await one.says("host.undervoltage", False)
        await one.says("host.throttled", False)
        await one.says("host.memory_available_mb", 256)
        await one.says(CLOCK, False)
        told = os.statvfs(tmp_path)
        await until(lambda: one.heard.last(DISK[0]) is not None)
        percent = one.heard.of(DISK[0])[-1].value
        assert isinstance(percent, int)
        assert abs(percent - told.f_bavail * 100 // told.f_blocks) <= 2
        assert one.heard.states == [True]
        assert {each.signal for each in one.heard.said} == set(one.driver.signals)

    story(tmp_path, tell)


def test_what_changes_is_seen_at_the_next_look(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says("host.undervoltage", False)
        one.tree.zone(0, "cpu-thermal", 82_000)
        one.tree.sensor(1, "rpi_volt", in0_lcrit_alarm=1)
        one.tree.write(THROTTLED, "e0008\n")
        one.synchronised.touch()
        await one.says("host.temperature_c", 82.0)
        await one.says("host.undervoltage", True)
        await one.says("host.throttled", True)
        await one.says(CLOCK, True)
        await until(lambda: one.heard.turns["pi"] >= 2)

    story(tmp_path, tell)


def test_a_value_that_goes_is_missed_by_itself_and_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "agent.host")

    async def tell(one: Scene) -> None:
        await one.says("host.temperature_c", 48.3)
        file = one.tree.root / "sys/class/thermal/thermal_zone0/temp"
        file.unlink()
        await one.misses("host.temperature_c")
        seen = len(one.heard.of("host.temperature_c"))
        await until(lambda: len(one.heard.of("host.temperature_c")) > seen + 2)
        await one.says("host.memory_available_mb", 256)
        file.write_text("nonsense", encoding="ascii")
        await one.misses("host.temperature_c", Quality.BAD)
        one.tree.zone(0, "cpu-thermal", 50_000)
        await one.says("host.temperature_c", 50.0)
        assert one.heard.states == [True]

    story(tmp_path, tell)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_disk_that_hangs_costs_its_own_values_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "DISK_TIMEOUT_S", 0.05)
    held = threading.Event()

    async def tell(one: Scene) -> None:
        calls: list[int] = []

        def hang() -> os.statvfs_result:
            calls.append(1)
            held.wait(20)
            return os.statvfs(tmp_path)

        await until(lambda: one.heard.last(DISK[0]) is not None)
        one.driver._disk = Aside(hang)
        await one.misses(DISK[0])
        await one.misses(DISK[1])
        looks = one.heard.turns["pi"]
        await until(lambda: one.heard.turns["pi"] > looks + 2)
        assert len(calls) == 1, "one thread hangs, not one a look"
        assert one.heard.last("host.temperature_c") == (48.3, Quality.GOOD)
        held.set()
        await until(lambda: one.heard.last(DISK[0]) != NOTHING)

    try:
        story(tmp_path, tell)
    finally:
        held.set()


def test_a_journal_without_a_folder_has_no_disk(tmp_path: Path) -> None:
    async def told() -> None:
        means = Means(Clock(), journal=tmp_path / "nowhere" / "outbox.db")
        driver = HostDriver(HostSettings(name="pi"), means, HostTree(tmp_path).root)
        heard = Hearing()
        task = asyncio.create_task(driver.run(heard))
        await until(lambda: heard.last(DISK[1]) == NOTHING)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(told())


def test_a_disk_without_blocks_is_no_disk(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        one.driver._disk = Aside(lambda: os.statvfs_result((4096, 4096, *[0] * 8)))
        await one.misses(DISK[0], Quality.BAD)

    story(tmp_path, tell)


# ---- the modem ----


def test_the_modems_signal_is_asked_beside_the_rest(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        await one.says(MODEM, -77)
        one.modem.strength(31)
        await one.says(MODEM, -51)
        await one.says("host.temperature_c", 48.3)
        notes = {(frame.driver, frame.way) for frame in one.means.tap.kept}
        assert notes == {("pi", "out"), ("pi", "in")}
        assert one.driver.statistics.polls >= 2

    story(tmp_path, tell, has_modem=True)


def test_a_modem_that_knows_no_signal_or_talks_nonsense_gives_none(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        one.modem.strength(99)
        await one.misses(MODEM)
        one.modem.strength(63)
        await one.misses(MODEM, Quality.BAD)
        one.modem.answer = b"\r\n+CME ERROR: 10\r\n"
        await one.misses(MODEM)
        one.modem.strength(0)
        await one.says(MODEM, -113)
        assert one.driver.statistics.connects == 1  # it answered: the port stays open

    story(tmp_path, tell, has_modem=True)


def test_unasked_lines_and_no_echo_do_no_harm(tmp_path: Path) -> None:
    async def tell(one: Scene) -> None:
        one.modem.echoes = False
        one.modem.answer = (
            b"\r\nRING\r\n\r\n+CSQ: 10,0\r\n+CREG: 1\r\n\r\nOK\r\n\r\nNO CARRIER\r\n"
            + b"\xff" * 400
        )
        await one.says(MODEM, -93)
        one.modem.strength(11)
        await one.says(MODEM, -91)

    story(tmp_path, tell, has_modem=True)


def test_an_unplugged_modem_is_missed_alone_and_found_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "agent.host")

    async def tell(one: Scene) -> None:
        await one.says(MODEM, -77)
        one.modem.adapter.unplug()
        await one.misses(MODEM)
        looks = one.heard.turns["pi"]
        await until(lambda: one.heard.turns["pi"] > looks + 3)
        assert one.heard.last("host.temperature_c") == (48.3, Quality.GOOD)
        assert one.heard.states == [True]
        one.modem.adapter.plug()
        await one.says(MODEM, -77)

    story(tmp_path, tell, has_modem=True)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_modem_that_vanishes_while_it_is_asked_is_not_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(one: Scene) -> None:
        await one.says(MODEM, -77)
        one.modem.answer = b""
        asked = len(one.modem.heard)
        await until(lambda: len(one.modem.heard) > asked)
        one.modem.adapter.unplug()
        await one.misses(MODEM)

    story(tmp_path, tell, has_modem=True)
    assert "is gone: check the modem's cable" in caplog.messages[0]


def test_a_modem_that_was_never_there_is_said_with_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def tell(one: Scene) -> None:
        one.modem.adapter.unplug()  # before the driver's first look
        await one.misses(MODEM)
        await one.says("host.memory_available_mb", 256)

    story(tmp_path, tell, has_modem=True)
    assert "see /dev/serial/by-id" in caplog.messages[0]


def test_a_silent_modem_is_missed_and_its_port_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.drivers.modem.TIMEOUT_US", 50_000)

    async def tell(one: Scene) -> None:
        one.modem.answer = b""
        await one.misses(MODEM)
        await until(lambda: one.driver.statistics.timeouts >= 2)
        assert one.driver.statistics.drops >= 2
        one.modem.strength(20)
        await one.says(MODEM, -73)

    story(tmp_path, tell, has_modem=True)


def test_a_modem_that_never_stops_talking_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.drivers.modem.TIMEOUT_US", 100_000)

    async def tell(one: Scene) -> None:
        one.modem.answer = b""

        async def babble() -> None:
            while True:
                one.modem.adapter.write(b"RING\r\n" * 50)
                await asyncio.sleep(0.002)

        babbling = asyncio.create_task(babble())
        await until(lambda: one.driver.statistics.timeouts >= 2)
        await one.misses(MODEM)
        one.modem.strength(20)
        await one.says(MODEM, -73)
        babbling.cancel()

    story(tmp_path, tell, has_modem=True)
