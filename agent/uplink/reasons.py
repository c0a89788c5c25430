"""Why the broker is not reached or refuses, in words for a technician: what happened, likely cause, what to do. Pure.

Codes are MQTT 5 reason codes; the library translates those of MQTT 3.1.1. What TLS says stands in tls_reasons.py.
"""

import socket
from collections.abc import Mapping

from agent.config_problem import Problem, Say

_CONNECT: Mapping[int, Say] = {
    0x84: Say(
        "the broker does not speak this version of MQTT. Set mqtt.protocol to the version it speaks"
        ' ("5" or "3.1.1")',
        '消息服务器不支持此 MQTT 版本。请把 mqtt.protocol 设为其支持的版本（"5" 或 "3.1.1"）',
    ),
    0x85: Say(
        "the broker refused the client id. Another id may be prescribed there: set mqtt.client_id",
        "消息服务器拒绝该客户端标识。可能规定了其他标识：请设置 mqtt.client_id",
    ),
    0x86: Say(
        "the broker refused the login: bad user name or password. Check mqtt.username and the file"
        " mqtt.password_file; a corrected file is read at the next attempt",
        "登录被拒：用户名或密码错误。请检查 mqtt.username 和 mqtt.password_file；改正后下次尝试即生效",
    ),
    0x87: Say(
        "the broker refused the login: not authorised. User name or password are wrong, or this client may not"
        " connect there. Check mqtt.username, mqtt.password_file and the broker's user list",
        "登录被拒：未授权。用户名或密码错误，或该客户端不得连接。"
        "请检查 mqtt.username、mqtt.password_file 和服务器的用户表",
    ),
    0x88: Say(
        "the broker says that it is unavailable at the moment. It is tried again",
        "消息服务器称暂不可用。将会重试",
    ),
    0x89: Say("the broker says that it is busy. It is tried again", "消息服务器繁忙。将会重试"),
    0x8A: Say(
        "the broker has banned this client. Ask the broker's operator",
        "该客户端被消息服务器禁用。请联系服务器管理员",
    ),
    0x97: Say(
        "the broker refused the connection: quota exceeded. Ask the broker's operator",
        "连接被拒：超出配额。请联系服务器管理员",
    ),
    0x9A: Say(
        "the broker does not keep retained messages, which status and alarms need. Ask the broker's operator",
        "消息服务器不支持保留消息，而状态和报警需要它。请联系服务器管理员",
    ),
    0x9B: Say(
        "the broker does not support QoS 1, which nothing here can do without. Ask the broker's operator",
        "消息服务器不支持 QoS 1，而本终端必须使用。请联系服务器管理员",
    ),
    0x9F: Say(
        "the broker says that too many connect at once. It is tried again",
        "消息服务器称同时连接过多。将会重试",
    ),
}
_REFUSED = Say("the broker refused the connection", "连接被消息服务器拒绝")
_END: Mapping[int, Say] = {
    0x8B: Say("the broker is shutting down. It is tried again", "消息服务器正在关闭。将会重试"),
    0x8D: Say(
        "the broker did not hear from this agent in time. The network may be losing packets",
        "消息服务器未按时收到本终端的消息。网络可能丢包",
    ),
    0x8E: Say(
        "another client took over with the same client id. Two agents may have the same mqtt.client_id, or the same"
        " elevator.site and elevator.id",
        "另一客户端以相同的客户端标识接入。可能两台终端的 mqtt.client_id，或 elevator.site 与 elevator.id 相同",
    ),
    0x93: Say(
        "the broker was sent more at once than it takes. Lower mqtt.window",
        "同时发送的消息超过服务器所能接收。请调小 mqtt.window",
    ),
    0x95: Say(
        "a message was larger than the broker takes. Raise its limit",
        "消息超过服务器的上限。请调大该上限",
    ),
    0x98: Say("the broker's operator ended the connection", "连接被服务器管理员断开"),
}
_ENDED = Say("the broker ended the connection", "连接被消息服务器断开")
_TOO_LARGE = "[packet_too_large]"
_PUBLISH: Mapping[int, str] = {
    0x87: "not authorised: the broker's access list does not let this client write there",
    0x90: "the broker does not accept this topic name",
    0x97: "the broker's quota is exceeded",
    0x99: "the broker does not accept the format of the payload",
}


def connect_refused(code: int, name: str) -> Say:
    """Why the broker answered a connect with a failure code."""
    return _coded(_CONNECT, _REFUSED, code, name)


