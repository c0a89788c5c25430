"""The bench's broker: real, stoppable, on one port for its whole life."""

import socket
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hil import broker as broker_module
from hil.broker import Mosquitto, MosquittoMissing

pytestmark = pytest.mark.broker


def connect_code(broker: Mosquitto, user: str | None = None, password: str | None = None) -> int:
    """Give the CONNACK reason code a client gets."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    if user:
        client.username_pw_set(user, password)
    codes: list[int] = []
    came = threading.Event()

    def on_connect(_client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        codes.append(code.value)
        came.set()

    client.on_connect = on_connect
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        assert came.wait(5)
    finally:
        client.disconnect()
        client.loop_stop()
    return codes[0]


def test_it_accepts_a_client_as_soon_as_the_context_is_entered() -> None:
    with Mosquitto() as broker:
        assert connect_code(broker) == 0


def test_an_outage_refuses_connections_and_ends_on_the_same_port() -> None:
    with Mosquitto() as broker:
        port = broker.port
        broker.stop()
        assert not broker.running
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((broker.host, port), timeout=1)
        broker.start()
        assert broker.port == port
        assert connect_code(broker) == 0


def test_with_users_only_the_right_password_is_let_in() -> None:
    with Mosquitto(users={"lift": "right"}) as broker:
        assert connect_code(broker, "lift", "right") == 0
        assert connect_code(broker, "lift", "wrong") in (134, 135)
        assert connect_code(broker) == 135


def test_a_frozen_broker_keeps_connections_open_and_stops_in_order() -> None:
    with Mosquitto() as broker:
        broker.freeze()
        with socket.create_connection((broker.host, broker.port), timeout=1):
            broker.stop()
        assert not broker.running


def test_a_wrong_configuration_is_reported_with_what_the_broker_said() -> None:
    with pytest.raises(RuntimeError, match="no_such_option"), Mosquitto(lines=["no_such_option 1"]):
        pass


def test_a_missing_binary_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(broker_module, "_PLACES", (str(tmp_path),))
    with pytest.raises(MosquittoMissing, match="apt install mosquitto"), Mosquitto():
        pass
