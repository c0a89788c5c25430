"""Whether a second agent goes by this elevator's name. Pure; times are `uptime_us`.

Evidence is a status of another boot that says it is there, while ours stands. Weaker is the broker handing our session to
another client, or another boot's status or will where ours stood last: that counts from the second within ten minutes,
since one may be an accident, or the will of this computer's earlier boot that comes late.
"""

from agent.model import SECOND_US

PEACE_US = 600 * SECOND_US


class Conflict:
    """`reason` is a word for what was seen last, `other_boot_id` whose status it was, "" where that is unknown."""

    def __init__(self) -> None:
        self.reason = ""
        self.other_boot_id = ""
        self._seen_us: int | None = None
        self._once_us: int | None = None
        self._up_us: int | None = None
        self._ours_was_last = False

    def ours_stands(self) -> None:
        """The own status was read back from the broker."""
        self._ours_was_last = True

    def status_seen(self, boot_id: str, now_us: int) -> None:
        """Another boot says on our topic that it is there."""
        self._ours_was_last = False
        self.reason, self.other_boot_id, self._seen_us = "status_of_another_boot", boot_id, now_us

    def displaced(self, boot_id: str, now_us: int) -> bool:
        """Another boot's status or will is found. Answers whether ours had stood there, so that this is a sign of it."""
        sign, self._ours_was_last = self._ours_was_last, False
        if sign:
            self._count("status_of_another_boot", boot_id, now_us)
        return sign

    def taken_over(self, now_us: int) -> None:
        """The broker gave our session to another client with our id; what that one left is then no sign of its own."""
        self._ours_was_last = False
        self._count("client_id_taken_over", "", now_us)

    def _count(self, reason: str, boot_id: str, now_us: int) -> None:
        before_us, self._once_us = self._once_us, now_us
        if before_us is not None and now_us - before_us < PEACE_US:
            self.reason, self.other_boot_id, self._seen_us = reason, boot_id, now_us

    def connected(self, now_us: int) -> None:
        """From now on a second agent would be noticed."""
        self._up_us = now_us

    def disconnected(self) -> None:
        """Nobody can be noticed now."""
        self._up_us = None

    def holds(self, now_us: int) -> bool:
        """Whether there is one; over after ten minutes of connection in which nothing was seen of it."""
        if self._seen_us is None:
            return False
        quiet = self._up_us is not None and now_us - max(self._seen_us, self._up_us) >= PEACE_US
        if quiet:
            self._seen_us = None
        return not quiet
