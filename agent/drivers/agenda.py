"""Which blocks of a device a poll asks for, and in which order. Pure; knows no protocol.

Fast blocks are asked at every poll. Of the slow ones that are due a poll asks the one that has
waited longest, so that no poll grows by more than one block, and besides only those that are late
by a whole period of theirs: after a new connection, that is all of them.
"""

from collections.abc import Sequence
from typing import Final

from agent.model import SECOND_US

MISSES: Final = 3
REST_US: Final = 5 * SECOND_US


class Agenda:
    """One device's blocks, by number. `paces_us`: how often each is due; 0 is at every poll.

    A poll begins behind the block that was silent last. One that stays silent though others are
    answered is left out for `REST_US`: it costs a whole time-out each time.
    """

    def __init__(self, paces_us: Sequence[int], poll_us: int) -> None:
        self._paces_us, self._early_us = paces_us, poll_us // 2  # the nearest poll is meant
        self._first = 0
        self._due_us = [0] * len(paces_us)
        self._misses = [0] * len(paces_us)
        self._rest_until_us = [0] * len(paces_us)
        self.met = False  # whether the poll under way, or the last one, met a silent block

    def renew(self, now_us: int) -> None:
        """Everything is due: what the device says may be new."""
        for n in range(len(self._due_us)):
            self.again(n, now_us)

    def order(self, now_us: int) -> list[int]:
        """Begin a poll: give its blocks; none only where all are slow and none of them is due."""
        self.met = False
        turned = [*range(self._first, len(self._misses)), *range(self._first)]
        awake = [n for n in turned if self._rest_until_us[n] <= now_us] or turned
        chosen = self._chosen(awake, now_us)
        return [n for n in awake if not self._paces_us[n] or n in chosen]

    def _chosen(self, awake: Sequence[int], now_us: int) -> set[int]:
        due = [n for n in awake if self._paces_us[n] and self._due_us[n] <= now_us + self._early_us]
        late = {n for n in due if now_us - self._due_us[n] >= self._paces_us[n]}
        return late or set(sorted(due, key=lambda n: self._due_us[n])[:1])

    def again(self, n: int, now_us: int) -> None:
        """Ask for a block at the next opportunity: what came of it is not believed yet."""
        self._due_us[n] = now_us - self._paces_us[n]

    def came(self, n: int, now_us: int) -> None:
        """Note that a block was answered."""
        self._misses[n] = 0
        self._due_us[n] = now_us + self._paces_us[n]

    def refused(self, n: int, now_us: int) -> None:
        """Note that the device is there but did not give a block: it may want a moment."""
        self._due_us[n] = now_us + min(self._paces_us[n], REST_US)

    def missed(self, n: int, now_us: int, *, others_answered: bool) -> None:
        """Note that a block was silent, in a poll in which others were answered or not."""
        self.met = True
        self._first = (n + 1) % len(self._misses)
        if others_answered:
            self._misses[n] += 1
            if self._misses[n] >= MISSES:
                self._rest_until_us[n] = now_us + REST_US
