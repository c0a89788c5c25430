"""SIGKILL at random instants under load, by the same code as `make prove`; and that this code would notice."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec

from agent.model import Event, Instant, Severity, Transition
from agent.outbox import Journal
from hil import prove
from hil.kills import Ledger, Verdict, arrivals, round_of_kills
from hil.subscriber import Heard

SEED = os.environ.get("PROVE_SEED", "20261123")
NOTICE = Event(
    code="mode_changed", transition=Transition.NOTICE, severity=Severity.INFO, at_us=1_000_000
)


def test_a_killed_agent_loses_nothing_repeats_no_number_and_delivers_everything() -> None:
    print(f"seed {SEED}")
    verdict = round_of_kills(3, SEED)
    assert verdict.problems == ()
    assert verdict.kills == 3
    assert verdict.events > 5  # it was under load, as far as a busy machine let it start


def journal_of(path: Path, events: int) -> Ledger:
    journal = Journal.open(path)
    journal.append([NOTICE] * events, Instant(uptime_us=0, wall_us=0, synchronised=True), "boot")
    journal.close()
    return Ledger(path)


def test_the_proof_notices_what_is_lost_invented_or_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    ledger = journal_of(path, 3)
    assert ledger.look() == []
    assert ledger.head == 3
    assert ledger.compare({1: 1, 2: 2, 3: 1}) == []
    assert "never arrived: [2]" in ledger.compare({1: 1, 3: 1})[0]
    assert "not journaled: [4]" in ledger.compare({1: 1, 2: 1, 3: 1, 4: 1})[0]
    for file in tmp_path.iterdir():
        file.unlink()
    journal_of(path, 9)
    assert any("several journals" in problem for problem in ledger.look())


def test_what_arrives_is_counted_by_sequence() -> None:
    def heard(seq: int, topic: str) -> Heard:
        payload = json.dumps({"sequence": f"{seq:012d}"}).encode()
        return Heard(topic, payload, 1, retain=False, at_s=0.0)

    topic = "elevator/v1/bench/e01/event/info/mode_changed"
    assert arrivals([heard(1, topic), heard(1, topic), heard(2, "fence/1")]) == {1: 2}


def test_an_interrupted_proof_goes_on_and_another_seed_begins_anew(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(prove, "RESULT", tmp_path / "prove.json")
    result = prove.Result(50, 1)
    with prove.kept(result):
        result.rounds.append(Verdict(25, 100, 3, ()))
    assert prove.earlier(50, 1).kills == 25
    assert prove.earlier(50, 2).kills == 0
    assert prove.earlier(51, 1).kills == 0
    result.rounds.append(msgspec.structs.replace(result.rounds[0], problems=("2 follows 0",)))
    result.suites["tests/test_x.py"] = False
    assert result.problems == ["2 follows 0", "tests/test_x.py failed"]