def connection_ended(code: int, name: str) -> Say:
    """Why the broker ended a connection that stood."""
    return _coded(_END, _ENDED, code, name)


def _coded(table: Mapping[int, Say], other: Say, code: int, name: str) -> Say:
    said = table.get(code) or Say(f"{other.en} ({name})", f"{other.zh}（{name}）")
    return Say(f"{said.en} [0x{code:02x}]", f"{said.zh} [0x{code:02x}]")


def publish_refused(code: int, name: str, topic: str) -> str:
    """Why the broker refused a publish."""
    return f"{topic}: {_PUBLISH.get(code, name)} [0x{code:02x}]"


def too_large(topic: str, most: int) -> str:
    """Why a publish was not even tried: it would only end the connection."""
    return f"{topic}: it is larger than the {most} bytes that the broker takes: raise its limit {_TOO_LARGE}"


def is_too_large(refusal: str | None) -> bool:
    """Whether a refusal is for the size of the message, and so its own fault."""
    return refusal is not None and refusal.endswith(_TOO_LARGE)


def not_reached(error: Exception, host: str, port: int) -> Say:
    """Why no connection to the broker came about."""
    if isinstance(error, UnicodeError):
        return Say(
            f"{host} cannot be the name of a host: a part of it is empty or longer than 63 characters."
            " Correct mqtt.host",
            f"{host} 不是有效的主机名：其中一段为空或超过 63 个字符。请改正 mqtt.host",
        )
    if isinstance(error, socket.gaierror):
        return Say(
            f"the name {host} cannot be resolved ({error.strerror}). The name may be misspelt or the name server out"
            " of reach: check mqtt.host and the network",
            f"无法解析主机名 {host}（{error.strerror}）。可能拼写有误，或域名服务器不可达：请检查 mqtt.host 和网络",
        )
    if isinstance(error, ConnectionRefusedError):
        return Say(
            f"nothing listens on {host}:{port}. The broker may be stopped or use another port: check mqtt.port and"
            " the broker",
            f"{host}:{port} 无人监听。消息服务器可能未运行或使用其他端口：请检查 mqtt.port 和服务器",
        )
    if isinstance(error, TimeoutError):
        return Say(
            f"{host}:{port} does not answer. A firewall or a broken link may stand between: check the network",
            f"{host}:{port} 无应答。可能被防火墙阻断或线路中断：请检查网络",
        )
    why = getattr(error, "strerror", None) or error
    return Say(
        f"{host}:{port} cannot be reached ({why}). Check the network",
        f"无法到达 {host}:{port}（{why}）。请检查网络",
    )


def not_mqtt(error: Exception) -> Say:
    """What came over the connection could not be understood."""
    return Say(
        f"what the other side sent is not MQTT ({error!r}). Something else may listen there: check mqtt.host and"
        " mqtt.port",
        f"对方发送的不是 MQTT（{error!r}）。可能是其他服务：请检查 mqtt.host 和 mqtt.port",
    )


def file_unusable(problem: Problem) -> Say:
    """Why password, certificate or key could not be used, so that nothing was tried."""
    return Say(
        f"{problem.key}: {problem.file} cannot be used ({problem.found.en}). {problem.remedy.en.rstrip('.')}",
        f"{problem.key}：{problem.file} 无法使用（{problem.found.zh}）。{problem.remedy.zh.rstrip('。')}",
    )


TAKEN_OVER = _coded(_END, _ENDED, 0x8E, "")
NOT_YET = Say("not connected yet", "尚未连接")
HUNG_UP = Say(
    "the broker closed the connection before it answered. It may not speak MQTT on this port, or not this version,"
    " or speak TLS there: check mqtt.port, mqtt.protocol and mqtt.tls",
    "消息服务器未应答即断开。该端口可能不是 MQTT、版本不符，或使用 TLS：请检查 mqtt.port、mqtt.protocol 和 mqtt.tls",
)
NO_ANSWER = Say(
    "the broker accepted the connection but did not answer. It may be overloaded, or not be a broker:"
    " check mqtt.port",
    "连接已建立但无应答。服务器可能过载，或并非消息服务器：请检查 mqtt.port",
)
LOST = Say("the connection to the broker broke off", "与消息服务器的连接中断")
NO_ACKNOWLEDGEMENT = Say(
    "the broker did not acknowledge a message in time; the connection is made anew",
    "消息服务器未按时确认消息；将重新连接",
)
