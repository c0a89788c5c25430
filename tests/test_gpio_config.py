"""Pins in the configuration: which signals a contact can give, and what contradicts what."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.config import ConfigProblems, load
from agent.config_rules_pins import CONTACT_DOORS, STATIONS, fits_contact
from agent.drivers.gpio_contact import COUNTERS, MAX_HZ, SETTLE_MS
from agent.settings import CardSettings, GpioAnnouncement, GpioInput, GpioSettings
from agent.signals import SIGNALS, Kind

EXAMPLE = Path(__file__).parent.parent / "config" / "agent.example.toml"
HEAD = '[elevator]\nsite = "s"\nid = "e"\n'
NAMED = (*SIGNALS, *(f"intercom.{station}" for station in STATIONS), "camera.car")


def problems(folder: Path, *tables: str) -> dict[str, Any]:
    """Load a configuration of these driver tables; its problems by their keys below the driver."""
    path = folder / "agent.toml"
    path.write_text(HEAD + "\n".join(f"[[drivers]]\n{table}" for table in tables))
    try:
        load(path)
    except ConfigProblems as wrong:
        return {_below(problem.key): problem for problem in wrong.problems}
    return {}


def _below(key: str) -> str:
    """Give what stands behind the driver in a problem's key, without quotes."""
    return re.sub(r"^drivers\[[^]]*\]\.?", "", key).replace('"', "")


def gpio(inputs: str, *, name: str = "contacts", more: str = "") -> str:
    return f'name = "{name}"\nkind = "gpio"\n{more}\n[drivers.inputs]\n{inputs}\n'


@pytest.mark.parametrize("signal", NAMED)
def test_every_yes_or_no_each_door_and_each_counter_of_the_contract_fits_a_contact(
    signal: str, tmp_path: Path
) -> None:
    row = SIGNALS.get(signal)
    fits = row is None or row.kind is Kind.BOOL or signal in (*CONTACT_DOORS, *COUNTERS)
    assert fits_contact(signal) is fits
    found = problems(tmp_path, gpio(f'"{signal}" = {{ pin = 4 }}'))
    assert bool(found) is not fits


def test_the_counters_are_the_contracts_counts() -> None:
    assert {SIGNALS[name].kind for name in COUNTERS} == {Kind.INT}


@pytest.mark.parametrize(
    "signal", ["intercom.kitchen", "car.floor", "host.disk", "", "alarm.buton"]
)
def test_what_no_contact_can_give_is_refused(signal: str) -> None:
    assert not fits_contact(signal)


def test_every_key_of_an_input_can_be_set_and_is_read(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    keys = 'pin = 5, active = "high", pull = "up", debounce_ms = 20, release_ms = 300'
    text = f'"door.front" = {{ {keys}, inverse_pin = 6, settle_ms = 700 }}\n'
    text += '"door.cycle_count" = { pin = 7, max_hz = 2 }'
    announcement = 'announcement = { pin = 18, active = "low", on_s = 1.5, repeat_s = 120 }'
    path.write_text(HEAD + "[[drivers]]\n" + gpio(text, more=announcement))
    door = GpioInput(
        pin=5,
        active="high",
        pull="up",
        debounce_ms=20,
        release_ms=300,
        inverse_pin=6,
        settle_ms=700,
    )
    (driver,) = load(path).drivers
    assert driver == GpioSettings(
        name="contacts",
        inputs={"door.front": door, "door.cycle_count": GpioInput(pin=7, max_hz=2)},
        announcement=GpioAnnouncement(pin=18, active="low", on_s=1.5, repeat_s=120),
    )


def test_an_unknown_key_of_the_announcement_is_found(tmp_path: Path) -> None:
    found = problems(tmp_path, gpio("", more="announcement = { pin = 18, on_ms = 3 }"))
    assert set(found) == {"announcement.on_ms"}


@pytest.mark.parametrize(("on_s", "fits"), [(0.1, False), (0.2, True), (60, True), (61, False)])
def test_the_longest_time_on_has_bounds(tmp_path: Path, on_s: float, fits: bool) -> None:
    found = problems(tmp_path, gpio("", more=f"announcement = {{ pin = 18, on_s = {on_s} }}"))
    assert set(found) == (set() if fits else {"announcement.on_s"})


@pytest.mark.parametrize("repeat_s", [89, 3601])
def test_it_is_repeated_neither_without_rest_nor_hardly_ever(tmp_path: Path, repeat_s: int) -> None:
    more = f"announcement = {{ pin = 18, repeat_s = {repeat_s} }}"
    assert set(problems(tmp_path, gpio("", more=more))) == {"announcement.repeat_s"}


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ('pin = 2, active = "high"', True),
        ('pin = 3, pull = "none"', True),
        ('pin = 5, inverse_pin = 3, active = "high"', True),
        ('pin = 2, active = "high", pull = "up"', False),
        ("pin = 3", False),
        ('pin = 4, active = "high"', False),
    ],
)
def test_pins_2_and_3_can_only_be_pulled_up(tmp_path: Path, keys: str, wrong: bool) -> None:
    found = problems(tmp_path, gpio(f'"alarm.button" = {{ {keys} }}'))
    assert set(found) == ({"inputs.alarm.button.pull"} if wrong else set())


