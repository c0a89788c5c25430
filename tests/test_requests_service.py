"""Requests over a real broker to a real agent: MQTT 5 and 3.1.1."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.outbox import read_rows
from hil.broker import Mosquitto
from hil.installation import TOPIC, AgentProcess, configuration
from hil.subscriber import Subscriber
from tests.asker import Asker
from tests.e2e import Whole, events, whole
from tests.published import judge

pytestmark = pytest.mark.broker
ROOT = Path(__file__).parent.parent


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


def agent_on(folder: Path, broker: Mosquitto, **sections: Any) -> AgentProcess:
    mqtt = {"port": broker.port, **sections.pop("mqtt", {})}
    return AgentProcess(configuration(folder, mqtt=mqtt, **sections))


def connected(agent: AgentProcess) -> None:
    agent.start()
    agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 0)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_anybody_may_ask_is_answered(tmp_path: Path, broker: Mosquitto, protocol: str) -> None:
    agent = agent_on(tmp_path, broker, mqtt={"protocol": protocol})
    with agent, Subscriber(broker.port) as heard, Asker(broker.port, protocol) as asker:
        connected(agent)
        pong = asker.ask("ping")
        assert (pong["ok"], pong["verb"]) == (True, "ping")
        assert pong["result"]["seq_head"] >= pong["result"]["delivered_through"] > 0
        assert asker.ask("snapshot")["result"]["signals"] == {}
        again = asker.ask("replay", **{"from": 1, "to": 1})
        assert again["result"] == {"sent": 1, "missing": [], "missing_more": False}
        refused = asker.ask("dance")
        assert refused["error"]["code"] == "unknown_verb"
        assert refused["error"]["allowed"] == ["ping", "snapshot", "replay"]
        assert asker.ask("ack", raised_seq=1, by="x")["error"]["code"] == "not_allowed"
        assert {each.topic for each in asker.answers} == {
            f"{TOPIC}/resp/{verb}" for verb in ("ping", "snapshot", "replay", "unknown", "ack")
        }
        counted = agent.ask("status")["mqtt"]["requests"]
        assert counted["done"] == {"ping": 1, "snapshot": 1, "replay": 1}
        assert counted["refused"] == {"unknown_verb": 1, "not_allowed": 1}
        judge(list(heard.messages))


def test_mqtt_5_chooses_where_it_is_answered_below_the_elevators_own_topics(
    tmp_path: Path, broker: Mosquitto
) -> None:
    agent = agent_on(tmp_path, broker)
    with agent, Asker(broker.port) as asker, Subscriber(broker.port) as everything:
        connected(agent)
        mine = f"{TOPIC}/resp/center/7"
        asker.send("ping", topic=mine, correlation=b"\x00\xff")
        (answer,) = asker.wait_for(1)
        assert (answer.topic, answer.correlation) == (mine, b"\x00\xff")
        for index, elsewhere in enumerate(
            ("elevator/v1/bench/e02/resp/ping", f"{TOPIC}/req/ping", f"{TOPIC}/status", "a" * 200)
        ):
            asker.send("ping", topic=elsewhere)
            answer = asker.wait_for(index + 2)[-1]
            assert answer.topic == f"{TOPIC}/resp/ping"
            assert answer.said["error"]["code"] == "bad_response_topic"
        assert {m.topic for m in everything.messages if b'"ok"' in m.payload} == {
            mine,
            f"{TOPIC}/resp/ping",
        }


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_retained_request_is_nobodys(tmp_path: Path, broker: Mosquitto, protocol: str) -> None:
    agent = agent_on(tmp_path, broker, mqtt={"protocol": protocol})
    with agent, Asker(broker.port, protocol) as asker:
        asker.send("ping", {"correlation_id": "old"}, retain=True)
        connected(agent)
        if protocol == "5":
            asker.send("ping", {"correlation_id": "kept"}, retain=True)
        assert asker.ask("ping")["ok"] is True
        assert len(asker.answers) == 1


def test_a_repeated_request_is_answered_once_and_a_flood_not_at_all(
    tmp_path: Path, broker: Mosquitto
) -> None:
    agent = agent_on(tmp_path, broker, requests={"per_minute": 1})
    with agent, Asker(broker.port) as asker:
        connected(agent)
        for _ in range(3):
            asker.send("ping", correlation=b"same")
        for number in range(60):
            asker.send("ping", {"correlation_id": f"flood {number}"})
        status = agent.wait_until(
            lambda s: sum(s["mqtt"]["requests"]["ignored"].values()) >= 63 - 21
        )
        ignored = status["mqtt"]["requests"]["ignored"]
        assert ignored["repeated"] == 2
        assert len(asker.wait_for(20)) <= 22
        assert ignored["over_limit"] >= 39
        said = [line for line in agent.log if "per_minute" in line]
        assert len(said) == 1


def test_malformed_requests_are_told_what_was_found_and_the_agent_goes_on(
    tmp_path: Path, broker: Mosquitto
) -> None:
    agent = agent_on(tmp_path, broker)
    with agent, Asker(broker.port) as asker:
        connected(agent)
        for payload in (b"{", b"\xff\xfe", b"[]", b'{"from":1}', b'{"from":5,"to":2}', b"[" * 4000):
            asker.send("replay", payload)
        answers = asker.wait_for(6)
        assert {each.said["error"]["code"] for each in answers} == {"malformed"}
        asker.send("replay", b" " * 5000)
        assert asker.wait_for(7)[-1].said["error"]["code"] == "too_large"
        assert asker.ask("ping")["ok"]


def test_a_replay_closes_a_gap_and_changes_nothing_else(tmp_path: Path, broker: Mosquitto) -> None:
    for _ in range(3):
        with agent_on(tmp_path, broker) as agent:
            connected(agent)
            assert agent.stop() == 0
    agent = agent_on(tmp_path, broker)
    with agent, Subscriber(broker.port, f"{TOPIC}/event/#") as heard, Asker(broker.port) as asker:
        connected(agent)
        head = agent.ask("status")["mqtt"]["seq_head"]
        answer = asker.ask("replay", **{"from": 1, "to": head + 5})
        assert answer["result"] == {
            "sent": head,
            "missing": [{"from": head + 1, "to": head + 5, "reason": "beyond_head"}],
            "missing_more": False,
        }
        heard.fence()  # who asked may have heard the answer first
        again = [e for e in events(heard.messages) if e["data"]["replayed"]]
        assert [int(e["sequence"]) for e in again] == list(range(1, head + 1))
        live = {e["id"]: e for e in events(heard.messages) if not e["data"]["replayed"]}
        for event in again:
            if event["id"] not in live:
                continue
            before = live[event["id"]]
            event["data"] |= {k: before["data"][k] for k in ("historical", "replayed", "clock")}
            assert {**event, "time": before["time"]} == before


# ---------------------------------------------------------------- acknowledgement


def test_an_acknowledgement_from_upstream_is_journaled_shown_and_survives_a_restart(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, requests={"allow": ["ack", "diagnostics"]}) as bench:
        bench.agent.start()
        bench.agent.wait_until(lambda s: s["mqtt"]["connected"])
        bench.press()
        raised = bench.event("alarm_button")
        with Asker(bench.broker.port) as asker:
            seq = int(raised["sequence"])
            answer = asker.ask("ack", raised_seq=seq, by="duty room")
            told = answer["result"]["acknowledged"]
            assert (told["by"], answer["result"]["already"]) == ("duty room", False)
            again = asker.ask("ack", raised_seq=seq, by="somebody else")
            assert again["result"] == {**answer["result"], "already": True}
            wrong = asker.ask("ack", raised_seq=seq + 1000, by="duty room")
            assert wrong["error"]["code"] == "not_standing"
            assert wrong["error"]["allowed"] == [f"alarm_button ({seq})"]
            diagnosed = asker.ask("diagnostics")["result"]
            assert diagnosed["standing"][0]["acknowledged"] == told
        acknowledged = bench.event("alarm_button", "acknowledged")
        assert acknowledged["data"]["raised_seq"] == seq
        assert acknowledged["data"]["by"] == "duty room"
        assert acknowledged["data"]["on_site"] is False
        assert acknowledged["data"]["lane"] == "critical"
        assert "alarm.button" in acknowledged["data"]["evidence"]
        record = bench.event("request", "notice")
        assert (record["data"]["by"], record["data"]["verb"]) == ("duty room", "ack")
        assert int(record["sequence"]) == int(acknowledged["sequence"]) - 1
        shown = bench.alarm("alarm_button", lambda alarm: "acknowledged" in alarm["data"])
        assert shown.json["data"]["acknowledged"] == told
        assert shown.json["id"] == raised["id"]
        bench.restart()
        bench.agent.wait_until(lambda s: s["mqtt"]["connected"])
        assert bench.agent.ask("status")["standing"][0]["acknowledged"] == told
        _still_shown(bench, told)


def _still_shown(bench: Whole, told: dict[str, Any]) -> None:
    payload = bench.retained("alarm/#")["alarm/alarm_button"]
    data = payload["data"] if isinstance(payload, dict) else json.loads(payload)["data"]
    assert data["acknowledged"] == told


# ---------------------------------------------------------------- who may ask


def test_the_shipped_access_list_lets_the_platform_ask_and_nobody_else(tmp_path: Path) -> None:
    acl = (ROOT / "config/brokers/mosquitto.acl").read_text(encoding="utf-8")
    acl = acl.replace("pingluo-01", "bench")
    users = {name: name for name in ("platform", "e01", "e02")}
    (secret := tmp_path / "secret").write_text("e01", encoding="utf-8")
    secret.chmod(0o600)
    login = {"username": "e01", "password_file": str(secret)}
    with Mosquitto(users=users, acl=acl) as broker:
        agent = agent_on(tmp_path, broker, mqtt=login)
        with (
            agent,
            Asker(broker.port, user="platform") as platform,
            Asker(broker.port, user="e02") as neighbour,
        ):
            connected(agent)
            neighbour.send("ping", {"correlation_id": "not mine"})
            assert platform.ask("ping")["ok"]
            platform.send("ping", topic=f"{TOPIC}/resp/center", correlation=b"1")
            assert platform.wait_for(2)[-1].topic == f"{TOPIC}/resp/center"
            assert neighbour.answers == []
            assert agent.ask("status")["mqtt"]["requests"]["done"] == {"ping": 2}
            assert not agent.ask("status")["mqtt"]["refused"]


def test_an_agent_that_may_not_answer_goes_on_and_counts(tmp_path: Path) -> None:
    acl = "user e01\ntopic readwrite elevator/v1/bench/e01/#\nuser platform\ntopic readwrite #\n"
    acl = acl.replace("user e01\n", "user e01\ntopic deny elevator/v1/bench/e01/resp/#\n")
    users = {name: name for name in ("platform", "e01")}
    (secret := tmp_path / "secret").write_text("e01", encoding="utf-8")
    secret.chmod(0o600)
    with Mosquitto(users=users, acl=acl) as broker:
        mqtt = {"username": "e01", "password_file": str(secret)}
        agent = agent_on(tmp_path, broker, mqtt=mqtt)
        with agent, Asker(broker.port, user="platform") as platform:
            connected(agent)
            platform.send("ping")
            status = agent.wait_until(
                lambda s: s["mqtt"]["requests"]["ignored"].get("unanswered") == 1
            )
            assert status["mqtt"]["requests"]["done"] == {"ping": 1}
            assert status["state"] == "online"
            assert platform.answers == []


def test_only_what_changes_something_is_journaled(tmp_path: Path, broker: Mosquitto) -> None:
    agent = agent_on(tmp_path, broker, requests={"allow": ["ack"]})
    with agent, Asker(broker.port) as asker:
        connected(agent)
        asker.ask("ping")
        asker.ask("snapshot")
        asker.ask("replay", **{"from": 1, "to": 1})
        asker.ask("ack", raised_seq=1, by="x")
        agent.stop()
    assert "request" not in {row.event.code for row in read_rows(tmp_path / "outbox.db", 0, 100)}
