"""The judges of `doctor`: facts in, cause out; both sides of each limit, and the fact that is missing."""

import ssl
from dataclasses import replace

import pytest

from agent.config_problem import Problem, Say, same
from agent.doctor.answer import AnswerFacts, judge_answer, judge_errors
from agent.doctor.broker import BrokerFacts, CertificateFacts, judge_broker
from agent.doctor.clock import ClockFacts, judge_clock
from agent.doctor.config import judge_advice, judge_problems
from agent.doctor.disk import DiskFacts, WearFacts, judge_mount, judge_space, judge_wear
from agent.doctor.finding import Check, Finding, Verdict
from agent.doctor.host import HostFacts, judge_host
from agent.doctor.inputs import RESTS, InputFacts, judge_sense, judge_toggled, span
from agent.doctor.journal import JournalFacts, judge_journal
from agent.doctor.look_login import code_of, login_cause
from agent.doctor.look_system import span_us
from agent.doctor.network import ReachFacts, judge_tcp
from agent.doctor.pins import ChipFacts, PinFacts, judge_chip, judge_pin
from agent.doctor.port import Holder, PortFacts, judge_port
from agent.doctor.scan import Place, ScanFacts, judge_scan
from agent.doctor.scene import may_write
from agent.doctor.stations import StationFacts, judge_camera, judge_station
from agent.doctor.swapped import better
from agent.doctor.table import CHECKS
from agent.doctor.tls_cause import tls_cause
from agent.doctor.unit import (
    SocketFacts,
    UnitFacts,
    WatchdogFacts,
    judge_socket,
    judge_unit,
    judge_watchdog,
)
from agent.doctor.values import ValueFacts, judge_values
from agent.drivers.blocks import Block
from agent.drivers.registers import Point, Table, Type
from agent.signals import SIGNALS

HOUR, DAY = 3600, 86_400


def step(finding: Finding) -> Say:
    """The next step; there has to be one."""
    assert finding.step is not None
    return finding.step


def found(finding: Finding | None) -> str:
    """The cause of what a judge found; it has to have found something."""
    assert finding is not None
    return finding.cause


UNIT = UnitFacts(answers=True, loaded=True, active="active", sub="running", enabled="enabled")


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (UNIT, "running"),
        (UnitFacts(answers=False), "no_systemd"),
        (replace(UNIT, loaded=False), "not_installed"),
        (replace(UNIT, active="failed"), "crash_loop"),
        (replace(UNIT, active="activating", sub="auto-restart"), "crash_loop"),
        (replace(UNIT, active="activating", sub="start"), "running"),
        (replace(UNIT, active="inactive", sub="dead"), "stopped"),
        (replace(UNIT, enabled="disabled"), "not_enabled"),
        (replace(UNIT, restarts=1), "restarted"),
    ],
)
def test_the_unit(facts, cause):
    assert judge_unit(facts).cause == cause


@pytest.mark.parametrize("cause", ["answers", "not_running", "no_permission", "no_answer"])
def test_the_socket(cause):
    assert judge_socket(SocketFacts(path="/run/x", cause=cause)).cause == cause


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (WatchdogFacts(within_s=None), "not_known"),
        (WatchdogFacts(within_s=0), "not_armed"),
        (WatchdogFacts(within_s=30), "fed"),
        (WatchdogFacts(within_s=30, fed_ago_s=30), "fed"),
        (WatchdogFacts(within_s=30, fed_ago_s=30.1), "not_fed"),
        (WatchdogFacts(within_s=30, fed_ago_s=1, stuck=("c",)), "not_fed"),
    ],
)
def test_the_watchdog(facts, cause):
    assert judge_watchdog(facts).cause == cause


def test_every_mistake_of_a_configuration_is_a_finding_with_its_own_remedy():
    assert [each.cause for each in judge_problems("a.toml", [])] == ["valid"]
    problems = [
        Problem("a.toml", "mqtt.port", same("0"), same("1 to 65535"), Say("Do.", "做。")),
        Problem("b.toml", "", same("{x}"), same("y"), Say("Try {this}.", "试 {this}。")),
    ]
    first, second = judge_problems("a.toml", problems)
    assert (first.subject, first.step) == ("mqtt.port", Say("Do.", "做。"))
    assert first.meaning.en.endswith("1 to 65535 is allowed there")
    assert (second.subject, second.measured.en) == ("a.toml", "b.toml: found {x}")
    assert second.step == Say("Try {this}.", "试 {this}。")


