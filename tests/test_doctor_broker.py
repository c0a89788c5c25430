"""`elevator-agent doctor` and the broker: a real mosquitto, each step that can fail, and nothing left behind there."""

import contextlib
import json
import os
import pty
import threading

import msgspec
import pytest
from paho.mqtt import publish
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from agent.requests.messages import Answer
from hil.authority import Authority
from hil.broker import BrokerTls, Mosquitto
from hil.installation import AgentProcess, configuration
from hil.subscriber import retained
from tests.doctor_stage import doctor

ROOT = "elevator/v1/bench/e01"


def site(folder, **mqtt):
    return configuration(folder, mqtt=mqtt)


def steps(said):
    return {
        each["check"]: each["cause"]
        for each in said.findings
        if each["check"].startswith("broker.") and each["check"] != "broker.certificate"
    }


def secret(folder, text):
    path = folder / "password"
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def test_every_step_to_a_broker_is_made_and_nothing_is_kept_there(tmp_path):
    with Mosquitto(lines=["max_packet_size 100000"]) as broker:
        said = doctor(site(tmp_path, port=broker.port))
        assert retained(broker.port) == {}
    assert steps(said) == {
        "broker.name": "resolved", "broker.tcp": "connects", "broker.tls": "not_used",
        "broker.login": "accepted", "broker.publish": "acknowledged", "broker.limits": "wide_enough",
        "broker.identity": "alone",
    }  # fmt: skip
    assert "100000" in said.of("broker.limits")["measured"]["en"]
    assert "resp/doctor" in said.of("broker.publish")["measured"]["en"]


def test_a_wrong_password_is_named_and_the_right_one_is_let_in(tmp_path):
    with Mosquitto(users={"e01": "right"}) as broker:
        login = {"port": broker.port, "username": "e01"}
        said = doctor(site(tmp_path, **login, password_file=secret(tmp_path, "geheim-7")))
        assert said.cause("broker.login") == "bad_login"
        assert "geheim-7" not in json.dumps(said.document)
        assert "broker.publish" not in said.checks()
        said = doctor(site(tmp_path, **login, password_file=secret(tmp_path, "right")))
        assert said.cause("broker.login") == "accepted"


def test_an_access_list_without_this_elevator_is_named(tmp_path):
    with Mosquitto(users={"e01": "p"}, acl="user e01\ntopic read #\n") as broker:
        login = {"port": broker.port, "username": "e01", "password_file": secret(tmp_path, "p")}
        said = doctor(site(tmp_path, **login))
    assert said.cause("broker.publish") == "refused"
    assert ROOT in said.of("broker.publish")["next"]["en"]


def test_a_small_packet_limit_is_told(tmp_path):
    with Mosquitto(lines=["max_packet_size 4000"]) as broker:
        assert doctor(site(tmp_path, port=broker.port)).cause("broker.limits") == "packet_small"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authorities")
    return Authority(folder, "right"), Authority(folder, "other")


def test_each_fault_of_a_certificate_has_its_own_cause(tmp_path, authorities):
    right, other = authorities
    good = right.server(days=400)
    with Mosquitto(tls=BrokerTls(good.certificate, good.key)) as broker:

        def tried(**more):
            given = {"port": broker.tls_port, "tls": True, "ca_file": str(right.certificate)}
            return doctor(site(tmp_path, **{**given, **more}))

        fine = tried()
        assert fine.cause("broker.tls") == "trusted"
        assert {e["subject"] for e in fine.findings if e["check"] == "broker.certificate"} == {
            "server",
            "ca",
        }
        assert tried(ca_file=str(other.certificate)).cause("broker.tls") == "wrong_ca"
        assert tried(port=broker.port).cause("broker.tls") == "not_tls"
        assert tried(host="localhost").cause("broker.tls") == "wrong_name"
        broken = tmp_path / "broken.pem"
        broken.write_text("no certificate", encoding="utf-8")
        assert tried(ca_file=str(broken)).cause("broker.tls") == "file_unusable"


def test_an_expired_certificate_is_named_and_so_is_a_clock_that_was_never_set(
    tmp_path, authorities
):
    right, _ = authorities
    old = right.server(start_days=-20, days=-10)
    with Mosquitto(tls=BrokerTls(old.certificate, old.key)) as broker:
        said = doctor(
            site(tmp_path, port=broker.tls_port, tls=True, ca_file=str(right.certificate))
        )
    # Whether this computer's clock is synchronised decides which of the two it is.
    synchronised = said.cause("clock.sync") == "synchronised"
    assert said.cause("broker.tls") == ("expired" if synchronised else "clock_unsynchronised")
    assert "broker.login" not in said.checks()


def test_a_broker_that_demands_a_certificate_says_so(tmp_path, authorities):
    right, _ = authorities
    good = right.server()
    demands = BrokerTls(good.certificate, good.key, authority=right.certificate)
    with Mosquitto(tls=demands) as broker:
        said = doctor(
            site(tmp_path, port=broker.tls_port, tls=True, ca_file=str(right.certificate))
        )
    assert said.cause("broker.tls") == "wants_certificate"


