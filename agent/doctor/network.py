"""Whether a host can be reached: its name, and a TCP connection. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, unknown

Reach = Literal["connects", "name_unknown", "refused", "no_answer", "unreachable", "not_tried"]

TCP: Final = Check(
    "tcp.connect",
    Say("Network to the device", "到设备的网络"),
    {
        "connects": fine("the device takes a connection", "设备接受连接"),
        "name_unknown": failed(
            "the name of the device cannot be resolved",
            "无法解析设备名称",
            "Correct the host in url, or write its number there",
            "改正 url 中的主机名，或直接写 IP 地址",
        ),
        "refused": failed(
            "the host is there and nothing listens on this port",
            "主机存在，但该端口无人监听",
            "Check the port in url (502 at most devices) and that Modbus TCP is switched on",
            "检查 url 中的端口（多为 502），并确认设备已启用 Modbus TCP",
        ),
        "no_answer": failed(
            "the host does not answer: off, another address, or a firewall between",
            "主机无应答：断电、地址错误或被防火墙阻断",
            "Check the device's power, its cable and the address in url",
            "检查设备电源、网线和 url 中的地址",
        ),
        "unreachable": failed(
            "there is no way to this host from here",
            "从本机无法到达该主机",
            "Check this computer's cable and address: ip addr, ip route",
            "检查本机网线和地址：ip addr、ip route",
        ),
        "not_tried": unknown(
            "not tried, because the service holds the connection and many devices allow one only",
            "未尝试：服务正在使用，许多设备只允许一个连接",
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachFacts:
    """One attempt to connect; `reason` is the system's word for how it failed."""

    name: str
    where: str
    end: Reach
    took_ms: float | None = None
    reason: str = ""


def judge_tcp(facts: ReachFacts) -> Finding:
    """Say how far the connection came."""
    return TCP.found(facts.end, facts.name, reached(facts))


def reached(facts: ReachFacts) -> Say:
    """Give the figures of an attempt."""
    if facts.end == "connects" and facts.took_ms is not None:
        return Say(
            f"{facts.where}: connected in {facts.took_ms:.0f} ms",
            f"{facts.where}：{facts.took_ms:.0f} ms 内连通",
        )
    told = facts.reason or facts.end.replace("_", " ")
    return Say(f"{facts.where}: {told}", f"{facts.where}：{told}")
