"""Detection, speed, memory and bytes against the targets: `make bench`. Prints a table and writes build/bench.json.

The targets are for a quiet machine of the Pi 4 class; nothing here is asserted in a test.
"""

import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent.config import load
from agent.model import Event, Instant, Severity, Transition
from agent.outbox import Journal
from agent.replay import replay_file
from hil.bench_detection import by_code, detection
from hil.bench_starts import starts
from hil.broker import Mosquitto
from hil.installation import ROOT, TOPIC, AgentProcess, configuration, contacts
from hil.measured import Figure, at_least, at_most, plain, share
from hil.proc import cpu_s, status_kb, written_bytes
from hil.stepping import Stepping
from hil.subscriber import Heard, Subscriber
from hil.year import write_days

RESULT = ROOT / "build" / "bench.json"
DEBOUNCE_MS = 50
HOLD_MS = 500  # the alarm button's delay
POLL_MS = 100
PRESSES, STEPS, STARTS, DAYS, WATCH_S = 40, 100, 5, 25, 20.0
QUIET_S = 10.0
RUNS_A_DAY = 3000


def main() -> int:
    """Measure everything; 0 whatever came out."""
    figures: list[Figure] = []
    RESULT.parent.mkdir(exist_ok=True)
    # On the disk of the working tree: a temporary folder may lie in memory and take no bytes.
    with tempfile.TemporaryDirectory(dir=RESULT.parent) as name:
        for number, measure in enumerate(MEASURES):
            folder = Path(name, str(number))
            folder.mkdir()
            for figure in measure(folder):
                figures.append(figure)
                print(line(figure), flush=True)
    told = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "figures": figures,
        "detection": by_code(),
    }
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(told)))
    print(f"\n{RESULT.relative_to(ROOT)} written")
    return 0


def line(figure: Figure) -> str:
    """One row of the table."""
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    return (
        f"{figure.what:<62} {figure.value:>12,.3f} {figure.unit:<11} {figure.target:>10}  {verdict}"
    )


# ---------------------------------------------------------------- the whole at work


class Bench:
    """A broker, a stepping device, an agent watching it, and a subscriber."""

    def __init__(
        self, folder: Path, broker: Mosquitto, device: Stepping, heard: Subscriber
    ) -> None:
        drivers = [device.describe(folder, POLL_MS), contacts("alarm.button", "alarm.end_key")]
        config = configuration(folder, mqtt={"port": broker.port}, drivers=drivers)
        self.device, self.heard, self.folder = device, heard, folder
        self.agent = AgentProcess(config, pins_socket=device.pins_socket)

    def event(self, kind: str, after: int) -> float:
        """When an event of this kind arrived, looking only at messages after so many."""

        def look(messages: list[Heard]) -> float | None:
            return next((m.at_s for m in messages[after:] if is_event(m, kind)), None)

        return self.heard.wait_for(look)

    def next_message(self, after: int) -> float:
        """When the first message after so many arrived."""
        return self.heard.wait_for(lambda all_: all_[after].at_s if len(all_) > after else None)

    def settled(self) -> None:
        """Wait until everything is delivered."""
        self.agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 0)


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Everything but the agent is running."""
    with (
        Mosquitto() as broker,
        Stepping(folder / "pins") as device,
        Subscriber(broker.port, f"{TOPIC}/#") as heard,
    ):
        whole = Bench(folder, broker, device, heard)
        with whole.agent:
            yield whole


def is_event(message: Heard, kind: str) -> bool:
    """Whether a message is an event of a type such as `alarm_button.raised`."""
    return "/event/" in message.topic and message.json["type"] == kind


# ---------------------------------------------------------------- what is measured


def replay(folder: Path) -> Iterator[Figure]:
    """A recording like a year's, decoded and watched on one core."""
    recording = folder / "recording.jsonl"
    changes = write_days(recording, DAYS)
    settings = load(configuration(folder))
    began_s = time.perf_counter()
    for _ in replay_file(recording, settings):
        pass
    rate = changes / (time.perf_counter() - began_s)
    yield at_least("replay, decoding included", rate, "readings/s", 200_000)
    yield at_most("replay of a year of 5 million changes", 5e6 / rate, "s", 60)


def start(folder: Path) -> Iterator[Figure]:
    """From the command to the first message at the broker."""
    took = []
    with bench(folder) as whole:
        for _ in range(STARTS):
            before = len(whole.heard.messages)
            began_s = time.monotonic()
            whole.agent.start()
            took.append(whole.next_message(before) - began_s)
            whole.settled()
            whole.agent.stop()
            whole.heard.fence()
    yield at_most(f"start to first publish, median of {STARTS}", share(took, 0.5), "s", 1.0)


