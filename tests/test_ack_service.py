"""An acknowledgement on site, by the command line, to a real agent."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.cli.ask import RefusedError
from agent.cli.main import main
from agent.outbox import read_rows
from hil.installation import TOPIC
from tests.asker import Asker
from tests.e2e import Whole, whole

pytestmark = pytest.mark.broker


def ack(bench: Whole, *arguments: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", "ack", *arguments, "--lang", lang]
    return subprocess.run(
        [*command, "--config", str(bench.agent.config)],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def stands(bench: Whole, code: str) -> Mapping[str, Any]:
    status = bench.agent.wait_until(
        lambda s: any(each["code"] == code and each["journaled"] for each in s["standing"])
    )
    return next(each for each in status["standing"] if each["code"] == code)


def test_somebody_on_site_takes_up_an_alarm(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        bench.press()
        seq = stands(bench, "alarm_button")["seq"]

        refused = ack(bench, "overspeed", "--by", "Li Wei")
        assert refused.returncode == 1
        assert f"alarm_button ({seq})" in refused.stderr
        assert "未在报警" in ack(bench, "999999", "--by", "李伟", lang="zh").stderr
        assert ack(bench, "alarm_button").returncode == 2  # nobody said who, and no terminal to ask
        assert ack(bench, "alarm_button", "--by", " \x07 ").returncode == 2

        done = ack(bench, str(seq), "--by", "李伟")
        assert done.returncode == 0, done.stderr
        assert f"alarm_button acknowledged by 李伟, sequence {seq + 1}." in done.stdout
        event = bench.event("alarm_button", "acknowledged")
        assert event["data"] | {
            "by": "李伟", "on_site": True, "uid": os.getuid(), "raised_seq": seq,
        } == event["data"]  # fmt: skip
        bench.alarm("alarm_button", lambda a: a["data"].get("acknowledged", {}).get("by") == "李伟")

        again = json.loads(ack(bench, "alarm_button", "--by", "Wang", "--json").stdout)
        assert again["already"] is True
        assert again["acknowledged"]["by"] == "李伟"
        assert "request" not in {r.event.code for r in read_rows(bench.journal, 0, 100)}
        assert stands(bench, "alarm_button")["acknowledged"]["seq"] == seq + 1
        shown = subprocess.run(
            [sys.executable, "-m", "agent", "status", "--lang", "zh", "--config", str(bench.agent.config)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "李伟 已确认" in shown.stdout
        bench.turn_end_key()
        bench.event("alarm_button", "cleared")


def test_on_site_ends_what_only_somebody_there_may_end_and_a_request_does_not(
    tmp_path: Path,
) -> None:
    with whole(tmp_path, drivers=["contacts"], requests={"allow": ["ack"]}) as bench:
        text = bench.agent.config.read_text(encoding="utf-8")
        assert '"alarm.button"' in text
        bench.agent.config.write_text(
            text.replace('"alarm.button"', '"overtravel.top"'), encoding="utf-8"
        )
        bench.agent.start()
        bench.press()
        seq = stands(bench, "overtravel_top")["seq"]
        with Asker(bench.broker.port) as asker:
            answer = asker.ask("ack", raised_seq=seq, by="center")
            assert answer["ok"], answer
        first = bench.event("overtravel_top", "acknowledged")
        assert first["data"]["on_site"] is False
        assert stands(bench, "overtravel_top")["acknowledged"]["by"] == "center"
        bench.restart()
        assert ack(bench, "overtravel_top", "--by", "Li Wei").returncode == 0
        cleared = bench.event("overtravel_top", "cleared")
        assert cleared["data"]["reason"] == "acknowledged_on_site"
        bench.drained()
        assert bench.retained("alarm/#") == {}
        transitions = [
            row.event.transition.value
            for row in read_rows(bench.journal, 0, 100)
            if row.event.code == "overtravel_top"
        ]
        assert transitions == ["raised", "acknowledged", "acknowledged", "cleared"]
        assert f"{TOPIC}/alarm/overtravel_top" in {m.topic for m in bench.heard.messages}


def test_a_terminal_is_asked_who_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[tuple[str, Mapping[str, Any]]] = []
    alarms = [
        {"code": "intercom_silent", "severity": "major", "instance": name, "seq": number}
        for number, name in enumerate(("car", "pit"), 4)
    ]
    status = {"elevator": {}, "state": "online", "standing": alarms}
    taken = {"code": "intercom_silent", "instance": "pit", "acknowledged": {"at": "t", "by": "Li"}}

    def service(_path: Path, verb: str, params: Mapping[str, Any] | None = None) -> bytes:
        asked.append((verb, params or {}))
        return json.dumps(status if verb == "status" else taken).encode()

    monkeypatch.setattr("agent.cli.ack.ask", service)
    monkeypatch.setattr("agent.cli.ack.socket_of", lambda _: tmp_path / "s")
    monkeypatch.setattr("sys.stdin", Terminal("Li\n"))
    assert main(["ack", "intercom_silent/pit", "--lang", "en"]) == 0
    printed = capsys.readouterr()
    assert "Who takes it up" in printed.err
    assert printed.out == (
        "intercom_silent/pit acknowledged by Li; the journal does not have it yet.\n"
    )
    assert asked[-1] == ("ack", {"by": "Li", "code": "intercom_silent", "instance": "pit"})
    assert main(["ack", "intercom_silent", "--by", "x", "--lang", "en"]) == 1
    assert "intercom_silent/car (4), intercom_silent/pit (5)" in capsys.readouterr().err
    assert [verb for verb, _ in asked] == ["status", "ack", "status"]
    status["standing"] = []
    assert main(["ack", "4", "--by", "x", "--lang", "zh"]) == 1
    assert "无" in capsys.readouterr().err


class Terminal(io.StringIO):
    """Standard input with somebody in front of it."""

    def isatty(self) -> bool:  # type: ignore[explicit-override]
        return True


def test_the_socket_refuses_nonsense(tmp_path: Path) -> None:
    with whole(tmp_path, drivers=["contacts"]) as bench:
        bench.agent.start()
        for params in (
            {},
            {"by": "x"},
            {"by": "x", "seq": 1, "code": "a"},
            {"by": " ", "seq": 1},
            {"by": "x\x1b[2J", "seq": 1},
            {"by": "x" * 65, "seq": 1},
            {"by": "x", "seq": -1},
            {"by": "x", "code": "a" * 65},
            {"by": "x", "seq": 1, "more": 2},
        ):
            with pytest.raises(RefusedError) as refused:
                bench.agent.ask("ack", **params)
            assert refused.value.failure.code == "bad_params"
        with pytest.raises(RefusedError) as refused:
            bench.agent.ask("ack", by="x", code="alarm_button")
        assert refused.value.failure.code == "not_standing"
