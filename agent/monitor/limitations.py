"""What an event can be detected with less well than with everything wired. A table; one line each.

A way of detection whose signals are missing altogether is said by the catalog's parts; here stands what works, but later, or
from less. Knows what is wired and configured, nothing of how it is shown.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from agent.monitor.catalog import ENTRIES, PERSON_SOURCES
from agent.settings import GpioSettings, MonitorSettings, Settings

STATIONS = ("car", "machine_room", "car_top", "pit", "duty_room")
_CAR_DOORS = ("door.front", "door.rear")


@dataclass(frozen=True, slots=True)
class Site:
    """One installation: its wired signals, its limits, and whether a contact is all that is known of its doors."""

    signals: frozenset[str]
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    rated_speed_mm_s: int | None = None
    contact_doors: bool = False

    def has(self, *names: str) -> bool:
        """Whether any of these signals is wired."""
        return not self.signals.isdisjoint(names)

    @property
    def is_placed(self) -> bool:
        """Whether it can be seen that the doors stand open at a landing."""
        return self.has("car.door_zone") and self.has(*_CAR_DOORS)

    @property
    def person_sources(self) -> tuple[str, ...]:
        """What can tell that a person is in the car."""
        unused = () if self.monitor.car_call_is_evidence else ("car.call_registered",)
        return tuple(s for s in PERSON_SOURCES if s in self.signals and s not in unused)

    @property
    def silent_stations(self) -> tuple[str, ...]:
        """The stations of the intercom that nobody supervises."""
        return tuple(name for name in STATIONS if f"intercom.{name}" not in self.signals)


def site_of(
    settings: Settings | None, signals: Collection[str], *, contact_doors: bool = False
) -> Site:
    """What matters of a configuration; None is one with every default.

    A door is behind a contact where an input of this computer tells of it, or where a profile knows no more.
    """
    if settings is None:
        return Site(frozenset(signals), contact_doors=contact_doors)
    inputs = (driver.inputs for driver in settings.drivers if isinstance(driver, GpioSettings))
    by_contact = contact_doors or any(door in each for each in inputs for door in _CAR_DOORS)
    return Site(
        frozenset(signals),
        settings.monitor,
        settings.elevator.rated_speed_mm_s,
        contact_doors=by_contact,
    )


@dataclass(frozen=True, slots=True)
class Limitation:
    """Where it `applies`, these events are limited so; `words_of` fills in `{…}`. Not `partial`: only worth knowing."""

    codes: tuple[str, ...]
    applies: Callable[[Site], bool]
    en: str
    zh: str
    partial: bool = True


def words_of(site: Site) -> dict[str, str]:
    """What the texts may name: the limits in seconds, the sources of evidence, the stations not supervised."""
    monitor = site.monitor
    return {
        "gap": f"{monitor.longest_zone_gap_s:g}",
        "not_closed": f"{monitor.not_closed_is_open_s:g}",
        "persons": ", ".join(site.person_sources),
        "stations": ", ".join(site.silent_stations),
    }


_PEOPLE = ("trapped_passengers", "entrapment_possible")
_SEEN = ("car.occupied", "car.call_registered", "car.load_percent")

LIMITATIONS: tuple[Limitation, ...] = (
    Limitation(
        (
            *_PEOPLE, "stopped_outside_door_zone", "moved_with_doors_open",
            "doors_open_outside_zone", "landing_door_unlocked", "safety_chain_open",
        ),
        lambda site: not site.has("car.moving"),
        "without car.moving, from zones alone: outside a zone the car counts as stopped only {gap} s after it left one",
        "无 car.moving，仅凭门区推断：离开门区 {gap} 秒后才算停在门区外",
    ),
    Limitation(
        _PEOPLE,
        lambda site: not site.has("car.occupied") and bool(site.person_sources),
        "without car.occupied a person is known only by {persons}",
        "无 car.occupied，仅凭 {persons} 得知有人",
    ),
    Limitation(
        ("entrapment_possible",),
        lambda site: not site.has("power.mains"),
        "without power.mains a power cut is not told from a lost link: never critical",
        "无 power.mains，无法区分停电与断线：不会是紧急级",
    ),
    Limitation(
        ("stopped_outside_door_zone",),
        lambda site: set(site.person_sources).isdisjoint(_SEEN),
        "whether somebody is inside is never known: always critical",
        "始终不知轿厢是否有人：一律为紧急级",
        partial=False,
    ),
    Limitation(
        ("alarm_button",),
        lambda site: not site.is_placed,
        "without car.door_zone and a car door a press at an open landing is not told apart",
        "无 car.door_zone 与轿门信号，无法识别开门停在层站时的按下",
        partial=False,
    ),
    Limitation(
        ("alarm_button",),
        lambda site: not site.is_placed and not site.has("alarm.end_key"),
        "nothing on site can end it: wire alarm.end_key",
        "现场无法解除：请接 alarm.end_key",
        partial=False,
    ),
    Limitation(
        ("doors_open_outside_zone", "door_held_open"),
        lambda site: site.contact_doors,
        "behind a contact a door counts as open after {not_closed} s not closed",
        "触点门：未关闭 {not_closed} 秒后才算打开",
    ),
    Limitation(
        ("door_close_failure",),
        lambda site: site.contact_doors,
        "behind a contact only doors that open again and again; a door that stays ajar counts as open",
        "触点门：仅能发现反复重开；半开的门视为打开",
    ),
    Limitation(
        ("door_open_failure",),
        lambda site: site.contact_doors,
        "behind a contact a door that is ajar counts as opened",
        "触点门：门离开关闭位置即视为已打开",
    ),
    Limitation(
        tuple(entry.code for entry in ENTRIES if entry.mains_mutes),
        lambda site: not site.has("power.mains"),
        "without power.mains a power cut may be reported as this",
        "无 power.mains，停电可能被报为本事件",
        partial=False,
    ),
    Limitation(
        ("entrapment_possible",),
        lambda site: not site.has(*_CAR_DOORS),
        "without a car door only of a car under way or outside a zone",
        "无轿门信号，仅限运行中或停在门区外的轿厢",
    ),
    Limitation(
        ("landing_door_unlocked",),
        lambda site: not site.has("car.door_zone"),
        "without car.door_zone only while the car moves",
        "无 car.door_zone，仅能在轿厢运行时发现",
    ),
    Limitation(
        ("sensor_contradiction",),
        lambda site: site.contact_doors and site.has("landing_doors.locked"),
        "a door behind a contact may be just ajar: it contradicts no landing door's lock",
        "触点门可能只是微开：不与层门锁闭信号矛盾",
    ),
    Limitation(
        ("controller_fault",),
        lambda site: not site.has("controller.fault_code"),
        "without controller.fault_code the fault has no code",
        "无 controller.fault_code，没有故障码",
        partial=False,
    ),
    Limitation(
        ("intercom_silent",),
        lambda site: bool(site.silent_stations),
        "not supervised: {stations}",
        "未监测：{stations}",
        partial=False,
    ),
)  # fmt: skip

# Never raised as configured, whatever is wired.
SWITCHED_OFF: tuple[Limitation, ...] = (
    Limitation(
        ("door_held_open",),
        lambda site: site.monitor.parks_with_doors_open,
        "switched off: monitor.parks_with_doors_open",
        "已关闭：monitor.parks_with_doors_open",
    ),
    Limitation(
        _PEOPLE,
        lambda site: site.has(*PERSON_SOURCES) and not site.person_sources,
        "only a car call could tell of a person, and that is switched off: monitor.car_call_is_evidence",
        "仅轿内指令能得知有人，而它已关闭：monitor.car_call_is_evidence",
    ),
)
