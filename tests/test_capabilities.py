"""What can be detected with which signals and settings, and how `check` shows it on three kinds of installation."""

from pathlib import Path

import pytest

from agent.cli.check import document, page
from agent.cli.layout import columns
from agent.cli.texts import Words
from agent.monitor.capabilities import capabilities, is_possible
from agent.monitor.catalog import CATALOG, ENTRIES
from agent.monitor.limitations import LIMITATIONS, STATIONS, SWITCHED_OFF, site_of, words_of
from agent.settings import (
    ElevatorSettings,
    GpioInput,
    GpioSettings,
    ModbusSettings,
    MonitorSettings,
    Settings,
)
from agent.signals import signal_for
from agent.wiring import wiring_of
from hil.scenarios.installations import CONTACTS as CONTACTS_ONLY
from hil.scenarios.installations import DRIVE, KINDS
from hil.scenarios.installations import FULL as FULL_CONTROLLER
from tests.second import parked

ELEVATOR = ElevatorSettings(site="s", id="e")
FULL = {
    "car.mode", "car.moving", "car.door_zone", "door.front", "car.occupied",
    "car.call_registered", "car.load_percent", "alarm.button",
}  # fmt: skip
CAR_TOP = {"car.door_zone", "car.moving", "door.front", "car.occupied"}
CONTACTS = {"car.door_zone", "door.front", "alarm.button"}
FIVE = (
    "trapped_passengers",
    "alarm_button",
    "stopped_outside_door_zone",
    "mode_changed",
    "signal_lost",
)


def able(code, signals, **settings):
    """What is possible of one event."""
    made = Settings(**{"elevator": ELEVATOR, **settings})
    return {each.code: each for each in capabilities(signals, made)}[code]


def contacts(*signals):
    return GpioSettings(
        name="contacts", inputs={name: GpioInput(pin=n) for n, name in enumerate(signals)}
    )


@pytest.mark.parametrize(
    ("signals", "states"),
    [
        (FULL, ["full", "full", "full", "full", "full"]),
        (CAR_TOP, ["full", "none", "full", "none", "full"]),
        (CONTACTS, ["partial", "full", "partial", "none", "full"]),
        ({"car.moving", "door.front", "car.occupied"}, ["partial", "none", "none", "none", "full"]),
        ({"car.door_zone", "alarm.button"}, ["partial", "full", "partial", "none", "full"]),
        ({"car.door_zone", "door.front"}, ["none", "none", "partial", "none", "full"]),
        (set(), ["none", "none", "none", "none", "none"]),
    ],
    ids=["full", "car-top", "contacts", "no zone", "no door", "nobody seen", "nothing"],
)
def test_the_table(signals, states):
    told = {c.code: c.state for c in capabilities(signals) if c.code in FIVE}
    assert told == dict(zip(FIVE, states, strict=True))


def test_the_order_is_the_catalog_s_and_the_agent_s_own_events_are_left_out():
    codes = [entry.code for entry in ENTRIES if not entry.agent]
    assert [c.code for c in capabilities(FULL)] == codes


def test_what_is_missing_is_named_once_and_said_in_both_languages():
    trapped = able("trapped_passengers", {"car.moving", "door.front", "car.occupied"})
    assert trapped.missing == ("car.door_zone",)
    assert trapped.note_en == "cannot tell: stopped outside the door zone with a person in the car"
    assert trapped.note_zh == "无法判断：轿厢有人且停在门区外"
    nothing = capabilities(set())[0]
    assert len(set(nothing.missing)) == len(nothing.missing)


def test_an_agent_s_event_needs_no_detector():
    assert not is_possible(CATALOG["agent_started"], FULL)


# ---- in part, in words ----


def test_without_motion_an_entrapment_is_seen_from_zones_alone_and_later():
    monitor = MonitorSettings(longest_zone_gap_s=35)
    trapped = able("trapped_passengers", FULL - {"car.moving"}, monitor=monitor)
    assert (trapped.state, trapped.missing) == ("partial", ())
    assert "from zones alone" in trapped.note_en
    assert "only 35 s after it left one" in trapped.note_en
    assert "离开门区 35 秒后" in trapped.note_zh


