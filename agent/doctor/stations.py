"""The intercom's stations and the cameras: whether each answers. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, unknown
from agent.doctor.inputs import span

End = Literal["answers", "silent", "refused", "not_sent", "name_unknown", "too_early", "not_asked"]

STATION: Final = Check(
    "intercom.station",
    Say("Intercom station", "对讲分机"),
    {
        "answers": fine("the station is there", "分机在线"),
        "silent": failed(
            "the station does not answer: nobody can be called from there",
            "分机无应答：该处无法对讲",
            "Check its power and cable, and the address in the configuration",
            "检查电源、线缆和配置中的地址",
        ),
        "refused": failed(
            "the host is there and nothing listens on this port: another port, or its SIP is switched off",
            "主机存在，但该端口无人监听：端口不符，或其 SIP 已关闭",
            "Check the port in address (5060 at most stations) and the station's own settings",
            "检查 address 中的端口（多为 5060）和分机自身设置",
        ),
        "not_sent": failed(
            "it could not even be asked: this computer's network, or its rights",
            "无法发出询问：本机网络或权限问题",
            "Do what the figures say; for icmp see docs/intercom.md",
            "按所示原因处理；icmp 见 docs/intercom.md",
        ),
        "name_unknown": failed(
            "the station's name cannot be resolved",
            "无法解析分机名称",
            "Write its number into address, or correct the name",
            "在 address 中写 IP 地址，或改正名称",
        ),
        "too_early": unknown(
            "the service has not heard of it yet; it has just started",
            "服务刚启动，尚无结果",
            "Ask again after two intervals of this station",
            "两个周期后再查",
        ),
        "not_asked": unknown(
            "its heartbeat comes by itself, and no service runs that would hear it",
            "心跳由分机主动发送，而服务未运行，无法接收",
            "Start the service and ask again",
            "启动服务后再查",
        ),
    },
)
CAMERA: Final = Check(
    "camera.answer",
    Say("Camera", "摄像机"),
    {
        "answers": fine("the camera is there", "摄像机在线"),
        "silent": failed(
            "the camera does not answer",
            "摄像机无应答",
            "Check its power, its network, the address, and that RTSP is switched on",
            "检查电源、网络、地址，并确认已启用 RTSP",
        ),
        "refused": failed(
            "the host is there and nothing listens on this port: another port, or RTSP is switched off",
            "主机存在，但该端口无人监听：端口不符，或未启用 RTSP",
            "Check the port in address (554 at most cameras) and switch RTSP on",
            "检查 address 中的端口（多为 554），并启用 RTSP",
        ),
        "not_sent": failed(
            "it could not even be asked: this computer's network, or its rights",
            "无法发出询问：本机网络或权限问题",
            "Check this computer's cable and address: ip addr, ip route",
            "检查本机网线和地址：ip addr、ip route",
        ),
        "name_unknown": failed(
            "the camera's name cannot be resolved",
            "无法解析摄像机名称",
            "Write its number into address, or correct the name",
            "在 address 中写 IP 地址，或改正名称",
        ),
        "too_early": unknown(
            "the service has not heard of it yet; it has just started",
            "服务刚启动，尚无结果",
            "Ask again after two intervals of this camera",
            "两个周期后再查",
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFacts:
    """One station or camera: how asking ended, when it last answered, how long an answer took."""

    name: str
    where: str
    end: End
    last_s: float | None = None
    round_trip_ms: float | None = None
    reason: str = ""


def judge_station(facts: StationFacts) -> Finding:
    """Say whether a station is there."""
    return STATION.found(facts.end, facts.name, _measured(facts))


def judge_camera(facts: StationFacts) -> Finding:
    """Say whether a camera is there."""
    return CAMERA.found(facts.end, facts.name, _measured(facts))


def _measured(facts: StationFacts) -> Say:
    trip = "" if facts.round_trip_ms is None else f", {facts.round_trip_ms:.0f} ms"
    if facts.reason and facts.end != "answers":
        return Say(f"{facts.where}: {facts.reason}", f"{facts.where}：{facts.reason}")
    if facts.last_s is None:
        return Say(f"{facts.where}{trip}", f"{facts.where}{trip}")
    ago = span(facts.last_s)
    return Say(f"{facts.where}: {ago.en} ago{trip}", f"{facts.where}：{ago.zh}前{trip}")
