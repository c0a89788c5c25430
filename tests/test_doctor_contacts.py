"""What the service remembers of contacts, over restarts and without a clock; and what `doctor` makes of it."""

import json
import os
import random

import pytest

from agent.clock import Clock
from agent.model import SECOND_US, Quality, Reading
from agent.settings import GpioInput, GpioSettings, IntercomSettings
from agent.toggles import KEEP_EVERY_S, Kept, Toggles
from agent.toggles_file import ContactMemory, remembered, wired_of
from hil.installation import AgentProcess, configuration, contacts
from hil.pins_server import CONTACTS, PinsServer
from tests.doctor_stage import doctor, served

BUTTON = "alarm.button"
WIRED = {name: CONTACTS[name] for name in (BUTTON, "power.mains")}


def at(seconds, value, quality=Quality.GOOD, signal=BUTTON):
    return Reading(signal, value, round(seconds * SECOND_US), quality)


def facts(toggles, seconds):
    return toggles.facts(round(seconds * SECOND_US))[BUTTON]


def test_becoming_known_is_no_change_and_the_first_change_is_worth_keeping():
    toggles = Toggles({BUTTON: "a"}, {}, 0)
    assert facts(toggles, 1) == {
        "watched_s": 1,
        "changes": 0,
        "changed_ago_s": None,
        "stood_s": None,
    }
    assert not toggles.note([at(2, False)])
    assert facts(toggles, 5) == {"watched_s": 5, "changes": 0, "changed_ago_s": None, "stood_s": 3}
    assert toggles.note([at(6, True)])
    assert not toggles.note([at(7, False)])
    assert facts(toggles, 10) == {"watched_s": 10, "changes": 2, "changed_ago_s": 3, "stood_s": 3}


def test_a_signal_lost_and_back_with_the_same_value_has_not_changed():
    toggles = Toggles({BUTTON: "a"}, {}, 0)
    toggles.note([at(1, False)])
    toggles.note([at(2, None, Quality.NO_ANSWER)])
    assert not toggles.note([at(3, False)])
    assert facts(toggles, 9)["changes"] == 0
    assert facts(toggles, 9)["stood_s"] == 8
    assert not toggles.note([at(4, True, signal="power.mains")])


def test_what_was_kept_counts_on_and_a_contact_wired_anew_begins_anew():
    kept = {BUTTON: Kept("a", watched_s=100, changes=2, changed_s=60)}
    same, other = Toggles({BUTTON: "a"}, kept, 0), Toggles({BUTTON: "b"}, kept, 0)
    assert facts(same, 50) == {"watched_s": 150, "changes": 2, "changed_ago_s": 90, "stood_s": None}
    assert facts(other, 50)["watched_s"] == 50
    assert facts(other, 50)["changes"] == 0
    same.note([at(50, False)])
    assert not same.note([at(51, True)])
    assert same.kept(60 * SECOND_US) == {BUTTON: Kept("a", 160, 3, 151)}


def test_it_is_worth_keeping_again_after_a_day():
    toggles = Toggles({BUTTON: "a"}, {BUTTON: Kept("a", 5, 1, 5)}, 0)
    toggles.note([at(0, False)])
    assert not toggles.note([at(KEEP_EVERY_S - 1, True)])
    assert toggles.note([at(KEEP_EVERY_S, False)])
    toggles.kept(KEEP_EVERY_S * SECOND_US)
    assert not toggles.note([at(KEEP_EVERY_S + 1, True)])


def test_contacts_of_pins_and_of_stations_are_remembered_by_how_they_are_wired():
    gpio = GpioSettings(name="g", inputs={BUTTON: GpioInput(pin=17)})
    moved = GpioSettings(name="g", inputs={BUTTON: GpioInput(pin=18)})
    station = IntercomSettings(name="i", station="pit", probe="contact", pin=4)
    asked = IntercomSettings(name="i", station="pit", address="h:5060")
    assert set(wired_of([gpio, station, asked])) == {BUTTON, "intercom.pit"}
    assert wired_of([gpio])[BUTTON] != wired_of([moved])[BUTTON]


