"""Events about the agent itself: notices, and what stands while something is wrong with it.

Pure bookkeeping: it makes the events, in the catalog's words, and remembers which of them stand.
"""

from collections.abc import Iterable, Mapping

import msgspec

from agent.model import Detail, Event, Severity, Transition
from agent.monitor.catalog import CATALOG

Key = tuple[str, str | None]
_RESTARTED: Mapping[str, Detail] = {"reason": "agent_restarted"}


class SelfEvents:
    """`standing` are the agent's own events that stood when it last ended, with the severity of their raise."""

    def __init__(self, standing: Mapping[Key, Severity]) -> None:
        self._standing = dict(standing)

    def notice(
        self, code: str, at_us: int, detail: Mapping[str, Detail], since_us: int | None = None
    ) -> Event:
        """Something happened, once; `since_us` is when what it ends began."""
        event = _event(code, None, Transition.NOTICE, CATALOG[code].severity, at_us, detail)
        return msgspec.structs.replace(event, since_us=since_us)

    def follow(
        self, code: str, at_us: int, detail: Mapping[str, Detail], *, holds: bool
    ) -> Event | None:
        """A raise or a clear where the condition changed, else None."""
        key = (code, None)
        if holds == (key in self._standing):
            return None
        if not holds:
            return self._cleared(key, at_us, detail)
        self._standing[key] = CATALOG[code].severity
        return _event(code, None, Transition.RAISED, CATALOG[code].severity, at_us, detail)

    def restarted(self, at_us: int) -> Iterable[Event]:
        """What a new start ends: the agent stands as it was written again."""
        for key in list(self._standing):
            yield self._cleared(key, at_us, _RESTARTED)

    def adopt(self, standing: Mapping[Key, Severity], at_us: int) -> list[Event]:
        """What a journal that was opened late says stood: the same end, unless it stands again."""
        earlier = {key: severity for key, severity in standing.items() if key not in self._standing}
        self._standing |= earlier
        return [self._cleared(key, at_us, _RESTARTED) for key in earlier]

    def _cleared(self, key: Key, at_us: int, detail: Mapping[str, Detail]) -> Event:
        severity = self._standing.pop(key)
        return _event(*key, Transition.CLEARED, severity, at_us, detail)


def _event(
    code: str,
    instance: str | None,
    transition: Transition,
    severity: Severity,
    at_us: int,
    detail: Mapping[str, Detail],
) -> Event:
    return Event(
        code=code,
        transition=transition,
        severity=severity,
        at_us=at_us,
        instance=instance,
        since_us=at_us if transition is Transition.RAISED else None,
        detail=detail,
    )
