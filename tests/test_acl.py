"""The shipped access list on a real mosquitto: an elevator reaches its own topics and no other's, and notices a refusal."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.model import Severity
from agent.settings import MqttSettings
from agent.uplink import link as link_module
from agent.uplink.link import MqttLink
from agent.uplink.mqtt import Will
from agent.uplink.topics import Topics
from hil.authority import Authority, Pair
from hil.broker import BrokerTls, Mosquitto
from hil.installation import AgentProcess, configuration
from hil.subscriber import Subscriber, retained
from tests.e2e import until
from tests.test_mqtt import Told, running

pytestmark = pytest.mark.broker

BROKERS = Path(__file__).parent.parent / "config/brokers"
SITE = "pingluo-01"
OWN, OTHER, ELSEWHERE = (
    f"elevator/v1/{place}" for place in (f"{SITE}/e01", f"{SITE}/e02", "pingluo-02/e01")
)
TOPICS = Topics(OWN)
WRITES = (
    TOPICS.status,
    TOPICS.asset,
    TOPICS.state,
    TOPICS.event(Severity.CRITICAL, "trapped_passengers"),
    TOPICS.alarm("trapped_passengers", None),
    TOPICS.alarm("intercom_silent", "car"),
    f"{OWN}/indicators",
    f"{OWN}/resp/ping",
)
FENCE = "topic readwrite fence/#\n"  # for the platform, which stands last: the bench's own mark
PLATFORM = {"user": "platform", "password": "p"}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(link_module, "LONGEST_RETRY_S", 0.1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "bench")


@pytest.fixture(scope="module")
def pairs(authority: Authority) -> dict[str, Pair]:
    return {name: authority.client(name) for name in ("e01", "e02")}


@pytest.fixture(scope="module")
def broker(authority: Authority) -> Iterator[Mosquitto]:
    server = authority.server()
    more = shipped("use_username_as_clientid", "tls_version")
    tls = BrokerTls(server.certificate, server.key, authority.certificate, True, more)
    users = {"platform": "p", "e01": "one", "e02": "two"}
    with Mosquitto(users=users, acl=acl() + FENCE, tls=tls) as broker:
        yield broker


def acl() -> str:
    return (BROKERS / "mosquitto.acl").read_text(encoding="utf-8")


def shipped(*names: str) -> tuple[str, ...]:
    """Lines of the shipped configuration."""
    lines = (BROKERS / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line.split(" ")[0] in names)


def by_password(broker: Mosquitto, folder: Path, name: str, password: str) -> MqttLink:
    secret = folder / name
    secret.write_text(password, encoding="utf-8")
    secret.chmod(0o600)
    settings = MqttSettings(port=broker.port, username=name, password_file=str(secret))
    return MqttLink(settings, name, will(name), Clock())


def by_certificate(broker: Mosquitto, authority: Authority, name: str, pair: Pair) -> MqttLink:
    settings = MqttSettings(
        port=broker.tls_port,
        tls=True,
        ca_file=str(authority.certificate),
        certificate_file=str(pair.certificate),
        key_file=str(pair.key),
    )
    return MqttLink(settings, name, will(name), Clock())


def will(name: str) -> Callable[[], Will]:
    return lambda: Will(f"elevator/v1/{SITE}/{name}/status", b"{}")


@pytest.fixture(params=["password", "certificate"])
def e01(
    request: pytest.FixtureRequest,
    broker: Mosquitto,
    authority: Authority,
    pairs: dict[str, Pair],
    tmp_path: Path,
) -> MqttLink:
    if request.param == "password":
        return by_password(broker, tmp_path, "e01", "one")
    return by_certificate(broker, authority, "e01", pairs["e01"])


async def answer(link: MqttLink, told: Told, topic: str) -> str | None:
    """Publish, retained as most are, and wait for what the broker says."""
    token = link.publish(topic, b'{"by":"e01"}', retain=True)
    await until(lambda: any(number == token for number, _ in told.answers))
    return dict(told.answers)[token]  # type: ignore[index]


def test_an_elevator_may_write_what_the_contract_lets_it_write(e01: MqttLink) -> None:
    async def story() -> None:
        async with running(e01) as told:
            await until(lambda: told.connects)
            for topic in WRITES:
                assert await answer(e01, told, topic) is None, topic

    asyncio.run(story())


def test_an_elevator_may_write_nothing_else(e01: MqttLink, broker: Mosquitto) -> None:
    others = [topic.replace(OWN, place) for topic in WRITES for place in (OTHER, ELSEWHERE)]
    wrong = [*others, f"{OWN}/req/ping", f"{OWN}/other", "elsewhere", f"{OTHER}/req/ping"]

    async def story() -> None:
        async with running(e01) as told:
            await until(lambda: told.connects)
            for topic in wrong:
                refusal = await answer(e01, told, topic)
                assert refusal is not None, topic
                assert "not authorised" in refusal

    asyncio.run(story())
    left = retained(broker.port, "#", **PLATFORM)
    assert not [topic for topic, said in left.items() if topic in wrong and said == {"by": "e01"}]


def test_an_elevator_hears_its_own_topics_and_nobody_elses(
    e01: MqttLink, broker: Mosquitto, tmp_path: Path
) -> None:
    e02 = by_password(broker, tmp_path, "e02", "two")

    async def story() -> None:
        async with running(e01) as told, running(e02) as others:
            await until(lambda: told.connects and others.connects)
            e01.subscribe(f"{OWN}/alarm/#", f"{OWN}/status", f"{OWN}/req/#")
            e01.subscribe("#", f"{OTHER}/#", "elevator/v1/+/+/req/+")
            for topic in WRITES:
                token = e02.publish(topic.replace(OWN, OTHER), b"theirs", retain=True)
                await until(lambda n=token: any(number == n for number, _ in others.answers))  # type: ignore[misc]
            for place in (OTHER, OWN):
                await asyncio.to_thread(request, broker, f"{place}/req/ping")
            await until(lambda: any(topic == f"{OWN}/req/ping" for topic, _ in told.messages))
            allowed = (f"{OWN}/alarm/", f"{OWN}/req/", f"{OWN}/status")
            strange = [topic for topic, _ in told.messages if not topic.startswith(allowed)]
            assert strange == []

    asyncio.run(story())


def request(broker: Mosquitto, topic: str) -> None:
    """The platform asks; returns when the broker has taken it."""
    with Subscriber(broker.port, "none", **PLATFORM) as platform:
        platform._client.publish(topic, b"{}", 1).wait_for_publish(10)
        platform.fence()


def test_the_platform_hears_everything_and_writes_requests_only(broker: Mosquitto) -> None:
    with Subscriber(broker.port, "elevator/v1/#", **PLATFORM) as platform:
        for topic in (f"{OWN}/alarm/forged", f"{OWN}/status", f"{OWN}/req/snapshot"):
            platform._client.publish(topic, b"{}", 1).wait_for_publish(10)
        platform.wait_for(lambda all_: any(m.topic == f"{OWN}/req/snapshot" for m in all_))
        assert not [m for m in platform.messages if m.topic.endswith("forged")]


def test_nobody_takes_over_anothers_connection_by_its_client_id(
    broker: Mosquitto, authority: Authority, pairs: dict[str, Pair]
) -> None:
    async def story() -> None:
        victim = by_certificate(broker, authority, "e01", pairs["e01"])
        async with running(victim) as told:
            await until(lambda: told.connects)
            thief = by_certificate(broker, authority, "e01", pairs["e02"])
            async with running(thief) as stolen:
                await until(lambda: stolen.connects)
                assert await answer(victim, told, TOPICS.state) is None
                assert not told.ends

    asyncio.run(story())


# ---- the whole agent


def configured(folder: Path, broker: Mosquitto, authority: Authority, pair: Pair) -> Path:
    return configuration(
        folder,
        elevator={"site": SITE, "id": "e01"},
        mqtt={
            "port": broker.tls_port,
            "tls": True,
            "ca_file": str(authority.certificate),
            "certificate_file": str(pair.certificate),
            "key_file": str(pair.key),
        },
    )


def test_an_agent_lives_within_its_list(
    broker: Mosquitto, authority: Authority, pairs: dict[str, Pair], tmp_path: Path
) -> None:
    with AgentProcess(configured(tmp_path, broker, authority, pairs["e01"])) as agent:
        agent.start()
        told = agent.wait_until(
            lambda s: s["mqtt"]["delivered_through"] == s["mqtt"]["seq_head"] > 0
        )
        assert told["mqtt"]["refused"] == 0
        assert agent.stop() == 0
    status = retained(broker.port, TOPICS.status, **PLATFORM)[TOPICS.status]
    assert (status["state"], status["reason"]) == ("offline", "stopped")


def test_an_agent_with_anothers_certificate_says_that_it_is_refused(
    broker: Mosquitto, authority: Authority, pairs: dict[str, Pair], tmp_path: Path
) -> None:
    """A mix-up on site: the files of e02 in the elevator e01."""
    with AgentProcess(configured(tmp_path, broker, authority, pairs["e02"])) as agent:
        agent.start()
        told = agent.wait_until(lambda s: s["reason"] == "publish_refused")
        assert "not authorised" in told["mqtt"]["refused_reason"]
        agent.wait_until(lambda s: any(e["code"] == "publish_refused" for e in s["standing"]))
        assert told["mqtt"]["delivered_through"] == 0


# ---- the other broker's list


def test_both_lists_allow_the_same() -> None:
    """EMQX is not run here; its list says the same as the one that is."""
    text = (BROKERS / "emqx-acl.conf").read_text(encoding="utf-8")
    rules = re.findall(r"^\{allow, all, (publish|subscribe), \[([^\]]*)\]\}\.", text, re.MULTILINE)
    emqx = {
        (action, topic.replace("${username}", "%u"))
        for action, topics in rules
        for topic in re.findall(r'"([^"]+)"', topics)
    }
    words = {"write": "publish", "read": "subscribe"}
    found = re.findall(r"^pattern (write|read) (\S+)$", acl(), re.MULTILINE)
    assert emqx == {(words[action], topic) for action, topic in found}
    assert text.rstrip().endswith("{deny, all}.")
    for line in text.splitlines():
        assert not line or line.startswith(("%%", "{", " ")) or line == "]}.", line
