"""Looks at the pins: chip, library and rights; the contacts as the service sees them, else each is claimed and read once.

Pins are claimed as inputs only, with the resistor that the configuration gives them, and freed at once.
"""

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.doctor.finding import Finding
from agent.doctor.inputs import InputFacts, judge_sense, judge_toggled
from agent.doctor.pins import ChipFacts, PinFacts, judge_chip, judge_pin
from agent.doctor.scene import Contact, Scene, Signal, may_write, service_user
from agent.drivers.aside import Aside
from agent.drivers.gpio_faults import advice, is_world
from agent.settings import CardSettings, GpioInput, GpioSettings, IntercomSettings

_TIMEOUT_S: Final = 10.0
_FACTORY: Final = "GPIOZERO_PIN_FACTORY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What claiming a contact's pins gave: an error, or its value, or a pair of which both say the same."""

    error: str = ""
    value: bool | None = None
    contradicts: bool = False


def inputs_of(scene: Scene) -> dict[str, tuple[str, GpioInput]]:
    """Give every contact: its signal, whose driver it is, and its settings."""
    found: dict[str, tuple[str, GpioInput]] = {}
    for driver in scene.drivers:
        if isinstance(driver, GpioSettings):
            found |= {signal: (driver.name, one) for signal, one in driver.inputs.items()}
        elif isinstance(driver, IntercomSettings) and driver.pin is not None:
            one = GpioInput(pin=driver.pin, active=driver.active)
            found[f"intercom.{driver.station}"] = (driver.name, one)
    return found


async def look_at_pins(scene: Scene) -> list[Finding]:
    """Look at the chip, then at each pin."""
    inputs = inputs_of(scene)
    wiegand = any(isinstance(d, CardSettings) and d.data0_pin is not None for d in scene.drivers)
    chip = await Aside(lambda: _chip(scene.root, wanted=bool(inputs) or wiegand)).call(_TIMEOUT_S)
    found = [judge_chip(chip)]
    levels: dict[str, Level] = {}
    if inputs and chip.chips and not chip.library_error and not scene.is_held:
        levels = await Aside(lambda: _read(inputs)).call(_TIMEOUT_S)
    for signal, (driver, one) in inputs.items():
        found += _pin(scene, signal, driver, one, levels.get(signal))
    return found


def _chip(root: Path, *, wanted: bool) -> ChipFacts:
    if not wanted:
        return ChipFacts(wanted=False, model=_model(root))
    user, uid, groups = service_user()
    named = os.environ.get(_FACTORY)
    nodes = sorted((root / "dev").glob("gpiochip*"))
    allowed = True
    for node in nodes[:1]:
        entry = node.stat()
        allowed = may_write(entry.st_mode, entry.st_uid, entry.st_gid, uid, groups)
    return ChipFacts(
        wanted=True,
        chips=[named] if named else [str(node) for node in nodes],
        allowed=allowed,
        user=user,
        library_error="" if named else _library_error(),
        model=_model(root),
    )


def _model(root: Path) -> str:
    try:
        return (root / "proc/device-tree/model").read_text(encoding="ascii").strip("\0 \n")
    except (OSError, ValueError):
        return ""


def _library_error() -> str:
    from agent.drivers.gpio import give_lgpio_a_folder

    give_lgpio_a_folder()
    try:
        importlib.import_module("lgpio")
    except Exception as wrong:
        if not is_world(wrong):
            raise
        return str(wrong) or type(wrong).__name__
    return ""


def _read(inputs: Mapping[str, tuple[str, GpioInput]]) -> dict[str, Level]:
    """Claim each pin, read it, free it: why not, and its value."""
    return {signal: _level(one) for signal, (_, one) in inputs.items()}


def _level(one: GpioInput) -> Level:
    from agent.drivers.gpio import InputPin
    from agent.drivers.gpio_contact import pull_of

    numbers = [one.pin] if one.inverse_pin is None else [one.pin, one.inverse_pin]
    levels: list[bool] = []
    try:
        for number in numbers:
            pin = InputPin(number, pull_of(one))
            try:
                levels.append(pin.is_high == (one.active == "high"))
            finally:
                pin.close()
    except Exception as wrong:
        if not is_world(wrong):
            raise
        return Level(error=advice(wrong))
    if len(levels) > 1 and levels[0] == levels[1]:
        return Level(contradicts=True)
    return Level(value=levels[0])


def _pin(
    scene: Scene, signal: str, driver: str, one: GpioInput, level: Level | None
) -> list[Finding]:
    service = scene.service
    told = None if service is None else service.signals.get(signal)
    link = None if service is None else service.status.links.get(driver)
    served = scene.is_held
    pin = PinFacts(
        signal=signal,
        pin=one.pin,
        error=None if level is None else level.error,
        served=served,
        told=service is not None,
        lost=service is not None and (told is None or told.q != "good"),
        contradicts=_pair_contradicts(one, level, told),
        reason="" if link is None or link.up else link.reason,
    )
    value = (None if level is None else level.value) if told is None else told.v
    contact = None if service is None else service.own.contacts.get(signal)
    facts = _input(scene, signal, one, value, contact)
    return [judge_pin(pin), judge_toggled(facts), judge_sense(facts)]


def _pair_contradicts(one: GpioInput, level: Level | None, told: Signal | None) -> bool:
    """A pair has a bad value for no other reason, but a counter."""
    if told is not None:
        return one.inverse_pin is not None and told.q == "bad"
    return level is not None and level.contradicts


def _input(
    scene: Scene,
    signal: str,
    one: GpioInput,
    value: bool | float | str | None,  # noqa: FBT001 - a signal's value
    contact: Contact | None,
) -> InputFacts:
    return InputFacts(
        signal=signal,
        pin=one.pin,
        active=one.active,
        value=value,
        watched_s=None if contact is None else contact.watched_s,
        changes=0 if contact is None else contact.changes,
        changed_ago_s=None if contact is None else contact.changed_ago_s,
        stood_s=None if contact is None else contact.stood_s,
        stuck_s=scene.limits.button_stuck_s,
        contradicts=_contradicts(scene, signal),
    )


def _contradicts(scene: Scene, signal: str) -> bool:
    """Whether `sensor_contradiction` stands that names this signal; its instance is `one+other`."""
    return scene.service is not None and any(
        each.code == "sensor_contradiction" and signal in (each.instance or "").split("+")
        for each in scene.service.status.standing
    )
