"""What every driver is given beside its settings: the clock, where profiles are, who else listens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agent.clock import Clock
from agent.drivers.tap import Tap
from agent.settings import OutboxSettings


class Broker(Protocol):
    """The agent's own broker, for a driver that hears something there. It only listens."""

    def why_deaf(self, topic: str) -> str | None:
        """Say why no message on this topic can come: no connection, or refused; None when one can."""
        ...

    def listen(self, topic: str, heard: Callable[[bytes], None]) -> None:
        """Hear every message on exactly this topic, from the next connection on; none that was retained."""
        ...

    def heard_us(self) -> int:
        """`uptime_us` of the last byte from the broker."""
        ...

    def ask_again(self, topic: str) -> None:
        """Ask for a topic once more, which a broker that lives has to answer."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """One for the whole agent. `journal` is the database's file, whose disk may run full."""

    clock: Clock
    folders: tuple[Path, ...] = ()
    tap: Tap = field(default_factory=Tap)
    broker: Broker | None = None
    journal: Path = Path(OutboxSettings().path)
