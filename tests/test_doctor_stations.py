"""`elevator-agent doctor`, stations, cameras and systemd: who answers, who does not, and who could not be asked."""

import asyncio
import socket
from dataclasses import replace

import pytest

from agent.clock import Clock
from agent.doctor import look_system
from agent.doctor.broker import BrokerFacts, judge_broker
from agent.doctor.look_port import look_at_port
from agent.doctor.look_stations import look_at_stations
from agent.doctor.network import ReachFacts
from agent.doctor.scene import Link, Own, Scene, Service, Signal, Status
from agent.doctor.stations import StationFacts, judge_station
from agent.doctor.unit import SocketFacts
from agent.settings import CameraSettings, ElevatorSettings, IntercomSettings, Settings
from hil.installation import AgentProcess, configuration
from tests.doctor_stage import doctor


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def station(name, where, **more):
    return {
        "name": name,
        "kind": "intercom",
        "station": name,
        "probe": "tcp",
        "address": where,
        **more,
    }


def test_every_station_is_asked_where_no_service_does_and_its_answer_is_timed(tmp_path, listening):
    said = doctor(
        configuration(
            tmp_path,
            mqtt={"port": 1},
            drivers=[
                station("pit", f"127.0.0.1:{listening}"),
                station("car", "127.0.0.1:1", timeout_s=0.5),
                station("car_top", "no-such-station.invalid:5060", timeout_s=2),
                station("duty_room", "127.0.0.1:5999", probe="udp"),
                {"name": "eye", "kind": "camera", "camera": "eye", "address": "127.0.0.1:1"},
            ],
        )
    )
    assert said.cause("intercom.station", "pit") == "answers"
    assert said.cause("intercom.station", "car") == "refused"
    assert said.cause("intercom.station", "car_top") == "name_unknown"
    assert said.cause("intercom.station", "duty_room") == "not_asked"
    assert said.cause("camera.answer", "eye") == "refused"
    assert " ms" in said.of("intercom.station", "pit")["measured"]["en"]


def test_a_running_service_tells_of_its_stations(tmp_path, listening):
    drivers = [
        station("pit", f"127.0.0.1:{listening}", interval_s=5),
        station("car", "127.0.0.1:1", interval_s=5),
    ]
    config = configuration(tmp_path, mqtt={"port": 1}, drivers=drivers)
    with AgentProcess(config) as agent:
        agent.start()
        agent.wait_until(
            lambda _: all(each["q"] == "good" for each in agent.ask("signals")["signals"].values())
        )
        said = doctor(config)
        agent.stop()
    assert said.cause("intercom.station", "pit") == "answers"
    assert said.cause("intercom.station", "car") == "silent"


def told(driver, *, service=None, cause="answers"):
    settings = Settings(elevator=ElevatorSettings(site="s", id="e"), drivers=(driver,))
    socket_facts = SocketFacts(path="x", cause=cause)
    scene = Scene(file="a", settings=settings, socket=socket_facts, clock=Clock(), service=service)
    (finding,) = asyncio.run(look_at_stations(scene))
    return finding.cause


def serving(*, up, reason="", signal=None, q="no_answer", value=None):
    signals = {} if signal is None else {signal: Signal(v=value, q=q, age_ms=400)}
    links = {} if up is None else {"n": Link(up=up, reason=reason)}
    return Service(status=Status(links=links), signals=signals, own=Own())


PIT = IntercomSettings(name="n", station="pit", address="h:5060")
EYE = CameraSettings(name="n", camera="eye", address="h:554")


@pytest.mark.parametrize(
    ("service", "cause"),
    [
        (serving(up=None), "too_early"),
        (serving(up=True), "too_early"),
        (serving(up=False, reason="no route"), "not_sent"),
        (serving(up=False, reason="h: check the name, the DNS server"), "name_unknown"),
        (serving(up=True, signal="intercom.pit", q="good", value=True), "answers"),
        (serving(up=True, signal="intercom.pit", q="good", value=False), "silent"),
    ],
)
def test_what_the_service_knows_of_a_station(service, cause):
    assert told(PIT, service=service) == cause


def test_what_the_service_knows_of_a_camera():
    assert (
        told(EYE, service=serving(up=True, signal="camera.eye", q="good", value=True)) == "answers"
    )
    assert (
        told(EYE, service=serving(up=True, signal="camera.eye", q="good", value=False)) == "silent"
    )


def test_the_figures_of_a_station():
    facts = StationFacts(name="pit", where="h", end="answers", round_trip_ms=3)
    assert judge_station(facts).measured.en == "h, 3 ms"
    assert judge_station(replace(facts, last_s=4)).measured.en == "h: 4 s ago, 3 ms"
    wrong = replace(facts, end="not_sent", reason="no route")
    assert judge_station(wrong).measured.en == "h: no route"


def test_a_name_that_cannot_be_resolved_ends_the_way_to_a_broker():
    reach = ReachFacts(name="h", where="h:1", end="name_unknown", reason="x")
    facts = BrokerFacts(host="h", port=1, root="r", reach=reach, tls="failed")
    assert [each.cause for each in judge_broker(facts)] == ["name_unknown", "failed"]


# ---- systemd, as its own program answers


def program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


SHOWN = "\n".join(
    [
        "LoadState=loaded", "ActiveState=active", "SubState=running", "UnitFileState=enabled",
        "NRestarts=3", "Result=success", "WatchdogUSec=30s",
    ]
)  # fmt: skip


def test_systemd_is_asked_for_the_unit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "systemctl", f"cat <<'END'\n{SHOWN}\nEND")
    facts = asyncio.run(look_system.unit_facts())
    assert (facts.loaded, facts.active, facts.restarts) == (True, "active", 3)
    assert facts.watchdog_us == 30_000_000
    program(tmp_path, "systemctl", "exit 1")
    assert not asyncio.run(look_system.unit_facts()).answers


def test_a_program_that_hangs_is_ended_and_one_that_is_missing_is_no_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(look_system, "ASK_S", 0.1)
    assert asyncio.run(look_system.output_of("sleep", "60")) is None
    assert asyncio.run(look_system.output_of(str(tmp_path / "none"))) is None


def test_the_time_source_is_told_by_timedatectl(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    scene = Scene(
        file="a", settings=None, socket=SocketFacts(path="x"), clock=Clock(), root=tmp_path
    )
    program(tmp_path, "timedatectl", "echo NTP=no; echo NTPSynchronized=no")
    assert asyncio.run(look_system.look_at_clock(scene))[0].cause == "no_time_source"
    program(tmp_path, "timedatectl", "echo NTP=yes; echo NTPSynchronized=yes; echo ServerName=t.x")
    (finding,) = asyncio.run(look_system.look_at_clock(scene))
    assert finding.cause == "synchronised"
    assert "t.x" in finding.measured.en


def test_a_port_that_is_not_there_lists_the_adapters_there_are(tmp_path):
    (tmp_path / "dev/serial/by-id").mkdir(parents=True)
    (tmp_path / "dev/serial/by-id/usb-x").symlink_to("/dev/null")
    scene = Scene(
        file="a", settings=None, socket=SocketFacts(path="x"), clock=Clock(), root=tmp_path
    )
    facts = look_at_port(scene, str(tmp_path / "none"))
    assert not facts.exists
    assert facts.listed[0].endswith("usb-x")
    held = look_at_port(scene, "/dev/null")
    assert held.by_id.endswith("usb-x")
    assert held.served
