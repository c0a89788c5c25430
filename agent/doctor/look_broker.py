"""Looks at the way to the broker: what the service's own connection says, else step by step up to the first that fails."""

from dataclasses import replace

from agent.config import ConfigProblems, password
from agent.config_problem import Say
from agent.doctor.broker import BrokerFacts, CertificateFacts, judge_broker
from agent.doctor.finding import Finding
from agent.doctor.look_login import TAKEN_OVER, code_of, login_cause, with_login
from agent.doctor.look_net import reach
from agent.doctor.look_tls import with_tls
from agent.doctor.scene import Scene, Service
from agent.drivers.aside import Aside
from agent.settings import MqttSettings
from agent.uplink.tls import is_out_of_reach
from agent.uplink.topics import Topics

_TLS_S = 25.0
_CONFLICT = "identity_conflict"


async def look_at_broker(scene: Scene) -> list[Finding]:
    """Look; nothing without a configuration that names a broker."""
    if scene.settings is None:
        return []
    mqtt, elevator = scene.settings.mqtt, scene.settings.elevator
    facts = BrokerFacts(host=mqtt.host, port=mqtt.port, root=Topics.of(mqtt, elevator).root)
    facts = replace(facts, reach=await reach(mqtt.host, mqtt.port, scene.clock))
    service = scene.service
    if service is not None:
        facts = replace(facts, broken_early=service.own.broker.broken_early)
    if service is not None and service.status.mqtt.connected:
        return judge_broker(_of_service(facts, mqtt, service))
    if service is not None:
        facts = _of_last_end(facts, service)
    if facts.reach is not None and facts.reach.end != "connects":
        return judge_broker(facts)
    return judge_broker(await _tried(scene, facts, mqtt))


async def _tried(scene: Scene, facts: BrokerFacts, mqtt: MqttSettings) -> BrokerFacts:
    settings = scene.settings
    assert settings is not None
    if mqtt.tls:
        facts = await Aside(lambda: with_tls(facts, mqtt, scene.clock)).call(_TLS_S)
        if facts.tls != "trusted":
            return facts
    else:
        where = f"{mqtt.host}:{mqtt.port}"
        facts = replace(facts, tls="not_used", tls_said=Say(where, where))
    if facts.login is not None:
        return facts
    unreadable = _unreadable(mqtt)
    if unreadable is not None:
        return replace(facts, login="not_tried", login_said=unreadable)
    return await with_login(facts, scene, mqtt, settings.elevator)


def _unreadable(mqtt: MqttSettings) -> Say | None:
    """Why this user cannot log in as the service does; a file that the service cannot use either is no such reason."""
    for name in (mqtt.password_file, mqtt.key_file if mqtt.tls else ""):
        if is_out_of_reach(name):
            return Say(f"credential {name}", f"凭据 {name}")
    try:
        password(mqtt, exposed=lambda _: None)
    except ConfigProblems as wrong:
        if isinstance(wrong.__cause__, PermissionError):
            return wrong.problems[0].found
    return None


def _of_service(facts: BrokerFacts, mqtt: MqttSettings, service: Service) -> BrokerFacts:
    """The service is connected: every step was made, by itself."""
    uplink, limits = service.status.mqtt, service.own.broker.limits
    where = f"{mqtt.host}:{mqtt.port}"
    cause, said = _publishes(service)
    facts = replace(
        facts,
        tls="trusted" if mqtt.tls else "not_used",
        tls_said=Say(where, where),
        certificates=tuple(
            CertificateFacts(whose=whose, date=each.not_after[:10], days=each.days_left)
            for whose, each in uplink.certificates.items()
        ),
        login="accepted",
        login_said=Say(f"MQTT {mqtt.protocol}, connected", f"MQTT {mqtt.protocol}，已连接"),
        publish=cause,
        publish_said=said,
        foreign=_conflict(service),
    )
    if limits is None or mqtt.protocol != "5":
        return facts
    return replace(
        facts,
        limits_known=True,
        receive_maximum=limits.receive_maximum,
        maximum_packet=limits.maximum_packet,
        qos1=limits.qos1,
        retain=limits.retain,
    )


def _publishes(service: Service) -> tuple[str, Say]:
    uplink = service.status.mqtt
    count = sum(uplink.published.values())
    if uplink.refusing:
        why = uplink.refused_reason or ""
        return "refused", Say(
            f"{uplink.refused} refused: {why}", f"拒绝 {uplink.refused} 次：{why}"
        )
    said = Say(
        f"{count} acknowledged, {uplink.refused} refused", f"已确认 {count}，拒绝 {uplink.refused}"
    )
    return ("acknowledged" if count else "not_yet"), said


def _conflict(service: Service) -> str:
    stands = any(each.code == _CONFLICT for each in service.status.standing)
    return f"{_CONFLICT} stands" if stands else ""


def _of_last_end(facts: BrokerFacts, service: Service) -> BrokerFacts:
    """What the service heard last from the broker, where that was a word of MQTT."""
    uplink = service.status.mqtt
    said = Say(uplink.reason, uplink.reason_zh or uplink.reason)
    code = code_of(uplink.reason)
    if code == TAKEN_OVER or _conflict(service):
        return replace(facts, foreign=uplink.reason)
    if code is not None and login_cause(uplink.reason) != "refused":
        return replace(facts, login=login_cause(uplink.reason), login_said=said)
    return facts
