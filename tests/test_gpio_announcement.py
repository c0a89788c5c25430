"""The one output: on when people are trapped, off by itself, at the start, at every end and in every failure."""

import asyncio
import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device, DigitalInputDevice, DigitalOutputDevice
from gpiozero.exc import PinInvalidFunction
from hypothesis import given
from hypothesis import strategies as st

from agent import announcement
from agent.announcement import Calming, calming_of, step
from agent.clock import Clock
from agent.drivers.gpio import GpioDriver
from agent.drivers.gpio_announcement import Announcement
from agent.model import SECOND_US
from agent.settings import (
    ElevatorSettings,
    GpioAnnouncement,
    GpioInput,
    GpioSettings,
    Level,
    ModbusSettings,
    Settings,
)
from hil.installation import configuration, contacts, controller
from hil.pins import SimulatedFactory
from hil.pins_server import ANNOUNCEMENT, PinsServer
from tests.e2e import QUICK, whole
from tests.gpio_stage import WAIT_S, FlakyPin, Heard, board, until, watched

BUTTON = {"alarm.button": GpioInput(pin=17, debounce_ms=5)}
SHORT = GpioAnnouncement(pin=18, on_s=0.3)
LONG = GpioAnnouncement(pin=18, on_s=30)


@pytest.fixture
def factory() -> Iterator[Any]:
    """Give a board without a Pi below it."""
    with board() as made:
        yield made


class Wire:
    """An output that remembers its levels, and may have no chip any more."""

    def __init__(self) -> None:
        self.levels: list[bool] = [False]
        self.gone = self.closed = False

    def switch(self, *, on: bool) -> None:
        if self.gone:
            raise OSError(19, "No such device")
        if on is not self.levels[-1]:
            self.levels.append(on)

    def close(self) -> None:
        self.closed = True


def opened(settings: GpioAnnouncement = SHORT) -> tuple[Announcement, Wire]:
    wire = Wire()

    def claim(_pin: int, _active: Level) -> Wire:
        return wire

    made = Announcement("contacts", settings, claim)
    made.open()
    return made, wire