def test_the_file_survives_a_stop_and_a_damaged_one_is_forgotten(tmp_path):
    journal = tmp_path / "outbox.db"
    gpio = GpioSettings(name="g", inputs={BUTTON: GpioInput(pin=17)})
    memory = ContactMemory([gpio], journal, Clock())
    memory.changed([at(1, False)])
    memory.changed([at(2, True)])
    memory.close(10)
    again = ContactMemory([gpio], journal, Clock())
    assert again.toggles.facts(Clock().uptime_us())[BUTTON]["changes"] == 1
    (tmp_path / "outbox.db.contacts").write_bytes(b"{broken")
    assert remembered(journal) == {}
    assert remembered(tmp_path / "none.db") == {}


def test_a_disk_that_takes_nothing_costs_no_more_than_the_memory(tmp_path, caplog):
    gpio = GpioSettings(name="g", inputs={BUTTON: GpioInput(pin=17)})
    memory = ContactMemory([gpio], tmp_path / "gone" / "outbox.db", Clock())
    memory.close(10)
    assert "cannot be kept" in caplog.text


@pytest.fixture
def pins(tmp_path):
    server = PinsServer(WIRED, random.Random(1), bounce=False)
    path = tmp_path / "pins.sock"
    with served(lambda: server.start(path), server.close) as call:
        yield server, path, call


def test_a_pressed_button_is_remembered_over_a_restart_and_others_are_not_proven(tmp_path, pins):
    server, path, call = pins
    config = configuration(
        tmp_path, mqtt={"port": 1}, drivers=[contacts("alarm.button", "power.mains")]
    )
    with AgentProcess(config, pins_socket=path) as agent:
        agent.start()
        known = lambda s: all(link["up"] for link in s["links"].values()) and s["links"]  # noqa: E731
        agent.wait_until(known)
        call(lambda: server.update({"alarm.button": False, "power.mains": True}))
        wait_for(agent, lambda c: c[BUTTON]["stood_s"] is not None)
        call(lambda: server.update({"alarm.button": True, "power.mains": True}))
        wait_for(agent, lambda c: c[BUTTON]["changes"] >= 1)
        call(lambda: server.update({"alarm.button": False, "power.mains": True}))
        wait_for(agent, lambda c: c[BUTTON]["changes"] >= 2)
        agent.stop()
        kept = json.loads((tmp_path / "outbox.db.contacts").read_bytes())
        assert kept[BUTTON]["changes"] == 2
        agent.start()
        agent.wait_until(known)
        wait_for(agent, lambda c: c[BUTTON]["stood_s"] is not None)
        said = doctor(config, env={**os.environ, **agent.environment})
        agent.stop()
    assert said.cause("input.toggled", BUTTON) == "seen"
    assert said.cause("input.toggled", "power.mains") == "never"
    assert said.cause("input.sense", BUTTON) == "plausible"
    assert said.cause("gpio.pin", BUTTON) == "held_by_service"
    assert said.cause("gpio.chip") == "usable"


def wait_for(agent, holds):
    agent.wait_until(lambda _: holds(agent.ask("doctor")["contacts"]))


def test_without_a_service_pins_are_read_once_and_one_that_stands_at_alarm_is_said(tmp_path, pins):
    server, path, call = pins
    call(lambda: server.update({"alarm.button": True, "power.mains": True}))
    config = configuration(
        tmp_path, mqtt={"port": 1}, drivers=[contacts("alarm.button", "power.mains")]
    )
    environment = AgentProcess(config, pins_socket=path).environment
    said = doctor(config, env=environment)
    assert said.cause("gpio.pin", BUTTON) == "free"
    assert said.cause("input.sense", BUTTON) == "active_now"
    assert said.cause("input.sense", "power.mains") == "plausible"
    assert said.cause("input.toggled", BUTTON) == "not_watched"
