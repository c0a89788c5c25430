"""Modbus RTU, on a serial line or through a device server. Devices of one line share its bus.

Without pymodbus: what comes is judged byte by byte here, because RTU has nothing but the shape of a
frame to tell an answer from a late one.
"""

import random
from functools import partial

from agent.clock import Clock
from agent.drivers.bus_driver import BusDriver
from agent.drivers.profiles import Profile
from agent.drivers.rtu_framing import question
from agent.drivers.tap import Tap
from agent.settings import ModbusSettings


class RtuDriver(BusDriver):
    """A device read over Modbus RTU by a profile; `url` must have passed `address_of`."""

    def __init__(
        self,
        settings: ModbusSettings,
        profile: Profile,
        clock: Clock,
        chance: random.Random | None = None,
        *,
        tap: Tap | None = None,
    ) -> None:
        device_id = settings.device_id
        super().__init__(
            settings,
            profile,
            clock,
            tap or Tap(),
            partial(question, device_id),
            where=f"{settings.url} device_id {device_id}",
            chance=chance,
        )
