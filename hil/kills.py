"""SIGKILL at random instants under load: what was committed is there, what is there arrives, no number twice.

One round is one installation from its first start to its last delivery; rounds know nothing of each other.
"""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from agent.outbox import JournalFault, read_rows
from hil.broker import Mosquitto
from hil.installation import TOPIC, AgentProcess, configuration
from hil.link import CuttableLink
from hil.restless import RestlessController
from hil.subscriber import Heard, Subscriber

SLOW_S = 0.02  # a chunk on a slow link, so that much is under way when the end comes
LIVES_MOST_S = 1.5  # from its launch; the first events come after about 0.4
# A kill: the window, and what was acknowledged since the cursors were written.
RESENT_MOST = 16 + 256
_DRAIN_S = 120.0


class Verdict(msgspec.Struct, frozen=True):
    """What a round came to. `resent` counts messages that came again; `problems` is empty when every claim held."""

    kills: int
    events: int
    resent: int
    problems: tuple[str, ...]


def round_of_kills(kills: int, seed: str) -> Verdict:
    """Kill an agent under load so many times and look at what it left. The seed fixes when, not what was hit."""
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="kills-") as name,
        Mosquitto() as broker,
        CuttableLink(broker.port) as link,
        RestlessController() as controller,
        Subscriber(broker.port, f"{TOPIC}/event/#") as heard,
    ):
        folder = Path(name)
        drivers = [controller.describe(folder)]
        config = configuration(folder, mqtt={"port": link.port}, drivers=drivers)
        with AgentProcess(config) as agent:
            journal, problems = Ledger(folder / "outbox.db"), list[str]()
            for number in range(1, kills + 1):
                live(agent, link, chance)
                problems += [f"kill {number}: {what}" for what in journal.look()]
            controller.rest()
            problems += last_life(agent, journal)
        heard.fence()
        arrived = arrivals(heard.messages)
        problems += journal.compare(arrived)
        resent = sum(arrived.values()) - len(arrived)
        if resent > RESENT_MOST * kills:
            problems.append(f"{resent} messages came again, allowed are {RESENT_MOST} a kill")
        return Verdict(kills, journal.head, resent, tuple(problems))


def live(agent: AgentProcess, link: CuttableLink, chance: random.Random) -> None:
    """One life, with a broker that is near, far or away, to its sudden end, which loses what was under way."""
    broker = chance.choice(("near", "far", "away"))
    link.delay_s = SLOW_S if broker == "far" else 0.0
    if broker == "away":
        link.cut()
    agent.launch()
    time.sleep(chance.uniform(0, LIVES_MOST_S))
    link.cut()
    agent.kill()
    link.delay_s = 0.0
    link.mend()


def last_life(agent: AgentProcess, journal: "Ledger") -> list[str]:
    """Start once more, let it deliver everything, and stop it in order."""
    agent.start()
    problems = list[str]()
    try:
        agent.wait_until(lambda status: delivered(status["mqtt"]), _DRAIN_S)
    except TimeoutError as late:
        problems.append(f"it did not deliver everything: {late}")
    if (code := agent.stop()) != 0:
        problems.append(f"it ended with {code}")
    return problems + journal.look()


def delivered(mqtt: Mapping[str, int]) -> bool:
    """Whether the broker has acknowledged all there is."""
    return mqtt["delivered_through"] == mqtt["seq_head"] > 0


def arrivals(messages: Iterable[Heard]) -> Counter[int]:
    """How often each sequence arrived."""
    return Counter(int(m.json["sequence"]) for m in messages if m.topic.startswith(TOPIC))


class Ledger:
    """What the journal has said so far: it may only grow, by one, and be the same journal."""

    def __init__(self, path: Path) -> None:
        self.head = 0
        self._path = path
        self._journals: set[str] = set()

    def look(self) -> list[str]:
        """Read what is new; says what should not be."""
        if not self._path.exists():
            return []  # killed before it was made
        try:
            rows = read_rows(self._path, self.head, 1_000_000)
        except JournalFault as fault:
            # Killed while the tables were being made; once a row was there it must be readable.
            return [fault.reason] if self.head else []
        problems = []
        for row in rows:
            if row.seq != self.head + 1:
                problems.append(f"{row.seq} follows {self.head}")
            if row.event.code == "outbox_recovered":
                problems.append(f"the journal was begun anew: {dict(row.event.detail)}")
            self.head = row.seq
            self._journals.add(row.journal)
        if len(self._journals) > 1:
            problems.append(f"there were several journals: {sorted(self._journals)}")
        return problems

    def compare(self, arrived: Mapping[int, int]) -> list[str]:
        """Whether what arrived is what was journaled: all of it, and nothing else."""
        journaled = {row.seq for row in read_rows(self._path, 0, 10_000_000)}
        lost, invented = sorted(journaled - set(arrived)), sorted(set(arrived) - journaled)
        problems = []
        if journaled != set(range(1, self.head + 1)):
            problems.append(f"of {self.head} sequences {len(journaled)} are in the journal")
        if lost:
            problems.append(f"{len(lost)} were journaled and never arrived: {lost[:20]} …")
        if invented:
            problems.append(f"{len(invented)} arrived and were not journaled: {invented[:20]} …")
        return problems
