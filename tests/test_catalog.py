"""The catalog is whole: every row has its texts, its detector, its signals."""

import pytest

from agent.model import Event, Severity, Transition
from agent.monitor.catalog import CATALOG, ENTRIES, GB24476_OF_MODE
from agent.monitor.detectors import DETECTORS
from agent.monitor.monitor import Monitor
from agent.naming import naming_of
from agent.signals import MODES, SIGNALS, signal_for
from tests.histories import DRIVERS
from tests.timeline import Timeline

ROWS = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.code for entry in ENTRIES])


def test_no_code_stands_twice():
    assert len(CATALOG) == len(ENTRIES)


@ROWS
def test_every_row_has_texts_in_both_languages(entry):
    assert entry.en.isascii()
    assert entry.en[0].isupper()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in entry.zh)
    for part in entry.parts:
        assert part.en.isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in part.zh)


@ROWS
def test_every_signal_named_is_a_signal(entry):
    for name in entry.evidence:
        assert signal_for(name) is not None
    for part in entry.parts:
        for name in (name for group in part.needs for name in group):
            whole = name.replace(".*", ".any")
            assert name == "<driver>" or signal_for(whole) is not None


@ROWS
def test_what_takes_over_exists_and_is_at_least_as_severe(entry):
    if entry.yields_to is not None:
        assert CATALOG[entry.yields_to].severity.rank >= entry.severity.rank


@ROWS
def test_an_event_of_the_elevator_can_be_detected_somehow_and_one_of_the_agent_always(entry):
    assert bool(entry.parts) is not entry.agent


def test_every_detector_has_a_row_and_detectors_run_in_the_catalog_s_order():
    codes = [detector.code for detector in DETECTORS]
    order = [entry.code for entry in ENTRIES]
    assert [order.index(code) for code in codes] == sorted(order.index(code) for code in codes)


@pytest.mark.parametrize(
    ("code", "severity", "gb", "bacnet", "stop"),
    [
        ("trapped_passengers", Severity.CRITICAL, None, None, True),
        ("alarm_button", Severity.CRITICAL, 90, "passengerAlarm", False),
        ("stopped_outside_door_zone", Severity.MAJOR, 4, 8, False),
        ("mode_changed", Severity.INFO, None, None, False),
        ("signal_lost", Severity.MAJOR, None, 0, False),
        ("agent_fault", Severity.MAJOR, None, None, False),
    ],
)
def test_rows_of_the_contract(code, severity, gb, bacnet, stop):
    entry = CATALOG[code]
    assert (entry.severity, entry.gb24476, entry.bacnet, entry.stop_recommended) == (
        severity,
        gb,
        bacnet,
        stop,
    )


@pytest.mark.parametrize("code", ["alarm_button", "signal_lost", "mode_changed"])
def test_nothing_mutes_these(code):
    entry = CATALOG[code]
    assert (entry.inspection_mutes, entry.visit_mutes, entry.mains_mutes) == (False, False, False)


def test_modes_are_numbered_40_and_42_to_47():
    assert set(GB24476_OF_MODE) <= set(MODES)
    assert sorted(GB24476_OF_MODE.values()) == [40, 42, 43, 44, 45, 46, 47]


def test_a_change_of_mode_has_the_number_of_the_mode_entered():
    car = Timeline("mode")
    car.feed(0, mode="normal")
    car.feed(1, mode="firefighter")
    car.feed(2, mode="attendant")
    assert [naming_of(event).gb24476 for event in car.events] == [45, None]
    assert naming_of(car.events[0]).title_zh == "运行模式改变"


def test_an_event_of_an_older_agent_is_called_by_its_code():
    old = Event(code="gone", transition=Transition.NOTICE, severity=Severity.INFO, at_us=0)
    assert naming_of(old).title_en == "gone"


def _fed_back(name):
    return name.startswith("standing.") or name == "zone.said"


def test_what_a_node_reads_is_a_signal_or_stands_before_it():
    """A term reads signals and what is derived above it: no node waits for a later one.

    What stands is fed back, and so is a doubted zone's sensor: its readings come from outside, a later node empties it.
    """
    monitor = Monitor(DRIVERS | {"rest": [s for s in SIGNALS if not _wired(s)]}, Timeline().limits)
    known = {*SIGNALS, *(name for signals in DRIVERS.values() for name in signals)}
    names = {node.name for node in monitor._nodes}
    for node in monitor._nodes:
        for name in node.reads:
            assert name in known or name not in names or _fed_back(name), name
        known.add(node.name)


def _wired(signal):
    return any(signal in signals for signals in DRIVERS.values())


def test_the_import_contract_names_every_detector():
    from pathlib import Path

    contract = Path(".importlinter").read_text(encoding="utf-8")
    folder = Path("agent/monitor/detectors")
    shared = {"__init__", "detector", "held"}
    for file in folder.glob("*.py"):
        assert file.stem in shared or f"detectors.{file.stem}\n" in contract
