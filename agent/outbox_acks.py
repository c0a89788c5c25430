"""How far the broker has acknowledged each lane, and when that has to be written down. Pure."""

from collections.abc import Mapping

from agent.model import Lane

_EVERY = 256  # so many rows are sent twice at most after a kill, besides those in flight


class Acknowledgements:
    """The lanes' cursors in memory, ahead of those on the disk."""

    def __init__(self) -> None:
        self._at = dict.fromkeys(Lane, 0)
        self._saved: Mapping[Lane, int] = dict(self._at)
        self._since_saved = 0

    def begin(self, cursors: Mapping[Lane, int]) -> None:
        """Start from what the disk holds."""
        self._at = {**self._at, **cursors}
        self.saved(self._at)

    def acknowledge(self, lane: Lane, through: int) -> None:
        """Everything of this lane up to `through` has arrived; an older number changes nothing."""
        self._at[lane] = max(self._at[lane], through)
        self._since_saved += 1

    def saved(self, cursors: Mapping[Lane, int]) -> None:
        """These are on the disk now."""
        self._saved = dict(cursors)
        self._since_saved = 0

    @property
    def at(self) -> Mapping[Lane, int]:
        """The last acknowledged sequence of each lane."""
        return dict(self._at)

    @property
    def moved(self) -> bool:
        """Whether the disk is behind."""
        return self._at != self._saved

    @property
    def due(self) -> bool:
        """Whether the disk is so far behind that it is worth a commit of its own."""
        return self._since_saved >= _EVERY and self.moved
