"""A million events owed, beside a few: start, cost of sending, memory; and how fast they leave, beside the bare client.

Both sides send to a broker nobody listens to, near and over a link that keeps each piece for 20 ms.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.model import Event, Instant, Lane, Row, Severity, Transition
from agent.outbox import Journal, writing
from agent.outbox_chain import digest_of, link_of
from agent.outbox_records import INSERT, record_of
from hil.broker import Mosquitto
from hil.installation import ROOT, TOPIC, AgentProcess, configuration
from hil.link import CuttableLink
from hil.measured import Figure, at_least, at_most, plain
from hil.proc import cpu_s, status_kb
from hil.subscriber import Subscriber

MANY, SOME, FEW = 1_000_000, 20_000, 100
WINDOW = 16
STARTS, FETCHES = 5, 50
FAR_S, FAR_COUNT = 0.02, 1500
_LOOK_S = 1.0  # between two questions to an agent at work, each of which costs it something
_MORE_MB = 4.0  # SQLite's cache of pages, 2 MB, is full then
_LIKE = 1.5  # how much more counts as the same, on a machine that is not quiet


def backlog(folder: Path, many: int = MANY, some: int = SOME) -> Iterator[Figure]:
    """Everything below; `many` rows take about 15 s to make."""
    began_s = time.perf_counter()
    few = journal_of(folder / "few", FEW)
    full = journal_of(folder / "many", many)
    yield plain(f"a journal of {many:,} events owed: made in", time.perf_counter() - began_s, "s")
    yield from reading(few, full)
    yield from starting(folder, full)
    yield from sending(few, journal_of(folder / "some", some), full, some)
    yield from far(full)


def journal_of(folder: Path, rows: int) -> Path:
    """A folder with a journal of so many rows, none of them sent; written straight into its tables, linked as always."""
    folder.mkdir()
    journal = Journal.open(folder / "outbox.db")
    first, *_ = journal.append([_NOTICE], _NOW, "boot")
    link = journal.chain_head
    journal.close()
    with writing(folder / "outbox.db") as db:
        for seq in range(2, rows):
            record = _record(first, seq)
            link = link_of(link, digest_of(record))
            db.execute(INSERT, (*record, link))
    # A start lately, as in a journal that was lived: each start looks for the one before.
    journal = Journal.open(folder / "outbox.db")
    journal.append(
        [msgspec.structs.replace(_NOTICE, code="agent_started", detail={})], _NOW, "boot"
    )
    journal.close()
    return folder


_NOTICE = Event(
    code="mode_changed",
    transition=Transition.NOTICE,
    severity=Severity.INFO,
    at_us=1_000_000,
    detail={"from": "normal", "to": "attendant"},
)
_NOW = Instant(uptime_us=1_000_000, wall_us=1_795_000_000_000_000, synchronised=True)


def _record(row: Row, seq: int) -> tuple[object, ...]:
    _, *rest = record_of(row, {Lane.CRITICAL: 0, Lane.REST: 0})
    return (seq, *rest)


# ---------------------------------------------------------------- what is measured


def reading(few: Path, full: Path) -> Iterator[Figure]:
    """The next rows from the disk."""
    costs = [_fetch_us(folder) for folder in (few, full)]
    yield plain("reading a row to send, of 100 owed", costs[0], "us")
    yield at_most("the same, 1,000,000 owed: times that", costs[1] / costs[0], "", _LIKE)


def starting(folder: Path, full: Path) -> Iterator[Figure]:
    """From the command to the first message at the broker."""
    few = [journal_of(folder / f"few {n}", FEW) for n in range(STARTS)]
    few_s = statistics.median(_start(each) for each in few)
    many_s = statistics.median(_start(full) for _ in range(STARTS))
    yield plain("start to first publish, 100 owed, median", few_s, "s")
    yield at_most("the same, 1,000,000 owed: times that", many_s / few_s, "", _LIKE)


def sending(few: Path, some: Path, full: Path, count: int) -> Iterator[Figure]:
    """Events a second to the last acknowledgement, what processor time each takes, and the memory at most."""
    with Mosquitto() as broker:
        bare, bare_us = max(bare_rate(broker.port, count) for _ in range(3))
        fewest, fewer = (_drain(each, broker.port, count) for each in (few, some))
        most = max(_drain(full, broker.port, count) for _ in range(3))
    yield plain("bare client, near, window 16, best of 3", bare, "1/s")
    yield plain("bare client: processor time of each", bare_us, "us")
    yield plain(f"drain of {count:,} events, all that are owed", fewer.per_s, "1/s")
    yield plain("drain of as many of 1,000,000 owed, best of 3", most.per_s, "1/s")
    yield plain("drain: processor time of each", fewer.cpu_us, "us")
    yield at_most("the same, 1,000,000 owed: times that", most.cpu_us / fewer.cpu_us, "", _LIKE)
    yield at_least("drain, near: part of the bare client's rate", 100 * most.per_s / bare, "%", 80)
    yield plain("peak memory, 100 owed", fewest.peak_mb, "MB")
    more_mb = most.peak_mb - fewest.peak_mb
    yield at_most("peak memory, 1,000,000 owed: beyond that", more_mb, "MB", _MORE_MB)


def far(full: Path) -> Iterator[Figure]:
    """The same over a link that takes its time."""
    with Mosquitto() as broker, CuttableLink(broker.port) as link:
        link.delay_s = FAR_S
        bare, _ = bare_rate(link.port, FAR_COUNT)
        rate = _drain(full, link.port, FAR_COUNT).per_s
    yield plain("bare client, 20 ms a piece each way, window 16", bare, "1/s")
    yield at_least(
        "drain, 20 ms a piece each way: part of the bare client's rate", 100 * rate / bare, "%", 80
    )


# ---------------------------------------------------------------- how


def _fetch_us(folder: Path) -> float:
    journal = Journal.open(folder / "outbox.db")
    took_s = []
    for _ in range(FETCHES):
        began_s = time.perf_counter()
        rows = journal.fetch(Lane.REST, 0, FEW)
        took_s.append((time.perf_counter() - began_s) / len(rows))
    journal.close()
    return statistics.median(took_s) * 1e6


def _start(journal: Path) -> float:
    """Seconds; hardly anything is delivered by then, so that it can be done again."""
    with (
        Mosquitto() as broker,
        Subscriber(broker.port, f"{TOPIC}/status") as heard,
        _agent(journal, broker.port) as agent,
    ):
        began_s = time.monotonic()
        agent.launch()
        first = heard.wait_for(lambda all_: all_[0] if all_ else None)
        agent.kill()
    return first.at_s - began_s


class Drained(NamedTuple):
    """Events a second, processor microseconds of each, MB at most."""

    per_s: float
    cpu_us: float
    peak_mb: float


def _drain(journal: Path, port: int, count: int) -> Drained:
    """Deliver so many, or all there are."""
    with _agent(journal, port) as agent:
        agent.start()
        begun, head = _through(agent)
        began_s, cpu_before_s = time.perf_counter(), cpu_s(agent.pid)
        done = begun
        while done < min(begun + count, head):
            time.sleep(_LOOK_S)
            done, _ = _through(agent)
        took_s, used_s = time.perf_counter() - began_s, cpu_s(agent.pid) - cpu_before_s
        peak_mb = status_kb(agent.pid, "VmHWM") * 1024 / 1e6
        agent.stop()
    sent = max(1, done - begun)
    return Drained(sent / took_s, used_s / sent * 1e6, peak_mb)


def _through(agent: AgentProcess) -> tuple[int, int]:
    mqtt = agent.ask("status")["mqtt"]
    return mqtt["delivered_through"], mqtt["seq_head"]


@contextmanager
def _agent(folder: Path, port: int) -> Iterator[AgentProcess]:
    with AgentProcess(configuration(folder, mqtt={"port": port, "window": WINDOW})) as agent:
        yield agent


def bare_rate(port: int, count: int) -> tuple[float, float]:
    """Messages of an event's size a second, as the bare client sends them, and processor microseconds of each."""
    command = [sys.executable, "-m", "hil.bench_bare", "--port", str(port), "--window", str(WINDOW)]
    command += [
        "--topic",
        f"{TOPIC}/event/info/mode_changed",
        "--bytes",
        "900",
        "--count",
        str(count),
    ]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    per_s, cpu_us = map(float, done.stdout.split())
    return per_s, cpu_us
