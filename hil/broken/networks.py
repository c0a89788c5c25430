"""What breaks on the way to a device on the network, and at stations and cameras. A table of cases."""

import socket

from hil.broken.case import Group
from hil.broken.site import Site
from hil.installation import AgentProcess
from hil.modem import ModemFace
from hil.ports import ReservedPort

NETWORK = Group("Devices on the network", "网络设备")
STATIONS = Group("Intercom, camera, card reader, modem", "对讲、摄像机、读卡器、调制解调器")

_BACKLOG = 0


def _box(site: Site, host: str, port: int = 502) -> None:
    site.drivers["box"]["url"] = f"tcp://{host}:{port}"


def nobody_there(site: Site) -> int:
    """Give a port on which nobody listens, as long as the site stands."""
    reserved = ReservedPort()
    site.stack.callback(reserved.release)
    return reserved.number


def black_hole(site: Site) -> int:
    """Give a port that swallows connections without a word: its queue is full and nobody takes one out."""
    listener = site.stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(_BACKLOG)
    port: int = listener.getsockname()[1]
    for _ in range(_BACKLOG + 4):
        waiting = site.stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(("127.0.0.1", port))
    return port


@NETWORK.case(
    "轿顶盒名称拼写错误",
    "tcp.connect box: name_unknown", "bus.answer box: no_connection",
)  # fmt: skip
def box_name_wrong(site: Site) -> None:
    """The name of the car-top box is misspelt."""
    _box(site, "no-such-box.invalid")


@NETWORK.case(
    "轿顶盒未启用 Modbus TCP",
    "tcp.connect box: refused", "bus.answer box: no_connection",
)  # fmt: skip
def box_refuses(site: Site) -> None:
    """Modbus TCP is switched off at the box."""
    _box(site, "127.0.0.1", nobody_there(site))


@NETWORK.case(
    "防火墙丢弃到轿顶盒的所有连接",
    "tcp.connect box: no_answer", "bus.answer box: no_connection",
)  # fmt: skip
def box_behind_firewall(site: Site) -> None:
    """A firewall swallows every connection to the box."""
    _box(site, "127.0.0.1", black_hole(site))


@NETWORK.case(
    "url 中的地址不可达",
    "tcp.connect box: unreachable", "bus.answer box: no_connection",
)  # fmt: skip
def box_unreachable(site: Site) -> None:
    """The address in url is one to which no way leads."""
    _box(site, "255.255.255.255")


@NETWORK.case(
    "device_id 与网关后的轿顶盒不符（异常码 11）",
    "bus.answer box: behind_gateway",
)
def wrong_unit_id(site: Site) -> None:
    """The configured device_id is not that of the box behind the gateway (exception 11)."""
    site.drivers["box"]["device_id"] = 5


@NETWORK.case(
    "轿顶盒接受连接但从不应答；服务在运行",
    "bus.answer box: silent",
    runs=True,
)
def box_hangs(site: Site) -> None:
    """The box takes connections and never answers; the service runs."""
    site.house.box.behaviour.silent = True
    site.drivers["box"]["timeout_ms"] = 100
    site.ready = lambda s: (
        site.answering(s, "scale")
        and site.published(s)
        and s["links"].get("box", {}).get("statistics", {}).get("timeouts", 0) > 2
    )


@NETWORK.case(
    "升级后轿顶盒拒绝一切询问（异常码 4）；服务在运行",
    "bus.answer box: refused",
    runs=True,
)
def box_refuses_all(site: Site) -> None:
    """The box refuses everything since its update (exception 4); the service runs."""
    site.house.box.behaviour.exception = 4
    site.ready = lambda s: (
        site.answering(s, "scale")
        and site.published(s)
        and s["links"].get("box", {}).get("statistics", {}).get("exceptions", 0) > 1
    )


@STATIONS.case(
    "轿厢对讲死机：收到询问不应答",
    "intercom.station car: silent",
)
def station_silent(site: Site) -> None:
    """The car's intercom hangs: it hears and does not answer."""
    site.house.station.behaviour.silent = True
    site.drivers["phone"]["timeout_s"] = 0.6