def test_a_settle_time_without_a_pair_is_a_slip(tmp_path: Path) -> None:
    found = problems(tmp_path, gpio('"alarm.button" = { pin = 4, settle_ms = 500 }'))
    assert set(found) == {"inputs.alarm.button.settle_ms"}


def test_a_counter_has_one_contact(tmp_path: Path) -> None:
    found = problems(tmp_path, gpio('"door.cycle_count" = { pin = 4, inverse_pin = 5 }'))
    assert set(found) == {"inputs.door.cycle_count.inverse_pin"}


@pytest.mark.parametrize(
    ("signal", "keys", "wrong"),
    [
        ("alarm.button", "max_hz = 5", True),
        ("door.cycle_count", "max_hz = 9", False),  # 1000 / (50 + 50 + 10) is 9.09
        ("door.cycle_count", "max_hz = 9.1", True),
        ("door.cycle_count", "debounce_ms = 200", True),
        ("door.cycle_count", "debounce_ms = 200, max_hz = 2", False),
        ("door.cycle_count", "release_ms = 140", False),  # five times 200 ms
        ("door.cycle_count", "release_ms = 141", True),
    ],
)
def test_a_counters_rate_leaves_each_pulse_its_debounce(
    tmp_path: Path, signal: str, keys: str, wrong: bool
) -> None:
    found = problems(tmp_path, gpio(f'"{signal}" = {{ pin = 4, {keys} }}'))
    assert set(found) == ({f"inputs.{signal}.max_hz"} if wrong else set())


WIEGAND = 'name = "r"\nkind = "card"\nreader = "mr"\nmodel = "wiegand26"\n'
CONTACT = 'name = "pit"\nkind = "intercom"\nstation = "pit"\nprobe = "contact"\npin = 9\n'


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (gpio('"car.light" = { pin = 9 }', name="other"), "inputs.car.light.pin"),
        (gpio('"car.light" = { pin = 8, inverse_pin = 9 }', name="other"), "inputs.car.light.inverse_pin"),
        (gpio("", name="other", more="announcement = { pin = 9 }"), "announcement.pin"),
        (WIEGAND + "data0_pin = 9\ndata1_pin = 10", "data0_pin"),
        (WIEGAND + "data0_pin = 10\ndata1_pin = 9", "data1_pin"),
        (CONTACT, "pin"),
    ],
)  # fmt: skip
def test_a_pin_has_one_use_whatever_it_is(tmp_path: Path, table: str, key: str) -> None:
    found = problems(tmp_path, gpio('"alarm.button" = { pin = 9 }'), table)
    assert set(found) == {key}
    assert "drivers" in found[key].remedy.en


def test_there_is_one_announcement(tmp_path: Path) -> None:
    first = gpio("", name="a", more="announcement = { pin = 5 }")
    second = gpio("", name="b", more="announcement = { pin = 6 }")
    assert set(problems(tmp_path, first, second)) == {"announcement"}


def test_a_wiegand_reader_needs_both_pins_and_no_port(tmp_path: Path) -> None:
    assert problems(tmp_path, WIEGAND + "data0_pin = 5\ndata1_pin = 6") == {}
    assert set(problems(tmp_path, WIEGAND)) == {"data0_pin", "data1_pin"}
    assert set(problems(tmp_path, WIEGAND + "data0_pin = 28\ndata1_pin = 6")) == {"data0_pin"}
    port = 'url = "serial:///dev/ttyS0?baudrate=9600&parity=N"'
    assert "url" in problems(tmp_path, WIEGAND + f"data0_pin = 5\ndata1_pin = 6\n{port}")
    assert CardSettings(name="r", reader="mr").model == "rdm6300"


def test_the_examples_commented_keys_of_pins_are_the_defaults() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    line = re.search(r"^# (announcement = .*)$", text, re.MULTILINE)
    assert line is not None
    shown = tomllib.loads(line[1])["announcement"]
    assert GpioAnnouncement(pin=shown["pin"]) == msgspec.convert(shown, GpioAnnouncement)
    assert set(shown) == {field.name for field in msgspec.structs.fields(GpioAnnouncement)}
    for key, value in (("settle_ms", SETTLE_MS), ("max_hz", MAX_HZ)):
        assert re.search(rf"^# {key} = {value} ", text, re.MULTILINE)
