"""The whole agent over TLS: what it says of certificates that end, over restarts and renewals; secrets that change."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.app import FINE, Service
from agent.config import load
from agent.drivers.profiles import default_folders
from agent.outbox import read_rows
from agent.settings import MqttSettings
from agent.uplink import link as link_module
from agent.uplink import seen
from agent.uplink.login import Login
from agent.uplink.seen import Seen
from hil.authority import Authority, Pair
from hil.broker import BrokerTls, Mosquitto
from hil.installation import TOPIC, AgentProcess, configuration
from hil.link import CuttableLink
from hil.subscriber import Subscriber, retained
from tests.e2e import until
from tests.test_mqtt import make_link, running

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "bench")


def put(new: Pair, place: Pair) -> None:
    shutil.copy(new.certificate, place.certificate)
    shutil.copy(new.key, place.key)


def lived(
    folder: Path, mqtt: dict[str, object], deed: Callable[[Service], Awaitable[None]]
) -> None:
    """One life of an agent with a synchronised clock, which the deed ends."""
    service = Service(
        load(configuration(folder, mqtt=mqtt)), default_folders(folder / "agent.toml"), None
    )
    service._clock._synchronised_file = Path("/")

    async def serve() -> int:
        await service.start()
        doing = asyncio.ensure_future(deed(service))
        doing.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGTERM))
        code = await service.run()
        await doing
        return code

    assert asyncio.run(asyncio.wait_for(serve(), 60)) == FINE


def journal(folder: Path) -> list[tuple[str | None, str, object]]:
    rows = read_rows(folder / "outbox.db", 0, 1000)
    return [
        (e.instance, e.transition.value, e.detail.get("within_days", e.detail.get("reason")))
        for e in (row.event for row in rows)
        if e.code == "certificate_expiring"
    ]


def test_a_certificate_near_its_end_is_an_alarm_until_it_is_renewed(
    authority: Authority, tmp_path: Path
) -> None:
    ours = Pair(tmp_path / "mqtt.pem", tmp_path / "mqtt.key")
    put(authority.client("e01", days=20), ours)
    server = authority.server(days=5.5)
    tls = BrokerTls(server.certificate, server.key, authority.certificate)
    with Mosquitto(tls=tls) as broker, Subscriber(broker.port, f"{TOPIC}/#") as heard:
        mqtt: dict[str, object] = {
            "port": broker.tls_port,
            "tls": True,
            "ca_file": str(authority.certificate),
            "certificate_file": str(ours.certificate),
            "key_file": str(ours.key),
        }

        async def first(service: Service) -> None:
            await until(lambda: len(journal(tmp_path)) == 2, 30)
            told: Any = service._broker_facts(service._clock.now())
            assert told["reason_zh"] == ""
            left = {name: each["days_left"] for name, each in told["certificates"].items()}
            assert left == {"ca": 3649, "client": 19, "server": 5}
            await until(lambda: len(raised(heard)) == 2)

        lived(tmp_path, mqtt, first)
        assert sorted(journal(tmp_path)) == [("client", "raised", 30), ("server", "raised", 7)]
        assert {topic: each["data"]["severity"] for topic, each in raised(heard).items()} == {
            f"{TOPIC}/alarm/certificate_expiring/client": "minor",
            f"{TOPIC}/alarm/certificate_expiring/server": "major",
        }

        async def second(service: Service) -> None:
            """A restart says nothing anew; a renewed file is found without one, within a day."""
            await until(lambda: service._link.connected)
            await asyncio.sleep(1.5)  # two looks at what stands: nothing may come
            assert len(journal(tmp_path)) == 2
            put(authority.client("e01"), ours)
            service._link._seen._read_us -= seen.EVERY_US
            await until(lambda: len(journal(tmp_path)) == 3, 30)
            await until(lambda: f"{TOPIC}/alarm/certificate_expiring/client" not in raised(heard))

        lived(tmp_path, mqtt, second)
        assert journal(tmp_path)[2] == ("client", "cleared", "renewed")
        assert list(raised(heard)) == [f"{TOPIC}/alarm/certificate_expiring/server"]

        async def third(service: Service) -> None:
            """Without TLS there is nothing that could end."""
            await until(lambda: len(journal(tmp_path)) == 4, 30)

        lived(tmp_path, {"port": broker.port}, third)
        assert journal(tmp_path)[3] == ("server", "cleared", "configuration_changed")


def raised(heard: Subscriber) -> dict[str, Any]:
    """What stands on the alarm topics about certificates, as the subscriber heard it."""
    topics: dict[str, Any] = {}
    for message in list(heard.messages):
        if "/alarm/certificate_expiring" in message.topic:
            topics.pop(message.topic, None)
            if message.payload:
                topics[message.topic] = message.json
    return topics


def test_the_whole_agent_speaks_tls_and_says_in_chinese_why_not(
    authority: Authority, tmp_path: Path
) -> None:
    server = authority.server()
    with Mosquitto(tls=BrokerTls(server.certificate, server.key)) as broker:
        mqtt: dict[str, object] = {"port": broker.tls_port, "tls": True}
        agent = AgentProcess(configuration(tmp_path, mqtt=mqtt))
        with agent:
            agent.start()
            told = agent.wait_until(lambda s: "signed by nobody" in str(s["mqtt"]["reason"]))
            assert "受信任的 CA" in told["mqtt"]["reason_zh"]
            agent.stop()
        mqtt["ca_file"] = str(authority.certificate)
        configuration(tmp_path, mqtt=mqtt)
        with agent:
            agent.start()
            told = agent.wait_until(lambda s: s["mqtt"]["connected"])
            ends = told["mqtt"]["certificates"]["server"]
            assert ends["not_after"].endswith("Z")
            agent.wait_until(lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 0)
            assert retained(broker.port, f"{TOPIC}/status")[f"{TOPIC}/status"]["state"] == "online"
            agent.stop()


# ---- files that change


def test_a_changed_password_is_used_at_the_next_connect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.05)
    secret = tmp_path / "password"
    secret.write_text("old\n", encoding="utf-8")
    secret.chmod(0o600)
    seen_passwords: list[bytes] = []

    async def story(port: int) -> None:
        with CuttableLink(port) as wire:

            def note(_: object, chunk: bytes) -> bytes:
                seen_passwords.extend(each for each in (b"old", b"new") if each in chunk)
                return chunk

            wire.hook = note
            link = make_link(wire.port, username="e01", password_file=str(secret))
            async with running(link) as told:
                await until(lambda: told.connects)
                secret.write_text("new\n", encoding="utf-8")
                wire.cut()
                await until(lambda: told.ends)
                wire.mend()
                await until(lambda: len(seen_passwords) >= 2)

    with Mosquitto(users={"e01": "old"}) as broker:
        asyncio.run(story(broker.port))
    assert seen_passwords[:2] == [b"old", b"new"]


def test_a_rotated_credential_is_used_at_the_next_connect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    credential = tmp_path / "mqtt-password"
    credential.write_text("old\n", encoding="utf-8")
    credential.chmod(0o400)
    login = Login(MqttSettings(username="e01", password_file="mqtt-password"))
    assert login.read() == ("e01", "old")
    renewed = tmp_path / "new"  # as rotation does it: another file under the same name
    renewed.write_text("new\n", encoding="utf-8")
    renewed.chmod(0o400)
    renewed.replace(credential)
    assert login.read() == ("e01", "new")


def test_files_that_cannot_be_read_daily_leave_what_was_known(
    authority: Authority, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    shutil.copy(authority.certificate, ca)
    login = Login(MqttSettings(tls=True, ca_file=str(ca)))

    async def story() -> None:
        known = Seen(login)
        assert known.certificates == {}
        known.look_again(seen.EVERY_US * 2)  # nothing was ever tried: there is nothing to watch
        known.learn(login.material(), None, 0)
        before = dict(known.certificates)
        assert set(before) == {"ca"}
        ca.unlink()
        known.look_again(seen.EVERY_US - 1)
        known.look_again(seen.EVERY_US)
        await until(lambda: known._read_us == seen.EVERY_US)
        await asyncio.sleep(0.05)
        assert known.certificates == before
        shutil.copy(Authority(tmp_path, "next", days=10).certificate, ca)
        known.look_again(2 * seen.EVERY_US)
        await until(lambda: known.certificates != before)

    asyncio.run(story())


def test_the_status_verb_shows_the_reason_in_the_language_asked_for() -> None:
    from agent.cli.status import Mqtt, _mqtt
    from agent.cli.texts import Words

    mqtt = Mqtt(connected=False, reason="because", reason_zh="因为")
    assert "because" in _mqtt(mqtt, Words("en"))
    assert "因为" in _mqtt(mqtt, Words("zh"))
    assert "because" in _mqtt(Mqtt(reason="because"), Words("zh"))
