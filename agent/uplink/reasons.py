"""Why the broker is not reached or refuses, in words for a technician: what happened, likely cause, what to do. Pure.

Codes are MQTT 5 reason codes; the library translates those of MQTT 3.1.1.
"""

import socket
from collections.abc import Mapping

from agent.config_problem import Problem

_CONNECT: Mapping[int, str] = {
    0x84: "the broker does not speak this version of MQTT. Set mqtt.protocol to the version it speaks"
    ' ("5" or "3.1.1")',
    0x85: "the broker refused the client id. Another id may be prescribed there: set mqtt.client_id",
    0x86: "the broker refused the login: bad user name or password. Check mqtt.username and the file"
    " mqtt.password_file; a corrected file is read at the next attempt",
    0x87: "the broker refused the login: not authorised. User name or password are wrong, or this client may not"
    " connect there. Check mqtt.username, mqtt.password_file and the broker's user list",
    0x88: "the broker says that it is unavailable at the moment. It is tried again",
    0x89: "the broker says that it is busy. It is tried again",
    0x8A: "the broker has banned this client. Ask the broker's operator",
    0x97: "the broker refused the connection: quota exceeded. Ask the broker's operator",
    0x9A: "the broker does not keep retained messages, which status and alarms need. Ask the broker's operator",
    0x9B: "the broker does not support QoS 1, which nothing here can do without. Ask the broker's operator",
    0x9F: "the broker says that too many connect at once. It is tried again",
}
_END: Mapping[int, str] = {
    0x8B: "the broker is shutting down. It is tried again",
    0x8D: "the broker did not hear from this agent in time. The network may be losing packets",
    0x8E: "another client took over with the same client id. Two agents may have the same mqtt.client_id, or the same"
    " elevator.site and elevator.id",
    0x93: "the broker was sent more at once than it takes. Lower mqtt.window",
    0x95: "a message was larger than the broker takes. Raise its limit",
    0x98: "the broker's operator ended the connection",
}
_PUBLISH: Mapping[int, str] = {
    0x87: "not authorised: the broker's access list does not let this client write there",
    0x90: "the broker does not accept this topic name",
    0x97: "the broker's quota is exceeded",
    0x99: "the broker does not accept the format of the payload",
}


def connect_refused(code: int, name: str) -> str:
    """Why the broker answered a connect with a failure code."""
    return f"{_CONNECT.get(code, f'the broker refused the connection ({name})')} [0x{code:02x}]"


def connection_ended(code: int, name: str) -> str:
    """Why the broker ended a connection that stood."""
    return f"{_END.get(code, f'the broker ended the connection ({name})')} [0x{code:02x}]"


def publish_refused(code: int, name: str, topic: str) -> str:
    """Why the broker refused a publish."""
    return f"{topic}: {_PUBLISH.get(code, name)} [0x{code:02x}]"


def not_reached(error: Exception, host: str, port: int) -> str:
    """Why no connection to the broker came about."""
    if isinstance(error, UnicodeError):
        return f"{host} cannot be the name of a host: a part of it is empty or longer than 63 characters. Correct mqtt.host"
    if isinstance(error, socket.gaierror):
        return (
            f"the name {host} cannot be resolved ({error.strerror}). The name may be misspelt or the name server out"
            " of reach: check mqtt.host and the network"
        )
    if isinstance(error, ConnectionRefusedError):
        return (
            f"nothing listens on {host}:{port}. The broker may be stopped or use another port: check mqtt.port and"
            " the broker"
        )
    if isinstance(error, TimeoutError):
        return f"{host}:{port} does not answer. A firewall or a broken link may stand between: check the network"
    return f"{host}:{port} cannot be reached ({getattr(error, 'strerror', None) or error}). Check the network"


def not_mqtt(error: Exception) -> str:
    """What came over the connection could not be understood."""
    return (
        f"what the other side sent is not MQTT ({error!r}). Something else may listen there: check mqtt.host and"
        " mqtt.port"
    )


def password_unusable(problem: Problem) -> str:
    """Why the password could not be used, so that no login was tried."""
    remedy = problem.remedy.en.rstrip(".")
    return f"{problem.key}: {problem.file} cannot be used ({problem.found.en}). {remedy}"


HUNG_UP = (
    "the broker closed the connection before it answered. It may not speak MQTT on this port, or not this version:"
    " check mqtt.port and mqtt.protocol"
)
NO_ANSWER = (
    "the broker accepted the connection but did not answer. It may be overloaded, or not be a broker:"
    " check mqtt.port"
)
LOST = "the connection to the broker broke off"
NO_ACKNOWLEDGEMENT = "the broker did not acknowledge a message in time; the connection is made anew"
