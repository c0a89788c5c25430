"""A million events owed, beside a few: start, cost of sending, memory; and how fast they leave, beside the bare client.

Both sides send to a broker nobody listens to, near and over a link that keeps each piece for 20 ms. They take turns, so
that a busy machine slows both, and the medians of the turns are compared.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
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

MANY, SOME, FEW = 1_000_000, 40_000, 100
WINDOW = 16
STARTS, FETCHES = 5, 50
TURNS, FAR_TURNS = 5, 3
COUNT, FOR_S = 20_000, 1.5  # about as long, for the bare client and for the agent
FAR_S, FAR_COUNT, FAR_FOR_S = 0.02, 1500, 4.0
_BYTES = 814  # of a message of this backlog
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
    yield from sending(few, journal_of(folder / "some", some), full)
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


def sending(few: Path, some: Path, full: Path) -> Iterator[Figure]:
    """Events a second, what processor time each takes, and the memory at most."""
    with Mosquitto() as broker:
        fewest, fewer = (_drain(each, broker.port, FOR_S) for each in (few, some))
        turns = [_turn(full, broker.port, COUNT, FOR_S) for _ in range(TURNS)]
    bare, most = [turn.bare for turn in turns], [turn.agent for turn in turns]
    bare_us, most_us = _median_us(bare), _median_us(most)
    yield from _rates("near", turns)
    yield plain("bare client: processor time of each", bare_us, "us")
    yield plain(f"drain of {SOME:,} owed: processor time of each", fewer.cpu_us, "us")
    yield plain("drain of 1,000,000 owed: processor time of each", most_us, "us")
    yield at_most("the same, 1,000,000 owed: times that", most_us / fewer.cpu_us, "", _LIKE)
    yield plain("drain: times the bare client's processor time", most_us / bare_us, "")
    yield plain("peak memory, 100 owed", fewest.peak_mb, "MB")
    more_mb = max(each.peak_mb for each in most) - fewest.peak_mb
    yield at_most("peak memory, 1,000,000 owed: beyond that", more_mb, "MB", _MORE_MB)


def far(full: Path) -> Iterator[Figure]:
    """The same over a link that takes its time."""
    with Mosquitto() as broker, CuttableLink(broker.port) as link:
        link.delay_s = FAR_S
        turns = [_turn(full, link.port, FAR_COUNT, FAR_FOR_S) for _ in range(FAR_TURNS)]
    yield from _rates("20 ms a piece each way", turns)


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


class Sent(NamedTuple):
    """Messages a second, processor microseconds of each, MB at most (0: not looked at)."""

    per_s: float
    cpu_us: float
    peak_mb: float = 0.0


class Turn(NamedTuple):
    """One of each, one right after the other."""

    bare: Sent
    agent: Sent


def _turn(journal: Path, port: int, count: int, for_s: float) -> Turn:
    return Turn(bare_rate(port, count), _drain(journal, port, for_s))


def _rates(where: str, turns: Sequence[Turn]) -> Iterator[Figure]:
    """Rates of both, and the median of what they are to each other within a turn."""
    bare, agent = zip(*turns, strict=True)
    per_cent = statistics.median(100 * turn.agent.per_s / turn.bare.per_s for turn in turns)
    yield plain(f"bare client, {where}, window {WINDOW}", _median_per_s(bare), "1/s")
    yield plain(f"drain, {where}", _median_per_s(agent), "1/s")
    yield at_least(f"drain, {where}: part of the bare client's rate", per_cent, "%", 80)


def _median_per_s(sent: Iterable[Sent]) -> float:
    return statistics.median(each.per_s for each in sent)


def _median_us(sent: Iterable[Sent]) -> float:
    return statistics.median(each.cpu_us for each in sent)


class _Look(NamedTuple):
    at_s: float
    cpu_s: float
    through: int


def _drain(journal: Path, port: int, for_s: float) -> Sent:
    """Deliver for so long, or all there are. Nothing is asked meanwhile: an answer costs as much as many events."""
    with _agent(journal, port) as agent:
        agent.start()
        _look(agent)  # the first answer is slow: it counts what is owed
        first = _look(agent)
        time.sleep(for_s)
        last = _look(agent)
        peak_mb = status_kb(agent.pid, "VmHWM") * 1024 / 1e6
        agent.stop()
    sent = max(1, last.through - first.through)
    used_s = last.cpu_s - first.cpu_s
    return Sent(sent / (last.at_s - first.at_s), used_s / sent * 1e6, peak_mb)


def _look(agent: AgentProcess) -> _Look:
    through = agent.ask("status")["mqtt"]["delivered_through"]
    return _Look(time.perf_counter(), cpu_s(agent.pid), through)


@contextmanager
def _agent(folder: Path, port: int) -> Iterator[AgentProcess]:
    with AgentProcess(configuration(folder, mqtt={"port": port, "window": WINDOW})) as agent:
        yield agent


def bare_rate(port: int, count: int) -> Sent:
    """Messages of an event's size, as the bare client sends them."""
    command = [sys.executable, "-m", "hil.bench_bare", "--port", str(port), "--window", str(WINDOW)]
    command += ["--topic", f"{TOPIC}/event/info/mode_changed"]
    command += ["--bytes", str(_BYTES), "--count", str(count)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    per_s, cpu_us = map(float, done.stdout.split())
    return Sent(per_s, cpu_us)
