"""When to speak: turns the conditions of one event over time into its transitions.

    quiet ──rule holds, not muted, nothing has taken over──▶ standing      RAISED
    standing ──its ending has held 2 s, or at once by the end key,
               two normal runs, an acknowledgement on site,
               or the event that takes over──▶ quiet                       CLEARED
    standing ──an acknowledgement──▶ standing                              ACKNOWLEDGED
    standing ──a new press of the same button──▶ standing                  NOTICE

Unknown changes nothing: it does not raise, and it interrupts an ending. Delays of the rules themselves are the
detectors'. What a row adds to its ending stands in the catalog.
"""

from collections.abc import Mapping

import msgspec

from agent.model import Detail, Event, Severity, Transition
from agent.monitor.catalog import Ends, Entry
from agent.monitor.condition import Condition
from agent.monitor.limits import Limits
from agent.monitor.snapshot import Snapshot
from agent.monitor.terms.stops import INSPECTION_MODES

_DOORS = ("door.front", "door.rear", "landing_doors.locked")
_ENDING_TERM = {Ends.AT_LANDING: "at_landing", Ends.ALARM_OVER: "alarm_over"}


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """Where one event stands.

    `severity`, `since_us`, `raised_us` are of the raise while it stands. `ending_us`: since when its ending holds.
    `key`, `runs`: the counts of key turns and normal runs at the raise. `episode_us`: the press spoken of last.
    `acknowledged`: somebody has taken it up, perhaps `on_site`.
    """

    standing: bool = False
    severity: Severity = Severity.INFO
    since_us: int | None = None
    raised_us: int | None = None
    ending_us: int | None = None
    key: int = 0
    runs: int = 0
    episode_us: int | None = None
    acknowledged: bool = False
    on_site: bool = False


def standing_term(code: str, instance: str | None = None) -> str:
    """The snapshot's name for "this event stands", read by what it takes over."""
    return f"standing.{code}" if instance is None else f"standing.{code}/{instance}"


_MAINS_LOST = standing_term("mains_lost")


def reads(entry: Entry) -> tuple[str, ...]:
    """The signals and terms that this stage reads for an event, beside its detector's."""
    names = ["car.mode"] if entry.inspection_mutes else []
    if entry.end_key:
        names.append("end_key")
    if entry.runs:
        names.append("runs")
    if entry.visit_mutes:
        names.append("visit_mutes")
    if entry.mains_mutes:
        names.append(_MAINS_LOST)
    if entry.ends in _ENDING_TERM:
        names.append(_ENDING_TERM[entry.ends])
    if entry.yields_to is not None:
        names.append(standing_term(entry.yields_to))
    return tuple(names)


def live(
    entry: Entry,
    instance: str | None,
    life: Life,
    condition: Condition,
    snapshot: Snapshot,
    limits: Limits,
) -> tuple[Life, Event | None, int | None]:
    """One step: the life after it, the transition if there is one, and when to look again."""
    if condition.notice:
        return life, _event(entry, instance, Transition.NOTICE, condition, snapshot), None
    if life.standing:
        return _standing(entry, instance, life, condition, snapshot, limits)
    if _muted(entry, snapshot) or _taken_over(entry, snapshot):
        return life, None, None
    if condition.holds is True:
        event = _event(entry, instance, Transition.RAISED, condition, snapshot)
        return _raised(event, condition, snapshot), event, None
    if condition.filtered and condition.since_us != life.episode_us:
        after = Life(episode_us=condition.since_us)
        detail: dict[str, Detail] = {**(condition.detail or {}), "filtered": True}
        notice = _notice(entry, instance, condition, snapshot, detail)
        return after, notice, None
    return life, None, None


def _raised(event: Event, condition: Condition, snapshot: Snapshot) -> Life:
    return Life(
        standing=True,
        severity=event.severity,
        since_us=event.since_us,
        raised_us=event.at_us,
        key=snapshot.values["end_key"] or 0,
        runs=snapshot.values["runs"] or 0,
        episode_us=condition.since_us,
    )


def _standing(
    entry: Entry,
    instance: str | None,
    life: Life,
    condition: Condition,
    snapshot: Snapshot,
    limits: Limits,
) -> tuple[Life, Event | None, int | None]:
    reason = _over_at_once(entry, life, snapshot)
    life, due_us = _ending(entry, life, condition, snapshot, limits)
    if reason is None and due_us is not None and snapshot.at_us >= due_us:
        reason = entry.ends.value
    if reason is not None:
        return Life(), cleared(entry, instance, life, snapshot, reason), None
    pressed_again = condition.holds is True or condition.filtered
    if entry.repeats and pressed_again and condition.since_us != life.episode_us:
        detail: dict[str, Detail] = {**(condition.detail or {}), "repeated": True}
        if condition.filtered and not life.acknowledged:  # EN 81-28
            detail["filtered"] = True
        life = msgspec.structs.replace(life, episode_us=condition.since_us)
        return life, _notice(entry, instance, condition, snapshot, detail), due_us
    return life, None, due_us