def test_what_check_warns_of_is_a_finding():
    assert [each.cause for each in judge_advice({})] == ["complete"]
    (said,) = judge_advice({"zone_gap": Say("{gap}", "隙")})
    assert (said.cause, said.meaning.en, said.verdict) == ("zone_gap", "{gap}", Verdict.WARNING)
    assert said.step is not None


PORT = PortFacts(path="/dev/serial/by-id/a", target="/dev/ttyUSB0", by_id="/dev/serial/by-id/a")


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (PORT, "free"),
        (replace(PORT, served=True), "held_by_service"),
        (replace(PORT, exists=False), "no_such_port"),
        (replace(PORT, is_port=False), "not_a_port"),
        (replace(PORT, console=True), "serial_console"),
        (replace(PORT, holders=(Holder(pid=1, name="agetty"),)), "serial_console"),
        (replace(PORT, holders=(Holder(pid=1, name="ModemManager"),)), "modem_manager"),
        (replace(PORT, holders=(Holder(pid=1, name="minicom"),)), "port_held"),
        (replace(PORT, open_error="busy", taken=True), "port_held"),
        (replace(PORT, allowed=False), "no_permission"),
        (replace(PORT, open_error="denied", denied=True), "not_tried"),
        (replace(PORT, open_error="I/O error"), "cannot_open"),
        (replace(PORT, modem_manager=True), "modem_manager_may_probe"),
        (replace(PORT, modem_manager=True, ignored=True), "free"),
        (replace(PORT, path="/dev/ttyUSB0"), "unstable_name"),
        (replace(PORT, path="/dev/ttyAMA0", by_id=""), "free"),
        (replace(PORT, path="/dev/serial/by-path/a"), "free"),
    ],
)
def test_a_port(facts, cause):
    assert judge_port(facts).cause == cause


def test_the_next_step_for_a_port_names_group_user_and_lasting_name():
    denied = judge_port(replace(PORT, allowed=False, user="elevator-agent"))
    assert "usermod -aG dialout elevator-agent" in step(denied).en
    assert "by-id/a" in step(judge_port(replace(PORT, path="/dev/ttyUSB0"))).zh


ASKED = AnswerFacts(driver="c", where="x")


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (replace(ASKED, answered=1), "answers"),
        (replace(ASKED, answered=1, up=True, timeouts=900), "answers"),
        (replace(ASKED, answered=1, up=False), "lost"),
        (replace(ASKED, timeouts=3), "silent"),
        (replace(ASKED, timeouts=2, malformed=1), "garbled"),
        (replace(ASKED, malformed=1, wrong="garbled"), "garbled"),
        (replace(ASKED, malformed=1, wrong="crc"), "crc_errors"),
        (replace(ASKED, malformed=1, wrong="short"), "broken_off"),
        (replace(ASKED, malformed=1, wrong="echo"), "echo_only"),
        (replace(ASKED, malformed=1, wrong="other"), "wrong_device"),
        (replace(ASKED, malformed=1, wrong="foreign"), "another_master"),
        (replace(ASKED, exceptions=1, exception=2), "refused"),
        (replace(ASKED, exceptions=1, exception=11), "behind_gateway"),
        (replace(ASKED, overheard=8), "another_master"),
        (replace(ASKED, overheard=8, answered=1), "answers"),
        (replace(ASKED, connected=False), "no_connection"),
        (replace(ASKED, tried=False), "not_asked"),
        (replace(ASKED, tried=False, listens=True), "listens_only"),
        (replace(ASKED, up=True, listens=True), "answers"),
        (replace(ASKED, up=False, listens=True), "silent"),
    ],
)
def test_a_device(facts, cause):
    assert judge_answer(facts).cause == cause


def test_a_lost_device_says_since_when_and_why_and_not_how_well_it_answered_before():
    lost = replace(ASKED, answered=1200, up=False, down_s=300, reason="no connection", p50_ms=4.0)
    assert judge_answer(lost).measured.en == "x: no answer for 5 min: no connection"


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (replace(ASKED, answered=99), "too_few"),
        (replace(ASKED, answered=100), "clean"),
        (replace(ASKED, answered=991, malformed=9), "clean"),
        (replace(ASKED, answered=990, malformed=10), "crc_errors"),
        (replace(ASKED, answered=990, timeouts=10), "timeouts"),
        (replace(ASKED, answered=980, timeouts=8, malformed=10), "crc_errors"),
        (replace(ASKED, answered=990, exceptions=10), "exceptions"),
    ],
)
def test_the_quality_of_a_bus(facts, cause):
    assert found(judge_errors(facts)) == cause


