"""Two agents by one name on a real broker: told of, and no alarm of the one is taken away by the other."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from agent.uplink import held as held_module
from agent.uplink import link as link_module
from agent.uplink import readback as readback_module
from hil.broker import Mosquitto
from tests.publisher_stage import (
    BUTTON,
    TOPICS,
    Bench,
    FakeJournal,
    make_event,
    make_row,
    tapped,
    until,
)

pytestmark = pytest.mark.broker

BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as mosquitto:
        yield mosquitto


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.2)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 0.5)


def holds(bench: Bench) -> bool:
    return bench.publisher.conflict.holds(bench.clock.uptime_us())


def alarm(journal: str, boot_id: str, seq: int = 1) -> bytes:
    said = {"journal": journal, "boot_id": boot_id}
    return json.dumps({"id": "any", "sequence": f"{seq:012d}", "data": said}).encode()


@BOTH
def test_two_agents_with_one_client_id_are_told_of_and_neither_empties_the_others_alarm(
    broker: Mosquitto, protocol: str
) -> None:
    async def story() -> None:
        async with tapped(broker.port) as tap:
            journal = FakeJournal([make_row(1, make_event(), journal="jone")], "jone")
            journal.standing = journal.rows
            one = Bench(journal, broker.port, protocol)
            two = Bench(FakeJournal(journal="jtwo"), broker.port, protocol, boot_id="boot-b")
            async with one.running():
                await until(lambda: tap.told(BUTTON))
                async with two.running():
                    await until(lambda: holds(one) and holds(two), 60)
                    assert one.publisher.conflict.other_boot_id in {"boot-b", ""}
            assert (BUTTON, b"") not in tap.seen
            assert tap.told(BUTTON)["id"] == "e01-jone-000000000001"

    asyncio.run(story())


def test_an_alarm_of_another_journal_is_left_until_it_was_quiet_for_ten_minutes(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback_module, "_AT_MOST_EVERY_US", 0)
    monkeypatch.setattr(held_module, "QUIET_US", 2_000_000)
    lost, own = TOPICS.alarm("trapped_passengers", None), TOPICS.alarm("intercom_silent", "pit")

    async def story() -> None:
        async with tapped(broker.port) as tap:
            tap.publish(lost, alarm("j-lost", "boot-before"))
            tap.publish(own, alarm("j1", "boot-before", 0))
            await until(lambda: len(tap.retained) == 2)
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running():
                await until(lambda: tap.retained[own] == b"")
                assert tap.retained[lost]
                await until(lambda: tap.retained[lost] == b"")
                assert not holds(bench)

    asyncio.run(story())


def forged(told: Any) -> bytes:
    told["data"]["acknowledged"] = {"seq": 99, "at": "2026-01-01T00:00:00.000Z", "by": "nobody"}
    return json.dumps(told).encode()


def test_a_forged_acknowledgement_and_a_forged_own_status_are_repaired(broker: Mosquitto) -> None:
    async def story() -> None:
        async with tapped(broker.port) as tap:
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running():
                bench.happens(bench.event())
                await until(lambda: tap.told(BUTTON))
                await until(lambda: bench.publisher.snapshot()["in_flight"] == 0)
                false = forged(tap.told(BUTTON))
                tap.publish(BUTTON, false)
                await until(lambda: tap.has_seen(BUTTON, false))
                await until(lambda: "acknowledged" not in tap.told(BUTTON)["data"])
                said = tap.told(TOPICS.status) | {"delivered_through": 999}
                tap.publish(TOPICS.status, json.dumps(said).encode())
                await until(lambda: tap.has_seen(TOPICS.status, json.dumps(said).encode()))
                await until(lambda: tap.status("delivered_through") != 999)

    asyncio.run(story())