def at_rest(folder: Path) -> Iterator[Figure]:
    """CPU and memory while 32 registers and 16 bits are read at 10 Hz and nothing happens."""
    with bench(folder) as whole:
        whole.agent.start()
        whole.settled()
        before_s = cpu_s(whole.agent.pid)
        time.sleep(WATCH_S)
        used_s = (cpu_s(whole.agent.pid) - before_s) * 60 / WATCH_S
        yield at_most("CPU at 10 Hz, 32 registers + 16 bits over TCP", used_s, "s/min", 0.8)
        peak = status_kb(whole.agent.pid, "VmHWM") * 1024 / 1e6
        yield at_most("peak memory (RSS)", peak, "MB", 40)
        yield plain("memory now (RSS)", status_kb(whole.agent.pid, "VmRSS") * 1024 / 1e6, "MB")


def register_change(folder: Path) -> Iterator[Figure]:
    """A register changes at a random phase of the poll; when the event is at a subscriber."""
    chance = random.Random(1)
    took_ms = []
    with bench(folder) as whole:
        whole.agent.start()
        whole.settled()
        for _ in range(STEPS):
            time.sleep(chance.uniform(0.1, 0.3))
            before = len(whole.heard.messages)
            began_s, _mode = whole.device.step()
            took_ms.append((whole.event("mode_changed.notice", before) - began_s) * 1000)
        commit_ms = commits_ms(folder)
    half, late = share(commit_ms, 0.5), share(commit_ms, 0.99)
    median, p99 = share(took_ms, 0.5), share(took_ms, 0.99)
    yield at_most(
        f"register change → subscriber at {POLL_MS} ms, median",
        median,
        "ms",
        POLL_MS / 2 + half + 5,
    )
    yield at_most(
        f"register change → subscriber at {POLL_MS} ms, p99", p99, "ms", POLL_MS + late + 15
    )


def pressed(folder: Path) -> Iterator[Figure]:
    """The alarm button's edge; when the critical event is at a subscriber, whom the broker serves with the PUBACK."""
    took_ms = []
    with bench(folder) as whole:
        whole.agent.start()
        whole.settled()
        for _ in range(PRESSES):
            before = len(whole.heard.messages)
            began_s = whole.device.contact("alarm.button", True)
            took_ms.append((whole.event("alarm_button.raised", before) - began_s) * 1000)
            whole.device.contact("alarm.button", False)
            time.sleep(0.1)  # longer than the debounce
            whole.device.contact("alarm.end_key", True)
            whole.event("alarm_button.cleared", before)
            whole.device.contact("alarm.end_key", False)
            time.sleep(0.1)
        commit_ms = commits_ms(folder)
    half, late = share(commit_ms, 0.5), share(commit_ms, 0.99)
    yield plain("commit on the same disk, p50", half, "ms")
    yield plain("commit on the same disk, p99", late, "ms")
    due_ms = DEBOUNCE_MS + HOLD_MS
    yield at_most(
        "alarm button's edge → event at a subscriber, p50",
        share(took_ms, 0.5),
        "ms",
        due_ms + half + 4,
    )
    yield at_most(
        "alarm button's edge → event at a subscriber, p99",
        share(took_ms, 0.99),
        "ms",
        due_ms + late + 15,
    )


def written(folder: Path) -> Iterator[Figure]:
    """What one event costs the card, acknowledgement included; and so a day of runs, even if each brought an event."""
    with bench(folder) as whole:
        whole.agent.start()
        whole.settled()
        before = written_bytes(whole.agent.pid)
        for _ in range(STEPS):
            heard = len(whole.heard.messages)
            whole.device.step()
            whole.event("mode_changed.notice", heard)
        whole.settled()
        each = (written_bytes(whole.agent.pid) - before) / STEPS / 1024
        resting = written_bytes(whole.agent.pid)
        time.sleep(QUIET_S)
        idle = (written_bytes(whole.agent.pid) - resting) * 86_400 / QUIET_S / 1024
    yield at_most("written to the card by the process", each, "KiB/event", 10)
    yield plain("written in a day in which nothing happens", idle, "KiB/day")
    day = (each * (RUNS_A_DAY + 24) + idle) * 1024 / 1e6  # 24: `usage`, each hour
    yield at_most("written in a day of 3,000 runs, an event each", day, "MB/day", 40)


MEASURES: tuple[Callable[[Path], Iterator[Figure]], ...] = (
    detection,
    replay,
    starts,
    start,
    at_rest,
    pressed,
    register_change,
    written,
)


# ---------------------------------------------------------------- how it is read off


def commits_ms(folder: Path, count: int = 200) -> list[float]:
    """How long single commits of one event take on this disk now."""
    journal = Journal.open(folder / "commits.db")
    event = Event(
        code="mode_changed", transition=Transition.NOTICE, severity=Severity.INFO, at_us=0
    )
    now = Instant(uptime_us=0, wall_us=int(datetime.now(UTC).timestamp() * 1e6), synchronised=True)
    took = []
    for _ in range(count):
        began_s = time.perf_counter()
        journal.append([event], now, "boot")
        took.append((time.perf_counter() - began_s) * 1000)
    journal.close()
    return took


if __name__ == "__main__":
    sys.exit(main())
