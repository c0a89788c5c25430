"""The shipped profile hpmont-cic against its exchange, through the real driver on a pty."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.drivers import table
from agent.drivers.blocks import compile_blocks
from agent.drivers.means import Means
from agent.drivers.profiles import Profile, load_profile
from agent.drivers.table import build
from agent.model import Quality
from agent.settings import SerialSettings
from hil import cic_module
from hil.cic_face import CicFace, CicTalk
from hil.cic_module import COUNT, FIRST, encode
from hil.world import World
from tests.exchanges import CONTROLLERS, EXCHANGES, Scene, read_exchange
from tests.rtu_stage import Heard, until, url_of

EXCHANGE = read_exchange(EXCHANGES / "cic/hpmont-cic.txt")
SHIPPED = CONTROLLERS / "hpmont-cic.toml"
LOST = "main board lost"
SCENES = {scene.name: scene for scene in EXCHANGE.scenes}
BAUD = 115200


def profile_with_the_points_to_be_added(tmp_path: Path) -> Profile:
    head, _, tail = SHIPPED.read_text(encoding="utf-8").partition("# To be added")
    _, _, points = tail.partition("\n#\n")
    path = tmp_path / "hpmont-cic.toml"
    path.write_text(head + points.replace("# ", "").replace("#", ""), encoding="utf-8")
    return load_profile(path)


@contextlib.asynccontextmanager
async def watched(link: Path, mode: str = "request") -> AsyncIterator[Heard]:
    settings = SerialSettings(
        name="d", profile="hpmont-cic", url=url_of(link, BAUD), poll_interval_ms=100,
        timeout_ms=2000, mode="listen" if mode == "listen" else "request",
    )  # fmt: skip
    heard = Heard()
    task = asyncio.create_task(build(settings, Means(Clock(), (CONTROLLERS,))).run(heard))
    try:
        yield heard
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def values(heard: Heard, batch: int = 0) -> dict[str, object]:
    return {
        one.signal: one.value if one.quality is Quality.GOOD else one.quality
        for one in heard.batches["d"][batch]
    }


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_asked_for_and_read_as_recorded(name: str, tmp_path: Path) -> None:
    scene: Scene = SCENES[name]
    answers = {question[1:-2]: answer[1:-2] for question, answer in scene.answers.items()}

    async def story() -> None:
        face = CicFace(list, baudrate=BAUD)
        face.devices = {EXCHANGE.device: lambda body: answers.get(body, b"")}
        await face.start(tmp_path / "rs485")
        async with watched(face.link) as heard:
            await until(lambda: bool(heard.batches["d"]))
            assert values(heard) == scene.expected
            asked = bytes(face.tap)
            assert asked[:7] in scene.answers
            assert len(scene.answers) == 1
        await face.close()

    asyncio.run(story())


def test_the_scenes_speak_of_every_signal_and_their_frames_only_read() -> None:
    signals = {point.signal for point in load_profile(SHIPPED).points}
    for scene in EXCHANGE.scenes:
        assert set(scene.expected) == signals
        for question, answer in scene.answers.items():
            assert question[:2] == answer[:2] == b"\x02\x03"
            assert question[:5] == answer[:5]


@pytest.mark.parametrize("mode", ["request", "listen"])
def test_what_a_module_repeats_that_has_lost_the_main_board_is_nobodys_news(
    mode: str, tmp_path: Path
) -> None:
    ((_, answer),) = SCENES[LOST].answers.items()
    words = [0] * 5 + [answer[n] << 8 | answer[n + 1] for n in range(5, len(answer) - 2, 2)]
    lost = list(words)
    good = [*lost[:35], 1, *lost[36:]]
    registers = good

    async def story() -> None:
        nonlocal registers
        face = CicFace(lambda: registers, baudrate=BAUD)
        talk = CicTalk(tmp_path / "listened", lambda: registers)
        await face.start(tmp_path / "asked")
        talk.adapter.plug()
        repeats = asyncio.create_task(talk.repeat(0.05))
        async with watched(tmp_path / f"{mode}ed".replace("requested", "asked"), mode) as heard:
            await until(lambda: heard.states("d") == [True])
            registers = lost
            await until(lambda: heard.states("d") == [True, False])
            assert "lost the lift's main board" in heard.links["d"][-1][1]
            assert "cable" in heard.links["d"][-1][1]
            count = len(heard.all("d"))
            registers = good
            await until(lambda: heard.states("d") == [True, False, True])
            assert len(heard.all("d", Quality.NO_ANSWER)) == 12
            assert len(heard.all("d")) > count
        repeats.cancel()
        talk.adapter.unplug()
        await face.close()
        assert not talk.written

    asyncio.run(story())


def test_the_points_left_out_can_be_added_as_the_file_says(tmp_path: Path) -> None:
    profile = profile_with_the_points_to_be_added(tmp_path)
    added = {"door.rear", "landing_doors.locked", "safety_chain.closed", "car.speed_mm_s"}
    shipped = {point.signal for point in load_profile(SHIPPED).points}
    assert {point.signal for point in profile.points} == shipped | added
    assert not shipped & added
    (compiled,) = compile_blocks(profile.points, profile.limits)
    assert (compiled.block.address, compiled.block.count) == (FIRST, COUNT)
    words = [0] * COUNT
    words[0], words[5], words[10] = 1750, 0o13, 0x8040
    found = {r.signal: r.value for r in compiled.decode(words, 1)}
    assert {signal: found[signal] for signal in added} == {
        "door.rear": "open", "landing_doors.locked": True, "safety_chain.closed": True,
        "car.speed_mm_s": 1750,
    }  # fmt: skip


@pytest.mark.parametrize("register", range(51213, 51216))
def test_a_car_call_to_any_landing_is_a_call(register: int) -> None:
    profile = load_profile(SHIPPED)
    (compiled,) = compile_blocks(profile.points, profile.limits)
    for bit in (0, 7, 15):
        words = [0] * compiled.block.count
        words[register - compiled.block.address] = 1 << bit
        found = {r.signal: r.value for r in compiled.decode(words, 1)}
        assert found["car.call_registered"] is True
        assert found["hall.call_pending"] is False


def test_the_e_number_is_never_rounded_up() -> None:
    profile = load_profile(SHIPPED)
    (compiled,) = compile_blocks(profile.points, profile.limits)
    for raw, code in ((0, 0), (99, 0), (4100, 41), (4150, 41), (4199, 41), (4900, 49)):
        words = [0] * compiled.block.count
        words[51211 - compiled.block.address] = raw
        found = {r.signal: r.value for r in compiled.decode(words, 1)}
        assert found["controller.fault_code"] == code


def test_the_simulated_elevator_s_rides_are_read_back_from_its_module() -> None:
    """The bench encodes by the sheet on its own; the profile reads the same back."""
    profile = load_profile(SHIPPED)
    (compiled,) = compile_blocks(profile.points, profile.limits)
    world = World(seed=7)
    seen = set[tuple[object, ...]]()
    for second in range(0, 1800, 2):
        world.advance(second)
        signals = world.signals()
        words = encode(signals)[compiled.block.address - FIRST :]
        assert compiled.refutes(words) == ""
        read = {r.signal: r.value for r in compiled.decode(words, 1)}
        for signal in read.keys() & signals.keys() - {"controller.fault_code"}:
            assert read[signal] == signals[signal], signal
        seen.add((read["car.moving"], read["door.front"], read["car.call_registered"]))
    assert len(seen) >= 5


def test_the_module_of_the_bench_says_nothing_to_what_it_does_not_know() -> None:
    says = cic_module.module(lambda: range(COUNT))
    assert says(bytes.fromhex("03 c8 00 02")) == bytes.fromhex("03 c8 00 02 00 00 00 01")
    for question in ("04 c8 00 02", "03 c7 ff 02", "03 c8 00 28", "03 c8 00 00"):
        assert says(bytes.fromhex(question)) == b""


def test_staleness_follows_how_often_the_other_master_asks() -> None:
    settings = SerialSettings(
        name="d", profile="hpmont-cic", url=url_of(Path("/dev/x")), mode="listen",
        poll_interval_ms=60_000,
    )  # fmt: skip
    assert set(table.signals_of(settings, (CONTROLLERS,)).values()) == {180_000_000}
    assert set(table.paces_of(settings, (CONTROLLERS,)).values()) == {60_000_000}
    assert load_profile(SHIPPED).framing == "cic"