def test_a_device_that_never_answered_has_no_quality():
    assert judge_errors(replace(ASKED, timeouts=1000)) is None


HERE = Place(device_id=1, baudrate=9600, parity="N")


@pytest.mark.parametrize(
    ("places", "cause", "told"),
    [
        ((HERE,), "as_configured", None),
        ((), "nobody", "A and B"),
        ((replace(HERE, baudrate=19200),), "wrong_baud", "baudrate=19200"),
        ((replace(HERE, parity="E"),), "wrong_parity", "parity=E"),
        ((replace(HERE, device_id=7),), "wrong_device_id", "device_id = 7"),
        ((replace(HERE, device_id=7), HERE), "as_configured", None),
        ((replace(HERE, device_id=7), replace(HERE, baudrate=1200)), "wrong_baud", "=1200"),
        ((replace(HERE, baudrate=1200, parity="E"),), "wrong_baud", "=1200"),
    ],
)
def test_what_a_search_found(places, cause, told):
    said = judge_scan(ScanFacts(driver="c", wanted=HERE, found=places, asked=24))
    assert said.cause == cause
    assert (said.step is None) if told is None else (told in step(said).en)


def test_a_line_that_could_not_be_searched_is_unknown():
    said = judge_scan(ScanFacts(driver="c", wanted=HERE, busy="the service runs"))
    assert (said.cause, said.verdict) == ("line_busy", Verdict.UNKNOWN)


@pytest.mark.parametrize(
    "end", ["connects", "name_unknown", "refused", "no_answer", "unreachable", "not_tried"]
)
def test_the_network_to_a_device(end):
    facts = ReachFacts(name="c", where="h:502", end=end, took_ms=3.0)
    assert judge_tcp(facts).cause == end


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (ValueFacts(driver="c", good=3), "plausible"),
        (ValueFacts(driver="c", good=0), "nothing_read"),
        (ValueFacts(driver="c", good=2, bad=("a",)), "some_implausible"),
        (ValueFacts(driver="c", good=1, bad=("a",)), "wrong_profile"),
        (ValueFacts(driver="c", good=9, bad=("a",), better="byte"), "wrong_byte_order"),
        (ValueFacts(driver="c", good=9, bad=("a",), better="word"), "wrong_word_order"),
    ],
)
def test_values(facts, cause):
    assert judge_values(facts).cause == cause


def points(*, order=True):
    long = Point(
        signal="controller.run_count", table=Table.HOLDING, address=2, type=Type.U32,
        high_word_first=order, most=1_000_000,
    )  # fmt: skip
    return (
        Point(signal="car.load_percent", table=Table.HOLDING, address=0, most=150),
        Point(signal="car.floor", table=Table.HOLDING, address=1, most=60),
        long,
    )


@pytest.mark.parametrize(
    ("words", "swap"),
    [
        ((42, 3, 0, 700), ""),
        ((42 << 8, 3 << 8, 0, 700 >> 8 | (700 & 0xFF) << 8), "byte"),
        ((42, 3, 700, 0), "word"),
        ((999, 999, 0xFFFF, 0xFFFF), ""),
        ((42 << 8, 3, 0, 700), ""),
    ],
)
def test_registers_read_in_another_order_are_recognised_by_what_it_would_cure(words, swap):
    assert better(points(), [(Block(Table.HOLDING, 0, 4), words)]) == swap


