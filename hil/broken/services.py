"""What breaks in the service and its configuration. A table of cases."""

import os
import signal

from hil.broken.case import STOPPED, Group
from hil.broken.programs import HEALTHY_UNIT
from hil.broken.site import Site
from hil.installation import AgentProcess

SERVICE = Group("Service and configuration", "服务与配置")

_UNIT = "service.unit elevator-agent"
_SILENT, _ = STOPPED


@SERVICE.case("安装后从未启动服务")
def service_stopped(site: Site) -> None:
    """The service was never started after the installation."""


@SERVICE.case(
    "服务在运行但未设为开机启动",
    f"{_UNIT}: not_enabled",
    runs=True,
)
def not_enabled(site: Site) -> None:
    """The service runs and will not after a reboot: it is not enabled."""
    site.programs.unit["UnitFileState"] = "disabled"


@SERVICE.case(
    "服务启动后曾四次自行退出",
    f"{_UNIT}: restarted",
    runs=True,
)
def restarted(site: Site) -> None:
    """The service ended by itself four times since the start."""
    site.programs.unit["NRestarts"] = "4"


@SERVICE.case(
    "单元文件缺少 WatchdogSec",
    "service.watchdog: not_armed",
    runs=True,
)
def watchdog_not_armed(site: Site) -> None:
    """The unit was copied without WatchdogSec."""
    site.programs.unit["WatchdogUSec"] = "0"


@SERVICE.case(
    "服务卡死：接受询问但不应答",
    "service.answer: no_answer",
    runs=True,
)
def service_hangs(site: Site) -> None:
    """The service hangs: it takes questions and answers none."""

    def hangs(agent: AgentProcess) -> None:
        os.kill(agent.pid, signal.SIGSTOP)
        site.stack.callback(os.kill, agent.pid, signal.SIGCONT)

    site.prelude = hangs


def _not_stopped(site: Site, **shown: str) -> None:
    site.programs.unit = {**HEALTHY_UNIT, **shown}


@SERVICE.case(
    "服务一启动就退出，反复重启",
    _SILENT,
    f"{_UNIT}: crash_loop",
)
def crash_loop(site: Site) -> None:
    """The service ends at once and is started again and again."""
    _not_stopped(
        site, ActiveState="activating", SubState="auto-restart", Result="exit-code", NRestarts="7"
    )


@SERVICE.case("从未安装单元文件", _SILENT, f"{_UNIT}: not_installed")
def not_installed(site: Site) -> None:
    """The unit was never installed."""
    _not_stopped(
        site, LoadState="not-found", ActiveState="inactive", SubState="dead", UnitFileState=""
    )


@SERVICE.case(
    "键名拼写错误：keepalive",
    "config.file mqtt.keepalive: problem",
)
def unknown_key(site: Site) -> None:
    """A key is misspelt: keepalive instead of keepalive_s."""
    site.mqtt(keepalive=20)


@SERVICE.case(
    "缺少逗号：文件不是有效的 TOML",
    "config.file agent.toml: problem",
)
def not_toml(site: Site) -> None:
    """A comma is missing: the file is no TOML."""
    site.config_text = lambda text: text.replace("[mqtt]", "[mqtt", 1)


@SERVICE.case(
    "断电后配置文件为空",
    "config.file elevator.site: problem",
    "config.file elevator.id: problem",
)
def file_empty(site: Site) -> None:
    """A power cut left the file empty."""
    site.config_text = lambda _: ""


@SERVICE.case(
    "两个驱动提供同一信号",
    "config.file drivers[5:again]: problem",
)
def signal_twice(site: Site) -> None:
    """Two drivers give the same signal."""
    site.drivers["again"] = {**site.drivers["box"], "name": "again", "without": []}
    site.drivers["scale"]["without"] = ["car.floor"]


@SERVICE.case(
    "指定了不存在的档案",
    "config.file drivers[0:scale].profile: problem",
)
def no_such_profile(site: Site) -> None:
    """A profile is named that nobody has."""
    site.drivers["scale"]["profile"] = "weigher-2"


@SERVICE.case(
    "未按实测设置 longest_zone_gap_s，且无运行信号",
    "config.advice: zone_gap",
)
def limit_left_open(site: Site) -> None:
    """The limit longest_zone_gap_s was left at its default, and nothing tells that the car moves."""
    del site.drivers["box"]


@SERVICE.case(
    "报警按钮未接入本终端",
    "config.advice: alarm_button",
)
def no_alarm_button(site: Site) -> None:
    """The alarm button is not wired to the agent."""
    del site.drivers["contacts"]["inputs"]["alarm.button"]


@SERVICE.case("未填写 rescue_code", "config.advice: rescue_code")
def no_rescue_code(site: Site) -> None:
    """The rescue code was left empty."""
    site.sections["elevator"] = {"rescue_code": ""}