@pytest.mark.parametrize(
    ("signals", "call", "named"),
    [
        ({"car.call_registered", "car.load_percent", "alarm.button"}, True,
         "car.call_registered, car.load_percent, alarm.button"),
        ({"car.call_registered", "alarm.button"}, False, "alarm.button"),
        ({"alarm.button"}, True, "alarm.button"),
    ],
)  # fmt: skip
def test_without_a_presence_sensor_it_says_what_tells_of_a_person(signals, call, named):
    wired = signals | {"car.door_zone", "car.moving", "door.front"}
    monitor = MonitorSettings(car_call_is_evidence=call)
    note = able("trapped_passengers", wired, monitor=monitor).note_en
    assert note == f"without car.occupied a person is known only by {named}"


def test_a_stop_that_nobody_can_be_seen_in_is_always_critical():
    bare = able("stopped_outside_door_zone", {"car.door_zone", "car.moving"})
    assert (bare.state, bare.note_en) == (
        "full",
        "whether somebody is inside is never known: always critical",
    )
    seen = able("stopped_outside_door_zone", {"car.door_zone", "car.moving", "car.occupied"})
    assert seen.note_en == ""


@pytest.mark.parametrize(
    ("signals", "said", "silent"),
    [
        ({"alarm.button"}, ("not told apart", "nothing on site can end it"), ()),
        ({"alarm.button", "alarm.end_key"}, ("not told apart",), ("nothing on site",)),
        ({"alarm.button", "car.door_zone"}, ("not told apart", "nothing on site can end it"), ()),
        ({"alarm.button", "door.front"}, ("not told apart", "nothing on site can end it"), ()),
        ({"alarm.button", "car.door_zone", "door.rear"}, (), ("told apart", "on site")),
    ],
)
def test_an_alarm_button_says_what_filters_and_ends_it(signals, said, silent):
    alarm = able("alarm_button", signals)
    assert alarm.state == "full"
    assert all(text in alarm.note_en for text in said)
    assert not any(text in alarm.note_en for text in silent)


def test_behind_a_contact_it_says_what_of_the_doors_cannot_be_told():
    doors = ("car.door_zone", "door.front", "car.moving", "power.mains", "car.call_registered")
    by_contact = (contacts("door.front"),)
    for code in ("door_close_failure", "door_open_failure", "door_held_open"):
        assert able(code, doors).state == "full"
        assert able(code, doors, drivers=by_contact).state == "partial"
    late = able("doors_open_outside_zone", doors, drivers=by_contact)
    assert "after 10 s not closed" in late.note_en
    other = (contacts("alarm.button"),)
    assert able("door_close_failure", doors, drivers=other).state == "full"


@pytest.mark.parametrize(("mains", "state"), [({"power.mains"}, "full"), (set[str](), "partial")])
def test_without_the_mains_a_possible_entrapment_is_never_critical(mains, state):
    assert able("entrapment_possible", FULL | mains).state == state
    assert ("power cut" in able("start_failure", FULL | mains).note_en) is (not mains)


def test_the_stations_nobody_supervises_are_named():
    one = able("intercom_silent", {"intercom.car", "intercom.pit"})
    assert (one.state, one.note_en) == ("full", "not supervised: machine_room, car_top, duty_room")
    assert able("intercom_silent", {f"intercom.{name}" for name in STATIONS}).note_en == ""


def test_a_fault_without_a_code_is_still_a_fault():
    assert able("controller_fault", {"controller.fault"}).state == "full"
    assert "no code" in able("controller_fault", {"controller.fault"}).note_en


def test_a_lock_alone_tells_of_a_landing_door_only_under_way():
    """Outside the zone cannot be told without a zone."""
    blind = {"landing_doors.locked", "car.moving"}
    told = able("landing_door_unlocked", blind)
    assert (told.state, told.note_en) == (
        "partial",
        "without car.door_zone only while the car moves",
    )
    assert able("landing_door_unlocked", blind | {"car.door_zone"}).state == "full"


