"""Brokers that refuse, throw away, keep silent or serve two: nothing is dropped, everything is said. Scripted and real."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.backoff import Backoff
from agent.model import Event, Lane, Row, Severity, Transition
from agent.uplink import conflict as conflict_module
from agent.uplink import dispatch as dispatch_module
from agent.uplink import echo as echo_module
from agent.uplink import link as link_module
from agent.uplink import readback as readback_module
from agent.uplink.letters import Letter
from agent.uplink.messages import will_message
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
from tests.scripted_broker import (
    BAD_PAYLOAD,
    NO_SUBSCRIBERS,
    NOT_AUTHORISED,
    QUOTA,
    SUCCESS,
    ScriptedBroker,
    scripted_broker,
)

BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 0.1)
    monkeypatch.setattr(link_module, "_CHECK_S", 0.05)
    monkeypatch.setattr(dispatch_module, "_refusal_backoff", lambda: Backoff(0.02, 0.05))


def notice(code: str = "usage", severity: Severity = Severity.INFO) -> Event:
    return make_event(code, Transition.NOTICE, severity)


def backlog(count: int) -> FakeJournal:
    return FakeJournal([make_row(seq, notice()) for seq in range(1, count + 1)])


def sequences(broker: ScriptedBroker) -> list[int]:
    """Of the events the broker has taken, in order."""
    parts = (one.payload.partition(b'"sequence":"')[2][:12] for one in broker.taken("/event/"))
    return [int(part) for part in parts]


def report(bench: Bench) -> list[Row]:
    """What the app does once a second: rows set aside become events."""
    said = [
        bench.event("records_dropped", Transition.NOTICE, Severity.MAJOR, detail=detail)
        for detail in bench.publisher.to_report()
    ]
    return [bench.happens(event) for event in said]


async def reported(bench: Bench) -> Row:
    rows: list[Row] = []

    def is_said() -> bool:
        rows.extend(report(bench))
        return bool(rows)

    await until(is_said)
    (row,) = rows
    return row


def delivered(bench: Bench) -> Any:
    return bench.publisher.snapshot()["delivered_through"]


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("code", [NOT_AUTHORISED, QUOTA, BAD_PAYLOAD])
def test_a_row_that_alone_is_refused_is_set_aside_reported_and_listed(code: int) -> None:
    async def story() -> None:
        async with scripted_broker() as broker:
            journal = backlog(40)
            journal.rows[19] = make_row(20, notice("odd", Severity.MINOR))
            broker.answer = lambda topic, _: code if topic.endswith("/odd") else SUCCESS
            bench = Bench(journal, broker.port)
            async with bench.running() as publisher:
                row = await reported(bench)
                assert row.event.detail["ranges"] == ["20-20"]
                assert f"[0x{code:02x}]" in str(row.event.detail["refusal"])
                await until(lambda: journal.cursors[Lane.REST] == row.seq)
                assert [one.code for one in broker.published if one.topic.endswith("/odd")] == (
                    [code] * 5
                )
                first = [seq for seq in dict.fromkeys(sequences(broker)) if seq <= 40]
                assert first == [seq for seq in range(1, 41) if seq != 20]
                (listed,) = publisher.snapshot()["set_aside"]  # type: ignore[misc]
                assert (listed["seq"], listed["code"]) == (20, "odd")  # type: ignore[has-type]
                assert publisher.snapshot()["refusing"] is False
                assert delivered(bench) == row.seq

    asyncio.run(story())


def test_until_its_report_is_committed_nothing_counts_as_delivered_beyond_a_row_held_back() -> None:
    async def story() -> None:
        async with scripted_broker() as broker:
            journal = backlog(10)
            journal.rows[3] = make_row(4, notice("odd"))
            broker.answer = lambda topic, _: BAD_PAYLOAD if topic.endswith("/odd") else SUCCESS
            bench = Bench(journal, broker.port)
            async with bench.running() as publisher:
                await until(lambda: publisher.snapshot()["set_aside"])
                await until(lambda: len(sequences(broker)) == 9)
                assert (delivered(bench), journal.cursors[Lane.REST]) == (3, 3)
                await reported(bench)
                await until(lambda: delivered(bench) == 11)

    asyncio.run(story())


def test_a_broker_that_refuses_everything_for_a_while_loses_no_row_and_sets_none_aside() -> None:
    async def story() -> None:
        async with scripted_broker() as broker:
            broker.answer = lambda topic, _: QUOTA if "/event/" in topic else SUCCESS
            bench = Bench(backlog(30), broker.port)
            async with bench.running() as publisher:
                await until(lambda: int(str(publisher.snapshot()["refused"])) >= 40)
                assert publisher.snapshot()["refusing"]
                assert delivered(bench) == 0
                broker.answer = lambda topic, _: SUCCESS
                await until(lambda: delivered(bench) == 30)
                assert publisher.snapshot()["set_aside"] == []
                assert set(sequences(broker)) == set(range(1, 31))

    asyncio.run(story())


def test_a_row_without_a_subscriber_is_delivered_and_counted() -> None:
    async def story() -> None:
        async with scripted_broker() as broker:
            broker.answer = lambda topic, _: NO_SUBSCRIBERS if "/event/" in topic else SUCCESS
            bench = Bench(backlog(5), broker.port)
            async with bench.running() as publisher:
                await until(lambda: delivered(bench) == 5)
                assert publisher.snapshot()["unheard"] == 5
                assert publisher.snapshot()["refused"] == 0

    asyncio.run(story())


def test_on_mosquitto_too_an_event_nobody_subscribed_to_is_counted(broker: Mosquitto) -> None:
    async def story() -> None:
        bench = Bench(backlog(3), broker.port)
        async with bench.running() as publisher:
            await until(lambda: delivered(bench) == 3)
            assert publisher.snapshot()["unheard"] == 3
            async with tapped(broker.port):
                bench.happens(notice())
                await until(lambda: delivered(bench) == 4)
                assert publisher.snapshot()["unheard"] == 3

    asyncio.run(story())


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


# ---------------------------------------------------------------- silent


@BOTH
def test_an_acknowledgement_withheld_makes_a_new_connection_and_nothing_is_lost(
    protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "ACKNOWLEDGEMENT_US", 300_000)

    async def story() -> None:
        async with scripted_broker() as broker:
            withheld = {"": False}
            broker.answer = lambda topic, _: (
                None if withheld[""] and "/event/" in topic else SUCCESS
            )
            bench = Bench(backlog(5), broker.port, protocol)
            async with bench.running():
                await until(lambda: delivered(bench) == 5)
                withheld[""] = True
                bench.happens(notice())
                await until(lambda: broker.connects == 2)
                assert delivered(bench) == 5
                withheld[""] = False
                await until(lambda: delivered(bench) == 6)

    asyncio.run(story())


def test_a_half_open_broker_is_left_and_the_next_connection_delivers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "ACKNOWLEDGEMENT_US", 300_000)
    monkeypatch.setattr(link_module, "ANSWER_US", 300_000)

    async def story() -> None:
        async with scripted_broker() as broker:
            bench = Bench(backlog(0), broker.port)
            async with bench.running() as publisher:
                await until(lambda: publisher.snapshot()["connected"])
                broker.is_mute = True
                row = bench.happens(bench.event())
                await until(lambda: not publisher.snapshot()["connected"])
                broker.is_mute = False
                await until(lambda: delivered(bench) == row.seq)

    asyncio.run(story())


def test_a_broker_that_takes_seconds_to_answer_is_sent_a_backlog_slowly_and_an_alarm_at_once() -> (
    None
):
    async def story() -> None:
        async with scripted_broker() as broker:
            bench = Bench(backlog(100), broker.port)
            bench.publisher._out.pace.per_s = 10.0
            async with bench.running() as publisher:
                await until(lambda: publisher.snapshot()["connected"])
                await until(lambda: len(sequences(broker)) >= 10)
                alarm = bench.happens(bench.event())
                await until(lambda: alarm.seq in sequences(broker))
                assert len(sequences(broker)) < 100
                await until(lambda: delivered(bench) == alarm.seq)

    asyncio.run(story())


# ---------------------------------------------------------------- MQTT 3.1.1 throws away and says nothing


def test_under_mqtt_3_1_1_no_row_leaves_before_the_status_is_read_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(echo_module, "WITHIN_US", 300_000)

    async def story() -> None:
        async with scripted_broker() as broker:
            broker.answer = lambda topic, _: NOT_AUTHORISED
            bench = Bench(backlog(5), broker.port, "3.1.1")
            async with bench.running() as publisher:
                await until(lambda: publisher.snapshot()["degraded"] == "publish_refused")
                assert "not read back" in str(publisher.snapshot()["refused_reason"])
                said = len([one for one in broker.published if one.topic == TOPICS.status])
                await until(
                    lambda: (
                        len([one for one in broker.published if one.topic == TOPICS.status])
                        > said + 1
                    )
                )
                assert not [one for one in broker.published if "/event/" in one.topic]
                assert delivered(bench) == 0
                broker.answer = lambda topic, _: SUCCESS
                await until(lambda: delivered(bench) == 5)
                await until(lambda: publisher.snapshot()["degraded"] is None)

    asyncio.run(story())


def test_on_mosquitto_under_3_1_1_a_denied_user_holds_its_rows_until_it_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(echo_module, "WITHIN_US", 500_000)
    rules = tmp_path / "acl"
    rules.write_text("topic read #\n", encoding="utf-8")
    rules.chmod(0o644)

    async def story(broker: Mosquitto) -> None:
        bench = Bench(FakeJournal(), broker.port, "3.1.1")
        async with bench.running() as publisher:
            rows = [bench.happens(bench.event(code)) for code in ("a", "b")]
            await until(lambda: publisher.snapshot()["degraded"] == "publish_refused")
            assert bench.journal.cursors[Lane.CRITICAL] == 0
            async with tapped(broker.port) as tap:
                rules.write_text("topic readwrite #\n", encoding="utf-8")
                assert broker._process is not None
                broker._process.send_signal(signal.SIGHUP)
                await until(lambda: len(tap.events) == 2)
                assert [int(event["sequence"]) for event in tap.events] == [row.seq for row in rows]
                await until(lambda: tap.status("state") == "online")

    with Mosquitto(lines=(f"acl_file {rules}",)) as broker:
        asyncio.run(story(broker))


def test_a_status_of_before_that_the_broker_kept_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(echo_module, "WITHIN_US", 300_000)

    async def story() -> None:
        async with scripted_broker() as broker:
            bench = Bench(FakeJournal(), broker.port, "3.1.1")
            async with bench.running() as publisher:
                await until(lambda: broker.retained.get(TOPICS.status))
                broker.answer = lambda topic, _: NOT_AUTHORISED
                for session in broker.sessions:
                    session.writer.close()
                await until(lambda: broker.connects == 2)
                bench.happens(notice())
                await until(lambda: publisher.snapshot()["degraded"] == "publish_refused")
                assert delivered(bench) == 0
                assert not publisher.conflict.holds(bench.clock.uptime_us())

    asyncio.run(story())


# ---------------------------------------------------------------- the first status


def test_the_first_status_after_a_restart_is_true_where_the_critical_lane_never_had_a_row() -> None:
    async def story() -> None:
        async with scripted_broker() as broker:
            journal = backlog(500)
            journal.cursors[Lane.REST] = 500
            journal.slow_s = 0.2
            bench = Bench(journal, broker.port)
            async with bench.running():
                await until(lambda: broker.taken("/status"))
                first = broker.taken("/status")[0].payload
                assert b'"delivered_through":500,' in first

    asyncio.run(story())


def test_a_card_that_does_not_answer_delays_the_first_status_by_two_seconds_and_not_longer() -> (
    None
):
    async def story() -> None:
        async with scripted_broker() as broker:
            journal = backlog(5)
            journal.slow_s = 600
            journal.standing = [make_row(5, make_event())]
            bench = Bench(journal, broker.port)
            async with bench.running():
                await until(lambda: broker.taken("/alarm/alarm_button"))
                assert broker.retained.keys() >= {TOPICS.status, BUTTON}
                assert b'"delivered_through":0,' in broker.taken("/status")[0].payload

    asyncio.run(story())


# ---------------------------------------------------------------- two with one name


def test_another_boots_status_is_a_conflict_and_its_will_is_only_repaired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readback_module, "_AT_MOST_EVERY_US", 0)
    monkeypatch.setattr(conflict_module, "PEACE_US", 1_000_000)

    async def story() -> None:
        async with scripted_broker() as broker:
            bench = Bench(FakeJournal(), broker.port)

            def holds() -> bool:
                return bench.publisher.conflict.holds(bench.clock.uptime_us())

            async with bench.running():
                await until(lambda: any(each.filters for each in broker.sessions))
                said = len(broker.taken("/status"))
                broker.take(TOPICS.status, will_message("boot-before", "j0"), retain=True)
                await until(lambda: len(broker.taken("/status")) > said)
                assert not holds()
                said = len(broker.taken("/status"))
                other = b'{"state":"online","boot_id":"boot-other"}'
                broker.take(TOPICS.status, other, retain=True)
                await until(holds)
                assert bench.publisher.conflict.other_boot_id == "boot-other"
                await until(lambda: len(broker.taken("/status")) > said)
                await until(lambda: not holds())

    asyncio.run(story())


def test_a_session_taken_over_again_and_again_is_a_conflict_and_the_waits_grow() -> None:
    waits: list[int] = []

    class Noted(Backoff):
        def next_s(self) -> float:  # type: ignore[explicit-override]
            waits.append(self.attempts)
            return super().next_s()

    async def story() -> None:
        async with scripted_broker() as broker:
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running() as publisher:
                for times in range(1, 4):
                    await until(lambda times=times: broker.connects == times)  # type: ignore[misc]
                    await until(lambda: publisher.snapshot()["connected"])
                    held = publisher.conflict.holds(bench.clock.uptime_us())
                    assert held == (times > 2)
                    broker.take_over()
                await until(lambda: broker.connects == 4)
                assert publisher.conflict.reason == "client_id_taken_over"
                assert waits == sorted(waits)
                assert waits[-1] >= 2

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(asyncio.CancelledError):
        patch.setattr(link_module, "Backoff", Noted)
        asyncio.run(story())


# ---------------------------------------------------------------- a message that ends the connection


def test_an_answer_that_makes_the_broker_hang_up_is_not_sent_again() -> None:
    async def story() -> None:
        async with scripted_broker() as broker:

            def answer(topic: str, _payload: bytes) -> int | None:
                if "/resp/" in topic:
                    broker.sessions[-1].writer.close()
                    return None
                return SUCCESS

            broker.answer = answer
            bench = Bench(FakeJournal(), broker.port)
            async with bench.running() as publisher:
                await until(lambda: publisher.snapshot()["connected"])
                publisher.post.answer(Letter(TOPICS.response("ping"), b"{}", retain=False))
                await until(lambda: publisher.post.dropped == 1)
                await until(lambda: broker.connects == 2)
                bench.happens(bench.event())
                await until(lambda: broker.taken("/event/"))
                assert len([one for one in broker.published if "/resp/" in one.topic]) == 1
                assert broker.connects == 2

    asyncio.run(story())


def test_events_sent_again_wait_for_a_lane_that_waits_out_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_module, "_refusal_backoff", lambda: Backoff(0.5, 0.5))

    async def story() -> None:
        async with scripted_broker() as broker:
            broker.answer = lambda topic, _: QUOTA if "/event/critical" in topic else SUCCESS
            journal = FakeJournal([make_row(1, notice())])
            bench = Bench(journal, broker.port)
            async with bench.running() as publisher:
                await until(lambda: delivered(bench) == 1)
                bench.happens(bench.event())
                await until(lambda: publisher.snapshot()["refused"])
                await publisher.post.repeat(journal.rows[0])
                sent = len(sequences(broker))
                await until(lambda: bench_refused(bench) >= 3)
                assert len(sequences(broker)) == sent
                broker.answer = lambda *_: SUCCESS
                await publisher.post.repeated()
                assert sequences(broker)[-2:] == [2, 1]

    asyncio.run(story())


def bench_refused(bench: Bench) -> Any:
    return bench.publisher.snapshot()["refused"]
