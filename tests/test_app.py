"""The service as a whole, in this process: what it says about itself, and that its own errors end it in order."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from agent import delivery
from agent.app import FAILED, FINE, Service
from agent.config import load
from agent.delivery import standing_of
from agent.drivers.polling import Statistics
from agent.drivers.profiles import default_folders
from agent.model import Event, Row, Severity, Transition
from agent.outbox import read_rows
from agent.self_events import SelfEvents
from agent.writer import Outbox
from hil.installation import configuration, controller
from hil.ports import ReservedPort
from tests.e2e import until

# ---------------------------------------------------------------- events about itself


def follow(events: SelfEvents, holds: bool, at_us: int = 1) -> Event | None:
    return events.follow("publish_refused", at_us, {"reason": "quota"}, holds=holds)


def test_a_condition_is_raised_once_and_cleared_once() -> None:
    events = SelfEvents({})
    assert follow(events, holds=False) is None
    raised = follow(events, holds=True)
    assert raised is not None
    assert (raised.transition, raised.severity) == (Transition.RAISED, Severity.MAJOR)
    assert raised.detail == {"reason": "quota"}
    assert follow(events, holds=True) is None
    cleared = follow(events, holds=False, at_us=9)
    assert cleared is not None
    assert (cleared.transition, cleared.at_us) == (Transition.CLEARED, 9)
    assert follow(events, holds=False) is None


def test_what_stood_about_the_last_run_ends_with_the_restart() -> None:
    events = SelfEvents({("agent_fault", "doors"): Severity.MAJOR})
    [cleared] = events.restarted(5)
    assert cleared.key == ("agent_fault", "doors")
    assert cleared.detail == {"reason": "agent_restarted"}
    assert list(events.restarted(6)) == []


def test_what_a_late_journal_says_stood_ends_unless_it_stands_again() -> None:
    events = SelfEvents({})
    follow(events, holds=True)
    stood = {
        ("publish_refused", None): Severity.MAJOR,
        ("agent_fault", "doors"): Severity.MAJOR,
    }
    assert [event.key for event in events.adopt(stood, 5)] == [("agent_fault", "doors")]
    assert follow(events, holds=False) is not None


# ---------------------------------------------------------------- the running service


def service_at(folder: Path, **sections: Any) -> Service:
    sections.setdefault("mqtt", {"host": "127.0.0.1", "port": 1})
    path = configuration(folder, **sections)
    return Service(load(path), default_folders(path), None)


def served(service: Service, deed: Callable[[Service], Coroutine[Any, Any, None]]) -> int:
    """Run it until the deed has ended it."""

    async def serve() -> int:
        await service.start()
        doing = asyncio.create_task(deed(service))
        async with asyncio.timeout(30):
            code = await service.run()
            await doing
        return code

    return asyncio.run(serve())


async def terminate(_: Service) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def said(path: Path) -> list[tuple[str, str]]:
    rows = read_rows(path, 0, 100)
    return [(row.event.code, row.event.transition.value) for row in rows]


def test_sigterm_ends_it_in_order_and_what_it_said_is_journaled(tmp_path: Path) -> None:
    assert served(service_at(tmp_path), terminate) == FINE
    assert said(tmp_path / "outbox.db") == [("agent_started", "notice"), ("usage", "notice")]
    assert not (tmp_path / "control.sock").exists()


def test_an_error_of_its_own_in_a_callback_ends_it_in_order_with_code_1(tmp_path: Path) -> None:
    async def fail(_: Service) -> None:
        def broken() -> None:
            raise ValueError("ours")

        asyncio.get_running_loop().call_soon(broken)

    assert served(service_at(tmp_path), fail) == FAILED
    assert said(tmp_path / "outbox.db") == [("agent_started", "notice")]


def test_an_error_of_its_own_in_a_part_ends_it_in_order_with_code_1(tmp_path: Path) -> None:
    class BrokenDriver:
        name, signals, statistics = "broken", dict[str, int](), Statistics()

        async def run(self, _sink: object) -> None:
            raise ValueError("ours")

    service = service_at(tmp_path)
    service._drivers.append(BrokenDriver())

    async def nothing(_: Service) -> None:
        return

    assert served(service, nothing) == FAILED


def test_what_the_system_refuses_in_a_callback_does_not_end_it(tmp_path: Path) -> None:
    async def run_out(service: Service) -> None:
        context = {"message": "no descriptors", "exception": OSError(24, "Too many open files")}
        asyncio.get_running_loop().call_exception_handler(context)
        await asyncio.sleep(0.05)
        assert not service._ending.is_set()
        await terminate(service)

    assert served(service_at(tmp_path), run_out) == FINE


def test_refusals_of_the_broker_and_a_failed_rule_are_events_and_the_status_says_so(
    tmp_path: Path,
) -> None:
    async def look(service: Service) -> None:
        health = service._publisher._health
        health.refused("quota exceeded on alarm/x")
        await wait_for(service, "publish_refused", "raised")
        health.refusing = False
        await wait_for(service, "publish_refused", "cleared")
        service._intake.monitor._alive &= ~1
        await until(lambda: service._publisher.snapshot()["degraded"] == "agent_fault")
        await terminate(service)

    assert served(service_at(tmp_path), look) == FINE


async def wait_for(service: Service, *what: str) -> None:
    await until(lambda: what in said(Path(service._settings.outbox.path)))


def test_a_journal_that_opens_while_the_rest_is_put_together_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after `start` has given up waiting for it and before anything listens."""
    monkeypatch.setattr(delivery, "_OPEN_S", 0.0)
    assert served(service_at(tmp_path), terminate) == FINE

    class SlowControl:
        def __init__(self, outbox: Outbox) -> None:
            self._outbox = outbox

        async def start(self) -> None:
            await until(lambda: self._outbox.journal)

        async def close(self) -> None:
            return

    service = service_at(tmp_path)
    monkeypatch.setattr(service, "_make_control", lambda: SlowControl(service._delivery.outbox))

    async def look(service: Service) -> None:
        assert service._delivery.opened
        await terminate(service)

    assert served(service, look) == FINE


