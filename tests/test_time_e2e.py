"""A real agent whose clock is wrong: what it tells before and after, over restarts, and what a subscriber makes of it."""

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from agent.cli.ask import stream
from hil.broker import Mosquitto
from hil.installation import TOPIC, configuration, controller
from hil.link import CuttableLink
from hil.subscriber import Heard, Subscriber, retained
from tests.asker import Asker
from tests.clock_stage import RETRY, SINCE_1970, YEAR_S, StagedAgent
from tests.e2e import assert_same_under_one_id, events
from tests.published import judge

pytestmark = pytest.mark.broker

ALARM = f"{TOPIC}/alarm/signal_lost/controller"


def milliseconds(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


def corrected_by_the_consumer(messages: Iterable[dict[str, Any]]) -> dict[str, int]:
    """When each event happened, by id, in milliseconds: what was told, or what the anchor of its boot makes of it."""
    said = list(messages)
    anchors = {
        each["data"]["boot_id"]: each["data"]["anchor"]
        for each in said
        if each["type"] == "clock_corrected.notice"
    }
    times: dict[str, int] = {}
    for each in said:
        data, anchor = each["data"], anchors.get(each["data"]["boot_id"])
        times[each["id"]] = milliseconds(each["time"])
        if data["clock"] == "unsynchronised" and anchor is not None:
            times[each["id"]] = anchor["unix_ms"] + data["uptime_ms"] - anchor["uptime_ms"]
    return times


def told_now(agent: StagedAgent) -> list[dict[str, Any]]:
    """Every event of the journal as the agent tells it now."""
    socket = agent.config.parent / "control.sock"
    return [json.loads(each) for each in stream(socket, "events", {"limit": 1000}, 30)]


def words(messages: Iterable[dict[str, Any]], boot: str) -> dict[str, set[str]]:
    """By code, how events of a boot said that their time can be trusted."""
    found: dict[str, set[str]] = {}
    for each in messages:
        if each["data"]["boot_id"] == boot:
            found.setdefault(each["data"]["code"], set()).add(each["data"]["clock"])
    return found


def heard_of(heard: Subscriber, code: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until a code was heard so often."""
    return heard.wait_for(
        lambda all_: found if len(found := events(all_, code)) >= count else None, 30
    )


def of_alarm(heard: Subscriber, word: str) -> Heard:
    """Wait until the standing alarm's time is as good as this."""
    return heard.wait_for(
        lambda all_: next(
            (m for m in all_ if m.topic == ALARM and m.payload and m.json["data"]["clock"] == word),
            None,
        ),
        30,
    )


def boot_without_a_clock(agent: StagedAgent, heard: Subscriber, link: CuttableLink) -> None:
    """A boot in 1970. The agent is killed before it wrote down what arrived, and started again out of reach."""
    agent.start()
    heard_of(heard, "signal_lost")
    assert {e["data"]["clock"] for e in events(heard.messages)} == {"unsynchronised"}
    assert {e["time"][:4] for e in events(heard.messages)} == {"1970"}
    assert not any(e["data"]["historical"] for e in events(heard.messages))
    of_alarm(heard, "unsynchronised")
    link.cut()
    agent.kill()
    agent.start()
    agent.wait_until(lambda s: s["outbox"]["waiting"] == 0 and s["outbox"]["head"] >= 3)
    assert agent.ask("status")["clock"]["anchor"] is None


def set_late(agent: StagedAgent) -> None:
    """Its clock is set, decades forward."""
    agent.clock(off_s=0, marked=True)
    agent.wait_until(lambda _: told_now(agent)[-1]["type"] == "clock_corrected.notice")
    status = agent.ask("status")
    assert status["clock"]["source"] == "systemd-timesyncd"
    [stands] = status["standing"]
    assert (stands["clock"], stands["since"] > "2026") == ("corrected", True)


def next_boot(agent: StagedAgent, heard: Subscriber, link: CuttableLink) -> None:
    """The computer is started again, its clock unset once more. What boot A said comes with its right time."""
    agent.kill()
    agent.clock(off_s=SINCE_1970, marked=False, boot_id="boot-b")
    agent.start()
    link.mend()
    heard_of(heard, "clock_corrected")
    assert heard_of(heard, "agent_started", 3)[-1]["data"]["clock"] == "unsynchronised"
    assert words(events(heard.messages), "boot-a") == {
        "agent_started": {"unsynchronised", "corrected"},
        "signal_lost": {"unsynchronised", "corrected"},
        "clock_corrected": {"synchronised"},
    }
    assert of_alarm(heard, "corrected").json["time"] > "2026"
    agent.clock(off_s=0, marked=True)
    heard_of(heard, "clock_corrected", 2)
    agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"])


def asked_for(port: int, head: int) -> list[Heard]:
    """Every event up to a sequence, as one hears it who comes late and asks for all of them."""
    with Subscriber(port, f"{TOPIC}/event/#") as late, Asker(port) as asker:
        asker.ask("replay", **{"from": 1, "to": head})
        late.wait_for(lambda all_: len(events(all_)) == head)
        return list(late.messages)


def now_ms() -> int:
    return round(dt.datetime.now(dt.UTC).timestamp() * 1000)


def test_what_was_told_in_1970_and_what_is_told_later_come_to_the_same_instants(
    tmp_path: Path,
) -> None:
    began_ms = now_ms()
    with Mosquitto() as broker, CuttableLink(broker.port) as link:
        config = configuration(tmp_path, mqtt={"port": link.port}, drivers=[controller(1)])
        with StagedAgent(config) as agent, Subscriber(broker.port, f"{TOPIC}/#") as heard:
            boot_without_a_clock(agent, heard, link)
            set_late(agent)
            next_boot(agent, heard, link)
            now, late = (
                told_now(agent),
                asked_for(broker.port, agent.ask("status")["outbox"]["head"]),
            )
            assert agent.stop() == 0
            assert_same_under_one_id([*heard.messages, *late])
            judge([*heard.messages, *late])
    told = events(late)
    assert [e["time"] for e in told] == [e["time"] for e in now[: len(told)]]
    # By the anchors an early subscriber finds for each event the very instant that a late one is told.
    by_consumer = corrected_by_the_consumer(events(heard.messages))
    by_agent = {e["id"]: milliseconds(e["time"]) for e in told}
    assert {id_: by_consumer[id_] for id_ in by_agent} == by_agent
    in_order = [by_consumer[e["id"]] for e in sorted(told, key=lambda e: e["data"]["uptime_ms"])]
    assert in_order == sorted(in_order)
    assert began_ms - 2000 <= in_order[0] <= in_order[-1] <= now_ms() + 2000
    assert {e["data"]["clock"] for e in told} == {"corrected", "synchronised"}
    assert_one_notice_a_boot(told)


def assert_one_notice_a_boot(told: list[dict[str, Any]]) -> None:
    """And each names what came before it in its boot."""
    notices = [e for e in told if e["type"] == "clock_corrected.notice"]
    assert [e["data"]["boot_id"] for e in notices] == ["boot-a", "boot-b"]
    for notice in notices:
        data = notice["data"]
        of_boot = [e for e in told if e["data"]["boot_id"] == data["boot_id"]]
        assert data["applies_from"] == int(of_boot[0]["sequence"])
        assert data["applies_to"] == int(notice["sequence"]) - 1
        assert (data["reason"], data["clock"]) == ("synchronised", "synchronised")


def test_a_synchronised_clock_that_is_set_wrong_is_not_believed_until_the_system_does(
    tmp_path: Path,
) -> None:
    with Mosquitto() as broker, Subscriber(broker.port, f"{TOPIC}/#") as heard:
        config = configuration(tmp_path, mqtt={"port": broker.port})
        with StagedAgent(config) as agent:
            agent.clock(off_s=0, marked=True)
            agent.start()
            heard_of(heard, "agent_started")
            agent.clock(off_s=-9 * YEAR_S)  # the mark of the time service stays
            [notice] = heard_of(heard, "clock_corrected")
            status = agent.ask("status")
            assert (status["clock"]["synchronised"], status["clock"]["source"]) == (False, None)
            assert (notice["data"]["reason"], notice["data"]["clock"]) == ("stepped", "corrected")
            assert notice["time"] > "2026" > notice["data"]["believed_time"]
            agent.kill()
            agent.clock(off_s=9 * YEAR_S)
            agent.start()  # in the same boot: the anchor is in the journal
            agent.wait_until(lambda s: s["clock"]["anchor"] and not s["clock"]["synchronised"])
            agent.clock(off_s=0, answer=True)
            agent.wait_until(lambda s: s["clock"]["synchronised"])
            assert agent.stop() == 0
    assert len({e["id"] for e in events(heard.messages, "clock_corrected")}) == 1
    assert not any(e["data"]["historical"] for e in events(heard.messages))


def test_a_clock_that_becomes_right_ends_the_wait_for_the_next_attempt_to_connect(
    tmp_path: Path,
) -> None:
    with Mosquitto() as broker, CuttableLink(broker.port) as link:
        link.cut()
        agent = StagedAgent(configuration(tmp_path, mqtt={"port": link.port}))
        agent.environment[RETRY] = "100000"
        with agent:
            agent.start()
            agent.wait_for_log("nothing listens")
            link.mend()
            agent.clock(off_s=0, marked=True)
            agent.wait_until(lambda s: s["mqtt"]["connected"])
            assert agent.stop() == 0


def test_a_late_subscriber_finds_the_standing_alarm_with_its_right_time(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        config = configuration(tmp_path, mqtt={"port": broker.port}, drivers=[controller(1)])
        with StagedAgent(config) as agent:
            agent.start()
            agent.wait_until(lambda s: s["standing"])
            agent.clock(off_s=0, answer=True)  # no mark: another service, which says so when asked
            agent.wait_until(lambda s: s["clock"]["source"] == "timedatectl")
            agent.wait_until(
                lambda _: retained(broker.port, ALARM)[ALARM]["data"]["clock"] == "corrected"
            )
            assert retained(broker.port, ALARM)[ALARM]["time"] > "2026"
            assert retained(broker.port, f"{TOPIC}/status")[f"{TOPIC}/status"]["clock"]["anchor"]
            assert agent.stop() == 0
