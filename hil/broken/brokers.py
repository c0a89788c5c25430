"""What breaks on the way to the broker: name, network, TLS, login, rights, identity. A table of cases."""

import functools
import json
import socket
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from paho.mqtt import publish
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from hil.authority import Authority, Pair
from hil.broken.case import Group
from hil.broken.networks import black_hole, nobody_there
from hil.broken.site import Site
from hil.broker import BrokerTls, Mosquitto
from hil.fault_proxy import FaultProxy
from hil.installation import TOPIC, AgentProcess, configuration

BROKER = Group("Broker", "消息服务器")

_BANNER = b"SSH-2.0-OpenSSH_9.2p1\r\n"
_OLD_PROTOCOL = b"\x20\x02\x00\x01"  # CONNACK of MQTT 3.1.1: unacceptable protocol version


@BROKER.case(
    "消息服务器名称拼写错误",
    "broker.name no-such-broker.invalid: name_unknown",
)
def broker_name_wrong(site: Site) -> None:
    """The broker's name is misspelt."""
    site.mqtt(host="no-such-broker.invalid")


@BROKER.case("消息服务器未运行", "broker.tcp 127.0.0.1: refused")
def broker_stopped(site: Site) -> None:
    """The broker is stopped."""
    site.mqtt(port=nobody_there(site))


@BROKER.case(
    "防火墙丢弃到消息服务器的连接",
    "broker.tcp 127.0.0.1: no_answer",
)
def broker_behind_firewall(site: Site) -> None:
    """A firewall swallows every connection to the broker."""
    site.mqtt(port=black_hole(site))


@BROKER.case(
    "到消息服务器的地址不可达",
    "broker.tcp 255.255.255.255: unreachable",
)
def broker_unreachable(site: Site) -> None:
    """There is no way to the broker's address."""
    site.mqtt(host="255.255.255.255")


def _answering(site: Site, says: bytes) -> int:
    """Give a port on which somebody says this to whoever comes."""
    listener = site.stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(says)
                connection.settimeout(1)
                try:
                    while connection.recv(4096):
                        pass
                except OSError:
                    continue

    threading.Thread(target=serve, daemon=True).start()
    site.stack.callback(lambda: listener.shutdown(socket.SHUT_RDWR))
    port: int = listener.getsockname()[1]
    return port


@BROKER.case(
    "端口误写为 22：SSH 应答",
    "broker.login 127.0.0.1: not_mqtt",
)
def port_not_mqtt(site: Site) -> None:
    """Port 22 was written instead of 1883: SSH answers."""
    site.mqtt(port=_answering(site, _BANNER))


@BROKER.case("服务器卡死：接受连接但不应答", "broker.login 127.0.0.1: no_answer")
def broker_hangs(site: Site) -> None:
    """The broker hangs: it takes connections and says nothing."""
    _broker(site, Mosquitto()).freeze()


@BROKER.case("服务器禁用了 QoS 1", "broker.limits 127.0.0.1: no_qos1")
def no_qos1(site: Site) -> None:
    """QoS 1 is switched off at the broker."""
    _broker(site, Mosquitto(lines=["max_qos 0"]))


@BROKER.case("服务器只接受以 plant- 开头的客户端标识", "broker.login 127.0.0.1: bad_login")
def client_id_not_allowed(site: Site) -> None:
    """The broker takes only clients whose id begins with plant-."""
    _broker(site, Mosquitto(lines=["clientid_prefixes plant-"]))


@BROKER.case(
    "服务器只支持 MQTT 3.1.1，protocol 写 5",
    "broker.login 127.0.0.1: wrong_version",
)
def protocol_too_new(site: Site) -> None:
    """The broker speaks MQTT 3.1.1 alone, protocol says 5."""
    site.mqtt(port=_answering(site, _OLD_PROTOCOL))


def _broker(site: Site, broker: Mosquitto) -> Mosquitto:
    site.stack.enter_context(broker)
    site.mqtt(port=broker.port)
    return broker


def _login(site: Site, password: str) -> None:
    path = site.folder / "password"
    path.write_text(f"{password}\n", encoding="utf-8")
    path.chmod(0o600)
    site.mqtt(username="e01", password_file=str(path))


@BROKER.case(
    "服务器重装后密码已变",
    "broker.login 127.0.0.1: bad_login",
)
def wrong_password(site: Site) -> None:
    """The password is another one since the broker was set up anew."""
    _broker(site, Mosquitto(users={"e01": "right"}))
    _login(site, "wrong")


