"""What every driver looks like from outside: it runs for ever, reports readings and the state of its link.

A driver reports, it does not judge: values as they came, their quality and one time per batch. It never raises for a
world that is wrong (no bus, no answer, no chip): it says so by `link` and goes on trying with back-off.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agent.drivers.polling import Statistics
from agent.model import Reading


class Sink(Protocol):
    """Where a driver reports to; called on the event loop only."""

    def readings(self, driver: str, readings: Sequence[Reading]) -> None:
        """One batch; all readings carry the same `at_us`."""

    def link(self, driver: str, *, up: bool, reason: str) -> None:
        """The link's state, said at each change; `reason` is a sentence for a technician."""

    def turned(self, driver: str) -> None:
        """The driver's own loop went round, whether or not its device answered (the watchdog's food)."""


class Driver(Protocol):
    """One link to the elevator. `signals` are those it gives, each with its staleness limit in microseconds."""

    @property
    def name(self) -> str:
        """As configured; unique."""
        ...

    @property
    def signals(self) -> Mapping[str, int]:
        """Signal name → how old its last good reading may be, in microseconds."""
        ...

    @property
    def statistics(self) -> Statistics:
        """What was counted since the agent started."""
        ...

    async def run(self, sink: Sink) -> None:
        """Work until cancelled."""