def test_a_contact_s_door_contradicts_no_lock():
    """What `check` says of it is what the rule does: half an hour ajar behind a contact, with the locks locked."""
    pair = {"car.moving", "car.speed_mm_s", "car.door_zone", "door.front", "landing_doors.locked"}
    assert able("sensor_contradiction", pair).state == "full"
    told = able("sensor_contradiction", pair, drivers=(contacts("door.front"),))
    assert told.state == "partial"
    assert "contradicts no landing door's lock" in told.note_en
    for door, raised in (("not_closed", []), ("open", ["60 raised"])):
        car = parked("moving", "zone", "front", "landing")
        car.feed(0, front=door)
        car.until(1800)
        assert car.of("sensor_contradiction") == raised


def test_without_a_lock_nothing_is_said_of_one():
    bare = {"car.moving", "car.speed_mm_s", "car.door_zone", "door.front"}
    told = able("sensor_contradiction", bare, drivers=(contacts("door.front"),))
    assert "contradicts no" not in told.note_en


def test_a_profile_that_knows_no_more_than_a_contact_is_one():
    """The generic profile of GB/T 24476 has closed and not closed."""
    folders = [Path("config/controllers")]
    by_profile = {
        name: ModbusSettings(name="box", profile=name, url="tcp://127.0.0.1")
        for name in ("gb24476-generic", "car-top-sensor")
    }
    doors = ("car.door_zone", "door.front", "car.moving")
    states: dict[str, str] = {}
    for name, driver in by_profile.items():
        wiring = wiring_of(Settings(elevator=ELEVATOR, drivers=(driver,)), folders)
        for settings in (None, Settings(elevator=ELEVATOR, drivers=(driver,))):
            told = capabilities(doors, settings, contact_doors=wiring.contact_doors)
            state = {each.code: each.state for each in told}["doors_open_outside_zone"]
            assert states.setdefault(name, state) == state
    assert states == {"gb24476-generic": "partial", "car-top-sensor": "full"}
    assert not wiring_of(
        Settings(elevator=ELEVATOR, drivers=(contacts("pit.water"),)), folders
    ).contact_doors


def test_without_a_car_door_a_possible_entrapment_is_told_of_a_car_under_way():
    wired = {"car.door_zone", "car.moving", "car.occupied", "power.mains"}
    told = able("entrapment_possible", wired)
    assert (told.state, told.note_en) == (
        "partial",
        "without a car door only of a car under way or outside a zone",
    )
    assert able("entrapment_possible", wired | {"door.rear"}).state == "full"


@pytest.mark.parametrize(
    ("signals", "states"),
    [
        ({"car.call_registered"}, ["none", "none", "full"]),
        ({"car.call_registered", "car.load_percent"}, ["partial", "partial", "full"]),
    ],
)
def test_a_call_that_is_no_evidence_tells_of_nobody(signals, states):
    monitor = MonitorSettings(car_call_is_evidence=False)
    wired = signals | {"car.door_zone", "car.moving", "door.front", "power.mains"}
    codes = ("trapped_passengers", "entrapment_possible", "stopped_outside_door_zone")
    told = [able(code, wired, monitor=monitor) for code in codes]
    assert [each.state for each in told] == states
    nobody_seen = "always critical" in told[2].note_en
    assert nobody_seen is ("car.load_percent" not in signals)
    if nobody_seen:
        assert "switched off: monitor.car_call_is_evidence" in told[0].note_en


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_event_is_detectable_in_part_for_a_reason_or_names_what_it_lacks(kind):
    """As an installer reads it: nothing is left out, nothing is limited without a word."""
    told = capabilities(kind.signals, settings_for(kind))
    assert [each.code for each in told] == [entry.code for entry in ENTRIES if not entry.agent]
    for each in told:
        assert each.state == "full" or (each.note_en and each.note_zh)
        assert each.state != "none" or each.missing
        assert set(each.missing).isdisjoint(kind.signals)


# ---- what is not configured ----


