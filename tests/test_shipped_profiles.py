"""Every shipped register map against its recorded exchange, through the real drivers.

What the driver asks must be what the file says, byte for byte; what it reads must be what the file
says of each signal. The files are composed from the documentation that each profile names.
"""

import asyncio
import contextlib
import re
import tomllib
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers.means import Means
from agent.drivers.profiles import default_folders, load_profile
from agent.drivers.table import build
from agent.model import Quality
from agent.settings import ModbusSettings
from tests.exchanges import (
    CONTROLLERS,
    EXCHANGES,
    ROOT,
    Exchange,
    Peer,
    Scene,
    on_a_line,
    on_tcp,
    read_exchange,
)
from tests.rtu_stage import Heard, until

PROFILES = {path.stem: load_profile(path) for path in sorted(CONTROLLERS.glob("*.toml"))}
MODBUS = [name for name, each in PROFILES.items() if each.framing == "modbus"]
FILES = [EXCHANGES / f"{name}.txt" for name in MODBUS]
SCENES = {"idle at landing", "running", "fault", "implausible values"}
ALL = [(exchange, scene) for exchange in map(read_exchange, FILES) for scene in exchange.scenes]
each_scene = pytest.mark.parametrize(
    ("exchange", "scene"), ALL, ids=[f"{one.profile}: {scene.name}" for one, scene in ALL]
)
each_profile = pytest.mark.parametrize("name", MODBUS)


def crc_by_bits(data: bytes) -> int:
    """The checksum of the specification's own description, without a table."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


async def play(exchange: Exchange, scene: Scene, url: str, peer: Peer) -> None:
    """Let the real driver poll the peer until every signal was heard of; then compare."""
    settings = ModbusSettings(
        name="d", profile=exchange.profile, url=url, device_id=exchange.device, timeout_ms=5000
    )
    heard = Heard()
    driver = build(settings, Means(Clock(), (CONTROLLERS,)))
    task = asyncio.create_task(driver.run(heard))
    strange = set[bytes]()

    def is_heard() -> bool:
        strange.update(set(peer.asked) - set(scene.answers))
        seen = {one.signal for batch in heard.batches["d"] for one in batch}
        return bool(strange) or seen >= set(scene.expected)

    try:
        await until(is_heard)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert not strange, "asked for what no exchange has: " + " | ".join(
        frame.hex(" ") for frame in strange
    )
    assert peer.first_asked == list(scene.answers)
    for batch in heard.batches["d"]:
        for one in batch:
            expected = scene.expected[one.signal]
            if isinstance(expected, Quality):
                assert one.quality is expected, one
            else:
                assert (one.value, one.quality) == (expected, Quality.GOOD), one
                assert type(one.value) is type(expected)


@each_scene
def test_a_scene_is_asked_for_and_read_on_a_serial_line_as_recorded(
    exchange: Exchange, scene: Scene, tmp_path: Path
) -> None:
    async def story() -> None:
        peer = Peer(scene)
        async with on_a_line(peer, tmp_path / "rs485") as url:
            await play(exchange, scene, url, peer)

    asyncio.run(story())


@each_scene
def test_a_scene_is_asked_for_and_read_over_tcp_as_recorded(
    exchange: Exchange, scene: Scene
) -> None:
    async def story() -> None:
        peer = Peer(scene)
        checksum = {question[:-2]: question for question in scene.answers}
        async with on_tcp(peer, checksum) as url:
            await play(exchange, scene, url, peer)

    asyncio.run(story())


@each_profile
def test_every_profile_has_an_exchange_with_the_four_scenes_that_speaks_of_every_signal(
    name: str,
) -> None:
    exchange = read_exchange(EXCHANGES / f"{name}.txt")
    assert {scene.name for scene in exchange.scenes} >= SCENES
    signals = {point.signal for point in PROFILES[name].points}
    for scene in exchange.scenes:
        assert set(scene.expected) == signals, scene.name


@each_scene
def test_a_recorded_frame_only_reads_and_has_its_checksum(exchange: Exchange, scene: Scene) -> None:
    for question, answer in scene.answers.items():
        assert crc_by_bits(question) == crc_by_bits(answer) == 0
        assert question[0] == answer[0] == exchange.device
        assert question[1] == answer[1]
        assert question[1] in {1, 2, 3, 4}


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_nobody_tried_on_a_device_says_so(name: str) -> None:
    profile = PROFILES[name]
    assert profile.verified == ()
    assert profile.uncertain
    assert all(point.source for point in profile.points)
    assert any("answer_max_ms" in text for text in profile.uncertain) or "not stated" in (
        CONTROLLERS / f"{name}.toml"
    ).read_text(encoding="utf-8")


@each_profile
def test_a_drive_never_speaks_of_what_it_cannot_know(name: str) -> None:
    signals = {point.signal for point in PROFILES[name].points}
    if name in {"hpmont-hd5l-plus", "delta-vfd-ed", "invertek-elevator-core"}:
        assert not signals & {"car.floor", "car.door_zone", "door.front", "car.occupied"}
    if name in {"delta-vfd-ed", "invertek-elevator-core"}:
        assert "car.direction" not in signals


def test_the_drives_are_asked_for_no_more_registers_than_their_manuals_allow() -> None:
    exchange = read_exchange(EXCHANGES / "hpmont-hd5l-plus.txt")
    counts = {frame[5] for scene in exchange.scenes for frame in scene.answers}
    assert counts <= {1, 2, 3, 4}


@pytest.mark.parametrize("page", ["gb24476-map.md", "gb24476-map.zh-CN.md"])
def test_the_page_of_the_generic_map_is_the_profile(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+)(?:–\d+)? \|.*\| (`[\w.`, ]+|–) \|$", text, re.MULTILINE)
    shown = {
        (int(number), name) for number, names in rows for name in re.findall(r"[a-z][\w.]+", names)
    }
    assert shown == {(point.address, point.signal) for point in PROFILES["gb24476-generic"].points}
    assert [int(number) for number, _ in rows] == [*range(9), 10, *range(12, 21)]


def test_an_installed_package_carries_the_profiles_to_where_they_are_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    files = project["tool"]["setuptools"]["data-files"]
    (place,) = [
        where for where, patterns in files.items() if "config/controllers/*.toml" in patterns
    ]
    folders = default_folders(Path("/etc/elevator-agent/agent.toml"))
    assert any(str(folder).endswith(place) for folder in folders)
