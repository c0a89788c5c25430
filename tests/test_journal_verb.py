"""`elevator-agent outbox`: with the service and without, in both languages, and the walk along the chain."""

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import cast

import pytest

from agent import outbox, outbox_answer, outbox_verify
from agent.__main__ import main
from agent.cli import outbox as verb
from agent.control import Peer, RefusedError
from agent.model import Lane
from agent.outbox import Journal, JournalFault, Search
from agent.outbox_answer import OutboxAnswer
from agent.outbox_retention import Bounds
from agent.outbox_schema import migrate
from agent.outbox_summary import Mark, Summary, summary_of
from agent.writer import Outbox
from hil.broker import Mosquitto
from hil.installation import AgentProcess, configuration, contacts
from tests.outbox_events import BOOT, at, notice, raised
from tests.test_set_aside import report_of


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    return configuration(tmp_path)


@pytest.fixture
def journal(config):
    with closing(Journal.open(config.parent / "outbox.db")) as opened:
        opened.append([notice(), raised(), notice()], at(1000), BOOT)
        opened.commit([], BOOT, {Lane.REST: 1})
    return opened


def said(capsys, *arguments):
    code = main(["outbox", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_without_a_service_the_file_says_what_is_owed(config, journal, capsys):
    code, out, err = said(capsys, "--config", config)
    assert code == 0
    assert "service does not answer" in err
    assert "Critical  1 owed, the oldest #2 of 2026-" in out
    assert "Others    1 owed, the oldest #3" in out
    assert journal.chain_head.hex() in out
    code, out, _ = said(capsys, "--config", config, "--json")
    told = json.loads(out)
    assert (told["running"], told["head"], told["owed"]["rest"]["count"]) == (False, 3, 1)
    assert told["records"]["oldest"]["seq"] == 1
    assert told["bounds"]["max_bytes"] == 1024 * 1_000_000
    assert not list(config.parent.glob("outbox.db-*"))  # nothing was made beside it


def test_it_speaks_chinese(config, journal, capsys):
    _, out, _ = said(capsys, "--config", config, "--lang", "zh")
    assert "待发 1" in out


def test_there_is_no_journal_yet(config, capsys):
    for option in ([], ["--verify"]):
        code, out, err = said(capsys, "--config", config, *option)
        assert (code, out) == (1, "")
        assert "There is no journal" in err


def test_a_whole_chain_is_said_to_be_whole_with_progress_on_standard_error(
    config, journal, capsys, monkeypatch
):
    monkeypatch.setattr(outbox_verify, "_STRETCH", 1)
    monkeypatch.setattr(verb, "_TOLD_EVERY", 1)
    code, out, err = said(capsys, "--config", config, "--verify")
    assert code == 0
    assert "whole: 3 records" in out
    assert journal.chain_head.hex() in out
    assert err.splitlines() == ["1 of 3", "2 of 3", "3 of 3"]


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_broken_chain_is_exit_code_1_and_named(config, journal, capsys, option):
    with closing(sqlite3.connect(journal.path)) as db, db:
        db.execute("UPDATE journal SET wall_us = 1 WHERE seq = 2")
    code, out, _ = said(capsys, "--config", config, "--verify", *option)
    assert code == 1
    assert (json.loads(out)["broken"] == 2) if option else ("BROKEN at #2" in out)


def test_a_service_is_asked_and_its_chain_verified_beside_it(tmp_path, capsys):
    with Mosquitto() as broker:
        config = configuration(tmp_path, mqtt={"port": broker.port}, drivers=[contacts()])
        agent = AgentProcess(config)
        agent.environment["GPIOZERO_PIN_FACTORY"] = "mock"
        with agent:
            agent.start()
            agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 0)
            code, out, err = said(capsys, "--config", config, "--json")
            told = json.loads(out)
            assert (code, err, told["running"]) == (0, "", True)
            assert {lane: owed["count"] for lane, owed in told["owed"].items()} == {
                "critical": 0,
                "rest": 0,
            }
            assert told["ballast_bytes"] == 4 << 20
            code, out, _ = said(capsys, "--config", config)
            assert "4 MB for the last alarms" in out
            code, out, _ = said(capsys, "--config", config, "--verify", "--json")
            assert code == 0
            assert json.loads(out)["chain_head"] == told["chain_head"]


def test_an_event_the_broker_refuses_alone_is_listed_with_or_without_a_service(
    config, journal, capsys
):
    with closing(Journal.open(config.parent / "outbox.db")) as opened:
        opened.append([report_of(2)], at(2000), BOOT)
    _, out, _ = said(capsys, "--config", config)
    assert "Set aside event 2, refused by the broker: usage: not authorised [0x87]" in out
    (told,) = answered(config)["set_aside"]
    assert told == {"seq": 2, "reported_seq": 4, "reason": "usage: not authorised [0x87]"}


class Served:
    """What the answer asks of the service's journal."""

    waiting, fault = 2, None

    def __init__(self, journal, failing=False):
        self.journal, self.failing = journal, failing

    def cursor(self, lane):
        return self.journal.cursors[lane]

    async def look(self, job):
        if self.failing:
            raise JournalFault("the card is out")
        return self.journal.look(job)

    async def rows(self, after, limit, codes, *, newest_first):
        search = Search(after=after, limit=limit, codes=codes, newest_first=newest_first)
        return self.journal.rows(search)


def answered(config, failing=False, delivered=(5, 9)):
    counts = iter(delivered)
    bounds = Bounds(most_bytes=10**9, keep_us=10**15)
    with closing(Journal.open(config.parent / "outbox.db")) as opened:
        served = cast("Outbox", Served(opened, failing))
        answer = OutboxAnswer(served, opened.path, bounds, lambda: next(counts))
        return asyncio.run(answer.outbox({}, Peer(uid=0, pid=1)))


def test_the_service_tells_how_fast_it_delivers_and_how_long_that_takes(
    config, journal, monkeypatch
):
    monkeypatch.setattr(outbox_answer, "_WATCHED_S", 0.01)
    told = answered(config)
    assert (told["rate_per_s"], told["drain_s"]) == (400.0, 0)
    assert (told["waiting"], told["running"]) == (2, True)
    told = answered(config, delivered=(5, 5))
    assert (told["rate_per_s"], told["drain_s"]) == (0.0, None)


def test_a_card_that_cannot_be_read_is_refused_with_a_remedy(config, journal):
    with pytest.raises(RefusedError, match="the card is out"):
        answered(config, failing=True)


def page_of(words_lang="en", **more):
    told = {
        "running": True, "path": "/p", "journal": "9f3ab21c", "head": 9, "chain_head": "ab" * 32,
        "owed": {"critical": {"count": 0, "oldest": None}}, "waiting": 3, "fault": "full",
        "rate_per_s": 2.0, "drain_s": 90, "records": {"oldest": None, "newest": None, "dropped": 0},
        "size": dict.fromkeys(("used_bytes", "free_bytes", "file_bytes", "log_bytes"), 0),
        "bounds": {"max_bytes": 1, "keep_days": 1, "days_left": 12}, "ballast_bytes": 0,
    }  # fmt: skip
    from agent.cli.texts import Words
    from agent.cli.verb import read

    return verb.page(read(json.dumps({**told, **more}).encode(), verb.Outbox), Words(words_lang))


def test_the_page_tells_of_a_fault_of_the_pace_and_of_a_full_disk_within_80_columns():
    lines = page_of()
    assert "FAULT: full" in "\n".join(lines)
    assert "2 a second, done in 90 s" in "\n".join(lines)
    assert "12 days" in "\n".join(lines)
    assert "NONE: the disk is full" in "\n".join(lines)
    assert all(len(line) <= 80 for line in lines)
    assert "nothing is being delivered" in "\n".join(page_of(rate_per_s=0.0, drain_s=None))


def test_the_days_left_are_those_at_the_pace_so_far(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "make_tables", lambda path: migrate(str(path)))
    with closing(Journal.open(tmp_path / "outbox.db")) as opened:
        summary = opened.look(lambda db: summary_of(db, opened.path))
        bounds = Bounds(most_bytes=1_000_000, keep_us=1)
        assert summary.days_left(bounds) is None

    def after(days, used):
        return Summary(
            journal="", head=2, chain_head="", owed={}, oldest=Mark(1, 0),
            newest=Mark(2, round(days * 86_400_000_000)), dropped=0, used_bytes=used,
            free_bytes=0, file_bytes=used, log_bytes=0,
        )  # fmt: skip

    assert after(0.9, 1000).days_left(bounds) is None
    assert after(10, 100_000).days_left(bounds) == 90
    assert after(10, 2_000_000).days_left(bounds) == 0
