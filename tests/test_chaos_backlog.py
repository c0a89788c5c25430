"""What the bench's figures of a long backlog rest on: its journal is one like any other, its bare client delivers."""

from pathlib import Path

from agent.model import Lane
from agent.outbox import Journal, reading
from agent.outbox_verify import verify
from hil.bench_backlog import bare_rate, journal_of
from hil.broker import Mosquitto


def test_a_backlog_made_at_once_is_owed_in_order_and_its_chain_is_whole(tmp_path: Path) -> None:
    path = journal_of(tmp_path / "made", 300) / "outbox.db"
    with reading(path) as db:
        assert verify(db, lambda *_: None).broken is None
    journal = Journal.open(path)
    rows = journal.fetch(Lane.REST, 0, 1000)
    assert [row.seq for row in rows] == list(range(1, 301))
    assert {(row.journal, row.event.code) for row in rows} == {
        (journal.journal, "mode_changed"),
        (journal.journal, "agent_started"),
    }
    assert journal.head == 300
    journal.close()


def test_the_bare_client_ends_when_all_is_acknowledged() -> None:
    with Mosquitto() as broker:
        per_s, cpu_us, _ = bare_rate(broker.port, 100)
    assert per_s > 0
    assert cpu_us > 0
