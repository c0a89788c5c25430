"""Events and instants for the journal's tests, and a journal whose disk fails or hangs on command."""

import contextlib
import threading
from pathlib import Path

from typing_extensions import override

from agent.model import Event, Instant, Severity, Transition
from agent.outbox import Journal, JournalFault
from agent.outbox_salvage import salvage
from agent.outbox_schema import migrate

BOOT = "boot-a"


def at(uptime_us, *, wall_us=None, synchronised=True):
    wall = 1_790_000_000_000_000 + uptime_us if wall_us is None else wall_us
    return Instant(uptime_us=uptime_us, wall_us=wall, synchronised=synchronised)


def event(transition, code="alarm_button", severity=Severity.CRITICAL, at_us=1000, instance=None):
    return Event(
        code=code, transition=transition, severity=severity, at_us=at_us, instance=instance
    )


def raised(code="alarm_button", severity=Severity.CRITICAL, at_us=1000, instance=None):
    return event(Transition.RAISED, code, severity, at_us, instance)


def acknowledged(code="alarm_button", severity=Severity.CRITICAL, at_us=1000, instance=None):
    return event(Transition.ACKNOWLEDGED, code, severity, at_us, instance)


def cleared(code="alarm_button", severity=Severity.CRITICAL, at_us=1000, instance=None):
    return event(Transition.CLEARED, code, severity, at_us, instance)


def notice(code="mode_changed", severity=Severity.INFO, at_us=1000, instance=None):
    return event(Transition.NOTICE, code, severity, at_us, instance)


def salvaged_here(aside, path):
    """What a child process does, without the cost of one."""
    migrate(str(path))
    with contextlib.suppress(JournalFault):
        salvage(aside, path)


class Card:
    """The disk below the journals it opens: works, fails or hangs, as the test says."""

    def __init__(self):
        self.failing = False
        self.refusing_reads = False
        self.lands_anyway = False
        self.answering = threading.Event()
        self.answering.set()
        self.commits = 0

    def open(self, path: Path) -> Journal:
        self.check()
        _OnCard.card = self
        return _OnCard.open(path)

    def check(self):
        self.answering.wait(60)
        if self.failing:
            raise JournalFault(f"Journal: the card fails ({self.commits} commits so far).")


class _OnCard(Journal):
    card: Card  # the one it was last opened on

    @override
    def reopen(self, *, suspect=False):
        self.card.check()
        super().reopen(suspect=suspect)

    @override
    def commit(self, batches, boot_id, cursors=None, drop=None):
        if self.card.failing and self.card.lands_anyway:
            super().commit(batches, boot_id, cursors, drop)
        self.card.check()
        self.card.commits += 1
        return super().commit(batches, boot_id, cursors, drop)

    @override
    def fetch(self, lane, after, limit):
        if self.card.refusing_reads:
            raise JournalFault("Journal: the card does not read.")
        return super().fetch(lane, after, limit)