def wait_for(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline_s, "it did not come about"
        time.sleep(0.005)


# ---- how long it is on ----


def test_a_caller_that_never_says_off_finds_it_off_by_itself() -> None:
    made, wire = opened()
    assert made.say()
    assert wire.levels == [False, True]
    wait_for(lambda: wire.levels == [False, True, False])


def test_a_caller_that_goes_on_and_on_does_not_keep_it_on() -> None:
    made, wire = opened()
    began_s = time.monotonic()
    while wire.levels[-3:] != [False, True, False]:
        assert made.say()
        assert time.monotonic() < began_s + WAIT_S
    made.close()
    assert wire.levels[-1] is False


def test_it_is_off_in_time_even_if_the_loop_of_its_caller_hangs() -> None:
    async def hang() -> None:
        made, wire = opened()
        made.say()
        deadline_s = time.monotonic() + WAIT_S
        while wire.levels[-1] and time.monotonic() < deadline_s:
            time.sleep(0.01)  # noqa: ASYNC251 - the loop hangs on purpose
        assert wire.levels == [False, True, False]

    asyncio.run(hang())


def test_closing_switches_off_and_frees_the_pin_and_no_timer_stays() -> None:
    made, wire = opened(LONG)
    made.say()
    made.close()
    assert (wire.levels, wire.closed) == ([False, True, False], True)
    wait_for(lambda: not any(isinstance(t, threading.Timer) for t in threading.enumerate()))
    assert not made.say()


def test_a_timer_of_an_earlier_time_does_not_cut_a_later_one_short() -> None:
    made, wire = opened(LONG)
    made._ended()  # as a timer would that was cancelled too late
    made.say()
    made._ended()
    assert wire.levels == [False, True]
    made.close()


def test_a_pin_that_is_lost_is_freed_logged_once_and_opened_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    made, wire = opened(LONG)
    wire.gone = True
    assert not made.say()
    assert (made.is_open, wire.closed) == (False, True)
    assert not made.say()
    made.close()
    wire.gone = False
    made.open()
    assert made.say()
    made.close()
    lost, back = [record.getMessage() for record in caplog.records]
    assert lost.startswith("contacts: announcement on pin 18 is lost: [Errno 19] No such device")
    assert back == "contacts: announcement on pin 18 is back"


def test_an_output_that_cannot_be_claimed_is_the_worlds_doing_and_a_mistake_is_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def busy(_pin: int, _active: Level) -> Wire:
        raise OSError(16, "GPIO busy")

    def mistaken(_pin: int, _active: Level) -> Wire:
        raise TypeError("a mistake of ours")

    made = Announcement("contacts", SHORT, busy)
    made.open()
    made.open()
    assert not made.is_open
    assert caplog.text.count("another program holds the pin") == 1
    with pytest.raises(TypeError):
        Announcement("contacts", SHORT, mistaken).open()


def test_a_mistake_of_ours_in_switching_or_freeing_is_not_hidden() -> None:
    def mistaken(**_: bool) -> None:
        raise TypeError("a mistake of ours")

    class Mistaken:
        switch = close = staticmethod(mistaken)

    class Unfree:
        close = staticmethod(mistaken)

        def switch(self, *, on: bool) -> None:
            """Work."""

    outputs: tuple[Any, ...] = (Mistaken(), Unfree())
    for output in outputs:
        made = Announcement("contacts", LONG, functools.partial(_first, output))
        made.open()
        with pytest.raises(TypeError):
            made.close()


def _first(output: Any, _pin: int, _active: Level) -> Any:
    return output


# ---- the driver ----


def lit(factory: Any) -> bool:
    return bool(factory.pin(18).state)


def test_the_driver_claims_it_off_and_its_end_switches_it_off(factory: Any) -> None:
    async def story() -> None:
        async with watched(BUTTON, LONG) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            assert (factory.pin(18).function, lit(factory)) == ("output", False)
            assert heard.driver.announce()
            assert lit(factory)
        assert not lit(factory)
        assert factory.pin(18).function == "input"
        DigitalInputDevice(18).close()

    asyncio.run(story())


def test_active_low_rests_high(factory: Any) -> None:
    async def story() -> None:
        async with watched(BUTTON, GpioAnnouncement(pin=18, active="low", on_s=30)) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            assert lit(factory)
            assert heard.driver.announce()
            assert not lit(factory)

    asyncio.run(story())


def test_a_mistake_in_the_driver_leaves_it_off(
    factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        settings = GpioSettings(name="contacts", inputs=BUTTON, announcement=LONG)
        driver, heard = GpioDriver(settings, Clock()), Heard()
        task = asyncio.create_task(driver.run(heard))
        await until(lambda: heard.now("alarm.button") is False)
        assert driver.announce()
        with monkeypatch.context() as patch:
            patch.setattr(FlakyPin, "_get_state", _mistaken)
            with contextlib.suppress(TypeError):
                await asyncio.wait_for(task, WAIT_S)
        assert isinstance(task.exception(), TypeError)
        assert not lit(factory)

    asyncio.run(story())


def _mistaken(*_: object) -> None:
    raise TypeError("a mistake of ours")


def test_a_chip_that_vanishes_takes_it_away_and_gives_it_back(factory: Any) -> None:
    async def story() -> None:
        async with watched(BUTTON, SHORT) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            FlakyPin.gone = True
            assert not heard.driver.announce()
            FlakyPin.gone = False
            await until(heard.driver.announce)
            await until(lambda: not lit(factory))

    asyncio.run(story())


def test_contacts_are_read_while_the_output_is_taken_by_another(factory: Any) -> None:
    async def story() -> None:
        holder = DigitalOutputDevice(18)
        async with watched(BUTTON, SHORT) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            assert not heard.driver.announce()
            holder.close()
            await until(heard.driver.announce)

    asyncio.run(story())


def test_a_table_with_nothing_but_the_announcement_is_up(factory: Any) -> None:
    async def story() -> None:
        async with watched({}, SHORT) as heard:
            await until(lambda: heard.states == [True])
            assert heard.driver.announce()

    asyncio.run(story())


def test_on_the_bench_only_a_named_output_can_be_driven_and_its_server_sees_it(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        import random

        server = PinsServer({}, random.Random(1), outputs=(ANNOUNCEMENT,))
        await server.start(tmp_path / "pins")
        Device.pin_factory = await asyncio.to_thread(SimulatedFactory, str(tmp_path / "pins"))
        try:
            with pytest.raises(PinInvalidFunction):
                DigitalOutputDevice(17)
            wire = server.driven[ANNOUNCEMENT]
            async with watched({}, GpioAnnouncement(pin=ANNOUNCEMENT, on_s=0.3)) as heard:
                await until(lambda: bool(heard.driver.announce()))
                await until(lambda: (wire.level, wire.rises) == (1, 1))
                await until(lambda: wire.level == 0)
        finally:
            await asyncio.to_thread(Device.pin_factory.close)
            Device.pin_factory = None
            await server.close()

    asyncio.run(story())


# ---- when it is said ----

REPEAT = 300 * SECOND_US


def test_it_is_said_at_once_and_every_repeat_while_they_are_trapped() -> None:
    assert step(None, trapped=False, now_us=5, repeat_us=REPEAT) == (False, None)
    assert step(None, trapped=True, now_us=5, repeat_us=REPEAT) == (True, 5)
    assert step(5, trapped=True, now_us=5 + REPEAT - 1, repeat_us=REPEAT) == (False, 5)
    assert step(5, trapped=True, now_us=5 + REPEAT, repeat_us=REPEAT) == (True, 5 + REPEAT)
    assert step(5, trapped=False, now_us=6, repeat_us=REPEAT) == (False, None)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2 * REPEAT)), max_size=50))