def test_records_that_found_no_room_are_counted_when_the_card_is_back(tmp_path: Path) -> None:
    async def fail_and_return(service: Service) -> None:
        outbox = service._delivery.outbox
        service._delivery.journal_fault("read-only")
        outbox._room.dropped[Severity.INFO] += 3
        service._delivery.journal_fault(None)
        await wait_for(service, "records_dropped", "notice")
        await terminate(service)

    assert served(service_at(tmp_path), fail_and_return) == FINE
    [dropped] = [
        row.event
        for row in read_rows(tmp_path / "outbox.db", 0, 100)
        if row.event.code == "records_dropped"
    ]
    assert dropped.detail == {"info": 3}
    assert ("storage_failed", "cleared") in said(tmp_path / "outbox.db")


def test_a_lost_journal_is_said_with_the_numbers_that_do_not_exist(tmp_path: Path) -> None:
    assert served(service_at(tmp_path), terminate) == FINE
    for name in ("outbox.db", "outbox.db-wal", "outbox.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    assert served(service_at(tmp_path), terminate) == FINE
    rows = {row.event.code: row for row in read_rows(tmp_path / "outbox.db", 0, 100)}
    recovered = rows["outbox_recovered"]
    assert recovered.event.detail["missing_from"] == 1
    assert recovered.event.detail["missing_to"] == rows["agent_started"].seq - 1


def test_a_dead_device_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    with ReservedPort() as port:
        service = service_at(tmp_path, drivers=[controller(port.number)])
        assert served(service, terminate) == FINE


def test_since_is_kept_only_within_one_boot() -> None:
    event = Event(
        code="alarm_button",
        transition=Transition.RAISED,
        severity=Severity.CRITICAL,
        at_us=9,
        since_us=7,
    )
    row = Row(
        seq=1, journal="j", raised_seq=1, event=event, boot_id="old", wall_us=0, synchronised=True
    )
    assert [old.since_us for old in standing_of([row], "old")] == [7]
    assert [old.since_us for old in standing_of([row], "new")] == [None]


def test_a_journal_replaced_while_running_says_at_once_what_does_not_exist(tmp_path: Path) -> None:
    async def replace(service: Service) -> None:
        outbox = service._delivery.outbox
        outbox.recovered, outbox.recovered_range = "damaged", (3, 1000)
        service._delivery._replaced()
        await wait_for(service, "outbox_recovered", "notice")
        await terminate(service)

    assert served(service_at(tmp_path), replace) == FINE


def test_rows_that_nobody_can_read_any_more_are_said_to_be_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Outbox, "unreadable", 2)

    async def look(service: Service) -> None:
        await wait_for(service, "records_dropped", "notice")
        await terminate(service)

    assert served(service_at(tmp_path), look) == FINE
    rows = read_rows(tmp_path / "outbox.db", 0, 100)
    lost = [row.event.detail for row in rows if row.event.code == "records_dropped"]
    assert lost == [{"reason": "unreadable", "count": 2}]