@STATIONS.case(
    "分机监听的端口与配置不符",
    "intercom.station car: refused",
)
def station_port_wrong(site: Site) -> None:
    """The station listens on another port than the configured one."""
    site.drivers["phone"]["address"] = f"127.0.0.1:{nobody_there(site)}"


@STATIONS.case(
    "分机名称拼写错误",
    "intercom.station car: name_unknown",
)
def station_name_wrong(site: Site) -> None:
    """The station's name is misspelt."""
    site.drivers["phone"]["address"] = "no-such-station.invalid:5060"


@STATIONS.case(
    "分机只给临时应答（100 Trying），没有最终应答",
    "intercom.station car: silent",
)
def station_only_tries(site: Site) -> None:
    """The station begins to answer and never comes to an end (100 Trying)."""
    site.house.station.behaviour.status = 100
    site.drivers["phone"]["timeout_s"] = 0.6


@STATIONS.case(
    "服务运行中对讲失效",
    "intercom.station car: silent",
    runs=True,
)
def station_died(site: Site) -> None:
    """The intercom died while the service runs."""
    site.house.station.behaviour.silent = True
    site.drivers["phone"]["timeout_s"] = 0.5
    prelude = site.prelude

    def missed(agent: AgentProcess) -> None:
        prelude(agent)
        agent.wait_until(lambda _: agent.ask("signals")["signals"]["intercom.car"]["v"] is False)

    site.prelude = missed


@STATIONS.case(
    "摄像机未启用 RTSP",
    "camera.answer car: refused",
)
def camera_refuses(site: Site) -> None:
    """RTSP is switched off at the camera."""
    site.drivers["eye"]["address"] = f"127.0.0.1:{nobody_there(site)}"


@STATIONS.case(
    "摄像机端口返回 HTTP：那是其网页",
    "camera.answer car: silent",
)
def camera_web_page(site: Site) -> None:
    """The camera's port answers with HTTP: it is its web page."""
    site.house.camera.manner.instead = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    site.drivers["eye"]["timeout_s"] = 0.6


@STATIONS.case("摄像机名称拼写错误", "camera.answer car: name_unknown")
def camera_name_wrong(site: Site) -> None:
    """The camera's name is misspelt."""
    site.drivers["eye"]["address"] = "no-such-camera.invalid:554"


@STATIONS.case(
    "读卡器适配器未插",
    "serial.port reader: no_such_port",
)
def card_reader_gone(site: Site) -> None:
    """The card reader's adapter is unplugged."""
    url = f"serial://{site.folder}/reader?baudrate=9600&parity=N"
    site.drivers["card"] = {"name": "card", "kind": "card", "reader": "machine_room", "url": url}


def _modem(site: Site) -> ModemFace:
    modem = ModemFace(site.folder / "modem")
    site.house.call(modem.adapter.plug)
    site.stack.callback(lambda: site.house.call(modem.close))
    url = f"serial://{site.folder}/modem?baudrate=115200&parity=N"
    site.drivers["computer"] = {
        "name": "computer",
        "kind": "host",
        "modem_url": url,
        "interval_s": 5,
    }
    site.sections["monitor"] = {"disk_low_percent": 1}
    return modem


@STATIONS.case(
    "调制解调器天线未接：无信号",
    "modem.signal modem: no_signal",
    runs=True,
)
def modem_no_signal(site: Site) -> None:
    """The modem's antenna is not screwed on: no signal."""
    _modem(site).strength(99)
    _asked_modem(site, "answered")


@STATIONS.case(
    "modem_url 指向调制解调器的诊断口，不接受命令",
    "modem.signal modem: silent",
    runs=True,
)
def modem_wrong_port(site: Site) -> None:
    """The key modem_url names the modem's diagnostics port, which takes no commands."""
    modem = _modem(site)
    modem.answer, modem.echoes = b"", False
    _asked_modem(site, "timeouts")


def _asked_modem(site: Site, end: str) -> None:
    ready = site.ready
    site.ready = lambda s: (
        ready(s) and s["links"].get("computer", {}).get("statistics", {}).get(end, 0) > 0
    )
