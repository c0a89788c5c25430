"""The clock: whether it is set from a time source, and whether it can be right at all. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, warning

CLOCK: Final = Check(
    "clock.sync",
    Say("Clock", "时钟"),
    {
        "synchronised": fine("the clock is set from a time source", "时钟已由时间源校准"),
        "clock_off": failed(
            "the clock is behind things that already happened, so it is wrong",
            "时钟早于已发生的事情，一定有误",
            "Give it a time source: sudo timedatectl set-ntp true, then: timedatectl timesync-status",
            "设置时间源：sudo timedatectl set-ntp true，再看 timedatectl timesync-status",
        ),
        "no_time_source": failed(
            "nothing sets this clock: events carry times that cannot be trusted",
            "没有对时服务：事件时间不可信",
            "Switch it on: sudo timedatectl set-ntp true",
            "启用对时：sudo timedatectl set-ntp true",
        ),
        "clock_unsynchronised": warning(
            "the clock was not set since the start: events are marked so and corrected when it is",
            "开机后时钟尚未校准：事件会标明，校准后更正",
            "See which server answers: timedatectl timesync-status; name one in /etc/systemd/timesyncd.conf",
            "查看时间服务器：timedatectl timesync-status；可在 /etc/systemd/timesyncd.conf 指定",
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """`synchronised` as the service sees it, or timedatectl; `ntp_on`: whether anything sets it, None where nobody says.

    `newest_s` is the latest time of something that certainly happened (a file of this program, the journal, the last
    synchronisation), and `wall_s` the clock, both in seconds since 1970. `source` names the server, if known.
    """

    wall_s: float
    synchronised: bool
    ntp_on: bool | None = None
    newest_s: float = 0
    newest: str = ""
    source: str = ""


def judge_clock(facts: ClockFacts) -> Finding:
    """Say whether the clock can be trusted."""
    return CLOCK.found(_cause(facts), "", _measured(facts))


def _cause(facts: ClockFacts) -> str:
    if facts.wall_s < facts.newest_s:
        return "clock_off"
    if facts.synchronised:
        return "synchronised"
    return "no_time_source" if facts.ntp_on is False else "clock_unsynchronised"


def _measured(facts: ClockFacts) -> Say:
    now = _date(facts.wall_s)
    if facts.wall_s < facts.newest_s:
        newest = _date(facts.newest_s)
        return Say(
            f"{now}, and {facts.newest} is of {newest}", f"{now}，而 {facts.newest} 为 {newest}"
        )
    state = "synchronised" if facts.synchronised else "not synchronised"
    state_zh = "已同步" if facts.synchronised else "未同步"
    source = f", {facts.source}" if facts.source else ""
    return Say(f"{now}, {state}{source}", f"{now}，{state_zh}{source}")


def _date(seconds: float) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
