"""What every driver promises, whatever its kind; the kinds stand in tests/driver_cases.py.

Each kind lives one life: its device is away at the start, comes, goes, comes again, and the driver is
cancelled. The tests look at what was said and left behind.
"""

import asyncio
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agent.drivers import table
from agent.drivers.port import Driver
from agent.model import Quality, Reading
from agent.signals import signal_for
from tests.driver_cases import CASES, Case, Scene

WAIT_S = 30  # an upper bound that only a failure reaches
CANCELLED_S = 1.0
POOL = "asyncio_"  # the event loop's own idle threads, which end with it
BY_NAME = {case.name: case for case in CASES}
BEATS = 2  # turns that show a driver's loop going round


@dataclass
class Life:
    """A sink, and what was seen of a driver beside it. `dead_turns`: while its device was away."""

    batches: list[list[Reading]] = field(default_factory=list)
    links: list[tuple[bool, str]] = field(default_factory=list)
    drivers: set[str] = field(default_factory=set)
    turns: int = 0
    dead_turns: list[int] = field(default_factory=list)
    facts: dict[str, dict[str, int | float | None]] = field(default_factory=dict)
    errors: list[object] = field(default_factory=list)
    ended_s: float = 0.0
    left: dict[str, object] = field(default_factory=dict)

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        self.drivers.add(driver)
        self.batches.append(list(readings))

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        self.drivers.add(driver)
        self.links.append((up, reason))

    def turned(self, driver: str) -> None:
        self.drivers.add(driver)
        self.turns += 1

    @property
    def states(self) -> list[bool]:
        return [up for up, _ in self.links]

    @property
    def said(self) -> Iterator[Reading]:
        return (reading for batch in self.batches for reading in batch)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, which must come."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - conditions of many objects
            await asyncio.sleep(0.005)


def tasks_of_drivers() -> int:
    """Count the tasks that run the agent's own code."""
    codes = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()]
    return sum("/agent/" in code.co_filename for code in codes if code is not None)


def open_ports() -> int:
    """Count what is open beside regular files: sockets, serial ports, pipes."""
    opened = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    return sum(is_port(number) for number in opened)


def is_port(descriptor: int) -> bool:
    try:
        return not stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:  # the one by which they were listed
        return False


def has_turned(life: Life, times: int) -> bool:
    return life.turns >= times


def has_said(life: Life, batches: int) -> bool:
    return len(life.batches) >= batches


def build(scene: Scene) -> Driver:
    return table.build(scene.settings, scene.means)


async def live(case: Case, folder: Path) -> Life:
    life = Life()
    asyncio.get_running_loop().set_exception_handler(lambda _, what: life.errors.append(what))

    def is_away() -> bool:
        if not case.absence_is_a_value:
            return life.states[-1:] == [False]
        return bool(life.batches) and life.batches[-1][0].value is False

    def is_there() -> bool:
        last = life.batches[-1][0] if life.batches else None
        if last is None or not life.states or not life.states[-1]:
            return False
        return last.value is True if case.absence_is_a_value else last.quality is Quality.GOOD

    async with case.stage(folder) as scene:
        threads, ports = set(threading.enumerate()), open_ports()
        driver = build(scene)
        task = asyncio.create_task(driver.run(life))
        for _ in range(2):
            await until(is_away)
            turns = life.turns
            await until(partial(has_turned, life, turns + BEATS))
            life.dead_turns.append(life.turns - turns)
            life.facts["away"] = driver.statistics.facts()
            await scene.appear()
            await until(is_there)
            batches = len(life.batches)
            await until(partial(has_said, life, batches + 2))
            life.facts["there"] = driver.statistics.facts()
            if len(life.dead_turns) < 2:
                await scene.vanish()
        began_s = asyncio.get_running_loop().time()
        task.cancel()
        await asyncio.wait([task], timeout=WAIT_S)
        life.ended_s = asyncio.get_running_loop().time() - began_s
        life.left["cancelled"] = task.cancelled()
        life.left["tasks"] = tasks_of_drivers()
        await scene.vanish()
        await until(lambda: open_ports() <= ports)
        new = set(threading.enumerate()) - threads
        life.left["threads"] = {one.name for one in new if not one.name.startswith(POOL)}
    return life


