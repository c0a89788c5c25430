"""Whether the wall clock is believed. Pure: told of its distance from the monotonic clock and of what the system says.

Only a step moves that distance: a clock that is slewed takes the monotonic one along. A leap second is one second, and
what a time server puts right by less is no reason for doubt; ten seconds are.
"""

STEP_US = 10_000_000


class Trust:
    """`steps` counts the steps seen. `trusted_us`: wall minus uptime when it was last believed, None when it never was."""

    def __init__(self) -> None:
        self.steps = 0
        self.trusted_us: int | None = None
        self._offset_us: int | None = None
        self._confirmed = self._in_doubt = self._mute = False

    def look(self, offset_us: int, *, marked: bool) -> bool:
        """Whether it is believed now. `marked`: the mark of a time service is there, which stays when it is stepped."""
        if self._offset_us is not None and abs(offset_us - self._offset_us) > STEP_US:
            self._stepped(offset_us)
        self._offset_us = offset_us
        believed = self._confirmed or (marked and not self._in_doubt)
        if believed:
            self.trusted_us = offset_us
        return believed

    def _stepped(self, offset_us: int) -> None:
        self.steps += 1
        if self.trusted_us is None:
            return
        is_back = abs(offset_us - self.trusted_us) <= STEP_US
        self._in_doubt = not is_back and not self._mute
        self._confirmed = self._confirmed and not self._in_doubt

    def remember(self, anchor_us: int) -> None:
        """What the clock was in this boot when an earlier run believed it."""
        offset_us = self._offset_us
        is_other = offset_us is not None and abs(offset_us - anchor_us) > STEP_US
        if is_other and not self._confirmed and not self._mute:
            self._in_doubt, self.trusted_us = True, anchor_us

    def answered(self, answer: bool | None, steps: int) -> None:  # noqa: FBT001 - the answer itself
        """What the system said when asked, after so many steps; None: it cannot be asked, so that the mark is all."""
        if answer is None:
            self._mute, self._in_doubt = True, False
        elif answer and steps == self.steps:
            self._confirmed, self._in_doubt = True, False

    @property
    def in_doubt(self) -> bool:
        """Whether it was believed and was stepped since."""
        return self._in_doubt

    @property
    def is_confirmed(self) -> bool:
        """Whether the system's answer is what it is believed by."""
        return self._confirmed
