"""Traps of the pin libraries, each of which would hurt without what the agent does about it."""

import ast
import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import DigitalInputDevice

from agent.drivers.gpio import pulled_up
from agent.settings import GpioAnnouncement, GpioInput
from tests.gpio_stage import FlakyPin, board, until, watched

AGENT = Path(__file__).parent.parent / "agent"
needs_lgpio = pytest.mark.skipif(
    importlib.util.find_spec("lgpio") is None, reason="no lgpio for this Python"
)


@pytest.fixture
def factory() -> Iterator[Any]:
    """Give a board without a Pi below it."""
    with board() as made:
        yield made


def python(program: str, *, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key != "LG_WD"}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(AGENT.parent), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# ---- lgpio's pipe in the working directory ----

NOT_WRITABLE = Path("/proc")  # for root neither


@needs_lgpio
def test_lgpio_cannot_even_be_imported_where_it_may_not_write_its_pipe() -> None:
    told = python("import lgpio", cwd=NOT_WRITABLE)
    assert told.returncode == 1
    assert ".lgd-nfy" in told.stderr


@needs_lgpio
def test_the_agent_gives_lgpio_a_folder_where_the_working_directory_cannot_be_written(
    tmp_path: Path,
) -> None:
    program = "from agent.drivers.gpio import give_lgpio_a_folder as give; give(); import lgpio"
    told = python(program, cwd=NOT_WRITABLE, TMPDIR=str(tmp_path))
    assert told.returncode == 0, told.stderr
    assert [path.name for path in tmp_path.glob("elevator-agent-*/*")] == [".lgd-nfy0"]


@needs_lgpio
def test_a_folder_named_by_the_unit_is_left_as_it_is(tmp_path: Path) -> None:
    program = (
        "import os; from agent.drivers.gpio import give_lgpio_a_folder as give; give(); "
        "import lgpio; print(os.environ['LG_WD'])"
    )
    told = python(program, cwd=NOT_WRITABLE, LG_WD=str(tmp_path))
    assert told.stdout.strip() == str(tmp_path), told.stderr
    assert (tmp_path / ".lgd-nfy0").exists()


@needs_lgpio
def test_opening_pins_where_nothing_may_be_written_fails_for_the_lack_of_a_pi_and_not_of_a_pipe(
    tmp_path: Path,
) -> None:
    program = (
        "from agent.drivers.gpio import InputPin\n"
        "from agent.drivers.gpio_faults import advice\n"
        "try: InputPin(17, 'up')\n"
        "except Exception as error: print(advice(error))\n"
    )
    told = python(program, cwd=NOT_WRITABLE, TMPDIR=str(tmp_path))
    assert ".lgd-nfy" not in told.stdout + told.stderr
    assert told.stdout.startswith("unable to locate Pi revision"), told.stderr


# ---- the numbering of the Pi 5 ----

CHIPS = """
import os, sys
import lgpio
from gpiozero.pins.lgpio import LGPIOFactory
revision, has_chip_4 = int(sys.argv[1], 16), sys.argv[2] == "yes"
exists = os.path.exists
os.path.exists = lambda path: has_chip_4 if path == "/dev/gpiochip4" else exists(path)
lgpio.gpiochip_open = lambda chip: print(chip) or 0
lgpio.gpiochip_close = lambda handle: None
LGPIOFactory._get_revision = lambda self: revision
LGPIOFactory().close()
"""


@needs_lgpio
@pytest.mark.parametrize(
    ("board_name", "revision", "has_chip_4", "chip"),
    [
        ("Pi 5, older kernel", "c04170", "yes", 4),
        ("Pi 5, newer kernel", "c04170", "no", 0),
        ("Pi 4", "c03115", "no", 0),
        ("Pi 4 with a second chip", "c03115", "yes", 0),
        ("Pi Zero 2 W", "902120", "no", 0),
    ],
)
def test_the_header_is_found_on_every_board_and_kernel(
    tmp_path: Path, board_name: str, revision: str, has_chip_4: str, chip: int
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", CHIPS, revision, has_chip_4],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.stdout.split() == [str(chip)], (board_name, told.stderr)


# ---- bounce and directions ----

INPUTS = {
    "alarm.button": GpioInput(pin=17, debounce_ms=50),
    "door.front": GpioInput(pin=5, inverse_pin=6),
    "door.cycle_count": GpioInput(pin=7, pull="none"),
}


def test_the_library_is_never_asked_to_debounce(factory: Any) -> None:
    async def story() -> None:
        async with watched(INPUTS) as heard:
            await until(lambda: heard.now("alarm.button") is False)

    asyncio.run(story())
    pulled_up(20).close()
    assert set(FlakyPin.bounces) == {None}


def test_the_stand_in_notices_when_it_is(factory: Any) -> None:
    DigitalInputDevice(17, pull_up=True, bounce_time=0.05).close()
    assert 0.05 in FlakyPin.bounces


def outputs() -> set[int]:
    return {number for number, function in FlakyPin.functions if function == "output"}


def test_every_pin_is_an_input_but_the_one_of_the_announcement(factory: Any) -> None:
    async def story() -> None:
        async with watched(INPUTS) as heard:
            await until(lambda: heard.now("alarm.button") is False)
        assert outputs() == set()
        async with watched(INPUTS, GpioAnnouncement(pin=18)) as heard:
            await until(lambda: heard.now("alarm.button") is False)
            assert heard.driver.announce()

    asyncio.run(story())
    pulled_up(20).close()
    assert outputs() == {18}


def test_only_the_announcement_names_what_can_drive_a_line() -> None:
    """A device that can be an output is made in one class, and that class is handed to one other."""
    users = {
        (path.relative_to(AGENT).as_posix(), node.id if isinstance(node, ast.Name) else node.attr)
        for path in AGENT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Name, ast.Attribute))
        and (node.id if isinstance(node, ast.Name) else node.attr)
        in {"OutputPin", "DigitalOutputDevice", "OutputDevice", "LED", "PWMLED", "Buzzer"}
    }
    assert users == {("drivers/gpio.py", "OutputPin"), ("drivers/gpio.py", "DigitalOutputDevice")}
    source = (AGENT / "drivers" / "gpio.py").read_text(encoding="utf-8")
    assert (
        source.count("OutputPin") == 2
    )  # where it is made, and where the announcement is given it
    assert "Announcement(settings.name, settings.announcement, OutputPin)" in source
