"""The card fails while the agent runs, or is not there when it starts: no alarm is silent, and none is lost."""

import time
from pathlib import Path
from typing import Any

from hil.installation import TOPIC
from tests.e2e import (
    Whole,
    assert_no_gap,
    assert_same_under_one_id,
    journaled,
    sequences,
    standing,
    whole,
)

PROMISED_S = 2.5


def is_unjournaled(message: dict[str, Any]) -> bool:
    return message["data"]["journaled"] is False


def is_journaled(message: dict[str, Any]) -> bool:
    return message["data"]["journaled"] is True


def wait_for_status(bench: Whole, state: str, reason: str | None) -> None:
    def look(messages: list[Any]) -> bool:
        said = [m.json for m in messages if m.topic == f"{TOPIC}/status"]
        return (said[-1]["state"], said[-1]["reason"]) == (state, reason)

    bench.heard.wait_for(look)


def test_a_card_that_takes_no_writes_silences_no_alarm_and_loses_none_when_it_is_back(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.drained()
        head = assert_no_gap(bench.journal)
        bench.agent.let_it_write(0)

        bench.do("press_alarm", seconds=4.0)
        first = bench.alarm("alarm_button", is_unjournaled)
        assert first.at_s - first.json["data"]["uptime_ms"] / 1000 <= PROMISED_S
        assert first.json["sequence"] is None
        assert first.json["data"]["raised_seq"] is None
        assert (first.qos, first.retain) == (1, True)
        assert bench.retained()["alarm/alarm_button"]["sequence"] is None
        wait_for_status(bench, "degraded", "storage_failed")
        status = bench.agent.ask("status")  # at once, though the card does not answer
        assert (status["state"], status["reason"]) == ("degraded", "storage_failed")
        assert standing(status)["alarm_button"]["journaled"] is False
        assert status["outbox"]["waiting"] >= 2  # the alarm, and storage_failed

        bench.elevator.client.wait_until(lambda s: not s["signals"]["alarm.button"])
        bench.turn_end_key()
        bench.heard.wait_for(
            lambda all_: all_[-1].topic.endswith("alarm_button") and not all_[-1].payload
        )
        bench.press()
        bench.heard.wait_for(
            lambda all_: sum(m.topic.endswith("/alarm/alarm_button") for m in all_) == 3
        )
        assert [m for m in bench.heard.messages if "/event/critical" in m.topic] == []
        assert assert_no_gap(bench.journal) == head  # nothing is on the card

        bench.agent.let_it_write(None)
        last = bench.alarm("alarm_button", is_journaled).json
        wait_for_status(bench, "online", None)
        bench.drained()
        rows = [row[1:] for row in journaled(bench.journal) if row[0] > head]
        assert [row for row in rows if row[0] == "alarm_button"] == [
            ("alarm_button", "raised"),
            ("alarm_button", "cleared"),
            ("alarm_button", "raised"),
        ]
        assert ("storage_failed", "raised") in rows
        assert rows[-1] == ("storage_failed", "cleared")
        assert (
            last["data"]["raised_seq"]
            == int(last["sequence"])
            == head
            + 1
            + rows.index(("alarm_button", "raised"), 1 + rows.index(("alarm_button", "cleared")))
        )
        assert standing(bench.agent.ask("status"))["alarm_button"]["seq"] == int(last["sequence"])
        bench.delivered(assert_no_gap(bench.journal))
        assert_same_under_one_id(bench.heard.messages)
        assert sum("Events wait in memory" in line for line in bench.agent.log) == 1
        assert sum("is back" in line for line in bench.agent.log) == 1


def test_stopped_while_the_card_takes_no_writes_it_still_ends_in_time_and_says_what_was_lost(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.drained()
        bench.agent.let_it_write(0)
        bench.do("press_alarm", seconds=4.0)
        bench.alarm("alarm_button", is_unjournaled)
        began_s = time.monotonic()
        assert bench.agent.stop() == 0
        assert time.monotonic() - began_s < 5
        assert any("did not take" in line for line in bench.agent.log)
        assert bench.retained("status")["status"]["reason"] == "stopped"


def test_a_journal_that_opens_late_brings_what_stood_in_it_and_takes_what_happened_meanwhile(
    tmp_path: Path,
) -> None:
    card, away = tmp_path / "card", tmp_path / "away"
    card.mkdir()
    outbox = {"path": str(card / "outbox.db")}
    with whole(tmp_path, outbox=outbox) as bench:
        bench.agent.start()
        bench.do("entrap")
        bench.event("trapped_passengers")
        bench.drained()
        bench.agent.kill()
        card.rename(away)

        bench.link.cut()  # so that what is retained comes from the broker alone
        bench.agent.start()
        bench.link.mend()
        bench.do("press_alarm", seconds=4.0)
        alarm = bench.alarm("alarm_button", is_unjournaled)
        assert alarm.at_s - alarm.json["data"]["uptime_ms"] / 1000 <= PROMISED_S + 5  # reconnecting
        wait_for_status(bench, "degraded", "storage_failed")
        # Nobody knows yet what stood in the journal: nothing is emptied.
        assert "alarm/trapped_passengers" in bench.retained()

        away.rename(card)
        bench.alarm("alarm_button", is_journaled)
        wait_for_status(bench, "online", None)
        assert "alarm/trapped_passengers" in bench.retained()
        both = standing(bench.agent.ask("status"))
        assert {"alarm_button", "trapped_passengers"} <= set(both)
        assert both["trapped_passengers"]["journaled"] is True
        bench.do("release")
        bench.event("trapped_passengers", "cleared")
        bench.drained()
        bench.delivered(assert_no_gap(card / "outbox.db"))


def test_an_alarm_raised_again_while_its_journal_was_away_ends_with_the_journals_sequence(
    tmp_path: Path,
) -> None:
    card, away = tmp_path / "card", tmp_path / "away"
    card.mkdir()
    outbox = {"path": str(card / "outbox.db")}
    with whole(tmp_path, drivers=["contacts"], outbox=outbox) as bench:
        bench.agent.start()
        bench.press()
        before = bench.event("alarm_button")
        bench.drained()
        bench.agent.kill()
        card.rename(away)
        bench.agent.start()
        bench.press()
        bench.alarm("alarm_button", is_unjournaled)
        away.rename(card)
        wait_for_status(bench, "online", None)
        bench.drained()
        seq = standing(bench.agent.ask("status"))["alarm_button"]["seq"]
        assert seq == before["data"]["raised_seq"]
        bench.alarm("alarm_button", lambda m: is_journaled(m) and m["data"]["raised_seq"] == seq)
        assert bench.retained()["alarm/alarm_button"]["data"]["journaled"] is True
        bench.turn_end_key()
        cleared = bench.event("alarm_button", "cleared")
        assert cleared["data"]["raised_seq"] == seq
        bench.heard.fence()
        assert not [t for t in bench.retained() if t.startswith("alarm/")]
        assert set(sequences(bench.heard.messages)) == set(
            range(1, assert_no_gap(card / "outbox.db") + 1)
        )
