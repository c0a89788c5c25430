"""Which card is before a reader, of whatever kind: a card that stays is one presentation. Pure.

A reader repeats a card's number while it is there. A number seen within `GONE_US` is the same
presentation, also when two cards lie there and are read in turn. A card that was not read for so
long is gone, whatever else lies there, and the same one presented again is news.
"""

from typing import Final

from agent.model import SECOND_US
from agent.settings import CardSettings

SAID_AGAIN_US: Final = SECOND_US
STALE_US: Final = 3 * SAID_AGAIN_US
GONE_US: Final = SECOND_US
MOST_CARDS: Final = 16  # more do not fit before a reader; of a flood the latest are remembered

NO_CARD: Final[str] = ""


def staleness_us(settings: CardSettings) -> dict[str, int]:
    """Give the signal's staleness limit: it is said again each second, and may be missed twice."""
    return {f"card.{settings.reader}": STALE_US}


class CardField:
    """What is before one reader. `shown` is the card presented last, `NO_CARD` when that is gone."""

    def __init__(self) -> None:
        self.shown = NO_CARD
        self._seen_us: dict[str, int] = {}

    def seen(self, number: str, now_us: int) -> bool:
        """Note that a number was read; True if it is a presentation."""
        self.gone(now_us)
        is_news = number not in self._seen_us
        self._seen_us.pop(number, None)
        self._seen_us[number] = now_us
        if is_news:
            self.shown = number
            while len(self._seen_us) > MOST_CARDS:
                del self._seen_us[next(iter(self._seen_us))]
        return is_news

    def gone(self, now_us: int) -> bool:
        """Forget the cards that were not read for `GONE_US`; True if the shown one is gone by that.

        One that still lies there is not shown in its place: that would be a presentation of it.
        """
        self._seen_us = {
            number: seen_us
            for number, seen_us in self._seen_us.items()
            if now_us - seen_us < GONE_US
        }
        if self.shown == NO_CARD or self.shown in self._seen_us:
            return False
        self.shown = NO_CARD
        return True

    def clear(self) -> None:
        """Forget everything: the reader itself was away."""
        self._seen_us.clear()
        self.shown = NO_CARD

    @property
    def due_us(self) -> int | None:
        """When the shown card is gone if it is not read any more; None when none is shown."""
        last_us = self._seen_us.get(self.shown)
        return None if last_us is None else last_us + GONE_US
