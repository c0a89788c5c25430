"""A second agent by the same name, and an event the broker refuses alone, become events of the running service."""

import contextlib
import json
from pathlib import Path

import pytest
from paho.mqtt import publish

from hil.broker import Mosquitto
from hil.installation import TOPIC, AgentProcess, configuration, contacts

pytestmark = pytest.mark.broker

RULES = "topic readwrite #\ntopic deny elevator/v1/bench/e01/event/info/agent_started\n"


def test_the_service_tells_of_a_second_agent_and_of_an_event_that_only_it_is_refused(
    tmp_path: Path,
) -> None:
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(acl=RULES))
        path = configuration(tmp_path, mqtt={"port": broker.port}, drivers=[contacts()])
        agent = stack.enter_context(AgentProcess(path))
        agent.start()
        agent.wait_until(lambda s: s["mqtt"]["connected"] and s["mqtt"]["refused"] > 0)
        other = json.dumps({"state": "online", "boot_id": "another-boot"})
        publish.single(f"{TOPIC}/status", other, 1, retain=True, port=broker.port)
        agent.wait_until(lambda s: any(e["code"] == "identity_conflict" for e in s["standing"]))
        told = agent.wait_until(
            lambda s: s["mqtt"]["set_aside"] and s["mqtt"]["delivered_through"] >= 3, 60
        )
        (aside,) = told["mqtt"]["set_aside"]
        assert (aside["seq"], aside["code"]) == (1, "agent_started")
        assert "[0x87]" in aside["reason"]
        assert agent.stop() == 0