def test_two_times_in_one_entrapment_are_never_closer_than_the_repeat(
    looks: list[tuple[bool, int]],
) -> None:
    said_us, now_us, last_us = None, 0, None
    for trapped, wait_us in looks:
        now_us += wait_us
        say, said_us = step(said_us, trapped=trapped, now_us=now_us, repeat_us=REPEAT)
        assert not say or trapped
        if not trapped:
            last_us = None
        elif last_us is None:
            assert say
        if say:
            assert last_us is None or now_us - last_us >= REPEAT
            last_us = now_us


class Hall:
    """People who may be trapped, and a player that counts."""

    def __init__(self) -> None:
        self.trapped = False
        self.said = 0
        self.answers: list[bool | Exception] = []

    def announce(self) -> bool:
        self.said += 1
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextlib.asynccontextmanager
async def calming(hall: Hall, repeat_us: int = REPEAT) -> Any:
    made = Calming(Clock(), repeat_us, hall.announce, lambda: hall.trapped)
    task = asyncio.create_task(made.run())
    try:
        yield made
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_a_raise_wakes_it_and_so_does_what_no_event_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        hall = Hall()
        async with calming(hall) as made:
            await asyncio.sleep(0)
            hall.trapped = True
            made.wake()
            await until(lambda: hall.said == 1)
            hall.trapped = False
            made.wake()
            await asyncio.sleep(0.01)
            monkeypatch.setattr(announcement, "LOOK_S", 0.01)
            made.wake()
            await asyncio.sleep(0.01)
            hall.trapped = True
            await until(lambda: hall.said == 2)

    asyncio.run(story())


def test_a_player_that_is_not_there_yet_is_tried_until_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcement, "LOOK_S", 0.01)

    async def story() -> None:
        hall = Hall()
        hall.trapped, hall.answers = True, [False, False, True]
        async with calming(hall):
            await until(lambda: hall.said == 3)
            await asyncio.sleep(0.05)
            assert hall.said == 3

    asyncio.run(story())


def test_a_player_that_fails_ends_nothing_and_is_tried_at_its_next_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(announcement, "LOOK_S", 0.01)

    async def story() -> None:
        hall = Hall()
        hall.trapped, hall.answers = True, [TypeError("a mistake of ours")]
        async with calming(hall, repeat_us=100_000):
            await until(lambda: hall.said == 2)

    asyncio.run(story())
    assert caplog.text.count("the announcement failed") == 1


def test_nothing_is_made_where_no_announcement_is_configured() -> None:
    elevator = ElevatorSettings(site="s", id="e")
    silent = GpioSettings(name="a", inputs={})
    box = ModbusSettings(name="c", profile="p", url="tcp://h:1")
    nothing = Settings(elevator=elevator, drivers=(box, silent))
    assert calming_of(nothing, Clock(), [], lambda: True) is None


def test_every_driver_with_an_output_is_asked_and_others_are_not() -> None:
    async def story() -> None:
        elevator = ElevatorSettings(site="s", id="e")
        table = GpioSettings(name="a", inputs={}, announcement=SHORT)
        hall, other = Hall(), Hall()
        other.answers = [False]
        settings = Settings(elevator=elevator, drivers=(table,))
        made = calming_of(settings, Clock(), [object(), other, hall], lambda: True)
        assert made is not None
        made._look()
        made._look()
        assert (hall.said, other.said) == (1, 1)

    asyncio.run(story())


# ---- end to end ----


def test_trapped_people_are_calmed_and_a_killed_agent_leaves_it_to_the_next_one(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, speedup=4) as bench:
        table = {**contacts(), "announcement": {"pin": ANNOUNCEMENT, "on_s": 3.0}}
        drivers = [controller(bench.elevator.modbus_port), table]
        configuration(tmp_path, monitor=QUICK, mqtt={"port": bench.link.port}, drivers=drivers)

        def wire() -> tuple[int, int]:
            driven = bench.elevator.client.state()["outputs"][str(ANNOUNCEMENT)]
            return driven["level"], driven["rises"]

        bench.agent.start()
        assert wire() == (0, 0)
        bench.do("entrap")
        bench.event("trapped_passengers", timeout_s=40)
        wait_for(lambda: wire() == (1, 1))
        wait_for(lambda: wire()[0] == 0)  # by itself: nobody has been freed
        bench.agent.kill()
        bench.agent.start()  # they are still trapped: it is said again
        wait_for(lambda: wire() == (1, 2))
        bench.agent.kill()
        assert wire() == (1, 2)  # as a line of a Raspberry Pi whose process was killed
        bench.agent.start()
        wait_for(lambda: wire()[0] == 0)
        assert bench.agent.stop() == 0
        assert wire()[0] == 0
