"""Passengers who cannot get out: every kind of it, and how it ends."""

from hil.scenarios.corpus import story
from hil.scenarios.script import Script


def boarded(s: Script) -> Script:
    """Somebody has come in and the doors have closed."""
    return s.wait(5).opens().wait(2).enter().wait(3).closes().wait(1)


@story()
def stops_between_floors_with_a_passenger(s: Script) -> None:
    """The car stops between landings with somebody in it; brought home by hand."""
    boarded(s).stops_between()
    s.wait(60)
    trapped = s.expect("trapped_passengers", "stopped", 15, severity="critical")
    s.wait(240).brought_home()
    s.clears(trapped, "doors open", 2)


@story()
def the_passenger_stands_still(s: Script) -> None:
    """Presence fades after the stop: the entrapment stands all the same."""
    boarded(s).stops_between()
    s.wait(10).says({"car.occupied": False}).wait(110)
    s.expect("trapped_passengers", "stopped", 15).stands = True
