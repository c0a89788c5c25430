"""A serial port: whether it is there, whose it is, and who else has it open. Pure."""

from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say, same
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning

PORT: Final = Check(
    "serial.port",
    Say("Serial port", "串口"),
    {
        "free": fine("it is there, and nobody else has it", "存在且未被占用"),
        "held_by_service": fine("the service has it, alone", "由本服务独占"),
        "no_such_port": failed(
            "the port is not there: adapter unplugged, or another name",
            "串口不存在：适配器未插好，或名称不同",
            "Plug the adapter in, and take the name from: ls /dev/serial/by-id",
            "插好适配器，名称见：ls /dev/serial/by-id",
        ),
        "dangling_link": failed(
            "this name is a link to a port that is not there: adapter unplugged, or plugged in under another name",
            "此名称是指向不存在串口的链接：适配器未插好，或换了名称",
            "Plug the adapter in; take a lasting name from: ls -l /dev/serial/by-id",
            "插好适配器；固定名称见：ls -l /dev/serial/by-id",
        ),
        "not_a_port": failed(
            "this is not a serial port",
            "这不是串口",
            "Take the name from: ls /dev/serial/by-id",
            "名称见：ls /dev/serial/by-id",
        ),
        "serial_console": failed(
            "the login console is on this port: it writes into the line, and takes what comes",
            "登录控制台占用此串口：会向线路发送字符并取走应答",
            "Free it and reboot: sudo raspi-config nonint do_serial_cons 1",
            "释放后重启：sudo raspi-config nonint do_serial_cons 1",
        ),
        "modem_manager": failed(
            "ModemManager has the port open and sends modem commands into the line",
            "ModemManager 打开了此串口，会向线路发送调制解调命令",
            "Install systemd/70-elevator-agent.rules, then plug the adapter in again",
            "安装 systemd/70-elevator-agent.rules，再重新插拔适配器",
        ),
        "modem_manager_may_probe": warning(
            "ModemManager runs and may send modem commands into this port when it appears",
            "ModemManager 在运行，串口出现时可能发送调制解调命令",
            "Install systemd/70-elevator-agent.rules, then plug the adapter in again",
            "安装 systemd/70-elevator-agent.rules，再重新插拔适配器",
        ),
        "port_held": failed(
            "another program has the port open, so the service cannot ask on it",
            "其他程序占用此串口，服务无法使用",
            "Stop that program; who has it: sudo fuser -v {path}",
            "停止该程序；查看占用者：sudo fuser -v {path}",
        ),
        "no_permission": failed(
            "the service's user may not open this port",
            "服务用户无权打开此串口",
            "Give it the port's group: sudo usermod -aG {group} {user}, then restart the service",
            "加入串口所属组：sudo usermod -aG {group} {user}，再重启服务",
        ),
        "cannot_open": failed(
            "the port does not let itself be opened",
            "串口无法打开",
            "Unplug the adapter and plug it in again; if that does not help, replace it",
            "重新插拔适配器；仍无效则更换",
        ),
        "unstable_name": warning(
            "this name goes by the order of plugging in and may be another adapter after a reboot",
            "此名称取决于插入顺序，重启后可能指向另一适配器",
            "Write the lasting name into url: {by_id}",
            "在 url 中改用固定名称：{by_id}",
        ),
        "not_tried": unknown(
            "this user may not open the port, so it was not tried",
            "当前用户无权打开此串口，未作尝试",
            "Run it as root: sudo elevator-agent doctor",
            "以 root 运行：sudo elevator-agent doctor",
        ),
    },
)
_CONSOLES: Final = frozenset({"agetty", "getty", "login", "mgetty"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A program that has the port open."""

    pid: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortFacts:
    """One port of the configuration, as this computer has it.

    `points_to` is where a link leads that leads nowhere. `target` is the device behind the name, `by_id` a lasting name
    of it. `user` is who the service runs as, and `allowed` whether that user may open it. `console`: the kernel or a
    login prompt writes there. `ignored`: udev keeps ModemManager away. `served`: the running service has it open.
    `open_error` is empty where it could be opened, None where it was not tried; `taken` says that the error was another
    program's lock.
    """

    path: str
    exists: bool = True
    points_to: str = ""
    is_port: bool = True
    target: str = ""
    by_id: str = ""
    listed: tuple[str, ...] = ()
    user: str = ""
    group: str = "dialout"
    allowed: bool = True
    console: bool = False
    holders: tuple[Holder, ...] = ()
    modem_manager: bool = False
    ignored: bool = False
    served: bool = False
    open_error: str | None = None
    taken: bool = False
    denied: bool = False


def judge_port(facts: PortFacts) -> Finding:
    """Say what stands between the service and this port."""
    cause = _cause(facts)
    values = {
        "path": facts.path,
        "group": facts.group,
        "user": facts.user,
        "by_id": facts.by_id,
    }
    return PORT.found(cause, facts.path, _measured(facts), **values)


def _cause(facts: PortFacts) -> str:
    if not facts.exists:
        return "dangling_link" if facts.points_to else "no_such_port"
    if not facts.is_port:
        return "not_a_port"
    return _of_others(facts) or _of_opening(facts) or _of_names(facts)


def _of_others(facts: PortFacts) -> str:
    names = {holder.name for holder in facts.holders}
    if facts.console or names & _CONSOLES:
        return "serial_console"
    if "ModemManager" in names:
        return "modem_manager"
    return "port_held" if names or facts.taken else ""


def _of_opening(facts: PortFacts) -> str:
    if not facts.allowed:
        return "no_permission"
    if facts.denied:
        return "not_tried"
    return "cannot_open" if facts.open_error else ""


def _of_names(facts: PortFacts) -> str:
    if facts.modem_manager and not facts.ignored:
        return "modem_manager_may_probe"
    if facts.by_id and "/by-id/" not in facts.path and "/by-path/" not in facts.path:
        return "unstable_name"
    return "held_by_service" if facts.served else "free"


def _measured(facts: PortFacts) -> Say:
    if not facts.exists:
        listed = ", ".join(facts.listed) or "-"
        leads = f"{facts.points_to} " if facts.points_to else ""
        return Say(
            f"{leads}not there; adapters seen: {listed}", f"{leads}不存在；可见适配器：{listed}"
        )
    holders = ", ".join(f"{each.name} ({each.pid})" for each in facts.holders)
    if holders:
        return Say(f"{facts.target}, open in {holders}", f"{facts.target}，占用者 {holders}")
    if facts.console:
        return Say(f"{facts.target} is a console", f"{facts.target} 为控制台")
    if facts.open_error:
        return same(f"{facts.target}: {facts.open_error}")
    return Say(
        f"{facts.target}, group {facts.group}, user {facts.user}",
        f"{facts.target}，组 {facts.group}，用户 {facts.user}",
    )
