"""Wiegand-26: from pulses on two lines to a card. Pure.

A pulse on line 0 is a 0, on line 1 a 1; they come 1 to 2 ms apart. 26 of them are a card: even parity
over the first half, 8 bits of facility, 16 bits of number, odd parity over the second half. What is
not exactly that is dropped and counted, never guessed at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

BITS: Final = 26
END_US: Final = 10_000  # five times the longest interval: nothing more belongs to the frame
SHORTEST_US: Final = 500  # half the shortest interval: what comes sooner is noise


class Pulse(NamedTuple):
    """One pulse: when it began, by the clock of whoever saw it, and which line fell."""

    at_us: int
    bit: int


class Card(NamedTuple):
    """What a card says: `facility` 0 to 255, `number` 0 to 65535."""

    facility: int
    number: int

    @property
    def text(self) -> str:
        """As it is printed on cards: facility and number in decimal, "212,07041"."""
        return f"{self.facility:03d},{self.number:05d}"


@dataclass(slots=True)
class Dropped:
    """What was no card: noise, too few or too many pulses, wrong parity."""

    noisy: int = 0
    wrong_length: int = 0
    wrong_parity: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.noisy + self.wrong_length + self.wrong_parity


def cards_of(pulses: Iterable[Pulse], dropped: Dropped) -> list[Card]:
    """Give the cards in some pulses, which may come in any order; count in `dropped` what was none."""
    cards = [_card_of(frame, dropped) for frame in _frames(sorted(pulses))]
    return [card for card in cards if card is not None]


def _frames(pulses: Sequence[Pulse]) -> Iterable[Sequence[Pulse]]:
    """Cut at the silences."""
    begin = 0
    for index in range(1, len(pulses) + 1):
        if index == len(pulses) or pulses[index].at_us - pulses[index - 1].at_us > END_US:
            yield pulses[begin:index]
            begin = index


def _card_of(frame: Sequence[Pulse], dropped: Dropped) -> Card | None:
    if any(later.at_us - earlier.at_us < SHORTEST_US for earlier, later in pairwise(frame)):
        dropped.noisy += 1
        return None
    if len(frame) != BITS:
        dropped.wrong_length += 1
        return None
    card = card_of(int("".join(str(pulse.bit) for pulse in frame), 2))
    if card is None:
        dropped.wrong_parity += 1
    return card


def card_of(bits: int) -> Card | None:
    """Decode 26 bits, the first the highest; None when a parity is wrong."""
    first, second = bits >> 13, bits & 0x1FFF
    if first.bit_count() % 2 != 0 or second.bit_count() % 2 != 1:
        return None
    return Card(bits >> 17 & 0xFF, bits >> 1 & 0xFFFF)