@pytest.mark.parametrize(
    ("signals", "rated_mm_s", "state", "said"),
    [
        ({"car.speed_mm_s"}, None, "none", "not configured: elevator.rated_speed_mm_s"),
        ({"car.speed_mm_s"}, 1000, "partial", "cannot tell: the governor's signal"),
        ({"car.speed_mm_s", "overspeed.tripped", "safety_gear.tripped"}, None, "partial",
         "not configured: elevator.rated_speed_mm_s"),
        ({"car.speed_mm_s", "overspeed.tripped", "safety_gear.tripped"}, 1000, "full", ""),
    ],
)  # fmt: skip
def test_overspeed_needs_the_rated_speed(signals, rated_mm_s, state, said):
    elevator = ElevatorSettings(site="s", id="e", rated_speed_mm_s=rated_mm_s)
    one = able("overspeed", signals, elevator=elevator)
    assert one.state == state
    assert said in one.note_en
    assert ("未配置" in one.note_zh) is (rated_mm_s is None)


def test_what_is_switched_off_is_not_detected_whatever_is_wired():
    monitor = MonitorSettings(parks_with_doors_open=True)
    off = able("door_held_open", FULL, monitor=monitor)
    assert (off.state, off.missing) == ("none", ())
    assert off.note_en == "switched off: monitor.parks_with_doors_open"


# ---- the tables ----


def test_every_line_is_about_events_there_are_and_can_be_said_in_both_languages():
    site = site_of(None, FULL)
    for each in (*LIMITATIONS, *SWITCHED_OFF):
        assert set(each.codes) <= CATALOG.keys()
        assert each.en.format(**words_of(site)).isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in each.zh)


def test_every_setting_that_a_part_needs_is_a_key_of_the_configuration():
    for setting in (part.setting for entry in ENTRIES for part in entry.parts if part.setting):
        section, key = setting.split(".")
        kind = {field: type(getattr(Settings(elevator=ELEVATOR), field)) for field in (section,)}
        assert key in kind[section].__struct_fields__


# ---- three kinds of installation, as `check` shows them ----


def settings_for(kind):
    """A configuration that wires an installation of the scenarios."""
    drivers = tuple(
        contacts(*signals)
        if name == "contacts"
        else ModbusSettings(name=name, profile=name, url="tcp://127.0.0.1")
        for name, signals in kind.drivers.items()
    )
    elevator = ElevatorSettings(
        site="s", id="e", rated_speed_mm_s=1750 if kind is FULL_CONTROLLER else None
    )
    return Settings(elevator=elevator, drivers=drivers)


def screen_of(kind, lang):
    settings = settings_for(kind)
    events = capabilities(kind.signals, settings)
    return page("agent.toml", settings, kind.drivers, events, Words(lang))


def kept_at(kind, lang):
    return Path(f"tests/data/screens/check-{kind.name}.{lang}.txt")


def keep():
    """Keep the screens as they are now."""
    for kind in KINDS:
        for lang in ("en", "zh"):
            kept_at(kind, lang).write_text("\n".join(screen_of(kind, lang)), encoding="utf-8")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_screen_of_an_installation_is_the_kept_one(kind, lang):
    """To accept a change: .venv/bin/python -c "from tests.test_capabilities import keep; keep()"."""
    lines = screen_of(kind, lang)
    assert "\n".join(lines) == kept_at(kind, lang).read_text(encoding="utf-8")
    assert max(map(columns, lines)) <= 80


def test_the_installations_differ_as_they_should():
    states = {
        kind.name: {c.code: c.state for c in capabilities(kind.signals, settings_for(kind))}
        for kind in KINDS
    }
    assert states["full"]["trapped_passengers"] == "full"
    assert states["drive"]["trapped_passengers"] == "full"
    assert states["contacts"]["trapped_passengers"] == "partial"
    assert states["contacts"]["overspeed"] == states["drive"]["overspeed"] == "none"
    assert all(signal_for(name) for kind in (DRIVE, CONTACTS_ONLY) for name in kind.signals)


def test_the_json_keeps_its_shape():
    settings = settings_for(CONTACTS_ONLY)
    events = capabilities(CONTACTS_ONLY.signals, settings)
    told = document("agent.toml", settings, CONTACTS_ONLY.drivers, events, [])
    assert set(told["events"][0]) == {"code", "state", "missing", "note"}
    assert set(told["events"][0]["note"]) == {"en", "zh"}