def test_a_name_that_nobody_knows_and_a_port_where_nobody_listens(tmp_path):
    said = doctor(site(tmp_path, host="no-such-broker.invalid", port=1883))
    assert steps(said) == {"broker.name": "name_unknown"}
    said = doctor(site(tmp_path, port=1))
    assert steps(said) == {"broker.name": "resolved", "broker.tcp": "refused"}


def test_a_connected_service_tells_of_its_own_connection_and_nobody_else_comes(tmp_path):
    with Mosquitto(lines=["max_inflight_messages 7"]) as broker:
        config = site(tmp_path, port=broker.port)
        with AgentProcess(config) as agent:
            agent.start()
            agent.wait_until(lambda s: s["mqtt"]["connected"] and s["mqtt"]["published"])
            said = doctor(config)
            agent.stop()
        assert "-doctor" not in broker.log
    assert steps(said) == {
        "broker.name": "resolved", "broker.tcp": "connects", "broker.tls": "not_used",
        "broker.login": "accepted", "broker.publish": "acknowledged", "broker.limits": "wide_enough",
        "broker.identity": "alone",
    }  # fmt: skip
    assert "Receive Maximum 7" in said.of("broker.limits")["measured"]["en"]


def test_a_second_agent_is_one_that_answers_and_not_an_old_status_alone(tmp_path):
    with Mosquitto() as broker:
        config = site(tmp_path, port=broker.port)
        status = json.dumps({"state": "online", "boot_id": "another-computer", "journal": "j"})
        publish.single(f"{ROOT}/status", status, qos=1, retain=True, port=broker.port)
        assert doctor(config).cause("broker.identity") == "left_over"
        with answering(broker.port):
            said = doctor(config)
    assert said.cause("broker.identity") == "two_agents"


@contextlib.contextmanager
def answering(port):
    """Another computer's agent, as far as it answers."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/req/ping", 1)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda client, *_: client.publish(f"{ROOT}/resp/ping", b"{}", 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert subscribed.wait(20)
    yield
    client.disconnect()
    client.loop_stop()


def test_a_twin_on_the_same_computer_is_a_second_agent_too(tmp_path):
    (tmp_path / "twin").mkdir()
    with Mosquitto() as broker, AgentProcess(site(tmp_path / "twin", port=broker.port)) as twin:
        twin.start()
        twin.wait_until(lambda s: s["mqtt"]["connected"] and s["mqtt"]["published"].get("status"))
        said = doctor(site(tmp_path, port=broker.port))
        assert said.cause("broker.identity") == "two_agents"


def test_what_doctor_publishes_is_an_answer_as_documented(tmp_path):
    with Mosquitto() as broker:
        heard: list[bytes] = []
        client = Client(CallbackAPIVersion.VERSION2)
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_message = lambda _client, _data, message: heard.append(bytes(message.payload))
        client.connect("127.0.0.1", broker.port)
        client.subscribe(f"{ROOT}/resp/doctor", 1)
        client.loop_start()
        assert subscribed.wait(20)
        assert doctor(site(tmp_path, port=broker.port)).cause("broker.publish") == "acknowledged"
        client.loop_stop()
    answer = msgspec.json.decode(heard[0], type=Answer)
    assert (answer.verb, answer.ok, answer.error) == ("doctor", True, None)


def test_two_services_with_one_client_id_throw_each_other_out_and_that_is_named(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with Mosquitto() as broker:
        first, second = (site(folder, port=broker.port) for folder in folders)
        with AgentProcess(first) as one, AgentProcess(second) as two:
            one.start()
            two.start()
            one.wait_until(lambda _: one.ask("doctor")["broker"]["broken_early"] >= 3, 60)
            said = doctor(first)
            one.stop()
            two.stop()
    assert said.cause("broker.identity") in {"kicked_out", "two_agents"}


def test_a_journal_that_another_agent_holds_is_named_with_its_process(tmp_path):
    master, side = pty.openpty()
    (tmp_path / "port").symlink_to(os.ttyname(side))
    config = site(tmp_path, port=1)
    driver = {
        "name": "c", "kind": "modbus", "profile": "car-top-sensor", "device_id": 1,
        "url": f"serial://{tmp_path}/port?baudrate=9600&parity=N",
    }  # fmt: skip
    with AgentProcess(config) as agent:
        agent.start()
        other = {"path": str(tmp_path / "other.sock")}
        moved = configuration(tmp_path, control=other, drivers=[driver])
        said = doctor(moved.rename(tmp_path / "second.toml"))
        assert said.cause("service.answer") == "not_running"
        assert said.cause("journal.state") == "held_elsewhere"
        assert said.cause("serial.port") == "held_by_service"  # nothing is opened beside it
        assert said.cause("bus.answer") == "not_asked"
        assert str(agent.pid) in said.of("journal.state")["next"]["en"]
        agent.stop()
    os.close(master)
    os.close(side)


def test_a_service_that_is_not_let_in_is_explained_by_its_own_words(tmp_path):
    with Mosquitto(users={"e01": "right"}) as broker:
        config = site(
            tmp_path, port=broker.port, username="e01", password_file=secret(tmp_path, "wrong")
        )
        with AgentProcess(config) as agent:
            agent.start()
            agent.wait_until(lambda s: "0x8" in s["mqtt"]["reason"])
            said = doctor(config)
            agent.stop()
    assert said.cause("broker.login") == "bad_login"
