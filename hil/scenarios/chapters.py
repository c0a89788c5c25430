"""The stories by chapter; importing this enters them all."""

from hil.scenarios import alarms, controller, entrapments, machine, movement, near_misses, power

ALL = (entrapments, near_misses, power, movement, machine, controller, alarms)
