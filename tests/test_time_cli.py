"""How far a time can be trusted, as the command line shows it."""

import json

import pytest

from agent.cli.event_line import event_line
from agent.cli.status import Clock, Elevator, Status, page
from agent.cli.texts import Lang, Words


def line(clock: str, lang: Lang) -> str:
    data = {"code": "usage", "severity": "info", "transition": "notice", "clock": clock}
    said = {"time": "2026-11-23T08:00:31.200Z", "data": data}
    return event_line(json.dumps(said).encode(), Words(lang), 120)


@pytest.mark.parametrize(
    ("clock", "mark", "en", "zh"),
    [
        ("synchronised", "", "usage", "usage"),
        ("corrected", "~", "time corrected", "时间已更正"),
        ("unsynchronised", "?", "time unknown", "时间未知"),
    ],
)
def test_a_line_of_events_says_how_far_its_time_can_be_trusted(
    clock: str, mark: str, en: str, zh: str
) -> None:
    said_in: dict[Lang, str] = {"en": en, "zh": zh}
    for lang, last in said_in.items():
        said = line(clock, lang)
        assert said.rstrip().endswith(last)
        assert f":31{mark} " in said


@pytest.mark.parametrize(
    ("clock", "en", "zh"),
    [
        (Clock(synchronised=True), "clock synchronised", "时钟已同步"),
        (Clock(synchronised=False), "clock not synchronised", "时钟未同步"),
        (
            Clock(synchronised=True, anchor={"uptime_ms": 1, "unix_ms": 2}),
            "clock set late, times corrected",
            "时钟校准较晚，时间已更正",
        ),
        (
            Clock(synchronised=False, anchor={"uptime_ms": 1, "unix_ms": 2}),
            "clock not synchronised",
            "时钟未同步",
        ),
    ],
)
def test_the_status_says_so_of_the_clock(clock: Clock, en: str, zh: str) -> None:
    status = Status(elevator=Elevator(), state="online", version="0.1.0", boot_id="b", clock=clock)
    said_in: dict[Lang, str] = {"en": en, "zh": zh}
    for lang, said in said_in.items():
        assert page(status, Words(lang))[1].rstrip().endswith(said)
