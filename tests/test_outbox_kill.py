"""SIGKILL at random instants: every sequence the journal has said is committed is there afterwards, once.

PROVE_N sets how many kills, PROVE_SEED from which seed.
"""

import os
import random
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from agent.model import Lane, Transition
from agent.outbox import Journal, Search, read_rows

KILLS = int(os.environ.get("PROVE_N", "20"))
SEED = int(os.environ.get("PROVE_SEED", "20261123"))

WRITER = """
import random, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from agent.outbox import Journal
from tests.outbox_events import *
chance = random.Random(sys.argv[3])
journal = Journal.open(Path(sys.argv[1]))
while True:
    stands = bool(journal.standing())
    events = [chance.choice([notice(), cleared() if stands else raised()])]
    events += [notice() for _ in range(chance.choice([0, 0, 0, 1, 5, 40]))]
    cursors = {lane: journal.head for lane in journal.cursors} if chance.random() < 0.5 else None
    rows = journal.append(events, at(1000), BOOT, cursors)
    print(rows[0].seq, rows[-1].seq, cursors is not None, flush=True)
"""


def kill_one(path, chance):
    """Run a writer, kill it after some lines; what it said it had committed."""
    command = [sys.executable, "-c", WRITER, path, Path(__file__).parents[1], str(chance.random())]
    lines = chance.randrange(1, 60)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        for _ in range(chance.randrange(20_000)):  # somewhere inside a commit
            pass
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
        assert process.wait() == -signal.SIGKILL
    return [line.split() for line in said if line.endswith("\n")]


@pytest.mark.timeout(60 + 2 * KILLS)
def test_a_killed_agent_has_lost_nothing_it_committed_and_repeats_nothing(tmp_path):
    chance, path = random.Random(SEED), tmp_path / "outbox.db"
    print(f"seed {SEED}, {KILLS} kills")
    head, stands = 0, 0
    for _ in range(KILLS):
        lines = kill_one(path, chance)
        assert int(lines[0][0]) == head + 1
        with closing(Journal.open(path)) as journal:
            assert journal.recovered is None
            assert journal.head >= int(lines[-1][1])
            rows = journal.rows(Search(after=head, limit=10**9))
            assert [row.seq for row in rows] == list(range(head + 1, journal.head + 1))
            moved = [int(first) - 1 for first, _, with_cursors in lines if with_cursors == "True"]
            assert max(moved, default=0) <= journal.cursors[Lane.REST] <= journal.head
            for row in rows:
                stands += row.event.transition is Transition.RAISED
                stands -= row.event.transition is Transition.CLEARED
                assert stands in (0, 1)
            assert len(journal.standing()) == stands
            head = journal.head
    rows = read_rows(path, 0, 10**9)
    assert [row.seq for row in rows] == list(range(1, head + 1))