CONTACT = InputFacts(signal="alarm.button", pin=17, value=False, watched_s=DAY, stood_s=HOUR)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (replace(CONTACT, watched_s=None), "not_watched"),
        (CONTACT, "never"),
        (replace(CONTACT, changes=1, changed_ago_s=5), "seen"),
    ],
)
def test_whether_a_contact_was_seen_to_change(facts, cause):
    assert judge_toggled(facts).cause == cause


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (CONTACT, "plausible"),
        (replace(CONTACT, value=None), "no_value"),
        (replace(CONTACT, value=True, stood_s=599), "plausible"),
        (replace(CONTACT, value=True, stood_s=600), "inverted"),
        (replace(CONTACT, value=True, stood_s=600, changes=1), "stuck"),
        (replace(CONTACT, value=True, stood_s=None), "active_now"),
        (replace(CONTACT, value=None, contradicts=True), "contradictory"),
        (replace(CONTACT, signal="power.mains", value=False), "inverted"),
        (replace(CONTACT, signal="power.mains", value=True), "plausible"),
        (replace(CONTACT, signal="car.door_zone", value=True), "plausible"),
    ],
)
def test_the_sense_of_a_contact(facts, cause):
    assert judge_sense(facts).cause == cause


def test_a_contact_wired_the_wrong_way_round_is_corrected_by_naming_the_other_level():
    said = judge_sense(replace(CONTACT, value=True))
    assert 'active = "high" of pin 17' in step(said).en


def test_every_signal_with_a_state_of_rest_exists():
    assert set(RESTS) <= set(SIGNALS)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (2 * DAY, "2 d"),
    ],
)
def test_spans(seconds, text):
    assert span(seconds).en == text


CHIP = ChipFacts(wanted=True, chips=("/dev/gpiochip0",))


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (CHIP, "usable"),
        (replace(CHIP, wanted=False, chips=()), "not_wanted"),
        (replace(CHIP, chips=()), "no_chip"),
        (replace(CHIP, library_error="no module"), "no_library"),
        (replace(CHIP, allowed=False), "no_permission"),
    ],
)
def test_the_chip(facts, cause):
    assert judge_chip(facts).cause == cause


PIN = PinFacts(signal="s", pin=4, error="")


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (PIN, "free"),
        (replace(PIN, error=None), "not_tried"),
        (replace(PIN, error="'GPIO busy': another program"), "pin_held"),
        (replace(PIN, error="GPIO2 has a physical pull up resistor"), "wrong_pull"),
        (replace(PIN, served=True), "held_by_service"),
        (replace(PIN, served=True, lost=True, reason="'GPIO busy'"), "pin_held"),
        (replace(PIN, served=True, lost=True), "pin_lost"),
        (replace(PIN, served=True, told=False), "not_told"),
    ],
)
def test_a_pin(facts, cause):
    assert judge_pin(facts).cause == cause


@pytest.mark.parametrize(
    "end", ["answers", "silent", "not_sent", "name_unknown", "too_early", "not_asked"]
)
def test_stations_and_cameras(end):
    facts = StationFacts(name="pit", where="h:5060", end=end, last_s=4, round_trip_ms=2)
    assert judge_station(facts).cause == end
    if end != "not_asked":
        assert judge_camera(facts).cause == end


BROKER = BrokerFacts(host="h", port=1883, root="r")
IN = replace(BROKER, login="accepted", limits_known=True, foreign="")


def only(facts, check):
    (one,) = [each for each in judge_broker(facts) if each.check == check]
    return one


@pytest.mark.parametrize(
    ("days", "cause"),
    [(None, "not_judged"), (-1, "expired"), (0, "expiring"), (29, "expiring"), (30, "valid")],
)
def test_days_left_of_a_certificate(days, cause):
    facts = CertificateFacts(whose="server", date="2027-01-01", days=days)
    assert only(replace(BROKER, certificates=(facts,)), "broker.certificate").cause == cause


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (IN, "wide_enough"),
        (replace(IN, maximum_packet=65536), "wide_enough"),
        (replace(IN, maximum_packet=65535), "packet_small"),
        (replace(IN, qos1=False), "no_qos1"),
        (replace(IN, retain=False), "no_retain"),
        (replace(IN, limits_known=False), "not_told"),
    ],
)
def test_the_limits_of_a_broker(facts, cause):
    assert only(facts, "broker.limits").cause == cause


def test_who_else_is_there():
    assert only(IN, "broker.identity").cause == "alone"
    assert only(replace(IN, foreign=None), "broker.identity").cause == "not_known"
    assert only(replace(IN, foreign="status"), "broker.identity").cause == "two_agents"
    assert only(replace(IN, left_over="status"), "broker.identity").cause == "left_over"
    assert only(replace(IN, broken_early=2), "broker.identity").cause == "alone"
    assert only(replace(IN, broken_early=3), "broker.identity").cause == "kicked_out"
    assert only(replace(IN, foreign="x", broken_early=3), "broker.identity").cause == "two_agents"
    assert only(replace(BROKER, foreign="taken"), "broker.identity").cause == "two_agents"


