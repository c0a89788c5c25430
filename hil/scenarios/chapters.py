"""The stories by chapter; importing this enters them all."""

from hil.scenarios import (
    alarms,
    contradictions,
    controller,
    doors,
    entrapments,
    environment,
    evidence,
    machine,
    modes,
    movement,
    near_misses,
    power,
    sensors,
    stations,
)

ALL = (
    entrapments,
    evidence,
    near_misses,
    power,
    movement,
    machine,
    controller,
    alarms,
    modes,
    doors,
    sensors,
    contradictions,
    stations,
    environment,
)
