"""What contradicts what among the Pi's pins: who uses them, what a contact can give, how it is wired."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from agent.config_problem import Report, Say, did_you_mean, joined, same, shown
from agent.drivers.gpio_contact import COUNTERS, MAX_HZ, pull_of
from agent.settings import (
    CardSettings,
    DriverSettings,
    GpioInput,
    GpioSettings,
    IntercomSettings,
)
from agent.signals import SIGNALS, Kind, signal_for

CONTACT_DOORS: Final = ("door.front", "door.rear")  # a contact tells closed from not_closed
STATIONS: Final = ("car", "machine_room", "car_top", "pit", "duty_room")
PULLED_UP: Final = (2, 3)  # by resistors on the board
_SAMPLE_MS: Final = 5.0  # a level is looked at so often while it settles
_NAME: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")

Placed = Sequence[tuple[str, DriverSettings]]


def check_pins(placed: Placed, report: Report) -> None:
    """Report every contradiction about pins."""
    _one_use_each(placed, report)
    _one_announcement(placed, report)
    for key, driver in placed:
        if isinstance(driver, GpioSettings):
            for signal, contact in driver.inputs.items():
                here = joined(joined(key, "inputs"), signal)
                _contact_signal(here, signal, report)
                _wiring(here, contact, report)
                _pair(here, signal, contact, report)
                _pulses(here, signal, contact, report)
        elif isinstance(driver, CardSettings) and driver.model == "wiegand26":
            _wiegand(key, driver, report)


def fits_contact(signal: str) -> bool:
    """Whether a contact can give a signal: yes or no, a door's closed, or pulses to count."""
    row = signal_for(signal)
    if row is None or not _NAME.fullmatch(signal):
        return False
    if signal.startswith("intercom."):
        return signal.removeprefix("intercom.") in STATIONS
    return row.kind is Kind.BOOL or signal in CONTACT_DOORS or signal in COUNTERS


def _uses(key: str, driver: DriverSettings) -> Iterator[tuple[str, int | None]]:
    """Give the key of each pin in a table, and the pin."""
    match driver:
        case GpioSettings():
            for signal, contact in driver.inputs.items():
                here = joined(joined(key, "inputs"), signal)
                yield f"{here}.pin", contact.pin
                yield f"{here}.inverse_pin", contact.inverse_pin
            if driver.announcement is not None:
                yield f"{key}.announcement.pin", driver.announcement.pin
        case IntercomSettings():
            yield f"{key}.pin", driver.pin if driver.probe == "contact" else None
        case CardSettings():
            yield f"{key}.data0_pin", driver.data0_pin
            yield f"{key}.data1_pin", driver.data1_pin
        case _:
            return


def _one_use_each(placed: Placed, report: Report) -> None:
    owners: dict[int, str] = {}
    for key, driver in placed:
        for here, pin in _uses(key, driver):
            first = here if pin is None else owners.setdefault(pin, here)
            if first != here:
                allowed = Say("a pin that is used once", "未被占用的引脚")
                user = first.removesuffix(".pin")
                remedy = Say(
                    f"Correct one of the two: {user} reads it.", f"请改其一：{user} 已用此引脚。"
                )
                report.add(here, same(str(pin)), allowed, remedy)


def _one_announcement(placed: Placed, report: Report) -> None:
    having = [k for k, d in placed if isinstance(d, GpioSettings) and d.announcement is not None]
    for key in having[1:]:
        allowed = Say("one announcement", "只有一个安抚广播输出")
        remedy = Say(f"Delete it: {having[0]} has one.", f"请删除：{having[0]} 已有一个。")
        report.add(f"{key}.announcement", Say("another one", "又一个"), allowed, remedy)


def _contact_signal(here: str, signal: str, report: Report) -> None:
    if not fits_contact(signal):
        otherwise = Say("Take a name of the contract's signal table.", "请使用信号表中的名称。")
        remedy = did_you_mean(signal, _contacts(), otherwise)
        allowed = Say("a signal that a contact can give", "触点可给出的信号")
        report.add(here, shown(signal), allowed, remedy)