@BROKER.case(
    "密码错误；服务在运行并转述服务器的答复",
    "broker.login 127.0.0.1: bad_login",
    runs=True,
)
def wrong_password_while_running(site: Site) -> None:
    """The password is wrong; the service runs and says what it heard."""
    wrong_password(site)
    site.ready = lambda s: (
        site.answering(s, "scale") and site.answering(s, "box")
        and bool(s["clock"]["synchronised"]) and "0x8" in s["mqtt"]["reason"]
    )  # fmt: skip


@BROKER.case(
    "mqtt.password_file 指向不存在的文件",
    "config.file mqtt.password_file: problem", "broker.login 127.0.0.1: password_unusable",
)  # fmt: skip
def password_file_gone(site: Site) -> None:
    """The key mqtt.password_file names a file that is not there."""
    _broker(site, Mosquitto(users={"e01": "right"}))
    site.mqtt(username="e01", password_file=str(site.folder / "password"))


@BROKER.case(
    "访问控制表只允许该用户读",
    "broker.publish 127.0.0.1: refused",
)
def acl_denies(site: Site) -> None:
    """The access list lets this user read alone."""
    _broker(site, Mosquitto(users={"e01": "p"}, acl="user e01\ntopic read #\n"))
    _login(site, "p")


@BROKER.case(
    "服务器收下消息但从不确认",
    "broker.publish 127.0.0.1: no_puback",
)
def no_acknowledgement(site: Site) -> None:
    """The broker takes messages and acknowledges none."""
    proxy = site.stack.enter_context(FaultProxy(site.house.broker.port, "deaf"))
    proxy.rules.deaf = True
    site.mqtt(port=proxy.port)


@BROKER.case(
    "服务器最大报文仅 4000 字节",
    "broker.limits 127.0.0.1: packet_small",
)
def packets_small(site: Site) -> None:
    """The broker takes packets of 4000 bytes at most."""
    _broker(site, Mosquitto(lines=["max_packet_size 4000"]))


@BROKER.case(
    "服务器禁用了保留消息",
    "broker.limits 127.0.0.1: no_retain",
)
def no_retain(site: Site) -> None:
    """Retained messages are switched off at the broker."""
    _broker(site, Mosquitto(lines=["retain_available false"]))


# ---- certificates, issued once by the openssl command for all cases of a process


_ISSUING = threading.Lock()


def _authority(name: str) -> Path:
    """Give an authority's certificate."""
    with _ISSUING:
        return _founded(name).certificate


def _server(names: Sequence[str] = ("IP:127.0.0.1",), **days: float) -> Pair:
    """Issue the broker's certificate; an authority issues one after the other."""
    with _ISSUING:
        return _founded("right").server(names, **days)


def _client(authority: str, **days: float) -> Pair:
    """Issue the agent's certificate."""
    with _ISSUING:
        return _founded(authority).client("e01", **days)


@functools.cache
def _founded(name: str) -> Authority:
    return Authority(Path(_folder().name), name)


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="authorities-")


def _secured(site: Site, pair: Pair, authority: Path | None = None, **mqtt: object) -> None:
    tls = BrokerTls(pair.certificate, pair.key, authority=authority)
    broker = site.stack.enter_context(Mosquitto(tls=tls))
    given = {"port": broker.tls_port, "tls": True, "ca_file": str(_authority("right"))}
    site.mqtt(**{**given, **mqtt})


@BROKER.case("ca_file 属于另一 CA", "broker.tls 127.0.0.1: wrong_ca")
def wrong_ca(site: Site) -> None:
    """The configured ca_file is that of another authority."""
    _secured(site, _server(), ca_file=str(_authority("other")))


@BROKER.case("服务器证书已过期", "broker.tls 127.0.0.1: expired")
def certificate_expired(site: Site) -> None:
    """The broker's certificate has expired."""
    _secured(site, _server(start_days=-20, days=-10))


@BROKER.case(
    "服务器证书明天才生效",
    "broker.tls 127.0.0.1: not_yet_valid",
)
def certificate_not_yet(site: Site) -> None:
    """The broker's certificate begins tomorrow."""
    _secured(site, _server(start_days=1, days=100))


@BROKER.case(
    "服务器证书十天后到期",
    "broker.certificate server: expiring",
)
def certificate_expiring(site: Site) -> None:
    """The broker's certificate ends in ten days."""
    _secured(site, _server(days=10.5))


