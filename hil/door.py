"""One car door with its operator: opens, closes, re-opens when obstructed, gives up on a jam.

Knows nothing of the car's position; whoever commands it answers for that.
"""

from dataclasses import dataclass

OPENING_S = 2.2
CLOSING_S = 2.8
NUDGING_S = 6.0  # closing slowly with the light curtain ignored
JAM_AT = 0.3  # how far open a jammed door stays
REVERSALS = 5  # after so many in a row the operator reports a fault


@dataclass(slots=True)
class Door:
    """`open_part` is 0 closed to 1 open.

    The world sets from outside `beam` (something stands in the light curtain), `jammed` (something
    hard is in the way), `dead` (the operator does nothing) and `powered`.
    """

    open_part: float = 0.0
    state: str = "closed"
    wants_open: bool = False
    nudging: bool = False
    beam: bool = False
    jammed: bool = False
    dead: bool = False
    powered: bool = True
    cycles: int = 0
    reversals: int = 0

    @property
    def closed(self) -> bool:
        """Whether its contact is made."""
        return self.open_part == 0.0

    @property
    def obstructed(self) -> bool:
        """Whether something keeps it from closing."""
        return self.beam or self._hits_something()

    def open(self) -> None:
        """Tell the operator to open."""
        self.wants_open = True
        self.nudging = False

    def close(self, *, nudging: bool = False) -> None:
        """Tell the operator to close."""
        self.wants_open = False
        self.nudging = nudging

    def force(self, part: float) -> None:
        """Push the panels by hand."""
        self.open_part = part
        self._rest()

    def step(self, dt_s: float) -> None:
        """Move on by a time step."""
        if self.dead or not self.powered:
            self._rest()
        elif self.state == "fault":
            if not self.jammed:
                self.reversals = 0
                self.state = "stopped"
        elif self.wants_open:
            self._open(dt_s)
        elif self.open_part > 0.0:
            self._close(dt_s)
        else:
            self.state = "closed"

    def _rest(self) -> None:
        if 0.0 < self.open_part < 1.0:
            self.state = "stopped"
        else:
            self.state = "closed" if self.closed else "open"

    def _open(self, dt_s: float) -> None:
        before = self.open_part
        self.open_part = min(1.0, self.open_part + dt_s / OPENING_S)
        self.state = "open" if self.open_part == 1.0 else "opening"
        if before < 1.0 and self.open_part == 1.0:
            self.cycles += 1

    def _close(self, dt_s: float) -> None:
        if (self.beam and not self.nudging) or self._hits_something():
            self._reverse()
            return
        full_s = NUDGING_S if self.nudging else CLOSING_S
        self.open_part = max(0.0, self.open_part - dt_s / full_s)
        self.state = "closing"
        if self.closed:
            self.state = "closed"
            self.nudging = False
            self.reversals = 0

    def _hits_something(self) -> bool:
        return self.jammed and 0.0 < self.open_part <= JAM_AT

    def _reverse(self) -> None:
        if self.jammed:
            self.reversals += 1
        if self.reversals >= REVERSALS:
            self.state = "fault"
        else:
            self.open()