def test_steps_that_were_not_reached_are_not_shown():
    assert judge_broker(BROKER) == []
    reach = ReachFacts(name="h", where="h:1", end="no_answer")
    said = judge_broker(replace(BROKER, reach=reach))
    assert [each.check for each in said] == ["broker.name", "broker.tcp"]


@pytest.mark.parametrize(
    ("said", "code", "cause"),
    [
        ("refused [0x86]", 0x86, "bad_login"),
        ("refused [0x87]", 0x87, "bad_login"),
        ("refused [0x85]", 0x85, "client_id_refused"),
        ("refused [0x84]", 0x84, "wrong_version"),
        ("busy [0x89]", 0x89, "broker_busy"),
        ("refused [0x97]", 0x97, "refused"),
        ("mqtt.password_file: x cannot be used (y)", None, "password_unusable"),
        ("hung up", None, "not_mqtt"),
    ],
)
def test_why_a_login_failed(said, code, cause):
    assert (code_of(said), login_cause(said)) == (code, cause)


def verification(code):
    error = ssl.SSLCertVerificationError("x")
    error.verify_code = code
    return error


def alert(reason):
    error = ssl.SSLError("x")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "synchronised", "cause"),
    [
        (verification(10), True, "expired"),
        (verification(10), False, "clock_unsynchronised"),
        (verification(9), True, "not_yet_valid"),
        (verification(62), True, "wrong_name"),
        (verification(20), False, "wrong_ca"),
        (verification(23), True, "failed"),
        (alert("WRONG_VERSION_NUMBER"), True, "not_tls"),
        (alert("TLSV13_ALERT_CERTIFICATE_REQUIRED"), True, "wants_certificate"),
        (alert("SSLV3_ALERT_CERTIFICATE_EXPIRED"), True, "own_certificate_refused"),
        (alert("UNEXPECTED_EOF_WHILE_READING"), True, "not_tls"),
        (alert("SOMETHING"), True, "failed"),
        (ConnectionResetError(), True, "not_tls"),
        (TimeoutError(), True, "failed"),
    ],
)
def test_why_tls_failed(error, synchronised, cause):
    assert tls_cause(error, synchronised=synchronised) == cause


CLOCK = ClockFacts(wall_s=1000, synchronised=True)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (CLOCK, "synchronised"),
        (replace(CLOCK, newest_s=1000), "synchronised"),
        (replace(CLOCK, newest_s=1000.5, newest="f"), "clock_off"),
        (replace(CLOCK, synchronised=False), "clock_unsynchronised"),
        (replace(CLOCK, synchronised=False, ntp_on=True), "clock_unsynchronised"),
        (replace(CLOCK, synchronised=False, ntp_on=False), "no_time_source"),
    ],
)
def test_the_clock(facts, cause):
    assert judge_clock(facts).cause == cause


DISK = DiskFacts(folder="/x", free_percent=50, free_mb=900)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (DISK, "enough"),
        (replace(DISK, free_percent=5), "enough"),
        (replace(DISK, free_percent=4), "disk_low"),
        (replace(DISK, free_percent=0), "disk_full"),
        (replace(DISK, free_percent=None), "not_told"),
        (replace(DISK, exists=False), "no_folder"),
    ],
)
def test_room_on_the_disk(facts, cause):
    assert judge_space(facts).cause == cause


def test_whether_the_disk_takes_writes():
    assert found(judge_mount(DISK)) == "writable"
    assert found(judge_mount(replace(DISK, read_only=True))) == "read_only"
    assert found(judge_mount(replace(DISK, allowed=False))) == "no_permission"
    assert judge_mount(replace(DISK, exists=False)) is None


