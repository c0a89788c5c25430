"""How long to wait before trying again: doubling, bounded, with full jitter, so that a fleet does not knock at once."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Delays of 0 to `first_s`, then 0 to twice that, up to `most_s`; `reset` after the link has proved itself."""

    first_s: float
    most_s: float
    chance: random.Random = field(default_factory=random.Random)
    attempts: int = 0

    def next_s(self) -> float:
        """The wait before the next attempt, in seconds."""
        ceiling = min(self.most_s, self.first_s * 2 ** min(self.attempts, 16))
        self.attempts += 1
        return self.chance.uniform(0, ceiling)

    def reset(self) -> None:
        """Begin again with the shortest waits."""
        self.attempts = 0