def _contacts() -> list[str]:
    table = [name for name, row in SIGNALS.items() if row.kind is Kind.BOOL]
    return [*table, *CONTACT_DOORS, *COUNTERS, *(f"intercom.{station}" for station in STATIONS)]


def _wiring(here: str, contact: GpioInput, report: Report) -> None:
    """Pins 2 and 3 cannot be pulled otherwise than the board does."""
    pull = pull_of(contact)
    fixed = [pin for pin in (contact.pin, contact.inverse_pin) if pin in PULLED_UP]
    if fixed and pull != "up":
        found = Say(f'pin {fixed[0]} with pull = "{pull}"', f"引脚 {fixed[0]}，pull = “{pull}”")
        allowed = Say('pull = "up" on pins 2 and 3', "引脚 2、3 只能 pull = “up”")
        remedy = Say(
            "Wire the contact to ground and set pull, or take another pin.",
            "请将触点接地并设置 pull，或改用其他引脚。",
        )
        report.add(f"{here}.pull", found, allowed, remedy)


def _pair(here: str, signal: str, contact: GpioInput, report: Report) -> None:
    if contact.settle_ms is not None and contact.inverse_pin is None:
        allowed = Say("settle_ms only beside inverse_pin", "settle_ms 须与 inverse_pin 同用")
        remedy = Say("Add inverse_pin, or delete it.", "请加上 inverse_pin，或删除此键。")
        report.add(f"{here}.settle_ms", same(str(contact.settle_ms)), allowed, remedy)
    if contact.inverse_pin is not None and signal in COUNTERS:
        allowed = Say("one contact for a counter", "计数器只用一个触点")
        remedy = Say("Delete it.", "请删除此键。")
        report.add(f"{here}.inverse_pin", same(str(contact.inverse_pin)), allowed, remedy)


def _pulses(here: str, signal: str, contact: GpioInput, report: Report) -> None:
    """A rate at which no pulse stands long enough would never count."""
    if signal not in COUNTERS:
        if contact.max_hz is not None:
            allowed = Say("max_hz only for a counter", "max_hz 仅用于计数器")
            remedy = Say("Delete it.", "请删除此键。")
            report.add(f"{here}.max_hz", same(f"{contact.max_hz:g}"), allowed, remedy)
        return
    release_ms = contact.debounce_ms if contact.release_ms is None else contact.release_ms
    pulse_ms = contact.debounce_ms + release_ms + 2 * _SAMPLE_MS
    max_hz = contact.max_hz or MAX_HZ
    if max_hz * pulse_ms > 1000:
        most = 1000 / pulse_ms
        allowed = Say(f"at most {most:.1f} with these debounce times", f"按此消抖至多 {most:.1f}")
        remedy = Say("Lower max_hz, debounce_ms or release_ms.", "请减小 max_hz 或消抖时间。")
        report.add(f"{here}.max_hz", same(f"{max_hz:g}"), allowed, remedy)


def _wiegand(key: str, driver: CardSettings, report: Report) -> None:
    """A Wiegand reader has two pins and no port."""
    for name in ("data0_pin", "data1_pin"):
        here = joined(key, name)
        if getattr(driver, name) is None and not report.has(here):
            allowed = Say("a pin, 0 to 27", "引脚，0 至 27")
            remedy = Say("Name the pin of that data line.", "请写该数据线所接的引脚。")
            report.add(here, Say("nothing", "缺失"), allowed, remedy)
    if driver.url is not None:
        allowed = Say('only with model = "rdm6300"', "仅用于 model = “rdm6300”")
        remedy = Say("Delete it, or change the model.", "请删除，或改 model。")
        report.add(joined(key, "url"), shown(driver.url), allowed, remedy)