def _ending(
    entry: Entry, life: Life, condition: Condition, snapshot: Snapshot, limits: Limits
) -> tuple[Life, int | None]:
    """Since when the ending holds without interruption, and when it will have held long enough."""
    if entry.ends is Ends.WITH_RULE:
        over = condition.holds is False
    else:
        term = _ENDING_TERM.get(entry.ends)
        over = term is not None and snapshot.values[term] is True
    if not over:
        if life.ending_us is not None:
            life = msgspec.structs.replace(life, ending_us=None)
        return life, None
    if life.ending_us is not None:
        return life, life.ending_us + limits.clear_us
    life = msgspec.structs.replace(life, ending_us=snapshot.at_us)
    return life, snapshot.at_us + limits.clear_us


def _over_at_once(entry: Entry, life: Life, snapshot: Snapshot) -> str | None:
    values = snapshot.values
    if entry.end_key and (values["end_key"] or 0) != life.key:
        return "end_key"
    if _taken_over(entry, snapshot):
        return "taken_over"
    if entry.site_ends and life.on_site:
        return "acknowledged_on_site"
    just_run = snapshot.since_us["runs"] == snapshot.at_us
    if entry.runs and just_run and (values["runs"] or 0) - life.runs >= entry.runs:
        # Only a run's end may end it: a loss after two runs in plain sight ends nothing.
        return "normal_runs" if not entry.runs_only_blind or _blind(snapshot) else None
    return None


def _blind(snapshot: Snapshot) -> bool:
    """Door or zone is missing, unknown or contradicted: people may have left without being seen to."""
    values, fitted = snapshot.values, snapshot.fitted
    if None in (values["doors"], values["car.door_zone"]):
        return True
    if any(values[name] is None for name in _DOORS if name in fitted):
        return True
    return values["lock.doubted"] is True


def _muted(entry: Entry, snapshot: Snapshot) -> bool:
    values = snapshot.values
    return (
        (entry.inspection_mutes and values["car.mode"] in INSPECTION_MODES)
        or (entry.visit_mutes and values["visit_mutes"] is True)
        or (entry.mains_mutes and values[_MAINS_LOST] is True)
    )


def _taken_over(entry: Entry, snapshot: Snapshot) -> bool:
    if entry.yields_to is None:
        return False
    return snapshot.values[standing_term(entry.yields_to)] is True


def cleared(
    entry: Entry, instance: str | None, life: Life, snapshot: Snapshot, reason: str
) -> Event:
    """The end of what stood."""
    return _of_standing(entry, instance, life, snapshot, Transition.CLEARED, {"reason": reason})


def acknowledged(
    entry: Entry,
    instance: str | None,
    life: Life,
    snapshot: Snapshot,
    detail: Mapping[str, Detail],
    *,
    on_site: bool,
) -> tuple[Life, Event]:
    """Somebody has taken up what stands: the life after it, and the transition."""
    event = _of_standing(entry, instance, life, snapshot, Transition.ACKNOWLEDGED, detail)
    return msgspec.structs.replace(life, acknowledged=True, on_site=on_site or life.on_site), event


def _of_standing(
    entry: Entry,
    instance: str | None,
    life: Life,
    snapshot: Snapshot,
    transition: Transition,
    detail: Mapping[str, Detail],
) -> Event:
    """A transition of what stands; it keeps the severity and the beginning of its raise."""
    evidence, unknown = snapshot.facts(entry.evidence)
    return Event(
        code=entry.code,
        transition=transition,
        severity=life.severity,
        at_us=snapshot.at_us,
        instance=instance,
        since_us=life.since_us,
        evidence=evidence,
        unknown=unknown,
        detail=detail,
        stop_recommended=entry.stop_recommended,
        mode=snapshot.values["car.mode"],
        visit=snapshot.values["visit.active"] is True,
    )


def _notice(
    entry: Entry,
    instance: str | None,
    condition: Condition,
    snapshot: Snapshot,
    detail: dict[str, Detail],
) -> Event:
    spoken = msgspec.structs.replace(condition, severity=Severity.INFO, detail=detail)
    return _event(entry, instance, Transition.NOTICE, spoken, snapshot)


def _event(
    entry: Entry,
    instance: str | None,
    transition: Transition,
    condition: Condition,
    snapshot: Snapshot,
) -> Event:
    names = entry.evidence if condition.evidence is None else condition.evidence
    evidence, unknown = snapshot.facts(names, last_known=entry.last_known)
    return Event(
        code=entry.code,
        transition=transition,
        severity=condition.severity or entry.severity,
        at_us=snapshot.at_us,
        instance=instance,
        since_us=condition.since_us,
        evidence=evidence,
        unknown=unknown,
        detail=condition.detail or {},
        stop_recommended=entry.stop_recommended and transition is not Transition.NOTICE,
        mode=snapshot.values["car.mode"],
        visit=snapshot.values["visit.active"] is True,
    )