@cache
def life_of(name: str) -> Life:
    with TemporaryDirectory() as folder:
        return asyncio.run(live(BY_NAME[name], Path(folder)))


@pytest.fixture(params=BY_NAME, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def in_scene(name: str, look: Callable[[Scene], None], folder: Path) -> None:
    async def story() -> None:
        async with BY_NAME[name].stage(folder) as scene:
            look(scene)

    asyncio.run(story())


def test_its_signals_are_known_before_anything_is_opened(name: str, tmp_path: Path) -> None:
    def look(scene: Scene) -> None:
        ports = open_ports()
        driver = build(scene)
        assert driver.name == scene.settings.name
        assert dict(driver.signals) == dict(table.signals_of(scene.settings, scene.means.folders))
        assert driver.signals
        for signal, limit_us in driver.signals.items():
            assert signal_for(signal) is not None
            assert limit_us >= 2_000_000
        assert open_ports() == ports

    in_scene(name, look, tmp_path)


def test_it_counts_from_zero(name: str, tmp_path: Path) -> None:
    def look(scene: Scene) -> None:
        counts = build(scene).statistics.facts()
        assert {value for key, value in counts.items() if not key.endswith("_ms")} == {0}

    in_scene(name, look, tmp_path)


def test_it_speaks_only_of_its_own_signals_under_its_own_name(name: str, tmp_path: Path) -> None:
    def look(scene: Scene) -> None:
        driver = build(scene)
        said = {reading.signal for reading in life_of(name).said}
        assert said == set(driver.signals)
        assert life_of(name).drivers == {driver.name}

    life_of(name)
    in_scene(name, look, tmp_path)


def test_a_batch_has_one_time_and_time_never_goes_back(name: str) -> None:
    batches = life_of(name).batches
    assert all(len({reading.at_us for reading in batch}) == 1 for batch in batches)
    times = [batch[0].at_us for batch in batches]
    assert times == sorted(times)


def test_a_batch_says_each_signal_once(name: str) -> None:
    for batch in life_of(name).batches:
        signals = [reading.signal for reading in batch]
        assert len(signals) == len(set(signals))


def test_good_values_are_of_their_signal_s_type_and_no_answer_has_none(name: str) -> None:
    for reading in life_of(name).said:
        row = signal_for(reading.signal)
        assert row is not None
        if reading.quality is Quality.GOOD:
            assert reading.value is not None
            assert row.accepts(reading.value)
        elif reading.quality is Quality.NO_ANSWER:
            assert reading.value is None


def test_the_link_is_said_at_its_changes_only_and_with_a_reason(name: str) -> None:
    life = life_of(name)
    expected = [True] if BY_NAME[name].absence_is_a_value else [False, True, False, True]
    assert life.states == expected
    for _, reason in life.links:
        assert len(reason) > 5
        assert reason.isprintable()


def test_a_device_that_is_away_never_has_a_good_value_said_of_it(name: str) -> None:
    life = life_of(name)
    first = next(life.said)
    assert first.value in {None, False}
    assert first.quality is Quality.NO_ANSWER or BY_NAME[name].absence_is_a_value


def test_its_loop_goes_round_though_the_device_is_away(name: str) -> None:
    assert min(life_of(name).dead_turns) >= BEATS


def test_nothing_fails_on_the_way_and_the_end_is_quick(name: str) -> None:
    life = life_of(name)
    assert life.errors == []
    assert life.left["cancelled"]
    assert life.ended_s < CANCELLED_S


def test_nothing_is_left_open_afterwards(name: str) -> None:
    left = life_of(name).left
    assert left["tasks"] == 0
    assert left["threads"] == set()


def test_what_it_counts_only_grows_and_something_does(name: str) -> None:
    facts = life_of(name).facts
    counts = [key for key in facts["there"] if not key.endswith("_ms")]
    away = sum(int(facts["away"][key] or 0) for key in counts)
    there = sum(int(facts["there"][key] or 0) for key in counts)
    assert there > away
    polled = facts["there"]["polls"], facts["there"]["answered"]
    assert any(polled)
