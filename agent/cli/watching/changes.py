"""What changed between two answers of the service, one entry a change; for lines and JSON. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.cli.link_reasons import link_reason
from agent.cli.status import Alarm, Link, Mqtt
from agent.cli.texts import Words
from agent.cli.watching.facts import Watch

Change = Mapping[str, Any]  # `kind`, and what belongs to it; as docs/cli.md says
_Key = tuple[str, str | None]


def changes(before: Watch | None, after: Watch) -> Iterator[Change]:
    """List what changed, what is urgent first; everything that is so when there was nothing before."""
    yield from _standing(before, after)
    yield from _state(before, after)
    yield from _links(before, after)
    yield from _uplink(before, after)
    yield from _signals(before, after)


def _standing(before: Watch | None, after: Watch) -> Iterator[Change]:
    old, new = _by_key(before), _by_key(after)
    for key in new.keys() - old.keys():
        yield _event("raised", new[key])
    for key in old.keys() - new.keys():
        yield _event("cleared", old[key])


def _by_key(answer: Watch | None) -> dict[_Key, Alarm]:
    standing = [] if answer is None else answer.status.standing
    return {(alarm.code, alarm.instance): alarm for alarm in standing}


def _event(kind: str, alarm: Alarm) -> Change:
    return {
        "kind": kind, "code": alarm.code, "instance": alarm.instance, "severity": alarm.severity,
        "title": alarm.title,
    }  # fmt: skip


def _state(before: Watch | None, after: Watch) -> Iterator[Change]:
    now = (after.status.state, after.status.reason)
    if before is None or (before.status.state, before.status.reason) != now:
        yield {"kind": "state", "state": now[0], "reason": now[1]}


def _links(before: Watch | None, after: Watch) -> Iterator[Change]:
    old: Mapping[str, Link] = {} if before is None else before.status.links
    for name, link in after.status.links.items():
        if name not in old or old[name].up != link.up:
            yield {"kind": "link", "name": name, "up": link.up, "reason": link.reason}


def _uplink(before: Watch | None, after: Watch) -> Iterator[Change]:
    mqtt, owed = after.status.mqtt, after.status.outbox.owed
    if before is None or before.status.mqtt.connected != mqtt.connected:
        yield _mqtt(mqtt)
    if before is None or before.status.outbox.owed != owed:
        yield {"kind": "owed", "critical": owed.critical, "rest": owed.rest}


def _mqtt(mqtt: Mqtt) -> Change:
    return {
        "kind": "mqtt", "connected": mqtt.connected, "reason": mqtt.reason,
        "reason_zh": mqtt.reason_zh,
    }  # fmt: skip


def _signals(before: Watch | None, after: Watch) -> Iterator[Change]:
    old = {} if before is None else before.signals
    for name, signal in after.signals.items():
        known = old.get(name)
        if known is None or (known.v, known.q) != (signal.v, signal.q):
            yield {"kind": "signal", "name": name, "v": signal.v, "q": signal.q}


def said(change: Change, words: Words) -> str:
    """Write a change as a person reads it."""
    match change["kind"]:
        case "signal":
            return _signal(change, words)
        case "raised" | "cleared" as kind:
            title = change["title"].get(words.lang) or change["code"]
            if change["instance"]:
                title += f" [{change['instance']}]"
            severity = words.known("severity", change["severity"])
            return words(f"watch.change.{kind}", title=title, severity=severity)
        case "link":
            key = "watch.change.link_up" if change["up"] else "watch.change.link_down"
            reason = link_reason(change["reason"], words)
            return words(key, name=change["name"], reason=reason).rstrip()
        case "mqtt":
            key = "watch.change.mqtt_up" if change["connected"] else "watch.change.mqtt_down"
            reason = (change["reason_zh"] if words.lang == "zh" else None) or change["reason"] or ""
            return words(key, reason=reason).rstrip()
        case "state":
            state = words.known("status", change["state"])
            return words("watch.change.state", state=state, reason=change["reason"] or "").rstrip()
        case kind:
            return words(f"watch.change.{kind}", critical=change["critical"], rest=change["rest"])


def _signal(change: Change, words: Words) -> str:
    from agent.cli.signals import shown

    name, quality = change["name"], change["q"]
    if quality == "good":
        return words("watch.change.signal", name=name, value=shown(change["v"]))
    named = words.known("watch.quality", quality)
    return words("watch.change.signal_lost", name=name, quality=named)
