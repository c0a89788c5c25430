"""The stories by chapter; importing this enters them all."""

from hil.scenarios import entrapments, near_misses, power

ALL = (entrapments, near_misses, power)