@BROKER.case(
    "服务器证书的名称不符",
    "broker.tls 127.0.0.1: wrong_name",
)
def certificate_other_name(site: Site) -> None:
    """The broker's certificate is for another name."""
    _secured(site, _server(("DNS:broker.invalid",)))


@BROKER.case(
    "服务器要求客户端证书，但未配置",
    "broker.tls 127.0.0.1: wants_certificate",
)
def certificate_wanted(site: Site) -> None:
    """The broker demands a certificate, none is configured."""
    _secured(site, _server(), _authority("right"))


@BROKER.case(
    "本终端证书由另一 CA 签发",
    "broker.tls 127.0.0.1: own_certificate_refused",
)
def own_certificate_refused(site: Site) -> None:
    """The agent's certificate is of another authority."""
    own = _client("other")
    files = {"certificate_file": str(own.certificate), "key_file": str(own.key)}
    _secured(site, _server(), _authority("right"), **files)


@BROKER.case(
    "本终端的证书已过期",
    "broker.tls 127.0.0.1: own_certificate_refused", "broker.certificate client: expired",
)  # fmt: skip
def own_certificate_expired(site: Site) -> None:
    """The agent's certificate has expired."""
    own = _client("right", start_days=-20, days=-10)
    files = {"certificate_file": str(own.certificate), "key_file": str(own.key)}
    _secured(site, _server(), _authority("right"), **files)


@BROKER.case(
    "对不加密端口设置了 tls = true",
    "broker.tls 127.0.0.1: not_tls",
)
def tls_at_plain_port(site: Site) -> None:
    """TLS is switched on at the port without TLS."""
    site.mqtt(tls=True, ca_file=str(_authority("right")))


@BROKER.case(
    "对加密端口设置了 tls = false",
    "broker.login 127.0.0.1: not_mqtt",
)
def plain_at_tls_port(site: Site) -> None:
    """TLS is not configured at the port with TLS."""
    _secured(site, _server(), tls=False, ca_file="")


@BROKER.case(
    "时钟从未校准，早于证书生效日",
    "broker.tls 127.0.0.1: clock_unsynchronised", "clock.sync: clock_unsynchronised",
)  # fmt: skip
def clock_before_certificate(site: Site) -> None:
    """The clock was never set and stands before the certificate's first day."""
    _secured(site, _server(start_days=1, days=100))
    site.programs.clock_set = False


# ---- two of a kind


@BROKER.case(
    "复制的存储卡：另一台计算机上的终端使用相同的 site 和 id",
    f"broker.identity {TOPIC}: two_agents",
)
def same_elevator_twice(site: Site) -> None:
    """A copied card: an agent on another computer has the same site and id."""
    broker = _broker(site, Mosquitto())
    status = json.dumps({"state": "online", "boot_id": "another-computer", "journal": "j"})
    publish.single(f"{TOPIC}/status", status, qos=1, retain=True, port=broker.port)
    _answer_pings(site, broker.port)


def _answer_pings(site: Site, port: int) -> None:
    """Answer as the agent on the other computer does."""
    client = Client(CallbackAPIVersion.VERSION2)
    subscribed = threading.Event()
    client.on_connect = lambda client, *_: client.subscribe(f"{TOPIC}/req/ping", 1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda client, *_: client.publish(f"{TOPIC}/resp/ping", b"{}", 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    site.stack.callback(client.loop_stop)
    site.stack.callback(client.disconnect)
    assert subscribed.wait(20), "the broker takes no subscription"


@BROKER.case(
    "两个服务使用相同客户端标识，互相挤掉",
    f"broker.identity {TOPIC}: kicked_out",
    runs=True,
)
def same_client_id_twice(site: Site) -> None:
    """Two services with one client id throw each other out."""
    _broker(site, Mosquitto())
    prelude = site.prelude

    def joined(agent: AgentProcess) -> None:
        prelude(agent)
        folder = site.folder / "second"
        folder.mkdir()
        other = site.agent(configuration(folder, mqtt=site.sections["mqtt"]))
        other.start()
        agent.wait_until(
            lambda s: (
                agent.ask("doctor")["broker"]["broken_early"] >= 3
                and s["mqtt"]["connected"]
                and bool(s["mqtt"]["published"])
            ),
            90,
        )

    site.prelude = joined
