"""Whether a retained message read back from the broker is ours; how often, and how many, foreign ones are repaired. Pure."""

from dataclasses import dataclass

import msgspec

from agent.model import SECOND_US

_AT_MOST_EVERY_US = (
    10 * SECOND_US
)  # two agents with one name must not answer each other without pause

_PEACE_US = 60 * SECOND_US
_STRAYS_MOST = 100  # whoever may write below `alarm/` must not fill the memory


class _Presence(msgspec.Struct):
    state: str
    boot_id: str


class _Origin(msgspec.Struct):
    journal: str
    boot_id: str


class _Alarm(msgspec.Struct):
    sequence: str | None
    data: _Origin


_decode = msgspec.json.Decoder(_Presence).decode
_decode_alarm = msgspec.json.Decoder(_Alarm).decode


def other_agent(payload: bytes, boot_id: str) -> str | None:
    """The boot id of another agent that says it is there; None for a will, a good-bye, an own status, or none at all."""
    presence = _presence(payload)
    if presence is None or presence.state == "offline" or presence.boot_id in {boot_id, ""}:
        return None
    return presence.boot_id


def other_boot(payload: bytes, boot_id: str) -> str | None:
    """The boot id of another agent's status, will or good-bye; None for an own one, or none at all."""
    presence = _presence(payload)
    return None if presence is None or presence.boot_id in {boot_id, ""} else presence.boot_id


def _presence(payload: bytes) -> _Presence | None:
    try:
        return _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Own:
    """What tells an own alarm: the open journal's id and head, and the boot."""

    journal: str
    head: int
    boot_id: str


def is_anothers(payload: bytes, own: Own, *, wary: bool) -> bool:
    """Whether an alarm is of another journal, or of a sequence that this one has not used yet: a copy of it has.

    `wary`, where there was a sign of another agent: its journal may be a copy with sequences in common, so only this boot's
    alarms are known to be own. What is no alarm's message is nobody's.
    """
    try:
        alarm = _decode_alarm(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    said = alarm.data
    if said.boot_id == own.boot_id and said.journal in {own.journal, ""}:
        return False
    if said.journal != own.journal or wary:
        return True
    return not (alarm.sequence or "0") <= f"{own.head:012d}"


class RepairPace:
    """When to publish the own message over a foreign one: at once, then after a pause."""

    def __init__(self) -> None:
        self._earliest_us = 0
        self.due_us: int | None = None

    def needed(self, now_us: int) -> None:
        """A foreign message was seen."""
        if self.due_us is None:
            self.due_us = max(now_us, self._earliest_us)

    def take(self, now_us: int) -> bool:
        """Whether to repair now."""
        if self.due_us is None or now_us < self.due_us:
            return False
        self.due_us = None
        self._earliest_us = now_us + _AT_MOST_EVERY_US
        return True


class Quarrel:
    """Whether a foreign status is worth a line in the log: not again until it was ours for a minute."""

    def __init__(self) -> None:
        self._last_us: int | None = None

    def is_news(self, now_us: int) -> bool:
        """A foreign status was seen."""
        last_us, self._last_us = self._last_us, now_us
        return last_us is None or now_us - last_us >= _PEACE_US


class Strays:
    """Retained alarms that do not stand: which are being emptied, never more than `most` of them."""

    def __init__(self, most: int = _STRAYS_MOST) -> None:
        self._most = most
        self._taken: set[str] = set()
        self._left_over = False

    def take(self, topic: str) -> bool:
        """Whether to empty this one now; what is left over has to be read back later."""
        if topic not in self._taken and len(self._taken) >= self._most:
            self._left_over = True
            return False
        self._taken.add(topic)
        return True

    def emptied(self, topic: str) -> bool:
        """The broker answered for a topic. True when all that were taken are done and others were left over."""
        if topic not in self._taken:
            return False
        self._taken.remove(topic)
        again = self._left_over and not self._taken
        self._left_over = self._left_over and not again
        return again