WEAR = WearFacts(device="mmcblk0", device_bytes=100_000_000, device_s=DAY)
YEAR_TB = 100e6 * 365 * 4 / 1e12  # what four years at this pace write


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (WEAR, "not_judged"),
        (replace(WEAR, device_bytes=120_000_000_000), "not_judged"),
        (replace(WEAR, device_bytes=None), "not_told"),
        (replace(WEAR, device_s=HOUR - 1), "too_early"),
        (replace(WEAR, device_s=HOUR), "not_judged"),
        (replace(WEAR, device_s=HOUR, endurance_tb=100), "little"),
        (replace(WEAR, agent_bytes=40_000_000, agent_s=DAY), "not_judged"),
        (replace(WEAR, agent_bytes=40_000_001, agent_s=DAY), "agent_writes_much"),
        (replace(WEAR, agent_bytes=40_000_001, agent_s=HOUR - 1), "not_judged"),
        (replace(WEAR, endurance_tb=YEAR_TB * 1.001), "little"),
        (replace(WEAR, endurance_tb=YEAR_TB * 0.999), "card_short_lived"),
    ],
)
def test_the_wear_of_a_card(facts, cause):
    assert judge_wear(facts).cause == cause


JOURNAL = JournalFacts(path="/x/outbox.db")


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (JOURNAL, "readable"),
        (replace(JOURNAL, running=True, ballast=True), "usable"),
        (replace(JOURNAL, running=True, ballast=None), "usable"),
        (replace(JOURNAL, running=True, ballast=False), "no_ballast"),
        (replace(JOURNAL, fault="malformed"), "journal_failed"),
        (replace(JOURNAL, exists=False), "no_journal"),
        (replace(JOURNAL, readable=False), "not_told"),
        (replace(JOURNAL, holder=7), "held_elsewhere"),
        (replace(JOURNAL, holder=7, holder_is_ours=True), "held_by_service"),
        (replace(JOURNAL, set_aside=1), "set_aside"),
    ],
)
def test_the_journal(facts, cause):
    assert judge_journal(facts).cause == cause


@pytest.mark.parametrize(
    ("facts", "causes"),
    [
        (HostFacts(), ["no_source"] * 4),
        (
            HostFacts(temperature_c=79.9, undervoltage=False, throttled=False, memory_mb=40),
            ["cool", "steady", "full_speed", "enough"],
        ),
        (
            HostFacts(temperature_c=80.0, undervoltage=True, throttled=True, memory_mb=39),
            ["hot", "under_voltage", "throttled", "low_memory"],
        ),
        (
            HostFacts(undervoltage=False, was_undervoltage=True),
            ["no_source", "was_under_voltage", "no_source", "no_source"],
        ),
    ],
)
def test_the_computer(facts, causes):
    assert [each.cause for each in judge_host(facts)] == causes


@pytest.mark.parametrize(
    ("text", "us"),
    [("30s", 30_000_000), ("1min 30s", 90_000_000), ("0", 0), ("infinity", 0), ("", None), ("x", None),
     ("500ms", 500_000), ("3 s", None)],
)  # fmt: skip
def test_spans_as_systemctl_writes_them(text, us):
    assert span_us(text) == us


@pytest.mark.parametrize(
    ("mode", "owner", "group", "uid", "groups", "may"),
    [
        (0o660, 0, 20, 0, frozenset(), True),
        (0o660, 0, 20, 7, frozenset({20}), True),
        (0o660, 0, 20, 7, frozenset({21}), False),
        (0o606, 0, 20, 7, frozenset({20}), False),
        (0o606, 0, 20, 7, frozenset({21}), True),
        (0o060, 7, 20, 7, frozenset({20}), False),
        (0o640, 0, 20, 7, frozenset({20}), False),
    ],
)
def test_who_may_use_a_file(mode, owner, group, uid, groups, may):
    assert may_write(mode, owner, group, uid, groups) is may


# ---- the table itself


def causes():
    return [(check, word) for check in CHECKS for word in check.causes]


def test_ids_and_causes_are_stable_words():
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for check, word in causes():
        assert check.id.replace(".", "").isalpha()
        assert check.id.count(".") == 1
        assert word.replace("_", "").isalnum()
        assert word.islower()


@pytest.mark.parametrize(("check", "word"), causes())
def test_every_cause_speaks_both_languages_and_only_what_is_wrong_has_a_next_step(
    check: Check, word: str
):
    cause = check.causes[word]
    assert cause.meaning.en
    assert cause.meaning.zh
    if cause.verdict in {Verdict.FAILED, Verdict.WARNING}:
        assert cause.step is not None
        assert cause.step.en
        assert cause.step.zh
    if cause.verdict is Verdict.FINE:
        assert cause.step is None
