"""Reports readings, and says once when a signal or the whole link is lost and when it is back."""

import logging
from collections.abc import Mapping, Sequence

from agent.drivers.polling import Freshness
from agent.drivers.port import Sink
from agent.model import Quality, Reading

_log = logging.getLogger("agent.news")


class News:
    """One driver's. `signals` gives each its staleness limit; waiting begins at `now_us`."""

    def __init__(self, name: str, signals: Mapping[str, int], sink: Sink, now_us: int) -> None:
        self._name, self._sink = name, sink
        self._link = Freshness(min(signals.values()), now_us)
        self._fresh = {signal: Freshness(limit, now_us) for signal, limit in signals.items()}

    def came(self, readings: Sequence[Reading], at_us: int, reason: str) -> None:
        """Report one batch, which came at `at_us`; `reason` says why the link counts as up."""
        back = [r.signal for r in readings if self._fresh[r.signal].came(at_us)]
        if self._link.came(at_us):
            _log.info("%s: link is up", self._name)
            self._sink.link(self._name, up=True, reason=reason)
        elif back:
            _log.info("%s: there again: %s", self._name, ", ".join(back))
        self._sink.readings(self._name, readings)

    def missed(self, now_us: int, reason: str) -> None:
        """Say what has been away for longer than it may; `reason` says why, as far as is known."""
        gone = [signal for signal, fresh in self._fresh.items() if fresh.missed(now_us)]
        if gone:
            readings = [Reading(signal, None, now_us, Quality.NO_ANSWER) for signal in gone]
            self._sink.readings(self._name, readings)
        if self._link.missed(now_us):
            _log.warning("%s: link is down: %s", self._name, reason)
            self._sink.link(self._name, up=False, reason=reason)
        elif gone and not self._link.is_lost:
            _log.warning("%s: no %s: %s", self._name, ", ".join(gone), reason)
