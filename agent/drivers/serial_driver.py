"""A controller on a serial link that is not Modbus, asked by a profile. The framing is the profile's."""

import random

from agent.clock import Clock
from agent.drivers.bus_driver import BusDriver
from agent.drivers.framings import FRAMINGS
from agent.drivers.profiles import Profile
from agent.drivers.tap import Tap
from agent.settings import SerialSettings


class SerialDriver(BusDriver):
    """Mode request; `url` must have passed `address_of`, and the profile's framing be in the table."""

    def __init__(
        self,
        settings: SerialSettings,
        profile: Profile,
        clock: Clock,
        tap: Tap,
        chance: random.Random | None = None,
    ) -> None:
        framing = FRAMINGS[profile.framing]
        where = f"{settings.url} {framing.device}"
        super().__init__(settings, profile, clock, tap, framing.ask, where=where, chance=chance)
