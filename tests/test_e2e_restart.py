"""What stands survives a restart, ends with its own raise, and what can no longer end is ended with a reason."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from paho.mqtt import publish

from hil.installation import TOPIC, configuration, contacts
from hil.subscriber import Heard
from tests.e2e import QUICK, Whole, assert_no_gap, events, standing, whole


def test_a_standing_alarm_stays_raised_and_is_cleared_with_its_raise_and_duration(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.press()
        raised = bench.event("alarm_button")
        bench.drained()
        before = standing(bench.agent.ask("status"))
        bench.restart()
        after = standing(bench.agent.ask("status"))["alarm_button"]
        assert (after["seq"], after["since"]) == (
            before["alarm_button"]["seq"],
            before["alarm_button"]["since"],
        )
        bench.drained()
        assert bench.retained()["alarm/alarm_button"]["sequence"] == raised["sequence"]
        assert len({e["id"] for e in events(bench.heard.messages, "alarm_button")}) == 1
        bench.turn_end_key()
        cleared = bench.event("alarm_button", "cleared")
        assert cleared["data"]["raised_seq"] == int(raised["sequence"])
        assert cleared["data"]["reason"] == "end_key"
        stood_ms = cleared["data"]["uptime_ms"] - raised["data"]["uptime_ms"]
        assert abs(cleared["data"]["duration_ms"] - stood_ms) <= 1  # one boot: by the uptime
        bench.heard.fence()
        assert not [topic for topic in bench.retained() if topic.startswith("alarm/")]


def test_what_was_configured_away_is_cleared_with_that_reason(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.press()
        raised = bench.event("alarm_button")
        assert bench.agent.stop() == 0
        configuration(
            tmp_path,
            mqtt={"port": bench.link.port},
            monitor=QUICK,
            drivers=[contacts("alarm.end_key")],
        )
        bench.agent.start()
        cleared = bench.event("alarm_button", "cleared")
        assert cleared["data"]["reason"] == "configuration_changed"
        changed = bench.event("configuration_changed", "notice")
        assert changed["data"]["from"] != changed["data"]["to"]
        assert cleared["data"]["raised_seq"] == int(raised["sequence"])
        assert cleared["data"]["severity"] == "critical"
        bench.drained()
        assert "alarm/alarm_button" not in bench.retained()
        assert standing(bench.agent.ask("status")) == {}
        bench.delivered(assert_no_gap(bench.journal))


def retain(bench: Whole, below: str, payload: bytes) -> None:
    """Publish something retained as another client would."""
    topic = f"{TOPIC}/{below}"
    bench.foreign[topic] = payload
    publish.single(topic, payload, qos=1, retain=True, hostname="127.0.0.1", port=bench.broker.port)


def wait_until_emptied(bench: Whole, below: str) -> None:
    topic = f"{TOPIC}/{below}"
    bench.heard.wait_for(lambda all_: any(m.topic == topic and not m.payload for m in all_))


@pytest.mark.parametrize("while_connected", [False, True])
def test_an_alarm_topic_that_tells_what_does_not_stand_is_emptied_and_a_foreign_status_repaired(
    tmp_path: Path, while_connected: bool
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        stale = ("alarm/overtravel_top", "alarm/signal_lost/an-old-driver", "alarm/nonsense/x/y")
        if while_connected:
            bench.agent.start()
            bench.drained()
            bench.press()
            bench.event("alarm_button")
        for below in stale:
            retain(bench, below, b'{"specversion":"1.0"}')
        retain(bench, "status", json.dumps({"state": "offline", "boot_id": "old"}).encode())
        if not while_connected:
            bench.agent.start()
            bench.press()
            bench.event("alarm_button")
        for below in stale:
            wait_until_emptied(bench, below)
        bench.heard.wait_for(
            lambda all_: (
                next(m.json["state"] for m in reversed(all_) if m.topic == f"{TOPIC}/status")
                == "online"
            )
        )
        retained = bench.retained()
        assert [topic for topic in retained if topic.startswith("alarm/")] == ["alarm/alarm_button"]
        assert retained["status"]["state"] == "online"


@pytest.mark.parametrize("defaced", [b"", b'{"id":"somebody-else"}', b"not JSON"])
def test_a_standing_alarm_that_somebody_else_emptied_or_overwrote_is_shown_again(
    tmp_path: Path, defaced: bytes
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.press()
        raised = bench.event("alarm_button")
        bench.drained()
        retain(bench, "alarm/alarm_button", defaced)

        def shown_again(messages: Sequence[Heard]) -> bool:
            topic = f"{TOPIC}/alarm/alarm_button"
            payloads = [m.payload for m in messages if m.topic == topic]
            return defaced in payloads and payloads[-1] != defaced

        bench.heard.wait_for(shown_again)
        assert bench.retained()["alarm/alarm_button"]["id"] == raised["id"]


def test_the_will_says_offline_when_it_is_killed_and_online_comes_back(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.drained()
        journal = bench.agent.ask("status")["outbox"]["journal"]
        bench.agent.kill()
        bench.heard.wait_for(
            lambda all_: (
                all_[-1].topic.endswith("/status") and b"connection_lost" in all_[-1].payload
            )
        )
        will = bench.retained("status")["status"]
        assert set(will) == {"state", "reason", "boot_id", "journal"}
        assert (will["state"], will["journal"]) == ("offline", journal)
        bench.agent.start()
        bench.drained()
        assert bench.retained("status")["status"]["state"] == "online"
