"""The demonstration without a terminal: one line a happening, then the outcome. Gives lines, prints nothing."""

from collections.abc import Iterator, Sequence

from agent.cli.layout import pad
from hil.demo_facts import Entry, Facts
from hil.story_outcome import Check
from hil.story_script import Beat
from hil.story_texts import Words

_KIND = 10


class Lines:
    """Turns what changed between two looks into lines."""

    def __init__(self, words: Words, broker_name: str) -> None:
        self._words = words
        self._broker_name = broker_name
        self._journaled: set[int] = set()
        self._delivered: set[int] = set()
        self._connected = False

    def caption(self, beat: Beat) -> str:
        """Tell what happens in a beat."""
        return self._words(f"caption.{beat.name}", broker=self._broker_name)

    def begun(self, beat: Beat, at_s: float) -> str:
        """Announce a beat."""
        return self._line("story", self.caption(beat), at_s)

    def happened(self, facts: Facts) -> Iterator[str]:
        """Tell what is new."""
        if facts.status is not None and facts.connected is not self._connected:
            self._connected = facts.connected
            said = self._words("line.agent_up" if facts.connected else "line.agent_down")
            yield self._line("link", said, facts.at_s)
        for seq in sorted(facts.journal.keys() - self._journaled):
            yield self._journal(facts.journal[seq], facts.at_s)
        for seq in sorted(facts.seen.events.keys() - self._delivered):
            delivery = facts.seen.events[seq]
            event = self._words.event(delivery.entry)
            said = self._words("line.delivered", event=event, late_s=delivery.late_s)
            yield self._line("delivered", said, facts.at_s)
        self._journaled |= facts.journal.keys()
        self._delivered |= facts.seen.events.keys()

    def outcome(self, checks: Sequence[Check], missed: Beat | None) -> Iterator[str]:
        """Say what was shown, and what was missing."""
        for check in checks:
            yield self._line("ok" if check.fine else "MISSING", self.checked(check))
        if missed is not None:
            yield self._line("MISSING", self.missed(missed))
        fine = missed is None and all(check.fine for check in checks)
        yield self._line("outcome", self._words("outcome.fine" if fine else "outcome.failed"))

    def checked(self, check: Check) -> str:
        """Write one check."""
        values = dict(check.values)
        entry = values.pop("entry", None)
        if isinstance(entry, Entry):
            values["event"] = self._words.event(entry)
        return self._words(f"check.{check.name}", **values)

    def missed(self, beat: Beat) -> str:
        """Write what a beat waited for in vain."""
        return self._words("check.beat", within_s=beat.within_s, caption=self.caption(beat))

    def said(self, kind: str, key: str, **values: object) -> str:
        """Write a line of any kind."""
        return self._line(kind, self._words(key, **values))

    def _journal(self, entry: Entry, at_s: float) -> str:
        values = {
            "event": self._words.event(entry),
            "severity": self._words(f"severity.{entry.severity}"),
        }
        if entry.transition == "raised" and entry.since_s is not None:
            after_s = entry.wall_s - entry.since_s
            return self._line("raised", self._words("line.after", **values, after_s=after_s), at_s)
        return self._line(entry.transition, self._words("line.journaled", **values), at_s)

    def _line(self, kind: str, text: str, at_s: float | None = None) -> str:
        when = " " * 8 if at_s is None else f"{at_s:6.1f} s"
        return f"{when}  {pad(self._words(f'kind.{kind}'), _KIND)}  {text}"
