"""The service as systemd sees it, and whether it answers. Pure."""

from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say, same
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning

UNIT_NAME: Final = "elevator-agent"

UNIT: Final = Check(
    "service.unit",
    Say("Unit in systemd", "systemd 单元"),
    {
        "running": fine("systemd keeps the service running", "systemd 正在运行本服务"),
        "no_systemd": unknown(
            "systemd does not answer here, so nobody says whether the service is kept running",
            "此处 systemd 无应答，无法得知服务是否被看护",
        ),
        "not_installed": warning(
            "systemd knows no unit elevator-agent: after a reboot nothing would watch the elevator",
            "systemd 中没有 elevator-agent 单元：重启后将无人监测电梯",
            "Install the unit: docs/install.md, section 3",
            "安装单元：见 docs/install.md 第 3 节",
        ),
        "crash_loop": failed(
            "the service ends by itself and is started again and again",
            "服务反复自行退出并被重新启动",
            "See why: journalctl -u elevator-agent -n 50",
            "查看原因：journalctl -u elevator-agent -n 50",
        ),
        "stopped": failed(
            "the service is stopped: nothing watches the elevator",
            "服务已停止：电梯无人监测",
            "Start it: sudo systemctl start elevator-agent",
            "启动：sudo systemctl start elevator-agent",
        ),
        "not_enabled": warning(
            "the service runs, and will not come back after a reboot",
            "服务在运行，但重启后不会自动启动",
            "Have it started at boot: sudo systemctl enable elevator-agent",
            "设为开机启动：sudo systemctl enable elevator-agent",
        ),
        "restarted": warning(
            "the service runs now, but ended by itself since it was last started by hand or at boot",
            "服务在运行，但自上次启动以来曾自行退出",
            "See why: journalctl -u elevator-agent -p warning -n 50",
            "查看原因：journalctl -u elevator-agent -p warning -n 50",
        ),
    },
)
SOCKET: Final = Check(
    "service.answer",
    Say("Control socket", "控制套接字"),
    {
        "answers": fine("the service answers", "服务有应答"),
        "not_running": failed(
            "no service answers: nothing watches the elevator. What follows was looked at without it",
            "没有服务应答：电梯无人监测。以下各项由本程序自行检查",
            "Start it: sudo systemctl start elevator-agent",
            "启动：sudo systemctl start elevator-agent",
        ),
        "no_permission": unknown(
            "this user may not ask the service",
            "当前用户无权询问服务",
            "Join its group and log in again: sudo usermod -aG elevator-agent $USER",
            "加入其所属组后重新登录：sudo usermod -aG elevator-agent $USER",
        ),
        "no_answer": failed(
            "the service is there and does not answer: it is just stopping, or stuck, and then nothing watches the elevator",
            "服务存在但没有应答：正在停止，或已卡住而电梯无人监测",
            "Restart it: sudo systemctl restart elevator-agent; then send what this makes: sudo elevator-agent bundle",
            "重启：sudo systemctl restart elevator-agent；再寄出 sudo elevator-agent bundle 生成的文件",
        ),
    },
)
WATCHDOG: Final = Check(
    "service.watchdog",
    Say("Watchdog", "看门狗"),
    {
        "fed": fine("systemd restarts the service if it hangs", "服务卡住时 systemd 会重启它"),
        "not_armed": warning(
            "nobody restarts the service if it hangs",
            "服务卡住时无人重启",
            "Set WatchdogSec=30 in the unit: sudo systemctl edit elevator-agent",
            "在单元中设置 WatchdogSec=30：sudo systemctl edit elevator-agent",
        ),
        "not_fed": failed(
            "a driver's loop does not turn, so the service gives no sign of life; systemd will end it",
            "有驱动的循环停转，服务不再发出心跳；systemd 将终止它",
            "See which: journalctl -u elevator-agent -n 50",
            "查看是哪个：journalctl -u elevator-agent -n 50",
        ),
        "not_known": unknown(
            "neither systemd nor the service could be asked about the watchdog",
            "无法向 systemd 或服务询问看门狗",
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """What `systemctl show` says; `answers` is false where there is no systemd."""

    answers: bool
    loaded: bool = False
    active: str = ""
    sub: str = ""
    enabled: str = ""
    restarts: int = 0
    result: str = ""
    watchdog_us: int | None = None


def judge_unit(facts: UnitFacts) -> Finding:
    """Say how the unit stands."""
    if not facts.answers:
        return UNIT.found("no_systemd", UNIT_NAME, _state(facts))
    if not facts.loaded:
        return UNIT.found("not_installed", UNIT_NAME, _state(facts))
    return UNIT.found(_unit_cause(facts), UNIT_NAME, _state(facts))


def _unit_cause(facts: UnitFacts) -> str:
    if facts.active == "failed" or facts.sub == "auto-restart":
        return "crash_loop"
    if facts.active not in {"active", "activating", "reloading"}:
        return "stopped"
    if facts.restarts:
        return "restarted"
    return "running" if facts.enabled.startswith("enabled") else "not_enabled"


def _state(facts: UnitFacts) -> Say:
    if not facts.answers:
        return Say("systemctl gives no answer", "systemctl 无应答")
    state = f"{facts.active}/{facts.sub}" if facts.loaded else "not-found"
    enabled, result = facts.enabled or "-", facts.result or "-"
    return Say(
        f"{state}, {enabled}, restarts {facts.restarts}, last result {result}",
        f"{state}，{enabled}，重启 {facts.restarts} 次，上次结果 {result}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketFacts:
    """How asking the service went: `answers`, or a cause of SOCKET, with the system's words."""

    path: str
    cause: str = "answers"
    reason: str = ""
    version: str = ""
    up_s: int = 0


def judge_socket(facts: SocketFacts) -> Finding:
    """Say whether the service answers."""
    measured = same(f"{facts.path}: {facts.reason}")
    if facts.cause == "answers":
        measured = Say(
            f"version {facts.version}, up {facts.up_s} s",
            f"版本 {facts.version}，已运行 {facts.up_s} 秒",
        )
    return SOCKET.found(facts.cause, "", measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogFacts:
    """`within_s`: how often systemd wants a sign of life, 0 for never, None where nobody says.

    `fed_ago_s`: when the service last gave one; `stuck` the drivers whose loops do not turn.
    """

    within_s: float | None
    fed_ago_s: float | None = None
    stuck: tuple[str, ...] = ()


def judge_watchdog(facts: WatchdogFacts) -> Finding:
    """Say whether a hanging service would be noticed."""
    late = (
        facts.fed_ago_s is not None
        and bool(facts.within_s)
        and facts.fed_ago_s > (facts.within_s or 0)
    )
    if facts.stuck or late:
        cause = "not_fed"
    elif facts.within_s is None:
        cause = "not_known"
    else:
        cause = "fed" if facts.within_s else "not_armed"
    return WATCHDOG.found(cause, "", _kicks(facts))


def _kicks(facts: WatchdogFacts) -> Say:
    if facts.within_s is None:
        return Say("no figures", "无数据")
    ago = "-" if facts.fed_ago_s is None else f"{facts.fed_ago_s:.0f} s"
    stuck = ", ".join(facts.stuck) or "-"
    return Say(
        f"wanted every {facts.within_s:g} s, last given {ago} ago, stuck: {stuck}",
        f"要求每 {facts.within_s:g} 秒一次，上次 {ago} 前，停转：{stuck}",
    )
