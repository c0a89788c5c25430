"""What the story has shown, judged from what was journaled and what arrived. Pure; the texts are elsewhere."""

from dataclasses import dataclass

from hil.demo_facts import BUTTON, INTERCOM, TRAPPED, Entry, Facts


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the outcome: whether it is as it must be, and the values its text shows."""

    name: str
    fine: bool
    values: dict[str, object]


def judge(facts: Facts) -> list[Check]:
    """Check everything the story promises."""
    return [
        _raised(facts, TRAPPED),
        _raised(facts, BUTTON),
        _cleared(facts, TRAPPED),
        _cleared(facts, BUTTON),
        _raised(facts, INTERCOM),
        _cleared(facts, INTERCOM, "heard"),
        _gap_free(facts),
        _nothing_stands(facts),
    ]


def _raised(facts: Facts, code: str) -> Check:
    entry, delivery = facts.journaled(code, "raised"), facts.seen.got(code, "raised")
    if entry is None:
        return Check("not_raised", fine=False, values={"code": code})
    if delivery is None:
        return Check("raise_not_delivered", fine=False, values={"entry": entry})
    values = {"entry": entry, "after_s": _after_s(entry), "late_s": delivery.late_s}
    return Check("raised", fine=True, values=values)


def _cleared(facts: Facts, code: str, name: str = "cleared") -> Check:
    entry, delivery = facts.journaled(code, "cleared"), facts.seen.got(code, "cleared")
    if entry is None:
        return Check("not_cleared", fine=False, values={"code": code})
    if delivery is None:
        return Check("clear_not_delivered", fine=False, values={"entry": entry})
    return Check(name, fine=True, values={"entry": entry, "late_s": delivery.late_s})


def _gap_free(facts: Facts) -> Check:
    missing = facts.missing
    twice = sum(delivery.times > 1 for delivery in facts.seen.events.values())
    if missing or not facts.head:
        numbers = ", ".join(f"#{seq}" for seq in missing) or "#1"
        return Check("gap", fine=False, values={"head": facts.head, "missing": numbers})
    return Check("gap_free", fine=True, values={"head": facts.head, "twice": twice})


def _nothing_stands(facts: Facts) -> Check:
    names = sorted(facts.seen.alarms | set(facts.standing))
    if names:
        return Check("still_stands", fine=False, values={"names": ", ".join(names)})
    return Check("nothing_stands", fine=True, values={})


def _after_s(entry: Entry) -> float:
    return 0.0 if entry.since_s is None else entry.wall_s - entry.since_s
