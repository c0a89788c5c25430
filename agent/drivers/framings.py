"""The framings of serial links that are not Modbus, by the name a profile gives. A table. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from agent.drivers import cic_framing
from agent.drivers.blocks import Block
from agent.drivers.exchange import Exchange
from agent.drivers.hearing import Hearing


class Hear(Protocol):
    """Takes apart what passed on a line; `over` says that no more follows at once."""

    def __call__(self, came: bytes, *, over: bool) -> Hearing:
        """Say what could be made of it."""
        ...


@dataclass(frozen=True, slots=True)
class Framing:
    """How to ask for a block, and how to listen; `device` is who answers, for a technician."""

    ask: Callable[[Block], Exchange]
    hear: Hear
    device: str


FRAMINGS: Final[Mapping[str, Framing]] = {
    "cic": Framing(cic_framing.question, cic_framing.hear, f"station {cic_framing.STATION}"),
}
