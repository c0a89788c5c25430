"""A broker that takes small packets only: nothing larger is sent, each is named, and the lanes go on."""

import asyncio
import contextlib
import tracemalloc
from collections.abc import Iterator

import pytest

from agent.backoff import Backoff
from agent.model import Fact, Severity, Transition
from agent.uplink import dispatch as dispatch_module
from agent.uplink.letters import Letter
from hil.broker import Mosquitto
from tests.publisher_stage import BUTTON, TOPICS, Bench, FakeJournal, tapped, until

pytestmark = pytest.mark.broker

MUCH = {f"car.signal_{number}": Fact(v=True, since_us=1) for number in range(60)}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch_module, "_refusal_backoff", lambda: Backoff(0.02, 0.05))


@pytest.fixture
def small() -> Iterator[Mosquitto]:
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(Mosquitto(lines=["max_packet_size 3000"]))


def test_an_event_too_large_is_set_aside_its_alarm_shown_without_evidence_and_the_rest_goes_on(
    small: Mosquitto,
) -> None:
    async def story() -> None:
        async with tapped(small.port) as tap:
            bench = Bench(FakeJournal(), small.port)
            async with bench.running() as publisher:
                bench.happens(bench.event(evidence=MUCH))
                bench.happens(bench.event("usage", Transition.NOTICE, Severity.CRITICAL))
                await until(lambda: tap.told(BUTTON))
                assert tap.told(BUTTON)["id"] == "e01-j1-000000000001"
                assert tap.told(BUTTON)["data"]["evidence"] == {}
                await until(lambda: [each["sequence"] for each in tap.events] == ["000000000002"])
                (said,) = publisher.to_report()
                assert (said["ranges"], said["refused_times"]) == (["1-1"], 1)
                assert "alarm_button: it is larger than the 3000 bytes" in str(said["refusal"])
                assert publisher.snapshot()["connected"]
        assert small.log.count("as agent") == 1

    asyncio.run(story())


def test_a_status_and_an_answer_too_large_are_held_back_and_the_connection_stands(
    small: Mosquitto,
) -> None:
    async def story() -> None:
        async with tapped(small.port) as tap:
            bench = Bench(FakeJournal(), small.port)
            bench.publisher.set_links({f"driver-{number}": {"up": True} for number in range(150)})
            async with bench.running() as publisher:
                await until(lambda: tap.status("state") == "online")
                assert tap.status("links") == {}
                answer = Letter(TOPICS.response("snapshot"), b" " * 3_000, retain=False)
                publisher.post.answer(answer)
                await until(lambda: publisher.post.dropped == 1)
                bench.happens(bench.event())
                await until(lambda: tap.events)
        assert small.log.count("as agent") == 1

    asyncio.run(story())


def test_what_is_far_too_large_is_not_kept_and_ends_no_connection() -> None:
    """Under MQTT 3.1.1, whose broker sends whatever was written."""
    stray = TOPICS.alarm("stray", None)

    async def story() -> None:
        with Mosquitto() as broker:
            async with tapped(broker.port) as tap:
                tap.publish(stray, b" " * 20_000_000)
                await until(lambda: stray in tap.retained)
                tap.retained[stray] = b"much"
                bench = Bench(FakeJournal(), broker.port, "3.1.1")
                tap.seen.clear()
                tracemalloc.start()
                async with bench.running():
                    await until(lambda: tap.retained[stray] == b"")
                    _, most = tracemalloc.get_traced_memory()
                tracemalloc.stop()
            assert most < 2_000_000
            assert broker.log.count("as agent") == 1

    asyncio.run(story())
